// Result<T>: a value, or one of the project's errors. We never throw.
#pragma once

#include <tl/expected.hpp>

#include "core/base/check.h"

namespace cairn {

/// Everything that can go wrong because of the outside. One enum for the project, so that a caller
/// can act on a code whatever layer it comes from. Append only: the numbers travel in answers.
enum class ErrorCode : int {
  malformed = 1,      ///< bytes that are not the one encoding of anything we accept
  over_limit,         ///< a named limit is exceeded
  unsupported,        ///< well formed, but a version, suite or type we do not have
  crypto_failed,      ///< decryption or verification failed; one code for every such cause
  not_authorised,     ///< the key is not the owner's, or the rule does not allow it
  not_found,          ///< no such thing here
  conflict,           ///< somebody else was first; look again and repeat
  stale,              ///< older than what we accept or already know
  invalid_name,       ///< not a name of the form local@domain
  invalid_state,      ///< the object cannot do this now
  duplicate,          ///< seen before
  wrong_epoch,        ///< for another epoch than the ones we hold
  wrong_group,        ///< for another group or channel
  invalid_tree,       ///< a ratchet tree or map proof that does not fit
  invalid_signature,  ///< a public, non-envelope signature does not verify
  inconsistent,       ///< two vouched-for statements contradict each other
  no_quorum,          ///< the policy's cosigners have not all signed
  storage_full,       ///< the disk is full; nothing was changed
  storage_failed,     ///< the store refused; nothing was changed
  unavailable,        ///< the other side cannot be reached now; try again
  rate_limited,       ///< too many requests; try again later
  unauthenticated,    ///< log in first
  internal            ///< a bug of ours that was contained
};

/// The code's name as written above; for messages, logs and JSON.
const char* to_string(ErrorCode code);

/// What went wrong, and which rule of ours says so. Holds no user data: `where` is a literal.
struct Error {
  ErrorCode code;
  const char* where;
};

/// Makes the error side of any Result. `where` must be a string literal.
inline tl::unexpected<Error> fail(ErrorCode code, const char* where) {
  return tl::unexpected<Error>(Error{code, where});
}

/// A T or an Error; not to be ignored.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> other) : tl::expected<T, Error>(std::move(other)) {}
};

/// Success without a value, or an Error.
using Status = Result<void>;

/// The Status of success.
inline Status ok() { return Status{}; }

}  // namespace cairn

/// Unwraps a Result, or returns its error from the enclosing function. Not for coroutines. Inside braces or an argument
/// list it must not stand behind anything that owns memory: compilers forget to destroy what was built before the
/// return, and it leaks.
#define TRY(expression)                                                                         \
  __extension__({                                                                               \
    auto try_result_ = (expression);                                                            \
    if (!try_result_.has_value()) return ::tl::unexpected<::cairn::Error>(try_result_.error()); \
    ::cairn::internal::take(std::move(try_result_));                                            \
  })

/// Returns `fail(code, where)` from the enclosing function unless `condition` holds.
#define REQUIRE(condition, code, where)                  \
  do {                                                   \
    if (!(condition)) return ::cairn::fail(code, where); \
  } while (false)

namespace cairn::internal {

template <class T>
T take(Result<T>&& result) {
  return std::move(*result);
}
inline void take(Result<void>&&) {}

}  // namespace cairn::internal
