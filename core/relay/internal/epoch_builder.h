// Makes an epoch of what is due, as rows of one turn (docs/spec/directory.md s.4).
#pragma once

#include <string>
#include <vector>

#include "core/directory/map.h"
#include "core/directory/publisher.h"
#include "core/relay/internal/keys.h"
#include "core/relay/tables.h"
#include "core/tlog/merkle.h"

namespace cairn::relay {

/// An epoch that stands in this turn's rows.
struct BuiltEpoch {
  directory::EpochRecord record;
  tlog::RightEdge edge;                       ///< of the log with the record
  std::vector<directory::LeafChange> leaves;  ///< for when it is served
  std::vector<std::string> names;             ///< that it changes, sorted
};

/// What the next epoch follows on.
struct EpochBase {
  const directory::Map& map;
  const std::optional<directory::EpochRecord>& previous;
  const tlog::RightEdge& edge;
};

/// Which names an epoch takes in.
enum class Changes : std::uint8_t {
  due,  ///< up to the configured number of names that are due
  none  ///< an epoch that renews the time alone
};

/// Record, audit, tiles, notices, names: all rows of the next epoch; nothing when `changes` is due and no name can be
/// taken in now. On error what was written to the turn must be thrown away.
Result<std::optional<BuiltEpoch>> build_epoch(Turn& turn, const EpochBase& base, const Keys& keys,
                                              const RelayConfig& config, Changes changes);

/// The leaves that stored epochs [first, end) are to set, and the names that they change.
Result<BuiltEpoch> reread_epochs(const StoreView& rows, std::uint64_t first, std::uint64_t end,
                                 std::uint32_t min_reset_delay_s);

}  // namespace cairn::relay
