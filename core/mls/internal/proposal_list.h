// Which proposals may stand in a commit, alone and together, and what they do to the tree (RFC 9420 s.12.1 to 12.3).
#pragma once

#include "core/mls/internal/epoch.h"
#include "core/mls/message.h"

namespace cairn::mls::internal {

/// A proposal that is valid by itself: its signatures hold and its leaf is authenticated.
struct CheckedProposal {
  Proposal proposal;
  Sender sender;
  std::optional<ProposalRef> reference;           ///< when it was sent before its commit
  std::optional<VerifiedKeyPackage> key_package;  ///< of an Add
  std::optional<VerifiedLeafNode> leaf;           ///< of an Update
  std::optional<crypto::KemPrivateKey> own_key;   ///< of an Update of our own

  template <class Body>
  const Body* as() const {
    return std::get_if<Body>(&proposal.body);
  }
};

/// Which types which senders may propose (s.12.1.8); `malformed`.
Status check_proposal_sender(const Sender& sender, std::uint16_t type);

/// The rules for each type by itself (s.12.1), for a proposal that `sender` is known to have made in this epoch.
/// `malformed`, `not_found`, `unsupported`, `invalid_signature`, ... or what the rules say.
Result<CheckedProposal> check_proposal(const CipherSuite& suite, const Epoch& epoch, Proposal proposal, Sender sender,
                                       const Rules& rules);

/// The proposals of a commit by type, in the order of the commit. Points to them; they must outlive it.
struct ProposalList {
  std::vector<const CheckedProposal*> adds;
  std::vector<const CheckedProposal*> updates;
  std::vector<LeafIndex> removes;
  std::vector<PreSharedKeyId> psks;
  const ExtensionList* group_context_extensions = nullptr;
  const ReInit* reinit = nullptr;
  const ExternalInit* external_init = nullptr;
  bool path_required = false;  ///< s.12.4

  bool removes_leaf(LeafIndex leaf) const;
};

/// The rules for the list of a commit of `committer` (s.12.2), but for those that need the new tree.
Result<ProposalList> check_list(std::span<const CheckedProposal* const> proposals, const Sender& committer);

/// Applies Updates, Removes and Adds to `tree`, in this order (s.12.3), and returns the new leaves in the order of
/// list.adds. On an error `tree` is of no more use.
Result<std::vector<LeafIndex>> apply_list(const ProposalList& list, RatchetTree& tree);

}  // namespace cairn::mls::internal
