// Calls to a server, and what to do with their answers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>

#include "core/client/context.h"
#include "core/proto/api.h"

namespace cairn::client {

/// A server that asks for more patience is asked again all the same.
constexpr std::uint64_t kMostRetryAfterMs = kHourMs;

/// What a server said: its body, or an error. A body of an error answer is parsed: `where` stays a literal of ours,
/// the server's sentence is in `message`, its status in `status`.
struct Answer {
  Result<Bytes> body;
  int status = 0;    ///< 0 when the server was not reached
  Bytes error_body;  ///< body of an answer that is not 2xx (a 409 carries the winning commit)
  /// For a person; empty when there is nothing to tell but that nobody answered. With status 0 it is this machine's:
  /// why it makes no connection (a certificate that it does not believe, say).
  std::string message;
  /// How long the server asks to be left in peace (docs/spec/client.md s.3): at most kMostRetryAfterMs; mostly 0.
  std::uint64_t retry_after_ms = 0;

  /// How long to wait before the same is asked again, when the own pause would be `own_ms`.
  std::uint64_t pause_ms(std::uint64_t own_ms) const { return std::max(own_ms, retry_after_ms); }
};

/// Keeps what is under way in memory only: after a crash, reconcile asks anew.
class Calls {
 public:
  using Continuation = std::function<void(Context&, const Answer&)>;

  /// Sends `call` (its id is given here). `then` runs when the answer or the time-out comes; it captures values,
  /// never pointers into rooms that rebuild() makes anew. `key` names the purpose: while a call with the same
  /// non-empty key is under way, another is not made and false is returned.
  bool start(Context& context, std::string key, proto::Call call, Continuation then);

  bool under_way(const std::string& key) const;
  void done(Context& context, const proto::CallDone& done);
  void forget_all();

 private:
  struct Pending {
    std::string key;
    Continuation then;
  };
  std::uint64_t next_id_ = 1;
  std::map<proto::CallId, Pending> pending_;
};

}  // namespace cairn::client
