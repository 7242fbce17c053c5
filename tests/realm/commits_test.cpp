// No evaluation leaves a realm before its counter is on disk: every commit fails in turn, under the real loop.
#include <gtest/gtest.h>

#include "shell/loop/loop.h"
#include "shell/store/memory/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/loop_world.h"
#include "tests/support/realm_village.h"

namespace cairn {
namespace {

using testing::FaultyStore;
using testing::RealmVillage;

constexpr std::string_view kCommitsPin = "correct horse";

/// One realm under the loop, a new process after each request.
class LoopRealm {
 public:
  LoopRealm(const witness::RealmConfig& its_config, std::set<std::size_t> failing)
      : config(its_config), store(rows, std::move(failing)) {}

  /// One request in a batch of its own, or all of them in one; nothing where the commit failed.
  std::vector<std::optional<proto::Respond>> ask(const std::vector<proto::Call>& calls) {
    witness::Realm realm(config, keys);
    loop::LoopOptions options;
    options.clock = [this] { return world.now; };
    loop::Loop loop(realm, store, entropy, world, options);
    if (!loop.start()) return std::vector<std::optional<proto::Respond>>(calls.size());
    world.answers.clear();
    const std::uint64_t first = next;
    for (const proto::Call& call : calls) {
      proto::RequestArrived request;
      request.id = {next++};
      request.method = call.method;
      request.target = call.url;
      request.body = call.body;
      world.arrived.emplace_back(std::move(request));
    }
    loop.step(0);
    std::vector<std::optional<proto::Respond>> out;
    for (std::uint64_t id = first; id < next; ++id) {
      const auto found = world.answers.find({id});
      out.push_back(found == world.answers.end() ? std::nullopt : std::optional(found->second));
    }
    world.arrived.clear();
    return out;
  }
  std::uint8_t counter(const proto::RealmWho& who) const {
    const auto row = rows.get(witness::realm_table::kPins, witness::pin_key(who));
    return row ? wire::decode<witness::PinRow>(*row)->counter : std::uint8_t{0};
  }

  witness::RealmConfig config;
  testing::MemoryKeys keys;
  store::MemoryStore rows;
  FaultyStore store;
  testing::SeededEntropy entropy{12};
  testing::LoopWorld world{testing::kRealmStart};
  std::uint64_t next = 1;
};

proto::Call guess(RealmVillage& village, const vault::PinRegistration& made) {
  const vault::PinRecovery::Ask ask{
      0, vault::PinRecovery::AskEvaluation{
             made.version, *EncodedElement::from(crypto::RistrettoScalar::random(village.entropy).times_base())}};
  return client::pin_call("", village.who, ask, village.token(0, proto::TokenPurpose::guess));
}

/// A village whose realm 0 is the one under the loop.
struct Scene {
  explicit Scene(std::set<std::size_t> failing)
      : realm(village.realms[0]->config, std::move(failing)), made(prepare()) {}
  vault::PinRegistration prepare() {
    // The realm's key must be known before anything is made for it: store and keys begin as the village's.
    for (const Table table : {witness::realm_table::kKey, witness::realm_table::kKeysMark}) {
      CHECK(realm.rows.commit({Write{table, {}, village.realms[0]->driver.store.get(table, {})}}).has_value());
    }
    realm.keys.slots = village.realms[0]->keys.slots;
    auto out = village.make(kCommitsPin);
    const auto enrol =
        client::pin_register_call("", village.who, out.shares[0], village.token(0, proto::TokenPurpose::register_pin));
    while (!realm.ask({enrol})[0]) continue;
    return out;
  }
  RealmVillage village;
  LoopRealm realm;
  vault::PinRegistration made;
};

TEST(RealmCommits, AnswerNoGuessThatIsNotCountedOnDisk) {
  std::size_t failed = 0;
  for (std::size_t failing = 0; failing < 11; ++failing) {  // the registration and ten guesses
    Scene scene({failing});
    unsigned evaluations = 0;
    for (unsigned i = 0; i < 12; ++i) {
      const auto answer = scene.realm.ask({guess(scene.village, scene.made)})[0];
      if (!answer) ++failed;
      if (answer && answer->status == 200) ++evaluations;
      ASSERT_EQ(scene.realm.counter(scene.village.who), evaluations) << "commit " << failing << ", guess " << i;
    }
    EXPECT_EQ(evaluations, 10u);
    EXPECT_EQ(scene.realm.world.resets.size(), 1u) << failing << " of " << scene.realm.store.commits();
  }
  EXPECT_GT(failed, 5u);
}

// 20 guesses that arrive together are one batch: they see each other's counting, and no more than ten are answered.
TEST(RealmCommits, CountGuessesOfOneBatchOneByOne) {
  Scene scene({});
  std::vector<proto::Call> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(guess(scene.village, scene.made));
  const auto answers = scene.realm.ask(calls);
  const auto good = std::ranges::count_if(answers, [](const auto& answer) { return answer && answer->status == 200; });
  EXPECT_EQ(good, 10);
  EXPECT_EQ(scene.realm.counter(scene.village.who), 10);
}

TEST(RealmCommits, AnswerNoneOfABatchWhoseCommitFails) {
  Scene scene({1});  // 0 is the registration's
  std::vector<proto::Call> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(guess(scene.village, scene.made));
  for (const auto& answer : scene.realm.ask(calls)) EXPECT_FALSE(answer);
  EXPECT_EQ(scene.realm.counter(scene.village.who), 0);
  EXPECT_TRUE(scene.realm.ask({calls[0]})[0]);  // its token is not used up either
}

}  // namespace
}  // namespace cairn
