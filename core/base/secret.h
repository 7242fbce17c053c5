// Secrets: move-only, wiped when they go, with no way to print or compare them.
#pragma once

#include <array>
#include <cstring>
#include <utility>

#include "core/base/bytes.h"

namespace cairn {

/// Overwrites memory in a way that the compiler keeps.
void wipe(void* data, std::size_t size);
inline void wipe(MutableByteView view) { wipe(view.data(), view.size()); }

/// Exactly N secret bytes that mean `Tag`.
template <class Tag, std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kSize = N;

  /// Zeros, to be filled through expose_mutable().
  Secret() = default;
  ~Secret() { wipe(value_.data(), N); }
  Secret(Secret&& other) noexcept : value_(other.value_) { wipe(other.value_.data(), N); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      value_ = other.value_;
      wipe(other.value_.data(), N);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// Copies `view`, which must have N bytes; `malformed` otherwise. The caller wipes its own copy.
  static Result<Secret> from(ByteView view) {
    REQUIRE(view.size() == N, ErrorCode::malformed, "secret size");
    Secret out;
    std::memcpy(out.value_.data(), view.data(), N);
    return out;
  }

  /// A second copy, said out loud.
  Secret clone() const {
    Secret out;
    out.value_ = value_;
    return out;
  }

  /// The only way in.
  ByteView expose() const { return value_; }
  MutableByteView expose_mutable() { return value_; }
  static constexpr std::size_t size() { return N; }

 private:
  std::array<std::uint8_t, N> value_{};
};

/// At most 64 secret bytes that mean `Tag`, in place: key schedule secrets whose size is the suite's.
template <class Tag>
class ShortSecret {
 public:
  static constexpr std::size_t kMaxSize = 64;

  ShortSecret() = default;
  /// Copies `view` (at most 64 bytes, CHECKed). The caller wipes its own copy.
  explicit ShortSecret(ByteView view) : size_(view.size()) {
    CHECK(size_ <= kMaxSize);
    if (size_ != 0) std::memcpy(value_.data(), view.data(), size_);
  }
  /// `size` zeros, to be filled through expose_mutable().
  explicit ShortSecret(std::size_t size) : size_(size) { CHECK(size_ <= kMaxSize); }
  ~ShortSecret() { wipe(value_.data(), kMaxSize); }
  ShortSecret(ShortSecret&& other) noexcept { take(other); }
  ShortSecret& operator=(ShortSecret&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ShortSecret(const ShortSecret&) = delete;
  ShortSecret& operator=(const ShortSecret&) = delete;

  /// A second copy, said out loud.
  ShortSecret clone() const { return ShortSecret(expose()); }

  /// The only way in.
  ByteView expose() const { return {value_.data(), size_}; }
  MutableByteView expose_mutable() { return {value_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void take(ShortSecret& other) {
    value_ = other.value_;
    size_ = std::exchange(other.size_, 0);
    wipe(other.value_.data(), kMaxSize);
  }

  std::array<std::uint8_t, kMaxSize> value_{};
  std::size_t size_ = 0;
};

/// Any number of secret bytes on the heap: plaintexts, serialised private state.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// Takes over `bytes`; nothing of it stays behind.
  explicit SecretBytes(Bytes&& bytes) : value_(std::move(bytes)) {}
  explicit SecretBytes(std::size_t size) : value_(size) {}
  ~SecretBytes() { wipe(value_); }
  SecretBytes(SecretBytes&& other) noexcept : value_(std::move(other.value_)) { other.value_.clear(); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(value_);
      value_ = std::move(other.value_);
      other.value_.clear();
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  SecretBytes clone() const { return SecretBytes(to_bytes(expose())); }
  ByteView expose() const { return value_; }
  MutableByteView expose_mutable() { return value_; }
  std::size_t size() const { return value_.size(); }
  bool empty() const { return value_.empty(); }
  /// Keeps the first `size` bytes (at most size()) and wipes the rest.
  void truncate(std::size_t size) {
    CHECK(size <= value_.size());
    wipe(value_.data() + size, value_.size() - size);
    value_.resize(size);
  }

 private:
  Bytes value_;
};

}  // namespace cairn
