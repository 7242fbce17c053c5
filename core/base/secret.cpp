#include "core/base/secret.h"

#include <string.h>

namespace cairn {

void wipe(void* data, std::size_t size) {
  if (size != 0) explicit_bzero(data, size);
}

}  // namespace cairn
