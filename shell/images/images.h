// Pictures that are sent: a small one out of a file of one's own, and one that somebody else sent.
#pragma once

#include <cstdio>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace cairn::images {

/// Rows from the top, three bytes a pixel: red, green, blue.
struct Picture {
  int width = 0;
  int height = 0;
  Bytes rgb;

  const std::uint8_t* pixel(int x, int y) const {
    return rgb.data() +
           3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
  }
};

// ---- of a file of one's own ----
constexpr std::uint64_t kMaxImageFile = std::uint64_t{128} << 20;   ///< bytes
constexpr std::uint64_t kMaxImagePixels = std::uint64_t{64} << 20;  ///< of one that is read row by row
constexpr std::uint64_t kMaxWholePixels = std::uint64_t{16} << 20;  ///< of an interlaced PNG, which is not
constexpr std::uint64_t kMaxImageMs = 5'000;                        ///< unless who asks has less time
constexpr long kMaxImageMemory = 256l << 20;                        ///< bytes, of a progressive JPEG
constexpr int kMaxImageScans = 64;                                  ///< likewise
constexpr int kThumbnailSide = 160;                                 ///< pixels at most of what is made of it
constexpr std::size_t kThumbnailSize = 12 * 1024;                   ///< bytes likewise

// ---- of what somebody sent ----
constexpr int kMaxReceivedSide = 256;
constexpr std::size_t kMaxReceivedSize = 16 * 1024;
constexpr std::uint64_t kMaxReceivedMs = 500;
constexpr long kMaxReceivedMemory = 4l << 20;
constexpr int kMaxReceivedScans = 32;

/// A small JPEG of the JPEG or PNG in this file, known by its content: turned as its EXIF says, on white where it is
/// transparent, never larger than it was, and without anything that is no picture. `unsupported` for what is neither,
/// or has inks instead of lights; `over_limit` beyond what stands above; `malformed` for what is broken or cut off;
/// `not_found` for what is no plain file that can be read. It is given up after `most_ms`.
Result<Bytes> make_thumbnail(const std::string& path, std::uint64_t most_ms = kMaxImageMs);
/// Likewise of an open file from its beginning, whose size the caller has judged.
Result<Bytes> make_thumbnail(std::FILE* file, std::uint64_t most_ms = kMaxImageMs);

/// The pixels of a thumbnail that somebody sent: a baseline or progressive JPEG within the limits above. `over_limit`,
/// `unsupported` or `malformed` otherwise, also when a single byte of it is missing.
Result<Picture> decode_thumbnail(ByteView jpeg);

/// The same in at most so many pixels, the sides as they are to each other; never larger.
Picture shrunk(const Picture& picture, int most_width, int most_height);

}  // namespace cairn::images
