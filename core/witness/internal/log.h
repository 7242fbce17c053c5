// One log that we follow, as the mind holds it.
#pragma once

#include "core/witness/internal/replay.h"

namespace cairn::witness {

/// A request that an auditor has not answered yet.
struct Held {
  proto::RequestId id;
  tlog::AddCheckpoint request;
  Time until;
};

struct Log {
  LogId id;
  LogRow row;
  std::optional<tlog::SignedCheckpoint> cosigned;  ///< the newest, with the log's line and ours
  bool contradicted = false;                       ///< there is evidence against it
  std::optional<Replay> replay;                    ///< auditors, once the config is known
  std::optional<Held> held;

  const std::string& origin() const { return row.key.name().text(); }
  /// What we cosigned last; the empty tree before that.
  tlog::TreeHead head() const { return cosigned ? cosigned->claim().tree : tlog::TreeHead{0, tlog::empty_root()}; }

  /// Reads a listed log's rows.
  static Result<Log> load(Turn& turn, LogRow row);
};

using Logs = std::map<LogId, Log>;

/// Holds a checkpoint that the log signed, wherever it comes from, against what we know of the same size. If it has
/// another root, both notes are kept and nothing of the log is cosigned any more.
void compare(Turn& turn, Log& log, const tlog::VerifiedCheckpoint& checkpoint);

/// The checkpoint with the line of this key alone, which it has.
tlog::SignedCheckpoint with_line_of(const tlog::SignedCheckpoint& checkpoint, const tlog::VerifierKey& key);

}  // namespace cairn::witness
