// What core may know of the world, handed in by the caller: the time and randomness.
#pragma once

#include <compare>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/secret.h"

namespace cairn {

/// The local clock's claim, milliseconds since 1970-01-01 UTC without leap seconds.
struct Time {
  std::uint64_t ms = 0;

  friend auto operator<=>(const Time&, const Time&) = default;
  /// A deadline that never comes.
  static constexpr Time never() { return {~std::uint64_t{0}}; }
};

constexpr std::uint64_t kSecondMs = 1000;
constexpr std::uint64_t kMinuteMs = 60 * kSecondMs;
constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
constexpr std::uint64_t kDayMs = 24 * kHourMs;

/// a - b, and 0 where that would be negative.
constexpr std::uint64_t elapsed_ms(Time now, Time then) { return now.ms > then.ms ? now.ms - then.ms : 0; }

/// Saturating.
constexpr Time after(Time start, std::uint64_t ms) {
  return start.ms > Time::never().ms - ms ? Time::never() : Time{start.ms + ms};
}

/// A source of unpredictable bytes. Core has none of its own: every random value comes through one of these.
class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills `out` wholly; cannot fail.
  virtual void fill(MutableByteView out) = 0;
};

/// A random value of a fixed-size public type.
template <class Fixed>
Fixed random_value(Entropy& entropy) {
  Fixed out;
  entropy.fill(out.mutable_view());
  return out;
}

/// A random secret of a fixed-size type.
template <class SecretType>
SecretType random_secret(Entropy& entropy) {
  SecretType out;
  entropy.fill(out.expose_mutable());
  return out;
}

}  // namespace cairn
