#include "core/relay/internal/discovery.h"

#include <nlohmann/json.hpp>

namespace cairn::relay {
namespace {

using Json = nlohmann::ordered_json;

Answer json_answer(const Json& json) { return {200, to_bytes(json.dump(2) + "\n"), "application/json"}; }

}  // namespace

Answer well_known(const RelayConfig& config, const Keys& keys) {
  const auto origin = tlog::KeyName::from(config.origin());
  CHECK(origin.has_value());
  const tlog::VerifierKey vkey(*origin, tlog::SignatureType::ed25519, keys.log.public_key());
  return json_answer(Json{{"version", 1},
                          {"domain", config.domain},
                          {"log", {{"origin", config.origin()}, {"vkey", vkey.to_text()}, {"path", proto::kPathLog}}},
                          {"sign_up", config.sign_up == SignUp::open ? "open" : "invite"},
                          {"resets", config.resets},
                          {"limits",
                           {{"envelope_bytes", proto::kMaxEnvelopeBody},
                            {"recipients", proto::kMaxRecipients},
                            {"welcomes", proto::kMaxWelcomes},
                            {"statement_bytes", proto::kMaxStatementSize},
                            {"key_package_bytes", proto::kMaxKeyPackageSize},
                            {"key_packages", proto::kMaxKeyPackages},
                            {"fetched_devices", proto::kMaxFetchedDevices},
                            {"rendezvous_bytes", proto::kMaxRendezvousBody},
                            {"rendezvous_ms", proto::kRendezvousLifeMs},
                            {"nonce_ms", proto::kNonceLifeMs},
                            {"token_ms", proto::kTokenLifeMs},
                            {"previous_write_key_ms", proto::kPreviousWriteKeyMs},
                            {"push_window", proto::kPushWindow},
                            {"mailbox_envelopes", config.limits.mailbox_envelopes},
                            {"undelivered_ms", config.limits.undelivered_ms},
                            {"vault_part_bytes", proto::kVaultPart},
                            {"vault_object_bytes", proto::kMaxVaultObject},
                            {"vault_objects", proto::kMaxVaultObjects},
                            {"vault_bytes", config.limits.vault_bytes},
                            {"vaults", proto::kMaxVaults},
                            {"vault_upload_ms", proto::kVaultUploadMs},
                            {"key_box_bytes", proto::kMaxKeyBox},
                            {"key_boxes", proto::kMaxKeyBoxes},
                            {"request_bytes", proto::kMaxRequestSize}}}});
}

Answer health(const Publisher& publisher, std::size_t connected, Time now) {
  const auto& served = publisher.served();
  Json json{{"store", "ok"}, {"connected", connected}, {"checkpoint", nullptr}};
  if (served) {
    json["checkpoint"] = {{"size", served->size()}, {"age_ms", elapsed_ms(now, Time{served->cosigned_ms})}};
  }
  return json_answer(json);
}

}  // namespace cairn::relay
