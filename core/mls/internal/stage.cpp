// What making and receiving a commit have in common.
#include "core/mls/internal/successor.h"
#include "core/mls/internal/tree_validation.h"

namespace cairn::mls::internal {

const CheckedProposal* GroupState::find_proposal(const ProposalRef& reference) const {
  for (const CheckedProposal& proposal : proposals) {
    if (proposal.reference == reference) return &proposal;
  }
  return nullptr;
}

namespace {

Result<Psk> find_resumption(const GroupState& state, const ResumptionPsk& key, const PskSource& source) {
  if (key.group_id != state.current.context.group_id) return source.resumption(key);
  return resumption_psk(state, key.epoch);
}

}  // namespace

Result<std::vector<PskInput>> find_psks(const GroupState& state, std::span<const PreSharedKeyId> ids,
                                        const PskSource& source) {
  std::vector<PskInput> out;
  out.reserve(ids.size());
  for (const PreSharedKeyId& id : ids) {
    const auto* external = std::get_if<ExternalPsk>(&id.key);
    Psk psk = external != nullptr ? TRY(source.external(external->id))
                                  : TRY(find_resumption(state, std::get<ResumptionPsk>(id.key), source));
                                  out.push_back({id, std::move(psk)});
  }
  return out;
}

CommitSummary summarise(const GroupState& state, const ProposalList& list, std::span<const LeafIndex> added,
                        const RatchetTree& tree, const Sender& committer, LeafIndex committer_leaf) {
  const Epoch& epoch = state.current;
  CommitSummary out;
  out.group_id = epoch.context.group_id;
  out.epoch = epoch.number() + 1;
  out.source = committer.type == SenderType::member ? CommitSource::member : CommitSource::external;
  out.committer = {committer_leaf, tree.shared_leaf(committer_leaf)};
  out.members = epoch.members();
  for (const LeafIndex leaf : added) out.added.push_back({leaf, tree.shared_leaf(leaf)});
  for (const LeafIndex leaf : list.removes) out.removed.push_back({leaf, epoch.tree.shared_leaf(leaf)});
  for (const CheckedProposal* update : list.updates) {
    const LeafIndex leaf = update->sender.leaf();
    out.updated.push_back({{leaf, epoch.tree.shared_leaf(leaf)}, {leaf, update->leaf->shared()}});
  }
  const auto before = epoch.tree.shared_leaf(committer_leaf);
  if (committer.type == SenderType::member && before != out.committer.node) {
    out.updated.push_back({{committer_leaf, before}, out.committer});
  }
  out.psks = list.psks;
  if (list.group_context_extensions != nullptr) out.group_context_extensions = *list.group_context_extensions;
  if (list.reinit != nullptr) out.reinit = *list.reinit;
  out.removes_us = list.removes_leaf(state.own_leaf());
  return out;
}

Status check_new_tree(const RatchetTree& tree, const ExtensionList& extensions) {
  const RequiredCapabilities required = TRY(required_of_members(extensions));
  return check_support(tree, required);
}

Status ask_membership(const CommitSummary& summary, const Rules& rules) {
  if (summary.source == CommitSource::external) return rules.membership.check_external_commit(summary);
  return rules.membership.check_commit(summary);
}

void forget_last(GroupState& state) {
  Epoch& last = state.current;
  last.secret_tree.drop();
  last.keys = MemberKeys(last.own_leaf(), {});
  EpochSecrets none;
  none.authenticator = last.secrets.authenticator;
  none.resumption = std::move(last.secrets.resumption);
  last.secrets = std::move(none);
}

void advance(GroupState& state, StagedState&& staged) {
  StagedState consumed = std::move(staged);
  state.proposals.clear();
  if (!consumed.next) {
    state.is_active = false;
    return;
  }
  state.reinit = std::move(consumed.summary.reinit);
  const std::uint64_t number = state.current.number();
  state.resumption.insert_or_assign(number, state.current.secrets.resumption.clone());
  if (state.resumption.size() > kResumptionEpochs) state.resumption.erase(state.resumption.begin());
  state.past.push_front(retire(std::exchange(state.current, std::move(*consumed.next))));
  if (state.past.size() > kPastEpochs) state.past.pop_back();
}

}  // namespace cairn::mls::internal
