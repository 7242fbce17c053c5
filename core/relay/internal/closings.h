// Before a reset is completed: asks the auditors of the policy to close its veto mailbox (docs/spec/directory.md s.5).
//
// An auditor that holds a veto never cosigns the completion, and an epoch that was signed is never taken back. So a
// completion is accepted only when no auditor that counts can hold one.
#pragma once

#include "core/directory/closing.h"
#include "core/relay/config.h"
#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// What auditors have said of one request. It stands until the chain has a veto or completion of the request.
struct ClosingRow {
  struct Word {
    PublicKey auditor;
    std::optional<std::uint64_t> silent_ms;  ///< how long it has been asked in vain; nothing once it answers
    std::optional<Signature> closed;         ///< its closing

    void write(wire::Writer&) const;
    static Result<Word> read(wire::Reader&);
  };
  std::vector<Word> words;
  std::optional<directory::VetoNotice> veto;  ///< that one of them has

  void write(wire::Writer&) const;
  static Result<ClosingRow> read(wire::Reader&);
};

class Closings {
 public:
  /// `config` and `next_call` outlive this. Asked are the config's auditors that have an address.
  Closings(const RelayConfig& config, std::uint64_t& next_call);

  Status rebuild(const StoreView& rows, Time now);

  /// Whether the completion of this request may be accepted: no veto is known, every auditor has closed its mailbox or
  /// was silent for kClosingPatienceMs, and with those that have closed the policy has its quorum. `not_authorised`
  /// for ever once a veto is known, else `unavailable`; from then on the auditors are asked.
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
  };
  /// When an auditor is asked again about one request.
  struct Pace {
    Time next_try;
    std::optional<Time> failed;  ///< when it was asked in vain last, since this process began
    unsigned tries = 0;
    bool under_way = false;
  };
  struct Asked {
    ClosingRow row;  ///< its words stand in the order of auditors_
    std::vector<Pace> paces;
    bool is_news = true;  ///< the row is to be written
  };
  using Place = std::pair<Hash, std::size_t>;  // request, auditor

  Asked begin(Time now) const;
  void call(Turn& turn, const Hash& request, Asked& asked, std::size_t auditor);
  /// Takes an answer in: whether there was one.
  bool take(Turn& turn, const Place& place, Asked& asked, const proto::CallReply& reply) const;
  /// How it was silent, counted too short rather than too long.
  static void count_silence(ClosingRow::Word& word, Pace& pace, Time now);
  Time next_due(Time now) const;
  directory::CloseRequest body_of(const Hash& request) const { return {config_.origin(), request}; }

  const RelayConfig& config_;
  std::uint64_t& next_call_;
  std::vector<Auditor> auditors_;
  std::vector<PublicKey> others_;  ///< cosigners that take no vetoes
  std::map<Hash, Asked> asked_;    ///< by R
  std::map<proto::CallId, Place> calls_;
  Time due_ = Time::never();  ///< there is something to do
};

}  // namespace cairn::relay
