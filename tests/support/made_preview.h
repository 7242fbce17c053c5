// What core reads of a JPEG that is a preview: its beginning, up to the frame header.
#pragma once

#include "core/base/encoding.h"

namespace cairn::testing {

/// Of so many pixels, and so many bytes.
inline Bytes made_preview(unsigned width, unsigned height, std::size_t size = 40) {
  Bytes out = from_hex("ffd8ffe000044a46ffc0000b08").value();
  for (const unsigned side : {height, width}) {
    out.push_back(static_cast<std::uint8_t>(side >> 8));
    out.push_back(static_cast<std::uint8_t>(side));
  }
  append(out, from_hex("01011100").value());
  out.resize(size);
  return out;
}

}  // namespace cairn::testing
