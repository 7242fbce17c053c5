// The small picture that may come with a file, so that one sees it before the file is fetched (docs/spec/client.md
// s.14). Nothing here opens it: what shows pictures does.
#pragma once

#include <optional>
#include <string_view>

#include "core/client/transfer.h"

namespace cairn::client {

constexpr std::size_t kMaxPreviewSize = 16 * 1024;  ///< bytes
constexpr unsigned kMaxPreviewSide = 256;           ///< pixels
inline constexpr std::string_view kPreviewType = "image/jpeg";

/// In pixels.
struct PreviewExtent {
  unsigned width = 0;
  unsigned height = 0;
};
/// What the frame header of a JPEG says (ISO/IEC 10918-1 s.B.2.2): `unsupported` where it is neither baseline nor
/// progressive, of 8 bits and 1 or 3 components; `over_limit` for more bytes or pixels than a preview may have;
/// `malformed` where no frame header is found. Everything behind that is unread.
Result<PreviewExtent> preview_extent(ByteView jpeg);

/// tables::kPreviews. None where the message has none.
std::optional<Bytes> preview_of(const StoreView& store, const ChannelId& home, std::uint64_t index);
void save_preview(Context& context, const ChannelId& home, std::uint64_t index, Bytes jpeg);
void erase_preview(Context& context, const ChannelId& home, std::uint64_t index);

/// Of a file that is sent, until its message is there.
std::optional<Bytes> preview_to_send(const StoreView& store, const TransferId& id);
void save_preview_to_send(Context& context, const TransferId& id, Bytes jpeg);
void erase_preview_to_send(Context& context, const TransferId& id);

}  // namespace cairn::client
