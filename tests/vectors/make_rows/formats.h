// Where the fuzzers of what is sent and typed start: one honest example of each.
#pragma once

#include <filesystem>

namespace cairn::testing {

/// Writes them below `folder`, into one folder for each fuzzer, named as its program.
void write_formats(const std::filesystem::path& folder);

}  // namespace cairn::testing
