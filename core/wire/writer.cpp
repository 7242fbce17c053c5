#include "core/wire/writer.h"

namespace cairn::wire {
namespace {

/// All bytes of a number, to be appended at once: an epoch's audit has millions of them.
template <class Number>
std::array<std::uint8_t, sizeof(Number)> big_endian(Number value) {
  std::array<std::uint8_t, sizeof(Number)> out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(value >> (8 * (out.size() - 1 - i)));
  }
  return out;
}

}  // namespace

Writer::~Writer() {
  if (sensitivity_ == Sensitivity::is_secret) wipe(buffer_);
}

void Writer::reserve_more(std::size_t more) {
  if (sensitivity_ == Sensitivity::is_public || buffer_.capacity() - buffer_.size() >= more) return;
  Bytes larger;
  larger.reserve(std::max(buffer_.capacity() * 2, buffer_.size() + more));
  append(larger, buffer_);
  wipe(buffer_);
  buffer_ = std::move(larger);
}

void Writer::reserve(std::size_t more) {
  reserve_more(more);
  buffer_.reserve(buffer_.size() + more);
}

void Writer::u8(std::uint8_t value) {
  reserve_more(1);
  buffer_.push_back(value);
}

void Writer::u16(std::uint16_t value) { raw(big_endian(value)); }
void Writer::u32(std::uint32_t value) { raw(big_endian(value)); }
void Writer::u64(std::uint64_t value) { raw(big_endian(value)); }

void Writer::raw(ByteView bytes) {
  reserve_more(bytes.size());
  append(buffer_, bytes);
}

// RFC 9420 s.2.1.2: the two top bits say how many bytes the length has.
void Writer::length(std::size_t size) {
  CHECK(size <= kMaxVectorSize);
  if (size < 0x40) return u8(static_cast<std::uint8_t>(size));
  if (size < 0x4000) return u16(static_cast<std::uint16_t>(0x4000 | size));
  u32(static_cast<std::uint32_t>(0x80000000u | size));
}

void Writer::opaque(ByteView bytes) {
  length(bytes.size());
  raw(bytes);
}

void Writer::u16_vector(std::span<const std::uint16_t> items) {
  length(items.size() * 2);
  for (std::uint16_t item : items) u16(item);
}

void Writer::end_vector(std::size_t mark) {
  CHECK(mark <= buffer_.size());
  const std::size_t body = buffer_.size() - mark;
  length(body);
  // One move of the body: a large one is most of what its writer does.
  const std::size_t header_size = buffer_.size() - mark - body;
  std::array<std::uint8_t, 4> header{};
  std::memcpy(header.data(), buffer_.data() + mark + body, header_size);
  std::memmove(buffer_.data() + mark + header_size, buffer_.data() + mark, body);
  std::memcpy(buffer_.data() + mark, header.data(), header_size);
}

}  // namespace cairn::wire
