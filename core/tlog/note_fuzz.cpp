// Any bytes as a note, as signature lines and as a verifier key: what is read is written back byte for byte.
#include "core/tlog/note.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  const std::string text = cairn::as_text({data, size});
  if (const auto note = Note::parse(text)) CHECK(note->encode() == text);
  if (const auto lines = parse_signature_lines(text)) {
    std::string again;
    for (const NoteSignature& line : *lines) again += line.line();
    CHECK(again == text);
  }
  if (const auto key = VerifierKey::parse(text)) CHECK(key->to_text() == text);
  return 0;
}
