// Groups that continue this one: after a ReInit (RFC 9420 s.11.2), or as a branch (s.11.3).
#include "core/mls/group.h"
#include "core/mls/internal/successor.h"

namespace cairn::mls {

using namespace internal;

Result<Group> Group::start_successor(const GroupParameters& parameters, ResumptionUsage usage,
                                     const SuccessorRequest& request, const Rules& rules, Time now,
                                     Entropy& entropy) const {
  REQUIRE(state_->is_active, ErrorCode::invalid_state, "not a member any more");
  const ResumptionPsk key{usage, group_id(), epoch()};
  TRY(check_founding_key(*state_, key));
  REQUIRE(parameters.group_id != group_id(), ErrorCode::duplicate, "group id of a successor");
  Group out = TRY(create(parameters, request.identity, request.leaf, entropy));
  CommitRequest commit;
  commit.adds = request.others;
  commit.tree = request.tree;
  const FoundingPsks psks(*state_, key, rules.psks);
  auto staged = TRY(stage_own(*out.state_, commit, {rules.authenticator, rules.membership, psks}, now, entropy, &key));
  TRY(check_successor_context(*state_, key, staged->next->context));
  TRY(check_successor_members(*state_, key, staged->next->tree, rules.authenticator));
  out.pending_.reset(new PendingCommit(std::move(staged)));
  return out;
}

Result<Group> Group::reinitialise(const SuccessorRequest& request, const Rules& rules, Time now,
                                  Entropy& entropy) const {
  REQUIRE(state_->reinit, ErrorCode::invalid_state, "no reinit was committed");
  const ReInit& announced = *state_->reinit;
  REQUIRE(announced.version == kVersionMls10, ErrorCode::unsupported, "protocol version of a reinit");
  const SuiteId suite = TRY(find_suite(announced.cipher_suite));
  return start_successor({suite, announced.group_id, announced.extensions}, ResumptionUsage::reinit, request, rules,
                         now, entropy);
}

Result<Group> Group::branch(GroupId id, ExtensionList extensions, const SuccessorRequest& request, const Rules& rules,
                            Time now, Entropy& entropy) const {
  return start_successor({suite(), std::move(id), std::move(extensions)}, ResumptionUsage::branch, request, rules, now,
                         entropy);
}

Result<Group> Group::join_successor(const JoinRequest& request, const Rules& rules) const {
  REQUIRE(state_->is_active, ErrorCode::invalid_state, "not a member any more");
  return join_by_welcome(request, rules, state_.get());
}

}  // namespace cairn::mls
