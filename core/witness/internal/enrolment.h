// How the logs of the operator's list become logs that we follow (docs/spec/witness.md s.1).
#pragma once

#include "core/witness/config.h"
#include "core/witness/internal/log.h"

namespace cairn::witness {

/// Fetches what is not known of a listed log: of a domain its log's key, for an auditor the log's config.
class Enrolment {
 public:
  Enrolment(Role role, const LogList& list) : role_(role), list_(list) {}

  /// Reads the logs that are known, stores those that are new, and makes the calls for the rest.
  Status rebuild(Turn& turn, Logs& logs);
  /// Makes the calls that are due.
  void call_due(Turn& turn, const Logs& logs);
  bool owns(proto::CallId call) const;
  /// Takes in the answer of a call of its own.
  void done(Turn& turn, const proto::CallDone& call, Logs& logs);
  Time deadline() const;

 private:
  enum class Wanted : std::uint8_t { key, config };
  struct Errand {
    Wanted wanted = Wanted::key;
    ListedDomain domain;  ///< wanted is key
    LogId log;            ///< wanted is config
    std::optional<proto::CallId> call;
    unsigned failures = 0;
    Time next_try;
  };

  Status follow(Turn& turn, Logs& logs, LogRow row);
  Status take_key(Turn& turn, Logs& logs, const ListedDomain& domain, ByteView answer);
  Status take_config(Turn& turn, Log& log, ByteView answer);

  Role role_;
  const LogList& list_;
  std::vector<Errand> errands_;
};

}  // namespace cairn::witness
