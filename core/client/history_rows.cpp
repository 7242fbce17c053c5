#include "core/client/history_rows.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxGives = 64;
constexpr std::size_t kMaxHistoryKey = 2048;
constexpr std::size_t kMaxCursorKey = 64;
constexpr std::size_t kMaxHistorySentence = 1024;
constexpr std::size_t kHistoryKeySize = 32;
constexpr std::string_view kFirstOwnIndex = "first own index";
/// More messages than a conversation can come to have on one device. 4,096 statements times as many fit into 2^53.
constexpr unsigned kIndexesOfDevice = 32;

template <class Enum>
Result<Enum> read_history_enum(wire::Reader& r, std::uint8_t last) {
  const std::uint8_t value = TRY(r.u8());
  REQUIRE(value >= 1 && value <= last, ErrorCode::malformed, "enum value");
  return static_cast<Enum>(value);
}

void write_choice(wire::Writer& w, HistoryChoice choice) { w.u8(choice == HistoryChoice::everything ? 1 : 0); }
Result<HistoryChoice> read_choice(wire::Reader& r) {
  return TRY(r.presence())
  ? HistoryChoice::everything : HistoryChoice::settings_alone;
}

}  // namespace

void OwnBlob::write(wire::Writer& w) const {
  w.raw(blob);
  w.raw(owner.expose());
}
Result<OwnBlob> OwnBlob::read(wire::Reader& r) {
  OwnBlob out;
  out.blob = TRY(r.fixed<proto::BlobId>());
  const ByteView seed = TRY(r.raw(crypto::Ed25519Seed::kSize));
  out.owner = TRY(crypto::Ed25519Seed::from(seed));
  return out;
}

void SettingsCursor::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(phase));
  w.opaque(after);
}
Result<SettingsCursor> SettingsCursor::read(wire::Reader& r) {
  SettingsCursor out;
  out.phase = TRY(read_history_enum<Phase>(r, 3));
  out.after = TRY(r.opaque_bytes(kMaxCursorKey));
  return out;
}

void HistoryGive::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(stage));
  write_choice(w, choice);
  w.u64(since_ms);
  w.opaque(public_key);
  w.u32(next_piece);
  w.u64(given);
  w.u64(total);
  settings.write(w);
  w.optional(putting);
}
Result<HistoryGive> HistoryGive::read(wire::Reader& r) {
  HistoryGive out;
  out.stage = TRY(read_history_enum<Stage>(r, 3));
  out.choice = TRY(read_choice(r));
  out.since_ms = TRY(r.u64());
  out.public_key = TRY(r.opaque_bytes(kMaxHistoryKey));
  out.next_piece = TRY(r.u32());
  out.given = TRY(r.u64());
  out.total = TRY(r.u64());
  out.settings = TRY(SettingsCursor::read(r));
  out.putting = TRY(r.optional<OwnBlob>());
  return out;
}

void HistoryPlace::write(wire::Writer& w) const {
  w.u64(low);
  w.u64(next);
  w.u64(high);
  w.u64(joined_ms);
  w.u8(is_last ? 1 : 0);
}
Result<HistoryPlace> HistoryPlace::read(wire::Reader& r) {
  HistoryPlace out;
  out.low = TRY(r.u64());
  out.next = TRY(r.u64());
  out.high = TRY(r.u64());
  out.joined_ms = TRY(r.u64());
  out.is_last = TRY(r.presence());
  return out;
}

void GivenPiece::Range::write(wire::Writer& w) const {
  w.raw(home);
  w.u64(from);
  w.u64(to);
}
Result<GivenPiece::Range> GivenPiece::Range::read(wire::Reader& r) {
  Range out;
  out.home = TRY(r.fixed<ChannelId>());
  out.from = TRY(r.u64());
  out.to = TRY(r.u64());
  return out;
}

void GivenPiece::write(wire::Writer& w) const {
  blob.write(w);
  w.optional(settings);
  w.vector(ranges);
}
Result<GivenPiece> GivenPiece::read(wire::Reader& r) {
  GivenPiece out;
  out.blob = TRY(OwnBlob::read(r));
  out.settings = TRY(r.optional<SettingsCursor>());
  out.ranges = TRY(r.vector<Range>(wire::kMaxVectorSize, kMaxRanges));
  return out;
}

void HistoryTake::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(stage));
  w.raw(from);
  write_choice(w, choice);
  w.optional_raw(key ? std::optional<ByteView>(key->expose()) : std::nullopt);
  w.u64(taken);
  w.u64(total);
  w.u32(asked_again);
  w.u64(ended_ms);
  w.opaque(trouble);
}
Result<HistoryTake> HistoryTake::read(wire::Reader& r) {
  HistoryTake out;
  out.stage = TRY(read_history_enum<Stage>(r, 3));
  out.from = TRY(r.fixed<DeviceId>());
  out.choice = TRY(read_choice(r));
  if (TRY(r.presence())) out.key.emplace(TRY(r.raw(kHistoryKeySize)));
  out.taken = TRY(r.u64());
  out.total = TRY(r.u64());
  out.asked_again = TRY(r.u32());
  out.ended_ms = TRY(r.u64());
  out.trouble = TRY(r.opaque_text(kMaxHistorySentence));
  return out;
}

void HistoryHeard::write(wire::Writer& w) const {
  w.u64(due_ms);
  w.u64(asked_ms);
  w.u32(times);
}
Result<HistoryHeard> HistoryHeard::read(wire::Reader& r) {
  HistoryHeard out;
  out.due_ms = TRY(r.u64());
  out.asked_ms = TRY(r.u64());
  out.times = TRY(r.u32());
  return out;
}

void expect_history(Context& context, const DeviceId& from, HistoryChoice choice) {
  HistoryTake take;
  take.from = from;
  take.choice = choice;
  save_take(context, take);
}

void forget_expected_history(Context& context) {
  context.store.erase(tables::kHistoryTaken, {});
  context.store.erase(tables::kCounters, to_bytes(as_bytes(kFirstOwnIndex)));
}

void grant_history(Context& context, const DeviceId& to, HistoryChoice choice) {
  if (load_gives(context.store).size() >= kMaxGives) return;  // more than a name has devices
  HistoryGive give;
  give.to = to;
  give.choice = choice;
  give.since_ms = context.now.ms;
  save_give(context, give);
}

std::optional<HistoryTake> load_take(const StoreView& store) {
  const auto row = store.get(tables::kHistoryTaken, {});
  if (!row) return std::nullopt;
  auto take = wire::decode<HistoryTake>(*row);
  if (!take) return std::nullopt;
  return std::move(*take);
}

void save_take(Context& context, const HistoryTake& take) {
  context.store.put(tables::kHistoryTaken, {}, to_bytes(wire::encode_secret(take).expose()));
}

std::vector<HistoryGive> load_gives(const StoreView& store) {
  std::vector<HistoryGive> out;
  for (const Row& row : store.scan(tables::kHistoryGiven, {}, {}, kMaxGives)) {
    const auto to = DeviceId::from(row.key);
    auto give = wire::decode<HistoryGive>(row.value);
    if (!to || !give) continue;
    give->to = *to;
    out.push_back(std::move(*give));
  }
  return out;
}

std::optional<HistoryGive> load_give(const StoreView& store, const DeviceId& to) {
  const auto row = store.get(tables::kHistoryGiven, to);
  if (!row) return std::nullopt;
  auto give = wire::decode<HistoryGive>(*row);
  if (!give) return std::nullopt;
  give->to = to;
  return std::move(*give);
}

void save_give(Context& context, const HistoryGive& give) {
  context.store.put(tables::kHistoryGiven, to_bytes(give.to), to_bytes(wire::encode_secret(give).expose()));
}

Bytes piece_row_key(const DeviceId& to, std::uint32_t number) {
  wire::Writer w;
  w.raw(to);
  w.u32(number);
  return w.take();
}

std::optional<GivenPiece> load_piece(const StoreView& store, Table table, ByteView key) {
  const auto row = store.get(table, key);
  if (!row) return std::nullopt;
  auto piece = wire::decode<GivenPiece>(*row);
  if (!piece) return std::nullopt;
  return std::move(*piece);
}

void save_piece(Context& context, Table table, const Bytes& key, const GivenPiece& piece) {
  context.store.put(table, key, to_bytes(wire::encode_secret(piece).expose()));
}

std::uint64_t first_own_index(const StoreView& store) {
  const auto row = store.get(tables::kCounters, as_bytes(kFirstOwnIndex));
  if (!row) return 0;
  wire::Reader r(*row);
  return r.u64().value_or(0);
}

void set_first_own_index(Context& context, std::uint32_t sequence) {
  wire::Writer w;
  w.u64((std::uint64_t{sequence} + 1) << kIndexesOfDevice);
  context.store.put(tables::kCounters, to_bytes(kFirstOwnIndex), w.take());
}

}  // namespace cairn::client
