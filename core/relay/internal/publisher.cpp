#include "core/relay/internal/publisher.h"

#include "core/tlog/tile_store.h"

namespace cairn::relay {
namespace {

/// How long renewals of the time may be apart when they help nobody: while nothing is served, and when the quorum is
/// there and some cosigner is not.
constexpr std::uint64_t kMaxRefreshUnservedMs = 16 * kMinuteMs;
constexpr std::uint64_t kMaxRefreshServedMs = 6 * kHourMs;
/// How old the quorum's newest word on the newest epoch may be when another one is built. Cosignatures are renewed
/// every minute, so what is older means that nobody would cosign, or that our clock is ahead: auditors take no record
/// that is more than 5 minutes ahead of theirs, and what was built is never built again.
constexpr std::uint64_t kMaxWordAgeMs = 5 * kMinuteMs;
constexpr std::uint64_t kDoubtPauseMs = kSecondMs;
/// While the disk is full.
constexpr std::uint64_t kRoomPauseMs = 5 * kSecondMs;

std::vector<PublicKey> keys_of(std::span<const tlog::VerifiedCosignature> cosignatures) {
  std::vector<PublicKey> out;
  for (const tlog::VerifiedCosignature& it : cosignatures) out.push_back(it.cosigner);
  return out;
}

/// When the quorum has cosigned last; a policy without one has no such time.
std::uint64_t cosigned_ms(const tlog::Policy& policy, std::span<const tlog::VerifiedCosignature> cosignatures,
                          Time now) {
  std::vector<tlog::CosignatureTime> times;
  for (const tlog::VerifiedCosignature& it : cosignatures) times.push_back({it.cosigner, it.time_s});
  const auto latest = policy.latest_time_s(times);
  return latest ? *latest * kSecondMs : now.ms;
}

}  // namespace

// ---- what the store says ----

Status Publisher::load_map(const StoreView& rows, const Keys& keys) {
  map_ = directory::Map();
  map_.update(TRY(pages_.load(rows, served_size(), keys.directory.min_reset_delay_s)));
  REQUIRE(!served_ || map_.root() == served_->record.map_root, ErrorCode::internal,
          "the leaves in the store do not give the root that is served");
  return ok();
}

Status Publisher::load_served(const StoreView& rows) {
  served_.reset();
  const auto row = TRY(load<ServedRow>(rows, table::kServed, {}));
  if (!row) return ok();
  auto checkpoint = TRY(tlog::SignedCheckpoint::parse(row->note, tlog::ExtensionLines::refuse));
  REQUIRE(row->size == checkpoint.claim().tree.size && row->size > 0, ErrorCode::internal, "the served row disagrees");
  const auto record = TRY(load<directory::EpochRecord>(rows, table::kRecords, u64_key(row->size - 1)));
  REQUIRE(record, ErrorCode::internal, "the served record is missing from the store");
  const tlog::StoredTiles tiles(rows, table::kTiles);
  const tlog::TileHashes hashes(tiles, row->size);
  auto growth = TRY(tlog::prove_growth(hashes, 0, row->size));
  served_ = Served{std::move(checkpoint), *record, std::move(growth), row->cosigned_ms};
  return ok();
}

Status Publisher::rebuild(Turn& turn, const Keys& keys, Mailboxes& mailboxes) {
  TRY(load_served(turn.rows));
  TRY(load_map(turn.rows, keys));
  const auto last = turn.rows.scan(table::kRecords, {}, {}, 1, Order::descending);
  newest_.reset();
  if (!last.empty()) newest_ = TRY(wire::decode<directory::EpochRecord>(last.front().value));
  const std::uint64_t size = newest_ ? newest_->epoch + 1 : 0;
  edge_ = size == 0 ? tlog::RightEdge() : TRY(tlog::right_edge(tlog::StoredTiles(turn.rows, table::kTiles), size));
  BuiltEpoch unserved = TRY(reread_epochs(turn.rows, served_size(), size, keys.directory.min_reset_delay_s));
  in_flight_ = std::move(unserved.leaves);
  in_flight_names_ = std::move(unserved.names);
  REQUIRE(size >= served_size(), ErrorCode::internal, "the log is shorter than the served checkpoint");

  restored_ = turn.rows.get(table::kKeys, as_bytes(kRestoredRow)).has_value();
  refresh_wait_ms_ = config_.times.refresh_ms;
  doubt_until_ = {};
  doubts_clock_ = false;
  first_due_.reset();
  if (!turn.rows.scan(table::kDue, {}, {}, 1).empty()) statement_due(turn.now);
  cosigners_.rebuild(served_ ? std::optional(served_->checkpoint) : std::nullopt);
  if (size == 0) return build(turn, keys, mailboxes, Changes::none);
  offer_newest(keys, turn.now);
  return serve_if_quorum(turn, mailboxes);
}

Standing Publisher::standing() const {
  return cosigners_.standing(restored_ ? Cosigners::Ask::all : Cosigners::Ask::enough);
}

Status Publisher::check_open() const {
  const Standing now = standing();
  REQUIRE(now != Standing::behind, ErrorCode::unavailable,
          "This server was put back to an older state, and its directory takes nothing new; tell its operator.");
  REQUIRE(now == Standing::newest || !restored_, ErrorCode::unavailable,
          "This server was put back from a backup, and first asks its cosigners; try again in a moment.");
  return ok();
}

void Publisher::heard_cosigners(Turn& turn) {
  if (!restored_ || standing() != Standing::newest) return;
  restored_ = false;
  turn.rows.erase(table::kKeys, to_bytes(kRestoredRow));
  turn.events.push_back({proto::Event::Level::info, "no cosigner knows more of the log than the backup had", 0});
}

// ---- building ----

void Publisher::statement_due(Time now) {
  if (!first_due_) first_due_ = now;
  last_due_ = now;
}

Time Publisher::build_time() const {
  if (!first_due_ || !may_build()) return Time::never();
  const Time collected =
      std::min(after(*first_due_, config_.times.collect_ms), after(last_due_, config_.times.idle_ms));
  return std::max({room_at_, doubt_until_, collected});
}

std::uint64_t Publisher::most_refresh_wait_ms() const {
  const std::uint64_t most = served_size() == edge_.size() ? kMaxRefreshServedMs : kMaxRefreshUnservedMs;
  return std::max(most, config_.times.refresh_ms);
}

Time Publisher::refresh_time() const {
  if (!newest_ || !cosigners_.refused() || standing() != Standing::newest) return Time::never();
  const Time old = after(Time{newest_->time_ms}, std::min(refresh_wait_ms_, most_refresh_wait_ms()));
  return std::max({room_at_, doubt_until_, old});
}

Status Publisher::build(Turn& turn, const Keys& keys, Mailboxes& mailboxes, Changes changes) {
  auto built = TRY(build_epoch(turn, {map_, newest_, edge_}, keys, config_, changes));
  if (changes == Changes::due) {
    first_due_.reset();
    // What is left over, or could not be taken in, is tried again soon.
    if (!turn.rows.scan(table::kDue, {}, {}, 1).empty()) {
      statement_due(built ? turn.now : after(turn.now, kMinuteMs));
    }
    if (!built) return ok();
    in_flight_ = std::move(built->leaves);
    in_flight_names_ = std::move(built->names);
  }
  newest_ = std::move(built->record);
  edge_ = std::move(built->edge);
  turn.events.push_back({proto::Event::Level::info, "an epoch was built", edge_.size()});
  offer_newest(keys, turn.now);
  TRY(serve_if_quorum(turn, mailboxes));
  call_cosigners(turn);
  return ok();
}

void Publisher::offer_newest(const Keys& keys, Time now) {
  const tlog::Checkpoint checkpoint{config_.origin(), {edge_.size(), edge_.root()}, {}};
  offered_ = tlog::SignedCheckpoint::sign(checkpoint, keys.log);
  cosigners_.offer(*offered_, now);
}

void Publisher::call_cosigners(Turn& turn) {
  const tlog::StoredTiles tiles(turn.rows, table::kTiles);
  const tlog::TileHashes hashes(tiles, edge_.size());
  cosigners_.call(hashes, turn.now, turn.sends);
}

bool Publisher::trusts_clock(Time now) const {
  // While an epoch waits for its quorum nobody is asked about the one before.
  if (config_.policy.accepts_anything() || !served_ || served_size() != edge_.size()) return true;
  return elapsed_ms(now, Time{served_->cosigned_ms}) <= kMaxWordAgeMs;
}

void Publisher::check_clock(Turn& turn) {
  if (std::min(build_time(), refresh_time()) > turn.now) return;
  const bool doubts = !trusts_clock(turn.now);
  if (doubts) doubt_until_ = after(turn.now, kDoubtPauseMs);
  if (std::exchange(doubts_clock_, doubts) || !doubts) return;
  turn.events.push_back({proto::Event::Level::warning,
                         "no epoch is built: cosigners cannot be reached, or our clock is ahead of theirs", 0});
}

Status Publisher::tick(Turn& turn, const Keys& keys, Mailboxes& mailboxes) {
  if (turn.rows.full()) room_at_ = after(turn.now, kRoomPauseMs);
  check_clock(turn);
  if (build_time() <= turn.now) TRY(build(turn, keys, mailboxes, Changes::due));
  if (refresh_time() <= turn.now) {
    refresh_wait_ms_ = std::min(refresh_wait_ms_ * 2, most_refresh_wait_ms());
    TRY(build(turn, keys, mailboxes, Changes::none));
  }
  call_cosigners(turn);
  return ok();
}

Time Publisher::deadline() const { return std::min({build_time(), refresh_time(), cosigners_.deadline()}); }

// ---- serving ----

Status Publisher::call_done(Turn& turn, const proto::CallDone& call, const Keys& keys, Mailboxes& mailboxes) {
  const bool cosigned = cosigners_.done(call, turn.now, turn.events);
  heard_cosigners(turn);
  if (cosigned) {
    if (cosigners_.settled()) refresh_wait_ms_ = config_.times.refresh_ms;
    TRY(serve_if_quorum(turn, mailboxes));
  }
  return tick(turn, keys, mailboxes);
}

Status Publisher::serve_if_quorum(Turn& turn, Mailboxes& mailboxes) {
  auto cosignatures = cosigners_.cosignatures(edge_.size());
  if (!config_.policy.accepts_anything() && !config_.policy.satisfied(keys_of(cosignatures))) return ok();
  return serve(turn, mailboxes, std::move(cosignatures));
}

Status Publisher::serve(Turn& turn, Mailboxes& mailboxes, std::vector<tlog::VerifiedCosignature> cosignatures) {
  const std::uint64_t size = edge_.size();
  tlog::SignedCheckpoint checkpoint = *offered_;
  for (const tlog::VerifiedCosignature& it : cosignatures) TRY(checkpoint.add(it.line));
  const std::uint64_t time_ms = cosigned_ms(config_.policy, cosignatures, turn.now);
  const bool grew = size != served_size();
  const std::string note = checkpoint.encode();
  const std::string served_note = served_ ? served_->checkpoint.encode() : std::string();
  if (!grew && note == served_note) return ok();
  // On a full disk cosignatures are renewed in the place of the old ones; what needs more waits for the next renewal.
  if (turn.rows.full() && (grew || note.size() > served_note.size())) return ok();

  tlog::GrowthProof growth = grew ? tlog::GrowthProof() : std::move(served_->growth);  // one size, one tree
  if (grew) {
    const tlog::StoredTiles tiles(turn.rows, table::kTiles);
    growth = TRY(tlog::prove_growth(tlog::TileHashes(tiles, size), 0, size));
    move_map_on(turn);
  }
  save(turn.rows, table::kServed, {}, ServedRow{size, time_ms, note});
  served_ = Served{std::move(checkpoint), *newest_, std::move(growth), time_ms};
  if (grew) {
    turn.events.push_back({proto::Event::Level::info, "an epoch is served", size});
    mailboxes.close_removed(turn, map_, std::exchange(in_flight_names_, {}));
    mailboxes.push_log_grew(turn, size);
  }
  return ok();
}

void Publisher::move_map_on(Turn& turn) {
  map_.update(in_flight_);
  pages_.write_some(turn.rows, map_, edge_.size(), in_flight_.size());
  for (std::uint64_t epoch = served_size(); epoch < edge_.size(); ++epoch) {
    turn.rows.erase(table::kEpochNames, u64_key(epoch));
  }
  in_flight_.clear();
}

}  // namespace cairn::relay
