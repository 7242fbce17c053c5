#include "tests/vectors/make/seeds.h"

#include <fstream>

#include "core/mls/group_fixture.h"
#include "tests/vectors/make/maker.h"

namespace cairn::testing {
namespace {

using namespace mls;

class SeedFolder {
 public:
  explicit SeedFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void put(const std::string& fuzzer, ByteView bytes) {
    const std::filesystem::path folder = folder_ / ("core_mls_" + fuzzer + "_fuzz");
    std::filesystem::create_directories(folder);
    std::ofstream out(folder / ("seed-" + std::to_string(++count_)), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  /// For the fuzzer of groups, whose first octet says what the rest is (core/mls/group_fuzz.cpp).
  void put_for_group(std::uint8_t way, ByteView bytes) { put("group", concat({ByteView(&way, 1), bytes})); }

 private:
  std::filesystem::path folder_;
  std::size_t count_ = 0;
};

constexpr std::uint8_t kRaw = 0;
constexpr std::uint8_t kProposal = 1;
constexpr std::uint8_t kCommit = 2;
constexpr std::uint8_t kWelcome = 3;
constexpr std::uint8_t kState = 4;

void put_field(SeedFolder& seeds, const std::string& name, ByteView bytes) {
  if (MlsMessage::decode(bytes)) {
    seeds.put("message", bytes);
    seeds.put_for_group(name == "welcome" ? kWelcome : kRaw, bytes);
  } else if (name == "ratchet_tree") {
    seeds.put("ratchet_tree", bytes);
  } else if (name == "proposal") {
    seeds.put_for_group(kProposal, bytes);
  } else if (name == "commit") {
    seeds.put_for_group(kCommit, bytes);
  } else if (const auto path = wire::decode<UpdatePath>(bytes); name == "update_path" && path) {
    seeds.put("update_path", bytes);
    seeds.put("leaf_node", wire::encode(path->leaf_node));
  }
}

// Every text of a case that is hex, however deep it stands.
void put_all(SeedFolder& seeds, const std::string& name, const Json& value) {
  if (value.is_structured()) {
    for (const auto& [key, item] : value.items()) put_all(seeds, value.is_object() ? key : name, item);
  } else if (value.is_string()) {
    const auto bytes = from_hex(value.get<std::string>());
    if (bytes) put_field(seeds, name, *bytes);
  }
}

}  // namespace

void write_seeds(const std::filesystem::path& folder) {
  SeedFolder seeds(folder);
  Maker maker(SuiteId::x25519_aes128, 7);
  put_all(seeds, "", make_message_protection(maker));
  put_all(seeds, "", make_welcome(maker));
  put_all(seeds, "", make_treekem(maker, 5));
  put_all(seeds, "", make_passive_random(maker, 6));
  fixture::World world(SuiteId::x25519_aes128, 8);
  std::vector<Group> groups = world.group_of(3);
  world.commit(groups, 1);
  world.stage(groups[0]);
  for (const Group& group : groups) seeds.put_for_group(kState, fixture::state_of(group));
}

}  // namespace cairn::testing
