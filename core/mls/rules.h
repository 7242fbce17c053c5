// What the protocol leaves to the application: who somebody is, and who may enter. Both are mandatory.
#pragma once

#include "core/mls/proposal.h"

namespace cairn::mls {

/// One leaf of the tree, with what it says. The index names a member within one epoch; what names a client over time
/// is for the application to find in the credential (s.5.3.3). `node` is shared with the group and never changes.
struct Member {
  LeafIndex leaf;
  std::shared_ptr<const LeafNode> node;
};

/// Judges whether a leaf is who it says (RFC 9420 s.5.3.1), and whether its credential is still good (s.5.3.2): a leaf
/// that is in the group stays there when it expires, until somebody removes it. Asked about every leaf when a group is
/// joined, and about every leaf that is added or replaced later; never twice for one that did not change. An error
/// refuses the operation, is passed on as it is, and leaves the group unchanged: so `unavailable` means "look it up,
/// ask again".
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Whether signature_key and credential of `leaf` belong together.
  virtual Status authenticate(const LeafNode& leaf) = 0;
  /// Whether `after` may take the place of `before`, or is in a successor of its group (s.11.2, 11.3) who it was in
  /// that group; authenticate(after) was asked already. Unless overridden, the credential must stay the same
  /// (`not_authorised`).
  virtual Status authenticate_successor(const LeafNode& before, const LeafNode& after);
};

/// Where a commit comes from.
enum class CommitSource : std::uint8_t {
  member,
  external  ///< an external commit: the committer joins by it (s.12.4.3.2)
};

/// A member whose leaf a commit replaces.
struct MemberUpdate {
  Member before;
  Member after;
};

/// All that a commit does, before anything of it is done.
struct CommitSummary {
  GroupId group_id;
  std::uint64_t epoch = 0;  ///< that it leads to
  CommitSource source = CommitSource::member;
  Member committer;             ///< its leaf after the commit; removed ones never commit
  std::vector<Member> members;  ///< before it
  std::vector<Member> added;    ///< without the committer of an external commit
  std::vector<Member> removed;
  std::vector<MemberUpdate> updated;  ///< the committer's own too, when there is a path
  std::vector<PreSharedKeyId> psks;
  std::optional<ExtensionList> group_context_extensions;  ///< the new ones, when they change
  std::optional<ReInit> reinit;
  Bytes authenticated_data;
  bool is_own = false;  ///< we are about to send it
  bool removes_us = false;
};

/// A proposal from outside of the group: an external sender, or a newcomer that proposes its own Add.
struct OutsideProposal {
  std::uint16_t type = 0;
  std::optional<LeafNode> joiner;                ///< of an Add
  std::optional<std::uint32_t> external_sender;  ///< index in external_senders; nothing for a newcomer
};

/// A group that we are asked to enter.
struct GroupSummary {
  SuiteId suite = kDefaultSuite;
  GroupId group_id;
  std::uint64_t epoch = 0;
  ExtensionList extensions;     ///< of the GroupContext
  std::vector<Member> members;  ///< ourselves included
  LeafIndex own_leaf;
  LeafIndex sender;  ///< of the Welcome
  /// The group and epoch that this one continues (s.11.2, 11.3), when we enter by Group::join_successor().
  std::optional<ResumptionPsk> continues = std::nullopt;
};

/// The rules about who is in (s.16.11: "Additional Policy Enforcement"). An error refuses, is passed on as it is, and
/// leaves the group unchanged. What comes from outside of the group is refused unless a rule says otherwise. The
/// lifetime of a leaf is checked where it is sent; a receiver may be late, so there it stands in the summary for this
/// to judge.
class Membership {
 public:
  virtual ~Membership() = default;
  /// A commit of a member, our own included; all leaves in it are authenticated.
  virtual Status check_commit(const CommitSummary& commit) = 0;
  /// Whether to enter that group; all leaves are authenticated. Only this can see that group_id is none of a group we
  /// are in, which s.12.4.3 demands.
  virtual Status check_join(const GroupSummary& group) = 0;
  /// An external commit.
  virtual Status check_external_commit(const CommitSummary& commit);
  /// A proposal of an external sender, or new_member_proposal. Asked before the Authenticator is, which may look up.
  virtual Status check_outside_proposal(const OutsideProposal& proposal);
};

/// The answers that every operation on foreign data needs, in one place so that none can be forgotten.
/// Holds references: lives no longer than what it names.
struct Rules {
  Authenticator& authenticator;
  Membership& membership;
  const PskSource& psks;
};

}  // namespace cairn::mls
