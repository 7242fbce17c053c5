#include "core/relay/internal/epoch_builder.h"

#include <algorithm>

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

/// As many of the first statements that are due as one update can hold: a step of a reset stands alone.
Result<NameChange> first_part(Turn& turn, const DueRow& due, std::uint64_t record_time_ms) {
  NameChange change{due.map_key, {}, {}};
  for (const DueRow::Step& step : due.steps) {
    if (step.is_of_a_reset && !change.commitments.empty()) break;
    change.commitments.push_back(step.commitment);
    if (!step.is_of_a_reset) continue;
    const Statement statement = TRY(load_statement(turn.rows, due.name, due.first));
    change.notice = TRY(notice_of(turn, statement, record_time_ms));
    break;
  }
  REQUIRE(!change.commitments.empty(), ErrorCode::internal, "a name is due without statements");
  return change;
}

/// The row of a name of which the first `count` statements that were due are in an epoch.
void move_on(Turn& turn, Bytes key, DueRow due, std::size_t count) {
  if (count == due.steps.size()) return turn.rows.erase(table::kDue, std::move(key));
  due.steps.erase(due.steps.begin(), due.steps.begin() + static_cast<std::ptrdiff_t>(count));
  due.first += static_cast<std::uint32_t>(count);
  save(turn.rows, table::kDue, std::move(key), due);
}

struct Collected {
  std::vector<NameChange> changes;
  std::vector<std::string> names;
};

/// Moves due names forward. One that the rules of the audit do not let in now (a clock that was set back) stays due.
Result<Collected> collect(Turn& turn, const directory::Map& map, const Keys& keys, const RelayConfig& config,
                          std::uint64_t record_time_ms) {
  Collected out;
  std::size_t bytes = 0;
  std::vector<Row> rows = turn.rows.scan(table::kDue, {}, {}, config.times.epoch_updates);
  out.changes.reserve(rows.size());  // they are large
  out.names.reserve(rows.size());
  for (Row& row : rows) {
    if (bytes >= config.times.epoch_bytes) break;
    auto due = wire::decode<DueRow>(row.value);
    REQUIRE(due.has_value(), ErrorCode::internal, "a row of what is due does not decode");
    NameChange change = TRY(first_part(turn, *due, record_time_ms));
    if (change.notice) {  // nothing else can be refused
      const directory::Update update{change.key, map.find(change.key), change.commitments};
      if (!directory::next_leaf(update, &*change.notice, record_time_ms, keys.directory.min_reset_delay_s)) {
        turn.events.push_back({proto::Event::Level::warning, "a name is due whose time has not come", 0});
        continue;
      }
    }
    bytes += audit_bytes(change);
    out.names.push_back(due->name);
    move_on(turn, std::move(row.key), std::move(*due), change.commitments.size());
    out.changes.push_back(std::move(change));
  }
  std::sort(out.names.begin(), out.names.end());
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

Bytes encode_names(const std::vector<std::string>& names) {
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
    while (!reader.done()) out.names.push_back(TRY(reader.opaque_text(proto::kMaxNameSize)));
  }
  std::sort(out.names.begin(), out.names.end());
  return out;
}

}  // namespace cairn::relay
