// Groups that continue another one (RFC 9420 s.11.2, 11.3): what ties the new one to the old one.
#pragma once

#include "core/mls/internal/group_state.h"

namespace cairn::mls::internal {

/// Whether `key` may found a successor of `old`: its usage is reinit or branch, it is of this group and of an epoch
/// whose members are known; for a reinit the epoch after the ReInit. `malformed`, `wrong_group`, `invalid_state` or
/// `not_found`.
Status check_founding_key(const GroupState& old, const ResumptionPsk& key);

/// The resumption PSK of this group that is kept for `epoch`; `not_found`.
Result<Psk> resumption_psk(const GroupState& state, std::uint64_t epoch);

/// Whether a group with this context, in its first epoch with others, is the one that `old` announced (for a reinit) or
/// may have branched off: `malformed`, `inconsistent`, `duplicate` when it has the id of the old one.
Status check_successor_context(const GroupState& old, const ResumptionPsk& key, const GroupContext& context);

/// Whether each member of `tree` is one of `old` in the epoch of `key`, and for a reinit every one of those is there.
/// `not_authorised`, or what else the Authenticator says.
Status check_successor_members(const GroupState& old, const ResumptionPsk& key, const RatchetTree& tree,
                               Authenticator& authenticator);

/// What `source` has, and the PSK that founds a group.
class FoundingPsks final : public PskSource {
 public:
  FoundingPsks(const GroupState& old, const ResumptionPsk& key, const PskSource& source)
      : old_(old), key_(key), source_(source) {}
  Result<Psk> external(const PskId& id) const override { return source_.external(id); }
  Result<Psk> resumption(const ResumptionPsk& key) const override {
    return key == key_ ? resumption_psk(old_, key.epoch) : source_.resumption(key);
  }

 private:
  const GroupState& old_;
  const ResumptionPsk& key_;
  const PskSource& source_;
};

}  // namespace cairn::mls::internal
