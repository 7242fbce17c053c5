// What is still to happen in a world, in the order of its one clock.
#pragma once

#include <functional>
#include <map>

#include "core/base/check.h"
#include "core/base/environment.h"

namespace cairn::sim {

/// Things at the same moment happen in the order in which they were put here, so a run can be repeated.
class Agenda {
 public:
  explicit Agenda(Time start) : now_(start) {}

  Time now() const { return now_; }

  void at(Time when, std::function<void()> what) {
    entries_.emplace(std::pair{std::max(when, now_), ++last_}, std::move(what));
  }
  void in(std::uint64_t ms, std::function<void()> what) { at(after(now_, ms), std::move(what)); }

  /// Does the next thing if it is due by `end`; otherwise the clock moves there, and false is returned.
  bool step(Time end) {
    if (entries_.empty() || entries_.begin()->first.first > std::max(end, now_)) {
      now_ = std::max(now_, end);
      return false;
    }
    auto entry = entries_.extract(entries_.begin());
    now_ = std::max(now_, entry.key().first);
    ++steps_;
    entry.mapped()();
    return true;
  }

  /// Everybody sleeps: what was due meanwhile happens at the end of it, in its order.
  void oversleep(std::uint64_t ms) { now_ = after(now_, ms); }

  /// How many things have happened.
  std::uint64_t steps() const { return steps_; }

 private:
  Time now_;
  std::uint64_t last_ = 0;
  std::uint64_t steps_ = 0;
  std::map<std::pair<Time, std::uint64_t>, std::function<void()>> entries_;
};

}  // namespace cairn::sim
