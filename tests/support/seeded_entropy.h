// A reproducible Entropy for tests, benchmarks and the simulator. Predictable: never for real keys.
#pragma once

#include "core/base/environment.h"

namespace cairn::testing {

/// SplitMix64 from a seed: the same seed gives the same bytes on every machine.
class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}

  void fill(MutableByteView out) override {
    for (std::size_t i = 0; i < out.size(); i += 8) {
      std::uint64_t word = next();
      for (std::size_t j = i; j < out.size() && j < i + 8; ++j, word >>= 8) out[j] = static_cast<std::uint8_t>(word);
    }
  }

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// A number in [0, bound), bound > 0; the slight bias does not matter to tests.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace cairn::testing
