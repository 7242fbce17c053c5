#include "core/vault/chunker.h"

namespace cairn::vault {
namespace {

/// So many bytes decide: older ones were shifted out of the 64 bits.
constexpr std::size_t kWindow = 64;
/// How much harder an end is to find before the average, and easier after it: factors of 4.
constexpr unsigned kNormalisation = 2;

/// Two stretches of this size are rolled over side by side: one waits for the result before it, two do so at once.
constexpr std::size_t kLane = 2048;

/// Rolls `hash` over the bytes until it is below `threshold` after one; how many it took. All of them, and nothing
/// found, looks the same as found at the last: the caller asks the hash.
std::size_t roll_one(const std::uint64_t* gear, const std::uint8_t* data, std::size_t size, std::uint64_t threshold,
                     std::uint64_t& hash) {
  std::uint64_t h = hash;
  std::size_t i = 0;
  for (; i < size; ++i) {
    h = (h << 1) + gear[data[i]];
    if (h < threshold) [[unlikely]] {
      ++i;
      break;
    }
  }
  hash = h;
  return i;
}

/// The same, faster.
std::size_t roll(const std::uint64_t* gear, const std::uint8_t* data, std::size_t size, std::uint64_t threshold,
                 std::uint64_t& hash) {
  std::size_t at = 0;
  for (; size - at >= 2 * kLane; at += 2 * kLane) {
    const std::uint8_t* const first = data + at;
    const std::uint8_t* const second = first + kLane;
    std::uint64_t a = hash;
    std::uint64_t b = 0;
    roll_one(gear, second - kWindow, kWindow, 0, b);
    std::size_t i = 0;
    for (; i < kLane; ++i) {
      a = (a << 1) + gear[first[i]];
      b = (b << 1) + gear[second[i]];
      if ((a < threshold) | (b < threshold)) [[unlikely]]
        break;
    }
    hash = b;
    if (i == kLane) continue;
    if (a >= threshold) {
      // The second stretch has an end; the rest of the first one comes before it.
      const std::size_t more = roll_one(gear, first + i + 1, kLane - i - 1, threshold, a);
      if (a >= threshold) return at + kLane + i + 1;
      i += more;
    }
    hash = a;
    return at + i + 1;
  }
  return at + roll_one(gear, data + at, size - at, threshold, hash);
}

}  // namespace

Chunker::Scan Chunker::scan(ByteView data) {
  struct Stretch {
    std::size_t end;          ///< of the chunk's size where it stops
    std::uint64_t threshold;  ///< zero: no end here
  };
  const Stretch stretches[] = {{sizes_.min - 1, 0},
                               {sizes_.average - 1, std::uint64_t{1} << (64 - sizes_.bits - kNormalisation)},
                               {sizes_.max - 1, std::uint64_t{1} << (64 - sizes_.bits + kNormalisation)}};
  std::size_t at = 0;
  const std::size_t begin = sizes_.min - kWindow;
  if (size_ < begin) {
    at = std::min(data.size(), begin - size_);
    size_ += at;
  }
  for (const Stretch& stretch : stretches) {
    if (size_ >= stretch.end || at == data.size()) continue;
    const std::size_t wanted = std::min(data.size() - at, stretch.end - size_);
    const std::size_t taken = roll(gear_->numbers(), data.data() + at, wanted, stretch.threshold, hash_);
    at += taken;
    size_ += taken;
    if (hash_ < stretch.threshold) return {at, true};
  }
  if (at < data.size() && size_ == sizes_.max - 1) {
    ++size_;
    return {at + 1, true};
  }
  return {at, false};
}

std::optional<ByteView> Chunker::next(ByteView& rest) {
  const Scan found = scan(rest);
  ByteView chunk = rest.first(found.taken);
  rest = rest.subspan(found.taken);
  if (!found.is_end || held_ != 0) {
    if (pending_.empty()) pending_ = SecretBytes(sizes_.max);
    std::copy(chunk.begin(), chunk.end(), pending_.expose_mutable().begin() + static_cast<std::ptrdiff_t>(held_));
    held_ += chunk.size();
    chunk = pending_.expose().first(held_);
  }
  if (!found.is_end) return std::nullopt;
  held_ = size_ = 0;
  hash_ = 0;
  return chunk;
}

std::optional<ByteView> Chunker::flush() {
  const std::size_t size = std::exchange(held_, 0);
  size_ = 0;
  hash_ = 0;
  if (size == 0) return std::nullopt;
  return pending_.expose().first(size);
}

}  // namespace cairn::vault
