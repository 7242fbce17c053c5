#include "core/mls/internal/epoch.h"

namespace cairn::mls::internal {
namespace {

template <class Tag>
void write_secret(wire::Writer& writer, const ShortSecret<Tag>& secret) {
  writer.opaque(secret.expose());
}

template <class Tag>
Status read_epoch_secret(wire::Reader& reader, ShortSecret<Tag>& out) {
  out = ShortSecret<Tag>(TRY(reader.opaque(ShortSecret<Tag>::kMaxSize)));
  return ok();
}

// `context` is encoded once, here.
Epoch assemble(GroupContext context, RatchetTree tree, MemberKeys keys, EpochSecrets secrets, SecretTree secret_tree,
               const ConfirmationTag& tag, const InterimTranscriptHash& interim) {
  Bytes encoded = wire::encode(context);
  return Epoch{std::move(context),
               std::move(encoded),
               std::move(tree),
               std::move(keys),
               std::move(secrets),
               std::move(secret_tree),
               tag,
               interim};
}

}  // namespace

std::optional<Member> Epoch::member(LeafIndex leaf) const {
  auto node = tree.shared_leaf(leaf);
  if (!node) return std::nullopt;
  return Member{leaf, std::move(node)};
}

std::vector<Member> Epoch::members() const {
  std::vector<Member> out;
  for (LeafIndex leaf{0}; tree.size().contains(leaf); ++leaf.value) {
    if (auto node = tree.shared_leaf(leaf)) out.push_back({leaf, std::move(node)});
  }
  return out;
}

void Epoch::write(wire::Writer& writer) const {
  context.write(writer);
  tree.write(writer);
  keys.write(writer);
  write_secret(writer, secrets.sender_data);
  write_secret(writer, secrets.exporter);
  write_secret(writer, secrets.external);
  write_secret(writer, secrets.confirmation);
  write_secret(writer, secrets.membership);
  write_secret(writer, secrets.resumption);
  write_secret(writer, secrets.init);
  writer.opaque(secrets.authenticator.view());
  secret_tree.write(writer);
  confirmation_tag.write(writer);
  interim.write(writer);
}

Result<Epoch> Epoch::read(const CipherSuite& suite, wire::Reader& reader) {
  GroupContext context = TRY(GroupContext::read(reader));
  REQUIRE(context.cipher_suite == suite.number(), ErrorCode::malformed, "suite of a stored epoch");
  TreeNodes nodes = TRY(TreeNodes::read(reader, wire::kMaxVectorSize));
  MemberKeys keys = TRY(MemberKeys::read(reader));
  EpochSecrets secrets;
  TRY(read_epoch_secret(reader, secrets.sender_data));
  TRY(read_epoch_secret(reader, secrets.exporter));
  TRY(read_epoch_secret(reader, secrets.external));
  TRY(read_epoch_secret(reader, secrets.confirmation));
  TRY(read_epoch_secret(reader, secrets.membership));
  TRY(read_epoch_secret(reader, secrets.resumption));
  TRY(read_epoch_secret(reader, secrets.init));
  secrets.authenticator = Digest(TRY(reader.opaque(Digest::kMaxSize)));
  SecretTree secret_tree = TRY(SecretTree::read(suite, reader));
  const ConfirmationTag tag = TRY(ConfirmationTag::read(reader));
  const InterimTranscriptHash interim = TRY(InterimTranscriptHash::read(reader));
  RatchetTree tree = RatchetTree::trusted(suite, std::move(nodes));
  REQUIRE(tree.leaf(keys.self()) != nullptr, ErrorCode::malformed, "stored own leaf");
  return assemble(std::move(context), std::move(tree), std::move(keys), std::move(secrets), std::move(secret_tree), tag,
                  interim);
}

PastEpoch retire(Epoch&& epoch) {
  Epoch consumed = std::move(epoch);
  consumed.secret_tree.drop_handshake();
  PastEpoch out{consumed.number(),
                consumed.own_leaf(),
                std::move(consumed.encoded_context),
                std::move(consumed.secrets.sender_data),
                std::move(consumed.secret_tree),
                {}};
  out.leaves.reserve(consumed.tree.size().leaves());
  for (LeafIndex leaf{0}; consumed.tree.size().contains(leaf); ++leaf.value) {
    out.leaves.push_back(consumed.tree.shared_leaf(leaf));
  }
  return out;
}

GroupContext provisional_context(const GroupContext& before, const RatchetTree& tree, const ExtensionList& extensions) {
  GroupContext out;
  out.cipher_suite = before.cipher_suite;
  out.group_id = before.group_id;
  out.epoch = before.epoch + 1;
  out.tree_hash = tree.tree_hash();
  out.confirmed_transcript_hash = before.confirmed_transcript_hash;
  out.extensions = extensions;
  return out;
}

Epoch start_epoch(const CipherSuite& suite, GroupContext context, RatchetTree tree, MemberKeys keys,
                  EpochSecret&& secret) {
  EpochSecrets secrets = derive_epoch_secrets(suite, std::move(secret));
  SecretTree secret_tree(suite, std::move(secrets.encryption), tree.size());
  const ConfirmationTag tag = confirmation_tag(suite, secrets.confirmation, context.confirmed_transcript_hash);
  const InterimTranscriptHash interim = interim_hash(suite, context.confirmed_transcript_hash, tag);
  return assemble(std::move(context), std::move(tree), std::move(keys), std::move(secrets), std::move(secret_tree), tag,
                  interim);
}

NextEpoch next_epoch(const CipherSuite& suite, EpochParts parts, const InterimTranscriptHash& before,
                     const AuthenticatedContent& commit) {
  parts.context.confirmed_transcript_hash = confirmed_hash(suite, before, commit);
  const Bytes encoded = wire::encode(parts.context);
  JoinerSecret joiner = derive_joiner(suite, std::move(parts.init), std::move(parts.commit), encoded);
  MemberSecret member = derive_member(suite, joiner.clone(), std::move(parts.psk));
  WelcomeSecret welcome = derive_welcome(suite, member);
  return NextEpoch{start_epoch(suite, std::move(parts.context), std::move(parts.tree), std::move(parts.keys),
                               derive_epoch(suite, std::move(member), encoded)),
                   std::move(joiner), std::move(welcome)};
}

Result<RequiredCapabilities> required_of_members(const ExtensionList& extensions) {
  REQUIRE(wire::encode(extensions).size() <= kMaxGroupExtensionsSize, ErrorCode::over_limit, "extensions of a group");
  RequiredCapabilities out = TRY(RequiredCapabilities::of(extensions));
  for (const Extension& extension : extensions.items()) out.extension_types.push_back(extension.type);
  return out;
}

}  // namespace cairn::mls::internal
