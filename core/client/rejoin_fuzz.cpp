// Any bytes as what is said when a device cannot go on (rejoin.h): what is accepted has one encoding.
#include "core/client/rejoin.h"
#include "tests/support/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  cairn::testing::round_trip<RejoinRequest>({data, size});
  cairn::testing::round_trip<RejoinAnswer>({data, size});
  return 0;
}
