// An auditor's mind for one log: replays it from epoch 0 and says what may be cosigned (docs/spec/directory.md s.5).
#pragma once

#include <map>
#include <set>
#include <utility>

#include "core/base/environment.h"
#include "core/directory/update.h"
#include "core/tlog/merkle.h"
#include "core/tlog/proof.h"

namespace cairn::directory {

/// How far a record may be ahead of the auditor's clock, and how old the newest one may be that it cosigns.
constexpr std::uint64_t kMaxRecordSkewMs = 5 * kMinuteMs;
constexpr std::size_t kMaxOpenRequests = 100'000;

/// A reset between request and end; also a completed one, while this auditor owes its waiting.
struct OpenRequest {
  ResetNotice notice;
  std::uint64_t epoch = 0;  ///< of the record that has the notice
  std::optional<std::uint64_t>
      since_ms;                    ///< on the auditor's elapsed-time clock, when its waiting began; nothing before that
  std::optional<VetoNotice> veto;  ///< that the mailbox took
  bool closed = false;             ///< the mailbox takes none any more: there is no veto then
  /// The log has its completion, for which we have not waited, or which was vetoed: nothing of the log is cosigned.
  bool completed = false;

  void write(wire::Writer& writer) const;
  static Result<OpenRequest> read(wire::Reader& reader);
  friend bool operator==(const OpenRequest&, const OpenRequest&) = default;
};

/// What the caller must have on disk before it acts on an answer: after every change write(), and the requests that
/// take_touched() names, before a cosignature or a 200 of the veto mailbox goes out. Single-threaded.
class Auditor {
 public:
  /// A log that is new to us. `adopted_size`: completions in epochs below it are exempt from rule 9, waiting and vetoes
  /// alike; the operator's decision, 0 where nothing is adopted. `malformed` for a config that is none.
  static Result<Auditor> enrol(DirectoryConfig config, std::uint64_t adopted_size);

  /// Checks the next epoch by the rules 1 to 8 and moves on; unchanged on error, whose `where` names the rule. What
  /// rule 9 asks of a completion is looked at in check_cosigning: until then it is owed.
  Status audit(const EpochAudit& epoch, Time now);

  /// Whether this head, which the log has signed, is our own: `stale` below our size, `invalid_state` beyond it (audit
  /// those epochs first), `inconsistent` with another root.
  Status check_head(const tlog::TreeHead& head) const;
  /// Whether a checkpoint with our own head may be cosigned now: `stale` with a newest record that is too old,
  /// `unavailable` while a completed reset is owed its waiting (rule 9), `not_authorised` for ever when it was vetoed.
  Status check_cosigning(Time now) const;
  /// Both of them.
  Status check_checkpoint(const tlog::TreeHead& head, Time now) const;
  /// How long waiting is owed yet; 0 when none is.
  std::uint64_t owed_ms() const;
  /// Whether a completion is owed its waiting, or for ever because it was vetoed.
  bool owes() const { return !owed_.empty(); }
  /// Whether nothing of this log can be cosigned any more: a reset was completed of which we hold a veto.
  bool is_barred() const;

  /// Requests whose waiting has not begun, by R. It begins when the log has signed a head that shows them, and nothing
  /// below it is cosigned any more; the caller sees to both.
  const std::set<Hash>& not_begun() const { return not_begun_; }
  /// The waiting of those begins now: to be called after add_elapsed up to now, so that no time before counts.
  /// A copy: it is what not_begun() gives, as a rule, which changes meanwhile.
  void begin_waiting(std::set<Hash> requests);
  /// The current head was cosigned: to be recorded before the cosignature leaves.
  void record_cosigned() { cosigned_size_ = size(); }

  /// Time went by on a clock that nobody sets (boot time), since the last call or since this object was read back. What
  /// is owed to resets whose delay is over by it, without a veto, is owed no more.
  void add_elapsed(std::uint64_t ms);

  /// Takes a veto in: `not_found` when its request is neither open nor owed here, `stale` when its mailbox is closed,
  /// as VetoNotice::verify otherwise. A second one for the same request is accepted and changes nothing. The caller
  /// keeps every accepted one for ever.
  Status accept_veto(const VetoNotice& veto);

  /// Closes the mailbox of an open request: no veto of it is taken any more. Or gives the veto that is there, and then
  /// nothing is closed. `not_found` when the request is not open here, `unavailable` before its delay has passed by
  /// both clocks, ours of elapsed time and `now`, and while anything is owed: whether there is a veto or not. What was
  /// closed is so for ever, whatever the clocks say later.
  Result<std::optional<VetoNotice>> close(const Hash& request, Time now);

  const DirectoryConfig& config() const { return config_; }
  /// Epochs checked.
  std::uint64_t size() const { return edge_.size(); }
  tlog::TreeHead head() const { return {edge_.size(), edge_.root()}; }
  std::uint64_t cosigned_size() const { return cosigned_size_; }
  std::uint64_t adopted_size() const { return adopted_size_; }
  const std::optional<EpochRecord>& newest_record() const { return newest_; }
  /// By R; those that are completed and owed too.
  const std::map<Hash, OpenRequest>& open_requests() const { return open_; }
  /// An open or owed one; nullptr when it is neither.
  const OpenRequest* find(const Hash& request) const;
  /// How long its waiting has still to last.
  std::uint64_t left_ms(const OpenRequest& open) const;

  // ---- for one's own store: each request is a row of its own ----

  /// All but the requests.
  void write(wire::Writer& writer) const;
  /// What write() wrote, without requests; or a row of the format before, that had them in it: all are touched then.
  static Result<Auditor> read(wire::Reader& reader);
  /// Requests that have changed since the last call, or are not there any more.
  std::set<Hash> take_touched() { return std::exchange(touched_, {}); }
  /// As stored, or as another copy of this auditor has it; nothing: it is not there.
  void put(const Hash& request, std::optional<OpenRequest> open);
  /// Becomes another copy that was here once and moved on; since then these requests have changed.
  void follow(const Auditor& ahead, const std::set<Hash>& changed);

 private:
  explicit Auditor(DirectoryConfig config) : config_(std::move(config)), config_hash_(config_.hash()) {}
  Status check_record(const EpochRecord& record, Time now) const;
  Status check_changes(const EpochAudit& epoch) const;
  Status check_completions(const EpochAudit& epoch) const;
  void follow_notices(const EpochAudit& epoch);
  Status read_inline_requests(wire::Reader& reader);

  DirectoryConfig config_;
  Hash config_hash_;
  std::uint64_t adopted_size_ = 0;
  std::uint64_t cosigned_size_ = 0;
  std::uint64_t elapsed_ms_ = 0;  ///< by the elapsed-time clock, in all
  std::optional<EpochRecord> newest_;
  tlog::RightEdge edge_;
  std::map<Hash, OpenRequest> open_;
  // Which of open_ are so, by R.
  std::set<Hash> not_begun_;
  std::set<Hash> owed_;
  std::set<Hash> touched_;
};

/// What a veto that was taken is to an auditor that has read beyond what it has taken over.
enum class TakenVeto : std::uint8_t {
  known,   ///< it holds one of this request: nothing has changed
  first,   ///< to be kept
  forgets  ///< to be kept; its request has ended in what was only read, which is to be forgotten and read again with it
};

/// As Auditor::accept_veto of what is taken over and of what is read, in either of which the request may be. `stale`
/// when the mailbox is closed in what is taken over, wherever the request has ended since.
Result<TakenVeto> accept_veto(Auditor& taken_over, Auditor& read, const VetoNotice& veto);

/// Whether an epoch that Auditor::audit refuses with this code would be refused whatever was read before it: what was
/// only read is kept then, and forgotten else.
bool is_of_the_moment(ErrorCode code);

}  // namespace cairn::directory
