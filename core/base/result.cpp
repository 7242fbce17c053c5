#include "core/base/result.h"

namespace cairn {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::over_limit: return "over_limit";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::crypto_failed: return "crypto_failed";
    case ErrorCode::not_authorised: return "not_authorised";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::stale: return "stale";
    case ErrorCode::invalid_name: return "invalid_name";
    case ErrorCode::invalid_state: return "invalid_state";
    case ErrorCode::duplicate: return "duplicate";
    case ErrorCode::wrong_epoch: return "wrong_epoch";
    case ErrorCode::wrong_group: return "wrong_group";
    case ErrorCode::invalid_tree: return "invalid_tree";
    case ErrorCode::invalid_signature: return "invalid_signature";
    case ErrorCode::inconsistent: return "inconsistent";
    case ErrorCode::no_quorum: return "no_quorum";
    case ErrorCode::storage_full: return "storage_full";
    case ErrorCode::storage_failed: return "storage_failed";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::rate_limited: return "rate_limited";
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::internal: return "internal";
  }
  return "unknown";
}

}  // namespace cairn
