// An array whose copies share what neither has changed.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/check.h"

namespace cairn::mls::internal {

/// A growable array of T. Copying costs a pointer for every kChunk elements; the first change to a chunk that a copy
/// still shares copies that chunk. Copies may not be used by two threads at once.
template <class T>
class SharedArray {
 public:
  static constexpr std::size_t kChunk = 64;

  std::size_t size() const { return size_; }
  const T& operator[](std::size_t index) const { return (*chunks_[index / kChunk])[index % kChunk]; }
  void set(std::size_t index, T value) {
    CHECK(index < size_);
    own(index / kChunk)[index % kChunk] = std::move(value);
  }

  /// Cuts the end off, or adds T{} there.
  void resize(std::size_t size) {
    for (std::size_t i = size; i < size_ && i % kChunk != 0; ++i) set(i, T{});
    chunks_.resize((size + kChunk - 1) / kChunk);
    for (std::size_t i = chunks_.size(); i-- > 0 && !chunks_[i];) chunks_[i] = std::make_shared<Chunk>();
    size_ = size;
  }

  /// The least index from `from` on that holds `value`.
  std::optional<std::size_t> find(const T& value, std::size_t from = 0) const {
    for (std::size_t i = from; i < size_;) {
      const Chunk& chunk = *chunks_[i / kChunk];
      for (const std::size_t end = std::min(size_, i - i % kChunk + kChunk); i < end; ++i) {
        if (chunk[i % kChunk] == value) return i;
      }
    }
    return std::nullopt;
  }

 private:
  using Chunk = std::array<T, kChunk>;

  Chunk& own(std::size_t index) {
    auto& chunk = chunks_[index];
    if (chunk.use_count() != 1) chunk = std::make_shared<Chunk>(*chunk);
    return *chunk;
  }

  std::vector<std::shared_ptr<Chunk>> chunks_;  // elements beyond size_ are T{}
  std::size_t size_ = 0;
};

}  // namespace cairn::mls::internal
