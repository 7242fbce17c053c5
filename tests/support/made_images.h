// JPEG and PNG files for tests, written by the libraries themselves.
#pragma once

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

// Behind <cstdio>, whose FILE it uses.
#include <jpeglib.h>
#include <png.h>

#include "shell/images/images.h"

namespace cairn::testing {

using images::Picture;

/// Quarters: red, green above; blue, yellow below.
inline Picture four_quarters(int width, int height) {
  constexpr std::uint8_t kColours[2][2][3] = {{{255, 0, 0}, {0, 255, 0}}, {{0, 0, 255}, {255, 255, 0}}};
  Picture out{width, height, {}};
  out.rgb.reserve(std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto& colour = kColours[2 * y >= height ? 1 : 0][2 * x >= width ? 1 : 0];
      out.rgb.insert(out.rgb.end(), std::begin(colour), std::end(colour));
    }
  }
  return out;
}

/// The body of an APP1 segment that says how the camera was held.
inline Bytes exif_of(int orientation, bool is_little) {
  Bytes out = to_bytes(std::string_view("Exif\0\0", 6));
  const auto number = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i)
      out.push_back(static_cast<std::uint8_t>(value >> 8 * (is_little ? i : size - 1 - i)));
  };
  out.insert(out.end(), 2, is_little ? 'I' : 'M');
  number(42, 2);
  number(8, 4);  // where the directory is
  number(2, 2);  // entries
  for (const std::uint32_t tag : {0x0100u, 0x0112u}) {
    number(tag, 2);
    number(3, 2);  // SHORT
    number(1, 4);
    number(tag == 0x0112 ? static_cast<std::uint32_t>(orientation) : 77, 2);
    number(0, 2);
  }
  number(0, 4);
  return out;
}

struct JpegOptions {
  bool is_progressive = false;
  Bytes app1 = {};
  std::string_view comment = {};
  bool has_inks = false;  ///< CMYK
  bool has_many_scans = false;
};

namespace made {

/// A scan for each coefficient.
inline std::vector<jpeg_scan_info> many_scans() {
  std::vector<jpeg_scan_info> out = {{3, {0, 1, 2}, 0, 0, 0, 0}};
  for (int component = 0; component < 3; ++component) {
    for (int at = 1; at < 64; ++at) out.push_back({1, {component}, at, at, 0, 0});
  }
  return out;
}

}  // namespace made

inline Bytes jpeg_of(const Picture& picture, const JpegOptions& options = {}) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = options.has_inks ? 4 : 3;
  info.in_color_space = options.has_inks ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (options.is_progressive) jpeg_simple_progression(&info);
  const auto scans = made::many_scans();
  if (options.has_many_scans) {
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&info, TRUE);
  if (!options.app1.empty())
    jpeg_write_marker(&info, JPEG_APP0 + 1, options.app1.data(), static_cast<unsigned>(options.app1.size()));
  if (!options.comment.empty())
    jpeg_write_marker(&info, JPEG_COM, reinterpret_cast<const JOCTET*>(options.comment.data()),
                      static_cast<unsigned>(options.comment.size()));
  Bytes inks(std::size_t{4} * static_cast<std::size_t>(picture.width), 100);
  while (info.next_scanline < info.image_height) {
    const std::uint8_t* row = picture.pixel(0, static_cast<int>(info.next_scanline));
    JSAMPROW rows[] = {options.has_inks ? inks.data() : const_cast<JSAMPROW>(row)};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  Bytes bytes(out, out + size);
  jpeg_destroy_compress(&info);
  std::free(out);
  return bytes;
}

struct PngOptions {
  bool is_interlaced = false;
  bool has_alpha = false;  ///< its right half is transparent
  bool is_deep = false;    ///< 16 bits a colour
  std::string_view comment = {};
};

namespace made {

inline void append_png(png_structp png, png_bytep data, std::size_t size) {
  auto& out = *static_cast<Bytes*>(png_get_io_ptr(png));
  out.insert(out.end(), data, data + size);
}

inline Bytes png_row(const Picture& picture, int y, const PngOptions& options) {
  Bytes out;
  for (int x = 0; x < picture.width; ++x) {
    for (int colour = 0; colour < 3; ++colour)
      out.insert(out.end(), options.is_deep ? 2 : 1, picture.pixel(x, y)[colour]);
    if (options.has_alpha)
      out.insert(out.end(), options.is_deep ? 2 : 1, 2 * x >= picture.width ? std::uint8_t{0} : std::uint8_t{255});
  }
  return out;
}

}  // namespace made

inline Bytes png_of(const Picture& picture, const PngOptions& options = {}) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, made::append_png, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height),
               options.is_deep ? 16 : 8, options.has_alpha ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
               options.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  if (!options.comment.empty())
    png_write_chunk(png, reinterpret_cast<png_const_bytep>("tEXt"),
                    reinterpret_cast<png_const_bytep>(options.comment.data()), options.comment.size());
  std::vector<Bytes> rows;
  std::vector<png_bytep> pointers;
  for (int y = 0; y < picture.height; ++y) rows.push_back(made::png_row(picture, y, options));
  for (Bytes& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

}  // namespace cairn::testing
