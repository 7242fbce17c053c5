#include "core/tlog/tile.h"

#include <bit>

#include "core/tlog/internal/text.h"

namespace cairn::tlog {
namespace {

constexpr unsigned kTileLevels = 8;  // 256^8 leaves are more than kMaxTreeSize

/// How many hashes of tile level `level` a tree has: one for each complete subtree of 256^level leaves.
std::uint64_t hashes_at(std::uint64_t size, unsigned level) { return size >> (kTileHeight * level); }

/// MTH of a power of two of hashes.
Hash complete_root(std::vector<Hash> row) {
  for (; row.size() > 1; row.resize(row.size() / 2)) {
    for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
  }
  return row.front();
}

Hash hash_in(ByteView tile, std::size_t place) { return *Hash::from(tile.subspan(place * Hash::kSize, Hash::kSize)); }

/// MTH of `count` hashes (a power of two) of a tile, from `place` on.
Hash subtree_in(ByteView tile, std::size_t place, std::size_t count) {
  std::vector<Hash> row;
  row.reserve(count);
  for (std::size_t i = 0; i < count; ++i) row.push_back(hash_in(tile, place + i));
  return complete_root(std::move(row));
}

Result<Bytes> read_tile(const TileReader& tiles, const TileId& id) {
  Bytes bytes = TRY(tiles.tile(id));
  REQUIRE(bytes.size() == id.width * Hash::kSize, ErrorCode::malformed, "tile size");
  return bytes;
}

/// "x001/x234/067".
std::string index_path(std::uint64_t index) {
  std::string out;
  for (bool last = true;; last = false) {
    std::string digits = std::to_string(index % 1000);
    digits.insert(0, 3 - digits.size(), '0');
    out.insert(0, last ? digits : "x" + digits + "/");
    index /= 1000;
    if (index == 0) return out;
  }
}

/// Reads a canonical index_path() from the front of `path`.
Result<std::uint64_t> take_index(std::string_view& path) {
  constexpr int kMaxElements = 6;  // 2^55 tiles have 17 digits
  std::uint64_t index = 0;
  for (int element = 0; element < kMaxElements; ++element) {
    const bool last = !path.starts_with('x');
    if (!last) path.remove_prefix(1);
    REQUIRE(path.size() >= 3, ErrorCode::malformed, "tile index");
    std::uint64_t value = 0;
    for (char c : path.substr(0, 3)) {
      REQUIRE(c >= '0' && c <= '9', ErrorCode::malformed, "tile index digit");
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    path.remove_prefix(3);
    REQUIRE(last || element > 0 || value != 0, ErrorCode::malformed, "tile index begins with zeros");
    index = index * 1000 + value;
    if (last) return index;
    REQUIRE(path.starts_with('/'), ErrorCode::malformed, "tile index");
    path.remove_prefix(1);
  }
  return fail(ErrorCode::malformed, "tile index too long");
}

}  // namespace

std::string TileId::path() const {
  std::string out = "tile/";
  out += kind == TileKind::entries ? "entries" : std::to_string(level);
  out += "/" + index_path(index);
  if (width != kTileWidth) out += ".p/" + std::to_string(width);
  return out;
}

Result<TileId> TileId::parse(std::string_view path) {
  constexpr std::string_view kPrefix = "tile/";
  constexpr std::string_view kEntries = "entries/";
  TileId id;
  REQUIRE(path.starts_with(kPrefix), ErrorCode::malformed, "tile path");
  path.remove_prefix(kPrefix.size());
  if (path.starts_with(kEntries)) {
    id.kind = TileKind::entries;
    path.remove_prefix(kEntries.size());
  } else {
    REQUIRE(path.size() >= 2 && path[0] >= '0' && path[0] < static_cast<char>('0' + kTileLevels) && path[1] == '/',
            ErrorCode::malformed, "tile level");
    id.level = static_cast<std::uint8_t>(path[0] - '0');
    path.remove_prefix(2);
  }
  id.index = TRY(take_index(path));
  if (!path.empty()) {
    REQUIRE(path.starts_with(".p/"), ErrorCode::malformed, "tile path");
    const std::uint64_t width = TRY(internal::parse_decimal(path.substr(3), kTileWidth - 1));
    REQUIRE(width != 0, ErrorCode::malformed, "tile width");
    id.width = static_cast<std::uint16_t>(width);
  }
  REQUIRE(tile_width(kMaxTreeSize, id.level, id.index) >= id.width, ErrorCode::malformed, "tile of no tree");
  return id;
}

std::uint16_t tile_width(std::uint64_t size, std::uint8_t level, std::uint64_t index) {
  CHECK(level < kTileLevels);
  const std::uint64_t hashes = hashes_at(size, level);
  if (index > hashes / kTileWidth) return 0;
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(hashes - index * kTileWidth, kTileWidth));
}

std::vector<TileId> tiles_to_write(std::uint64_t old_size, std::uint64_t new_size) {
  CHECK(old_size <= new_size && new_size <= kMaxTreeSize);
  std::vector<TileId> out;
  for (std::uint8_t level = 0; level < kTileLevels; ++level) {
    const std::uint64_t before = hashes_at(old_size, level);
    const std::uint64_t now = hashes_at(new_size, level);
    if (before == now) break;  // nothing new below, so nothing new above
    for (std::uint64_t index = before / kTileWidth; index * kTileWidth < now; ++index) {
      out.push_back({TileKind::hashes, level, index, tile_width(new_size, level, index)});
    }
  }
  return out;
}

Result<std::vector<Tile>> grow(const TileReader& old_tiles, std::uint64_t size, std::span<const Hash> leaves) {
  CHECK(size <= kMaxTreeSize && leaves.size() <= kMaxTreeSize - size);
  std::vector<Tile> out;
  std::vector<Hash> fresh(leaves.begin(), leaves.end());  // the new hashes of the level
  for (std::uint8_t level = 0; !fresh.empty(); ++level) {
    std::uint64_t index = hashes_at(size, level) / kTileWidth;
    const std::uint16_t old_width = tile_width(size, level, index);
    Tile tile{{TileKind::hashes, level, index, old_width}, {}};
    if (old_width != 0) tile.bytes = TRY(read_tile(old_tiles, tile.id));
    std::vector<Hash> above;
    for (const Hash& hash : fresh) {
      append(tile.bytes, hash);
      if (++tile.id.width < kTileWidth) continue;
      above.push_back(subtree_in(tile.bytes, 0, kTileWidth));
      out.push_back(std::exchange(tile, Tile{{TileKind::hashes, level, ++index, 0}, {}}));
    }
    if (tile.id.width != 0) out.push_back(std::move(tile));
    fresh = std::move(above);
  }
  return out;
}

Result<RightEdge> right_edge(const TileReader& tiles, std::uint64_t size) {
  REQUIRE(size <= kMaxTreeSize, ErrorCode::malformed, "tree size");
  const TileHashes reader(tiles, size);
  std::vector<Hash> edge;
  for (std::uint64_t at = 0; at < size;) {
    const std::uint64_t leaves = std::bit_floor(size - at);
    const auto level = static_cast<unsigned>(std::countr_zero(leaves));
    edge.push_back(TRY(reader.hash({level, at >> level})));
    at += leaves;
  }
  return RightEdge::from_hashes(size, std::move(edge));
}

Result<Hash> TileHashes::hash(Node node) const {
  CHECK(node.level < 63 && ((node.index + 1) << node.level) <= size_);
  const auto level = static_cast<std::uint8_t>(node.level / kTileHeight);
  const unsigned height = node.level % kTileHeight;  // above the hashes of the tile
  const std::uint64_t first = node.index << height;
  const std::uint64_t index = first / kTileWidth;
  const TileId id{TileKind::hashes, level, index, tile_width(size_, level, index)};
  auto place = read_.find(id);
  if (place == read_.end()) place = read_.emplace(id, TRY(read_tile(tiles_, id))).first;
  return subtree_in(place->second, first % kTileWidth, std::size_t{1} << height);
}

Bytes encode_bundle(std::span<const Bytes> entries) {
  wire::Writer writer;
  for (const Bytes& entry : entries) {
    CHECK(entry.size() <= kMaxEntryBytes);
    writer.u16(static_cast<std::uint16_t>(entry.size()));
    writer.raw(entry);
  }
  return writer.take();
}

Result<std::vector<Bytes>> parse_bundle(ByteView bytes, std::uint16_t width) {
  wire::Reader reader(bytes);
  std::vector<Bytes> out;
  for (std::uint16_t i = 0; i < width; ++i) {
    const std::uint16_t size = TRY(reader.u16());
    out.push_back(to_bytes(TRY(reader.raw(size))));
  }
  TRY(reader.finish());
  return out;
}

}  // namespace cairn::tlog
