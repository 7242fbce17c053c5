// Any requests, and any answers to the calls that they cause, for an auditor of one log: no crash, and nothing of a log
// whose key nobody here has is ever cosigned.
#include "core/witness/tables.h"
#include "core/witness/witness.h"
#include "tests/support/initialised.h"
#include "tests/support/test_directory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  static const testing::TestDirectory log("a.example");
  witness::WitnessConfig config{witness::Role::auditor, *tlog::KeyName::from("auditor.example"), {}};
  config.list.logs.push_back({log.key(), "http://log", 0});
  config.list.domains.push_back({"b.example", 0});
  config.list.peers.push_back("http://peer");
  witness::Witness mind(config);
  testing::MindDriver driver(mind, Time{1'700'000'000'000});
  testing::init_and_start(driver);
  constexpr const char* kTargets[] = {"/add-checkpoint", "/veto", "/vkey", "/checkpoint", "/close", "/health"};
  wire::Reader reader(ByteView(data, size));
  for (;;) {
    const auto choice = reader.u8();
    const auto body = reader.opaque(64 * 1024);
    if (!choice || !body) break;
    if ((*choice & 1) == 0) {
      driver.request(proto::Method::post, kTargets[(*choice >> 1) % 5], *body);
      driver.request(proto::Method::get, kTargets[5]);
      driver.request(proto::Method::get, as_text(*body));
    }
    for (const proto::Call& call : driver.calls()) driver.reply(call.id, (*choice & 2) == 0 ? 200 : 404, *body);
    driver.pass(1 + *choice * std::uint64_t{500});
  }
  CHECK(driver.store.scan_prefix(witness::table::kCosigned, {}, 1).empty());
  return 0;
}
