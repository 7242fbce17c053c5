// The randomness of this machine.
#pragma once

#include "core/base/environment.h"

namespace cairn::os {

/// The kernel's generator (getrandom). Waits at boot until it is seeded; ends the process rather than give less.
class SystemEntropy final : public Entropy {
 public:
  void fill(MutableByteView out) override;
};

}  // namespace cairn::os
