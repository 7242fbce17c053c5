// The servers of other domains: where they are, and by which key they sign (docs/spec/relay.md s.10).
//
//   key_of() --unknown--> 503, and a question is due --tick()--> GET /.well-known/cairn --call_done()--> kNeighbours
//
// Whoever asks repeats what was answered 503, so nothing has to wait in memory for the answer.
#pragma once

#include "core/proto/mind.h"
#include "core/relay/internal/keys.h"
#include "core/relay/tables.h"

namespace cairn::relay {

class Neighbours {
 public:
  /// `config` and `next_call` outlive this.
  Neighbours(const RelayConfig& config, std::uint64_t& next_call) : config_(config), next_call_(next_call) {}

  void rebuild() { asked_.clear(); }

  /// `not_authorised` for a domain that the operator does not speak to, `unavailable` (and turn.retry_after_s) while
  /// its server has to be asked.
  Result<PublicKey> key_of(Turn& turn, const std::string& domain);
  /// Verifies by that key; when it fails the key may have changed, and is asked for, at most once a minute.
  Status verify(Turn& turn, const std::string& domain, std::string_view label, ByteView content,
                const Signature& signature);

  /// A call to a path of that domain's server, with its limits; the id is the caller's to set.
  proto::Call call_to(std::string_view domain, std::string_view path) const;

  bool owns(proto::CallId id) const;
  void call_done(Turn& turn, const proto::CallDone& call);
  void tick(Turn& turn);
  Time deadline() const;

  static constexpr std::uint64_t kAskAgainMs = 12 * kHourMs;
  static constexpr std::uint64_t kForgetMs = 7 * kDayMs;
  static constexpr std::uint64_t kPauseMs = kMinuteMs;  ///< between two questions to one domain
  /// Of domains that never answered: strangers name them. Those that have are asked beside them.
  static constexpr std::size_t kMostAtOnce = 16;
  static constexpr std::size_t kMostRemembered = 1024;  ///< that are, or were just, asked

 private:
  struct Question {
    std::optional<proto::CallId> call;
    bool due = false;
    Time not_before;
    bool is_known = false;    ///< it has answered before
    std::uint64_t place = 0;  ///< among those that are due
  };
  enum class Answered : std::uint8_t { never, before };
  void ask(std::string_view domain, Answered answered, Time now);
  std::size_t strangers_under_way() const;
  /// Whom to ask next; nullptr when there is nobody, or too many are asked.
  const std::string* next() const;

  const RelayConfig& config_;
  std::uint64_t& next_call_;
  std::uint64_t next_place_ = 1;
  std::map<std::string, Question, std::less<>> asked_;
};

}  // namespace cairn::relay
