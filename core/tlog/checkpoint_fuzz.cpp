// Any bytes as a checkpoint: what is read is written back byte for byte, and what is refused for its extension lines
// alone has some.
#include "core/tlog/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  const std::string text = cairn::as_text({data, size});
  const auto body = Checkpoint::parse_body(text, ExtensionLines::tolerate);
  if (body) CHECK(body->body() == text);
  const bool strict = Checkpoint::parse_body(text, ExtensionLines::refuse).has_value();
  CHECK(strict == (body && body->extensions.empty()));
  if (const auto checkpoint = SignedCheckpoint::parse(text, ExtensionLines::tolerate)) {
    CHECK(checkpoint->encode() == text);
  }
  return 0;
}
