// Official test vectors: read from where they lie beside the repository, never copied into it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "tests/support/source_dir.h"

namespace cairn::testing {

/// The folder of the vectors: $CAIRN_VECTORS, or shared/vectors one or two folders above the root. Nothing when
/// they are not on this machine.
inline std::optional<std::filesystem::path> vectors_dir() {
  namespace fs = std::filesystem;
  if (const char* named = std::getenv("CAIRN_VECTORS")) return fs::path(named);
  const fs::path root(source_dir());
  for (const char* relative : {"../shared/vectors", "../../shared/vectors"}) {
    if (fs::is_directory(root / relative)) return root / relative;
  }
  return std::nullopt;
}

/// The parsed file ("vrf/rfc9381.json"), or nothing when the folder is absent: then, and only then, the test skips
/// itself with CAIRN_VECTORS_OR_SKIP. A missing or broken file in a folder that is there ends the program.
inline std::optional<nlohmann::json> load_vectors(const std::string& name) {
  const auto folder = vectors_dir();
  if (!folder) return std::nullopt;
  std::ifstream file(*folder / name);
  auto json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_discarded()) {
    std::fprintf(stderr, "vectors: %s cannot be read or is no JSON\n", (*folder / name).c_str());
    std::abort();
  }
  return json;
}

/// The bytes that a hex string of a vector file says; ends the program when it is none.
inline Bytes hex_bytes(const nlohmann::json& value) {
  auto bytes = from_hex(value.get<std::string>());
  if (!bytes) {
    std::fprintf(stderr, "vectors: not hex\n");
    std::abort();
  }
  return std::move(*bytes);
}

}  // namespace cairn::testing

/// In a TEST body: declares `variable` as the parsed vector file, or skips the test visibly.
#define CAIRN_VECTORS_OR_SKIP(variable, name)                              \
  const auto variable##_file = ::cairn::testing::load_vectors(name);       \
  if (!variable##_file) GTEST_SKIP() << "SKIPPED: no vectors here: " name; \
  const nlohmann::json& variable = *variable##_file
