// Tiles in a table of a Store, one row a tile: the key is uint8 level, uint64 index; the value the hashes so far.
// A partial tile is a prefix of what it becomes, so the row of the present tree serves every tree before it.
#pragma once

#include "core/base/store.h"
#include "core/tlog/tile.h"

namespace cairn::tlog {

/// Tiles of hashes as stored.
class StoredTiles : public TileReader {
 public:
  /// `store` must outlive this.
  StoredTiles(const StoreView& store, Table table) : store_(store), table_(table) {}
  Result<Bytes> tile(const TileId& id) const override;

 private:
  const StoreView& store_;
  Table table_;
};

/// The row that stores a tile of hashes.
Write store_tile(Table table, Tile tile);

}  // namespace cairn::tlog
