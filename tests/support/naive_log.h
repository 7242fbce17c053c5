// A log in memory whose tree is computed as RFC 6962 s.2.1 writes it down: slow, recursive, and so the model that the
// real one is held against.
#pragma once

#include "core/crypto/hash.h"
#include "core/tlog/proof.h"

namespace cairn::testing {

class NaiveLog : public tlog::HashReader {
 public:
  NaiveLog() = default;
  /// Entries "entry0", "entry1", ...
  explicit NaiveLog(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) entries.push_back(to_bytes("entry" + std::to_string(i)));
  }

  std::vector<Bytes> entries;

  std::uint64_t size() const { return entries.size(); }
  tlog::TreeHead head(std::uint64_t size) const { return {size, tree_hash(0, size)}; }
  Hash leaf(std::uint64_t index) const { return tree_hash(index, index + 1); }

  Result<Hash> hash(tlog::Node node) const override {
    return tree_hash(node.index << node.level, (node.index + 1) << node.level);
  }

  /// MTH(D[begin:end]).
  Hash tree_hash(std::uint64_t begin, std::uint64_t end) const {
    CHECK(begin <= end && end <= entries.size());
    const std::uint8_t leaf = 0;
    const std::uint8_t node = 1;
    if (begin == end) return crypto::sha256(ByteView{});
    if (end - begin == 1) return crypto::sha256({{&leaf, 1}, entries[begin]});
    const std::uint64_t middle = begin + split(end - begin);
    return crypto::sha256({{&node, 1}, tree_hash(begin, middle), tree_hash(middle, end)});
  }

  /// PATH(m, D[begin:end]).
  std::vector<Hash> path(std::uint64_t m, std::uint64_t begin, std::uint64_t end) const {
    if (end - begin == 1) return {};
    const std::uint64_t k = split(end - begin);
    const bool left = m < k;
    std::vector<Hash> out = left ? path(m, begin, begin + k) : path(m - k, begin + k, end);
    out.push_back(left ? tree_hash(begin + k, end) : tree_hash(begin, begin + k));
    return out;
  }

  /// SUBPROOF(m, D[begin:end], whole).
  std::vector<Hash> subproof(std::uint64_t m, std::uint64_t begin, std::uint64_t end, bool whole) const {
    if (m == end - begin) return whole ? std::vector<Hash>{} : std::vector<Hash>{tree_hash(begin, end)};
    const std::uint64_t k = split(end - begin);
    const bool left = m <= k;
    std::vector<Hash> out = left ? subproof(m, begin, begin + k, whole) : subproof(m - k, begin + k, end, false);
    out.push_back(left ? tree_hash(begin + k, end) : tree_hash(begin, begin + k));
    return out;
  }

 private:
  /// The largest power of two smaller than n (n > 1).
  static std::uint64_t split(std::uint64_t n) {
    std::uint64_t k = 1;
    while (k * 2 < n) k *= 2;
    return k;
  }
};

/// Every complete subtree of a tree of equal leaves hashes alike at a level: trees as large as they come, for nothing.
class EndlessLog : public tlog::HashReader {
 public:
  EndlessLog() {
    for (std::size_t i = 1; i < levels_.size(); ++i) levels_[i] = tlog::node_hash(levels_[i - 1], levels_[i - 1]);
  }
  Result<Hash> hash(tlog::Node node) const override { return levels_.at(node.level); }

 private:
  std::vector<Hash> levels_ = std::vector<Hash>(64, tlog::leaf_hash({}));
};

}  // namespace cairn::testing
