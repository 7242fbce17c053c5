#include "core/client/preview.h"

#include "core/client/row_keys.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

// Markers, the second byte of each.
constexpr std::uint8_t kStartOfImage = 0xd8;
constexpr std::uint8_t kStartOfScan = 0xda;
constexpr std::uint8_t kBaselineFrame = 0xc0;
constexpr std::uint8_t kProgressiveFrame = 0xc2;
constexpr std::size_t kFrameHead = 6;  // precision, height, width, number of components

/// SOF1, SOF3 to SOF15: frames of other kinds; between them DHT, JPG and DAC are none.
bool is_other_frame(std::uint8_t marker) {
  return marker >= 0xc1 && marker <= 0xcf && marker != kProgressiveFrame && marker != 0xc4 && marker != 0xc8 &&
         marker != 0xcc;
}

Result<PreviewExtent> frame_extent(ByteView frame) {
  REQUIRE(frame.size() >= kFrameHead, ErrorCode::malformed, "frame of a preview");
  REQUIRE(frame[0] == 8 && (frame[5] == 1 || frame[5] == 3), ErrorCode::unsupported, "kind of a preview");
  const PreviewExtent out{unsigned{frame[3]} << 8 | frame[4], unsigned{frame[1]} << 8 | frame[2]};
  REQUIRE(out.width > 0 && out.height > 0, ErrorCode::malformed, "pixels of a preview");
  REQUIRE(out.width <= kMaxPreviewSide && out.height <= kMaxPreviewSide, ErrorCode::over_limit, "pixels of a preview");
  return out;
}

std::optional<Bytes> preview_row(const StoreView& store, ByteView key) { return store.get(tables::kPreviews, key); }

}  // namespace

Result<PreviewExtent> preview_extent(ByteView jpeg) {
  REQUIRE(jpeg.size() <= kMaxPreviewSize, ErrorCode::over_limit, "size of a preview");
  REQUIRE(jpeg.size() > 2 && jpeg[0] == 0xff && jpeg[1] == kStartOfImage, ErrorCode::malformed, "start of a preview");
  ByteView rest = jpeg.subspan(2);
  for (;;) {
    // Each segment: 0xff, marker, length of what follows with itself.
    REQUIRE(rest.size() >= 4 && rest[0] == 0xff, ErrorCode::malformed, "segment of a preview");
    const std::uint8_t marker = rest[1];
    const std::size_t length = std::size_t{rest[2]} << 8 | rest[3];
    REQUIRE(length >= 2 && rest.size() >= 2 + length, ErrorCode::malformed, "length in a preview");
    REQUIRE(marker != kStartOfScan, ErrorCode::malformed, "a preview without a frame");
    REQUIRE(!is_other_frame(marker), ErrorCode::unsupported, "kind of a preview");
    if (marker == kBaselineFrame || marker == kProgressiveFrame) return frame_extent(rest.subspan(4, length - 2));
    rest = rest.subspan(2 + length);
  }
}

std::optional<Bytes> preview_of(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  return preview_row(store, numbered(home, index));
}

void save_preview(Context& context, const ChannelId& home, std::uint64_t index, Bytes jpeg) {
  context.store.put(tables::kPreviews, numbered(home, index), std::move(jpeg));
}

void erase_preview(Context& context, const ChannelId& home, std::uint64_t index) {
  context.store.erase(tables::kPreviews, numbered(home, index));
}

std::optional<Bytes> preview_to_send(const StoreView& store, const TransferId& id) { return preview_row(store, id); }

void save_preview_to_send(Context& context, const TransferId& id, Bytes jpeg) {
  context.store.put(tables::kPreviews, to_bytes(id), std::move(jpeg));
}

void erase_preview_to_send(Context& context, const TransferId& id) {
  context.store.erase(tables::kPreviews, to_bytes(id));
}

}  // namespace cairn::client
