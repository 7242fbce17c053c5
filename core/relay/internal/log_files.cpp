#include "core/relay/internal/log_files.h"

#include <charconv>

#include "core/tlog/tile_store.h"

namespace cairn::relay {
namespace {

constexpr const char* kNothing = "The log has no such file.";

/// A decimal number without leading zeros.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text != std::to_string(value)) return std::nullopt;
  return value;
}

Result<Answer> get_bundle(const StoreView& rows, const tlog::TileId& id) {
  const std::uint64_t first = id.index * tlog::kTileWidth;
  std::vector<Bytes> entries;
  for (Row& row : rows.scan(table::kRecords, u64_key(first), u64_key(first + id.width), id.width)) {
    entries.push_back(std::move(row.value));
  }
  REQUIRE(entries.size() == id.width, ErrorCode::internal, "a record is missing from the store");
  return Answer{200, tlog::encode_bundle(entries), {}};
}

Result<Answer> get_tile(const StoreView& rows, const Publisher& publisher, std::string_view path) {
  const auto id = tlog::TileId::parse(path);
  REQUIRE(id && id->width <= tlog::tile_width(publisher.newest_size(), id->level, id->index), ErrorCode::not_found,
          kNothing);
  if (id->kind == tlog::TileKind::entries) return get_bundle(rows, *id);
  return Answer {
    200, TRY(tlog::StoredTiles(rows, table::kTiles).tile(*id))
    , {}
  };
}

/// "OLDER/NEWER": what the first leaves are of a tree that was published.
Result<Answer> get_prefix(const StoreView& rows, const Publisher& publisher, std::string_view sizes) {
  const std::size_t slash = sizes.find('/');
  REQUIRE(slash != std::string_view::npos, ErrorCode::not_found, kNothing);
  const auto older = parse_number(sizes.substr(0, slash));
  const auto newer = parse_number(sizes.substr(slash + 1));
  REQUIRE(older && newer && *older != 0 && *older < *newer && *newer <= publisher.newest_size(), ErrorCode::not_found,
          kNothing);
  const tlog::StoredTiles tiles(rows, table::kTiles);
  const auto proof = TRY(tlog::prove_prefix(tlog::TileHashes(tiles, *newer), *older, *newer));
  return Answer{200, wire::encode(proof), {}};
}

}  // namespace

Result<Answer> get_log_file(const StoreView& rows, const directory::DirectoryConfig& config, const Publisher& publisher,
                            std::string_view path) {
  constexpr std::string_view kAudit = "audit/";
  constexpr std::string_view kPrefix = "prefix/";
  if (path == "checkpoint") {
    const auto& served = publisher.served();
    REQUIRE(served, ErrorCode::not_found, "This domain's log has not been cosigned yet; try again in a moment.");
    return Answer{200, to_bytes(served->checkpoint.encode()), std::string(tlog::kNoteContentType)};
  }
  if (path == "config") return Answer{200, wire::encode(config), {}};
  if (path.starts_with(kAudit)) {
    const auto epoch = parse_number(path.substr(kAudit.size()));
    auto audit = epoch ? rows.get(table::kAudits, u64_key(*epoch)) : std::nullopt;
    REQUIRE(audit, ErrorCode::not_found, kNothing);
    return Answer{200, std::move(*audit), {}};
  }
  if (path.starts_with(kPrefix)) return get_prefix(rows, publisher, path.substr(kPrefix.size()));
  return get_tile(rows, publisher, path);
}

}  // namespace cairn::relay
