// When new keys are due, and that many devices of one channel do not stand in each other's way (docs/spec/client.md
// s.18).
#include "core/client/leaf_updates.h"

#include <gtest/gtest.h>

#include <queue>
#include <set>

#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

constexpr Time kStart{1'750'000'000'000};

Hash leaf_named(std::uint64_t number) {
  testing::SeededEntropy entropy(number);
  return random_value<Hash>(entropy);
}

/// One leaf of a conversation of two devices.
class OneLeaf : public ::testing::Test {
 protected:
  OneLeaf() {
    facts.leaf = leaf_named(1);
    facts.devices = 2;
    age = age_of(std::nullopt, facts, kStart);
  }
  Time plan(Time now) { return plan_leaf_update(age, facts, now, entropy); }

  testing::SeededEntropy entropy{1};
  LeafFacts facts;
  LeafAge age;
};

TEST_F(OneLeaf, IsDueAfterAWeek) {
  const Time week = after(kStart, kLeafLifeMs);
  EXPECT_EQ(plan(kStart), week);
  EXPECT_EQ(plan(Time{week.ms - 1}), week);
  EXPECT_EQ(age.at_ms, 0u);
  const Time at = plan(week);
  EXPECT_GE(at, week);
  EXPECT_LT(at, after(week, 2 * kLeafTurnMs));
  EXPECT_EQ(plan(at), at);  // now
}

TEST_F(OneLeaf, IsDueAfterAHundredMessages) {
  age.sent = kLeafMessages - 1;
  EXPECT_EQ(plan(kStart), after(kStart, kLeafLifeMs));
  ++age.sent;
  EXPECT_LT(plan(kStart), after(kStart, 2 * kLeafTurnMs));
  EXPECT_NE(age.at_ms, 0u);
}

TEST_F(OneLeaf, WithManyBlankNodesAboveItWaitsForItsWeekHoweverMuchIsSaid) {
  age.sent = 100 * kLeafMessages;
  facts.blanks_above = kMostBlanksAbove + 1;
  EXPECT_EQ(plan(kStart), after(kStart, kLeafLifeMs));
  EXPECT_LT(plan(after(kStart, kLeafLifeMs)), after(kStart, kLeafLifeMs + 2 * kLeafTurnMs));
  age.at_ms = 0;
  facts.blanks_above = kMostBlanksAbove;
  EXPECT_LT(plan(kStart), after(kStart, 2 * kLeafTurnMs));
}

TEST_F(OneLeaf, OfALastResortPackageIsDueAtOnce) {
  facts.is_last_resort = true;
  EXPECT_LT(plan(kStart), after(kStart, 2 * kLeafTurnMs));
}

TEST_F(OneLeaf, IsAsOldAsTheKeyPackageThatItCameWith) {
  facts.leaf = leaf_named(2);
  facts.made = Time{kStart.ms - kLeafLifeMs};
  age = age_of(age, facts, kStart);
  EXPECT_EQ(age.since_ms, facts.made->ms);
  EXPECT_LT(plan(kStart), after(kStart, 2 * kLeafTurnMs));
}

TEST_F(OneLeaf, IsNewWhenItsKeysAre) {
  age.sent = 7;
  age.tries = 3;
  age.at_ms = kStart.ms;
  EXPECT_EQ(age_of(age, facts, kStart), age);
  facts.leaf = leaf_named(2);
  const LeafAge other = age_of(age, facts, after(kStart, 5));
  EXPECT_EQ(other, (LeafAge{facts.leaf, kStart.ms + 5, 0, 0, 0, {}, 0}));
}

TEST_F(OneLeaf, IsAsOldAsItsKeysHoweverLateTheyCount) {
  const Hash staged = leaf_named(2);
  note_leaf_staged(age, staged, after(kStart, kLeafLifeMs));
  const Time late = after(kStart, 3 * kLeafLifeMs);
  EXPECT_EQ(age_of(age, facts, late).since_ms, kStart.ms);  // the old ones still count
  facts.leaf = staged;
  age = age_of(age, facts, late);
  EXPECT_EQ(age, (LeafAge{staged, kStart.ms + kLeafLifeMs, 0, 0, 0, {}, 0}));
  EXPECT_LT(plan(late), after(late, 2 * kLeafTurnMs));
}

TEST_F(OneLeaf, WaitsLongerAfterEachCommitThatDidNotWin) {
  for (std::uint32_t tries = 1; tries <= 40; ++tries) {
    note_leaf_try(age, kStart, entropy);
    const std::uint64_t most = std::min(kMinuteMs << std::min(tries, kMostDoublings), kMostLeafTurnsMs);
    EXPECT_GE(age.at_ms, kStart.ms + kEpochRestMs);
    EXPECT_LT(age.at_ms, kStart.ms + kEpochRestMs + most);
    EXPECT_LE(age.tries, kMostDoublings);
  }
}

TEST_F(OneLeaf, LeavesTheFirstMinuteOfAnEpochAlone) {
  const Time now = after(kStart, 2 * kLeafLifeMs);
  age.at_ms = now.ms;
  facts.epoch_began = Time{now.ms - kEpochRestMs + 1};
  const Time at = plan(now);
  EXPECT_GE(at, after(*facts.epoch_began, kEpochRestMs));
  EXPECT_LT(at, after(*facts.epoch_began, kEpochRestMs + 2 * kMinuteMs));
  facts.epoch_began = Time{now.ms - kEpochRestMs};
  age.at_ms = now.ms;
  EXPECT_EQ(plan(now), now);
}

TEST_F(OneLeaf, IsNotPutOffForEverByAMemberThatCommitsAllTheTime) {
  const Time due = after(kStart, kLeafLifeMs);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    testing::SeededEntropy drawn(seed);
    age = age_of(std::nullopt, facts, kStart);
    Time now = due;
    for (;;) {
      facts.epoch_began = Time{now.ms - 20 * kSecondMs};
      const Time at = plan_leaf_update(age, facts, now, drawn);
      if (at == now) break;
      ASSERT_LT(elapsed_ms(at, due), 2 * kLeafTurnMs + 9 * kHourMs);
      now = at;
    }
  }
}

TEST_F(OneLeaf, DrawsOnceMoreWhenItsMomentWasMissed) {
  const Time now = after(kStart, 2 * kLeafLifeMs);
  age.at_ms = now.ms - kHourMs;
  const Time at = plan(now);
  EXPECT_GT(at, now);
  EXPECT_LT(at, after(now, 2 * kMinuteMs));
  EXPECT_EQ(plan(after(now, kDayMs)), after(now, kDayMs));  // not for ever: who is there for a moment alone gets on
}

TEST_F(OneLeaf, IsNotPutOffByAClockThatWasAhead) {
  age = age_of(LeafAge{facts.leaf, kStart.ms + 365 * kDayMs, 0, 0, 0, {}, 0}, facts, kStart);
  EXPECT_EQ(age.since_ms, kStart.ms);
  const Time now = after(kStart, kLeafLifeMs);
  age.at_ms = now.ms + 365 * kDayMs;
  facts.epoch_began = after(now, 300 * kDayMs);
  const Time at = plan(now);
  EXPECT_LT(at, after(now, 2 * kLeafTurnMs));
  EXPECT_EQ(plan(at), at);
}

TEST_F(OneLeaf, IsDueThoughTheClockBeginsAtTheSamePastDayEachTime) {
  const Time past{kStart.ms - 365 * kDayMs};
  for (std::uint64_t day = 0; day < 7; ++day) {
    facts.least = after(kStart, day * kDayMs);
    age = age_of(age, facts, past);
    EXPECT_EQ(age.since_ms, kStart.ms);
    EXPECT_EQ(plan(past), after(past, kLeafLifeMs - day * kDayMs));
  }
  facts.least = after(kStart, kLeafLifeMs);
  const Time at = plan(past);
  EXPECT_GE(at, past);
  EXPECT_LT(at, after(past, 2 * kLeafTurnMs));
  EXPECT_EQ(plan(at), at);
  facts.leaf = leaf_named(2);
  EXPECT_EQ(age_of(age, facts, past).since_ms, facts.least.ms);
}

TEST_F(OneLeaf, IsReadAsItWasWritten) {
  age = {leaf_named(3), 1, 2, 3, 4, leaf_named(5), 6};
  EXPECT_EQ(wire::decode<LeafAge>(wire::encode(age)).value(), age);
  Bytes bytes = wire::encode(age);
  bytes.pop_back();
  EXPECT_FALSE(wire::decode<LeafAge>(bytes).has_value());
}

// ---- many devices of one channel ----

/// Devices that hear of each commit after a while, and a channel that takes one commit an epoch.
class Crowd {
 public:
  explicit Crowd(std::size_t devices) : entropy_(devices) {
    for (std::size_t i = 0; i < devices; ++i) {
      Member member;
      member.facts.leaf = leaf_named(++leaves_);
      member.facts.devices = devices;
      member.age = age_of(std::nullopt, member.facts, kStart);
      members_.push_back(member);
      look_at(i, kStart);
    }
  }

  std::size_t won = 0;
  std::size_t lost = 0;
  std::size_t in_first_minutes = 0;  ///< of those that won

  /// Nobody does anything between these.
  void sleep(Time from, Time to) {
    asleep_from_ = from;
    asleep_to_ = to;
  }
  /// Each says a message so often.
  void talk_every(std::uint64_t ms) { says_every_ms_ = ms; }

  void run_until(Time end) {
    while (!agenda_.empty() && agenda_.top().first <= end) {
      auto [now, who] = agenda_.top();
      agenda_.pop();
      if (asleep_from_ < now && now < asleep_to_) {
        look_at(who, asleep_to_);
      } else {
        step(who, now);
      }
    }
  }
  std::uint64_t oldest_ms(Time now) const {
    std::uint64_t oldest = 0;
    for (const Member& member : members_) oldest = std::max(oldest, elapsed_ms(now, Time{member.age.since_ms}));
    return oldest;
  }

 private:
  struct Member {
    LeafFacts facts;
    LeafAge age;
    Time counted = kStart;
  };
  void look_at(std::size_t who, Time when) { agenda_.emplace(when, who); }
  void step(std::size_t who, Time now) {
    Member& member = members_[who];
    // What it has heard of by now, up to 2 s late.
    const bool has_heard = elapsed_ms(now, epoch_began_) > entropy_.below(2 * kSecondMs);
    member.facts.epoch_began = has_heard ? epoch_began_ : Time{0};
    member.age = age_of(member.age, member.facts, now);
    if (says_every_ms_ != 0) {
      const std::uint64_t said = elapsed_ms(now, member.counted) / says_every_ms_;
      member.age.sent += static_cast<std::uint32_t>(said);
      member.counted = after(member.counted, said * says_every_ms_);
    }
    Time at = plan_leaf_update(member.age, member.facts, now, entropy_);
    if (at <= now) {
      note_leaf_try(member.age, now, entropy_);
      if (has_heard) {
        in_first_minutes += elapsed_ms(now, epoch_began_) < kEpochRestMs ? 1 : 0;
        ++won;
        epoch_began_ = now;
        member.facts.leaf = leaf_named(++leaves_);
      } else {
        ++lost;
      }
      at = after(now, kSecondMs);
    }
    if (says_every_ms_ != 0) at = std::min(at, after(now, kHourMs));
    look_at(who, std::max(at, after(now, 1)));
  }

  using Moment = std::pair<Time, std::size_t>;
  std::priority_queue<Moment, std::vector<Moment>, std::greater<>> agenda_;
  std::vector<Member> members_;
  testing::SeededEntropy entropy_;
  std::uint64_t leaves_ = 0;
  Time epoch_began_{1};
  Time asleep_from_ = Time::never();
  Time asleep_to_{};
  std::uint64_t says_every_ms_ = 0;
};

TEST(ManyLeaves, OfTwoHundredDevicesAreRenewedOnceAWeekEach) {
  Crowd crowd(200);
  const Time end = after(kStart, 4 * (kLeafLifeMs + kMostLeafTurnsMs));
  crowd.run_until(end);
  EXPECT_GE(crowd.won, 4 * 200u);
  EXPECT_LE(crowd.won, 5 * 200u);
  EXPECT_LE(crowd.lost, 20u);
  EXPECT_EQ(crowd.in_first_minutes, 0u);
  EXPECT_LE(crowd.oldest_ms(end), kLeafLifeMs + kMostLeafTurnsMs + kHourMs);
}

TEST(ManyLeaves, ThatComeBackTogetherAreRenewedOneAfterTheOther) {
  Crowd crowd(200);
  // An hour after the first were due the server is gone for two days.
  const Time back = after(kStart, kLeafLifeMs + 2 * kDayMs);
  crowd.sleep(after(kStart, kLeafLifeMs + kHourMs), back);
  crowd.run_until(after(back, 2 * kDayMs));
  EXPECT_EQ(crowd.won, 200u);
  EXPECT_LE(crowd.lost, 200u);
  EXPECT_LE(crowd.in_first_minutes, 25u);  // of those that were put off again and again
}

TEST(ManyLeaves, OfWhoTalksAreRenewedOnceInAHundredMessages) {
  Crowd crowd(200);
  crowd.talk_every(10 * kMinuteMs);  // 144 a day each, 28,800 in all
  const std::size_t days = 14;
  crowd.run_until(after(kStart, days * kDayMs));
  EXPECT_LE(crowd.won, days * 28'800 / kLeafMessages);
  EXPECT_GE(crowd.won, days * 28'800 / kLeafMessages / 3);
  EXPECT_LE(crowd.lost, crowd.won / 5);
  EXPECT_EQ(crowd.in_first_minutes, 0u);
}

TEST(ManyLeaves, DoNotAllComeInOneMoment) {
  std::multiset<std::uint64_t> minutes;
  testing::SeededEntropy entropy(7);
  for (std::uint64_t i = 0; i < 200; ++i) {
    LeafFacts facts;
    facts.leaf = leaf_named(i);
    facts.devices = 200;
    LeafAge age = age_of(std::nullopt, facts, kStart);
    const Time now = after(kStart, kLeafLifeMs);
    minutes.insert(elapsed_ms(plan_leaf_update(age, facts, now, entropy), now) / kMinuteMs);
  }
  EXPECT_LT(*minutes.rbegin(), kMostLeafTurnsMs / kMinuteMs);
  for (const std::uint64_t minute : minutes) EXPECT_LE(minutes.count(minute), 5u);
}

}  // namespace
}  // namespace cairn::client
