#include "core/relay/internal/discovery.h"

#include <nlohmann/json.hpp>

#include "core/proto/refusals.h"
#include "core/proto/signals.h"

namespace cairn::relay {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(SignUp rule) {
  switch (rule) {
    case SignUp::open: return "open";
    case SignUp::invite: return "invite";
    case SignUp::closed: return "closed";
  }
  return "closed";
}

/// A token bucket: so many at once, and so many a minute. Nothing where there is no limit.
Json rate(const Rate& rate) {
  if (rate.burst == 0) return nullptr;
  return Json{{"burst", rate.burst}, {"per_minute", rate.per_minute}};
}

Json rates(const RelayLimits& limits) {
  return Json{{"address", rate(limits.address)},
              {"log", rate(limits.log)},
              {"device", rate(limits.device)},
              {"key_packages", rate(limits.fetch)},
              {"channel", rate(limits.channel)},
              {"channel_signals", rate(Rate{proto::kSignalBurst, proto::kSignalsPerMinute})},
              {"channels_made", rate(limits.create)},
              {"rejoins", rate(limits.rejoin)},
              {"rejoins_of_channel", rate(limits.rejoin_channel)},
              {"rendezvous", rate(limits.meet)},
              {"rendezvous_of_all", rate(limits.meet_all)},
              {"reset_requests", rate(limits.reset_request)},
              {"reset_requests_of_site", rate(limits.reset_request_site)},
              {"visits", rate(limits.visits)},
              {"visit_key_packages", rate(limits.visit_fetch)},
              {"forwards", rate(limits.forwards)},
              {"first_welcomes", rate(limits.first_welcomes)},
              {"realm_guesses", rate(limits.realm_guess)},
              {"realm_writes", rate(limits.realm_write)}};
}

/// What other domains check our signatures by; nothing where we speak to none.
Json federation(const RelayConfig& config, const Keys& keys) {
  if (config.federation.mode == Federation::Mode::off) return nullptr;
  const auto name = tlog::KeyName::from(server_key_name(config.domain));
  CHECK(name.has_value());
  return Json{{"key", tlog::VerifierKey(*name, tlog::SignatureType::ed25519, keys.server.public_key()).to_text()}};
}

Answer json_answer(const Json& json) { return {200, to_bytes(json.dump(2) + "\n"), "application/json"}; }

}  // namespace

Answer well_known(const RelayConfig& config, const Keys& keys) {
  const auto origin = tlog::KeyName::from(config.origin());
  CHECK(origin.has_value());
  const tlog::VerifierKey vkey(*origin, tlog::SignatureType::ed25519, keys.log.public_key());
  return json_answer(Json{{"version", 1},
                          {"domain", config.domain},
                          {"log", {{"origin", config.origin()}, {"vkey", vkey.to_text()}, {"path", proto::kPathLog}}},
                          {"sign_up", name_of(config.sign_up)},
                          {"resets", config.resets},
                          {"federation", federation(config, keys)},
                          {"limits",
                           {{"envelope_bytes", proto::kMaxEnvelopeBody},
                            {"signal_bytes", proto::kMaxSignalBody},
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
                            {"mailbox_bytes", config.limits.mailbox_bytes},
                            {"undelivered_ms", config.limits.undelivered_ms},
                            {"unused_channel_ms", config.limits.unused_channel_ms},
                            {"refused_senders", proto::kMaxRefusals},
                            {"rates", rates(config.limits)},
                            {"vault_part_bytes", proto::kVaultPart},
                            {"vault_object_bytes", proto::kMaxVaultObject},
                            {"vault_objects", proto::kMaxVaultObjects},
                            {"vault_bytes", config.limits.vault_bytes},
                            {"vaults", proto::kMaxVaults},
                            {"vault_upload_ms", proto::kVaultUploadMs},
                            {"key_box_bytes", proto::kMaxKeyBox},
                            {"key_boxes", proto::kMaxKeyBoxes},
                            {"blob_part_bytes", proto::kBlobPart},
                            {"blob_bytes", proto::kMaxBlob},
                            {"handshake_blob_bytes", proto::kMaxHandshakeBlob},
                            {"blobs", proto::kMaxBlobs},
                            {"blobs_bytes", config.limits.blob_bytes},
                            {"blob_ms", config.limits.blob_ms},
                            {"blob_upload_ms", proto::kBlobUploadMs},
                            {"request_bytes", proto::kMaxRequestSize}}}});
}

Answer health(const Publisher& publisher, const Forwarder& forwarder, std::size_t connected, bool full, Time now) {
  const Forwarder::Waiting waiting = forwarder.waiting();
  const auto& served = publisher.served();
  Json json{{"store", full ? "full" : "ok"},
            {"connected", connected},
            {"directory", describe(publisher.standing())},
            {"epochs", publisher.newest_size()},
            {"forwarding",
             {{"domains", waiting.domains},
              {"failing", waiting.failing},
              {"envelopes", waiting.items},
              {"bytes", waiting.bytes}}},
            {"checkpoint", nullptr}};
  if (served) {
    json["checkpoint"] = {{"size", served->size()}, {"age_ms", elapsed_ms(now, Time{served->cosigned_ms})}};
  }
  return json_answer(json);
}

}  // namespace cairn::relay
