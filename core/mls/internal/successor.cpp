#include "core/mls/internal/successor.h"

namespace cairn::mls::internal {
namespace {

using Leaves = std::vector<std::shared_ptr<const LeafNode>>;

Result<Leaves> members_at(const GroupState& old, std::uint64_t epoch) {
  Leaves out;
  if (epoch == old.current.number()) {
    for (Member& member : old.current.members()) out.push_back(std::move(member.node));
    return out;
  }
  for (const PastEpoch& past : old.past) {
    if (past.number != epoch) continue;
    std::copy_if(past.leaves.begin(), past.leaves.end(), std::back_inserter(out),
                 [](const auto& leaf) { return leaf != nullptr; });
    return out;
  }
  return fail(ErrorCode::not_found, "members of a former epoch");
}

// Takes out of `old` the one that `leaf` was there; first asks about those with its credential, who mostly are it.
Status take_counterpart(const LeafNode& leaf, Leaves& old, Authenticator& authenticator) {
  for (const bool same_credential : {true, false}) {
    for (auto it = old.begin(); it != old.end(); ++it) {
      if (((*it)->credential == leaf.credential) != same_credential) continue;
      const Status answer = authenticator.authenticate_successor(**it, leaf);
      if (answer) {
        old.erase(it);
        return ok();
      }
      if (answer.error().code != ErrorCode::not_authorised) return answer;
    }
  }
  return fail(ErrorCode::not_authorised, "member that the former group had not");
}

}  // namespace

Status check_founding_key(const GroupState& old, const ResumptionPsk& key) {
  REQUIRE(key.usage != ResumptionUsage::application, ErrorCode::malformed, "usage of a founding psk");
  REQUIRE(key.group_id == old.current.context.group_id, ErrorCode::wrong_group, "successor of another group");
  if (key.usage == ResumptionUsage::branch) return ok();
  // RFC 9420 s.11.2: "the epoch field indicates the epoch after the Commit covering the ReInit".
  REQUIRE(old.reinit, ErrorCode::invalid_state, "no reinit was committed");
  REQUIRE(key.epoch == old.current.number(), ErrorCode::inconsistent, "epoch of a reinit psk");
  return ok();
}

// RFC 9420 s.8.6.
Result<Psk> resumption_psk(const GroupState& state, std::uint64_t epoch) {
  if (epoch == state.current.number()) return Psk(to_bytes(state.current.secrets.resumption.expose()));
  const auto found = state.resumption.find(epoch);
  REQUIRE(found != state.resumption.end(), ErrorCode::not_found, "resumption psk of a former epoch");
  return Psk(to_bytes(found->second.expose()));
}

// RFC 9420 s.11.2, 11.3, and the last points of 12.4.3.1.
Status check_successor_context(const GroupState& old, const ResumptionPsk& key, const GroupContext& context) {
  REQUIRE(context.epoch == 1, ErrorCode::malformed, "epoch of a successor");
  REQUIRE(context.group_id != old.current.context.group_id, ErrorCode::duplicate, "group id of a successor");
  if (key.usage == ResumptionUsage::branch) {
    REQUIRE(context.cipher_suite == old.suite->number(), ErrorCode::inconsistent, "suite of a branch");
    return ok();
  }
  const ReInit& announced = *old.reinit;
  REQUIRE(announced.version == kVersionMls10, ErrorCode::unsupported, "protocol version of a reinit");
  REQUIRE(context.group_id == announced.group_id, ErrorCode::inconsistent, "group id of a reinit");
  REQUIRE(context.cipher_suite == announced.cipher_suite, ErrorCode::inconsistent, "suite of a reinit");
  REQUIRE(context.extensions == announced.extensions, ErrorCode::inconsistent, "extensions of a reinit");
  return ok();
}

// RFC 9420 s.11.3: "Each LeafNode in a new subgroup MUST match some LeafNode in the original group"; s.11.2: "the same
// membership".
Status check_successor_members(const GroupState& old, const ResumptionPsk& key, const RatchetTree& tree,
                               Authenticator& authenticator) {
  Leaves former = TRY(members_at(old, key.epoch));
  for (LeafIndex leaf{0}; tree.size().contains(leaf); ++leaf.value) {
    if (tree.leaf(leaf) != nullptr) TRY(take_counterpart(*tree.leaf(leaf), former, authenticator));
  }
  REQUIRE(key.usage == ResumptionUsage::branch || former.empty(), ErrorCode::not_authorised,
          "member of the former group is missing");
  return ok();
}

}  // namespace cairn::mls::internal
