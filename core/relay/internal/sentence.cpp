#include "core/relay/internal/sentence.h"

#include <string_view>

namespace cairn::relay {
namespace {

std::string_view sentence_of_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed: return "The server does not understand this request; update the program.";
    case ErrorCode::over_limit: return "This is more than the server takes at once; send less.";
    case ErrorCode::unsupported: return "The server does not have this; update the program, or ask its operator.";
    case ErrorCode::crypto_failed:
    case ErrorCode::invalid_signature:
      return "A signature does not verify, so nothing was changed; sign again with the right key.";
    case ErrorCode::not_authorised: return "The key that signed this may not do it; look the name up again.";
    case ErrorCode::not_found: return "The server does not have this; check the address and try again.";
    case ErrorCode::conflict:
    case ErrorCode::stale: return "Somebody else was first; look again and repeat.";
    case ErrorCode::duplicate: return "The server has seen this before; look again.";
    case ErrorCode::invalid_name: return "This is not a name of the form local@domain; check its spelling.";
    case ErrorCode::invalid_state: return "This cannot be done now; look the name up again.";
    case ErrorCode::wrong_epoch: return "The conversation has moved on; take its newer epoch in and repeat.";
    case ErrorCode::rate_limited: return "Too many requests; wait a moment and try again.";
    case ErrorCode::unauthenticated: return "This needs a login; log in and repeat the request.";
    case ErrorCode::unavailable:
    case ErrorCode::no_quorum: return "The server cannot do this at the moment; try again later.";
    case ErrorCode::storage_full:
    case ErrorCode::storage_failed: return "The server could not store this, and nothing was changed; try again later.";
    default: return "The server has a fault, and nothing was changed; tell its operator.";
  }
}

}  // namespace

std::string sentence_of(const Error& error) {
  const std::string_view where = error.where;
  return std::string(where.ends_with('.') ? where : sentence_of_code(error.code));
}

}  // namespace cairn::relay
