// When this device's leaf of a conversation gets new keys, so that who has copied the old ones is shut out again
// (docs/spec/client.md s.18). Nothing here knows MLS: reconciler_updates.cpp makes the commits.
#pragma once

#include <algorithm>
#include <optional>

#include "core/base/types.h"
#include "core/client/context.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {

/// A leaf's keys are due after so long, or after so many messages that were encrypted by this device with them.
constexpr std::uint64_t kLeafLifeMs = 7 * kDayMs;
constexpr std::uint32_t kLeafMessages = 100;
/// Messages alone make no commit that holds more ciphertexts than that beyond one a level: then the time does.
constexpr std::size_t kMostBlanksAbove = 32;
/// What is due is done at a random moment of so long for each device of the conversation, at most a day.
constexpr std::uint64_t kLeafTurnMs = 10 * kMinuteMs;
constexpr std::uint64_t kMostLeafTurnsMs = kDayMs;
/// No such commit in the first minute of an epoch: as long as messages of the epoch before are taken.
constexpr std::uint64_t kEpochRestMs = kMinuteMs;
/// But whoever was put off so often by that goes on all the same: else one member that commits all the time would keep
/// all others' keys as they are. With the moments of later and later that is less than nine hours.
constexpr std::uint32_t kMostRests = 8;
/// After n commits that did not win, or moments that fell into that minute: a random moment of 2^n minutes, at most a
/// day.
constexpr unsigned kMostDoublings = 11;
/// Where its owner has not said yes, or does not want to hear the other, a device looks so often whether that changed.
constexpr std::uint64_t kUnwantedLookMs = kHourMs;

/// tables::kLeafAges: of the leaf that this device has in a channel.
struct LeafAge {
  Hash leaf;                    ///< SHA-256 of its encryption key; of another leaf nothing below counts
  std::uint64_t since_ms = 0;   ///< when its keys were made
  std::uint32_t sent = 0;       ///< messages that were encrypted since
  std::uint32_t tries = 0;      ///< commits since it came to be due, and moments that were in an epoch's first minute
  std::uint64_t at_ms = 0;      ///< the next one, not before; 0: none is due
  Hash staged;                  ///< SHA-256 of the encryption key that the commit staged last gives; zero: none
  std::uint64_t staged_ms = 0;  ///< when that one was made: it may count much later, and who copied it has it

  void write(wire::Writer&) const;
  static Result<LeafAge> read(wire::Reader&);
  friend bool operator==(const LeafAge&, const LeafAge&) = default;
};

/// What the group says of it.
struct LeafFacts {
  Hash leaf;
  std::optional<Time> made;         ///< of a leaf that came with a key package; else it is as old as it is known
  bool is_last_resort = false;      ///< its keys are those of other conversations too
  std::size_t devices = 0;          ///< in the conversation
  std::size_t blanks_above = 0;     ///< mls::Group::blanks_above()
  std::optional<Time> epoch_began;  ///< nothing: longer ago than matters
  Time least;                       ///< it is no earlier than this, whatever the own clock says: a log's time
};

std::optional<LeafAge> load_leaf_age(const StoreView& store, const ChannelId& channel);
void save_leaf_age(Context& context, const ChannelId& channel, const LeafAge& age);

/// The later of both: by this the age of keys is counted, as some clocks begin at the same past day each time.
inline Time known_time(const LeafFacts& facts, Time now) { return std::max(now, facts.least); }

/// `age`, or a new one when it is of another leaf. No time in it is later than known_time(), but for `at_ms`.
LeafAge age_of(const std::optional<LeafAge>& age, const LeafFacts& facts, Time now);

/// A commit was staged, at that known_time(), that gives this device the leaf with that hash.
void note_leaf_staged(LeafAge& age, const Hash& leaf, Time now);

/// When the commit is to be made, by the own clock: at once if that is not after `now`. Draws the moment in `age` when
/// it comes to be due, when that was missed (others may have been away as long), and when an epoch has just begun.
Time plan_leaf_update(LeafAge& age, const LeafFacts& facts, Time now, Entropy& entropy);

/// A commit is made now: should it not win, however that shows, the next one is later and later.
void note_leaf_try(LeafAge& age, Time now, Entropy& entropy);

}  // namespace cairn::client
