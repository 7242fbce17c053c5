// Any bytes as a tile's path and as an entry bundle of 1 to 256 entries.
#include "core/tlog/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  const cairn::ByteView input(data, size);
  const std::string text = cairn::as_text(input);
  if (const auto id = TileId::parse(text)) CHECK(id->path() == text);
  if (size == 0) return 0;
  const auto width = static_cast<std::uint16_t>(data[0] + 1);
  if (const auto entries = parse_bundle(input.subspan(1), width)) {
    CHECK(entries->size() == width);
    CHECK(cairn::equal(encode_bundle(*entries), input.subspan(1)));
  }
  return 0;
}
