#include "core/client/leaf_updates.h"

#include <algorithm>

#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// A timer may be so late; whoever is later was away.
constexpr std::uint64_t kMissedMs = kMinuteMs;

std::uint64_t drawn_below(Entropy& entropy, std::uint64_t end) {
  std::array<std::uint8_t, 8> bytes{};
  entropy.fill(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return end == 0 ? 0 : value % end;
}

std::uint64_t turns_ms(std::size_t devices) {
  return std::min(kLeafTurnMs * std::min<std::uint64_t>(devices, kMostLeafTurnsMs / kLeafTurnMs), kMostLeafTurnsMs);
}

std::uint64_t later_ms(std::uint32_t tries) {
  return std::min((kMinuteMs << std::min(tries, kMostDoublings)), kMostLeafTurnsMs);
}

}  // namespace

void LeafAge::write(wire::Writer& w) const {
  w.raw(leaf);
  w.u64(since_ms);
  w.u32(sent);
  w.u32(tries);
  w.u64(at_ms);
  w.raw(staged);
  w.u64(staged_ms);
}

Result<LeafAge> LeafAge::read(wire::Reader& r) {
  LeafAge out;
  out.leaf = TRY(r.fixed<Hash>());
  out.since_ms = TRY(r.u64());
  out.sent = TRY(r.u32());
  out.tries = TRY(r.u32());
  out.at_ms = TRY(r.u64());
  out.staged = TRY(r.fixed<Hash>());
  out.staged_ms = TRY(r.u64());
  return out;
}

std::optional<LeafAge> load_leaf_age(const StoreView& store, const ChannelId& channel) {
  const auto row = store.get(tables::kLeafAges, channel);
  if (!row) return std::nullopt;
  auto age = wire::decode<LeafAge>(*row);
  if (!age) return std::nullopt;
  return *age;
}

void save_leaf_age(Context& context, const ChannelId& channel, const LeafAge& age) {
  context.store.put(tables::kLeafAges, to_bytes(channel.view()), wire::encode(age));
}

LeafAge age_of(const std::optional<LeafAge>& age, const LeafFacts& facts, Time now) {
  const Time known = known_time(facts, now);
  LeafAge out;
  if (age && age->leaf == facts.leaf) {
    out = *age;
  } else {
    out.leaf = facts.leaf;
    const bool was_staged = age && age->staged == facts.leaf;
    const Time first_seen = was_staged ? Time{age->staged_ms} : known;
    out.since_ms = facts.made.value_or(first_seen).ms;
  }
  out.since_ms = std::min(out.since_ms, known.ms);  // this clock was ahead
  return out;
}

void note_leaf_staged(LeafAge& age, const Hash& leaf, Time now) {
  age.staged = leaf;
  age.staged_ms = now.ms;
}

Time plan_leaf_update(LeafAge& age, const LeafFacts& facts, Time now, Entropy& entropy) {
  const Time old_at = after(Time{age.since_ms}, kLeafLifeMs);
  const Time known = known_time(facts, now);
  const bool is_old = old_at <= known || facts.is_last_resort;
  const bool is_used = age.sent >= kLeafMessages && facts.blanks_above <= kMostBlanksAbove;
  if (!is_old && !is_used) {
    age.at_ms = 0;
    return after(now, elapsed_ms(old_at, known));
  }
  const bool was_ahead = age.at_ms > after(now, kMostLeafTurnsMs + kEpochRestMs).ms;
  if (age.at_ms == 0 || was_ahead) {
    age.at_ms = after(now, drawn_below(entropy, turns_ms(facts.devices))).ms;
  } else if (after(Time{age.at_ms}, kMissedMs) < now && age.tries == 0) {
    age.tries = 1;
    age.at_ms = after(now, drawn_below(entropy, later_ms(age.tries))).ms;
  }
  if (age.at_ms > now.ms) return Time{age.at_ms};
  const bool is_new_epoch =
      facts.epoch_began && *facts.epoch_began <= now && elapsed_ms(now, *facts.epoch_began) < kEpochRestMs;
  if (!is_new_epoch || age.tries >= kMostRests) return now;
  // All whose moment came in this minute would else be there at its end.
  ++age.tries;
  const std::uint64_t pause_ms = drawn_below(entropy, later_ms(age.tries));
  age.at_ms = after(after(*facts.epoch_began, kEpochRestMs), pause_ms).ms;
  return Time{age.at_ms};
}

void note_leaf_try(LeafAge& age, Time now, Entropy& entropy) {
  age.tries = std::min(age.tries + 1, kMostDoublings);
  age.at_ms = after(now, kEpochRestMs + drawn_below(entropy, later_ms(age.tries))).ms;
}

}  // namespace cairn::client
