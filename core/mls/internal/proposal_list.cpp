#include "core/mls/internal/proposal_list.h"

#include <set>

#include "core/mls/external_senders.h"

namespace cairn::mls::internal {
namespace {

// The rules for one type each. They fill in what was verified.
struct Checker {
  const CipherSuite& suite;
  const Epoch& epoch;
  const Rules& rules;
  CheckedProposal& out;

  // RFC 9420 s.12.1.1, 10.1.
  Status operator()(const Add& add) const {
    out.key_package = TRY(VerifiedKeyPackage::verify(suite, add.key_package));
    return rules.authenticator.authenticate(add.key_package.leaf_node);
  }

  // RFC 9420 s.12.1.2, 7.3. That the encryption key is new is seen when it is applied.
  Status operator()(const Update& update) const {
    REQUIRE(out.sender.type == SenderType::member, ErrorCode::malformed, "update from outside");
    const LeafIndex leaf = out.sender.leaf();
    const LeafNode* before = epoch.tree.leaf(leaf);
    REQUIRE(before != nullptr, ErrorCode::malformed, "update of a blank leaf");
    REQUIRE(before->encryption_key != update.leaf_node.encryption_key, ErrorCode::invalid_tree,
            "update keeps the encryption key");
    out.leaf = TRY(VerifiedLeafNode::from_update(suite, update.leaf_node, {epoch.context.group_id, leaf}));
    TRY(rules.authenticator.authenticate(update.leaf_node));
    return rules.authenticator.authenticate_successor(*before, update.leaf_node);
  }

  // RFC 9420 s.12.1.3.
  Status operator()(const Remove& remove) const {
    REQUIRE(epoch.tree.leaf(remove.removed) != nullptr, ErrorCode::not_found, "remove of a blank leaf");
    return ok();
  }

  // RFC 9420 s.12.1.4. Reinitialisation and branching start groups, they do not commit in one.
  Status operator()(const PreSharedKey& psk) const {
    REQUIRE(psk.psk.nonce.size() == suite.hash_size(), ErrorCode::malformed, "psk nonce's size");
    const auto* resumption = std::get_if<ResumptionPsk>(&psk.psk.key);
    REQUIRE(resumption == nullptr || resumption->usage == ResumptionUsage::application, ErrorCode::malformed,
            "psk usage outside of its procedure");
    return ok();
  }

  // RFC 9420 s.12.1.5.
  Status operator()(const ReInit& reinit) const {
    REQUIRE(reinit.version >= kVersionMls10, ErrorCode::malformed, "reinit to a lesser version");
    return ok();
  }

  // RFC 9420 s.12.1.6: only an external commit has it, by value.
  Status operator()(const ExternalInit&) const {
    REQUIRE(out.sender.type == SenderType::new_member_commit, ErrorCode::malformed, "external init");
    return ok();
  }

  // RFC 9420 s.12.1.7. Whether all members support it is seen in the new tree.
  Status operator()(const GroupContextExtensions& change) const {
    TRY(required_of_members(change.extensions));
    TRY(external_senders_of(change.extensions));
    return ok();
  }
};

// Sorts the proposals by type, and sees that no two are about the same.
class Sorter {
 public:
  explicit Sorter(const Sender& committer) : committer_(committer) {}

  Status add(const CheckedProposal& proposal) {
    current_ = &proposal;
    return std::visit(*this, proposal.proposal.body);
  }
  ProposalList take() { return std::move(list_); }

  // RFC 9420 s.12.2, in the order of its points.
  Status operator()(const Add&) {
    list_.adds.push_back(current_);
    return ok();
  }
  Status operator()(const Update&) {
    REQUIRE(current_->sender != committer_, ErrorCode::malformed, "update by the committer");
    TRY(touch(current_->sender.leaf()));
    list_.updates.push_back(current_);
    list_.path_required = true;
    return ok();
  }
  Status operator()(const Remove& remove) {
    REQUIRE(committer_ != Sender::member(remove.removed), ErrorCode::malformed, "committer removes itself");
    TRY(touch(remove.removed));
    list_.removes.push_back(remove.removed);
    list_.path_required = true;
    return ok();
  }
  Status operator()(const PreSharedKey& psk) {
    REQUIRE(list_.psks.size() < kMaxPsks, ErrorCode::over_limit, "psks of a commit");
    for (const PreSharedKeyId& other : list_.psks) {
      REQUIRE(other != psk.psk, ErrorCode::malformed, "psk twice");
    }
    list_.psks.push_back(psk.psk);
    return ok();
  }
  Status operator()(const ReInit& reinit) {
    list_.reinit = &reinit;
    return ok();
  }
  Status operator()(const ExternalInit& init) {
    REQUIRE(list_.external_init == nullptr, ErrorCode::malformed, "external init twice");
    list_.external_init = &init;
    list_.path_required = true;
    return ok();
  }
  Status operator()(const GroupContextExtensions& change) {
    REQUIRE(list_.group_context_extensions == nullptr, ErrorCode::malformed, "group context extensions twice");
    list_.group_context_extensions = &change.extensions;
    list_.path_required = true;
    return ok();
  }

 private:
  Status touch(LeafIndex leaf) {
    REQUIRE(touched_.insert(leaf).second, ErrorCode::malformed, "two proposals for one leaf");
    return ok();
  }

  const Sender& committer_;
  const CheckedProposal* current_ = nullptr;
  std::set<LeafIndex> touched_;
  ProposalList list_;
};

// RFC 9420 s.12.2: the list of an external commit, which by check_proposal_sender() holds nothing else.
Status check_external_list(const ProposalList& list) {
  REQUIRE(list.external_init != nullptr, ErrorCode::malformed, "external commit without external init");
  REQUIRE(list.removes.size() <= 1, ErrorCode::malformed, "external commit removes several");
  return ok();
}

}  // namespace

bool ProposalList::removes_leaf(LeafIndex leaf) const {
  return std::find(removes.begin(), removes.end(), leaf) != removes.end();
}

// RFC 9420 s.12.1.8: what may come from outside.
Status check_proposal_sender(const Sender& sender, std::uint16_t type) {
  switch (sender.type) {
    case SenderType::member: return ok();
    case SenderType::new_member_commit:  // s.12.2: before anything is asked about who is in it
      REQUIRE(type == proposal_type::kExternalInit || type == proposal_type::kRemove ||
                  type == proposal_type::kPreSharedKey,
              ErrorCode::malformed, "proposal in an external commit");
      return ok();
    case SenderType::new_member_proposal:
      REQUIRE(type == proposal_type::kAdd, ErrorCode::malformed, "newcomer proposes other than its own add");
      return ok();
    case SenderType::external:
      REQUIRE(type != proposal_type::kUpdate && type != proposal_type::kExternalInit, ErrorCode::malformed,
              "external sender proposes what only members may");
      return ok();
  }
  return fail(ErrorCode::malformed, "sender type");
}

Result<CheckedProposal> check_proposal(const CipherSuite& suite, const Epoch& epoch, Proposal proposal, Sender sender,
                                       const Rules& rules) {
  TRY(check_proposal_sender(sender, proposal.type()));
  CheckedProposal out;
  out.proposal = std::move(proposal);
  out.sender = sender;
  TRY(std::visit(Checker{suite, epoch, rules, out}, out.proposal.body));
  return out;
}

Result<ProposalList> check_list(std::span<const CheckedProposal* const> proposals, const Sender& committer) {
  Sorter sorter(committer);
  for (const CheckedProposal* proposal : proposals) TRY(sorter.add(*proposal));
  ProposalList out = sorter.take();
  out.path_required = out.path_required || proposals.empty();
  REQUIRE(out.reinit == nullptr || proposals.size() == 1, ErrorCode::malformed, "reinit beside other proposals");
  if (committer.type == SenderType::new_member_commit) TRY(check_external_list(out));
  return out;
}

Result<std::vector<LeafIndex>> apply_list(const ProposalList& list, RatchetTree& tree) {
  for (const CheckedProposal* update : list.updates) TRY(tree.update(update->sender.leaf(), *update->leaf));
  for (const LeafIndex leaf : list.removes) TRY(tree.remove(leaf));
  std::vector<LeafIndex> out;
  for (const CheckedProposal* add : list.adds) out.push_back(TRY(tree.add(add->key_package->leaf())));
  return out;
}

}  // namespace cairn::mls::internal
