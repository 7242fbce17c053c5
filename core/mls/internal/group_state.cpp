// How a group is written into our own storage and read back.
#include "core/mls/internal/group_state.h"

namespace cairn::mls::internal {
namespace {

constexpr std::uint8_t kFormat = 1;
// Our own data is bounded by what went into it.
constexpr std::size_t kNoLimit = wire::kMaxVectorSize;

template <class Tag>
Status read_secret(wire::Reader& reader, ShortSecret<Tag>& out) {
  out = ShortSecret<Tag>(TRY(reader.opaque(ShortSecret<Tag>::kMaxSize)));
  return ok();
}

void write_identity(wire::Writer& writer, const SigningIdentity& identity) {
  identity.credential().write(writer);
  writer.opaque(identity.private_key().expose());
}

Result<SigningIdentity> read_identity(const CipherSuite& suite, wire::Reader& reader) {
  Credential credential = TRY(Credential::read(reader));
  crypto::SignaturePrivateKey key;
  TRY(read_secret(reader, key));
  return SigningIdentity::from(suite.signature, std::move(credential), std::move(key));
}

// How a leaf of a past epoch stands in the store: most are as they are in the epoch after it.
enum class StoredLeaf : std::uint8_t { blank = 0, unchanged = 1, other = 2 };
using Leaves = std::vector<std::shared_ptr<const LeafNode>>;

Leaves leaves_of(const RatchetTree& tree) {
  Leaves out;
  for (LeafIndex leaf{0}; tree.size().contains(leaf); ++leaf.value) out.push_back(tree.shared_leaf(leaf));
  return out;
}

void write_leaves(wire::Writer& writer, const Leaves& leaves, const Leaves& newer) {
  writer.u32(static_cast<std::uint32_t>(leaves.size()));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i] == nullptr) {
      writer.u8(static_cast<std::uint8_t>(StoredLeaf::blank));
    } else if (i < newer.size() && newer[i] != nullptr && (newer[i] == leaves[i] || *newer[i] == *leaves[i])) {
      writer.u8(static_cast<std::uint8_t>(StoredLeaf::unchanged));
    } else {
      writer.u8(static_cast<std::uint8_t>(StoredLeaf::other));
      leaves[i]->write(writer);
    }
  }
}

Result<Leaves> read_leaves(wire::Reader& reader, const Leaves& newer) {
  const std::uint32_t count = TRY(reader.u32());
  REQUIRE(count <= kMaxLeaves, ErrorCode::malformed, "stored leaves");
  Leaves out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t kind = TRY(reader.u8());
    REQUIRE(kind <= 2, ErrorCode::malformed, "stored leaf");
    if (static_cast<StoredLeaf>(kind) == StoredLeaf::unchanged) {
      REQUIRE(i < newer.size() && newer[i] != nullptr, ErrorCode::malformed, "stored leaf");
      out[i] = newer[i];
    } else if (static_cast<StoredLeaf>(kind) == StoredLeaf::other) {
      out[i] = std::make_shared<const LeafNode>(TRY(LeafNode::read(reader)));
    }
  }
  return out;
}

void write_past(wire::Writer& writer, const PastEpoch& past, const Leaves& newer) {
  writer.u64(past.number);
  past.own_leaf.write(writer);
  writer.opaque(past.encoded_context);
  writer.opaque(past.sender_data.expose());
  past.secret_tree.write(writer);
  write_leaves(writer, past.leaves, newer);
}

Result<PastEpoch> read_past(const CipherSuite& suite, wire::Reader& reader, const Leaves& newer) {
  const std::uint64_t number = TRY(reader.u64());
  const LeafIndex own_leaf = TRY(LeafIndex::read(reader));
  Bytes context = TRY(reader.opaque_bytes(kNoLimit));
  SenderDataSecret sender_data;
  TRY(read_secret(reader, sender_data));
  SecretTree tree = TRY(SecretTree::read(suite, reader));
  Leaves leaves = TRY(read_leaves(reader, newer));
  return PastEpoch{number, own_leaf, std::move(context), std::move(sender_data), std::move(tree), std::move(leaves)};
}

void write_proposal(wire::Writer& writer, const CheckedProposal& proposal) {
  proposal.proposal.write(writer);
  proposal.sender.write(writer);
  proposal.reference->write(writer);
  writer.u8(proposal.own_key ? 1 : 0);
  if (proposal.own_key) writer.opaque(proposal.own_key->expose());
}

Result<CheckedProposal> read_proposal(wire::Reader& reader) {
  CheckedProposal out;
  out.proposal = TRY(Proposal::read(reader));
  out.sender = TRY(Sender::read(reader));
  out.reference = TRY(ProposalRef::read(reader));
  if (TRY(reader.presence())) {
    crypto::KemPrivateKey key;
    TRY(read_secret(reader, key));
    out.own_key = std::move(key);
  }
  if (const auto* add = out.as<Add>()) out.key_package = TRY(VerifiedKeyPackage::trusted(add->key_package));
  if (const auto* update = out.as<Update>()) {
    REQUIRE(out.sender.type == SenderType::member, ErrorCode::malformed, "stored update");
    out.leaf = VerifiedLeafNode::trusted(update->leaf_node);
  }
  return out;
}

void write_reinit(wire::Writer& writer, const std::optional<ReInit>& reinit) {
  writer.u8(reinit ? 1 : 0);
  if (reinit) Proposal{*reinit}.write_body(writer);
}

Result<std::optional<ReInit>> read_reinit(wire::Reader& reader) {
  if (!TRY(reader.presence())) return std::optional<ReInit>{};
  Proposal proposal = TRY(Proposal::read_body(proposal_type::kReInit, reader));
  return std::optional<ReInit>(std::get<ReInit>(std::move(proposal.body)));
}

}  // namespace

void GroupState::write(wire::Writer& writer) const {
  writer.u8(kFormat);
  writer.u16(suite->number());
  write_identity(writer, identity);
  current.write(writer);
  writer.u8(static_cast<std::uint8_t>(past.size()));
  Leaves newer = leaves_of(current.tree);
  for (const PastEpoch& epoch : past) {
    write_past(writer, epoch, newer);
    newer = epoch.leaves;
  }
  writer.u8(static_cast<std::uint8_t>(resumption.size()));
  for (const auto& [epoch, secret] : resumption) {
    writer.u64(epoch);
    writer.opaque(secret.expose());
  }
  writer.u16(static_cast<std::uint16_t>(proposals.size()));
  for (const CheckedProposal& proposal : proposals) write_proposal(writer, proposal);
  writer.u8(is_active ? 1 : 0);
  write_reinit(writer, reinit);
}

Result<GroupState> GroupState::read(wire::Reader& reader) {
  const std::uint8_t format = TRY(reader.u8());
  REQUIRE(format == kFormat, ErrorCode::malformed, "format of a stored group");
  const std::uint16_t number = TRY(reader.u16());
  const CipherSuite& suite = cipher_suite(TRY(find_suite(number)));
  SigningIdentity identity = TRY(read_identity(suite, reader));
  Epoch current = TRY(Epoch::read(suite, reader));
  GroupState out{&suite, std::move(identity), std::move(current)};
  const std::uint8_t past_count = TRY(reader.u8());
  REQUIRE(past_count <= kPastEpochs, ErrorCode::malformed, "stored past epochs");
  Leaves newer = leaves_of(out.current.tree);
  for (std::size_t i = 0; i < past_count; ++i) {
    out.past.push_back(TRY(read_past(suite, reader, newer)));
    newer = out.past.back().leaves;
  }
  const std::uint8_t resumption_count = TRY(reader.u8());
  for (std::size_t i = 0; i < resumption_count; ++i) {
    const std::uint64_t epoch = TRY(reader.u64());
    TRY(read_secret(reader, out.resumption[epoch]));
  }
  const std::uint16_t proposal_count = TRY(reader.u16());
  REQUIRE(proposal_count <= kMaxProposals, ErrorCode::malformed, "stored proposals");
  for (std::size_t i = 0; i < proposal_count; ++i) out.proposals.push_back(TRY(read_proposal(reader)));
  out.is_active = TRY(reader.presence());
  out.reinit = TRY(read_reinit(reader));
  return out;
}

namespace {

void write_indexes(wire::Writer& writer, const std::vector<Member>& members) {
  const std::size_t mark = writer.begin_vector();
  for (const Member& member : members) member.leaf.write(writer);
  writer.end_vector(mark);
}

Result<std::vector<LeafIndex>> read_indexes(wire::Reader& reader) {
  return reader.vector<LeafIndex>(kNoLimit, 2 * kMaxLeaves);
}

Result<Member> stored_member(const Epoch& epoch, LeafIndex leaf) {
  auto member = epoch.member(leaf);
  REQUIRE(member.has_value(), ErrorCode::malformed, "stored member");
  return std::move(*member);
}

// Who a stored summary is about: all of them stand in the tree before or in the tree after the commit.
Status read_members(const Epoch& before, const Epoch& after, wire::Reader& reader, CommitSummary& out) {
  for (const LeafIndex leaf : TRY(read_indexes(reader))) out.added.push_back(TRY(stored_member(after, leaf)));
  for (const LeafIndex leaf : TRY(read_indexes(reader))) out.removed.push_back(TRY(stored_member(before, leaf)));
  for (const LeafIndex leaf : TRY(read_indexes(reader))) {
    MemberUpdate update;
    update.before = TRY(stored_member(before, leaf));
    update.after = TRY(stored_member(after, leaf));
    out.updated.push_back(std::move(update));
  }
  out.committer = TRY(stored_member(after, after.own_leaf()));
  out.members = before.members();
  return ok();
}

// Behind it stands one Welcome for all; stores of before have one for each, with everything that all learn in it.
constexpr std::uint16_t kOneWelcome = 0xFFFF;

Result<Welcome> read_former_welcomes(wire::Reader& reader, std::size_t count) {
  Welcome out;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(KeyPackageRef::read(reader));
    TRY(LeafIndex::read(reader));
    const ByteView stored = TRY(reader.opaque(kNoLimit));
    MlsMessage message = TRY(MlsMessage::decode(stored));
    auto* one = std::get_if<Welcome>(&message.body);
    REQUIRE(one != nullptr && one->secrets.size() == 1, ErrorCode::malformed, "stored welcome");
    out.cipher_suite = one->cipher_suite;
    out.encrypted_group_info = std::move(one->encrypted_group_info);
    out.secrets.push_back(std::move(one->secrets.front()));
  }
  return out;
}

Result<Welcome> read_welcome(wire::Reader& reader) {
  const std::uint16_t mark = TRY(reader.u16());
  return mark == kOneWelcome ? Welcome::read(reader) : read_former_welcomes(reader, mark);
}

}  // namespace

void StagedState::write(wire::Writer& writer) const {
  CHECK(next && summary.is_own);
  next->write(writer);
  writer.opaque(commit);
  writer.u16(kOneWelcome);
  welcome.write(writer);
  write_indexes(writer, summary.added);
  write_indexes(writer, summary.removed);
  std::vector<Member> updated;
  for (const MemberUpdate& update : summary.updated) updated.push_back(update.after);
  write_indexes(writer, updated);
  writer.vector(summary.psks);
  writer.u8(summary.group_context_extensions ? 1 : 0);
  write_reinit(writer, summary.reinit);
  writer.opaque(summary.authenticated_data);
}

Result<StagedState> StagedState::read(const GroupState& state, wire::Reader& reader) {
  StagedState out;
  out.base_epoch = state.current.number();
  out.base_authenticator = state.current.secrets.authenticator;
  out.next = TRY(Epoch::read(*state.suite, reader));
  out.commit = TRY(reader.opaque_bytes(kNoLimit));
  out.welcome = TRY(read_welcome(reader));
  TRY(read_members(state.current, *out.next, reader, out.summary));
  REQUIRE(out.welcome.secrets.size() == out.summary.added.size(), ErrorCode::malformed, "stored welcome");
  out.summary.psks = TRY(reader.vector<PreSharedKeyId>(kNoLimit, kMaxPsks));
  if (TRY(reader.presence())) out.summary.group_context_extensions = out.next->context.extensions;
  out.summary.reinit = TRY(read_reinit(reader));
  out.summary.authenticated_data = TRY(reader.opaque_bytes(kNoLimit));
  out.summary.group_id = state.current.context.group_id;
  out.summary.epoch = out.next->number();
  out.summary.is_own = true;
  return out;
}

}  // namespace cairn::mls::internal
