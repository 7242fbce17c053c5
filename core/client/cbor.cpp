// CBOR (RFC 8949), deterministic encoding.
#include "core/client/cbor.h"

#include "core/base/utf8.h"

namespace cairn::client {
namespace {

constexpr std::uint8_t kFalse = 20;
constexpr std::uint8_t kTrue = 21;
constexpr std::uint8_t kNull = 0xf6;
constexpr std::uint8_t kOneByteFollows = 24;
constexpr std::uint8_t kHalf = 25;
constexpr std::uint8_t kSingle = 26;
constexpr std::uint8_t kDouble = 27;
constexpr std::uint64_t kQuietNan = 0x7e00;
constexpr std::uint64_t kTagPositiveBigNumber = 2;
constexpr std::uint64_t kTagNegativeBigNumber = 3;
/// Integers up to here are exact as doubles: 2^53 - 1.
constexpr std::uint64_t kMaxKeyNumber = (std::uint64_t{1} << 53) - 1;

/// An IEEE 754 binary format.
struct FloatFormat {
  int exponent_bits;
  int mantissa_bits;
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
};
constexpr FloatFormat kHalfFormat{5, 10};
constexpr FloatFormat kSingleFormat{8, 23};
constexpr FloatFormat kDoubleFormat{11, 52};

bool is_nan(std::uint64_t bits, FloatFormat format) {
  const std::uint64_t infinity = ((std::uint64_t{1} << format.exponent_bits) - 1) << format.mantissa_bits;
  const std::uint64_t sign = std::uint64_t{1} << (format.exponent_bits + format.mantissa_bits);
  return (bits & ~sign) > infinity;
}

/// Whether a number that is not NaN is one of the narrower format too.
bool fits(std::uint64_t bits, FloatFormat from, FloatFormat to) {
  const std::uint64_t mantissa = bits & ((std::uint64_t{1} << from.mantissa_bits) - 1);
  const std::uint64_t top = (std::uint64_t{1} << from.exponent_bits) - 1;
  const std::uint64_t raw_exponent = (bits >> from.mantissa_bits) & top;
  if (raw_exponent == top) return true;         // infinity
  if (raw_exponent == 0) return mantissa == 0;  // zero; subnormals are below all of the narrower format
  const int exponent = static_cast<int>(raw_exponent) - from.bias();
  if (exponent > to.bias()) return false;
  const int below_normal = std::max(0, 1 - to.bias() - exponent);
  const int lost = from.mantissa_bits - to.mantissa_bits + below_normal;
  return lost <= from.mantissa_bits && (mantissa & ((std::uint64_t{1} << lost) - 1)) == 0;
}

/// The only NaN is the quiet half (draft-ietf-mimi-content, data model restrictions).
Status check_float(std::uint8_t info, std::uint64_t bits) {
  if (info == kHalf) {
    REQUIRE(!is_nan(bits, kHalfFormat) || bits == kQuietNan, ErrorCode::malformed, "cbor NaN");
    return ok();
  }
  const FloatFormat format = info == kSingle ? kSingleFormat : kDoubleFormat;
  REQUIRE(!is_nan(bits, format), ErrorCode::malformed, "cbor NaN");
  REQUIRE(!fits(bits, format, info == kSingle ? kHalfFormat : kSingleFormat), ErrorCode::malformed, "cbor float form");
  return ok();
}

}  // namespace

// s.3: three bits of major type, five of additional information. s.4.2.1: the shortest form, no indefinite lengths.
Result<CborReader::Head> CborReader::head() {
  REQUIRE(!rest_.empty(), ErrorCode::malformed, "cbor end");
  Head out{static_cast<Major>(rest_[0] >> 5), static_cast<std::uint8_t>(rest_[0] & 0x1f), 0};
  rest_ = rest_.subspan(1);
  if (out.info < kOneByteFollows) {
    out.value = out.info;
    return out;
  }
  REQUIRE(out.info <= kDouble, ErrorCode::malformed, "cbor additional information");
  const std::size_t size = std::size_t{1} << (out.info - kOneByteFollows);
  REQUIRE(rest_.size() >= size, ErrorCode::malformed, "cbor end");
  for (std::size_t i = 0; i < size; ++i) out.value = (out.value << 8) | rest_[i];
  rest_ = rest_.subspan(size);
  if (out.major == Major::other) return out;
  const std::uint64_t least = size == 1 ? kOneByteFollows : std::uint64_t{1} << (4 * size);
  REQUIRE(out.value >= least, ErrorCode::malformed, "cbor shortest form");
  return out;
}

Result<CborReader::Head> CborReader::head_of(Major major) {
  const Head out = TRY(head());
  REQUIRE(out.major == major, ErrorCode::malformed, "cbor type");
  return out;
}

Result<ByteView> CborReader::take(std::uint64_t size, std::size_t max_size) {
  REQUIRE(size <= max_size, ErrorCode::over_limit, "cbor string length");
  REQUIRE(size <= rest_.size(), ErrorCode::malformed, "cbor end");
  const ByteView out = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(out.size());
  return out;
}

Result<std::uint64_t> CborReader::unsigned_integer(std::uint64_t max) {
  const std::uint64_t value = TRY(head_of(Major::unsigned_integer))
  .value;
  REQUIRE(value <= max, ErrorCode::over_limit, "cbor number");
  return value;
}

Result<bool> CborReader::boolean() {
  const Head value = TRY(head_of(Major::other));
  REQUIRE(value.info == kFalse || value.info == kTrue, ErrorCode::malformed, "cbor boolean");
  return value.info == kTrue;
}

bool CborReader::take_null() {
  if (rest_.empty() || rest_[0] != kNull) return false;
  rest_ = rest_.subspan(1);
  return true;
}

Result<ByteView> CborReader::bytes(std::size_t max_size) {
  const Head string = TRY(head_of(Major::bytes));
  return take(string.value, max_size);
}

Result<std::string_view> CborReader::text(std::size_t max_size) {
  const Head string = TRY(head_of(Major::text));
  const ByteView view = TRY(take(string.value, max_size));
  const std::string_view out(reinterpret_cast<const char*>(view.data()), view.size());
  REQUIRE(is_utf8(out), ErrorCode::malformed, "cbor text is not UTF-8");
  return out;
}

Result<std::size_t> CborReader::array(std::size_t max_count) {
  const std::uint64_t count = TRY(head_of(Major::array))
  .value;
  REQUIRE(count <= max_count, ErrorCode::over_limit, "cbor array");
  REQUIRE(count <= rest_.size(), ErrorCode::malformed, "cbor end");
  return static_cast<std::size_t>(count);
}

Result<std::size_t> CborReader::map(std::size_t max_count) {
  const std::uint64_t count = TRY(head_of(Major::map))
  .value;
  REQUIRE(count <= max_count, ErrorCode::over_limit, "cbor map");
  REQUIRE(count <= rest_.size() / 2, ErrorCode::malformed, "cbor end");
  return static_cast<std::size_t>(count);
}

// s.4.2.1: keys in the bytewise order of their encodings; s.5.6: none twice.
Result<ByteView> CborReader::map_key(ByteView last) {
  const ByteView start = rest_;
  const Head key = TRY(head());
  const bool is_number = key.major == Major::unsigned_integer || key.major == Major::negative_integer;
  REQUIRE(is_number || key.major == Major::bytes || key.major == Major::text, ErrorCode::malformed, "cbor key type");
  // A negative integer is -1 - value: -(2^53 - 1) is the least.
  const std::uint64_t greatest = key.major == Major::negative_integer ? kMaxKeyNumber - 1 : kMaxKeyNumber;
  REQUIRE(!is_number || key.value <= greatest, ErrorCode::malformed, "cbor key number");
  TRY(scalar_body(key));
  const ByteView encoding = start.first(start.size() - rest_.size());
  REQUIRE(less(last, encoding), ErrorCode::malformed, "cbor key order");
  return encoding;
}

Status CborReader::scalar_body(const Head& head) {
  if (head.major == Major::bytes || head.major == Major::text) {
    const ByteView view = TRY(take(head.value, rest_.size()));
    const bool text_ok =
        head.major == Major::bytes || is_utf8({reinterpret_cast<const char*>(view.data()), view.size()});
    REQUIRE(text_ok, ErrorCode::malformed, "cbor text is not UTF-8");
  } else if (head.major == Major::other) {
    if (head.info >= kHalf) return check_float(head.info, head.value);
    REQUIRE(head.info != kOneByteFollows || head.value >= 32, ErrorCode::malformed, "cbor simple value");  // s.3.3
  }
  return ok();
}

// s.3.4.3 and s.4.2.1: without leading zeros, and not what an integer of 64 bits can say.
Status CborReader::check_big_number() const {
  CborReader ahead(rest_);
  const ByteView digits = TRY(ahead.bytes(rest_.size()));
  REQUIRE(digits.size() > sizeof(std::uint64_t) && digits[0] != 0, ErrorCode::malformed, "cbor big number");
  return ok();
}

Result<ByteView> CborReader::item(std::size_t max_depth) {
  CHECK(max_depth <= kMaxCborDepth);
  struct Level {
    std::uint64_t items = 0;  // still to come; of a map, values alone
    bool is_map = false;
    ByteView last_key{};
  };
  std::array<Level, kMaxCborDepth> levels;
  std::size_t depth = 0;
  const ByteView start = rest_;
  do {
    if (depth != 0) {
      Level& level = levels[depth - 1];
      --level.items;
      if (level.is_map) level.last_key = TRY(map_key(level.last_key));
    }
    const Head next = TRY(head());
    if (next.major == Major::array || next.major == Major::map || next.major == Major::tag) {
      REQUIRE(depth < max_depth, ErrorCode::over_limit, "cbor depth");
      const bool is_map = next.major == Major::map;
      const bool is_tag = next.major == Major::tag;
      if (is_tag && (next.value == kTagPositiveBigNumber || next.value == kTagNegativeBigNumber))
        TRY(check_big_number());
      REQUIRE(is_tag || next.value <= rest_.size() / (is_map ? 2 : 1), ErrorCode::malformed, "cbor end");
      levels[depth++] = Level{is_tag ? 1 : next.value, is_map, {}};
    } else {
      TRY(scalar_body(next));
    }
    while (depth != 0 && levels[depth - 1].items == 0) --depth;
  } while (depth != 0);
  return start.first(start.size() - rest_.size());
}

Status CborReader::finish() const {
  REQUIRE(rest_.empty(), ErrorCode::malformed, "cbor trailing bytes");
  return ok();
}

void CborWriter::head(std::uint8_t major, std::uint64_t value) {
  const auto first = static_cast<std::uint8_t>(major << 5);
  if (value < kOneByteFollows) {
    out_.push_back(static_cast<std::uint8_t>(first | value));
    return;
  }
  unsigned power = 0;  // 1, 2, 4 or 8 bytes follow
  while (power < 3 && (value >> (8u << power)) != 0) ++power;
  out_.push_back(static_cast<std::uint8_t>(first | (kOneByteFollows + power)));
  for (unsigned left = 1u << power; left > 0; --left)
    out_.push_back(static_cast<std::uint8_t>(value >> (8 * (left - 1))));
}

void CborWriter::bytes(ByteView value) {
  head(2, value.size());
  append(out_, value);
}

void CborWriter::text(std::string_view value) {
  head(3, value.size());
  append(out_, as_bytes(value));
}

}  // namespace cairn::client
