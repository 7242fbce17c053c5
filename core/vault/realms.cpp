#include "core/vault/realms.h"

#include <set>

namespace cairn::vault {

Status RealmSet::check() const {
  REQUIRE(!realms.empty() && realms.size() <= kMaxRealms, ErrorCode::malformed, "number of realms");
  REQUIRE(threshold <= realms.size() && 2 * std::size_t{threshold} > realms.size(), ErrorCode::malformed,
          "threshold of realms");
  const std::set<RealmId> distinct(realms.begin(), realms.end());
  REQUIRE(distinct.size() == realms.size(), ErrorCode::malformed, "a realm twice");
  return ok();
}

RealmFate fate_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::unavailable: return RealmFate::dead;
    case ErrorCode::not_found: return RealmFate::nothing_here;
    case ErrorCode::invalid_state: return RealmFate::locked;
    default: return RealmFate::refused;
  }
}

}  // namespace cairn::vault
