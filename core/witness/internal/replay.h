// An auditor's own copy of a log: reads its audits one after the other and follows them.
//
//   settled --audits--> working            working becomes settled when the log has signed its root; else it is
//      ^--- another root, a broken rule ---'  forgotten, so that nobody who stands between us and the log can lead us
//      to
//                                             where we cannot come back from
//
// Settled is not cosigned: while a completed reset is owed its waiting (rule 9) the log is followed and nothing of it
// is cosigned, old sizes neither. The requests of resets are rows of their own: what has changed is written.
#pragma once

#include <map>
#include <set>

#include "core/directory/auditor.h"
#include "core/witness/internal/turn.h"
#include "core/witness/tables.h"

namespace cairn::witness {

class Replay {
 public:
  /// A log that is new to us; stores its first row.
  static Replay begin(Turn& turn, const LogId& log, std::string url, directory::Auditor auditor);
  /// As stored; nothing when there is no row.
  static Result<std::optional<Replay>> load(Turn& turn, const LogId& log, std::string url);

  const directory::Auditor& settled() const { return settled_; }
  const directory::Auditor& working() const { return working_; }

  /// Reads on up to this size, which the log has signed.
  void aim(std::uint64_t size) { target_ = std::max(target_, size); }
  bool behind() const { return working_.size() < target_; }
  /// The largest size that the log has signed, as far as was heard since the start, or that was read.
  std::uint64_t offered() const { return std::max(target_, working_.size()); }
  /// Whether it waits after a failure.
  bool resting(Time now) const { return now < next_try_; }

  /// Makes the calls that are due.
  void call(Turn& turn);
  bool owns(proto::CallId call) const;
  /// Takes in the answer of a call of its own: an error when it was of no use.
  Status done(Turn& turn, const proto::CallDone& call);
  /// When call() has something to do; never while calls are under way.
  Time deadline() const;

  /// The log has signed the head of working(): nothing below it is cosigned from now on.
  void settle(Turn& turn);
  /// The head of settled() is about to be cosigned.
  void record_cosigned(Turn& turn);
  /// Back to what is settled; tries again later.
  void reset(Turn& turn);

  /// As Auditor::accept_veto; on success the veto is stored, and counts whenever its request is replayed, now or again
  /// or in another log. What was replayed beyond the end of the vetoed request is forgotten, so that its completion is
  /// looked at again.
  Status accept_veto(Turn& turn, const directory::VetoNotice& veto);

  /// As Auditor::close, of a request that is open in what is settled and in what was replayed beyond, neither of which
  /// may owe anything; on success it is stored. `unavailable` too for one that was only replayed, and for what would
  /// have to be stored on a full disk.
  Result<std::optional<directory::VetoNotice>> close(Turn& turn, const Hash& request);

  /// The timer came, `ms` after the last time.
  void add_elapsed(Turn& turn, std::uint64_t ms);

 private:
  Replay(const LogId& log, std::string url, directory::Auditor settled, directory::Auditor working)
      : log_(log), url_(std::move(url)), settled_(std::move(settled)), working_(std::move(working)) {}

  Status audit(Turn& turn, const directory::EpochAudit& epoch);
  Status recall_vetoes(const Turn& turn, const directory::EpochAudit& epoch);
  Status recall_all_vetoes(Turn& turn);
  Status load_requests(Turn& turn);
  void failed(Turn& turn);
  void gave_none(Turn& turn);
  void save_settled(Turn& turn);
  void save_working(Turn& turn);

  LogId log_;
  std::string url_;
  directory::Auditor settled_;
  directory::Auditor working_;
  bool differs_ = false;      ///< a working row is stored; else working_ is settled_
  std::set<Hash> unsettled_;  ///< requests, by R, that are not in working_ as they are in settled_

  std::uint64_t target_ = 0;
  std::map<std::uint64_t, proto::CallId> calls_;  ///< by epoch
  std::map<std::uint64_t, Bytes> arrived_;        ///< ahead of their turn
  unsigned failures_ = 0;
  bool is_silent_ = false;  ///< the last audits that were asked for did not come
  Time next_try_;
};

}  // namespace cairn::witness
