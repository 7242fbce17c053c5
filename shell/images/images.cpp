#include "shell/images/images.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "shell/images/internal/exif.h"
#include "shell/images/internal/jpeg.h"
#include "shell/images/internal/png.h"

namespace cairn::images {
namespace {

using internal::Extent;
using internal::Limits;

/// Within this much of a JPEG its EXIF is looked for.
constexpr std::size_t kBeginning = 256 * 1024;
constexpr int kMostOfASide = 65'500;  // libjpeg has no more
constexpr int kQualities[] = {75, 60, 45, 30, 15};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

bool is_jpeg(ByteView bytes) { return bytes.size() > 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff; }

bool is_png(ByteView bytes) {
  constexpr std::uint8_t kMark[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  return bytes.size() > sizeof kMark && std::equal(std::begin(kMark), std::end(kMark), bytes.begin());
}

File open_plain(const std::string& path) {
  // A pipe would keep whoever opens it waiting.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return nullptr;
  struct stat facts {};
  const bool is_plain = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
  std::FILE* const file = is_plain ? ::fdopen(descriptor, "rb") : nullptr;
  if (file == nullptr) ::close(descriptor);
  return File(file);
}

Result<Picture> read_image(std::FILE* file, ByteView beginning, std::uint64_t most_ms) {
  const Limits limits{kMaxImagePixels, kMostOfASide, most_ms, kMaxImageMemory, kMaxImageScans, true};
  const Extent most{kThumbnailSide, kThumbnailSide};
  if (is_png(beginning)) return internal::read_png(file, limits, most);
  REQUIRE(is_jpeg(beginning), ErrorCode::unsupported, "neither a JPEG nor a PNG");
  const Picture picture = TRY(internal::read_jpeg(file, limits, most));
  return internal::turned(picture, internal::exif_orientation(beginning));
}

}  // namespace

Result<Bytes> make_thumbnail(const std::string& path, std::uint64_t most_ms) {
  const File file = open_plain(path);
  REQUIRE(file, ErrorCode::not_found, "no plain file that can be read");
  struct stat facts {};
  REQUIRE(::fstat(::fileno(file.get()), &facts) == 0 && static_cast<std::uint64_t>(facts.st_size) <= kMaxImageFile,
          ErrorCode::over_limit, "size of a file with a picture");
  return make_thumbnail(file.get(), most_ms);
}

Result<Bytes> make_thumbnail(std::FILE* file, std::uint64_t most_ms) {
  Bytes beginning(kBeginning);
  std::rewind(file);
  beginning.resize(std::fread(beginning.data(), 1, beginning.size(), file));
  std::rewind(file);
  const Picture picture = TRY(read_image(file, beginning, most_ms));
  for (const int quality : kQualities) {
    Bytes jpeg = TRY(internal::write_jpeg(picture, quality));
    if (jpeg.size() <= kThumbnailSize) return jpeg;
  }
  return fail(ErrorCode::over_limit, "size of a thumbnail");
}

Result<Picture> decode_thumbnail(ByteView jpeg) {
  REQUIRE(jpeg.size() <= kMaxReceivedSize, ErrorCode::over_limit, "size of a thumbnail");
  REQUIRE(is_jpeg(jpeg), ErrorCode::unsupported, "no JPEG");
  Bytes bytes(jpeg.begin(), jpeg.end());
  const File file(::fmemopen(bytes.data(), bytes.size(), "rb"));
  REQUIRE(file, ErrorCode::internal, "memory of a thumbnail");
  constexpr auto kSide = static_cast<std::uint64_t>(kMaxReceivedSide);
  const Limits limits{kSide * kSide, kMaxReceivedSide, kMaxReceivedMs, kMaxReceivedMemory, kMaxReceivedScans, false};
  return internal::read_jpeg(file.get(), limits, {kMaxReceivedSide, kMaxReceivedSide});
}

Picture shrunk(const Picture& picture, int most_width, int most_height) {
  const Extent all{picture.width, picture.height};
  internal::Shrinker shrinker(all, internal::fitting(all, {most_width, most_height}));
  for (int y = 0; y < picture.height; ++y) shrinker.add_row(picture.pixel(0, y));
  return shrinker.take();
}

}  // namespace cairn::images
