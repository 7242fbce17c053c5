// Any bytes, read by every primitive in an order that the bytes choose: no crash, no large allocation.
#include "core/wire/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cairn::wire::Reader;
  Reader reader(cairn::ByteView(data, size));
  for (;;) {
    const auto choice = reader.u8();
    if (!choice) return 0;
    bool good = true;
    switch (*choice % 7) {
      case 0: good = reader.u16().has_value(); break;
      case 1: good = reader.u32().has_value(); break;
      case 2: good = reader.u64().has_value(); break;
      case 3: good = reader.opaque_bytes(1 << 20).has_value(); break;
      case 4: good = reader.u16_vector(1000).has_value(); break;
      case 5: good = reader.presence().has_value(); break;
      default: good = reader.nested(1 << 20).has_value(); break;
    }
    if (!good) return 0;
  }
}
