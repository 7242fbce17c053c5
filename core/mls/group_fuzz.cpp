// A live group is given anything: raw messages, and contents that a member of it signed and sent; and so is one who
// would join. Nothing crashes, and what is refused changes nothing.
#include "core/mls/scene_fixture.h"

namespace cairn::mls::fixture {
namespace {

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

// Whoever came in can store the group, and read it back.
void check_joined(const Result<Group>& joined) {
  if (joined) CHECK(state_of(reopened(*joined)) == state_of(*joined));
}

void enter(Scene& scene, Way way, ByteView input) {
  auto info = wire::decode<GroupInfo>(input);
  if (!info) return;
  testing::SeededEntropy entropy(2);
  const GroupInfo signed_info = scene.signed_by_liar(std::move(*info));
  if (way == Way::inviting) {
    const Bytes welcome = scene.invitation(signed_info, entropy);
    return check_joined(Group::join({welcome, scene.newcomer, std::nullopt}, scene.world.rules));
  }
  const Bytes message = encode_message(signed_info);
  const auto joined =
      Group::join_external({message, scene.stranger, scene.world.leaf_options()}, scene.world.rules, entropy);
  if (joined) CHECK(state_of(reopened(joined->group)) == state_of(joined->group));
}

void give(Scene& scene, Way way, ByteView input) {
  switch (way) {
    case Way::raw: return process(scene, input);
    case Way::proposal:
      if (auto proposal = wire::decode<Proposal>(input)) process(scene, scene.forger.proposal(std::move(*proposal)));
      return;
    case Way::commit:
      if (auto commit = wire::decode<Commit>(input)) process(scene, scene.forger.commit(std::move(*commit)));
      return;
    case Way::application: return process(scene, scene.sealed(ContentType::application, input));
    case Way::sealed_proposal: return process(scene, scene.sealed(ContentType::proposal, input));
    case Way::sealed_commit: return process(scene, scene.sealed(ContentType::commit, input));
    case Way::welcome: return check_joined(Group::join({input, scene.newcomer, std::nullopt}, scene.world.rules));
    case Way::inviting:
    case Way::group_info: return enter(scene, way, input);
    case Way::state:
      if (const auto group = Group::restore(input)) CHECK(equal(state_of(*group), input));
      return;
    case Way::count: return;
  }
}

}  // namespace
}  // namespace cairn::mls::fixture

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::mls::fixture;
  static Scene scene;
  if (size == 0) return 0;
  const auto way = static_cast<Way>(data[0] % static_cast<std::uint8_t>(Way::count));
  give(scene, way, {data + 1, size - 1});
  return 0;
}
