// All fifteen attacks, in the order of the table.
#pragma once

#include <functional>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/cairn/world.h"

namespace cairn::lab {

struct RunOptions {
  ModelOptions model;
  WorldOptions world;
  enum class Sides { both, model, cairn };
  Sides sides = Sides::both;  ///< what is left out says so
};

/// Cairn's programs, started when the first attack needs them.
class LazyWorld {
 public:
  explicit LazyWorld(WorldOptions options) : options_(std::move(options)) {}
  World& get() {
    if (!world_) world_.emplace(options_);
    return *world_;
  }
  const WorldOptions& options() const { return options_; }

 private:
  WorldOptions options_;
  std::optional<World> world_;
};

struct Attack {
  Story story;
  std::function<Side(const ModelOptions&)> model;
  std::function<Side(LazyWorld&)> cairn;
  enum class Runs { together, apart };
  Runs runs = Runs::together;  ///< apart: in a world of its own, so that others may run meanwhile
};

const std::vector<Attack>& catalogue();
/// Null when there is none.
const Attack* find_attack(const std::string& id);

/// Runs these: the model's sides, those of Cairn's that need a world of their own, and the others, beside each other.
/// `done` is called on this thread for each of Cairn's sides. Throws CannotPrepare (world.h).
std::vector<Report> run_attacks(const std::vector<const Attack*>& attacks, const RunOptions& options,
                                const std::function<void(const Story&)>& done);

/// What `explain` prints.
std::string explain(const Story& story);

}  // namespace cairn::lab
