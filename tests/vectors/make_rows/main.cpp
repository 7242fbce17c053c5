// cairn-make-row-seeds FOLDER: what the fuzzers of rows start from: the rows of devices that talk, of a server, an
// auditor and realms. Each is a file: the number of its table, and the row (tests/support/round_trip.h). And what those
// of formats start from (formats.h).
#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/witness/auditor_fixture.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/relay_people.h"
#include "tests/support/token_village.h"
#include "tests/vectors/make_rows/formats.h"

namespace {

using namespace cairn;
using namespace cairn::testing;

constexpr std::size_t kMostOfATable = 8;
constexpr std::size_t kMostBytes = std::size_t{64} << 10;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Some of every table. `offset` is added to the numbers of tables.
  void keep(const std::string& fuzzer, const StoreView& store, unsigned offset = 0) {
    for (unsigned table = 1; table + offset <= 255; ++table) {
      std::set<Bytes, BytesLess>& kept = rows_[{fuzzer, table + offset}];
      for (Row& row : store.scan(Table{static_cast<std::uint8_t>(table)}, {}, {}, 4 * kMostOfATable)) {
        if (kept.size() < kMostOfATable && !row.value.empty() && row.value.size() <= kMostBytes) {
          kept.insert(std::move(row.value));
        }
      }
    }
  }
  void write() const {
    for (const auto& [where, rows] : rows_) {
      const auto& [fuzzer, table] = where;
      std::filesystem::create_directories(folder_ / fuzzer);
      for (const Bytes& row : rows) {
        const std::string name = std::to_string(table) + "-" + to_hex(crypto::sha256(row)).substr(0, 16);
        std::ofstream out(folder_ / fuzzer / name, std::ios::binary);
        out.put(static_cast<char>(table)) << as_text(row);
      }
    }
  }

 private:
  std::filesystem::path folder_;
  std::map<std::pair<std::string, unsigned>, std::set<Bytes, BytesLess>> rows_;
};

void devices_that_talk(Seeds& seeds) {
  ClientVillage village;
  const std::vector<std::string> devices = {"alice-1", "bob-1", "alice-2"};
  const auto look = [&] {
    for (const std::string& device : devices) seeds.keep("core_client_rows_fuzz", village.device(device).store());
  };
  const auto ask = [&](const std::string& device, const std::string& method, const Params& params = {}) {
    nlohmann::json answer = village.ask(device, method, params);
    CHECK(answer.contains("result"));
    look();
    return answer["result"];
  };
  CHECK(village.register_person("alice-1", kAlice).contains("result"));
  CHECK(village.register_person("bob-1", kBob).contains("result"));
  const std::string id = ask("alice-1", "send", {{"to", kBob}, {"text", "hello"}})["id"];
  const nlohmann::json code = ask("alice-2", "link", {{"name", kAlice}, {"policy", village.server.policy_text()}});
  ask("alice-1", "device.approve", {{"code", code["code"]}, {"confirm", "this device will read everything"}});
  village.pass_all(10 * kSecondMs);
  ask("bob-1", "request.accept", {{"conversation", kAlice}});
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  ask("bob-1", "message.react", {{"message", id}, {"text", "+1"}});
  ask("alice-1", "message.edit", {{"message", id}, {"text", "hello, bob"}});
  ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "Bobby"}});
  ask("alice-1", "conversation.set", {{"conversation", kBob}, {"draft", "and"}});
  village.set_online("bob-1", false);
  village.begin("bob-1", "send", {{"to", kAlice}, {"text", "later"}, {"key", "once"}});
  village.settle();
  look();
  village.set_online("bob-1", true);
  ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}});
  ask("alice-1", "group.change", {{"conversation", "board"}, {"title", "boards"}});
  village.pass_all(kMinuteMs);
  look();
}

void a_server(Seeds& seeds) {
  RelayDriver driver(open_config());
  const auto look = [&] { seeds.keep("core_relay_rows_fuzz", driver.store); };
  const Member alice(driver, kAlice, 1);
  Member bob(driver, kBob, 2);
  look();
  bob.upload(driver, 3, true);
  TestChannel channel(driver, alice, 3);
  look();
  channel.admit(driver, alice, bob);
  channel.send(driver, "hello");
  look();
  driver.pass(kMinuteMs);
  look();
}

void an_auditor_and_realms(Seeds& seeds) {
  witness::fixture::World world;
  const witness::fixture::Reset reset(world);
  seeds.keep("core_witness_rows_fuzz", world.driver.store);
  world.post_veto(reset.veto());
  seeds.keep("core_witness_rows_fuzz", world.driver.store);
  constexpr unsigned kBehindThem = 100;
  TokenVillage realms;
  realms.enrol("correct horse");
  CHECK(realms.gives_secret("correct horse"));
  CHECK(!realms.gives_secret("wrong horse"));
  for (const auto& realm : realms.realms) seeds.keep("core_witness_rows_fuzz", realm->driver.store, kBehindThem);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: cairn-make-row-seeds FOLDER\n");
    return 2;
  }
  Seeds seeds(argv[1]);
  devices_that_talk(seeds);
  a_server(seeds);
  an_auditor_and_realms(seeds);
  seeds.write();
  write_formats(argv[1]);
  return 0;
}
