#include "tests/sim/lies.h"

#include "tests/lying/liar.h"
#include "tests/support/example_names.h"

namespace cairn::sim {
namespace {

using lying::Lie;
using testing::kAlice;
using testing::kBob;

constexpr const char* kMallory = "mallory@example.org";

directory::Name name_of(const char* text) {
  auto name = directory::Name::parse(text);
  CHECK(name.has_value());
  return std::move(*name);
}

class Lies {
 public:
  Lies(World& world, lying::Liar& liar) : world_(world), liar_(liar) {}

  void run() {
    register_person("alice-1", kAlice);
    register_person("bob-1", kBob);
    register_person("mallory-1", kMallory);
    liar_.set_own_name(name_of(kMallory));
    // An answer that was true once is so still while nothing changes.
    for (const Lie lie : lying::kAllLies) {
      if (lie != Lie::replayed_answer) refuse(lie);
    }
    believe();
    // Whom alice knows already, and nothing has changed: no statement comes that could be left out or put under
    // another name.
    for (const Lie lie : lying::kAllLies) {
      if (lie != Lie::another_name && lie != Lie::replayed_answer && lie != Lie::dropped_statement) refuse(lie);
    }
    believe();
    world_.pass(kMinuteMs);
    world_.watch().check_end();
  }

 private:
  void register_person(const std::string& device, const char* name) {
    world_.add_device(device);
    const json done = world_.ask(device, "register",
                                 {{"name", name}, {"server_url", World::kServerUrl}, {"policy", world_.policy_text()}});
    if (!done.contains("result")) world_.watch().violation(device + " could not register: " + done.dump());
  }

  json say() {
    return world_.ask("alice-1", "send",
                      {{"to", kBob}, {"text", "alice-1 #" + std::to_string(++said_)}, {"fresh", true}});
  }

  void refuse(Lie lie) {
    liar_.tell(lie);
    const std::size_t before = world_.watch().channel_writes();
    const json answer = say();
    const bool refused = answer.contains("error") && answer["error"]["data"]["code"] == "not_authorised";
    if (!refused) world_.watch().violation(std::string(lying::describe(lie)) + " It got: " + answer.dump());
    world_.pass(10 * kSecondMs);
    if (world_.watch().channel_writes() != before) {
      world_.watch().violation(std::string(lying::describe(lie)) + " Something was sent.");
    }
    liar_.tell(Lie::none);
  }

  void believe() {
    const json answer = say();
    if (!answer.contains("result")) world_.watch().violation("the truth was not believed: " + answer.dump());
  }

  World& world_;
  lying::Liar& liar_;
  int said_ = 0;
};

}  // namespace

std::vector<std::string> run_lies(std::uint64_t seed, WorldOptions options) {
  testing::SeededEntropy entropy(seed);
  lying::Liar liar(name_of(kBob), entropy);
  options.hook = &liar;
  World world(seed, std::move(options));
  Lies(world, liar).run();
  if (world.watch().is_authorised(liar.false_device().id())) world.watch().violation("the false device was let in");
  return world.watch().violations();
}

}  // namespace cairn::sim
