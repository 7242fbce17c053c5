// How a camera was held.
#pragma once

#include "shell/images/images.h"

namespace cairn::images::internal {

/// The orientation (1 to 8; EXIF 2.32 s.4.6.5.1) in the beginning of a JPEG; 1 where it says none, or nothing that can
/// be understood.
int exif_orientation(ByteView beginning);
/// The picture as it was seen.
Picture turned(const Picture& picture, int orientation);

}  // namespace cairn::images::internal
