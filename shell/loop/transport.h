// What the loop asks of the world. shell/net is the real one; tests have their own.
#pragma once

#include <vector>

#include "core/proto/transport.h"

namespace cairn::loop {

/// Brings inputs and performs sends. Used by one loop; not thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  struct Take {
    std::size_t most;         ///< inputs
    std::uint64_t gather_ms;  ///< how long to go on collecting what arrives without a pause
    std::uint64_t wait_ms;    ///< how long to wait for the first
  };
  /// The inputs that arrived, in their order; none when the time is over or something else woke it.
  virtual std::vector<proto::Input> take(const Take& take) = 0;

  /// Starts what the mind wants done; never blocks. After a SocketClose nothing more is heard of that socket.
  virtual void perform(proto::Send send) = 0;

  /// The mind forgets everything: answers every request that waits (taken or not) with `answer`, closes every socket,
  /// gives up every call. Nothing that began before is heard of again.
  virtual void reset(const proto::Respond& answer) = 0;

  /// A clean stop: takes nothing new, and gives what was performed at most `wait_ms` to leave.
  virtual void close(std::uint64_t wait_ms) = 0;
};

}  // namespace cairn::loop
