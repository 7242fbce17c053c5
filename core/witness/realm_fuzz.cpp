// Any requests, and any answers to its calls, for a realm with a peer and an issuer whose key nobody here has: no
// crash, no guess is ever counted, and no row but of time is written.
#include "core/crypto/signature.h"
#include "core/proto/realm.h"
#include "core/witness/realm.h"
#include "core/witness/realm_tables.h"
#include "tests/support/initialised.h"

namespace {

struct NoKeys final : cairn::ErasableKeys {
  cairn::Result<std::optional<cairn::SlotKey>> read(std::uint32_t) const override {
    return std::optional<cairn::SlotKey>{};
  }
  cairn::Status write(std::uint32_t, const cairn::SlotKey&) override { return cairn::ok(); }
  cairn::Status erase(std::uint32_t) override { return cairn::ok(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  testing::SeededEntropy entropy(1);
  witness::RealmConfig config{*tlog::KeyName::from("realm.example"), {}, false};
  config.list.issuers.emplace("example.org", crypto::SigningKey::generate(entropy).public_key());
  config.list.peers.push_back({crypto::SigningKey::generate(entropy).public_key(), "http://peer"});
  NoKeys keys;
  witness::Realm mind(config, keys);
  testing::MindDriver driver(mind, Time{1'700'000'000'000});
  testing::init_and_start(driver);
  constexpr std::string_view kTargets[] = {proto::kPathPinRegister,  proto::kPathPinVersion, proto::kPathPinEvaluate,
                                           proto::kPathPinRelease,   proto::kPathPinOwner,   proto::kPathTokenStore,
                                           proto::kPathTokenRequest, proto::kPathRealmHead,  proto::kPathTokenNote};
  wire::Reader reader(ByteView(data, size));
  for (;;) {
    const auto choice = reader.u8();
    const auto body = reader.opaque(64 * 1024);
    if (!choice || !body) break;
    for (const proto::Call& call : driver.calls()) driver.reply(call.id, (*choice & 8) == 0 ? 200 : 404, *body);
    driver.request(proto::Method::post, std::string(kTargets[*choice % std::size(kTargets)]), *body);
    if ((*choice & 16) != 0) driver.request(proto::Method::get, as_text(*body));
    if ((*choice & 32) != 0) driver.pass(1 + *choice * std::uint64_t{500});
  }
  for (const Table table : {witness::realm_table::kPins, witness::realm_table::kTokens, witness::realm_table::kHeads,
                            witness::realm_table::kPeerHeads, witness::realm_table::kRollback}) {
    CHECK(driver.store.scan_prefix(table, {}, 1).empty());
  }
  return 0;
}
