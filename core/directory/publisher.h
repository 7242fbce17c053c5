// Makes the next epoch of a directory: pure, the caller stores, signs and sends (docs/spec/directory.md s.4).
//
// What must be durable before what, so that no epoch is ever signed with two roots, whatever crashes:
//   1. the record, the audit, the leaves, and the statements and notices behind them, in ONE transaction
//   2. the checkpoint, signed over the STORED record, after 1
//   3. whatever goes to a cosigner, after 2
//   4. the checkpoint that is served, after the quorum has cosigned
// After a crash the owner looks for a stored record that no stored checkpoint covers and goes on at 2 with it; it
// never makes that epoch again. The map that answers lookups stays at the served epoch until 4: it is then moved on
// with the epoch's leaves. So one map is enough, as long as the epochs that are not served yet change names at most
// once.
#pragma once

#include "core/directory/map.h"
#include "core/directory/update.h"

namespace cairn::directory {

/// What the accepted statements of one name do to its leaf.
struct NameChange {
  Hash key;
  std::vector<Hash> commitments;  ///< in the order of the chain, at least one
  std::optional<Notice> notice;   ///< then exactly one commitment
};

struct NextEpoch {
  EpochRecord record;
  Bytes audit;                     ///< an EpochAudit
  std::vector<LeafChange> leaves;  ///< ascending by key: what the map is to hold once the epoch is served
};

/// The time that the next record will have: now, but never before the previous record. Notices of requests are made
/// with it.
std::uint64_t next_record_time_ms(const std::optional<EpochRecord>& previous, Time now);

/// The next epoch; the map stays as it is. `previous` is the newest stored record, nothing before epoch 0, and the map
/// is the one it describes (CHECKed) unless `changes` is empty: then the epoch renews the time alone (or begins a log),
/// and the map is not looked at. `record_time_ms` is next_record_time_ms. `malformed` with two changes for one key,
/// `over_limit` beyond kMaxEpochUpdates or kMaxAuditBytes, and whatever rule of the audit a notice breaks.
Result<NextEpoch> publish(const Map& map, const std::optional<EpochRecord>& previous, const DirectoryConfig& config,
                          std::vector<NameChange> changes, std::uint64_t record_time_ms);

}  // namespace cairn::directory
