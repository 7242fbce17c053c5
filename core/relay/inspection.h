// What a store says of itself, for its operator: nothing here changes it.
#pragma once

#include <string>
#include <vector>

#include "core/base/environment.h"
#include "core/base/store.h"

namespace cairn::relay {

/// The log's key as cosigners list it; `not_found` for a store that has none yet.
Result<std::string> log_vkey(const StoreView& store);

/// `unsupported`, a sentence, for a store that a newer version has written; else ok, also for an empty one.
Status check_readable(const StoreView& store);

/// How many epochs the log has, and how many of them stand under the checkpoint that is served.
struct LogSizes {
  std::uint64_t built = 0;
  std::uint64_t served = 0;
};
/// Reads two rows; checks nothing.
Result<LogSizes> log_sizes(const StoreView& store);

struct Inspection {
  std::string origin;
  std::uint64_t epochs = 0;  ///< that were built
  std::uint64_t served = 0;  ///< of these, under the checkpoint that is served
  std::uint64_t names = 0;
  std::uint64_t envelopes = 0;          ///< that wait in mailboxes
  bool awaits_cosigners = false;        ///< it was restored, and they were not all asked yet
  std::vector<std::string> findings{};  ///< what is wrong, a sentence each; nothing when it is empty
};

/// Computes every hash of the log anew: each epoch by the rules of an auditor, from the first on, each tile, the map
/// that is served, the signature of the checkpoint; each chain from its statements; and looks whether every envelope
/// that waits is there, once for each mailbox. Takes long, and the memory of the map. `not_found` for a store without
/// a log.
Result<Inspection> inspect(const StoreView& store, Time now);

/// What waits for another domain.
struct WaitingQueue {
  std::string domain;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};
/// Those in which something waits, by domain.
Result<std::vector<WaitingQueue>> waiting_queues(const StoreView& store);

}  // namespace cairn::relay
