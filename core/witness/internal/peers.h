// What witnesses and auditors of the same logs tell each other (docs/spec/witness.md s.2): their newest checkpoints,
// and the vetoes of owners.
#pragma once

#include <set>

#include "core/witness/internal/log.h"

namespace cairn::witness {

/// Between two rounds of reading peers' checkpoints.
constexpr std::uint64_t kRoundMs = kMinuteMs;
/// Calls that one round makes at most; the next one goes on where it ended.
constexpr std::size_t kCallsARound = 512;

class Peers {
 public:
  /// `urls` must outlive this.
  explicit Peers(const std::vector<std::string>& urls) : urls_(urls) {}

  /// Forgets what is under way, and who has which veto: all are told again.
  void rebuild();
  /// Asks peers for the checkpoints of the logs, and tells them vetoes that they have not taken.
  void round(Turn& turn, const Logs& logs);
  /// Tells them one that has just come; whom it did not reach then, a round does.
  void pass_veto(Turn& turn, const directory::VetoNotice& veto);
  bool owns(proto::CallId call) const { return reads_.contains(call) || vetoes_.contains(call); }
  void done(Turn& turn, const proto::CallDone& call, Logs& logs);

 private:
  using Passed = std::pair<std::size_t, Hash>;  // peer, request
  void pass(Turn& turn, std::size_t peer, const directory::VetoNotice& veto);
  void pass_vetoes(Turn& turn, const Logs& logs);

  const std::vector<std::string>& urls_;
  std::map<proto::CallId, LogId> reads_;
  std::map<proto::CallId, Passed> vetoes_;
  std::set<Passed> passed_;    ///< under way or taken, of vetoes that are still of use
  std::size_t next_ = 0;       ///< of all pairs of peer and log
  std::size_t next_veto_ = 0;  ///< of all pairs of veto and peer
};

}  // namespace cairn::witness
