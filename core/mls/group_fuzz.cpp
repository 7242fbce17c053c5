// A live group is given anything: raw messages, and contents that a member of it signed and sent. Nothing crashes, and
// what is refused changes nothing.
#include "core/mls/forge_fixture.h"

namespace cairn::mls::fixture {
namespace {

struct Scene {
  World world{SuiteId::x25519_aes128, 1};
  std::vector<Group> groups = world.group_of(4);
  Forger forger{groups[0]};
  Bytes receiver = state_of(groups[1]);
};

// How the input is sent.
enum class Way : std::uint8_t { raw, proposal, commit, welcome, state, count };

std::optional<Bytes> message_of(const Forger& forger, Way way, ByteView input) {
  if (way == Way::proposal) {
    auto proposal = wire::decode<Proposal>(input);
    if (proposal) return forger.proposal(std::move(*proposal));
    return std::nullopt;
  }
  if (way == Way::commit) {
    auto commit = wire::decode<Commit>(input);
    if (commit) return forger.commit(std::move(*commit));
    return std::nullopt;
  }
  return to_bytes(input);
}

void process(Scene& scene, ByteView message) {
  Group group = must(Group::restore(scene.receiver));
  auto received = group.process(message, scene.world.rules);
  if (!received) {
    CHECK(state_of(group) == scene.receiver);
    return;
  }
  if (auto* commit = std::get_if<ReceivedCommit>(&*received)) {
    CHECK(state_of(group) == scene.receiver);
    must(group.merge(std::move(*commit)));
  }
  CHECK(state_of(reopened(group)) == state_of(group));
}

}  // namespace
}  // namespace cairn::mls::fixture

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::mls::fixture;
  static Scene scene;
  static const cairn::mls::PrivateKeyPackage package = scene.world.key_package("newcomer");
  if (size == 0) return 0;
  const auto way = static_cast<Way>(data[0] % static_cast<std::uint8_t>(Way::count));
  const cairn::ByteView input(data + 1, size - 1);
  if (way == Way::welcome) {
    CHECK(!cairn::mls::Group::join({input, package, std::nullopt}, scene.world.rules));
    return 0;
  }
  if (way == Way::state) {
    const auto group = cairn::mls::Group::restore(input);
    if (group) CHECK(cairn::equal(state_of(*group), input));
    return 0;
  }
  if (const auto message = message_of(scene.forger, way, input)) process(scene, *message);
  return 0;
}
