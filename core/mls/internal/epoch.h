// One epoch of a group: what all members agree on, and what this member knows (RFC 9420 s.8).
#pragma once

#include "core/mls/internal/message_protection.h"
#include "core/mls/internal/transcript.h"
#include "core/mls/rules.h"

namespace cairn::mls::internal {

/// All of an epoch. `secrets.encryption` has gone into `secret_tree`.
struct Epoch {
  GroupContext context;
  Bytes encoded_context;
  RatchetTree tree;
  MemberKeys keys;
  EpochSecrets secrets;
  SecretTree secret_tree;
  ConfirmationTag confirmation_tag;
  InterimTranscriptHash interim;

  std::uint64_t number() const { return context.epoch; }
  LeafIndex own_leaf() const { return keys.self(); }
  std::optional<Member> member(LeafIndex leaf) const;
  std::vector<Member> members() const;

  /// For our own storage, encrypted there.
  void write(wire::Writer& writer) const;
  static Result<Epoch> read(const CipherSuite& suite, wire::Reader& reader);
};

/// What is kept of an epoch that is over: enough to read the application messages that are still under way.
struct PastEpoch {
  std::uint64_t number = 0;
  LeafIndex own_leaf;
  Bytes encoded_context;
  SenderDataSecret sender_data;
  SecretTree secret_tree;
  std::vector<std::shared_ptr<const LeafNode>> leaves;  ///< null: blank
};

/// Consumes an epoch that is over.
PastEpoch retire(Epoch&& epoch);

/// The context of the epoch after `before`: its tree and extensions are given, the transcript hash is still the old
/// one. This is the provisional GroupContext of s.12.4.1, for which path secrets are sealed.
GroupContext provisional_context(const GroupContext& before, const RatchetTree& tree, const ExtensionList& extensions);

/// The parts of which an epoch is made by a commit.
struct EpochParts {
  GroupContext context;  ///< provisional
  RatchetTree tree;
  MemberKeys keys;
  InitSecret init;
  CommitSecret commit;
  PskSecret psk;
};
/// An epoch, and what a Welcome to it needs.
struct NextEpoch {
  Epoch epoch;
  JoinerSecret joiner;
  WelcomeSecret welcome;
};
/// The epoch that `commit` leads to; its signature is set, its confirmation tag is not looked at.
NextEpoch next_epoch(const CipherSuite& suite, EpochParts parts, const InterimTranscriptHash& before,
                     const AuthenticatedContent& commit);

/// An epoch whose secrets follow from `secret`, for those who join in it and for who creates the group. `context` is
/// complete.
Epoch start_epoch(const CipherSuite& suite, GroupContext context, RatchetTree tree, MemberKeys keys,
                  EpochSecret&& secret);

/// What every member of a group with these extensions must support: required_capabilities (s.11.1), and the
/// extensions of the GroupContext themselves (s.13.4). `malformed` when they cannot be read, `over_limit` above
/// kMaxGroupExtensionsSize.
Result<RequiredCapabilities> required_of_members(const ExtensionList& extensions);

}  // namespace cairn::mls::internal
