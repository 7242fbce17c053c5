#include "core/tlog/merkle.h"

#include <bit>

#include "core/crypto/hash.h"
#include "core/tlog/internal/hashes.h"

namespace cairn::tlog {

// RFC 6962 s.2.1.
Hash leaf_hash(ByteView entry) {
  const std::uint8_t prefix = 0x00;
  return crypto::sha256({{&prefix, 1}, entry});
}

Hash node_hash(const Hash& left, const Hash& right) {
  const std::uint8_t prefix = 0x01;
  return crypto::sha256({{&prefix, 1}, left, right});
}

Hash empty_root() { return crypto::sha256(ByteView{}); }

Result<RightEdge> RightEdge::from_hashes(std::uint64_t size, std::vector<Hash> hashes) {
  REQUIRE(size <= kMaxTreeSize, ErrorCode::over_limit, "tree size");
  REQUIRE(hashes.size() == static_cast<std::size_t>(std::popcount(size)), ErrorCode::malformed, "right edge");
  RightEdge out;
  out.size_ = size;
  out.hashes_ = std::move(hashes);
  return out;
}

Hash RightEdge::root() const { return internal::fold_edge(hashes_); }

void RightEdge::append(unsigned level, const Hash& subtree) {
  CHECK(level < kMaxEdgeHashes);
  const std::uint64_t leaves = std::uint64_t{1} << level;
  CHECK(size_ % leaves == 0 && kMaxTreeSize - size_ >= leaves);
  Hash hash = subtree;
  for (std::uint64_t rest = size_ >> level; (rest & 1) != 0; rest >>= 1) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  size_ += leaves;
}

void RightEdge::write(wire::Writer& writer) const {
  writer.u64(size_);
  internal::write_hashes(writer, hashes_);
}

Result<RightEdge> RightEdge::read(wire::Reader& reader) {
  const std::uint64_t size = TRY(reader.u64());
  return from_hashes(size, TRY(internal::read_hashes(reader, kMaxEdgeHashes)));
}

}  // namespace cairn::tlog
