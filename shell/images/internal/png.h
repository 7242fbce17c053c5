// libpng, within bounds.
#pragma once

#include "shell/images/internal/jpeg.h"

namespace cairn::images::internal {

/// The picture from the beginning of `file`, on white, made to fit into `most`. An interlaced one has at most
/// kMaxWholePixels.
Result<Picture> read_png(std::FILE* file, const Limits& limits, Extent most);

}  // namespace cairn::images::internal
