// Any bytes as evidence: what is read is written back the same, and nothing that nobody signed is evidence. The same
// bytes behind the beginning of a file, too.
#include "core/directory/evidence.h"

namespace {

void examine(cairn::ByteView bytes) {
  using namespace cairn::directory;
  const auto evidence = Evidence::decode(bytes);
  if (!evidence) return;
  if (evidence->log_key) CHECK(cairn::equal(evidence->encode(), bytes));
  const auto finding = verify_evidence(*evidence, cairn::PublicKey{}, nullptr);
  CHECK(!finding);  // a key of zeros signs nothing
  if (const auto own = verify_evidence(*evidence, std::nullopt, nullptr)) evidence_sentence(*own);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cairn::ByteView bytes(data, size);
  examine(bytes);
  cairn::Bytes file = {0xca, 'e', 'v', 'i', 'd', 'e', 'n', 'c', 'e', 1};
  file.insert(file.end(), bytes.begin(), bytes.end());
  examine(file);
  return 0;
}
