#include "core/wire/reader.h"

#include "core/wire/writer.h"

namespace cairn::wire {

template <class Integer>
Result<Integer> Reader::integer() {
  std::uint64_t value = 0;
  for (std::uint8_t byte : TRY(raw(sizeof(Integer)))) value = (value << 8) | byte;
  return static_cast<Integer>(value);
}

Result<std::uint8_t> Reader::u8() { return integer<std::uint8_t>(); }
Result<std::uint16_t> Reader::u16() { return integer<std::uint16_t>(); }
Result<std::uint32_t> Reader::u32() { return integer<std::uint32_t>(); }
Result<std::uint64_t> Reader::u64() { return integer<std::uint64_t>(); }

Result<ByteView> Reader::raw(std::size_t size) {
  REQUIRE(size <= rest_.size(), ErrorCode::malformed, "truncated");
  const ByteView out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}

// RFC 9420 s.2.1.2.
Result<std::size_t> Reader::length(std::size_t max_size) {
  const std::uint8_t first = TRY(u8());
  const unsigned prefix = first >> 6;
  REQUIRE(prefix != 3, ErrorCode::malformed, "vector length prefix");
  std::size_t size = first & 0x3f;
  for (std::uint8_t byte : TRY(raw((std::size_t{1} << prefix) - 1))) size = (size << 8) | byte;
  const std::size_t least[] = {0, 0x40, 0x4000};
  REQUIRE(size >= least[prefix], ErrorCode::malformed, "vector length not minimal");
  REQUIRE(size <= max_size, ErrorCode::over_limit, "vector size");
  REQUIRE(size <= rest_.size(), ErrorCode::malformed, "truncated vector");
  return size;
}

Result<ByteView> Reader::opaque(std::size_t max_size) {
  const std::size_t size = TRY(length(max_size));
  return raw(size);
}

Result<std::vector<std::uint16_t>> Reader::u16_vector(std::size_t max_count) {
  Reader body = TRY(nested(max_count * 2));
  std::vector<std::uint16_t> out;
  out.reserve(body.left() / 2);
  while (!body.done()) out.push_back(TRY(body.u16()));
  return out;
}

Result<bool> Reader::presence() {
  const std::uint8_t octet = TRY(u8());
  REQUIRE(octet <= 1, ErrorCode::malformed, "presence octet");
  return octet == 1;
}

Status Reader::finish() const {
  REQUIRE(done(), ErrorCode::malformed, "trailing bytes");
  return ok();
}

}  // namespace cairn::wire
