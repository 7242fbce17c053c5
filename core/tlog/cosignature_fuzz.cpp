// Any note under the eyes of a verifier that knows one cosigner, whose name and key id lead it to the signature.
#include "core/tlog/cosignature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  static const std::vector<VerifierKey> keys = {
      *VerifierKey::parse("witness.test/w1+affd8e11+BDIl1cHBppkhKEM6hjeCzPYS1ssv4moM9EE3L9IN6B6h")};
  const cairn::ByteView input(data, size);
  const Note note{"text\n", {{keys[0].name(), keys[0].id(), cairn::to_bytes(input)}}};
  CHECK(!verify_cosignatures(note, keys));  // nobody here has the key
  if (const auto other = Note::parse(cairn::as_text(input))) {
    if (const auto found = verify_cosignatures(*other, keys)) CHECK(found->size() <= other->signatures.size());
  }
  return 0;
}
