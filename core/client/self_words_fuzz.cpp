// Any bytes as what own devices say to each other, and as what a piece of history holds: what is accepted has one
// spelling.
#include "core/client/history_records.h"
#include "tests/support/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::client;
  const ByteView input{data, size};
  if (const auto words = decode_self_words({to_bytes(input)})) CHECK(equal(encode_self_words(*words).body, input));
  testing::round_trip<HistoryPiece>(input);
  return 0;
}
