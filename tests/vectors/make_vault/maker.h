// What the makers of the backup's vectors have in common. tests/vectors/vault/README.md says what each field is.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "tests/support/test_vault.h"

namespace cairn::testing {

/// Keeps the order in which keys are put in.
using Json = nlohmann::ordered_json;

inline std::string hex(ByteView bytes) { return to_hex(bytes); }

/// Ends the program: core/vault does not judge `what` as the vectors are about to say.
inline void hold(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "core/vault says otherwise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

/// One file each, whole.
Json make_keys();
Json make_chunks();
Json make_key_boxes();
Json make_snapshots();

/// Where the fuzzers of core/vault start: one folder for each, named as its program.
void write_vault_seeds(const std::filesystem::path& folder);

}  // namespace cairn::testing
