// Bytes as this project passes them: views in, owned vectors or fixed-size types out.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cairn {

using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

/// The bytes of a text, without a terminator. The view lives as long as the text.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A copy of `view` as text; no encoding is checked.
inline std::string as_text(ByteView view) { return {reinterpret_cast<const char*>(view.data()), view.size()}; }

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

/// Variable-time equality, for public data only; secrets go through crypto::ct_equal.
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Lexicographic order of public data.
inline bool less(ByteView a, ByteView b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end()) < 0;
}

/// less() for ordered containers; looks a view up without copying it.
struct BytesLess {
  using is_transparent = void;
  bool operator()(ByteView a, ByteView b) const { return less(a, b); }
};

inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

inline Bytes concat(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (ByteView part : parts) size += part.size();
  Bytes out;
  out.reserve(size);
  for (ByteView part : parts) append(out, part);
  return out;
}

/// Exactly N public bytes that mean `Tag`. Two tags never mix.
template <class Tag, std::size_t N>
class FixedBytes {
 public:
  static constexpr std::size_t kSize = N;

  /// All zeros.
  constexpr FixedBytes() = default;
  constexpr explicit FixedBytes(const std::array<std::uint8_t, N>& value) : value_(value) {}

  /// Copies `view`, which must have N bytes; `malformed` otherwise.
  static Result<FixedBytes> from(ByteView view) {
    REQUIRE(view.size() == N, ErrorCode::malformed, "fixed size");
    FixedBytes out;
    std::memcpy(out.value_.data(), view.data(), N);
    return out;
  }

  ByteView view() const { return value_; }
  operator ByteView() const { return value_; }
  MutableByteView mutable_view() { return value_; }
  const std::uint8_t* data() const { return value_.data(); }
  static constexpr std::size_t size() { return N; }
  bool is_zero() const { return *this == FixedBytes{}; }

  friend bool operator==(const FixedBytes&, const FixedBytes&) = default;
  friend std::strong_ordering operator<=>(const FixedBytes&, const FixedBytes&) = default;

 private:
  std::array<std::uint8_t, N> value_{};
};

/// At most N public bytes, stored in place: digests and tags whose size depends on a suite.
template <std::size_t N>
class ShortBytes {
 public:
  static constexpr std::size_t kMaxSize = N;

  ShortBytes() = default;
  /// `view` has at most N bytes (CHECKed).
  explicit ShortBytes(ByteView view) : size_(view.size()) {
    CHECK(size_ <= N);
    std::memcpy(value_.data(), view.data(), size_);
  }
  /// `size` zeros, to be filled through mutable_view().
  explicit ShortBytes(std::size_t size) : size_(size) { CHECK(size_ <= N); }

  ByteView view() const { return {value_.data(), size_}; }
  operator ByteView() const { return view(); }
  MutableByteView mutable_view() { return {value_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend bool operator==(const ShortBytes& a, const ShortBytes& b) { return equal(a.view(), b.view()); }
  friend bool operator<(const ShortBytes& a, const ShortBytes& b) { return less(a.view(), b.view()); }

 private:
  std::array<std::uint8_t, N> value_{};
  std::size_t size_ = 0;
};

/// A hash output of any suite we have (SHA-256, SHA-384 or SHA-512).
using Digest = ShortBytes<64>;

}  // namespace cairn
