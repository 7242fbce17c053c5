// Any bytes as what is said and kept when a device cannot go on (rejoin.h): what is accepted has one encoding.
#include "core/client/rejoin.h"

namespace {

template <class Struct>
void canonical(cairn::ByteView input) {
  const auto read = cairn::wire::decode<Struct>(input);
  if (read) CHECK(cairn::equal(cairn::wire::encode(*read), input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  if (size == 0) return 0;
  const cairn::ByteView input{data + 1, size - 1};
  switch (data[0] % 5) {
    case 0: canonical<RejoinRequest>(input); break;
    case 1: canonical<RejoinAnswer>(input); break;
    case 2: canonical<Rejoin>(input); break;
    case 3: canonical<AskedRejoin>(input); break;
    default: canonical<AnsweredRejoin>(input); break;
  }
  return 0;
}
