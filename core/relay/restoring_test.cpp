// A store that is put back: nothing that is told anew is taken for what was told before, and the log never has two
// epochs for one size. FakeCosigner ends the test when it meets a size with two texts.
#include "core/relay/restoring.h"

#include <gtest/gtest.h>

#include "core/relay/inspection.h"
#include "core/relay/internal/schema.h"
#include "core/relay/tables.h"
#include "tests/support/relay_people.h"
#include "tests/support/test_cosigner.h"

namespace cairn::relay {
namespace {

using testing::FakeCosigner;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;
using testing::TestPerson;

class RestoredLog : public ::testing::Test {
 protected:
  void SetUp() override {
    cosigners.pass(driver, 200);
    register_somebody();
    cosigners.pass(driver, 1000);
    ASSERT_EQ(size(), 2u);
  }
  int register_somebody() {
    ++people_;
    TestPerson person("p" + std::to_string(people_) + "@example.org", 1000 + people_);
    return submit(driver, person.genesis(person.new_device())).status;
  }
  /// Epochs that were built.
  std::uint64_t size() const { return driver.store.scan(table::kRecords, {}, {}, 10'000).size(); }
  void put_back(const MemoryView& backup) {
    driver.take_calls();
    driver.store = backup;
    driver.restart();
  }
  MemoryView restored(const AskCosigners ask = AskCosigners::yes) {
    MemoryView store = driver.store;
    const auto writes = make_restored(store, ask, driver.now, driver.entropy);
    EXPECT_TRUE(writes);
    store.apply(*writes);
    return store;
  }
  bool asks() const { return driver.store.get(table::kKeys, as_bytes(kRestoredRow)).has_value(); }
  std::string health() { return as_text(driver.get(proto::kPathHealth).body); }

  testing::TestCosigners cosigners;
  RelayDriver driver{cosigners.config()};

 private:
  std::uint64_t people_ = 0;
};

TEST_F(RestoredLog, SignsNothingNewWhenTheCosignersHaveSeenMore) {
  const MemoryView backup = restored();
  register_somebody();
  cosigners.pass(driver, 1000);
  ASSERT_EQ(size(), 3u);
  put_back(backup);
  EXPECT_EQ(register_somebody(), 503);
  cosigners.pass(driver, kHourMs, 1000);
  EXPECT_EQ(size(), 2u);
  EXPECT_TRUE(asks());
  EXPECT_EQ(register_somebody(), 503);
  EXPECT_NE(health().find("\"behind\""), std::string::npos) << health();
  EXPECT_EQ(driver.get("/log/checkpoint").status, 200) << "what it has it still tells";
}

TEST_F(RestoredLog, SaysSoToADeviceThatItDoesNotKnowAnyMore) {
  const MemoryView backup = restored();
  TestPerson late("late@example.org", 77);
  const testing::TestDevice device = late.new_device();
  ASSERT_EQ(submit(driver, late.genesis(device)).status, 202);
  cosigners.pass(driver, 1000);
  ASSERT_EQ(testing::log_in(driver, late.name(), device).status, 200);
  put_back(backup);
  cosigners.pass(driver, kMinuteMs, 1000);
  const auto refused = testing::log_in(driver, late.name(), device);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(as_text(refused.body).find("put back to an older state"), std::string::npos) << as_text(refused.body);
}

TEST_F(RestoredLog, GoesOnWhenEveryCosignerKnowsNoMore) {
  put_back(restored());
  EXPECT_TRUE(asks());
  EXPECT_NE(health().find("\"asking\""), std::string::npos) << health();
  cosigners.pass(driver, 1000);
  EXPECT_FALSE(asks());
  EXPECT_EQ(register_somebody(), 202);
  cosigners.pass(driver, 1000);
  EXPECT_EQ(size(), 3u);
  EXPECT_NE(health().find("\"newest\""), std::string::npos) << health();
}

TEST_F(RestoredLog, WaitsForTheLastCosigner) {
  // An epoch that only one of them has cosigned, and nobody else heard of.
  const MemoryView backup = restored();
  cosigners.all[1].mood = cosigners.all[2].mood = FakeCosigner::Mood::dead;
  register_somebody();
  cosigners.pass(driver, 1000);
  ASSERT_EQ(cosigners.all[0].head.size, 3u);
  cosigners.all[1].mood = cosigners.all[2].mood = FakeCosigner::Mood::honest;
  cosigners.all[0].mood = FakeCosigner::Mood::dead;
  put_back(backup);
  cosigners.pass(driver, 10 * kMinuteMs, 1000);
  EXPECT_EQ(register_somebody(), 503);
  EXPECT_TRUE(asks());
  cosigners.all[0].mood = FakeCosigner::Mood::honest;
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_TRUE(asks());
  EXPECT_EQ(size(), 2u);
  EXPECT_EQ(register_somebody(), 503);
}

TEST_F(RestoredLog, ABusyCosignerHasSaidNothing) {
  for (FakeCosigner& it : cosigners.all) it.mood = FakeCosigner::Mood::busy;
  put_back(restored());
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_TRUE(asks());
  for (FakeCosigner& it : cosigners.all) it.mood = FakeCosigner::Mood::honest;
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_FALSE(asks());
}

TEST_F(RestoredLog, WhatAProxySaysInACosignersPlaceIsNoWordOfTheCosigner) {
  const MemoryView backup = restored();
  // An epoch that only one of them has cosigned; its program does not run afterwards, but its proxy does.
  cosigners.all[1].mood = cosigners.all[2].mood = FakeCosigner::Mood::dead;
  register_somebody();
  cosigners.pass(driver, 1000);
  ASSERT_EQ(cosigners.all[0].head.size, 3u);
  cosigners.all[1].mood = cosigners.all[2].mood = FakeCosigner::Mood::honest;
  cosigners.all[0].mood = FakeCosigner::Mood::behind_proxy;
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{{404, "404 page not found\n"},
                                                                             {404, ""},
                                                                             {404, "<html>Not Found</html>\n"},
                                                                             {503, "<html>503</html>"},
                                                                             {409, "<html>409</html>"},
                                                                             {200, "<html>Welcome</html>"}}) {
    SCOPED_TRACE(body);
    cosigners.all[0].proxy_says = {status, to_bytes(body), {}};
    put_back(backup);
    cosigners.pass(driver, kMinuteMs, 1000);
    EXPECT_TRUE(asks());
    EXPECT_EQ(register_somebody(), 503);
    EXPECT_EQ(size(), 2u);
  }
  cosigners.all[0].mood = FakeCosigner::Mood::honest;
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_EQ(size(), 2u);
  EXPECT_NE(health().find("\"behind\""), std::string::npos) << health();
}

TEST_F(RestoredLog, ACosignerThatSaysItDoesNotKnowTheLogIsHeard) {
  cosigners.all[2].mood = FakeCosigner::Mood::stranger;
  put_back(restored());
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_FALSE(asks());
}

TEST(RestoredDomain, AProxyIsNoCosignerThatRefusesAYoungLog) {
  testing::TestCosigners cosigners;
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) cosigners.all[i].mood = FakeCosigner::Mood::behind_proxy;
  RelayDriver driver{cosigners.config()};
  cosigners.pass(driver, 2000);
  TestPerson alice("alice@example.org", 1);
  EXPECT_EQ(submit(driver, alice.genesis(alice.new_device())).status, 202);
  cosigners.pass(driver, kMinuteMs, 1000);
  const auto epochs = [&] { return driver.store.scan(table::kRecords, {}, {}, 10).size(); };
  EXPECT_EQ(epochs(), 1u) << "nobody has said yet how far the log is";
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) cosigners.all[i].mood = FakeCosigner::Mood::busy;
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_EQ(epochs(), 2u);
}

TEST_F(RestoredLog, AStoreThatSomebodyPutBackByHandIsFoundOutToo) {
  const MemoryView copy = driver.store;
  register_somebody();
  cosigners.pass(driver, 1000);
  ASSERT_EQ(size(), 3u);
  put_back(copy);
  register_somebody();
  cosigners.pass(driver, kHourMs, 1000);
  EXPECT_EQ(size(), 2u);
  EXPECT_EQ(register_somebody(), 503);
}

TEST_F(RestoredLog, AnOrdinaryStartNeedsOnlySoManyThatTheOthersAreNoQuorum) {
  cosigners.all[0].mood = FakeCosigner::Mood::dead;
  put_back(driver.store);
  register_somebody();
  cosigners.pass(driver, 1000);
  EXPECT_EQ(size(), 3u);
  cosigners.all[1].mood = FakeCosigner::Mood::dead;
  put_back(driver.store);
  register_somebody();
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_EQ(size(), 3u) << "two that were not heard could have cosigned another epoch";
}

TEST_F(RestoredLog, WhoeverAsksNobodyMayBeToldSo) {
  put_back(restored(AskCosigners::skip));
  EXPECT_FALSE(asks());
}

TEST(RestoredDomain, WithoutCosignersNothingIsSignedUnlessItsOperatorSaysSo) {
  RelayDriver driver{testing::open_config()};
  Member alice(driver, "alice@example.org", 1);
  for (const AskCosigners ask : {AskCosigners::yes, AskCosigners::skip}) {
    MemoryView store = driver.store;
    store.apply(*make_restored(store, ask, driver.now, driver.entropy));
    driver.store = store;
    driver.restart();
    driver.pass(kMinuteMs);
    TestPerson bob("bob@example.org", 2);
    EXPECT_EQ(submit(driver, bob.genesis(bob.new_device())).status, ask == AskCosigners::yes ? 503 : 202);
  }
}

TEST(RestoredDomain, CosignersThatOnlyEverRefusedHoldUpAYoungLogNotButARestoredOne) {
  testing::TestCosigners cosigners;
  cosigners.all[1].mood = cosigners.all[2].mood = FakeCosigner::Mood::busy;
  RelayDriver driver{cosigners.config()};
  cosigners.pass(driver, 2000);
  TestPerson alice("alice@example.org", 1);
  EXPECT_EQ(submit(driver, alice.genesis(alice.new_device())).status, 202);
  cosigners.pass(driver, 2000);
  EXPECT_EQ(driver.store.scan(table::kRecords, {}, {}, 10).size(), 2u);
  MemoryView store = driver.store;
  store.apply(*make_restored(store, AskCosigners::yes, driver.now, driver.entropy));
  driver.take_calls();
  driver.store = store;
  driver.restart();
  cosigners.pass(driver, kMinuteMs, 1000);
  EXPECT_TRUE(driver.store.get(table::kKeys, as_bytes(kRestoredRow)));
}

TEST(RestoredDomain, NumbersOfMailboxesJumpAndWhatWasForOneUseIsGone) {
  RelayDriver driver{testing::open_config()};
  Member alice(driver, "alice@example.org", 1);
  Member bob(driver, "bob@example.org", 2);
  bob.upload(driver, 3);
  TestChannel channel(driver, alice, 3);
  ASSERT_EQ(channel.admit(driver, alice, bob).status, 200);
  channel.send(driver, "one");
  MemoryView store = driver.store;
  const std::size_t waiting = store.scan(table::kReferences, {}, {}, 100).size();
  store.apply(*make_restored(store, AskCosigners::skip, driver.now, driver.entropy));
  channel.send(driver, "two");
  driver.store = store;
  driver.restart();
  EXPECT_EQ(driver.store.scan(table::kReferences, {}, {}, 100).size(), waiting);
  EXPECT_EQ(bob.upload(driver, 1).status, 401) << "logins have ended";
  bob.log_in(driver);
  alice.log_in(driver);
  const auto socket = driver.open(bob.token);
  std::vector<std::uint64_t> numbers;
  bool low = false;
  for (const auto& push : driver.pushes[socket]) {
    if (push.kind == proto::MailboxPush::Kind::envelope) numbers.push_back(push.envelope.sequence);
    low = low || push.kind == proto::MailboxPush::Kind::key_packages_low;
  }
  ASSERT_EQ(numbers.size(), 2u);  // the welcome and a message
  EXPECT_EQ(numbers[0], kRestoredJump + 1);
  EXPECT_EQ(numbers[1], kRestoredJump + 2);
  EXPECT_TRUE(low);
  EXPECT_TRUE(alice.fetch(driver, bob).items.empty());
  driver.acknowledge(socket, numbers[1]);
  EXPECT_EQ(channel.send(driver, "three").status, 200);
  EXPECT_EQ(driver.pushes[socket].back().envelope.sequence, kRestoredJump + 3);
  const auto seen = inspect(driver.store, driver.now);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->findings.empty()) << seen->findings.front();
}

TEST(RestoredDomain, AnEmptyStoreIsNoBackup) {
  testing::SeededEntropy entropy(1);
  const auto writes = make_restored(MemoryView(), AskCosigners::yes, Time{1}, entropy);
  ASSERT_FALSE(writes);
  EXPECT_EQ(writes.error().code, ErrorCode::not_found);
  EXPECT_EQ(inspect(MemoryView(), Time{1}).error().code, ErrorCode::not_found);
}

// ---- inspection ----

class Inspected : public ::testing::Test {
 protected:
  Inspected() {
    bob.upload(driver, 2);
    EXPECT_EQ(channel.admit(driver, alice, bob).status, 200);
    EXPECT_EQ(channel.send(driver, "hello").status, 200);
    EXPECT_EQ(submit(driver, alice.person.add(alice.person.new_device(), alice.device)).status, 202);
    driver.pass(2000);
  }
  std::vector<std::string> findings(const MemoryView& store) {
    const auto seen = inspect(store, driver.now);
    EXPECT_TRUE(seen);
    return seen ? seen->findings : std::vector<std::string>{};
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  TestChannel channel{driver, alice, 3};
};

TEST_F(Inspected, AHealthyStoreHasNoFindings) {
  const auto seen = inspect(driver.store, driver.now);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->findings.empty()) << seen->findings.front();
  EXPECT_EQ(seen->origin, "example.org/cairn");
  EXPECT_EQ(seen->names, 2u);
  EXPECT_EQ(seen->served, seen->epochs);
  EXPECT_GE(seen->epochs, 4u);
  EXPECT_GT(seen->envelopes, 0u);
  EXPECT_FALSE(seen->awaits_cosigners);
}

// Not of kLeaves: a page is a shortcut, and without the only one the audits still give every leaf.
TEST_F(Inspected, EveryRowOfTheLogIsMissed) {
  for (const Table which :
       {table::kRecords, table::kAudits, table::kTiles, table::kStatements, table::kBodies, table::kBodyCounts}) {
    for (const Row& row : driver.store.scan(which, {}, {}, 1000)) {
      MemoryView store = driver.store;
      store.apply({Write{which, row.key, std::nullopt}});
      EXPECT_FALSE(findings(store).empty()) << static_cast<int>(which);
    }
  }
}

TEST_F(Inspected, OneBitOfTheLogIsFound) {
  for (const Table which :
       {table::kRecords, table::kAudits, table::kTiles, table::kLeaves, table::kStatements, table::kServed}) {
    const auto rows = driver.store.scan(which, {}, {}, 1000);
    ASSERT_FALSE(rows.empty());
    for (const Row& row : rows) {
      for (const std::size_t at : {std::size_t{0}, row.value.size() / 2, row.value.size() - 1}) {
        MemoryView store = driver.store;
        Bytes value = row.value;
        value[at] ^= 1;
        store.apply({Write{which, row.key, value}});
        const auto seen = inspect(store, driver.now);
        EXPECT_TRUE(!seen || !seen->findings.empty()) << static_cast<int>(which) << " at " << at;
      }
    }
  }
}

// ---- versions ----

TEST(Schema, AStoreOfANewerVersionIsRefusedInOneSentence) {
  RelayDriver driver{testing::open_config()};
  EXPECT_TRUE(check_readable(driver.store));
  driver.store.apply({{table::kKeys, to_bytes(kSchemaRow), wire::encode(NumberRow{kSchema + 1})}});
  const Status readable = check_readable(driver.store);
  ASSERT_FALSE(readable);
  EXPECT_EQ(readable.error().code, ErrorCode::unsupported);
  const MemoryView before = driver.store;
  driver.restart();
  EXPECT_EQ(driver.get(proto::kPathHealth).status, 500);
  EXPECT_EQ(driver.store, before);
}

TEST(Schema, TheFirstVersionIsMigratedInOneTransaction) {
  RelayConfig config = testing::open_config();
  config.limits.mailbox_bytes = 9'000;
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  Member bob(driver, "bob@example.org", 2);
  bob.upload(driver, 2);
  TestChannel channel(driver, alice, 3);
  ASSERT_EQ(channel.admit(driver, alice, bob).status, 200);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(channel.send(driver, std::string(3000, 'x')).status, 200);
  const MemoryView now = driver.store;
  MemoryView old = now;
  old.apply({{table::kKeys, to_bytes(kSchemaRow), std::nullopt}});
  for (const Row& row : now.scan(table::kReferences, {}, {}, 100)) {
    old.apply({{table::kReferences, row.key, u64_key(number_of_key(row.value))}});
  }
  driver.store = old;
  driver.restart(testing::Commit::fails);
  EXPECT_EQ(driver.store, old) << "all or nothing";
  driver.restart();
  EXPECT_EQ(driver.store, now);
  const auto socket = driver.open(alice.token);
  driver.acknowledge(socket, driver.pushes[socket].at(2).envelope.sequence);
  EXPECT_EQ(channel.send(driver, std::string(3000, 'x')).status, 200);
  EXPECT_EQ(channel.send(driver, "full").status, 413);
}

}  // namespace
}  // namespace cairn::relay
