// Any bytes as an update path: what is read writes back to the same bytes.
#include "core/mls/update_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const ByteView input(data, size);
  const auto path = wire::decode<mls::UpdatePath>(input);
  if (path) CHECK(equal(wire::encode(*path), input));
  return 0;
}
