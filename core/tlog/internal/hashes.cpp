#include "core/tlog/internal/hashes.h"

namespace cairn::tlog::internal {

void write_hashes(wire::Writer& writer, std::span<const Hash> hashes) {
  writer.length(hashes.size() * Hash::kSize);
  for (const Hash& hash : hashes) writer.raw(hash);
}

Result<std::vector<Hash>> read_hashes(wire::Reader& reader, std::size_t max_count) {
  wire::Reader body = TRY(reader.nested(max_count * Hash::kSize));
  std::vector<Hash> out;
  out.reserve(body.left() / Hash::kSize);
  while (!body.done()) out.push_back(TRY(body.fixed<Hash>()));
  return out;
}

Hash fold_edge(std::span<const Hash> edge) {
  if (edge.empty()) return empty_root();
  Hash root = edge.back();
  for (std::size_t i = edge.size() - 1; i-- > 0;) root = node_hash(edge[i], root);
  return root;
}

}  // namespace cairn::tlog::internal
