// As jpeg.cpp: what is wrong comes by longjmp(), over nothing that has a destructor.
#include "shell/images/internal/png.h"

#include <csetjmp>

#include <png.h>

#include "shell/os/clock.h"

namespace cairn::images::internal {
namespace {

/// Longer chunks are errors, also those that are passed over; of none more is kept than a piece.
constexpr png_alloc_size_t kMostOfAChunk = png_alloc_size_t{kMaxImageFile};

/// Chunks that are passed over unread: whatever they hold, it is no pixel.
constexpr png_byte kPassedOver[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";

/// Also for what the library only warns of.
[[noreturn]] void on_png_trouble(png_structp png, png_const_charp) { png_longjmp(png, 1); }

struct PngReader {
  std::FILE* file = nullptr;
  png_structp png = nullptr;
  png_infop info = nullptr;
  png_uint_32 width = 0;
  png_uint_32 height = 0;
  int passes = 0;
  std::uint64_t until_ms = 0;

  PngReader(std::FILE* from, const Limits& limits) : file(from), until_ms(os::monotonic_ms() + limits.ms) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, on_png_trouble, on_png_trouble);
    if (png != nullptr) info = png_create_info_struct(png);
  }
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  bool is_late() const { return os::monotonic_ms() > until_ms; }
};

// NOLINTBEGIN(cert-err52-cpp)

/// The library undoes a thousand bytes for each one and, behind the last row, all that there are before it returns: so
/// the time is looked at here, before each piece.
void read_png_bytes(png_structp png, png_bytep out, std::size_t size) {
  const PngReader& reader = *static_cast<const PngReader*>(png_get_io_ptr(png));
  if (reader.is_late() || std::fread(out, 1, size, reader.file) != size) png_longjmp(png, 1);
}

bool read_png_head(PngReader& reader, const Limits& limits) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  const auto side = static_cast<png_uint_32>(limits.side);
  png_set_user_limits(reader.png, side, side);
  png_set_chunk_malloc_max(reader.png, kMostOfAChunk);
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, kPassedOver, sizeof kPassedOver / 5);
  png_set_read_fn(reader.png, &reader, read_png_bytes);
  png_read_info(reader.png, reader.info);
  reader.width = png_get_image_width(reader.png, reader.info);
  reader.height = png_get_image_height(reader.png, reader.info);
  return true;
}

/// Four bytes a pixel from now on, whatever the file has.
bool begin_png_rows(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_expand(reader.png);
  png_set_scale_16(reader.png);
  png_set_gray_to_rgb(reader.png);
  png_set_add_alpha(reader.png, 0xff, PNG_FILLER_AFTER);
  reader.passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return png_get_rowbytes(reader.png, reader.info) == std::size_t{4} * reader.width;
}

void put_on_white(const png_byte* rgba, std::uint8_t* rgb, png_uint_32 count) {
  for (png_uint_32 i = 0; i < count; ++i, rgba += 4, rgb += 3) {
    const unsigned alpha = rgba[3];
    for (int colour = 0; colour < 3; ++colour)
      rgb[colour] = static_cast<std::uint8_t>((rgba[colour] * alpha + 255 * (255 - alpha)) / 255);
  }
}

/// `rgba` has room for all of an interlaced picture, else for a row; `rgb` for a row.
bool read_png_rows(PngReader& reader, Shrinker& shrinker, png_byte* rgba, std::uint8_t* rgb) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  const std::size_t step = reader.passes > 1 ? std::size_t{4} * reader.width : 0;
  for (int pass = 0; pass < reader.passes; ++pass) {
    for (png_uint_32 y = 0; y < reader.height; ++y) {
      if (reader.is_late()) return false;
      png_read_row(reader.png, rgba + y * step, nullptr);
      if (pass + 1 < reader.passes) continue;
      put_on_white(rgba + y * step, rgb, reader.width);
      shrinker.add_row(rgb);
    }
  }
  png_read_end(reader.png, nullptr);
  return true;
}

// NOLINTEND(cert-err52-cpp)

}  // namespace

Result<Picture> read_png(std::FILE* file, const Limits& limits, Extent most) {
  PngReader reader(file, limits);
  REQUIRE(reader.png != nullptr && reader.info != nullptr, ErrorCode::internal, "libpng");
  REQUIRE(read_png_head(reader, limits), ErrorCode::malformed, "head of a PNG");
  REQUIRE(std::uint64_t{reader.width} * reader.height <= limits.pixels, ErrorCode::over_limit, "size of a PNG");
  REQUIRE(begin_png_rows(reader), ErrorCode::malformed, "kind of a PNG");
  const bool is_whole = reader.passes > 1;
  REQUIRE(!is_whole || std::uint64_t{reader.width} * reader.height <= kMaxWholePixels, ErrorCode::over_limit,
          "size of an interlaced PNG");
  const Extent all{static_cast<int>(reader.width), static_cast<int>(reader.height)};
  Shrinker shrinker(all, fitting(all, most));
  Bytes rgba(std::size_t{4} * reader.width * (is_whole ? reader.height : 1));
  Bytes rgb(std::size_t{3} * reader.width);
  REQUIRE(read_png_rows(reader, shrinker, rgba.data(), rgb.data()), ErrorCode::malformed, "rows of a PNG");
  return shrinker.take();
}

}  // namespace cairn::images::internal
