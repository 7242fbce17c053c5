// One machine of the world: a mind in the loop that ships (shell/loop), its disk and its clock.
#pragma once

#include <deque>
#include <memory>

#include "shell/loop/loop.h"
#include "tests/sim/agenda.h"
#include "tests/sim/disk.h"
#include "tests/sim/trace.h"
#include "tests/support/fake_files.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::sim {

class Network;

struct HostOptions {
  std::string name;     ///< as in http://NAME/
  std::string address;  ///< as other hosts see it
  std::function<std::unique_ptr<proto::Mind>()> make_mind;
};

/// A process runs on it or does not. What the process had in memory goes with it, the disk stays.
class Host final : private loop::Transport {
 public:
  /// All must outlive it.
  Host(Agenda& agenda, Network& network, Trace& trace, HostOptions options, std::uint64_t seed);
  ~Host() override;

  const std::string& name() const { return options_.name; }
  const std::string& address() const { return options_.address; }
  Disk& disk() { return disk_; }
  const Disk& disk() const { return disk_; }
  /// What its people have beside it, and what the mind reads and writes there (core/proto/files.h).
  testing::FakeFiles& files() { return files_; }
  const testing::FakeFiles& files() const { return files_; }
  /// Both of them.
  void set_full(bool full);

  // ---- the process ----

  void start();
  /// kill -9: waiting requests are never answered, sockets break.
  void kill();
  /// Likewise, and what was written into files and is not at its place yet is there in part, or as zeros.
  void lose_power();
  bool running() const { return loop_ != nullptr; }
  /// Which process this is: one more after each start, and after each commit that failed.
  std::uint64_t incarnation() const { return incarnation_; }
  /// Dies when it has done this many more sends: the next one and all behind it are lost. Nothing: it lives.
  void die_after(std::optional<std::uint64_t> sends) { dies_after_ = sends; }
  /// The world is told when die_after() has come true.
  void on_death(std::function<void(Host&)> told) { on_death_ = std::move(told); }
  void set_make_mind(std::function<std::unique_ptr<proto::Mind>()> make) { options_.make_mind = std::move(make); }

  // ---- its clocks ----

  Time local_now() const;
  Time true_now() const { return agenda_.now(); }
  /// Its clock's error from now on, set as people set clocks.
  void set_clock_error(std::int64_t ms);
  /// Timers come late by up to this.
  void set_timer_lateness(std::uint64_t ms) { lateness_ms_ = ms; }

  // ---- what comes to it ----

  /// Dropped when no process runs.
  void deliver(proto::Input input);

  /// Whoever sits before it, over the socket of its data folder; nothing when no process runs.
  std::optional<proto::SocketId> open_owner(std::function<void(Bytes)> on_frame, std::function<void()> on_close);
  void say(proto::SocketId socket, Bytes frame);
  void hang_up(proto::SocketId socket);

 private:
  std::vector<proto::Input> take(const Take& take) override;
  void perform(proto::Send send) override;
  void reset(const proto::Respond& answer) override;
  void close(std::uint64_t) override {}

  /// False from the moment of its death on.
  bool may_send();
  void plan_step(std::uint64_t most_ms);
  void plan_timer();
  void step();
  void finish_step();

  Agenda& agenda_;
  Network& network_;
  Trace& trace_;
  HostOptions options_;
  Disk disk_;
  testing::FakeFiles files_;
  testing::SeededEntropy entropy_;  // the mind's
  testing::SeededEntropy random_;   // of when things happen here
  std::unique_ptr<proto::Mind> mind_;
  std::unique_ptr<loop::Loop> loop_;
  std::deque<proto::Input> inputs_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t plan_ = 0;  // of the newest step that is planned; older ones are void
  Time planned_ = Time::never();
  std::uint64_t spins_ = 0;
  std::int64_t clock_error_ms_ = 0;
  std::uint64_t lateness_ms_ = 0;
  std::optional<std::uint64_t> dies_after_;
  bool dead_ = false;  // in the middle of a step
  std::function<void(Host&)> on_death_;
  std::map<proto::SocketId, std::function<void()>> owners_;  // what to tell when the process is gone
};

}  // namespace cairn::sim
