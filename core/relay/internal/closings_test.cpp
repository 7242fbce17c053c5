// When a reset is completed: the server asks the auditors first, and nothing that they can say later stops the log.
#include "core/relay/internal/closings.h"

#include <gtest/gtest.h>

#include <deque>

#include "core/base/memory_view.h"
#include "core/crypto/hash.h"
#include "core/relay/leaf_pages.h"
#include "tests/support/relay_people.h"
#include "tests/support/test_cosigner.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::error_of;
using testing::FakeCosigner;
using testing::RelayDriver;
using testing::submit;
using testing::TestPerson;
using Mailbox = FakeCosigner::Mailbox;

constexpr std::uint64_t kDelayMs = directory::kMinResetDelayS * kSecondMs;

/// Alice, whose reset has matured, and three auditors of which two are a quorum.
struct ClosingsWorld {
  explicit ClosingsWorld(RelayConfig config = testing::TestCosigners().config()) : driver(std::move(config)) {
    pass(1000);
    take(alice.genesis(phone, directory::kMinResetDelayS));
    pass(1000);
    take(alice.request(tablet, 5));
    pass(1000);
    notice = load<directory::RequestNotice>(driver.store, table::kNotices, chain_key("alice@example.org", 1))
                 .value()
                 ->request;
    cosigners.pass(driver, kDelayMs + 1000, kHourMs / 2);
    completion = alice.by_new_device(directory::CompleteReset{1}, tablet);
  }

  void pass(std::uint64_t ms) { cosigners.pass(driver, ms); }
  void pass_long(std::uint64_t ms) { cosigners.pass(driver, ms, 5 * kMinuteMs); }
  void take(const directory::Statement& statement, Bytes veto = {}) {
    alice.take(statement);
    const auto answer = submit(driver, statement, {}, std::move(veto));
    ASSERT_EQ(answer.status, 202) << body_of<proto::ErrorAnswer>(answer).message;
  }
  int complete() { return submit(driver, *completion).status; }
  std::string sentence() { return body_of<proto::ErrorAnswer>(submit(driver, *completion)).message; }
  /// Taken, and then served.
  bool completes() {
    if (complete() != 202) return false;
    pass(3000);
    const auto served = load<ServedRow>(driver.store, table::kServed, {});
    const auto leaves = load_leaves(driver.store, (**served).size, directory::kMinResetDelayS);
    return leaves->size() == 1 && leaves->front().leaf.count == 3 && !leaves->front().leaf.resets.is_zero();
  }
  /// An auditor neither cosigns nor answers any more.
  void gone(std::size_t auditor) { cosigners.all[auditor].mood = FakeCosigner::Mood::dead; }
  bool remembers() { return driver.store.get(table::kClosings, notice.hash()).has_value(); }

  testing::TestCosigners cosigners;
  RelayDriver driver;
  TestPerson alice{"alice@example.org", 1};
  testing::TestDevice phone = alice.new_device(), tablet = alice.new_device();
  directory::ResetNotice notice;
  std::optional<directory::Statement> completion;
};

class ClosingsTest : public ::testing::Test, protected ClosingsWorld {
 protected:
  using ClosingsWorld::ClosingsWorld;
};

TEST_F(ClosingsTest, CompletesWhenEveryAuditorHasClosed) {
  const auto before = driver.store;
  EXPECT_EQ(complete(), 503);
  EXPECT_EQ(driver.store, before);
  EXPECT_EQ(sentence(), "The auditors are being asked whether this reset was vetoed; try again in some minutes.");
  pass(1000);
  EXPECT_TRUE(remembers());
  EXPECT_TRUE(completes());
  EXPECT_FALSE(remembers());
  for (const FakeCosigner& it : cosigners.all) EXPECT_EQ(it.asked_to_close, 1u);
}

TEST_F(ClosingsTest, AsksNobodyBeforeTheResetHasMatured) {
  TestPerson bob("bob@example.org", 2);
  const auto first = bob.new_device(), second = bob.new_device();
  bob.take(bob.genesis(first));
  ASSERT_EQ(submit(driver, bob.statements.back()).status, 202);
  bob.take(bob.request(second, 5));
  ASSERT_EQ(submit(driver, bob.statements.back()).status, 202);
  pass(3000);
  EXPECT_EQ(error_of(submit(driver, bob.by_new_device(directory::CompleteReset{1}, second))), ErrorCode::invalid_state);
  pass(1000);
  EXPECT_EQ(cosigners.all[0].asked_to_close, 0u);
}

TEST_F(ClosingsTest, NeverCompletesWhatOneAuditorHasAVetoOf) {
  cosigners.all[1].veto = directory::veto_as_device(notice, phone.key);
  EXPECT_EQ(complete(), 503);
  pass(1000);
  EXPECT_EQ(complete(), 403);
  cosigners.all[1].veto.reset();  // the server has it by now
  driver.restart();
  pass_long(kDayMs);
  EXPECT_EQ(complete(), 403);
  EXPECT_EQ(sentence(),
            "An auditor holds a veto of this reset, so it is never completed; ask for another one if the name is "
            "yours.");
  // The owner's own veto still ends it.
  take(alice.by_device(directory::VetoReset{}, phone), wire::encode(directory::veto_as_device(notice, phone.key)));
  EXPECT_FALSE(remembers());
}

TEST_F(ClosingsTest, BelievesNoVetoThatIsNone) {
  auto forged = directory::veto_as_device(notice, phone.key);
  forged.signature.mutable_view()[0] ^= 1;
  cosigners.all[1].veto = forged;
  complete();
  pass(1000);
  EXPECT_EQ(complete(), 503);
  auto other = notice;
  other.matures_ms += 1;
  cosigners.all[1].veto = directory::veto_as_device(other, phone.key);
  pass(kMinuteMs);
  EXPECT_EQ(complete(), 503);
  cosigners.all[1].veto.reset();
  pass(2 * kMinuteMs);
  EXPECT_TRUE(completes());
}

TEST_F(ClosingsTest, WaitsForAnAuditorWhoseDelayIsNotOver) {
  cosigners.all[2].mailbox = Mailbox::not_yet;
  complete();
  pass_long(2 * kClosingPatienceMs);
  EXPECT_EQ(complete(), 503);
  cosigners.all[2].mailbox = Mailbox::closes;
  pass_long(kHourMs / 6);
  EXPECT_TRUE(completes());
}

TEST_F(ClosingsTest, BelievesNoClosingOfAnotherKey) {
  cosigners.all[0].mailbox = Mailbox::forges;
  complete();
  pass_long(kHourMs);
  EXPECT_EQ(complete(), 503);
}

TEST_F(ClosingsTest, GoesOnWithoutAnAuditorThatIsGone) {
  gone(2);
  complete();
  pass_long(kClosingPatienceMs - kHourMs);
  EXPECT_EQ(complete(), 503);
  pass_long(2 * kHourMs);
  EXPECT_TRUE(completes());
}

// It carries the log on, and may hold the only veto: left out, it would refuse the log for ever.
TEST_F(ClosingsTest, WaitsForAnAuditorThatCosignsAndDoesNotAnswer) {
  for (const Mailbox silence : {Mailbox::silent, Mailbox::unsigned_not_yet, Mailbox::stale_not_yet}) {
    cosigners.all[2].mailbox = silence;
    complete();
    pass_long(kClosingPatienceMs + kHourMs);
    EXPECT_EQ(complete(), 503);
  }
  EXPECT_TRUE(std::ranges::any_of(driver.events, [](const proto::Event& event) {
    return event.what.starts_with("an auditor cosigns and does not say");
  }));
  cosigners.all[2].mailbox = Mailbox::closes;
  pass_long(kHourMs);
  EXPECT_TRUE(completes());
}

// Whoever stands between may say 503, or what the auditor said once.
TEST_F(ClosingsTest, NotYetIsNoSignOfLifeUnlessItIsSignedForThisQuestion) {
  for (const Mailbox lie : {Mailbox::unsigned_not_yet, Mailbox::stale_not_yet}) {
    ClosingsWorld fresh;
    fresh.cosigners.all[2].mailbox = lie;
    fresh.complete();
    fresh.pass(kMinuteMs);
    fresh.cosigners.all[2].mood = FakeCosigner::Mood::busy;  // it cosigns nothing
    fresh.pass_long(kClosingPatienceMs + kHourMs);
    EXPECT_TRUE(fresh.completes());
  }
}

TEST_F(ClosingsTest, AnAuditorThatComesBackIsWaitedForAgain) {
  gone(2);
  complete();
  pass_long(kClosingPatienceMs + kHourMs);
  cosigners.all[2].mood = FakeCosigner::Mood::honest;
  cosigners.all[2].mailbox = Mailbox::not_yet;
  pass_long(kHourMs);
  EXPECT_EQ(complete(), 503);
}

// Any sign of life ends its silence: a cosignature too.
TEST_F(ClosingsTest, SilenceIsCountedFromTheLastCosignature) {
  cosigners.all[2].mailbox = Mailbox::silent;
  complete();
  pass_long(2 * kDayMs);  // it cosigns
  gone(2);
  pass_long(2 * kDayMs);
  EXPECT_EQ(complete(), 503);
  pass_long(kDayMs + 2 * kHourMs);
  EXPECT_TRUE(completes());
}

TEST_F(ClosingsTest, NeedsTheQuorumOfThoseThatClosed) {
  gone(1);
  gone(2);
  complete();
  pass_long(2 * kClosingPatienceMs);
  EXPECT_EQ(complete(), 503);
  EXPECT_EQ(
      sentence(),
      "Too few auditors that cosign just now have said that this reset was not vetoed; try again later, or tell the "
      "operator.");
}

// It owes the waiting of another reset, say, which was completed while it was away: it may never cosign this one.
TEST_F(ClosingsTest, CountsNoClosingOfAnAuditorThatDoesNotCosignNow) {
  cosigners.all[2].mailbox = Mailbox::not_yet;
  complete();
  pass(1000);  // the first two have closed
  cosigners.all[2].mailbox = Mailbox::closes;
  pass(kMinuteMs);
  cosigners.all[0].mood = cosigners.all[1].mood = FakeCosigner::Mood::busy;
  pass(9 * kMinuteMs);
  const auto before = driver.store;
  pass(2 * kMinuteMs);
  EXPECT_EQ(complete(), 503);
  EXPECT_TRUE(sentence().starts_with("Too few auditors that cosign just now"));
  cosigners.all[0].mood = FakeCosigner::Mood::honest;
  pass(kMinuteMs);
  EXPECT_TRUE(completes());
}

// Its silence was long enough, and it is back before the completion is asked for again.
TEST_F(ClosingsTest, SilenceThatACosignatureHasEndedSinceCountsForNothing) {
  gone(2);
  complete();
  pass_long(kClosingPatienceMs + kHourMs);
  cosigners.all[2].mood = FakeCosigner::Mood::honest;
  cosigners.all[2].mailbox = Mailbox::silent;
  const std::uint64_t asked = cosigners.all[2].asked_to_close;
  pass(30 * kSecondMs);  // it cosigns, and is not asked about the mailbox meanwhile
  ASSERT_EQ(cosigners.all[2].asked_to_close, asked);
  EXPECT_EQ(complete(), 503);
}

TEST_F(ClosingsTest, ACosignatureFromBeforeTheClockWasSetBackIsNotOneOfNow) {
  complete();
  pass_long(kDayMs);
  gone(0);
  gone(1);
  driver.now = Time{driver.now.ms - 20 * kHourMs};
  pass(2 * kMinuteMs);
  EXPECT_EQ(complete(), 503);
  EXPECT_TRUE(sentence().starts_with("Too few auditors that cosign just now"));
}

TEST_F(ClosingsTest, CountsNoTimeInWhichTheServerDidNotAsk) {
  gone(2);
  complete();
  pass(kMinuteMs);
  driver.now = after(driver.now, 2 * kClosingPatienceMs);  // asleep
  pass(kMinuteMs);
  EXPECT_EQ(complete(), 503);
  driver.restart();
  driver.now = after(driver.now, 2 * kClosingPatienceMs);
  pass(kMinuteMs);
  EXPECT_EQ(complete(), 503);
}

TEST_F(ClosingsTest, KeepsWhatItWasToldWhenItDies) {
  cosigners.all[2].mailbox = Mailbox::not_yet;
  complete();
  pass(1000);
  driver.restart();
  cosigners.all[0].mailbox = cosigners.all[1].mailbox = Mailbox::silent;  // they have said it
  cosigners.all[2].mailbox = Mailbox::closes;
  pass(1000);  // nobody has to ask for the completion again before the auditors are asked
  EXPECT_TRUE(completes());
}

TEST_F(ClosingsTest, AVetoThroughTheServerEndsTheAsking) {
  cosigners.all[2].mailbox = Mailbox::not_yet;
  complete();
  pass(1000);
  take(alice.by_device(directory::VetoReset{}, phone), wire::encode(directory::veto_as_device(notice, phone.key)));
  const std::uint64_t asked = cosigners.all[2].asked_to_close;
  pass_long(kHourMs);
  EXPECT_EQ(cosigners.all[2].asked_to_close, asked);
  EXPECT_FALSE(remembers());
}

TEST_F(ClosingsTest, WithoutRoomOnTheDiskItWritesNothingAndGoesOnLater) {
  complete();
  driver.disk_full = true;
  pass(1000);
  EXPECT_FALSE(remembers());
  driver.disk_full = false;
  pass_long(kHourMs);
  EXPECT_TRUE(remembers());
  EXPECT_TRUE(completes());
}

/// Witnesses outside the group `auditors` take no vetoes and are not asked.
class WitnessClosings : public ClosingsTest {
 protected:
  static RelayConfig with_a_witness() {
    testing::TestCosigners all;
    RelayConfig config = testing::open_config();
    std::string text;
    for (const FakeCosigner& it : all.all) text += it.policy_line();
    text += "group auditors all one.example two.example\ngroup all all three.example auditors\nquorum all\n";
    config.policy = *tlog::Policy::parse(text);
    config.auditors = auditors_of(text);
    return config;
  }
  WitnessClosings() : ClosingsTest(with_a_witness()) {}
};

TEST_F(WitnessClosings, AreOfAuditorsAlone) {
  cosigners.all[2].mailbox = Mailbox::silent;
  complete();
  pass(1000);
  EXPECT_EQ(cosigners.all[2].asked_to_close, 0u);
  EXPECT_TRUE(completes());
}

/// So many resets that are to be completed, and a dead auditor: calls to it hang until they time out.
class ManyClosings : public ::testing::Test {
 protected:
  explicit ManyClosings(std::uint64_t count = 200)
      : count_(count), closings_(config_, next_call_, [this](const PublicKey& key) { return newest_of(key); }) {
    cosigners.all[0].mood = FakeCosigner::Mood::dead;
    EXPECT_TRUE(closings_.rebuild(store_, now_));
    EXPECT_EQ(count_accepted(), 0u);
  }
  std::uint64_t count_accepted() {
    std::uint64_t out = 0;
    for (std::uint64_t i = 0; i < count_; ++i) {
      out += closings_.may_complete(crypto::sha256(u64_key(i)), now_) ? 1 : 0;
    }
    return out;
  }
  void restart() {
    hanging_.clear();
    EXPECT_TRUE(closings_.rebuild(store_, now_));
  }
  void pass_second() { pass(kSecondMs); }
  void pass(std::uint64_t ms) {
    now_ = after(now_, ms);
    while (!hanging_.empty() && hanging_.front().first <= now_) {
      const proto::CallDone done{hanging_.front().second, fail(ErrorCode::unavailable, "no answer")};
      hanging_.pop_front();
      Turn turn(store_, now_, entropy_);
      closings_.call_done(turn, done);
      take(turn);
    }
    Turn turn(store_, now_, entropy_);
    closings_.tick(turn);
    take(turn);
    EXPECT_LE(hanging_.size(), 32u);
  }

  testing::TestCosigners cosigners;
  std::map<Hash, std::size_t> asked_in_vain;
  bool they_fall_behind = false;  ///< what they cosign is smaller than what is served

 private:
  /// The dead one's key aside all cosign now.
  std::optional<NewestCosignature> newest_of(const PublicKey& key) const {
    if (key == cosigners.all[0].verifier().key()) return std::nullopt;
    return NewestCosignature{now_, !they_fall_behind};
  }
  void take(Turn& turn) {
    proto::Effects effects = turn.take();
    store_.apply(effects.writes);
    for (const proto::Send& send : effects.sends) {
      const auto& call = std::get<proto::Call>(send);
      FakeCosigner& asked = cosigners.of(call);
      if (asked.mood == FakeCosigner::Mood::dead) {
        hanging_.emplace_back(after(now_, call.timeout_ms), call.id);
        ++asked_in_vain[wire::decode<directory::CloseRequest>(call.body)->request];
        continue;
      }
      Turn answering(store_, now_, entropy_);
      closings_.call_done(answering, asked.answer(call, now_));
      take(answering);
    }
  }

  const std::uint64_t count_;
  testing::SeededEntropy entropy_{9};
  const RelayConfig config_ = testing::TestCosigners().config();
  std::uint64_t next_call_ = 1;
  Closings closings_;
  MemoryView store_;
  Time now_{1'700'000'000'000};
  std::deque<std::pair<Time, proto::CallId>> hanging_;
};

TEST_F(ManyClosings, AreNotHeldUpByAnAuditorThatNeverAnswers) {
  pass_second();
  EXPECT_EQ(cosigners.all[1].asked_to_close, 200u);
  EXPECT_EQ(cosigners.all[2].asked_to_close, 200u);
}

TEST_F(ManyClosings, ComeInTurn) {
  for (int second = 0; second < 1100; ++second) pass_second();
  ASSERT_EQ(asked_in_vain.size(), 200u);
  const auto [least, most] =
      std::ranges::minmax_element(asked_in_vain, {}, [](const auto& entry) { return entry.second; });
  EXPECT_GE(least->second, 3u);
  EXPECT_LE(most->second, least->second + 1);
}

TEST_F(ManyClosings, CountOfThoseAloneThatCosignWhatIsServed) {
  cosigners.all[0].mood = FakeCosigner::Mood::honest;
  for (int i = 0; i < 3; ++i) pass_second();
  they_fall_behind = true;
  EXPECT_EQ(count_accepted(), 0u);
  they_fall_behind = false;
  EXPECT_EQ(count_accepted(), 200u);
}

/// So many that each of them is asked about seldom: the silence of an auditor is its own, and not each request's.
class VeryManyClosings : public ManyClosings {
 protected:
  VeryManyClosings() : ManyClosings(3000) {}
};

TEST_F(VeryManyClosings, WaitNoLongerForAnAuditorThatIsGoneThanOneDoes) {
  constexpr std::uint64_t kTimeoutMs = 10 * kSecondMs, kRoundMs = 3000 * kSecondMs;  // ten calls at a time
  const auto pass_long = [&](std::uint64_t ms) {
    for (std::uint64_t passed = 0; passed < ms; passed += kTimeoutMs) pass(kTimeoutMs);
  };
  pass_long(kDayMs);
  restart();
  pass_long(kClosingPatienceMs - kDayMs - kHourMs);
  EXPECT_EQ(count_accepted(), 0u);
  pass_long(kHourMs + 2 * kRoundMs);
  EXPECT_EQ(count_accepted(), 3000u);
}

TEST(OpenResets, AreLimitedAndCounted) {
  RelayDriver driver(testing::open_config());
  testing::Member alice(driver, "alice@example.org", 1);
  const auto count = [&] { return load<NumberRow>(driver.store, table::kOpenResets, {}).value()->value; };
  driver.store.apply({{table::kOpenResets, {}, wire::encode(NumberRow{20'000})}});
  const auto request = alice.person.request(alice.person.new_device(), 5);
  EXPECT_EQ(error_of(submit(driver, request)), ErrorCode::over_limit);
  driver.store.apply({{table::kOpenResets, {}, wire::encode(NumberRow{19'999})}});
  ASSERT_EQ(submit(driver, request).status, 202);
  EXPECT_EQ(count(), 20'000u);
  driver.pass(2000);
  const auto notice = load<directory::RequestNotice>(driver.store, table::kNotices, chain_key("alice@example.org", 1));
  alice.person.take(request);
  const auto veto = alice.person.by_device(directory::VetoReset{}, alice.device);
  ASSERT_EQ(
      submit(driver, veto, {}, wire::encode(directory::veto_as_device((**notice).request, alice.device.key))).status,
      202);
  EXPECT_EQ(count(), 19'999u);
}

// The places are few, and where sign-up is open nobody else stands between them and one who wants them all.
TEST(OpenResets, OfOneAddressAreLimited) {
  RelayConfig config = testing::open_config();
  config.limits.reset_request = RelayLimits{}.reset_request;
  RelayDriver driver(config);
  const auto ask = [&](std::uint64_t seed, const std::string& peer) {
    TestPerson person("p" + std::to_string(seed) + "@example.org", seed);
    person.take(person.genesis(person.new_device(), directory::kMinResetDelayS));
    EXPECT_EQ(submit(driver, person.statements.back()).status, 202);
    const proto::StatementRequest body{wire::encode(person.request(person.new_device(), 5)), {}, {}};
    return driver.request(
        driver.make_request(proto::Method::post, proto::kPathStatement, wire::encode(body), {}, peer));
  };
  for (std::uint64_t i = 0; i < 8; ++i) EXPECT_EQ(ask(i, "2001:db8:0:1::" + std::to_string(i)).status, 202);
  const auto refused = ask(8, "2001:db8:0:1:f::9");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.retry_after_s, 3 * 3600u);
  EXPECT_EQ(body_of<proto::ErrorAnswer>(refused).message,
            "So many resets of names were asked for from your network address today; try again later, or from another "
            "network.");
  const auto count = load<NumberRow>(driver.store, table::kOpenResets, {});
  EXPECT_EQ((**count).value, 8u);
  EXPECT_EQ(ask(9, "2001:db8:0:2::1").status, 202);
  EXPECT_EQ(ask(10, "192.0.2.7").status, 202);
  driver.pass(3 * kHourMs);
  EXPECT_EQ(ask(11, "2001:db8:0:1::1").status, 202);
  EXPECT_EQ(ask(12, "2001:db8:0:1::1").status, 429);
}

// Who has an IPv6 /48 has 65,536 addresses in that sense.
TEST(OpenResets, OfOneSiteAreLimited) {
  RelayConfig config = testing::open_config();
  config.limits.reset_request = RelayLimits{}.reset_request;
  config.limits.reset_request_site = RelayLimits{}.reset_request_site;
  RelayDriver driver(config);
  const auto ask = [&](std::uint64_t seed, const std::string& peer) {
    TestPerson person("q" + std::to_string(seed) + "@example.org", seed);
    person.take(person.genesis(person.new_device(), directory::kMinResetDelayS));
    EXPECT_EQ(submit(driver, person.statements.back()).status, 202);
    const proto::StatementRequest body{wire::encode(person.request(person.new_device(), 5)), {}, {}};
    return driver.request(driver.make_request(proto::Method::post, proto::kPathStatement, wire::encode(body), {}, peer))
        .status;
  };
  for (std::uint64_t i = 0; i < 32; ++i) EXPECT_EQ(ask(i, "2001:db8:7:" + std::to_string(i) + "::1"), 202) << i;
  EXPECT_EQ(ask(32, "2001:db8:7:99::1"), 429);
  EXPECT_EQ(ask(32, "2001:db8:7:99::1"), 429);  // and again
  EXPECT_EQ(ask(33, "2001:db8:8:99::1"), 202);
  for (std::uint64_t i = 34; i < 40; ++i) EXPECT_EQ(ask(i, "192.0.2." + std::to_string(i)), 202);
}

}  // namespace
}  // namespace cairn::relay
