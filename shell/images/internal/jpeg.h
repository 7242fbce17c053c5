// libjpeg-turbo, within bounds.
#pragma once

#include "shell/images/internal/shrinker.h"

namespace cairn::images::internal {

/// What a picture may cost. What libraries keep beside rows is bounded too.
struct Limits {
  std::uint64_t pixels = 0;
  int side = 0;
  std::uint64_t ms = 0;
  long memory = 0;
  int scans = 0;
  /// Whether bytes between two markers, as some cameras leave them, are passed over.
  bool takes_junk = false;
};

/// The picture from the beginning of `file`, made to fit into `most`.
Result<Picture> read_jpeg(std::FILE* file, const Limits& limits, Extent most);
/// Baseline, of this quality (1 to 100); nothing but the picture is in it.
Result<Bytes> write_jpeg(const Picture& picture, int quality);

}  // namespace cairn::images::internal
