#include "shell/images/images.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "shell/images/internal/exif.h"
#include "shell/images/internal/jpeg.h"
#include "shell/images/internal/png.h"
#include "tests/support/made_images.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::images {
namespace {

using testing::exif_of;
using testing::four_quarters;
using testing::jpeg_of;
using testing::png_of;

Result<Bytes> thumbnail_of(ByteView bytes) {
  Bytes copy(bytes.begin(), bytes.end());
  copy.resize(std::max<std::size_t>(copy.size(), 1));  // fmemopen takes no empty one
  std::FILE* const file = ::fmemopen(copy.data(), copy.size(), "rb");
  auto out = make_thumbnail(file);
  std::fclose(file);
  return out;
}

/// The colours of the four corners: "red green blue yellow" as in four_quarters().
std::string corners(const Picture& picture) {
  const auto name = [&](int x, int y) -> std::string {
    const std::uint8_t* const pixel = picture.pixel(x, y);
    std::string out;
    for (int i = 0; i < 3; ++i) out += pixel[i] > 170 ? '1' : pixel[i] < 85 ? '0' : '?';
    if (out == "100") return "red";
    if (out == "010") return "green";
    if (out == "001") return "blue";
    if (out == "110") return "yellow";
    return out == "111" ? "white" : out;
  };
  const int x = picture.width - 1;
  const int y = picture.height - 1;
  return name(0, 0) + " " + name(x, 0) + " " + name(0, y) + " " + name(x, y);
}

std::string size_of(const Picture& picture) {
  return std::to_string(picture.width) + "x" + std::to_string(picture.height);
}

/// Size and corners of what is made of a file; how it is refused otherwise.
std::string seen(ByteView file) {
  const auto jpeg = thumbnail_of(file);
  if (!jpeg) return to_string(jpeg.error().code);
  EXPECT_LE(jpeg->size(), kThumbnailSize);
  const auto picture = decode_thumbnail(*jpeg);
  if (!picture) return std::string("not opened: ") + picture.error().where;
  return size_of(*picture) + " " + corners(*picture);
}

bool holds(ByteView bytes, std::string_view words) { return as_text(bytes).find(words) != std::string::npos; }

Picture noise(int width, int height) {
  Picture out{width, height,
              Bytes(std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height))};
  testing::SeededEntropy random(5);
  random.fill(out.rgb);
  return out;
}

void append_number(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_chunk(Bytes& out, std::string_view type, const Bytes& body) {
  append_number(out, static_cast<std::uint32_t>(body.size()));
  Bytes checked = to_bytes(type);
  checked.insert(checked.end(), body.begin(), body.end());
  out.insert(out.end(), checked.begin(), checked.end());
  append_number(out, static_cast<std::uint32_t>(::crc32(0, checked.data(), static_cast<uInt>(checked.size()))));
}

/// A PNG that claims to be so large, and holds nothing.
Bytes claiming_png(std::uint32_t width, std::uint32_t height, bool is_interlaced) {
  Bytes out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  Bytes head;
  append_number(head, width);
  append_number(head, height);
  for (const int value : {8, 2, 0, 0, is_interlaced ? 1 : 0}) head.push_back(static_cast<std::uint8_t>(value));
  append_chunk(out, "IHDR", head);
  append_chunk(out, "IDAT", Bytes(10));
  append_chunk(out, "IEND", {});
  return out;
}

struct PngChunk {
  std::string_view type;
  Bytes body;
};

/// A PNG of one white pixel: chunks before its data, the data's chunks, chunks behind them.
Bytes one_pixel_png(const std::vector<PngChunk>& before, const std::vector<Bytes>& data,
                    const std::vector<PngChunk>& behind = {}) {
  Bytes out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  append_chunk(out, "IHDR", {0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0});
  for (const PngChunk& one : before) append_chunk(out, one.type, one.body);
  for (const Bytes& one : data) append_chunk(out, "IDAT", one);
  for (const PngChunk& one : behind) append_chunk(out, one.type, one.body);
  append_chunk(out, "IEND", {});
  return out;
}

Bytes deflated(const Bytes& plain) {
  Bytes out(::compressBound(plain.size()));
  uLongf size = out.size();
  EXPECT_EQ(::compress(out.data(), &size, plain.data(), plain.size()), Z_OK);
  out.resize(size);
  return out;
}

const Bytes kWhitePixel = {0, 255, 255, 255};

/// What begins as the pixel does and goes on with zeros, a thousand for each byte, in `pieces` pieces of some 64 KiB.
std::vector<Bytes> surplus_data(std::size_t pieces) {
  z_stream stream = {};
  EXPECT_EQ(::deflateInit(&stream, Z_BEST_COMPRESSION), Z_OK);
  const auto more = [&](const Bytes& plain) {
    Bytes out(plain.size() / 900 + 1000);
    stream.next_in = const_cast<Bytef*>(plain.data());
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&stream, Z_FULL_FLUSH), Z_OK);
    EXPECT_EQ(stream.avail_in, 0u);
    out.resize(out.size() - stream.avail_out);
    return out;
  };
  std::vector<Bytes> out = {more(kWhitePixel)};
  const Bytes zeros = more(Bytes(std::size_t{64} << 20));
  ::deflateEnd(&stream);
  out.insert(out.end(), pieces, zeros);  // after a full flush nothing refers to what was before
  return out;
}

/// A JPEG that claims to be so large: only its frame header is changed.
Bytes claiming_jpeg(Bytes jpeg, unsigned width, unsigned height) {
  for (std::size_t i = 0; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != 0xff || (jpeg[i + 1] != 0xc0 && jpeg[i + 1] != 0xc2)) continue;
    jpeg[i + 5] = static_cast<std::uint8_t>(height >> 8);
    jpeg[i + 6] = static_cast<std::uint8_t>(height);
    jpeg[i + 7] = static_cast<std::uint8_t>(width >> 8);
    jpeg[i + 8] = static_cast<std::uint8_t>(width);
    return jpeg;
  }
  ADD_FAILURE() << "no frame";
  return jpeg;
}

TEST(Thumbnails, AreMadeOfJpegAndPngByTheirContent) {
  const Picture picture = four_quarters(800, 600);
  const std::string expected = "160x120 red green blue yellow";
  EXPECT_EQ(seen(jpeg_of(picture)), expected);
  EXPECT_EQ(seen(jpeg_of(picture, {.is_progressive = true})), expected);
  EXPECT_EQ(seen(png_of(picture)), expected);
  EXPECT_EQ(seen(png_of(picture, {.is_interlaced = true})), expected);
  EXPECT_EQ(seen(png_of(picture, {.is_deep = true})), expected);
  EXPECT_EQ(seen(png_of(picture, {.has_alpha = true})), "160x120 red white blue white");
}

TEST(Thumbnails, KeepTheSidesAsTheyAreToEachOtherAndNeverGrow) {
  EXPECT_EQ(seen(jpeg_of(four_quarters(20, 10))), "20x10 red green blue yellow");
  EXPECT_EQ(seen(png_of(four_quarters(300, 900))), "53x160 red green blue yellow");
  EXPECT_EQ(seen(png_of(four_quarters(5000, 1))).substr(0, 6), "160x1 ");
  EXPECT_EQ(seen(jpeg_of(four_quarters(1, 3000))).substr(0, 6), "1x160 ");
  EXPECT_EQ(seen(png_of(four_quarters(1, 1))).substr(0, 4), "1x1 ");
  EXPECT_EQ(seen(jpeg_of(four_quarters(161, 161))), "160x160 red green blue yellow");
}

TEST(Thumbnails, OfNoiseFitIntoAMessageToo) {
  const auto made = thumbnail_of(png_of(noise(160, 160)));
  ASSERT_TRUE(made);
  EXPECT_GT(made->size(), kThumbnailSize / 4);  // so it was not smoothed away
  EXPECT_LE(made->size(), kThumbnailSize);
}

TEST(Thumbnails, HoldNothingButThePicture) {
  Bytes app1 = exif_of(1, true);
  const Bytes secret = to_bytes("GPS 52.5163 N, 13.3777 E");
  app1.insert(app1.end(), secret.begin(), secret.end());
  const Bytes jpeg = jpeg_of(four_quarters(400, 400), {.app1 = app1, .comment = "at home"});
  ASSERT_TRUE(holds(jpeg, "Exif") && holds(jpeg, "GPS") && holds(jpeg, "at home"));
  const Bytes png = png_of(four_quarters(400, 400), {.comment = std::string_view("Place\0at home", 13)});
  ASSERT_TRUE(holds(png, "at home"));
  for (const Bytes& file : {jpeg, png}) {
    const auto made = thumbnail_of(file);
    ASSERT_TRUE(made);
    for (const char* words : {"Exif", "GPS", "home", "Place"}) EXPECT_FALSE(holds(*made, words)) << words;
    // Segments: JFIF's own head, tables, frame, scan; no other APPn, no comment.
    for (std::size_t i = 2; i + 4 <= made->size() && (*made)[i] == 0xff && (*made)[i + 1] != 0xda;) {
      const unsigned marker = (*made)[i + 1];
      EXPECT_TRUE(marker == 0xe0 || marker == 0xdb || marker == 0xc0 || marker == 0xc4) << marker;
      i += 2 + (std::size_t{(*made)[i + 2]} << 8 | (*made)[i + 3]);
    }
  }
}

TEST(Thumbnails, AreTurnedAsTheCameraWasHeld) {
  const char* const expected[] = {"160x80 red green blue yellow", "160x80 green red yellow blue",
                                  "160x80 yellow blue green red", "160x80 blue yellow red green",
                                  "80x160 red blue green yellow", "80x160 blue red yellow green",
                                  "80x160 yellow green blue red", "80x160 green yellow red blue"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool is_little : {false, true}) {
      const Bytes jpeg = jpeg_of(four_quarters(320, 160), {.app1 = exif_of(orientation, is_little)});
      EXPECT_EQ(seen(jpeg), expected[orientation - 1]) << orientation;
    }
  }
}

TEST(Thumbnails, TakeAnOrientationThatIsNoneForAnUprightOne) {
  for (const int orientation : {0, 9, 65'535})
    EXPECT_EQ(seen(jpeg_of(four_quarters(40, 20), {.app1 = exif_of(orientation, true)})),
              "40x20 red green blue yellow");
  const Bytes jpeg = jpeg_of(four_quarters(40, 20), {.app1 = exif_of(6, false)});
  ASSERT_EQ(internal::exif_orientation(jpeg), 6);
  // Wherever it is cut off, or whatever one byte of it is: no orientation that there is not.
  for (std::size_t size = 0; size < 120; ++size) {
    const int orientation = internal::exif_orientation(ByteView(jpeg).first(size));
    EXPECT_TRUE(orientation == 1 || orientation == 6);
  }
  testing::SeededEntropy random(9);
  for (int i = 0; i < 20'000; ++i) {
    Bytes changed(jpeg.begin(), jpeg.begin() + 120);
    for (int j = 0; j < 3; ++j) changed[random.below(changed.size())] = static_cast<std::uint8_t>(random.next());
    const int orientation = internal::exif_orientation(changed);
    ASSERT_TRUE(orientation >= 1 && orientation <= 8);
  }
}

TEST(Thumbnails, AreNotMadeOfAnythingElse) {
  EXPECT_EQ(seen({}), "unsupported");
  EXPECT_EQ(seen(to_bytes("a letter, and no picture at all")), "unsupported");
  EXPECT_EQ(seen(to_bytes("GIF89a\x01\x01\x01")), "unsupported");
  EXPECT_EQ(seen(jpeg_of(four_quarters(50, 50), {.has_inks = true})), "unsupported");
  EXPECT_EQ(seen(Bytes{0xff, 0xd8, 0xff, 0xd9}), "malformed");
}

TEST(Thumbnails, AreNotMadeOfWhatIsCutOff) {
  const Picture picture = four_quarters(64, 48);
  for (const Bytes& file : {jpeg_of(picture), jpeg_of(picture, {.is_progressive = true}), png_of(picture),
                            png_of(picture, {.is_interlaced = true})}) {
    ASSERT_EQ(seen(file), "64x48 red green blue yellow");
    for (std::size_t size = 0; size < file.size(); ++size)
      ASSERT_FALSE(thumbnail_of(ByteView(file).first(size))) << size << " of " << file.size();
  }
}

TEST(Thumbnails, AreNotMadeOfWhatClaimsToBeHuge) {
  const Bytes small = jpeg_of(four_quarters(16, 16));
  EXPECT_EQ(seen(claiming_jpeg(small, 65'500, 65'500)), "over_limit");
  EXPECT_EQ(seen(claiming_jpeg(small, 9'000, 9'000)), "over_limit");
  EXPECT_EQ(seen(claiming_jpeg(small, 8'192, 8'192)), "malformed");  // within the bounds; and then there is nothing
  EXPECT_EQ(seen(claiming_png(65'000, 65'000, false)), "over_limit");
  EXPECT_EQ(seen(claiming_png(8'193, 8'192, false)), "over_limit");
  EXPECT_EQ(seen(claiming_png(8'192, 8'192, false)), "malformed");
  EXPECT_EQ(seen(claiming_png(4'097, 4'096, true)), "over_limit");
  EXPECT_EQ(seen(claiming_png(4'096, 4'096, true)), "malformed");
  EXPECT_EQ(seen(claiming_png(0x7fffffff, 1, false)), "malformed");  // refused by the library
  EXPECT_EQ(seen(claiming_png(0, 0, false)), "malformed");
}

/// Whether the library's reader takes it within these bounds.
bool is_read(Bytes jpeg, long memory, int scans) {
  std::FILE* const file = ::fmemopen(jpeg.data(), jpeg.size(), "rb");
  const auto picture = internal::read_jpeg(file, {kMaxImagePixels, 1'000, kMaxImageMs, memory, scans, false}, {16, 16});
  std::fclose(file);
  return picture.has_value();
}

TEST(Thumbnails, AreNotMadeOfWhatTakesTooMuchMemory) {
  const Bytes jpeg = jpeg_of(four_quarters(400, 400), {.is_progressive = true});
  EXPECT_TRUE(is_read(jpeg, 4l << 20, kMaxImageScans));
  EXPECT_FALSE(is_read(jpeg, 300'000, kMaxImageScans));  // its coefficients take 480 kB
  // One after the other they take none.
  EXPECT_TRUE(is_read(jpeg_of(four_quarters(400, 400)), 300'000, kMaxImageScans));
}

TEST(Thumbnails, AreNotMadeOfScansWithoutEnd) {
  const Bytes jpeg = jpeg_of(four_quarters(64, 64), {.has_many_scans = true});
  EXPECT_EQ(seen(jpeg), "malformed");
  EXPECT_TRUE(is_read(jpeg, kMaxImageMemory, 190));
  EXPECT_FALSE(is_read(jpeg, kMaxImageMemory, 189));
}

TEST(Thumbnails, AreNotMadeOfDataThatGoesOnBehindTheLastRow) {
  Bytes png = one_pixel_png({}, surplus_data(32));  // 2 GiB of it
  std::FILE* const file = ::fmemopen(png.data(), png.size(), "rb");
  EXPECT_FALSE(internal::read_png(file, {kMaxImagePixels, 1'000, 50, kMaxImageMemory, kMaxImageScans, true}, {16, 16}));
  EXPECT_LT(std::ftell(file), static_cast<long>(png.size() / 2));  // no machine undoes half of it in 50 ms
  std::fclose(file);
  EXPECT_EQ(seen(one_pixel_png({}, {deflated({0, 255, 255, 255, 0})})), "malformed");  // a single byte
}

TEST(Thumbnails, AreMadeOfPngsWithAnythingThatIsNoPixel) {
  const std::string expected = "1x1 white white white white";
  const std::vector<Bytes> data = {deflated(kWhitePixel)};
  EXPECT_EQ(seen(one_pixel_png({}, data)), expected);
  EXPECT_EQ(seen(one_pixel_png(
                {}, {Bytes(data[0].begin(), data[0].begin() + 3), {}, Bytes(data[0].begin() + 3, data[0].end())})),
            expected);
  // Nonsense in each, twice, out of place.
  const Bytes nonsense(10'000, 'x');
  for (const char* type : {"bKGD", "cHRM", "eXIf", "gAMA", "hIST", "iCCP", "iTXt", "oFFs", "pCAL", "pHYs", "sBIT",
                           "sCAL", "sPLT", "sRGB", "tEXt", "tIME", "zTXt", "cICP", "mkBF", "acTL", "vpAg"}) {
    EXPECT_EQ(seen(one_pixel_png({{type, nonsense}, {type, {}}}, data, {{type, nonsense}})), expected) << type;
  }
  EXPECT_EQ(seen(one_pixel_png({{"mkBF", Bytes(2'000'000)}}, data)), expected);  // as some drawing programs leave it
  EXPECT_EQ(seen(one_pixel_png({{"XXXX", {}}}, data)), "malformed");             // what nobody may pass over
}

TEST(Thumbnails, AreNotMadeOfPngsThatTheLibraryOnlyWarnsOf) {
  const Bytes data = deflated(kWhitePixel);
  EXPECT_EQ(seen(one_pixel_png({{"tRNS", Bytes(5)}}, {data})), "malformed");
  EXPECT_EQ(seen(one_pixel_png({{"PLTE", Bytes(4)}}, {data})), "malformed");
  Bytes png = one_pixel_png({{"tEXt", to_bytes("Place\0at home")}}, {data});
  ASSERT_EQ(seen(png), "1x1 white white white white");
  png[8 + 25 + 8] ^= 1;  // so that its sum is wrong
  EXPECT_EQ(seen(png), "malformed");
}

TEST(Thumbnails, OfAnySizeAndQualityFitIntoWhatIsSetAsideForThem) {
  for (const auto& [width, height] : {std::pair(160, 160), std::pair(160, 1), std::pair(1, 160), std::pair(1, 1)}) {
    for (const int quality : {1, 75, 100}) {
      const auto jpeg = internal::write_jpeg(noise(width, height), quality);
      ASSERT_TRUE(jpeg);
      std::FILE* const file = ::fmemopen(const_cast<std::uint8_t*>(jpeg->data()), jpeg->size(), "rb");
      const auto picture =
          internal::read_jpeg(file, {kMaxImagePixels, 1'000, kMaxImageMs, kMaxImageMemory, 64, false}, {160, 160});
      std::fclose(file);
      ASSERT_TRUE(picture);
      EXPECT_EQ(size_of(*picture), std::to_string(width) + "x" + std::to_string(height));
    }
  }
}

TEST(Thumbnails, AreNotMadeOfFilesThatAreNoneOrTooLarge) {
  const testing::ScratchFolder folder;
  const auto code_of = [](const std::string& path) { return make_thumbnail(path).error().code; };
  EXPECT_EQ(code_of(folder.path() + "/nothing"), ErrorCode::not_found);
  EXPECT_EQ(code_of(folder.path()), ErrorCode::not_found);
  EXPECT_EQ(code_of("/dev/zero"), ErrorCode::not_found);
  const std::string pipe = folder.path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(code_of(pipe), ErrorCode::not_found);
  const std::string path = folder.path() + "/picture";
  const Bytes jpeg = jpeg_of(four_quarters(320, 320));
  std::ofstream(path, std::ios::binary) << as_text(jpeg);
  ASSERT_TRUE(make_thumbnail(path));
  std::filesystem::resize_file(path, kMaxImageFile);  // what stands behind a picture is nobody's concern
  ASSERT_TRUE(make_thumbnail(path));
  std::filesystem::resize_file(path, kMaxImageFile + 1);
  EXPECT_EQ(code_of(path), ErrorCode::over_limit);
}

std::string received(ByteView jpeg) {
  const auto picture = decode_thumbnail(jpeg);
  return picture ? size_of(*picture) + " " + corners(*picture) : to_string(picture.error().code);
}

TEST(ReceivedThumbnails, AreOpenedWithinTheirBoundsAlone) {
  EXPECT_EQ(received(jpeg_of(four_quarters(256, 128))), "256x128 red green blue yellow");
  EXPECT_EQ(received(jpeg_of(four_quarters(256, 256), {.is_progressive = true})), "256x256 red green blue yellow");
  EXPECT_EQ(received(jpeg_of(four_quarters(257, 10))), "over_limit");
  EXPECT_EQ(received(jpeg_of(four_quarters(10, 257))), "over_limit");
  EXPECT_EQ(received(jpeg_of(four_quarters(10, 10), {.has_inks = true})), "unsupported");
  EXPECT_EQ(received(jpeg_of(four_quarters(64, 64), {.has_many_scans = true})), "malformed");
  EXPECT_EQ(received(png_of(four_quarters(10, 10))), "unsupported");
  EXPECT_EQ(received({}), "unsupported");
  Bytes large = jpeg_of(four_quarters(100, 100));
  ASSERT_LT(large.size(), kMaxReceivedSize);
  large.resize(kMaxReceivedSize);  // behind its end
  EXPECT_EQ(received(large), "100x100 red green blue yellow");
  large.push_back(0);
  EXPECT_EQ(received(large), "over_limit");
}

TEST(ReceivedThumbnails, AreWholeOrNotOpened) {
  for (const bool is_progressive : {false, true}) {
    const Bytes jpeg = jpeg_of(four_quarters(64, 64), {.is_progressive = is_progressive});
    for (std::size_t size = 0; size < jpeg.size(); ++size)
      ASSERT_FALSE(decode_thumbnail(ByteView(jpeg).first(size))) << size << " of " << jpeg.size();
  }
}

TEST(ReceivedThumbnails, NeverBreakAnythingWhateverTheirBytes) {
  testing::SeededEntropy random(11);
  for (const bool is_progressive : {false, true}) {
    const Bytes jpeg = jpeg_of(four_quarters(48, 40), {.is_progressive = is_progressive});
    for (int i = 0; i < 3'000; ++i) {
      Bytes changed = jpeg;
      for (int j = 0; j < 2; ++j) changed[random.below(changed.size())] = static_cast<std::uint8_t>(random.next());
      const auto picture = decode_thumbnail(changed);
      if (!picture) continue;
      ASSERT_TRUE(picture->width <= kMaxReceivedSide && picture->height <= kMaxReceivedSide);
      ASSERT_EQ(picture->rgb.size(),
                3 * static_cast<std::size_t>(picture->width) * static_cast<std::size_t>(picture->height));
    }
  }
}

TEST(Pictures, AreMadeSmallerAndNeverLarger) {
  const Picture picture = four_quarters(100, 50);
  EXPECT_EQ(size_of(shrunk(picture, 32, 24)), "32x16");
  EXPECT_EQ(corners(shrunk(picture, 32, 24)), "red green blue yellow");
  EXPECT_EQ(size_of(shrunk(picture, 1000, 1000)), "100x50");
  EXPECT_EQ(size_of(shrunk(picture, 1, 1)), "1x1");
  const Picture one = shrunk(picture, 1, 1);
  EXPECT_EQ(one.rgb, (Bytes{128, 128, 64}));  // the mean of all
}

}  // namespace
}  // namespace cairn::images
