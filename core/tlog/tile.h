// The log as static files: C2SP tlog-tiles.
//
// A tile is 256 consecutive hashes of one level in eight (8,192 bytes), or at the right end of the tree fewer. Tile
// (level l, index n) begins with the subtree of 256^l leaves that starts at leaf n * 256^(l+1). A partial tile is a
// prefix of every later state of the same tile.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/tlog/proof.h"

namespace cairn::tlog {

constexpr unsigned kTileHeight = 8;
constexpr std::uint16_t kTileWidth = 256;
constexpr std::size_t kTileBytes = kTileWidth * Hash::kSize;
/// An entry of a bundle has a 16-bit length.
constexpr std::size_t kMaxEntryBytes = 0xffff;

/// A tile of hashes, or of entries ("entry bundle").
enum class TileKind : std::uint8_t { hashes, entries };

/// Which tile, and how much of it.
struct TileId {
  TileKind kind = TileKind::hashes;
  std::uint8_t level = 0;  ///< 0 for entries; at most 7, the most a tree of kMaxTreeSize has
  std::uint64_t index = 0;
  std::uint16_t width = kTileWidth;  ///< 1 to 256; 256 is a full tile

  /// "tile/0/x001/234.p/56", without a slash in front.
  std::string path() const;
  /// The inverse; `malformed` for any other spelling and for tiles that no tree of kMaxTreeSize has.
  static Result<TileId> parse(std::string_view path);

  friend auto operator<=>(const TileId&, const TileId&) = default;
};

/// The tile with its bytes: width hashes, or an entry bundle.
struct Tile {
  TileId id;
  Bytes bytes;
};

/// The width of tile (level, index) in a tree of `size` leaves; 0 when it has no such tile.
std::uint16_t tile_width(std::uint64_t size, std::uint8_t level, std::uint64_t index);

/// The tiles of hashes that are new or wider in a tree of `new_size` leaves than in one of `old_size`, by level and
/// index: what a log writes when it grows, and no more. `old_size` <= `new_size` <= kMaxTreeSize (CHECKed).
std::vector<TileId> tiles_to_write(std::uint64_t old_size, std::uint64_t new_size);

/// Where tiles lie.
class TileReader {
 public:
  virtual ~TileReader() = default;
  /// The first id.width hashes of the tile, exactly; `not_found` when they are not there.
  virtual Result<Bytes> tile(const TileId& id) const = 0;
};

/// Appends leaves (leaf hashes) to a tree of `size` leaves: the content of every tile of tiles_to_write(). Reads at
/// most one tile a level.
Result<std::vector<Tile>> grow(const TileReader& old_tiles, std::uint64_t size, std::span<const Hash> leaves);

/// The right edge of the tree of the first `size` leaves.
Result<RightEdge> right_edge(const TileReader& tiles, std::uint64_t size);

/// Hashes of a tree of `size` leaves, read from its tiles. Each tile is read once; not for use from two threads.
class TileHashes : public HashReader {
 public:
  /// `tiles` must outlive this.
  TileHashes(const TileReader& tiles, std::uint64_t size) : tiles_(tiles), size_(size) {}
  Result<Hash> hash(Node node) const override;

 private:
  const TileReader& tiles_;
  std::uint64_t size_;
  mutable std::map<TileId, Bytes> read_;
};

/// Entries, each behind its uint16 length. An entry has at most kMaxEntryBytes (CHECKed).
Bytes encode_bundle(std::span<const Bytes> entries);
/// Exactly `width` entries and nothing after them; `malformed` otherwise.
Result<std::vector<Bytes>> parse_bundle(ByteView bytes, std::uint16_t width);

}  // namespace cairn::tlog
