// What those who are not in a group may propose to it (RFC 9420 s.12.1.8). Members refuse all of it unless their
// Membership says otherwise.
#pragma once

#include "core/base/environment.h"
#include "core/mls/proposal.h"

namespace cairn::mls {

/// The group and its present epoch, as far as who is outside needs to know them.
struct OutsideView {
  SuiteId suite = kDefaultSuite;
  GroupId group_id;
  std::uint64_t epoch = 0;
};

/// A proposal of an external sender: a PublicMessage as MLSMessage, signed by `sender`, who stands at `index` in the
/// external_senders extension of the group. `malformed` for an Update or ExternalInit, `stale` for an Add of a key
/// package that is not in its time, `over_limit` for too much authenticated_data.
Result<Bytes> propose_from_outside(const OutsideView& group, std::uint32_t index, const SigningIdentity& sender,
                                   Proposal proposal, Time now, Bytes authenticated_data = {});

/// A newcomer proposes its own Add (new_member_proposal). `unsupported` when the package is of another suite; all else
/// as above.
Result<Bytes> propose_own_add(const OutsideView& group, const PrivateKeyPackage& package, Time now,
                              Bytes authenticated_data = {});

}  // namespace cairn::mls
