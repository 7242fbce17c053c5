// Every format of the MLS working group's vectors, known by what stands in its cases.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "tests/vectors/vector_count.h"

namespace cairn::testing {

struct MlsFormat {
  std::string_view name;
  /// A key that the cases of this format alone have.
  std::string_view key;
  VectorCount (*run)(const nlohmann::json& cases);
};

std::span<const MlsFormat> mls_formats();

/// The format of a parsed file, by the keys of its first case; null when it is none.
const MlsFormat* recognise_mls_format(const nlohmann::json& cases);

/// Reads and runs one file. A file that is none of the formats counts as one failure.
VectorCount run_mls_file(const std::filesystem::path& file);

}  // namespace cairn::testing
