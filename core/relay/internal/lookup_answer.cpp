#include "core/relay/internal/lookup_answer.h"

#include "core/tlog/tile_store.h"

namespace cairn::relay {
namespace {

using directory::LookupRequest;
using directory::LookupResponse;
using directory::Statement;

struct Place {
  Hash key;
  crypto::VrfProof proof;
};

/// Where the name stands in the map, and the proof of it: stored with every name that there is.
Result<Place> place_of(const StoreView& rows, const Keys& keys, const directory::Name& name) {
  if (const auto row = TRY(load<NameRow>(rows, table::kNames, name.bytes())))
    return Place{row->map_key, row->vrf_proof};
  const crypto::VrfResult place = crypto::vrf_prove(keys.vrf, name.bytes());
  return Place{directory::map_key(place.output), place.proof};
}

Result<std::vector<Statement>> load_statements(const StoreView& rows, const std::string& name, std::uint32_t first,
                                               std::uint32_t end) {
  std::vector<Statement> out;
  for (const Row& row : rows.scan(table::kStatements, chain_key(name, first), chain_key(name, end), end - first)) {
    auto statement = wire::decode<Statement>(row.value);
    REQUIRE(statement.has_value(), ErrorCode::internal, "a statement in the store does not decode");
    out.push_back(std::move(*statement));
  }
  REQUIRE(out.size() == end - first, ErrorCode::internal, "a statement is missing from the store");
  return out;
}

/// Whether the client's head is that of the first `known_count` statements of ours.
bool knows(const LookupRequest& request, const directory::NameLeaf& leaf, std::span<const Statement> all) {
  if (request.known_count == leaf.count) return request.known_head == leaf.head;
  Hash head;
  for (const Statement& statement : all.first(static_cast<std::size_t>(request.known_count))) {
    head = directory::extend_head(head, statement.commitment());
  }
  return head == request.known_head;
}

/// The statements that the client lacks: all of them when it knows another chain than ours.
Result<std::vector<Statement>> statements_for(const StoreView& rows, const LookupRequest& request,
                                              const directory::NameLeaf& leaf) {
  const auto count = static_cast<std::uint32_t>(leaf.count);
  if (request.known_count == count && request.known_head == leaf.head) return std::vector<Statement>{};
  auto all = TRY(load_statements(rows, request.name.text(), 0, count));
  if (request.known_count == 0 || request.known_count >= count || !knows(request, leaf, all)) return all;
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(request.known_count));
  return all;
}

/// The notices of the requests among them.
Result<std::vector<directory::ResetNotice>> notices_for(const StoreView& rows, std::span<const Statement> statements) {
  std::vector<directory::ResetNotice> out;
  for (const Statement& statement : statements) {
    if (statement.content.type() != directory::StatementType::request_reset) continue;
    const Bytes key = chain_key(statement.content.name.text(), statement.content.sequence);
    auto notice = TRY(load<directory::RequestNotice>(rows, table::kNotices, key));
    REQUIRE(notice, ErrorCode::internal, "a notice is missing from the store");
    out.push_back(std::move(notice->request));
  }
  return out;
}

}  // namespace

Result<LookupResponse> answer_lookup(const StoreView& rows, const Keys& keys, const Publisher& publisher,
                                     std::string_view domain, const LookupRequest& request) {
  REQUIRE(request.name.domain() == domain, ErrorCode::not_authorised,
          "This server answers for names of its own domain only; ask the server of the name's domain.");
  const auto& served = publisher.served();
  REQUIRE(served, ErrorCode::unavailable,
          "This domain's log has not been cosigned yet; try again in a moment, or tell its operator.");
  const Place place = TRY(place_of(rows, keys, request.name));
  LookupResponse out;
  out.checkpoint = served->checkpoint.encode();
  out.record = served->record;
  if (request.known_size == 0) {
    out.config = keys.directory;
    out.growth = served->growth;
  } else if (request.known_size < served->size()) {
    const tlog::StoredTiles tiles(rows, table::kTiles);
    const tlog::TileHashes hashes(tiles, served->size());
    out.growth = TRY(tlog::prove_growth(hashes, request.known_size, served->size()));
  }
  out.vrf_proof = place.proof;
  out.map_proof = publisher.map().prove(place.key);
  if (out.map_proof.end == directory::MapProof::End::own) {
    out.statements = TRY(statements_for(rows, request, out.map_proof.leaf));
    out.notices = TRY(notices_for(rows, out.statements));
  }
  return out;
}

}  // namespace cairn::relay
