// Room for many connections in a test, and in the programs that it starts afterwards.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>

namespace cairn::testing {

/// Whether so many files may be open at once from now on; the kernel's limit is raised if that is needed and allowed.
inline bool may_open_files(std::size_t count) {
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  files.rlim_cur = std::max<rlim_t>(files.rlim_cur, std::min<rlim_t>(files.rlim_max, count));
  return ::setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur >= count;
}

}  // namespace cairn::testing
