// Any bytes as CBOR: what is taken for an item is one at every greater depth as well, and none at its end alone.
#include "core/client/cbor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  std::size_t taken = 0;
  for (std::size_t depth = 0; depth <= kMaxCborDepth; ++depth) {
    CborReader reader({data, size});
    const auto item = reader.item(depth);
    CHECK(item || taken == 0);
    if (!item) continue;
    CHECK(item->data() == data && item->size() >= 1 && (taken == 0 || item->size() == taken));
    taken = item->size();
    CHECK(!CborReader(item->first(taken - 1)).item(kMaxCborDepth));
  }
  return 0;
}
