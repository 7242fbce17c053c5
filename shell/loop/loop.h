// Drives one mind: inputs in, one commit a batch, then sends and events (core/proto/mind.h says the rules).
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "core/base/overlay.h"
#include "core/proto/mind.h"
#include "shell/loop/transport.h"
#include "shell/os/clock.h"
#include "shell/store/store.h"

namespace cairn::loop {

struct LoopOptions {
  std::function<Time()> clock;                                  ///< required
  std::function<void(const proto::Event&)> log;                 ///< optional; called after the batch is durable
  std::function<std::uint64_t()> uptime_ms = os::monotonic_ms;  ///< what TimerFired brings
};

/// What a loop has done so far, for metrics and benchmarks.
struct LoopCounts {
  std::uint64_t batches = 0;
  std::uint64_t inputs = 0;
  std::uint64_t commits = 0;   ///< with writes: each is one fsync
  std::uint64_t failures = 0;  ///< commits that failed
};

/// Not thread-safe. Everything given must outlive it.
///
/// When a commit fails nothing of its batch is sent. Since the mind then forgets all that is not committed, every
/// request that waits is answered with storage_full or storage_failed and every socket is closed, not only those of
/// the batch; the mind is rebuilt at once, and again after a second as long as that does not succeed.
///
/// When the clock was set back the same is done, with `unavailable`: what the mind has put off until some time would
/// wait for the clock to get there again.
///
/// When a commit is `conflict` somebody else writes the store (shell/store/owned_store.h): the same is done, and the
/// loop is over.
class Loop {
 public:
  Loop(proto::Mind& mind, store::Store& store, Entropy& entropy, Transport& transport, LoopOptions options);

  /// Rebuilds the mind and commits what that wrote. Called once, first.
  Status start();

  /// One batch: waits until an input arrives, the mind's deadline comes or `wait_ms` are over.
  void step(std::uint64_t wait_ms);

  /// step() until stop(); then lets what was sent leave. `conflict` when it is over since somebody else writes the
  /// store: run no other one on it in this process.
  Status run();

  /// From within a callback of the transport or of a socket inside: run() ends after the batch.
  void stop() { stopping_ = true; }

  const LoopCounts& counts() const { return counts_; }

  // ---- sockets inside the process: the command line talks to the mind as others do through a unix socket ----

  struct Inside {
    std::function<void(Bytes)> on_frame;
    std::function<void()> on_close;  ///< by the mind, or since it was rebuilt; the socket is gone
  };
  /// The mind gets SocketOpened for `target` in the next batch.
  proto::SocketId open_inside(std::string target, Inside inside);
  void send_inside(proto::SocketId socket, Bytes frame);
  void close_inside(proto::SocketId socket);

 private:
  /// Of one batch: what is to be done once it is durable.
  struct Outcome {
    std::vector<proto::Send> sends;
    std::vector<proto::Event> events;
  };

  std::vector<proto::Input> gather(std::uint64_t wait_ms);
  Status finish(Overlay& overlay, Outcome outcome);
  void perform(proto::Send send);
  bool clock_was_set_back();
  void recover(const Error& error);
  void start_anew(const Error& error);
  Status rebuild();

  proto::Mind& mind_;
  store::Store& store_;
  Entropy& entropy_;
  Transport& transport_;
  LoopOptions options_;
  LoopCounts counts_;
  bool standing_ = false;  // the mind is rebuilt and works
  bool stopping_ = false;
  Status ended_ = ok();  // conflict: the store is another one's
  Time rebuild_at_;      // when it is not
  Time latest_;          // that the clock has said
  std::deque<proto::Input> inside_inputs_;
  std::map<proto::SocketId, Inside> inside_;
  std::uint64_t next_inside_;
};

}  // namespace cairn::loop
