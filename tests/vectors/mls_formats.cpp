#include "tests/vectors/mls_formats.h"

#include <fstream>

#include "tests/vectors/mls_client_vectors.h"
#include "tests/vectors/mls_message_vectors.h"
#include "tests/vectors/mls_schedule_vectors.h"
#include "tests/vectors/mls_tree_vectors.h"

namespace cairn::testing {
namespace {

constexpr MlsFormat kFormats[] = {
    {"tree-math", "n_leaves", run_tree_math},
    {"deserialization", "vlbytes_header", run_deserialization},
    {"crypto-basics", "ref_hash", run_crypto_basics},
    {"secret-tree", "sender_data", run_secret_tree},
    {"message-protection", "proposal_priv", run_message_protection},
    {"key-schedule", "initial_init_secret", run_key_schedule},
    {"psk_secret", "psk_secret", run_psk_secret},
    {"transcript-hashes", "authenticated_content", run_transcript_hashes},
    {"welcome", "signer_pub", run_welcome},
    {"tree-operations", "tree_before", run_tree_operations},
    {"tree-validation", "resolutions", run_tree_validation},
    {"treekem", "update_paths", run_treekem},
    {"messages", "mls_welcome", run_messages},
    {"passive-client", "initial_epoch_authenticator", run_passive_client},
};

VectorCount failure(std::string why) {
  VectorCount out;
  out.failed = 1;
  out.failures = std::move(why) + "\n";
  return out;
}

}  // namespace

std::span<const MlsFormat> mls_formats() { return kFormats; }

const MlsFormat* recognise_mls_format(const nlohmann::json& cases) {
  if (!cases.is_array() || cases.empty() || !cases[0].is_object()) return nullptr;
  for (const MlsFormat& format : kFormats) {
    if (cases[0].contains(format.key)) return &format;
  }
  return nullptr;
}

VectorCount run_mls_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  const auto cases = nlohmann::json::parse(in, nullptr, false);
  if (cases.is_discarded()) return failure("cannot be read, or is no JSON");
  const MlsFormat* format = recognise_mls_format(cases);
  if (format == nullptr) return failure("is none of the formats");
  try {
    return format->run(cases);
  } catch (const nlohmann::json::exception& error) {
    return failure(std::string("is not as its format says: ") + error.what());
  }
}

}  // namespace cairn::testing
