// CBOR (RFC 8949) as draft-ietf-mimi-content uses it: deterministic encoding (s.4.2.1) only, nothing allocated, no
// recursion. Why it is our own: docs/adr/0002-own-cbor-subset.md.
#pragma once

#include <string_view>

#include "core/base/bytes.h"

namespace cairn::client {

/// Levels of maps, arrays and tags that item() follows at most.
constexpr std::size_t kMaxCborDepth = 8;

/// Reads from a view that must outlive it, and so must what it gives. Everything but the one deterministic encoding is
/// `malformed`: lengths and numbers that are not the shortest, indefinite lengths, unsorted or repeated map keys. After
/// an error the position is unspecified: stop.
class CborReader {
 public:
  explicit CborReader(ByteView input) : rest_(input) {}

  /// `over_limit` above `max`.
  Result<std::uint64_t> unsigned_integer(std::uint64_t max);
  Result<bool> boolean();
  /// Takes a null if one stands here.
  bool take_null();
  /// A byte string of at most `max_size` bytes.
  Result<ByteView> bytes(std::size_t max_size);
  /// A text string of at most `max_size` bytes, which must be UTF-8.
  Result<std::string_view> text(std::size_t max_size);
  /// The head of an array of at most `max_count` items, which the caller reads next.
  Result<std::size_t> array(std::size_t max_count);
  /// The head of a map of at most `max_count` pairs, which the caller reads next, keys with map_key().
  Result<std::size_t> map(std::size_t max_count);

  /// A key of a map, in its encoding: an integer that a double can hold (s.3.1 and the draft's data model), a text or a
  /// byte string. It must be greater than `last`, the key before it (empty at first).
  Result<ByteView> map_key(ByteView last);
  /// One item of any type with all that is in it, in its encoding. At most `max_depth` (<= kMaxCborDepth, CHECKed)
  /// maps, arrays and tags in one another, `over_limit` beyond. Floats have the shortest form that holds their value,
  /// big numbers are none that an integer could say.
  Result<ByteView> item(std::size_t max_depth);

  bool done() const { return rest_.empty(); }
  /// `malformed` unless everything was read.
  Status finish() const;

 private:
  enum class Major : std::uint8_t { unsigned_integer, negative_integer, bytes, text, array, map, tag, other };
  struct Head {
    Major major;
    std::uint8_t info;    // the low 5 bits of the first byte
    std::uint64_t value;  // count, length, number, or the bits of a float
  };

  Result<Head> head();
  Result<Head> head_of(Major major);
  Result<ByteView> take(std::uint64_t size, std::size_t max_size);
  /// What follows the head of an item that holds no others.
  Status scalar_body(const Head& head);
  Status check_big_number() const;

  ByteView rest_;
};

/// Writes the same.
class CborWriter {
 public:
  void unsigned_integer(std::uint64_t value) { head(0, value); }
  void bytes(ByteView value);
  void text(std::string_view value);
  /// The items follow.
  void array(std::size_t count) { head(4, count); }
  /// A map without pairs.
  void empty_map() { head(5, 0); }
  void null() { out_.push_back(0xf6); }
  void boolean(bool value) { out_.push_back(value ? 0xf5 : 0xf4); }

  Bytes take() { return std::exchange(out_, {}); }

 private:
  void head(std::uint8_t major, std::uint64_t value);

  Bytes out_;
};

}  // namespace cairn::client
