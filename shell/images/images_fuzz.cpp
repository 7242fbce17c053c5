// Any bytes, and pictures with some bytes changed, as a picture of one's own (in less of everything than is allowed, so
// that much is tried) and as a thumbnail that somebody sent: what comes out has its pixels, and nothing is read or
// written beside them.
#include <memory>

#include "core/base/check.h"
#include "shell/images/internal/exif.h"
#include "shell/images/internal/jpeg.h"
#include "shell/images/internal/png.h"
#include "tests/support/made_images.h"

namespace {

using namespace cairn::images;

void check_picture(const cairn::Result<Picture>& picture, int side) {
  if (!picture) return;
  CHECK(picture->width >= 1 && picture->width <= side && picture->height >= 1 && picture->height <= side);
  CHECK(picture->rgb.size() == std::size_t{3} * static_cast<std::size_t>(picture->width * picture->height));
}

/// Its first byte says whether the others are the picture, or what is changed in one: place (two bytes) and value.
cairn::Bytes input_of(cairn::ByteView bytes) {
  using cairn::testing::four_quarters;
  static const cairn::Bytes pictures[] = {
      cairn::testing::jpeg_of(four_quarters(40, 24), {.app1 = cairn::testing::exif_of(6, true)}),
      cairn::testing::jpeg_of(four_quarters(24, 40), {.is_progressive = true}),
      cairn::testing::png_of(four_quarters(40, 24), {.has_alpha = true}),
      cairn::testing::png_of(four_quarters(24, 40), {.is_interlaced = true, .is_deep = true})};
  if (bytes.empty()) return {};
  const std::size_t which = bytes[0] % (std::size(pictures) + 1);
  bytes = bytes.subspan(1);
  if (which == std::size(pictures)) return {bytes.begin(), bytes.end()};
  cairn::Bytes out = pictures[which];
  for (; bytes.size() >= 3; bytes = bytes.subspan(3))
    out[(std::size_t{bytes[0]} << 8 | bytes[1]) % out.size()] = bytes[2];
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cairn::Bytes bytes = input_of({data, size});
  check_picture(decode_thumbnail(bytes), kMaxReceivedSide);
  const int orientation = internal::exif_orientation(bytes);
  CHECK(orientation >= 1 && orientation <= 8);
  if (bytes.empty()) return 0;
  const internal::Limits limits{1u << 18, 4096, 1'000, 16l << 20, kMaxImageScans, true};
  const internal::Extent most{kThumbnailSide, kThumbnailSide};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(::fmemopen(bytes.data(), bytes.size(), "rb"), std::fclose);
  CHECK(file);
  const auto jpeg = internal::read_jpeg(file.get(), limits, most);
  check_picture(jpeg, kThumbnailSide);
  if (jpeg) check_picture(internal::turned(*jpeg, orientation), kThumbnailSide);
  std::rewind(file.get());
  check_picture(internal::read_png(file.get(), limits, most), kThumbnailSide);
  return 0;
}
