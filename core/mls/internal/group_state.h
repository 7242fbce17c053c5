// All that a Group holds, and how its commits are staged.
#pragma once

#include <deque>

#include "core/mls/group.h"
#include "core/mls/internal/proposal_list.h"

namespace cairn::mls::internal {

struct GroupState;

/// A commit that was made or verified, and not merged.
struct StagedState {
  std::uint64_t base_epoch = 0;
  Digest base_authenticator;  ///< of the epoch it starts from: merging into another one is refused
  CommitSummary summary;
  std::optional<Epoch> next;  ///< nothing when the commit removes us

  // Of a commit of our own.
  Bytes commit;
  Welcome welcome;  ///< for all whom it adds, in the order of summary.added

  /// For our own storage, encrypted there; of a commit of our own, which has a next epoch (CHECKed).
  void write(wire::Writer& writer) const;
  /// One that was staged in `state`.
  static Result<StagedState> read(const GroupState& state, wire::Reader& reader);
};

struct GroupState {
  const CipherSuite* suite = nullptr;
  SigningIdentity identity;
  Epoch current;
  std::deque<PastEpoch> past = {};                            ///< newest first, at most kPastEpochs
  std::map<std::uint64_t, ResumptionSecret> resumption = {};  ///< of past epochs, at most kResumptionEpochs
  std::vector<CheckedProposal> proposals = {};                ///< of this epoch, in the order of their arrival
  bool is_active = true;
  std::optional<ReInit> reinit = std::nullopt;

  LeafIndex own_leaf() const { return current.own_leaf(); }
  const CheckedProposal* find_proposal(const ProposalRef& reference) const;

  /// For our own storage, encrypted there.
  void write(wire::Writer& writer) const;
  static Result<GroupState> read(wire::Reader& reader);
};

/// The PSKs of these ids, in order: our own resumption PSKs, or what the source has. `not_found`.
Result<std::vector<PskInput>> find_psks(const GroupState& state, std::span<const PreSharedKeyId> ids,
                                        const PskSource& source);

/// What a commit does, as far as the list and the trees tell.
CommitSummary summarise(const GroupState& state, const ProposalList& list, std::span<const LeafIndex> added,
                        const RatchetTree& tree, const Sender& committer, LeafIndex committer_leaf);

/// Whether every member of the new tree supports what the new extensions need; `unsupported` otherwise.
Status check_new_tree(const RatchetTree& tree, const ExtensionList& extensions);

/// Asks the rules about the whole of a commit.
Status ask_membership(const CommitSummary& summary, const Rules& rules);

/// Moves to the staged epoch, and retires the current one.
void advance(GroupState& state, StagedState&& staged);

/// Wipes the secrets of the epoch in which we were removed; who was in it stays known.
void forget_last(GroupState& state);

/// Verifies somebody's commit of this epoch and derives the next (s.12.4.2). Changes nothing.
Result<std::unique_ptr<StagedState>> stage_received(const GroupState& state, const VerifiedContent& content,
                                                    const Rules& rules);
/// Makes a commit of our own (s.12.4.1). Changes nothing but, at the very end, the own handshake ratchet. `founding` is
/// the PSK of the group that this one continues; only its first commit has one.
Result<std::unique_ptr<StagedState>> stage_own(GroupState& state, const CommitRequest& request, const Rules& rules,
                                               Time now, Entropy& entropy, const ResumptionPsk* founding = nullptr);

}  // namespace cairn::mls::internal
