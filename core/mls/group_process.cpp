// Reading what others sent (RFC 9420 s.6, 12.1.8, 12.4.2).
#include "core/mls/external_senders.h"
#include "core/mls/group.h"
#include "core/mls/internal/group_state.h"
#include "core/mls/own_message.h"

namespace cairn::mls {

using namespace internal;

namespace {

// The epoch of a message that arrived, as this member still holds it.
struct ReadingEpoch {
  std::uint64_t number;
  LeafIndex own_leaf;
  ByteView encoded_context;
  const SenderDataSecret& sender_data;
  SecretTree& secret_tree;
};

Status check_handshake_epoch(std::uint64_t epoch, const GroupState& state) {
  REQUIRE(epoch >= state.current.number(), ErrorCode::stale, "handshake of a former epoch");
  REQUIRE(epoch == state.current.number(), ErrorCode::wrong_epoch, "handshake of an epoch to come");
  REQUIRE(state.is_active, ErrorCode::invalid_state, "not a member any more");
  REQUIRE(!state.reinit, ErrorCode::invalid_state, "group was reinitialised");
  return ok();
}

Result<ReadingEpoch> find_epoch(GroupState& state, std::uint64_t number) {
  Epoch& current = state.current;
  REQUIRE(number <= current.number(), ErrorCode::wrong_epoch, "message of an epoch to come");
  if (number == current.number()) {
    return ReadingEpoch{number, current.own_leaf(), current.encoded_context, current.secrets.sender_data,
                        current.secret_tree};
  }
  for (PastEpoch& past : state.past) {
    if (past.number == number) {
      return ReadingEpoch{number, past.own_leaf, past.encoded_context, past.sender_data, past.secret_tree};
    }
  }
  return fail(ErrorCode::stale, "message of an epoch that is not kept");
}

std::shared_ptr<const LeafNode> find_leaf(const GroupState& state, std::uint64_t epoch, LeafIndex leaf) {
  if (epoch == state.current.number()) return state.current.tree.shared_leaf(leaf);
  for (const PastEpoch& past : state.past) {
    if (past.number == epoch && leaf.value < past.leaves.size()) return past.leaves[leaf.value];
  }
  return nullptr;
}

// Which contents which senders may have (s.6.1, 12.1.8, 12.4.3.2).
Status check_sender_content(const FramedContent& content) {
  const ContentType type = content.content_type();
  switch (content.sender.type) {
    case SenderType::member: return ok();
    case SenderType::external:
    case SenderType::new_member_proposal:
      REQUIRE(type == ContentType::proposal, ErrorCode::malformed, "outsider sends other than a proposal");
      return ok();
    case SenderType::new_member_commit:
      REQUIRE(type == ContentType::commit, ErrorCode::malformed, "joiner sends other than a commit");
      return ok();
  }
  return fail(ErrorCode::malformed, "sender type");
}

// The key that the sender of a handshake message signs with (s.6.1).
Result<SignaturePublicKey> signature_key_of(const GroupState& state, const FramedContent& content) {
  switch (content.sender.type) {
    case SenderType::member: {
      const LeafNode* leaf = state.current.tree.leaf(content.sender.leaf());
      REQUIRE(leaf != nullptr, ErrorCode::malformed, "sender's leaf is blank");
      return leaf->signature_key;
    }
    case SenderType::external: {
      const auto senders = TRY(external_senders_of(state.current.context.extensions));
      REQUIRE(content.sender.index < senders.size(), ErrorCode::malformed, "external sender");
      return senders[content.sender.index].signature_key;
    }
    case SenderType::new_member_proposal: {
      const auto* add = std::get_if<Add>(&std::get<Proposal>(content.content).body);
      REQUIRE(add != nullptr, ErrorCode::malformed, "newcomer proposes other than its own add");
      return add->key_package.leaf_node.signature_key;
    }
    case SenderType::new_member_commit: {
      const auto& commit = std::get<Commit>(content.content);
      REQUIRE(commit.path.has_value(), ErrorCode::malformed, "external commit without a path");
      return commit.path->leaf_node.signature_key;
    }
  }
  return fail(ErrorCode::malformed, "sender type");
}

Result<VerifiedContent> verify_handshake(const GroupState& state, AuthenticatedContent content) {
  TRY(check_sender_content(content.content));
  const SignaturePublicKey key = TRY(signature_key_of(state, content.content));
  VerifiedContent out = TRY(verify_content(*state.suite, std::move(content), key, state.current.encoded_context));
  // Said only now: any member has the keys to encrypt in our name, and none has the one to sign.
  REQUIRE(out->sender != Sender::member(state.own_leaf()), ErrorCode::duplicate, kMessageOfOurOwn);
  return out;
}

Status ask_about_outsider(const FramedContent& content, const Rules& rules) {
  if (content.sender.type == SenderType::member) return ok();
  const auto& proposal = std::get<Proposal>(content.content);
  OutsideProposal outside;
  outside.type = proposal.type();
  if (const auto* add = std::get_if<Add>(&proposal.body)) outside.joiner = add->key_package.leaf_node;
  if (content.sender.type == SenderType::external) outside.external_sender = content.sender.index;
  return rules.membership.check_outside_proposal(outside);
}

}  // namespace

Result<Received> Group::process(ByteView message, const Rules& rules) {
  if (pending_ != nullptr && equal(message, pending_->commit())) return Received(OwnCommit{});
  MlsMessage decoded = TRY(MlsMessage::decode(message));
  if (auto* open = std::get_if<PublicMessage>(&decoded.body)) {
    REQUIRE(open->content.group_id == group_id(), ErrorCode::wrong_group, "message of another group");
    return process_public(std::move(*open), rules);
  }
  const auto* sealed = std::get_if<PrivateMessage>(&decoded.body);
  REQUIRE(sealed != nullptr, ErrorCode::malformed, "not a message to a group");
  REQUIRE(sealed->group_id == group_id(), ErrorCode::wrong_group, "message of another group");
  if (sealed->content_type == ContentType::application) return process_application(*sealed);
  return process_private(*sealed, rules);
}

Result<Received> Group::process_application(const PrivateMessage& message) {
  ReadingEpoch epoch = TRY(find_epoch(*state_, message.epoch));
  OpenedMessage opened = TRY(open_private(*state_->suite, message, epoch.secret_tree, epoch.sender_data));
  const LeafIndex sender = opened.content.content.sender.leaf();
  auto leaf = find_leaf(*state_, epoch.number, sender);
  REQUIRE(leaf != nullptr, ErrorCode::malformed, "sender's leaf is blank");
  VerifiedContent verified =
      TRY(verify_content(*state_->suite, std::move(opened.content), leaf->signature_key, epoch.encoded_context));
  // A key that we used is gone (`duplicate` above): what we signed and this state never sent is of a later state.
  REQUIRE(sender != epoch.own_leaf, ErrorCode::inconsistent, kMessageNeverSent);
  epoch.secret_tree.accept(std::move(opened.key));
  FramedContent content = std::move(verified).take();
  return Received(ApplicationMessage{{sender, std::move(leaf)},
                                     epoch.number,
                                     std::move(content.authenticated_data),
                                     std::get<SecretBytes>(std::move(content.content))});
}

Result<Received> Group::process_private(const PrivateMessage& message, const Rules& rules) {
  TRY(check_handshake_epoch(message.epoch, *state_));
  Epoch& epoch = state_->current;
  OpenedMessage opened = TRY(open_private(*state_->suite, message, epoch.secret_tree, epoch.secrets.sender_data));
  const VerifiedContent verified = TRY(verify_handshake(*state_, std::move(opened.content)));
  // A commit's key is not deleted by itself: it may be read again until one is merged, and then all of them go.
  if (verified->content_type() == ContentType::commit) return receive_commit(verified, rules);
  Received out = TRY(receive_proposal(verified, rules));
  epoch.secret_tree.accept(std::move(opened.key));
  return out;
}

Result<Received> Group::process_public(PublicMessage message, const Rules& rules) {
  TRY(check_handshake_epoch(message.content.epoch, *state_));
  const Epoch& epoch = state_->current;
  AuthenticatedContent opened =
      TRY(open_public(*state_->suite, std::move(message), epoch.secrets.membership, epoch.encoded_context));
  const VerifiedContent verified = TRY(verify_handshake(*state_, std::move(opened)));
  if (verified->content_type() == ContentType::commit) return receive_commit(verified, rules);
  return receive_proposal(verified, rules);
}

Result<Received> Group::receive_proposal(const VerifiedContent& content, const Rules& rules) {
  REQUIRE(state_->proposals.size() < kMaxProposals, ErrorCode::over_limit, "proposals of an epoch");
  const auto& proposal = std::get<Proposal>(content->content);
  REQUIRE(wire::encode(proposal).size() <= kMaxCachedProposalSize, ErrorCode::over_limit, "size of a proposal");
  const ProposalRef reference = proposal_reference(*state_->suite, content.authenticated());
  REQUIRE(state_->find_proposal(reference) == nullptr, ErrorCode::duplicate, "proposal");
  // First of all, for the next step asks the Authenticator: a carrier that can write such a proposal to any group must
  // not be able to have its members look up whom it likes.
  TRY(ask_about_outsider(*content, rules));
  CheckedProposal checked = TRY(check_proposal(*state_->suite, state_->current, proposal, content->sender, rules));
  checked.reference = reference;

  ProposalReceived out;
  out.reference = to_bytes(reference.view());
  out.type = checked.proposal.type();
  if (content->sender.type == SenderType::member) out.sender = state_->current.member(content->sender.leaf());
  out.authenticated_data = content->authenticated_data;
  state_->proposals.push_back(std::move(checked));
  return Received(std::move(out));
}

Result<Received> Group::receive_commit(const VerifiedContent& content, const Rules& rules) const {
  auto staged = TRY(stage_received(*state_, content, rules));
  return Received(ReceivedCommit{StagedCommit(std::move(staged))});
}

}  // namespace cairn::mls
