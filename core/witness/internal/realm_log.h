// The realm's log of counter changes, and how an old database is found out (docs/spec/realm.md s.8).
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "core/crypto/signature.h"
#include "core/proto/realm.h"
#include "core/witness/internal/turn.h"
#include "core/witness/realm_config.h"

namespace cairn::witness {

/// Until the peers are asked and told after a change, between two rounds without one, and while not all are heard.
constexpr std::uint64_t kTellMs = kSecondMs;
constexpr std::uint64_t kAskMs = kMinuteMs;
constexpr std::uint64_t kAskAgainMs = 10 * kSecondMs;
/// How often it is said that no peer is heard.
constexpr std::uint64_t kWarnMs = kHourMs;
/// An accepted roll-back goes on so far behind all that a peer may have heard of what was lost.
constexpr std::uint64_t kRollbackJump = std::uint64_t{1} << 32;

/// What an entry is about beside the kinds of GuessKind.
enum class LogKind : std::uint8_t {
  share_stored = 6,
  erasure_waits = 7,
  accepted_rollback = 8,  ///< the operator's word
  erasure_cancelled = 9,
  share_erased = 10
};

class RealmLog {
 public:
  enum class State : std::uint8_t {
    asking,  ///< not every peer has answered, or failed to, since the start
    serving,
    rolled_back
  };

  /// `config` must outlive this.
  explicit RealmLog(const RealmConfig& config) : config_(config) {}

  /// Starts from what is stored, and asks the peers.
  Status rebuild(Turn& turn, const crypto::SigningKey& key);

  State state() const { return state_; }
  std::uint64_t size() const { return size_; }
  /// Peers whose last answer was good, and when the newest good one came; 0 for never.
  std::size_t peers_heard() const { return static_cast<std::size_t>(std::count(heard_.begin(), heard_.end(), true)); }
  Time last_heard() const { return last_heard_; }

  /// An entry about the record with this key. Cannot fail: what is refused was refused before.
  void append(Turn& turn, proto::GuessKind kind, std::uint8_t counter, ByteView record);
  void append(Turn& turn, LogKind kind, ByteView record);

  /// A peer tells its head. `not_found` for a stranger, `invalid_signature`; `stale` when it knows of another than we
  /// hold: so what proves that its database is an old one goes only for what the realm has seen to be its own.
  Status take_head(Turn& turn, const proto::RealmHead& head);

  /// Whether it went on after a roll-back since this was last asked.
  bool take_accepted() { return std::exchange(accepted_, false); }

  bool owns(proto::CallId call) const { return calls_.contains(call); }
  void done(Turn& turn, const proto::CallDone& call);
  void timer(Turn& turn);
  Time deadline() const;

 private:
  /// A call that waits for its answer, and whether it asks or tells.
  struct Pending {
    std::size_t peer = 0;
    bool asks = false;
  };
  void ask(Turn& turn);
  /// Whether a realm spoke; nothing where it holds none of ours, and has to show first that it takes one.
  std::optional<bool> answered(Turn& turn, std::size_t peer, const proto::CallReply& reply);
  /// `known` is what the peer holds, nothing where that is nothing; compare() has found it in our log.
  void tell(Turn& turn, std::size_t peer, const proto::RealmHead* known);
  void hear(const Turn& turn, std::size_t peer, std::optional<bool> good);
  void warn_if_alone(Turn& turn);
  bool is_known(const Turn& turn, const proto::RealmHead& theirs) const;
  void compare(Turn& turn, const proto::RealmHead& theirs);
  void adopt(Turn& turn, const proto::RealmHead& theirs);
  void append_raw(Turn& turn, std::uint8_t kind, std::uint8_t counter, ByteView record);
  std::optional<Hash> head_at(const Turn& turn, std::uint64_t size) const;

  const RealmConfig& config_;
  const crypto::SigningKey* key_ = nullptr;
  State state_ = State::asking;
  std::uint64_t size_ = 0;
  std::uint64_t floor_ = 0;
  Hash head_;
  bool accepted_ = false;
  std::map<proto::CallId, Pending> calls_;
  std::set<std::size_t> unheard_;  ///< peers that have not answered since the start
  std::vector<bool> heard_;        ///< whether each peer's last answer was good: it holds what we tell it
  Time last_heard_;
  std::optional<Time> warned_;  ///< when it was last said that nobody is heard; nothing while somebody is
  Time next_ask_;
};

}  // namespace cairn::witness
