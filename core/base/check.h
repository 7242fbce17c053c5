// CHECK: an invariant that only a bug of ours can break, on in every build.
#pragma once

namespace cairn {

/// Prints the place and the condition to standard error and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace cairn

/// Aborts when `condition` is false. Never looks at data from a peer, disk or user.
#define CHECK(condition) ((condition) ? static_cast<void>(0) : ::cairn::check_failed(__FILE__, __LINE__, #condition))
