#include "core/relay/internal/epoch_builder.h"

#include "core/tlog/tile_store.h"

namespace cairn::relay {
namespace {

using directory::NameChange;
using directory::Statement;
using directory::StatementType;

/// What an update takes in the audit beside commitments and notice: old leaf, and its share of the proof.
constexpr std::size_t kUpdateBytes = 512;

/// What a change adds to the audit, roughly.
std::size_t audit_bytes(const NameChange& change) {
  const std::size_t notice = change.notice ? wire::encode(*change.notice).size() : 0;
  return kUpdateBytes + change.commitments.size() * Hash::kSize + notice;
}

bool is_reset_step(StatementType type) {
  return type == StatementType::request_reset || type == StatementType::veto_reset ||
         type == StatementType::complete_reset;
}

Result<Statement> load_statement(const StoreView& rows, std::string_view name, std::uint32_t sequence) {
  auto statement = TRY(load<Statement>(rows, table::kStatements, chain_key(name, sequence)));
  REQUIRE(statement, ErrorCode::internal, "a statement is missing from the store");
  return std::move(*statement);
}

Result<directory::RequestNotice> load_request(const StoreView& rows, std::string_view name, std::uint32_t sequence) {
  auto notice = TRY(load<directory::RequestNotice>(rows, table::kNotices, chain_key(name, sequence)));
  REQUIRE(notice, ErrorCode::internal, "a notice is missing from the store");
  return std::move(*notice);
}

/// The notice that goes with a step of a reset at `sequence`. That of a request gets its times now.
Result<directory::Notice> notice_of(Turn& turn, const Statement& statement, std::uint64_t record_time_ms) {
  const std::string& name = statement.content.name.text();
  const std::uint32_t sequence = statement.content.sequence;
  if (statement.content.type() == StatementType::request_reset) {
    directory::RequestNotice notice = TRY(load_request(turn.rows, name, sequence));
    const std::uint64_t delay_ms = notice.request.delay_ms();
    notice.request.requested_ms = record_time_ms;
    notice.request.matures_ms = record_time_ms + delay_ms;
    save(turn.rows, table::kNotices, chain_key(name, sequence), notice);
    return directory::Notice{std::move(notice)};
  }
  if (statement.content.type() == StatementType::veto_reset) {
    auto veto = TRY(load<directory::VetoNotice>(turn.rows, table::kVetoes, chain_key(name, sequence)));
    REQUIRE(veto, ErrorCode::internal, "a veto is missing from the store");
    return directory::Notice{std::move(*veto)};
  }
  const auto& completion = std::get<directory::CompleteReset>(statement.content.body);
  directory::RequestNotice request = TRY(load_request(turn.rows, name, completion.request_sequence));
  return directory::Notice{directory::CompleteNotice{std::move(request.request)}};
}

/// The next part of a name's chain that one update can hold: a step of a reset stands alone.
struct Part {
  NameChange change;
  std::uint32_t end = 0;  ///< sequence after it
};
Result<Part> next_part(Turn& turn, const NameRow& row, std::uint64_t record_time_ms) {
  const std::string& name = row.state.name().text();
  Part part{{row.map_key, {}, {}}, row.built};
  while (part.end < row.state.count()) {
    const Statement statement = TRY(load_statement(turn.rows, name, part.end));
    const bool alone = is_reset_step(statement.content.type());
    if (alone && part.end != row.built) break;
    part.change.commitments.push_back(statement.commitment());
    ++part.end;
    if (!alone) continue;
    part.change.notice = TRY(notice_of(turn, statement, record_time_ms));
    break;
  }
  return part;
}

struct Collected {
  std::vector<NameChange> changes;
  std::set<std::string> names;
};

/// Moves due names forward. One that the rules of the audit do not let in now (a clock that was set back) stays due.
Result<Collected> collect(Turn& turn, const directory::Map& map, const Keys& keys, const RelayConfig& config,
                          std::uint64_t record_time_ms) {
  Collected out;
  std::size_t bytes = 0;
  for (const Row& due : turn.rows.scan(table::kDue, {}, {}, config.times.epoch_updates)) {
    if (bytes >= config.times.epoch_bytes) break;
    auto row = TRY(load<NameRow>(turn.rows, table::kNames, due.value));
    REQUIRE(row, ErrorCode::internal, "a name that is due is missing from the store");
    Part part = TRY(next_part(turn, *row, record_time_ms));
    const directory::Update update{part.change.key, map.find(part.change.key), part.change.commitments};
    const directory::Notice* notice = part.change.notice ? &*part.change.notice : nullptr;
    if (!directory::next_leaf(update, notice, record_time_ms, keys.directory.min_reset_delay_s)) {
      turn.events.push_back({proto::Event::Level::warning, "a name is due whose time has not come", 0});
      continue;
    }
    row->built = part.end;
    save(turn.rows, table::kNames, due.value, *row);
    if (row->built == row->state.count()) turn.rows.erase(table::kDue, due.key);
    bytes += audit_bytes(part.change);
    out.names.insert(as_text(due.value));
    out.changes.push_back(std::move(part.change));
  }
  return out;
}

/// Puts the record into the log's tree.
Result<tlog::RightEdge> append_to_log(Turn& turn, tlog::RightEdge edge, const directory::EpochRecord& record) {
  const Hash leaf = record.log_leaf();
  const tlog::StoredTiles tiles(turn.rows, table::kTiles);
  std::vector<tlog::Tile> grown = TRY(tlog::grow(tiles, edge.size(), {&leaf, 1}));
  for (tlog::Tile& tile : grown) {
    turn.rows.apply(tlog::store_tile(table::kTiles, std::move(tile)));
  }
  edge.append(leaf);
  return edge;
}

Bytes encode_names(const std::set<std::string>& names) {
  wire::Writer w;
  for (const std::string& name : names) w.opaque(name);
  return w.take();
}

}  // namespace

Result<std::optional<BuiltEpoch>> build_epoch(Turn& turn, const EpochBase& base, const Keys& keys,
                                              const RelayConfig& config, Changes changes) {
  const std::uint64_t time_ms = directory::next_record_time_ms(base.previous, turn.now);
  Collected collected;
  if (changes == Changes::due) {
    collected = TRY(collect(turn, base.map, keys, config, time_ms));
    if (collected.changes.empty()) return std::optional<BuiltEpoch>{};
  }
  directory::NextEpoch next =
      TRY(directory::publish(base.map, base.previous, keys.directory, std::move(collected.changes), time_ms));
  CHECK(next.record.epoch == base.edge.size());
  const Bytes key = u64_key(next.record.epoch);
  save(turn.rows, table::kRecords, key, next.record);
  turn.rows.put(table::kAudits, key, std::move(next.audit));
  turn.rows.put(table::kEpochNames, key, encode_names(collected.names));
  tlog::RightEdge edge = TRY(append_to_log(turn, base.edge, next.record));
  return std::optional(
      BuiltEpoch{std::move(next.record), std::move(edge), std::move(next.leaves), std::move(collected.names)});
}

Result<BuiltEpoch> reread_epochs(const StoreView& rows, std::uint64_t first, std::uint64_t end,
                                 std::uint32_t min_reset_delay_s) {
  BuiltEpoch out;
  for (std::uint64_t epoch = first; epoch < end; ++epoch) {
    const std::optional<Bytes> bytes = rows.get(table::kAudits, u64_key(epoch));
    REQUIRE(bytes, ErrorCode::internal, "an audit is missing from the store");
    const directory::EpochAudit audit = TRY(directory::EpochAudit::decode(*bytes));
    const auto updates =
        TRY(directory::next_leaves(audit.updates, audit.notices, audit.record.time_ms, min_reset_delay_s));
    for (const directory::LeafUpdate& update : updates) {
      out.leaves.push_back({update.key, update.after});
    }
    const std::optional<Bytes> names = rows.get(table::kEpochNames, u64_key(epoch));
    wire::Reader reader(names ? ByteView(*names) : ByteView{});
    while (!reader.done()) out.names.insert(TRY(reader.opaque_text(proto::kMaxNameSize)));
  }
  return out;
}

}  // namespace cairn::relay
