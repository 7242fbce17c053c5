// The TLS presentation language, writing: RFC 8446 s.3 with the vectors of RFC 9420 s.2.1.2.
#pragma once

#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/secret.h"

namespace cairn::wire {

/// The largest length that a <V> header can say (RFC 9420 s.2.1.2): 2^30 - 1.
constexpr std::size_t kMaxVectorSize = (std::size_t{1} << 30) - 1;

/// Whether what is written is wiped when the buffer grows or goes.
enum class Sensitivity { is_public, is_secret };

/// Appends values to a growing buffer. A T is written by its member `void write(Writer&) const`.
class Writer {
 public:
  explicit Writer(Sensitivity sensitivity = Sensitivity::is_public) : sensitivity_(sensitivity) {}
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Room for so many bytes more, so that a large value is not copied while it grows.
  void reserve(std::size_t more);

  void u8(std::uint8_t value);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);

  /// The bytes themselves, without a length: opaque x[n].
  void raw(ByteView bytes);
  /// A <V> header: 1, 2 or 4 bytes, the shortest that fits. `size` <= kMaxVectorSize (CHECKed).
  void length(std::size_t size);
  /// opaque x<V>.
  void opaque(ByteView bytes);
  void opaque(std::string_view text) { opaque(as_bytes(text)); }

  /// T x<V>: the length in bytes, then the elements.
  template <class Range>
  void vector(const Range& items) {
    const std::size_t mark = begin_vector();
    for (const auto& item : items) item.write(*this);
    end_vector(mark);
  }

  /// uint16 x<V>.
  void u16_vector(std::span<const std::uint16_t> items);

  /// optional<T>: a presence octet, then the value (RFC 9420 s.2.1.1).
  template <class T>
  void optional(const std::optional<T>& value) {
    u8(value ? 1 : 0);
    if (value) value->write(*this);
  }
  void optional_raw(const std::optional<ByteView>& value) {
    u8(value ? 1 : 0);
    if (value) raw(*value);
  }

  /// For a <V> whose body is written by hand: end_vector(begin_vector()) is the empty vector.
  std::size_t begin_vector() const { return size(); }
  /// Puts the header of all that was written since `mark` in front of it.
  void end_vector(std::size_t mark);

  std::size_t size() const { return buffer_.size(); }
  ByteView view() const { return buffer_; }
  /// The bytes; the writer is empty afterwards.
  Bytes take() { return std::exchange(buffer_, {}); }
  SecretBytes take_secret() { return SecretBytes(take()); }

 private:
  void reserve_more(std::size_t more);

  Bytes buffer_;
  Sensitivity sensitivity_;
};

/// The encoding of one value.
template <class T>
Bytes encode(const T& value) {
  Writer writer;
  value.write(writer);
  return writer.take();
}

/// The encoding of one secret value, wiped when it goes.
template <class T>
SecretBytes encode_secret(const T& value) {
  Writer writer(Sensitivity::is_secret);
  value.write(writer);
  return writer.take_secret();
}

}  // namespace cairn::wire
