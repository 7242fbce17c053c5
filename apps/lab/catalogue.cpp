#include "apps/lab/catalogue.h"

#include <atomic>
#include <chrono>
#include <future>

#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/stories.h"
#include "apps/lab/words.h"

namespace cairn::lab {
namespace {

template <class Run>
Side timed(Run run) {
  const auto start = std::chrono::steady_clock::now();
  Side side = run();
  side.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return side;
}

using Model = Side (*)();
std::function<Side(const ModelOptions&)> plain(Model run) {
  return [run](const ModelOptions&) { return run(); };
}
std::function<Side(LazyWorld&)> in_world(Side (*run)(World&)) {
  return [run](LazyWorld& world) { return run(world.get()); };
}
std::function<Side(LazyWorld&)> in_world(Side (*run)(World&, const WorldOptions&)) {
  return [run](LazyWorld& world) { return run(world.get(), world.options()); };
}
/// Likewise, in one that nobody else has.
std::function<Side(LazyWorld&)> in_new_world(Side (*run)(World&)) {
  return [run](LazyWorld& shared) {
    World world(shared.options());
    return run(world);
  };
}
std::function<Side(LazyWorld&)> in_new_world(Side (*run)(World&, const WorldOptions&)) {
  return [run](LazyWorld& shared) {
    World world(shared.options());
    return run(world, shared.options());
  };
}
std::function<Side(LazyWorld&)> in_own_world(Side (*run)(const WorldOptions&)) {
  return [run](LazyWorld& world) { return run(world.options()); };
}

const char* const kLeftOut = "left out, as asked";

std::vector<Attack> make_catalogue() {
  constexpr auto kApart = Attack::Runs::apart;
  return {
      {story("false-key"), plain(false_key_2014), in_new_world(false_key_cairn), kApart},
      {story("ghost-device"), plain(ghost_device_2014), in_world(ghost_device_cairn)},
      {story("silent-enrolment"), plain(silent_enrolment_2014), in_world(silent_enrolment_cairn)},
      {story("split-view"), plain(split_view_2014), in_new_world(split_view_cairn), kApart},
      {story("mud-puddle"), plain(mud_puddle_2014), in_own_world(mud_puddle_cairn), kApart},
      {story("subpoena"), plain(subpoena_2014), in_new_world(subpoena_cairn), kApart},
      {story("kept-copy"), plain(kept_copy_2014), in_own_world(kept_copy_cairn), kApart},
      {story("escrow"), plain(escrow_2014), in_own_world(escrow_cairn), kApart},
      {story("weak-rsa"), weak_rsa_2014, in_world(weak_rsa_cairn)},
      {story("harvest"), plain(harvest_2014), in_world(harvest_cairn)},
      {story("oracle"), plain(oracle_2014), in_world(oracle_cairn)},
      {story("forge-2016"), forge_2016, in_world(forge_cairn)},
      {story("replay"), plain(replay_2014), in_world(replay_cairn)},
      {story("confirm-file"), plain(confirm_file_2014), in_new_world(confirm_file_cairn), kApart},
      {story("metadata"), plain(metadata_2014), in_new_world(metadata_cairn), kApart},
  };
}

}  // namespace

const std::vector<Attack>& catalogue() {
  static const std::vector<Attack> all = make_catalogue();
  return all;
}

const Attack* find_attack(const std::string& id) {
  for (const Attack& attack : catalogue()) {
    if (attack.story.id == id) return &attack;
  }
  return nullptr;
}

namespace {

using Sides = std::vector<std::optional<Side>>;

Sides run_models(const std::vector<const Attack*>& attacks, const RunOptions& options) {
  Sides out;
  for (const Attack* attack : attacks) {
    if (options.sides == RunOptions::Sides::cairn) {
      out.emplace_back(not_run(kLeftOut));
    } else {
      out.emplace_back(timed([&] { return attack->model(options.model); }));
    }
  }
  return out;
}

Side run_cairn(const Attack& attack, const RunOptions& options, LazyWorld& world) {
  return timed([&] { return options.sides == RunOptions::Sides::model ? not_run(kLeftOut) : attack.cairn(world); });
}

/// Cairn's sides of those that share a world, in their places.
Sides run_together(const std::vector<const Attack*>& attacks, const RunOptions& options,
                   const std::function<void(const Story&)>& done) {
  LazyWorld world(options.world);
  Sides out(attacks.size());
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    if (attacks[i]->runs != Attack::Runs::together) continue;
    out[i] = run_cairn(*attacks[i], options, world);
    done(attacks[i]->story);
  }
  return out;
}

/// Those that run apart, several at a time: most of what they take is waiting, for the next epoch of a directory or for
/// a phone's pauses. Each takes the next one that nobody has begun.
class Apart {
 public:
  Apart(const std::vector<const Attack*>& attacks, const RunOptions& options)
      : attacks_(attacks), options_(options), sides_(attacks.size()) {
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes_.push_back(std::async(std::launch::async, [this] { run(); }));
  }
  /// Throws what one of them threw, when all have ended.
  Sides take() {
    for (auto& lane : lanes_) lane.wait();
    for (auto& lane : lanes_) lane.get();
    return std::move(sides_);
  }

 private:
  static constexpr std::size_t kLanes = 3;

  void run() {
    LazyWorld world(options_.world);  // nobody starts it
    for (std::size_t i = next_++; i < attacks_.size(); i = next_++) {
      if (attacks_[i]->runs == Attack::Runs::apart) sides_[i] = run_cairn(*attacks_[i], options_, world);
    }
  }

  const std::vector<const Attack*>& attacks_;
  const RunOptions& options_;
  Sides sides_;
  std::atomic<std::size_t> next_ = 0;
  std::vector<std::future<void>> lanes_;  // last: they end before what they use
};

}  // namespace

std::vector<Report> run_attacks(const std::vector<const Attack*>& attacks, const RunOptions& options,
                                const std::function<void(const Story&)>& done) {
  auto models = std::async(std::launch::async, [&] { return run_models(attacks, options); });
  Apart apart(attacks, options);
  Sides cairns = run_together(attacks, options, done);
  Sides others = apart.take();
  Sides model_sides = models.get();
  std::vector<Report> out;
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    if (others[i]) done(attacks[i]->story);
    Side& cairn = others[i] ? *others[i] : *cairns[i];
    out.push_back({attacks[i]->story, std::move(*model_sides[i]), std::move(cairn)});
  }
  return out;
}

std::string explain(const Story& story) {
  std::string out = story.title + "\n" + std::string(story.title.size(), '=') + "\n" + story.question + "\n";
  out += "\nThe system of " + std::to_string(story.year) + ". " + story.then + "\n\nCairn. " + story.now + " " +
         story.tried + "\n";
  if (!story.unlike.empty()) out += "\nNot the same on both sides. " + story.unlike + "\n";
  out += "\nWhat it means for you, if a run says of Cairn \"" + std::string(to_string(story.promised)) + "\". " +
         story.means + "\n";
  std::string explained;
  for (const Word& word : words()) {
    if (uses(out, word)) explained += std::string("- ") + word.title + ": " + word.meaning + "\n";
  }
  if (!explained.empty()) out += "\nThe words:\n" + explained;
  out += "\nSources:\n";
  for (const std::string& source : story.sources) out += "- " + source + "\n";
  return out;
}

}  // namespace cairn::lab
