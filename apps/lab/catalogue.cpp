#include "apps/lab/catalogue.h"

#include <chrono>
#include <future>

#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/stories.h"

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
std::function<Side(LazyWorld&)> in_own_world(Side (*run)(const WorldOptions&)) {
  return [run](LazyWorld& world) { return run(world.options()); };
}
/// Of an attack that is not run on Cairn.
std::function<Side(LazyWorld&)> nothing_there(const std::string& why) {
  return [why](LazyWorld&) { return not_run(why); };
}

const char* const kLeftOut = "left out, as asked";
const char* const kNoRealms =
    "no command of the client sets a PIN yet, so there is nothing to attack and nothing is claimed";

std::vector<Attack> make_catalogue() {
  return {
      {story("false-key"), plain(false_key_2014), in_world(false_key_cairn)},
      {story("ghost-device"), plain(ghost_device_2014), in_world(ghost_device_cairn)},
      {story("silent-enrolment"), plain(silent_enrolment_2014), in_world(silent_enrolment_cairn)},
      {story("split-view"), plain(split_view_2014), in_world(split_view_cairn)},
      {story("mud-puddle"), plain(mud_puddle_2014), in_own_world(mud_puddle_cairn)},
      {story("subpoena"), plain(subpoena_2014), in_world(subpoena_cairn)},
      {story("kept-copy"), plain(kept_copy_2014), in_own_world(kept_copy_cairn)},
      {story("escrow"), plain(escrow_2014), nothing_there(kNoRealms)},
      {story("weak-rsa"), weak_rsa_2014, in_world(weak_rsa_cairn)},
      {story("harvest"), plain(harvest_2014), in_world(harvest_cairn)},
      {story("oracle"), plain(oracle_2014), in_world(oracle_cairn)},
      {story("forge-2016"), forge_2016, in_world(forge_cairn)},
      {story("replay"), plain(replay_2014), in_world(replay_cairn)},
      {story("confirm-file"), plain(confirm_file_2014), in_world(confirm_file_cairn)},
      {story("metadata"), plain(metadata_2014), in_world(metadata_cairn)},
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

std::vector<Report> run_attacks(const std::vector<const Attack*>& attacks, const RunOptions& options,
                                const std::function<void(const Story&)>& done) {
  auto models = std::async(std::launch::async, [&] {
    std::vector<Side> out;
    for (const Attack* attack : attacks) {
      if (options.sides == RunOptions::Sides::cairn) {
        out.push_back(not_run(kLeftOut));
      } else {
        out.push_back(timed([&] { return attack->model(options.model); }));
      }
    }
    return out;
  });
  LazyWorld world(options.world);
  std::vector<Side> cairns;
  for (const Attack* attack : attacks) {
    cairns.push_back(
        timed([&] { return options.sides == RunOptions::Sides::model ? not_run(kLeftOut) : attack->cairn(world); }));
    done(attack->story);
  }
  std::vector<Side> model_sides = models.get();
  std::vector<Report> out;
  for (std::size_t i = 0; i < attacks.size(); ++i)
    out.push_back({attacks[i]->story, std::move(model_sides[i]), std::move(cairns[i])});
  return out;
}

std::string explain(const Story& story) {
  std::string out = story.title + "\n" + std::string(story.title.size(), '=') + "\n" + story.question + "\n";
  for (const std::string& paragraph : story.telling) out += "\n" + paragraph + "\n";
  out += "\nSources:\n";
  for (const std::string& source : story.sources) out += "- " + source + "\n";
  return out;
}

}  // namespace cairn::lab
