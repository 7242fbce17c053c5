// The library says what is wrong by calling error_exit(), which must not return: it jumps back to whoever called the
// library. Between a setjmp() and its longjmp() there is nothing that has a destructor.
#include "shell/images/internal/jpeg.h"

#include <csetjmp>

// Behind <cstdio>, whose FILE it uses.
#include <jerror.h>
#include <jpeglib.h>

#include "core/base/check.h"
#include "shell/os/clock.h"

namespace cairn::images::internal {
namespace {

/// Of either direction.
struct JpegTrouble {
  jpeg_error_mgr errors = {};
  std::jmp_buf back = {};
  bool takes_junk = false;
};

[[noreturn]] void jump_back(j_common_ptr info) { std::longjmp(static_cast<JpegTrouble*>(info->client_data)->back, 1); }

void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;  // no more than a trace
  const JpegTrouble& trouble = *static_cast<JpegTrouble*>(info->client_data);
  if (!trouble.takes_junk || info->err->msg_code != JWRN_EXTRANEOUS_DATA) jump_back(info);
}

void say_nothing(j_common_ptr) {}

template <class Info>
void prepare(Info& info, JpegTrouble& trouble) {
  info.err = jpeg_std_error(&trouble.errors);
  trouble.errors.error_exit = jump_back;
  trouble.errors.emit_message = on_message;
  trouble.errors.output_message = say_nothing;
  info.client_data = &trouble;
}

struct JpegReader {
  JpegTrouble trouble;
  jpeg_decompress_struct info = {};
  Limits limits;
  std::uint64_t until_ms = 0;

  explicit JpegReader(const Limits& bounds) : limits(bounds), until_ms(os::monotonic_ms() + bounds.ms) {
    trouble.takes_junk = limits.takes_junk;
    prepare(info, trouble);
  }
  ~JpegReader() { jpeg_destroy_decompress(&info); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
};

/// The library gives on_progress() its first member.
struct WatchedProgress {
  jpeg_progress_mgr manager = {};
  JpegReader* reader = nullptr;
};

void on_progress(j_common_ptr info) {
  const JpegReader& reader = *reinterpret_cast<WatchedProgress*>(info->progress)->reader;
  if (reader.info.input_scan_number > reader.limits.scans || os::monotonic_ms() > reader.until_ms) jump_back(info);
}

// NOLINTBEGIN(cert-err52-cpp)

bool read_jpeg_head(JpegReader& reader, std::FILE* file) {
  if (setjmp(reader.trouble.back) != 0) return false;
  jpeg_create_decompress(&reader.info);
  reader.info.mem->max_memory_to_use = reader.limits.memory;
  jpeg_stdio_src(&reader.info, file);
  return jpeg_read_header(&reader.info, TRUE) == JPEG_HEADER_OK;
}

bool begin_jpeg_rows(JpegReader& reader, WatchedProgress& progress) {
  if (setjmp(reader.trouble.back) != 0) return false;
  progress.manager.progress_monitor = on_progress;
  progress.reader = &reader;
  reader.info.progress = &progress.manager;
  reader.info.out_color_space = JCS_RGB;
  return jpeg_start_decompress(&reader.info) == TRUE;
}

bool read_jpeg_rows(JpegReader& reader, Shrinker& shrinker, JSAMPROW row) {
  if (setjmp(reader.trouble.back) != 0) return false;
  while (reader.info.output_scanline < reader.info.output_height) {
    if (jpeg_read_scanlines(&reader.info, &row, 1) != 1) return false;
    shrinker.add_row(row);
  }
  return jpeg_finish_decompress(&reader.info) == TRUE;
}

/// More than a picture of this size can become: tables, and for each block of 8 x 8 samples (six for 16 x 16 pixels) 64
/// coefficients of at most 27 bits, each byte twice where all are 0xff.
std::size_t most_of_jpeg(const Picture& picture) {
  const auto blocks = [](int side) { return (static_cast<std::size_t>(side) + 15) / 16; };
  constexpr std::size_t kMostOfSixBlocks = std::size_t{2} * 6 * 64 * 27 / 8;
  return 4096 + blocks(picture.width) * blocks(picture.height) * kMostOfSixBlocks;
}

struct JpegWriter {
  JpegTrouble trouble;
  jpeg_compress_struct info = {};
  /// The library never has to give itself more, which it would not keep track of where memory ends.
  Bytes room;
  unsigned char* out = nullptr;
  unsigned long size = 0;

  explicit JpegWriter(const Picture& picture) : room(most_of_jpeg(picture)), out(room.data()), size(room.size()) {
    prepare(info, trouble);
  }
  ~JpegWriter() { jpeg_destroy_compress(&info); }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
};

bool write_jpeg_rows(JpegWriter& writer, const Picture& picture, int quality) {
  if (setjmp(writer.trouble.back) != 0) return false;
  jpeg_create_compress(&writer.info);
  jpeg_mem_dest(&writer.info, &writer.out, &writer.size);
  writer.info.image_width = static_cast<JDIMENSION>(picture.width);
  writer.info.image_height = static_cast<JDIMENSION>(picture.height);
  writer.info.input_components = 3;
  writer.info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&writer.info);
  jpeg_set_quality(&writer.info, quality, TRUE);
  writer.info.optimize_coding = TRUE;
  jpeg_start_compress(&writer.info, TRUE);
  while (writer.info.next_scanline < writer.info.image_height) {
    // The library does not write into it.
    JSAMPROW row = const_cast<JSAMPROW>(picture.pixel(0, static_cast<int>(writer.info.next_scanline)));
    if (jpeg_write_scanlines(&writer.info, &row, 1) != 1) return false;
  }
  jpeg_finish_compress(&writer.info);
  return true;
}

// NOLINTEND(cert-err52-cpp)

/// Whether its colours are lights, in an encoding that every reader knows.
bool is_common(const jpeg_decompress_struct& info) {
  const bool has_lights =
      info.jpeg_color_space == JCS_GRAYSCALE || info.jpeg_color_space == JCS_YCbCr || info.jpeg_color_space == JCS_RGB;
  return has_lights && info.arith_code == FALSE && info.data_precision == 8;
}

/// The library's own shrinking, which costs less: as far as what is wanted stays the smaller one.
void shrink_before(jpeg_decompress_struct& info, Extent small) {
  info.scale_num = 1;
  info.scale_denom = 1;
  for (const unsigned by : {2u, 4u, 8u}) {
    if (info.image_width / by >= static_cast<unsigned>(small.width) &&
        info.image_height / by >= static_cast<unsigned>(small.height))
      info.scale_denom = by;
  }
}

}  // namespace

Result<Picture> read_jpeg(std::FILE* file, const Limits& limits, Extent most) {
  JpegReader reader(limits);
  WatchedProgress progress;
  REQUIRE(read_jpeg_head(reader, file), ErrorCode::malformed, "head of a JPEG");
  REQUIRE(is_common(reader.info), ErrorCode::unsupported, "kind of a JPEG");
  const auto side = static_cast<std::uint64_t>(limits.side);
  REQUIRE(reader.info.image_width <= side && reader.info.image_height <= side &&
              std::uint64_t{reader.info.image_width} * reader.info.image_height <= limits.pixels,
          ErrorCode::over_limit, "size of a JPEG");
  const Extent small =
      fitting({static_cast<int>(reader.info.image_width), static_cast<int>(reader.info.image_height)}, most);
  shrink_before(reader.info, small);
  REQUIRE(begin_jpeg_rows(reader, progress), ErrorCode::malformed, "scans of a JPEG");
  Shrinker shrinker({static_cast<int>(reader.info.output_width), static_cast<int>(reader.info.output_height)}, small);
  Bytes row(std::size_t{3} * reader.info.output_width);
  REQUIRE(read_jpeg_rows(reader, shrinker, row.data()), ErrorCode::malformed, "rows of a JPEG");
  return shrinker.take();
}

Result<Bytes> write_jpeg(const Picture& picture, int quality) {
  JpegWriter writer(picture);
  REQUIRE(write_jpeg_rows(writer, picture, quality), ErrorCode::internal, "writing a JPEG");
  CHECK(writer.out == writer.room.data());
  writer.room.resize(writer.size);
  return std::move(writer.room);
}

}  // namespace cairn::images::internal
