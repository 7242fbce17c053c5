// The TLS presentation language, reading: strict, bounded, one encoding per value.
#pragma once

#include <concepts>
#include <optional>
#include <vector>

#include "core/base/bytes.h"

namespace cairn::wire {

/// Reads from a view that must outlive it. After an error the position is unspecified: stop.
/// A T is read by its static `Result<T> read(Reader&)`.
class Reader {
 public:
  explicit Reader(ByteView input) : rest_(input) {}

  Result<std::uint8_t> u8();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();

  /// opaque x[size].
  Result<ByteView> raw(std::size_t size);
  /// A fixed-size type (FixedBytes, Secret): exactly its bytes.
  template <class Fixed>
  Result<Fixed> fixed() {
    return Fixed::from(TRY(raw(Fixed::kSize)));
  }

  /// A <V> header; refuses an encoding that is not the shortest (RFC 9420 s.2.1.2), a length over `max_size`,
  /// and one that is longer than what is left: so memory is allocated only for bytes that are there.
  Result<std::size_t> length(std::size_t max_size);
  /// opaque x<V> of at most `max_size` bytes; the view points into the input.
  Result<ByteView> opaque(std::size_t max_size);
  Result<Bytes> opaque_bytes(std::size_t max_size) { return to_bytes(TRY(opaque(max_size))); }
  Result<std::string> opaque_text(std::size_t max_size) { return as_text(TRY(opaque(max_size))); }

  /// A reader over the body of a <V> of at most `max_size` bytes.
  Result<Reader> nested(std::size_t max_size) { return Reader(TRY(opaque(max_size))); }

  /// T x<V>, at most `max_size` bytes and `max_count` elements. An element must take at least one byte.
  template <class T>
  Result<std::vector<T>> vector(std::size_t max_size, std::size_t max_count) {
    Reader body = TRY(nested(max_size));
    std::vector<T> out;
    while (!body.done()) {
      REQUIRE(out.size() < max_count, ErrorCode::over_limit, "vector count");
      out.push_back(TRY(T::read(body)));
    }
    return out;
  }
  /// uint16 x<V>, at most `max_count` elements.
  Result<std::vector<std::uint16_t>> u16_vector(std::size_t max_count);

  /// The presence octet of an optional<T> (RFC 9420 s.2.1.1); 0 or 1 only.
  Result<bool> presence();
  template <class T>
  Result<std::optional<T>> optional() {
    if (!TRY(presence())) return std::optional<T>{};
    return std::optional<T>(TRY(T::read(*this)));
  }

  bool done() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  ByteView rest() const { return rest_; }
  /// `malformed` unless everything was read.
  Status finish() const;

 private:
  template <class Integer>
  Result<Integer> integer();

  ByteView rest_;
};

/// One value that is the whole of `input`.
template <class T>
Result<T> decode(ByteView input) {
  Reader reader(input);
  auto value = T::read(reader);
  if (!value) return value;
  TRY(reader.finish());
  return value;
}

}  // namespace cairn::wire
