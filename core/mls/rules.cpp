#include "core/mls/rules.h"

namespace cairn::mls {

Status Authenticator::authenticate_successor(const LeafNode& before, const LeafNode& after) {
  REQUIRE(before.credential == after.credential, ErrorCode::not_authorised, "credential changed");
  return ok();
}

Status Membership::check_external_commit(const CommitSummary&) {
  return fail(ErrorCode::not_authorised, "external commit");
}

Status Membership::check_outside_proposal(const OutsideProposal&) {
  return fail(ErrorCode::not_authorised, "proposal from outside");
}

}  // namespace cairn::mls
