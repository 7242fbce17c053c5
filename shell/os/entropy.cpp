#include "shell/os/entropy.h"

#include <sys/random.h>

#include <cerrno>

namespace cairn::os {

void SystemEntropy::fill(MutableByteView out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace cairn::os
