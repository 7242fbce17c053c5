#include "core/relay/inspection.h"

#include <map>

#include "core/directory/auditor.h"
#include "core/directory/map.h"
#include "core/relay/internal/schema.h"
#include "core/relay/leaf_pages.h"
#include "core/relay/tables.h"
#include "core/tlog/checkpoint.h"
#include "core/tlog/tile_store.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kInspectedAtOnce = 4096;

template <class Visit>
void visit_all(const StoreView& rows, Table table, Visit visit) {
  Bytes first;
  for (std::vector<Row> page; !(page = rows.scan(table, first, {}, kInspectedAtOnce)).empty();) {
    for (const Row& row : page) visit(row);
    first = std::move(page.back().key);
    first.push_back(0);
  }
}

class Inspector {
 public:
  Inspector(const StoreView& store, Time now) : store_(store), now_(now) {}

  Result<Inspection> run() {
    auto config = TRY(load<directory::DirectoryConfig>(store_, table::kKeys, as_bytes(kConfigRow)));
    REQUIRE(config, ErrorCode::not_found, "this store has no log yet: start the server once, or run cairnd init");
    out_.origin = config->origin;
    out_.awaits_cosigners = store_.get(table::kKeys, as_bytes(kRestoredRow)).has_value();
    replay(*config);
    check_tiles();
    check_served(*config);
    check_names();
    check_mailboxes();
    return std::move(out_);
  }

 private:
  void found(std::string sentence) {
    constexpr std::size_t kMost = 100;  // who has so many needs no more
    if (out_.findings.size() < kMost) out_.findings.push_back(std::move(sentence));
  }

  /// As an auditor does, who adopts the log as it is: for how long resets waited it cannot know afterwards.
  void replay(const directory::DirectoryConfig& config) {
    std::uint64_t records = 0;
    visit_all(store_, table::kRecords, [&](const Row&) { ++records; });
    out_.epochs = records;
    auto auditor = directory::Auditor::enrol(config, records);
    if (!auditor) return found("The directory's config is none.");
    for (std::uint64_t epoch = 0; epoch < records; ++epoch) {
      const std::string which = "Epoch " + std::to_string(epoch);
      const auto record = load<directory::EpochRecord>(store_, table::kRecords, u64_key(epoch));
      const auto bytes = store_.get(table::kAudits, u64_key(epoch));
      if (!record || !*record || !bytes) return found(which + " is missing.");
      const auto audit = directory::EpochAudit::decode(*bytes);
      if (!audit || audit->record != **record) return found(which + " has no audit of its own record.");
      const Time then = std::max(now_, Time{(*record)->time_ms});
      if (const Status good = auditor->audit(*audit, then); !good) {
        return found(which + " does not follow from the one before (" + good.error().where + ").");
      }
      leaves_.push_back((*record)->log_leaf());
      edge_.append(leaves_.back());
      edges_.emplace(edge_.size(), edge_.root());
    }
  }

  /// Every tile of hashes from the leaves up: each row as it must be, and no other.
  void check_tiles() {
    std::vector<Hash> level = leaves_;
    std::uint64_t expected = 0;
    for (std::uint8_t number = 0; !level.empty(); ++number) {
      std::vector<Hash> above;
      for (std::size_t start = 0; start < level.size(); start += tlog::kTileWidth) {
        const std::size_t width = std::min<std::size_t>(tlog::kTileWidth, level.size() - start);
        tlog::RightEdge subtree;
        Bytes bytes;
        for (std::size_t i = start; i < start + width; ++i) {
          append(bytes, level[i]);
          subtree.append(level[i]);
        }
        if (width == tlog::kTileWidth) above.push_back(subtree.root());
        const tlog::TileId id{tlog::TileKind::hashes, number, start / tlog::kTileWidth,
                              static_cast<std::uint16_t>(width)};
        const auto stored = tlog::StoredTiles(store_, table::kTiles).tile(id);
        if (!stored || *stored != bytes) found("The log's " + id.path() + " is not what its records give.");
        ++expected;
      }
      level = std::move(above);
    }
    std::uint64_t rows = 0;
    visit_all(store_, table::kTiles, [&](const Row&) { ++rows; });
    if (rows != expected) found("The log has tiles that belong to no record.");
  }

  void check_served(const directory::DirectoryConfig& config) {
    const auto row = load<ServedRow>(store_, table::kServed, {});
    if (!row) return found("The row of the checkpoint that is served does not decode.");
    if (!*row) return;
    out_.served = (*row)->size;
    const auto checkpoint = tlog::SignedCheckpoint::parse((*row)->note, tlog::ExtensionLines::refuse);
    const auto name = tlog::KeyName::from(config.origin);
    if (!checkpoint || !name) return found("The checkpoint that is served is none.");
    const tlog::VerifierKey key(*name, tlog::SignatureType::ed25519, config.log_key);
    if (!tlog::VerifiedCheckpoint::verify(*checkpoint, key))
      found("The checkpoint that is served is not signed by the log.");
    const auto edge = edges_.find((*row)->size);
    if (edge == edges_.end() || checkpoint->claim().tree.size != (*row)->size ||
        checkpoint->claim().tree.root != edge->second) {
      found("The checkpoint that is served has another root than the log's records give.");
    }
    check_map((*row)->size, config);
  }

  void check_map(std::uint64_t size, const directory::DirectoryConfig& config) {
    const auto record = load<directory::EpochRecord>(store_, table::kRecords, u64_key(size - 1));
    const auto leaves = load_leaves(store_, size, config.min_reset_delay_s);
    directory::Map map;
    if (leaves) map.update(*leaves);
    const bool good = record && record->has_value() && leaves;
    if (!good || map.root() != (*record)->map_root) found("The map has another root than the record that is served.");
  }

  void check_names() {
    visit_all(store_, table::kNames, [&](const Row& row) {
      ++out_.names;
      const auto name = wire::decode<NameRow>(row.value);
      if (!name || name->state.name().text() != as_text(row.key)) return found("The row of a name does not decode.");
      directory::NameState replayed(name->state.name());
      for (std::uint32_t sequence = 0; sequence < name->state.count(); ++sequence) {
        const auto statement =
            load<directory::Statement>(store_, table::kStatements, chain_key(name->state.name().text(), sequence));
        if (!statement || !*statement || !replayed.apply(**statement)) {
          return found("A name's chain has a statement that is missing or does not follow.");
        }
      }
      if (!(replayed == name->state)) found("A name's devices are not what its statements give.");
    });
  }

  void check_mailboxes() {
    std::map<std::uint64_t, std::uint64_t> uses;
    visit_all(store_, table::kReferences, [&](const Row& row) {
      ++out_.envelopes;
      ++uses[number_of_key(row.value)];
    });
    visit_all(store_, table::kChannels, [&](const Row& row) {
      const auto channel = wire::decode<ChannelRow>(row.value);
      if (!channel) return found("The row of a channel does not decode.");
      if (channel->last_commit != 0) ++uses[channel->last_commit];
    });
    std::uint64_t wrong = 0;
    for (const auto& [body, count] : uses) {
      const auto stored = store_.get(table::kBodyCounts, u64_key(body));
      const bool good = stored && number_of_key(*stored) == count && store_.get(table::kBodies, u64_key(body));
      wrong += good ? 0 : 1;
    }
    if (wrong != 0) found(std::to_string(wrong) + " envelopes that wait are missing, or are counted wrongly.");
  }

  const StoreView& store_;
  Time now_;
  Inspection out_;
  std::vector<Hash> leaves_;
  tlog::RightEdge edge_;
  std::map<std::uint64_t, Hash> edges_;  ///< root by size
};

}  // namespace

Result<std::string> log_vkey(const StoreView& store) {
  const auto config = TRY(load<directory::DirectoryConfig>(store, table::kKeys, as_bytes(kConfigRow)));
  REQUIRE(config, ErrorCode::not_found, "this store has no log yet: start the server once, or run cairnd init");
  const auto origin = TRY(tlog::KeyName::from(config->origin));
  return tlog::VerifierKey(origin, tlog::SignatureType::ed25519, config->log_key).to_text();
}

Result<LogSizes> log_sizes(const StoreView& store) {
  LogSizes out;
  const auto last = store.scan(table::kRecords, {}, {}, 1, Order::descending);
  if (!last.empty()) out.built = number_of_key(last.front().key) + 1;
  const auto served = TRY(load<ServedRow>(store, table::kServed, {}));
  if (served) out.served = served->size;
  return out;
}

Status check_readable(const StoreView& store) {
  const auto row = TRY(load<NumberRow>(store, table::kKeys, as_bytes(kSchemaRow)));
  REQUIRE(!row || row->value <= kSchema, ErrorCode::unsupported,
          "this store was written by a newer version of cairnd: install that version or a later one");
  return ok();
}

Result<std::vector<WaitingQueue>> waiting_queues(const StoreView& store) {
  std::map<std::string, WaitingQueue> found;  // what is set aside of a domain counts as its
  Status whole = ok();
  visit_all(store, table::kOutgoingQueues, [&](const Row& row) {
    const auto queue = wire::decode<OutgoingQueueRow>(row.value);
    if (!queue) whole = fail(ErrorCode::internal, "a row of the store does not decode");
    if (!queue || queue->items == 0) return;
    const std::string lane = as_text(row.key);
    WaitingQueue& sum = found[lane.substr(0, lane.find('/'))];
    sum.items += queue->items;
    sum.bytes += queue->bytes;
  });
  TRY(whole);
  std::vector<WaitingQueue> out;
  for (auto& [domain, queue] : found) out.push_back({domain, queue.items, queue.bytes});
  return out;
}

Result<Inspection> inspect(const StoreView& store, Time now) {
  TRY(check_readable(store));
  return Inspector(store, now).run();
}

}  // namespace cairn::relay
