#include "core/tlog/tile_store.h"

namespace cairn::tlog {
namespace {

Bytes row_key(const TileId& id) {
  CHECK(id.kind == TileKind::hashes);
  wire::Writer writer;
  writer.u8(id.level);
  writer.u64(id.index);
  return writer.take();
}

}  // namespace

Result<Bytes> StoredTiles::tile(const TileId& id) const {
  std::optional<Bytes> row = store_.get(table_, row_key(id));
  const std::size_t size = id.width * Hash::kSize;
  REQUIRE(row && row->size() >= size, ErrorCode::not_found, "tile");
  row->resize(size);
  return std::move(*row);
}

Write store_tile(Table table, Tile tile) { return {table, row_key(tile.id), std::move(tile.bytes)}; }

}  // namespace cairn::tlog
