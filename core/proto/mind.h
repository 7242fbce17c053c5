// A mind: a plain object that takes inputs and gives effects, and knows nothing of how they come about.
//
// The loop that drives one (shell/loop, tests/sim):
//   take what has arrived (at most kMaxBatchInputs inputs or kMaxBatchMs)
//   handle() each of them, reading through a StoreView that shows the batch's own writes
//   commit all writes in ONE transaction
//   perform the sends in order, then the events
// If the commit fails nothing of the batch is sent: every request of the batch is answered with storage_full or
// storage_failed, its sockets are closed, and rebuild() makes the mind anew from what is committed. So a mind holds
// in memory only what the store can rebuild, and answers only after its answer is durable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "core/base/store.h"
#include "core/proto/transport.h"

namespace cairn::proto {

constexpr std::size_t kMaxBatchInputs = 256;
constexpr std::uint64_t kMaxBatchMs = 2;

/// Something worth counting or a line in the log. `what` is a literal; no names of people, addresses, keys or content.
struct Event {
  enum class Level : std::uint8_t { debug, info, warning, error };
  Level level = Level::info;
  std::string_view what;
  std::uint64_t number = 0;
  std::string about{};  ///< what the operator's own files name: a cosigner of the policy, a log; else empty
};

struct Effects {
  std::vector<Write> writes;
  std::vector<Send> sends;
  std::vector<Event> events;
};

/// Not thread-safe: one loop drives it.
class Mind {
 public:
  virtual ~Mind() = default;

  /// Forgets everything and starts from what is committed. Called once before the first handle(), and after a
  /// commit that failed. May give effects of its own (calls to make, writes of a first start).
  virtual Effects rebuild(const StoreView& store, Time now, Entropy& entropy) = 0;

  /// One input. Never fails: what is wrong with an input is answered. The effects' writes are visible to the
  /// StoreView of the next call.
  virtual Effects handle(const Input& input, const StoreView& store, Time now, Entropy& entropy) = 0;

  /// When the mind wants a TimerFired, Time::never() if it does not. Asked after each batch.
  virtual Time next_deadline() const = 0;
};

}  // namespace cairn::proto
