// The front door of MLS (RFC 9420): a group, as one of its members sees it.
//
//   stage_commit() --> pending() --- accepted by the channel ---> merge_pending()
//                                \-- somebody else was first ----> discard_pending() (merging theirs does it too)
//   process(bytes) --> ApplicationMessage | ProposalReceived | ReceivedCommit --> merge(ReceivedCommit)
//
// Nothing moves to a new epoch before one of the merges: which commit of an epoch wins is for who delivers them to say
// (RFC 9420 s.14). An operation that returns an error has changed nothing.
#pragma once

#include <variant>

#include "core/mls/message.h"
#include "core/mls/rules.h"

namespace cairn::mls {

namespace internal {
struct GroupState;
struct StagedState;
struct CheckedProposal;
class VerifiedContent;
}  // namespace internal

/// Whether the ratchet tree travels inside of a Welcome or GroupInfo, or beside it (then: Group::ratchet_tree()).
enum class TreePlacement : std::uint8_t { inside, beside };
/// How handshake messages travel. Private is for all but servers that must read them, which ours must not.
enum class HandshakeFormat : std::uint8_t { private_message, public_message };
/// Whether a commit renews our own keys though nothing in it demands that (s.12.4: an empty one, Remove, Update and
/// external ones do).
enum class PathUse : std::uint8_t { always, when_required };

/// What a new group starts with.
struct GroupParameters {
  SuiteId suite = kDefaultSuite;
  GroupId group_id;          ///< unique, best random
  ExtensionList extensions;  ///< of the GroupContext
};

/// What a commit shall do. Valid proposals that were received in this epoch go in by reference unless told otherwise;
/// those that would make the commit invalid are left out.
struct CommitRequest {
  std::vector<KeyPackage> adds = {};  ///< unverified: they are verified here
  std::vector<LeafIndex> removes = {};
  std::vector<PreSharedKeyId> psks = {};  ///< nonces are filled in here
  std::optional<ExtensionList> group_context_extensions = {};
  std::optional<ReInit> reinit = {};                   ///< ends the group; beside nothing else (s.12.2)
  std::optional<LeafOptions> own_leaf = {};            ///< new capabilities or extensions of our leaf
  std::vector<Bytes> received_proposals_to_drop = {};  ///< references, as in ProposalReceived, that shall not go in

  PathUse path = PathUse::always;
  HandshakeFormat format = HandshakeFormat::private_message;
  TreePlacement tree = TreePlacement::inside;
  /// Authenticated, and readable by whoever carries the commit. It is part of what the new epoch's secrets come from,
  /// so it cannot hold anything that is derived from them: the next write key is checked against the exporter.
  Bytes authenticated_data = {};
};

/// A Welcome for one newcomer, holding only its own secrets.
struct OutgoingWelcome {
  KeyPackageRef key_package;
  LeafIndex leaf;
  Bytes message;  ///< MLSMessage
};

/// A commit that is complete and not merged: what it does, and the next epoch's secrets. Move-only.
class StagedCommit {
 public:
  ~StagedCommit();
  StagedCommit(StagedCommit&&) noexcept;
  StagedCommit& operator=(StagedCommit&&) noexcept;

  const CommitSummary& summary() const;
  /// The epoch that it leads to.
  std::uint64_t epoch() const { return summary().epoch; }
  bool removes_us() const { return summary().removes_us; }
  /// Of the epoch it leads to; as in Group. Not when it removes us (CHECKed).
  SecretBytes exporter(std::string_view label, ByteView context, std::size_t size) const;
  Bytes epoch_authenticator() const;
  std::vector<Member> members() const;
  const ExtensionList& extensions() const;

 protected:
  friend class Group;
  explicit StagedCommit(std::unique_ptr<internal::StagedState> state);
  std::unique_ptr<internal::StagedState> state_;
};

/// Our own staged commit, with what is to be sent.
class PendingCommit : public StagedCommit {
 public:
  /// MLSMessage, for all members.
  const Bytes& commit() const;
  /// One for each added member, in the order of summary().added. Each holds all that joint_welcome() holds once.
  std::vector<OutgoingWelcome> welcomes() const;
  /// One MLSMessage for all of them; empty when it adds nobody. May be larger than what join() reads when each of
  /// welcomes() is not.
  Bytes joint_welcome() const;
  /// The same for those of summary().added alone whose place in `to`, which is as long (CHECKed), says so.
  Bytes joint_welcome(const std::vector<bool>& to) const;
  /// The new tree, for a Welcome that has it not inside.
  Bytes ratchet_tree() const;

 private:
  friend class Group;
  using StagedCommit::StagedCommit;
};

/// What somebody said.
struct ApplicationMessage {
  Member sender;  ///< its leaf in the epoch of the message
  std::uint64_t epoch = 0;
  Bytes authenticated_data;
  SecretBytes plaintext;
};
/// A proposal was verified and waits for a commit.
struct ProposalReceived {
  Bytes reference;
  std::uint16_t type = 0;
  std::optional<Member> sender;  ///< nothing when it came from outside
  Bytes authenticated_data;
};
/// Somebody's commit was verified: merge it, or let it go.
struct ReceivedCommit {
  StagedCommit commit;
};
/// Our own pending commit came back: it won, so merge_pending().
struct OwnCommit {};

using Received = std::variant<ApplicationMessage, ProposalReceived, ReceivedCommit, OwnCommit>;

/// How a Welcome is to be read.
struct JoinRequest {
  ByteView welcome;  ///< MLSMessage
  const PrivateKeyPackage& key_package;
  std::optional<ByteView> ratchet_tree;  ///< when it travelled beside
};

/// How to come back without a Welcome (s.12.4.3.2): by an external commit, from a GroupInfo that a member gave.
struct ExternalJoinRequest {
  ByteView group_info;  ///< MLSMessage, from Group::group_info()
  const SigningIdentity& identity;
  LeafOptions leaf;
  std::optional<ByteView> ratchet_tree = std::nullopt;  ///< when it travelled beside
  std::optional<LeafIndex> replaces = std::nullopt;     ///< our former leaf, which the commit removes
  Bytes authenticated_data = {};
  std::vector<PreSharedKeyId> psks = {};  ///< nonces are filled in here; the keys come from the rules
};
struct ExternalJoin;

/// Who is in a group that continues another one (s.11.2, 11.3), and as who we are.
struct SuccessorRequest {
  const SigningIdentity& identity;
  LeafOptions leaf;
  std::vector<KeyPackage> others;  ///< in the suite of the new group
  TreePlacement tree = TreePlacement::inside;
};

/// One member's view of a group. Move-only; everything secret is wiped when it goes. Not thread-safe.
class Group {
 public:
  ~Group();
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;

  /// A new group whose only member is us (s.11); nothing is to be sent. `malformed` or `unsupported` when our own
  /// leaf does not fit the extensions.
  static Result<Group> create(const GroupParameters& parameters, const SigningIdentity& identity,
                              const LeafOptions& leaf, Entropy& entropy);
  /// Enters a group by a Welcome (s.12.4.3.1). `not_found` when it is not for this key package, `crypto_failed`,
  /// `invalid_tree`, `invalid_signature`, or what the rules say.
  static Result<Group> join(const JoinRequest& request, const Rules& rules);

  /// Makes an external commit, and the group as it is once that commit is accepted; if it is not, let both go. Errors
  /// as join(). Others refuse it unless their Membership says otherwise.
  static Result<ExternalJoin> join_external(const ExternalJoinRequest& request, const Rules& rules, Entropy& entropy);

  /// Starts the group that a ReInit announced (s.11.2), with the same members; any of them may. It has a pending
  /// commit: send its welcomes() to the others, then merge it. `invalid_state` unless reinit() is set, `unsupported`
  /// for a version or suite that we lack, `not_authorised` when a member is missing or new (as
  /// Authenticator::authenticate_successor says), or as create() and stage_commit().
  Result<Group> reinitialise(const SuccessorRequest& request, const Rules& rules, Time now, Entropy& entropy) const;
  /// Starts a group of some of our members, in our suite (s.11.3). As reinitialise() in all else.
  Result<Group> branch(GroupId id, ExtensionList extensions, const SuccessorRequest& request, const Rules& rules,
                       Time now, Entropy& entropy) const;
  /// Enters a group that continues this one, by a Welcome whose resumption PSK says so; join() refuses such ones.
  /// Errors as join(); `malformed` when it continues nothing, `wrong_group` when it continues another group,
  /// `not_found` for an epoch that is not kept, `inconsistent` when it is not what the ReInit announced,
  /// `not_authorised` when its members are not ours.
  Result<Group> join_successor(const JoinRequest& request, const Rules& rules) const;

  const GroupId& group_id() const;
  SuiteId suite() const;
  std::uint64_t epoch() const;
  LeafIndex own_leaf() const;
  const ExtensionList& extensions() const;
  /// Ascending by leaf.
  std::vector<Member> members() const;
  std::optional<Member> member(LeafIndex leaf) const;
  /// False once a merged commit has removed us: then only old messages can be read.
  bool is_active() const;
  /// Set once a merged commit said so: nothing more can be sent here (s.12.1.5).
  const std::optional<ReInit>& reinit() const;

  /// Makes a commit and keeps it as pending(). `invalid_state` when one is pending already, or we are not in.
  /// Verifies each key package (s.10.1, lifetimes against `now`) and the whole list (s.12.2), and asks the rules.
  Result<const PendingCommit*> stage_commit(const CommitRequest& request, const Rules& rules, Time now,
                                            Entropy& entropy);
  /// Null when there is none. Stays valid until it is merged or discarded.
  const PendingCommit* pending() const;
  /// Moves to the pending commit's epoch. `invalid_state` when there is none.
  Status merge_pending();
  void discard_pending();

  /// Proposals for others to commit; MLSMessages. We remember them as if we had received them.
  Result<Bytes> propose_add(const KeyPackage& key_package, const Rules& rules, Time now, Entropy& entropy,
                            HandshakeFormat format = HandshakeFormat::private_message);
  /// Also of ourselves: that is how to leave.
  Result<Bytes> propose_remove(LeafIndex leaf, Entropy& entropy,
                               HandshakeFormat format = HandshakeFormat::private_message);
  /// New keys for our own leaf.
  Result<Bytes> propose_update(const std::optional<LeafOptions>& own_leaf, Entropy& entropy,
                               HandshakeFormat format = HandshakeFormat::private_message);
  /// `psk` with a fresh nonce; whoever commits or receives must have the key.
  Result<Bytes> propose_psk(PreSharedKeyId psk, const Rules& rules, Entropy& entropy,
                            HandshakeFormat format = HandshakeFormat::private_message);
  /// The whole of the new list (s.12.1.7).
  Result<Bytes> propose_group_context_extensions(ExtensionList extensions, const Rules& rules, Entropy& entropy,
                                                 HandshakeFormat format = HandshakeFormat::private_message);
  Result<Bytes> propose_reinit(ReInit reinit, const Rules& rules, Entropy& entropy,
                               HandshakeFormat format = HandshakeFormat::private_message);

  /// Reads one MLSMessage. Codes beside those of the rules:
  ///   stale         a handshake message of a former epoch, or one from before the epochs that are kept
  ///   wrong_epoch   of an epoch to come: keep it until its commit is merged
  ///   wrong_group   of another group
  ///   duplicate     read before, or sent by ourselves
  ///   inconsistent  an application message of ours with a key that we never used: this state is older than we are
  ///   crypto_failed, invalid_signature, malformed, unsupported, over_limit, not_found (an unknown proposal or PSK)
  /// Application messages come in any order within kOutOfOrderWindow of their sender, also those of the last
  /// kPastEpochs epochs (s.15.3). One is forgotten once it is read: it cannot be read twice.
  Result<Received> process(ByteView message, const Rules& rules);
  /// Moves to the commit's epoch; a pending commit of our own is discarded. `stale` unless it was received in this
  /// epoch of this group.
  Status merge(ReceivedCommit&& received);

  /// Encrypts to all members (s.15.1), padded to a Padme size of at least 256 bytes. `over_limit` above
  /// kMaxPlaintextSize, `invalid_state` when we are not in, the group has ended, or proposals wait, for then their
  /// commit comes first.
  Result<Bytes> protect(ByteView plaintext, ByteView authenticated_data, Entropy& entropy);

  /// MLS-Exporter (s.8.5) of this epoch. size <= 255 * Nh (CHECKed).
  SecretBytes exporter(std::string_view label, ByteView context, std::size_t size) const;
  /// The same for all members of this epoch (s.8.7).
  Bytes epoch_authenticator() const;
  /// The resumption PSK (s.8.6) of this or a kept epoch; `not_found`.
  Result<Psk> resumption_psk(std::uint64_t epoch) const;
  /// How many ciphertexts our next path would hold beyond one a level: what blank nodes above us cost (s.4.1.1).
  std::size_t blanks_above() const;
  /// The public tree, for who joins (s.12.4.3.3).
  Bytes ratchet_tree() const;
  /// A signed GroupInfo of this epoch with the external key, as MLSMessage: who has it can commit from outside. It
  /// goes to a member that lost its state, sealed, and to nobody else.
  Result<Bytes> group_info(TreePlacement tree) const;

  /// Wipes what could read messages of epochs before `epoch`, and resumption PSKs of them. When we were removed in one
  /// of them, all its secrets go but its resumption PSK, which can prove that we were in (s.12.4.3.2); exporter() has
  /// nothing to give then (CHECKed).
  void forget_epochs_before(std::uint64_t epoch);
  /// Forgets a received proposal.
  void forget_proposals();

  /// The whole state, a pending commit included; equal states give equal bytes. Restoring the same bytes twice and
  /// going on with both would use keys twice: there is one owner of a state.
  SecretBytes serialise() const;
  /// `malformed` when these are no bytes of serialise(). They come from our own storage: signatures are not
  /// verified again.
  static Result<Group> restore(ByteView serialised);

 private:
  explicit Group(std::unique_ptr<internal::GroupState> state);
  static Result<Group> join_by_welcome(const JoinRequest& request, const Rules& rules,
                                       const internal::GroupState* predecessor);
  Result<Group> start_successor(const GroupParameters& parameters, ResumptionUsage usage,
                                const SuccessorRequest& request, const Rules& rules, Time now, Entropy& entropy) const;
  Result<Bytes> propose_by_rules(Proposal proposal, const Rules& rules, Entropy& entropy, HandshakeFormat format);
  Status check_can_send() const;
  Result<Received> process_private(const PrivateMessage& message, const Rules& rules);
  Result<Received> process_application(const PrivateMessage& message);
  Result<Received> process_public(PublicMessage message, const Rules& rules);
  Result<Received> receive_proposal(const internal::VerifiedContent& content, const Rules& rules);
  Result<Received> receive_commit(const internal::VerifiedContent& content, const Rules& rules) const;
  Result<Bytes> propose(internal::CheckedProposal proposal, Entropy& entropy, HandshakeFormat format);

  std::unique_ptr<internal::GroupState> state_;
  std::unique_ptr<PendingCommit> pending_;
};

/// What join_external() made.
struct ExternalJoin {
  Group group;
  Bytes commit;  ///< MLSMessage, public: a joiner has no keys to encrypt it with
};

}  // namespace cairn::mls
