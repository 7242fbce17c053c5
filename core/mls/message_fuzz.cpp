// Any bytes as an MLSMessage: no crash, and what is accepted is written back as it was.
#include "core/mls/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const cairn::ByteView input(data, size);
  const auto message = cairn::mls::MlsMessage::decode(input);
  if (message) CHECK(cairn::equal(cairn::wire::encode(*message), input));
  return 0;
}
