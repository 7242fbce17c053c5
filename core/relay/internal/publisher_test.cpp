#include "core/relay/internal/publisher.h"

#include <gtest/gtest.h>

#include "core/directory/auditor.h"
#include "core/tlog/merkle.h"
#include "core/tlog/tile_store.h"
#include "tests/support/naive_log.h"
#include "tests/support/relay_people.h"
#include "tests/support/test_cosigner.h"

namespace cairn::relay {
namespace {

using testing::Commit;
using testing::FakeCosigner;
using testing::RelayDriver;
using testing::TestPerson;
using Mood = FakeCosigner::Mood;

class PublisherTest : public ::testing::Test {
 protected:
  /// A statement of somebody new.
  void register_somebody() {
    ++people_;
    TestPerson person("p" + std::to_string(people_) + "@example.org", 1000 + people_);
    const auto device = person.new_device();
    ASSERT_EQ(submit(driver, person.genesis(device)).status, 202);
  }
  std::uint64_t newest_size() const { return driver.store.scan(table::kRecords, {}, {}, 10'000).size(); }
  std::uint64_t served_size() const {
    const auto row = load<ServedRow>(driver.store, table::kServed, {});
    return *row ? (**row).size : 0;
  }
  std::uint64_t names() const {
    const auto served = load<ServedRow>(driver.store, table::kServed, {}).value();
    return served ? load_leaves(driver.store, served->size, directory::kMinResetDelayS)->size() : 0;
  }
  tlog::SignedCheckpoint checkpoint() {
    return *tlog::SignedCheckpoint::parse(as_text(driver.get("/log/checkpoint").body), tlog::ExtensionLines::refuse);
  }
  std::size_t lines() { return checkpoint().note().signatures.size() - 1; }
  std::optional<directory::EpochRecord> record(std::uint64_t epoch) const {
    return *load<directory::EpochRecord>(driver.store, table::kRecords, u64_key(epoch));
  }
  std::uint64_t record_time(std::uint64_t size) const { return record(size - 1)->time_ms; }
  /// Serves the empty epoch with which the log begins.
  void begin() {
    cosigners.pass(driver, 200);
    ASSERT_EQ(served_size(), 1u);
  }

  testing::TestCosigners cosigners;
  RelayDriver driver{cosigners.config()};

 private:
  std::uint64_t people_ = 0;
};

TEST_F(PublisherTest, NothingIsServedBeforeTheQuorumHasCosigned) {
  EXPECT_EQ(newest_size(), 1u);
  EXPECT_EQ(driver.get("/log/checkpoint").status, 404);
  const auto name = *directory::Name::from("p1@example.org");
  EXPECT_EQ(look_up(driver, {name, 0, {}, 0}).status, 503);
  auto calls = driver.take_calls();
  ASSERT_EQ(calls.size(), 3u);
  driver.batch({cosigners.of(calls[0]).answer(calls[0], driver.now)});
  EXPECT_EQ(served_size(), 0u);
  driver.batch({cosigners.of(calls[1]).answer(calls[1], driver.now)});
  EXPECT_EQ(served_size(), 1u);
  EXPECT_EQ(lines(), 2u);
  EXPECT_EQ(look_up(driver, {name, 0, {}, 0}).status, 200);
  driver.batch({cosigners.of(calls[2]).answer(calls[2], driver.now)});
  EXPECT_EQ(lines(), 3u);
}

TEST_F(PublisherTest, AStatementIsServedWithinHalfASecondWhenIdle) {
  begin();
  register_somebody();
  cosigners.pass(driver, 300, 10);
  EXPECT_EQ(served_size(), 2u);
  EXPECT_EQ(names(), 1u);
}

TEST_F(PublisherTest, StatementsThatKeepComingAreCollectedForASecondAtMost) {
  begin();
  for (int i = 0; i < 12; ++i) {
    register_somebody();
    cosigners.pass(driver, 100);
  }
  EXPECT_EQ(served_size(), 2u);
  EXPECT_EQ(names(), 10u);
  cosigners.pass(driver, 500);
  EXPECT_EQ(served_size(), 3u);
  EXPECT_EQ(names(), 12u);
}

TEST_F(PublisherTest, WithoutAChangeThereIsNoEpochAndFreshCosignaturesEveryMinute) {
  begin();
  const std::uint64_t asked = cosigners.all[0].asked;
  cosigners.pass(driver, kHourMs, 1000);
  EXPECT_EQ(newest_size(), 1u);
  EXPECT_NEAR(static_cast<double>(cosigners.all[0].asked - asked), 60, 3);
  const auto fresh = tlog::verify_cosignatures(checkpoint().note(), std::vector{cosigners.all[0].verifier()});
  ASSERT_TRUE(fresh.has_value());
  EXPECT_GE(fresh->at(0).time_s, driver.now.ms / kSecondMs - 62);
}

TEST_F(PublisherTest, ARenewedCheckpointComesWithTheGrowthOfItsTree) {
  begin();
  register_somebody();
  cosigners.pass(driver, 300, 10);
  ASSERT_EQ(served_size(), 2u);
  const auto growth = [&] {
    const auto answer = look_up(driver, {*directory::Name::from("p1@example.org"), 0, {}, 0});
    return wire::decode<directory::LookupResponse>(answer.body)->growth;
  };
  const tlog::GrowthProof before = growth();
  EXPECT_EQ(before, (tlog::GrowthProof{{record(0)->log_leaf()}}));
  const std::string note = checkpoint().encode();
  cosigners.pass(driver, 3 * kMinuteMs, 1000);
  EXPECT_NE(checkpoint().encode(), note);
  EXPECT_EQ(growth(), before);
  register_somebody();
  cosigners.pass(driver, 300, 10);
  ASSERT_EQ(served_size(), 3u);
  EXPECT_EQ(growth(), (tlog::GrowthProof{{tlog::node_hash(record(0)->log_leaf(), record(1)->log_leaf())}}));
}

TEST_F(PublisherTest, ADeadCosignerDoesNotHoldUpTheOthers) {
  cosigners.all[1].mood = Mood::dead;
  begin();
  register_somebody();
  cosigners.pass(driver, 400);
  EXPECT_EQ(served_size(), 2u);
  EXPECT_EQ(lines(), 2u);
  const std::uint64_t asked = cosigners.all[1].asked;
  cosigners.pass(driver, 10 * kMinuteMs, 1000);
  EXPECT_LE(cosigners.all[1].asked - asked, 40u);
  const auto told = [&] {  // its operator, once
    return std::ranges::count_if(driver.events, [](const proto::Event& event) {
      return event.what == "a cosigner of the policy cannot be reached";
    });
  };
  EXPECT_EQ(told(), 1);
  EXPECT_TRUE(std::ranges::any_of(driver.events, [](const proto::Event& event) {
    return event.what == "a cosigner of the policy cannot be reached" && event.about == "two.example";
  }));
  const auto all_clear = [&] {
    return std::ranges::count_if(
        driver.events, [](const proto::Event& event) { return event.what == "all cosigners of the policy cosign"; });
  };
  EXPECT_EQ(all_clear(), 0);
  cosigners.all[1].mood = Mood::honest;
  cosigners.pass(driver, 2 * kMinuteMs, 1000);
  EXPECT_EQ(lines(), 3u);
  EXPECT_EQ(all_clear(), 1);
  cosigners.pass(driver, 10 * kMinuteMs, 1000);
  EXPECT_EQ(all_clear(), 1) << "said once";
}

TEST_F(PublisherTest, CosignersThatComeBackAreAskedWithinSecondsAndThenAgainAtOnce) {
  begin();
  for (FakeCosigner& it : cosigners.all) it.mood = Mood::dead;
  register_somebody();
  cosigners.pass(driver, kHourMs, 500);
  for (FakeCosigner& it : cosigners.all) it.mood = Mood::busy;  // they run, and have still to read what they missed
  const std::uint64_t asked = cosigners.all[2].asked;
  for (int i = 0; i < 41 && cosigners.all[2].asked == asked; ++i) cosigners.pass(driver, 500);
  ASSERT_GT(cosigners.all[2].asked, asked);
  cosigners.pass(driver, kSecondMs);
  for (FakeCosigner& it : cosigners.all) it.mood = Mood::honest;
  cosigners.pass(driver, 2 * kSecondMs);
  EXPECT_EQ(names(), 1u);
}

/// An auditor that cannot fetch an audit follows the log no further, and what was built is never built again.
TEST_F(PublisherTest, AnEpochStaysSmallEnoughForAuditorsToFetch) {
  RelayConfig config = testing::open_config();
  config.times.epoch_bytes = 4096;
  RelayDriver small(config);
  std::vector<TestPerson> people;
  std::vector<testing::TestDevice> devices;
  for (std::uint64_t i = 0; i < 12; ++i) {
    people.emplace_back("p" + std::to_string(i) + "@example.org", 1000 + i);
    devices.push_back(people.back().new_device());
    people.back().take(people.back().genesis(devices.back()));
    ASSERT_EQ(submit(small, people.back().statements.back()).status, 202);
  }
  small.pass(10'000);
  for (TestPerson& person : people) ASSERT_EQ(submit(small, person.request(person.new_device(), 5)).status, 202);
  small.pass(10'000);
  EXPECT_TRUE(small.store.scan(table::kDue, {}, {}, 100).empty());
  std::size_t requests = 0;
  for (const Row& row : small.store.scan(table::kAudits, {}, {}, 100)) {
    EXPECT_LE(row.value.size(), 4096u);
    requests += directory::EpochAudit::decode(row.value)->notices.size();
  }
  EXPECT_EQ(requests, 12u);
}

TEST_F(PublisherTest, ALateAnswerStillCounts) {
  auto calls = driver.take_calls();
  driver.pass(5000);
  for (const proto::Call& call : calls) driver.batch({cosigners.of(call).answer(call, driver.now)});
  EXPECT_EQ(served_size(), 1u);
}

TEST_F(PublisherTest, AConflictTellsFromWhereToProve) {
  begin();
  for (int i = 0; i < 5; ++i) {
    register_somebody();
    cosigners.pass(driver, 400);
  }
  ASSERT_EQ(served_size(), 6u);
  driver.restart();
  // The store says nothing of cosigners that are not in the served note: one has to tell.
  FakeCosigner fresh("two.example", 52);
  cosigners.all[1] = std::move(fresh);
  register_somebody();
  cosigners.pass(driver, 400);
  EXPECT_EQ(served_size(), 7u);
  EXPECT_EQ(cosigners.all[1].head.size, 7u);
}

TEST_F(PublisherTest, WhatDoesNotVerifyIsNoCosignature) {
  for (const Mood mood : {Mood::garbled, Mood::wrong_key, Mood::busy}) {
    cosigners.all[0].mood = cosigners.all[1].mood = mood;
    cosigners.pass(driver, 3000);
    EXPECT_EQ(served_size(), 0u);
  }
}

TEST_F(PublisherTest, WhileTheQuorumIsAwayTheOldEpochIsServedAndStatementsWait) {
  begin();
  cosigners.all[0].mood = cosigners.all[1].mood = Mood::dead;
  for (int i = 0; i < 3; ++i) {
    register_somebody();
    cosigners.pass(driver, 2000);
  }
  EXPECT_EQ(served_size(), 1u);
  EXPECT_EQ(newest_size(), 2u);  // one in flight, no more
  EXPECT_EQ(names(), 0u);
  cosigners.all[0].mood = cosigners.all[1].mood = Mood::honest;
  cosigners.pass(driver, 2 * kMinuteMs, 500);
  EXPECT_EQ(served_size(), 3u);
  EXPECT_EQ(names(), 3u);
}

TEST_F(PublisherTest, ARecordThatGotTooOldForTheQuorumIsFollowedByOneThatRenewsTheTime) {
  begin();
  for (FakeCosigner& it : cosigners.all) {
    it.mood = Mood::dead;
    it.record_time_ms = [this](std::uint64_t size) { return record_time(size); };
  }
  register_somebody();
  cosigners.pass(driver, kHourMs, 1000);
  ASSERT_EQ(newest_size(), 2u);  // who does not answer at all causes no epochs
  for (FakeCosigner& it : cosigners.all) it.mood = Mood::too_old;
  cosigners.pass(driver, 2 * kMinuteMs, 500);
  EXPECT_EQ(newest_size(), 3u);
  EXPECT_EQ(served_size(), 3u);
  EXPECT_EQ(names(), 1u);
}

/// Auditors would refuse it until the real time got there, and with it every epoch that follows.
TEST_F(PublisherTest, NoEpochIsBuiltByAClockThatIsFarAheadOfTheCosigners) {
  begin();
  const auto pass = [&](std::uint64_t ms, std::uint64_t behind_ms) {
    for (std::uint64_t passed = 0; passed < ms; passed += 100) {
      driver.pass(100);
      for (const proto::Call& call : driver.take_calls()) {
        driver.batch({cosigners.of(call).answer(call, Time{driver.now.ms - behind_ms})});
      }
    }
  };
  driver.now = after(driver.now, kHourMs);  // set forward by somebody
  register_somebody();
  pass(3 * kMinuteMs, kHourMs);
  EXPECT_EQ(newest_size(), 1u);
  EXPECT_EQ(std::ranges::count(driver.events, proto::Event::Level::warning, &proto::Event::level), 1);
  driver.now.ms -= kHourMs;
  driver.restart();  // as the loop does when a clock is set back
  pass(5000, 0);
  EXPECT_EQ(served_size(), 2u);
  EXPECT_LE(record_time(2), driver.now.ms);
}

TEST_F(PublisherTest, AfterALongStopTheCosignersAreAskedBeforeAnEpochIsBuilt) {
  begin();
  driver.now = after(driver.now, kDayMs);
  driver.restart();
  register_somebody();
  cosigners.pass(driver, 3000);
  EXPECT_EQ(served_size(), 2u);
}

TEST_F(PublisherTest, ACosignerThatRefusesForEverCausesFewEpochs) {
  begin();
  cosigners.all[2].mood = Mood::busy;
  cosigners.pass(driver, kDayMs, 5000);
  EXPECT_LE(newest_size(), 16u);
  EXPECT_EQ(served_size(), newest_size());
}

TEST_F(PublisherTest, EveryEpochAuditsAndEveryTileFitsTheCheckpoint) {
  begin();
  for (int i = 0; i < 300; ++i) {
    register_somebody();
    cosigners.pass(driver, 250, 250);
  }
  cosigners.pass(driver, 2000);
  const auto config = wire::decode<directory::DirectoryConfig>(driver.get("/log/config").body);
  ASSERT_TRUE(config.has_value());
  auto auditor = directory::Auditor::enrol(*config, 0);
  ASSERT_TRUE(auditor.has_value());
  for (std::uint64_t epoch = 0; epoch < served_size(); ++epoch) {
    const auto audit = directory::EpochAudit::decode(driver.get("/log/audit/" + std::to_string(epoch)).body);
    ASSERT_TRUE(audit.has_value());
    const auto checked = auditor->audit(*audit, driver.now);
    ASSERT_TRUE(checked.has_value()) << checked.error().where;
  }
  EXPECT_EQ(auditor->head(), checkpoint().claim().tree);
  EXPECT_EQ(auditor->newest_record()->names, 300u);
  for (const auto& [path, bytes] :
       {std::pair<std::string, std::size_t>{"/log/tile/0/000", 8192}, {"/log/tile/1/000.p/1", 32}}) {
    EXPECT_EQ(driver.get(path).body.size(), bytes) << path;
  }
  const Bytes bundle = driver.get("/log/tile/entries/000").body;
  const Bytes last = wire::encode(*record(255));
  ASSERT_GT(bundle.size(), last.size());
  EXPECT_TRUE(equal(ByteView(bundle).last(last.size()), last));
  EXPECT_EQ(driver.get("/log/tile/entries/001.p/200").status, 404);
  EXPECT_EQ(driver.get("/log/tile/0/x").status, 404);
  EXPECT_EQ(driver.get("/log/audit/00").status, 404);
  const std::uint64_t size = served_size();
  for (const std::uint64_t older : {std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256}, size - 1}) {
    const std::string sizes = std::to_string(older) + "/" + std::to_string(size);
    const auto proof = wire::decode<tlog::PrefixProof>(driver.get("/log/prefix/" + sizes).body);
    ASSERT_TRUE(proof.has_value()) << sizes;
    const auto roots = tlog::prefix_roots(*proof, older, size);
    ASSERT_TRUE(roots.has_value()) << sizes;
    EXPECT_EQ(roots->newer, checkpoint().claim().tree.root) << sizes;
    const tlog::StoredTiles tiles(driver.store, table::kTiles);
    EXPECT_EQ(roots->older, *tlog::root_of(tlog::TileHashes(tiles, older), older)) << sizes;
  }
  for (const char* sizes : {"", "1", "0/5", "5/5", "6/5", "01/5", "1/99999", "1/5/9", "x/5"}) {
    EXPECT_EQ(driver.get(std::string("/log/prefix/") + sizes).status, 404) << sizes;
  }
  EXPECT_EQ(driver.get("/log/audit/99999").status, 404);
  EXPECT_EQ(driver.get("/log/other").status, 404);
}

TEST_F(PublisherTest, AnswersToCallsFromBeforeARestartAreIgnored) {
  auto old = driver.take_calls();
  driver.restart();
  for (const proto::Call& call : old) driver.batch({cosigners.of(call).answer(call, driver.now)});
  begin();
}

// A log that grows faster than an auditor answers: it is there all the same.
TEST(CosignersTest, TakeACosignatureOnATreeThatWasOvertakenForASignOfLife) {
  testing::TestCosigners all;
  const RelayConfig config = all.config();
  testing::SeededEntropy entropy(3);
  const auto log_key = crypto::SigningKey::generate(entropy);
  const testing::NaiveLog tree(4);
  std::uint64_t next_call = 1;
  Cosigners cosigners(config, next_call);
  Time now{1'700'000'000'000};
  const PublicKey key = all.all[0].verifier().key();
  std::vector<proto::Event> events;
  std::vector<proto::Send> calls;
  const auto offer = [&](std::uint64_t size) {
    cosigners.offer(tlog::SignedCheckpoint::sign({config.origin(), tree.head(size), {}}, log_key), now);
  };
  const auto call = [&] {
    calls.clear();
    cosigners.call(tree, now, calls);
  };
  const auto answer = [&](FakeCosigner::Mood mood) {
    all.all[0].mood = mood;
    return cosigners.done(all.all[0].answer(std::get<proto::Call>(calls.at(0)), now), now, events);
  };
  offer(1);
  call();
  EXPECT_TRUE(answer(FakeCosigner::Mood::honest));
  const Time first = now;
  EXPECT_EQ(cosigners.newest_cosignature(key, 1)->taken, first);
  now = after(now, kMinuteMs);
  offer(2);
  call();
  offer(3);
  EXPECT_FALSE(answer(FakeCosigner::Mood::wrong_key));
  EXPECT_EQ(cosigners.newest_cosignature(key, 1)->taken, first);
  now = after(now, kMinuteMs);
  call();
  EXPECT_FALSE(answer(FakeCosigner::Mood::honest));  // it says from which size it goes on
  call();
  offer(4);
  EXPECT_FALSE(answer(FakeCosigner::Mood::honest));
  EXPECT_EQ(cosigners.newest_cosignature(key, 3)->taken, now);
  EXPECT_TRUE(cosigners.newest_cosignature(key, 3)->of_served);
  EXPECT_FALSE(cosigners.newest_cosignature(key, 4)->of_served);
}

TEST_F(PublisherTest, OnAFullDiskCosignaturesAreRenewedAndNothingIsBuilt) {
  begin();
  register_somebody();
  driver.disk_full = true;
  cosigners.pass(driver, 10 * kMinuteMs, 1000);
  EXPECT_EQ(newest_size(), 1u);
  const auto fresh = tlog::verify_cosignatures(checkpoint().note(), std::vector{cosigners.all[0].verifier()});
  ASSERT_TRUE(fresh.has_value());
  EXPECT_GE(fresh->at(0).time_s, driver.now.ms / kSecondMs - 62);
  driver.disk_full = false;
  cosigners.pass(driver, 10 * kSecondMs);
  EXPECT_EQ(served_size(), 2u);
  EXPECT_EQ(names(), 1u);
  EXPECT_EQ(driver.refused_by_disk, 0u);
}

TEST_F(PublisherTest, AnEpochThatTheDiskFillsUpBehindIsServedWhenThereIsRoom) {
  begin();
  register_somebody();
  driver.pass(400);
  ASSERT_EQ(newest_size(), 2u);
  driver.disk_full = true;
  cosigners.pass(driver, 2 * kMinuteMs, 1000);
  EXPECT_EQ(served_size(), 1u);
  driver.disk_full = false;
  cosigners.pass(driver, 2 * kMinuteMs, 1000);
  EXPECT_EQ(served_size(), 2u);
  EXPECT_EQ(names(), 1u);
  EXPECT_EQ(driver.refused_by_disk, 0u);
}

// Every batch of an epoch's life fails once, or the process ends just after it. The fake cosigners abort if they are
// ever shown two texts for one size.
TEST_F(PublisherTest, NeverSignsTwoRootsForOneEpochWhateverCrashes) {
  testing::SeededEntropy random(5);
  std::uint64_t people = 0;
  for (int round = 0; round < 400; ++round) {
    const auto chance = [&](std::uint64_t percent) { return random.below(100) < percent; };
    std::vector<proto::Input> inputs;
    if (chance(40)) {
      ++people;
      TestPerson person("q" + std::to_string(people) + "@example.org", 5000 + people);
      const auto device = person.new_device();
      const proto::StatementRequest statement{wire::encode(person.genesis(device)), {}};
      inputs.emplace_back(driver.make_request(proto::Method::post, proto::kPathStatement, wire::encode(statement)));
    }
    for (const proto::Call& call : driver.take_calls()) {
      if (chance(80)) inputs.emplace_back(cosigners.of(call).answer(call, driver.now));
    }
    if (driver.next_deadline() <= driver.now) inputs.emplace_back(proto::TimerFired{});
    driver.batch(inputs, chance(20) ? Commit::fails : Commit::succeeds);
    if (chance(10)) driver.restart(chance(30) ? Commit::fails : Commit::succeeds);
    driver.now = after(driver.now, random.below(20'000));
    ASSERT_LE(served_size(), newest_size());
  }
  cosigners.pass(driver, 20 * kMinuteMs, 1000);
  EXPECT_EQ(served_size(), newest_size());
  EXPECT_TRUE(driver.store.scan(table::kDue, {}, {}, 10).empty());
  EXPECT_EQ(names(), driver.store.scan(table::kNames, {}, {}, 10'000).size());
  EXPECT_GT(names(), 50u);
}

TEST_F(PublisherTest, TheSameInputsGiveTheSameEpochAfterACrashBeforeTheCommit) {
  begin();
  register_somebody();
  driver.now = after(driver.now, 300);
  EXPECT_FALSE(driver.batch({proto::TimerFired{}}, Commit::fails));
  EXPECT_EQ(newest_size(), 1u);
  cosigners.pass(driver, 2 * kMinuteMs, 1000);  // it rests after a commit that failed
  EXPECT_EQ(served_size(), 2u);
  EXPECT_EQ(names(), 1u);
}

/// Five cosigners over a network: an answer takes a moment, of one of them seconds, and who is dead lets calls hang.
class FiveCosignersTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kFastMs = 50, kSlowMs = 4000, kStepMs = 10;
  static constexpr std::size_t kSlow = 2, kDead = 3, kOtherDead = 4;

  /// All answer fast until the first epoch is served.
  void begin(unsigned needed) {
    RelayConfig config = testing::open_config();
    std::string lines, names;
    for (const FakeCosigner& it : all) {
      lines += it.policy_line();
      names += " " + it.verifier().name().text();
    }
    config.policy =
        *tlog::Policy::parse(lines + "group auditors " + std::to_string(needed) + names + "\nquorum auditors\n");
    driver.emplace(config);
    pass(500);
    ASSERT_EQ(lines_served(), 5u);
    is_slow = true;
    all[kDead].mood = all[kOtherDead].mood = Mood::dead;
  }
  void pass(std::uint64_t ms) {
    for (std::uint64_t passed = 0; passed < ms; passed += kStepMs) {
      driver->pass(kStepMs);
      for (proto::Call& call : driver->take_calls()) {
        const std::size_t who = index_of(call);
        const bool is_alone = std::ranges::none_of(hanging, [who](const Hanging& other) { return other.who == who; });
        EXPECT_TRUE(is_alone) << who << " is asked again before it has answered";
        const bool dead = all[who].mood == Mood::dead;
        const std::uint64_t takes_ms = dead ? call.timeout_ms : who == kSlow && is_slow ? kSlowMs : kFastMs;
        hanging.push_back({after(driver->now, takes_ms), who, std::move(call)});
      }
      std::vector<proto::Input> inputs;
      std::erase_if(hanging, [&](const Hanging& it) {
        if (it.until > driver->now) return false;
        inputs.emplace_back(all[it.who].answer(it.call, driver->now));
        return true;
      });
      if (!inputs.empty()) driver->batch(inputs);
    }
  }
  /// Somebody new every 100 ms; the longest that a statement took to be served.
  std::uint64_t longest_wait_ms(int statements) {
    constexpr std::uint64_t kEveryMs = 100;
    std::vector<Time> accepted;
    std::uint64_t longest = 0;
    std::size_t served = 0;
    for (int rounds = 0; rounds < 4 * statements && served < static_cast<std::size_t>(statements); ++rounds) {
      if (accepted.size() < static_cast<std::size_t>(statements)) {
        TestPerson person("p" + std::to_string(accepted.size()) + "@example.org", 1000 + accepted.size());
        const auto device = person.new_device();
        EXPECT_EQ(submit(*driver, person.genesis(device)).status, 202);
        accepted.push_back(driver->now);
      }
      pass(kEveryMs);
      const auto row = load<ServedRow>(driver->store, table::kServed, {}).value();
      const std::size_t names = load_leaves(driver->store, row->size, directory::kMinResetDelayS)->size();
      for (; served < names; ++served) longest = std::max(longest, elapsed_ms(driver->now, accepted[served]));
    }
    EXPECT_EQ(served, static_cast<std::size_t>(statements));
    return longest;
  }
  std::size_t lines_served() {
    const auto note =
        tlog::SignedCheckpoint::parse(as_text(driver->get("/log/checkpoint").body), tlog::ExtensionLines::refuse);
    return note ? note->note().signatures.size() - 1 : 0;
  }
  std::size_t index_of(const proto::Call& call) const {
    const auto found =
        std::ranges::find_if(all, [&](const FakeCosigner& it) { return call.url.starts_with(it.url() + "/"); });
    CHECK(found != std::end(all));
    return static_cast<std::size_t>(found - std::begin(all));
  }

  FakeCosigner all[5] = {
      {"one.example", 51}, {"two.example", 52}, {"slow.example", 53}, {"dead.example", 54}, {"gone.example", 55}};
  std::optional<RelayDriver> driver;
  bool is_slow = false;

 private:
  struct Hanging {
    Time until;
    std::size_t who;
    proto::Call call;
  };
  std::vector<Hanging> hanging;
};

TEST_F(FiveCosignersTest, TwoDeadOnesAndASlowOneHoldUpNobodyWhomTheQuorumNeeds) {
  begin(2);
  const std::uint64_t slow_before = all[kSlow].asked, dead_before = all[kDead].asked;
  EXPECT_LE(longest_wait_ms(150), 1000 + kFastMs + 100);  // collected for a second at most, and looked at every 100 ms
  EXPECT_GE(all[kSlow].asked - slow_before, 3u);
  EXPECT_GE(all[kDead].asked - dead_before, 1u);
  EXPECT_EQ(lines_served(), 2u);
  // When nothing new comes the slow one has cosigned what is newest, too.
  pass(3 * kSlowMs);
  EXPECT_EQ(lines_served(), 3u);
  // The dead ones are tried as long as they are away, and come back.
  const std::uint64_t dead_then = all[kOtherDead].asked;
  pass(5 * kMinuteMs);
  EXPECT_GE(all[kOtherDead].asked - dead_then, 8u);
  EXPECT_LE(all[kOtherDead].asked - dead_then, 31u);
  all[kDead].mood = all[kOtherDead].mood = Mood::honest;
  pass(kMinuteMs);
  EXPECT_EQ(lines_served(), 5u);
}

TEST_F(FiveCosignersTest, OnesThatAreDeadCostNothingWhereTheSlowOneIsNeeded) {
  begin(3);
  const std::uint64_t longest = longest_wait_ms(60);
  // It may have been asked just before about the epoch before, and what came meanwhile waits for that one.
  EXPECT_GE(longest, kSlowMs);
  EXPECT_LE(longest, 2 * (kSlowMs + 1000));
  EXPECT_EQ(lines_served(), 3u);
}

}  // namespace
}  // namespace cairn::relay
