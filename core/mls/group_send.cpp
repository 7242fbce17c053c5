// Sending what is no commit: application messages, and proposals for others to commit.
#include "core/mls/group.h"
#include "core/mls/internal/group_state.h"

namespace cairn::mls {

using namespace internal;

namespace {

FramedContent frame(const GroupState& state, ByteView authenticated_data) {
  FramedContent out;
  out.group_id = state.current.context.group_id;
  out.epoch = state.current.number();
  out.sender = Sender::member(state.own_leaf());
  out.authenticated_data = to_bytes(authenticated_data);
  return out;
}

}  // namespace

Result<Bytes> Group::protect(ByteView plaintext, ByteView authenticated_data, Entropy& entropy) {
  TRY(check_can_send());
  // RFC 9420 s.12.4: "a group member that has observed one or more valid proposals [...] MUST send a Commit message
  // before sending application data".
  REQUIRE(state_->proposals.empty(), ErrorCode::invalid_state, "proposals wait for a commit");
  REQUIRE(authenticated_data.size() <= kMaxAuthenticatedDataSize, ErrorCode::over_limit, "authenticated data");
  REQUIRE(plaintext.size() <= kMaxPlaintextSize, ErrorCode::over_limit, "application data");
  FramedContent content = frame(*state_, authenticated_data);
  content.content = SecretBytes(to_bytes(plaintext));
  Epoch& epoch = state_->current;
  const AuthenticatedContent signed_content =
      TRY(sign_content(WireFormat::private_message, std::move(content), state_->identity.key(), epoch.encoded_context));
  const PrivateMessage message =
      TRY(protect_private(*state_->suite, signed_content, epoch.secret_tree, epoch.secrets.sender_data, entropy));
  return encode_message(message);
}

Result<Bytes> Group::propose(CheckedProposal proposal, Entropy& entropy, HandshakeFormat format) {
  TRY(check_can_send());
  REQUIRE(state_->proposals.size() < kMaxProposals, ErrorCode::over_limit, "proposals of an epoch");
  REQUIRE(wire::encode(proposal.proposal).size() <= kMaxCachedProposalSize, ErrorCode::over_limit,
          "size of a proposal");
  FramedContent content = frame(*state_, {});
  content.content = proposal.proposal;
  const bool open = format == HandshakeFormat::public_message;
  Epoch& epoch = state_->current;
  AuthenticatedContent signed_content =
      TRY(sign_content(open ? WireFormat::public_message : WireFormat::private_message, std::move(content),
                       state_->identity.key(), epoch.encoded_context));
  proposal.reference = proposal_reference(*state_->suite, signed_content);
  REQUIRE(state_->find_proposal(*proposal.reference) == nullptr, ErrorCode::duplicate, "proposal");
  Bytes out;
  if (open) {
    const PublicMessage message =
        TRY(protect_public(*state_->suite, std::move(signed_content), epoch.secrets.membership, epoch.encoded_context));
    out = encode_message(message);
  } else {
    const PrivateMessage message =
        TRY(protect_private(*state_->suite, signed_content, epoch.secret_tree, epoch.secrets.sender_data, entropy));
    out = encode_message(message);
  }
  state_->proposals.push_back(std::move(proposal));
  return out;
}

Result<Bytes> Group::propose_add(const KeyPackage& key_package, const Rules& rules, Time now, Entropy& entropy,
                                 HandshakeFormat format) {
  TRY(key_package.check_lifetime(now));
  return propose_by_rules({Add{key_package}}, rules, entropy, format);
}

Result<Bytes> Group::propose_remove(LeafIndex leaf, Entropy& entropy, HandshakeFormat format) {
  REQUIRE(state_->current.tree.leaf(leaf) != nullptr, ErrorCode::not_found, "remove of a blank leaf");
  CheckedProposal proposal;
  proposal.proposal = Proposal{Remove{leaf}};
  proposal.sender = Sender::member(own_leaf());
  return propose(std::move(proposal), entropy, format);
}

Result<Bytes> Group::propose_update(const std::optional<LeafOptions>& own_leaf_options, Entropy& entropy,
                                    HandshakeFormat format) {
  TRY(check_can_send());
  crypto::KemKeyPair pair = crypto::kem_generate(state_->suite->hpke.kem, entropy);
  LeafNode leaf = *state_->current.tree.leaf(own_leaf());
  leaf.encryption_key.bytes = std::move(pair.public_key);
  leaf.origin = FromUpdate{};
  if (own_leaf_options) {
    leaf.capabilities = own_leaf_options->capabilities;
    leaf.extensions = own_leaf_options->extensions;
  }
  CheckedProposal proposal;
  proposal.leaf =
      TRY(VerifiedLeafNode::sign(state_->identity.key(), std::move(leaf), LeafPosition{group_id(), own_leaf()}));
  proposal.proposal = Proposal{Update{**proposal.leaf}};
  proposal.sender = Sender::member(own_leaf());
  proposal.own_key = std::move(pair.private_key);
  return propose(std::move(proposal), entropy, format);
}

Result<Bytes> Group::propose_by_rules(Proposal proposal, const Rules& rules, Entropy& entropy, HandshakeFormat format) {
  CheckedProposal checked =
      TRY(check_proposal(*state_->suite, state_->current, std::move(proposal), Sender::member(own_leaf()), rules));
  return propose(std::move(checked), entropy, format);
}

// RFC 9420 s.12.1.4: "The psk_nonce MUST be randomly sampled."
Result<Bytes> Group::propose_psk(PreSharedKeyId psk, const Rules& rules, Entropy& entropy, HandshakeFormat format) {
  psk.nonce.resize(state_->suite->hash_size());
  entropy.fill(psk.nonce);
  return propose_by_rules({PreSharedKey{std::move(psk)}}, rules, entropy, format);
}

Result<Bytes> Group::propose_group_context_extensions(ExtensionList extensions, const Rules& rules, Entropy& entropy,
                                                      HandshakeFormat format) {
  return propose_by_rules({GroupContextExtensions{std::move(extensions)}}, rules, entropy, format);
}

Result<Bytes> Group::propose_reinit(ReInit reinit, const Rules& rules, Entropy& entropy, HandshakeFormat format) {
  return propose_by_rules({std::move(reinit)}, rules, entropy, format);
}

}  // namespace cairn::mls
