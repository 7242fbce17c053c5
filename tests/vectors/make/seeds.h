// Where fuzzers of core/mls start: messages and structs that an honest group made.
#pragma once

#include <filesystem>

namespace cairn::testing {

/// Writes them below `folder`, into one folder for each fuzzer, named as its program.
void write_seeds(const std::filesystem::path& folder);

}  // namespace cairn::testing
