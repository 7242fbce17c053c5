// An auditor's mind for one log: replays it from epoch 0 and says what may be cosigned (docs/spec/directory.md s.5).
#pragma once

#include <map>
#include <set>

#include "core/base/environment.h"
#include "core/directory/update.h"
#include "core/tlog/merkle.h"
#include "core/tlog/proof.h"

namespace cairn::directory {

/// How far a record may be ahead of the auditor's clock, and how old the newest one may be that it cosigns.
constexpr std::uint64_t kMaxRecordSkewMs = 5 * kMinuteMs;
constexpr std::size_t kMaxOpenRequests = 100'000;

/// A reset between request and end.
struct OpenRequest {
  ResetNotice notice;
  std::uint64_t epoch = 0;         ///< of the record that has the notice
  bool cosigned = false;           ///< a checkpoint with it
  std::uint64_t waited_ms = 0;     ///< since the first of them, by the auditor's elapsed-time clock
  std::optional<VetoNotice> veto;  ///< that the mailbox took
  bool closed = false;             ///< the mailbox takes none any more: there is no veto then

  /// Whether the delay has passed by the auditor's elapsed-time clock.
  bool has_waited() const { return cosigned && waited_ms >= notice.delay_ms(); }

  void write(wire::Writer& writer) const;
  static Result<OpenRequest> read(wire::Reader& reader);
};

/// What the caller must have on disk before it acts on an answer: write() after every change, before a cosignature or
/// a 200 of the veto mailbox goes out. Single-threaded.
class Auditor {
 public:
  /// A log that is new to us. `adopted_size`: epochs below it are exempt from waiting for vetoes; the operator's
  /// decision, 0 where nothing is adopted. `malformed` for a config that is none.
  static Result<Auditor> enrol(DirectoryConfig config, std::uint64_t adopted_size);

  /// Checks the next epoch by the rules 1 to 9 and moves on; unchanged on error, whose `where` names the rule. With
  /// `unavailable` the same epoch may be in order later: a reset has not waited long enough.
  Status audit(const EpochAudit& epoch, Time now);

  /// Whether a checkpoint with this head may be cosigned now: `stale` below our size or with a newest record that is
  /// too old, `invalid_state` beyond our size (audit those epochs first), `inconsistent` with another root.
  Status check_checkpoint(const tlog::TreeHead& head, Time now) const;
  /// The current head was cosigned: to be recorded before the cosignature leaves, and after add_elapsed up to now (or
  /// what is new under it is left out of the next one), so that no time before it counts as waiting.
  void record_cosigned();

  /// Time went by on a clock that nobody sets (boot time), since the last call or since this object was read back.
  /// Requests in `except`, by R, do not count it.
  void add_elapsed(std::uint64_t ms, const std::set<Hash>& except = {});

  /// Takes a veto in: `not_found` when its request is not open here, `stale` when its mailbox is closed, as
  /// VetoNotice::verify otherwise. A second one for the same request is accepted and changes nothing. The caller keeps
  /// every accepted one for ever.
  Status accept_veto(const VetoNotice& veto);

  /// Closes the mailbox of an open request: no veto of it is taken any more. Or gives the veto that is there, and then
  /// nothing is closed. `not_found` when the request is not open here, `unavailable` before its delay has passed by
  /// both clocks, ours of elapsed time and `now`. What was closed is so for ever.
  Result<std::optional<VetoNotice>> close(const Hash& request, Time now);

  const DirectoryConfig& config() const { return config_; }
  /// Epochs checked.
  std::uint64_t size() const { return edge_.size(); }
  tlog::TreeHead head() const { return {edge_.size(), edge_.root()}; }
  std::uint64_t cosigned_size() const { return cosigned_size_; }
  std::uint64_t adopted_size() const { return adopted_size_; }
  const std::optional<EpochRecord>& newest_record() const { return newest_; }
  /// By R.
  const std::map<Hash, OpenRequest>& open_requests() const { return open_; }

  /// For one's own store.
  void write(wire::Writer& writer) const;
  static Result<Auditor> read(wire::Reader& reader);

 private:
  explicit Auditor(DirectoryConfig config) : config_(std::move(config)), config_hash_(config_.hash()) {}
  Status check_record(const EpochRecord& record, Time now) const;
  Status check_changes(const EpochAudit& epoch) const;
  Status check_completion(const Hash& request, std::uint64_t epoch) const;
  Status check_waiting(const EpochAudit& epoch) const;
  void follow_notices(const EpochAudit& epoch);

  DirectoryConfig config_;
  Hash config_hash_;
  std::uint64_t adopted_size_ = 0;
  std::uint64_t cosigned_size_ = 0;
  std::optional<EpochRecord> newest_;
  tlog::RightEdge edge_;
  std::map<Hash, OpenRequest> open_;
};

}  // namespace cairn::directory
