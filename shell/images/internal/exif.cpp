#include "shell/images/internal/exif.h"

#include <string_view>

namespace cairn::images::internal {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kExifHead = "Exif\0\0"sv;
constexpr std::size_t kIfdEntry = 12;
constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShort = 3;  // the type of its value
constexpr std::uint8_t kStartOfScan = 0xda;
constexpr std::uint8_t kEndOfImage = 0xd9;
constexpr std::uint8_t kApp1 = 0xe1;

/// A TIFF structure; what lies outside of it is 0.
class TiffView {
 public:
  explicit TiffView(ByteView bytes) : bytes_(bytes), is_little_(bytes.size() > 1 && bytes[0] == 'I') {}

  bool is_sound() const {
    const bool has_order = bytes_.size() >= 8 && bytes_[0] == bytes_[1] && (bytes_[0] == 'I' || bytes_[0] == 'M');
    return has_order && number(2, 2) == 42;
  }
  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < size; ++i) out = out << 8 | bytes_[is_little_ ? at + size - 1 - i : at + i];
    return out;
  }

 private:
  ByteView bytes_;
  bool is_little_;
};

int orientation_in(ByteView tiff) {
  const TiffView view(tiff);
  if (!view.is_sound()) return 1;
  const std::size_t directory = view.number(4, 4);
  const std::size_t count = view.number(directory, 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = directory + 2 + i * kIfdEntry;
    if (at + kIfdEntry > tiff.size()) return 1;
    if (view.number(at, 2) != kOrientationTag) continue;
    const std::uint32_t value = view.number(at + 8, 2);
    return view.number(at + 2, 2) == kShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace

// ISO/IEC 10918-1 s.B.1.1: segments up to the first scan.
int exif_orientation(ByteView beginning) {
  ByteView rest = beginning;
  if (rest.size() < 2 || rest[0] != 0xff || rest[1] != 0xd8) return 1;
  rest = rest.subspan(2);
  while (rest.size() >= 4 && rest[0] == 0xff) {
    const std::uint8_t marker = rest[1];
    if (marker == 0xff) {  // a fill byte
      rest = rest.subspan(1);
      continue;
    }
    if (marker == kStartOfScan || marker == kEndOfImage) return 1;
    const std::size_t length = std::size_t{rest[2]} << 8 | rest[3];
    if (length < 2 || rest.size() < 2 + length) return 1;
    const ByteView body = rest.subspan(4, length - 2);
    if (marker == kApp1 && as_text(body.first(std::min(body.size(), kExifHead.size()))) == kExifHead)
      return orientation_in(body.subspan(kExifHead.size()));
    rest = rest.subspan(2 + length);
  }
  return 1;
}

Picture turned(const Picture& picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const bool is_on_its_side = orientation >= 5;
  Picture out{is_on_its_side ? picture.height : picture.width, is_on_its_side ? picture.width : picture.height, {}};
  out.rgb.reserve(picture.rgb.size());
  const int right = picture.width - 1;
  const int bottom = picture.height - 1;
  const auto source = [&](int x, int y) {
    switch (orientation) {
      case 2: return picture.pixel(right - x, y);
      case 3: return picture.pixel(right - x, bottom - y);
      case 4: return picture.pixel(x, bottom - y);
      case 5: return picture.pixel(y, x);
      case 6: return picture.pixel(y, bottom - x);
      case 7: return picture.pixel(right - y, bottom - x);
      default: return picture.pixel(right - y, x);
    }
  };
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const std::uint8_t* const pixel = source(x, y);
      out.rgb.insert(out.rgb.end(), pixel, pixel + 3);
    }
  }
  return out;
}

}  // namespace cairn::images::internal
