// Before a reset is completed: asks the auditors of the policy to close its veto mailbox (docs/spec/directory.md s.5).
//
// An auditor that holds a veto never cosigns the completion, and an epoch that was signed is never taken back. So a
// completion is accepted only when no auditor that counts can hold one.
#pragma once

#include <functional>
#include <set>

#include "core/directory/closing.h"
#include "core/relay/config.h"
#include "core/relay/internal/standing.h"
#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// What auditors have said of one request. It stands until the chain has a veto or completion of the request.
struct ClosingRow {
  struct Word {
    PublicKey auditor;
    /// What SilenceRow::total_ms was when it was first asked about this request in vain.
    std::optional<std::uint64_t> silent_from_ms;
    std::optional<Signature> closed;  ///< its closing

    void write(wire::Writer&) const;
    static Result<Word> read(wire::Reader&);
  };
  std::vector<Word> words;
  std::optional<directory::VetoNotice> veto;  ///< that one of them has

  void write(wire::Writer&) const;
  static Result<ClosingRow> read(wire::Reader&);
};

/// How an auditor has been silent, about whatever request it was asked: many that wait share the calls, and each of
/// them would take for ever to notice alone.
struct SilenceRow {
  std::uint64_t total_ms = 0;  ///< that it was ever asked in vain; counted too short rather than too long
  std::uint64_t alive_ms = 0;  ///< of that, until its last sign of life: a signed answer or a cosignature

  void write(wire::Writer&) const;
  static Result<SilenceRow> read(wire::Reader&);
};

class Closings {
 public:
  /// Of a key.
  using Newest = std::function<std::optional<NewestCosignature>(const PublicKey&)>;

  /// `config` and `next_call` outlive this. Asked are the config's auditors that have an address.
  Closings(const RelayConfig& config, std::uint64_t& next_call, Newest newest_cosignature);

  Status rebuild(const StoreView& rows, Time now);

  /// Whether the completion of this request may be accepted: no veto is known, every auditor has closed its mailbox or
  /// gave no sign of life for kClosingPatienceMs, and with those that have closed, and cosign what is served just now,
  /// the policy has its quorum: one that owes the waiting of another reset may never cosign this one.
  /// `not_authorised` for ever once a veto is known, else `unavailable`; from then on the auditors are asked.
  Status may_complete(const Hash& request, Time now);
  /// The chain has a veto or completion of the request.
  void forget(Turn& turn, const Hash& request);

  /// Calls who is due, and writes down what was learnt.
  void tick(Turn& turn);
  bool owns(proto::CallId call) const { return calls_.contains(call); }
  void call_done(Turn& turn, const proto::CallDone& call);
  Time deadline() const { return due_; }

 private:
  struct Auditor {
    PublicKey key;
    std::string url;
    /// Who is to be asked about, those due longest first, so that nobody waits for requests that others repeat.
    std::set<std::pair<Time, Hash>> queue;
    std::size_t under_way = 0;  ///< calls; each auditor has a share of all of them
    SilenceRow silence;
    bool is_news = false;        ///< that row is to be written
    std::optional<Time> failed;  ///< when it was asked in vain last, since it was there, or this process began
    bool is_told = false;        ///< the operator, that it cosigns and does not answer
  };
  /// When an auditor is asked again about one request.
  struct Pace {
    Time next_try;
    unsigned tries = 0;
  };
  struct Asked {
    ClosingRow row;  ///< its words stand in the order of auditors_
    std::vector<Pace> paces;
  };
  /// A call that is under way.
  struct Place {
    directory::CloseRequest asked;
    std::size_t auditor = 0;
  };

  Asked begin() const;
  Asked& add(const Hash& request, Asked asked, Time now);
  void call(Turn& turn, const Hash& request, std::size_t auditor);
  /// Takes a signed answer in: whether it was one.
  bool take(Turn& turn, const Place& place, Asked& asked, const proto::CallReply& reply);
  /// It has not answered; its silence is over too when it cosigns.
  void hear_nothing(Turn& turn, Asked& asked, std::size_t auditor, const Hash& request);
  static void hear_life(Auditor& auditor);
  /// Whether it has cosigned within the last minutes.
  bool cosigns(const PublicKey& auditor, Time now) const;
  bool is_gone(const Auditor& auditor, const ClosingRow::Word& word, Time now) const;
  void save_news(Turn& turn);
  void drop_from_queues(const Hash& request, const Asked& asked);
  std::size_t share() const;
  Time next_due(Time now) const;

  const RelayConfig& config_;
  std::uint64_t& next_call_;
  Newest newest_cosignature_;
  std::vector<Auditor> auditors_;
  std::vector<PublicKey> others_;  ///< cosigners that take no vetoes
  std::map<Hash, Asked> asked_;    ///< by R
  std::set<Hash> news_;            ///< whose rows are to be written, by R
  std::map<proto::CallId, Place> calls_;
  Time due_ = Time::never();  ///< there is something to do
};

}  // namespace cairn::relay
