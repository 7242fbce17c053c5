#include "tests/vectors/make/seeds.h"

#include <fstream>

#include "core/mls/scene_fixture.h"
#include "tests/vectors/make/maker.h"

namespace cairn::testing {
namespace {

using namespace mls;
using fixture::Way;

class SeedFolder {
 public:
  explicit SeedFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void put(const std::string& fuzzer, ByteView bytes) {
    const std::filesystem::path folder = folder_ / ("core_mls_" + fuzzer + "_fuzz");
    std::filesystem::create_directories(folder);
    std::ofstream out(folder / ("seed-" + std::to_string(++count_)), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  void put_for_group(Way way, ByteView bytes) {
    const auto first = static_cast<std::uint8_t>(way);
    put("group", concat({ByteView(&first, 1), bytes}));
  }

 private:
  std::filesystem::path folder_;
  std::size_t count_ = 0;
};

void put_field(SeedFolder& seeds, const std::string& name, ByteView bytes) {
  if (MlsMessage::decode(bytes)) {
    seeds.put("message", bytes);
    seeds.put_for_group(name == "welcome" ? Way::welcome : Way::raw, bytes);
  } else if (name == "ratchet_tree") {
    seeds.put("ratchet_tree", bytes);
  } else if (name == "proposal") {
    seeds.put_for_group(Way::proposal, bytes);
  } else if (name == "commit") {
    seeds.put_for_group(Way::commit, bytes);
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

// What stands in a PrivateMessage before it is encrypted.
Bytes inside(const fixture::Forger& forger, std::variant<SecretBytes, Proposal, Commit> content) {
  AuthenticatedContent out =
      fixture::must(mls::internal::sign_content(WireFormat::private_message, forger.frame(std::move(content)),
                                                forger.identity().key(), forger.epoch().encoded_context));
  if (out.content.content_type() == ContentType::commit) out.auth.confirmation_tag = forger.epoch().confirmation_tag;
  wire::Writer writer;
  out.content.write_content(writer);
  out.auth.write(writer);
  return writer.take();
}

// What the first member of the group may honestly send to it.
void put_messages(SeedFolder& seeds, const fixture::Scene& scene) {
  fixture::World world(SuiteId::x25519_aes128, 8);
  const CommitRequest add{.adds = {scene.newcomer.package()}};
  for (const auto format : {HandshakeFormat::private_message, HandshakeFormat::public_message}) {
    Group sender = fixture::reopened(scene.groups[0]);
    CommitRequest request = add;
    request.format = format;
    const PendingCommit& pending = world.stage(sender, request);
    seeds.put_for_group(Way::raw, pending.commit());
    seeds.put_for_group(Way::welcome, pending.welcomes()[0].message);
    sender.discard_pending();
    seeds.put_for_group(Way::raw, world.protect(sender, "text"));
    seeds.put_for_group(Way::raw, fixture::must(sender.propose_update({}, world.entropy, format)));
    seeds.put_for_group(Way::raw, fixture::must(sender.propose_remove({3}, world.entropy, format)));
  }
  Group sender = fixture::reopened(scene.groups[0]);
  CommitRequest open = add;
  open.format = HandshakeFormat::public_message;
  AuthenticatedContent commit = fixture::Forger::opened(world.stage(sender, open).commit());
  seeds.put_for_group(Way::commit, wire::encode(std::get<Commit>(commit.content.content)));
  seeds.put_for_group(Way::sealed_commit, inside(scene.forger, std::move(commit.content.content)));
  seeds.put_for_group(Way::sealed_proposal, inside(scene.forger, Proposal{Remove{{3}}}));
  seeds.put_for_group(Way::application, inside(scene.forger, SecretBytes(to_bytes("text"))));
  for (const Way way : {Way::group_info, Way::inviting}) {
    const Bytes message = fixture::must(sender.group_info(TreePlacement::inside));
    seeds.put_for_group(way, wire::encode(std::get<GroupInfo>(fixture::must(MlsMessage::decode(message)).body)));
    if (sender.pending() != nullptr) fixture::must(sender.merge_pending());  // the newcomer is in from here on
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
  fixture::Scene scene;
  put_messages(seeds, scene);
  scene.world.commit(scene.groups, 1);
  scene.world.stage(scene.groups[0]);
  for (const Group& group : scene.groups) seeds.put_for_group(Way::state, fixture::state_of(group));
}

}  // namespace cairn::testing
