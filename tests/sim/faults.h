// What goes wrong in a run, and that it ends.
#pragma once

#include "tests/sim/world.h"

namespace cairn::sim {

/// After the last fault, until all has come everywhere, where nobody lost what they knew.
inline constexpr std::uint64_t kMostToSettleMs = 3 * kHourMs;

/// Every fault ends by itself after a while, so whoever waits long enough gets on.
class Faults {
 public:
  /// `kinds`: a bit for each of the functions below, in the order of begin_one(); the seed chooses otherwise.
  Faults(World& world, testing::SeededEntropy& random, std::optional<std::uint64_t> kinds);

  /// Something goes wrong from now on, or at one of the next sends or commits of somebody.
  void begin_one();
  /// Ends all of them, and nothing new happens.
  void end_all();
  std::size_t count() const { return count_; }

 private:
  void restart_later(Host& host, std::uint64_t most_ms);
  void for_a_while(std::uint64_t most_ms, std::function<void()> end);
  void island(std::uint64_t most_ms, const std::vector<const Host*>& hosts);

  void crash();
  void stop();
  void fail_commit();
  void fill_disk();
  void go_away();
  void slow_down();
  void lose();
  void delay_timers();
  void repeat_timers();
  void set_clock();
  void lose_state();
  void put_back();
  void divide();
  void repeat_requests();

  /// The one device of a run that loses what it knows: the others can let it in again. Nothing before it has a name.
  Host* victim();
  Host& anybody();
  Host& any_person();

  World& world_;
  testing::SeededEntropy& random_;
  bool over_ = false;
  std::uint64_t kinds_;  // which of them this run knows, a bit each
  std::size_t count_ = 0;
  Host* victim_ = nullptr;
  std::vector<std::function<void()>> ends_;
};

}  // namespace cairn::sim
