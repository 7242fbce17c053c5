#include "core/vault/retention.h"

#include <gtest/gtest.h>

namespace cairn::vault {
namespace {

ObjectId manifest_of(std::uint64_t counter) {
  ObjectId out;
  out.mutable_view()[0] = static_cast<std::uint8_t>(ObjectKind::manifest);
  out.mutable_view()[14] = static_cast<std::uint8_t>(counter >> 8);
  out.mutable_view()[15] = static_cast<std::uint8_t>(counter);
  return out;
}

/// The counters that stay of snapshots made at these hours.
std::vector<std::uint64_t> kept(const std::vector<std::uint64_t>& hours, Time now = Time{2000 * kDayMs}) {
  std::vector<KnownSnapshot> snapshots;
  for (std::size_t i = 0; i < hours.size(); ++i)
    snapshots.push_back({{manifest_of(i + 1), manifest_of(1000 + i)}, i + 1, Time{hours[i] * kHourMs}});
  const auto ids = kept_snapshots(snapshots, now);
  std::vector<std::uint64_t> out;
  for (const KnownSnapshot& one : snapshots) {
    EXPECT_EQ(ids.contains(one.manifests[0]), ids.contains(one.manifests[1]));
    if (ids.contains(one.manifests[0])) out.push_back(one.counter);
  }
  return out;
}

TEST(Retention, KeepsTheNewestOfSevenDaysAndFourWeeks) {
  std::vector<std::uint64_t> hours;
  for (std::uint64_t day = 0; day < 60; ++day) hours.push_back(24 * (700 + day) + 3);
  // Day 700 is the first of a week: weeks end with the snapshots 7, 14, ..., 56; the last one is under way.
  EXPECT_EQ(kept(hours), (std::vector<std::uint64_t>{42, 49, 54, 55, 56, 57, 58, 59, 60}));
}

TEST(Retention, KeepsOneOfADay) { EXPECT_EQ(kept({1, 2, 3, 25, 26}), (std::vector<std::uint64_t>{3, 5})); }

TEST(Retention, KeepsAllOfTheHighestCounter) {
  const KnownSnapshot two[] = {{{manifest_of(1)}, 7, Time{kHourMs}}, {{manifest_of(2)}, 7, Time{2 * kHourMs}}};
  EXPECT_EQ(kept_snapshots(two, Time{kDayMs}), (std::set<ObjectId>{manifest_of(1), manifest_of(2)}));
}

TEST(Retention, KeepsTheNewestWhateverItsClockSays) {
  EXPECT_EQ(kept({24 * 1000, 24 * 1001, 24 * 1002, 24 * 1003, 24 * 1004, 24 * 1005, 24 * 1006, 1}).back(), 8U);
  EXPECT_TRUE(kept({}).empty());
}

PublicKey signer_of(std::uint8_t number) {
  PublicKey out;
  out.mutable_view()[0] = number;
  return out;
}

/// A device that is linked later, and has little: its snapshots take no place of those of one that has all.
TEST(Retention, NoDeviceTakesAPlaceOfAnother) {
  const Time now{2000 * kDayMs};
  std::vector<KnownSnapshot> all;
  for (std::uint64_t i = 1; i <= 5; ++i) all.push_back({{manifest_of(i)}, i, Time{(1900 + i) * kDayMs}, signer_of(1)});
  const std::size_t own = kept_snapshots(all, now).size();
  for (std::uint64_t i = 6; i <= 60; ++i) all.push_back({{manifest_of(i)}, i, Time{(1940 + i) * kDayMs}, signer_of(2)});
  const auto kept = kept_snapshots(all, now);
  for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_TRUE(kept.contains(manifest_of(i))) << i;
  EXPECT_EQ(own, 5U);
  EXPECT_EQ(kept.size(), own + 9);  // of the other seven days and four weeks, two of which begin among those days
  EXPECT_TRUE(kept.contains(manifest_of(60)));
}

TEST(Retention, OfADeviceThatIsOutTheDaysGoAfterAWhile) {
  std::vector<KnownSnapshot> all;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    all.push_back({{manifest_of(i)}, i, Time{(700 + i) * kDayMs}, signer_of(1), SignerState::removed});
  }
  all.push_back({{manifest_of(11)}, 11, Time{760 * kDayMs}, signer_of(2)});
  const std::size_t soon = kept_snapshots(all, Time{760 * kDayMs}).size();
  const auto late = kept_snapshots(all, Time{710 * kDayMs + kRemovedSignerGraceMs + kHourMs});
  EXPECT_EQ(soon, 1U + 7U);  // weeks fall on kept days
  EXPECT_EQ(late, (std::set<ObjectId>{manifest_of(6), manifest_of(10), manifest_of(11)}));
}

TEST(Retention, OfMoreDevicesThanANameHasThoseThatAreOutGoFirst) {
  std::vector<KnownSnapshot> all;
  for (std::uint64_t i = 1; i <= kKeptSigners + 1; ++i) {
    const auto state = i == 1 ? SignerState::active : SignerState::removed;
    all.push_back({{manifest_of(i)}, i, Time{i * kHourMs}, signer_of(static_cast<std::uint8_t>(i)), state});
  }
  const auto kept = kept_snapshots(all, Time{90 * kDayMs});
  EXPECT_EQ(kept.size(), kKeptSigners);
  EXPECT_TRUE(kept.contains(manifest_of(1)));
  EXPECT_FALSE(kept.contains(manifest_of(2)));
}

TEST(Retention, DaysWithoutASnapshotDoNotCount) { EXPECT_EQ(kept({24, 24 * 100, 24 * 300, 24 * 500}).size(), 4U); }

TEST(Retention, AClockThatIsAheadTakesNoPlaceOfOthers) {
  const Time now{24 * 100 * kHourMs};
  std::vector<std::uint64_t> hours;
  for (std::uint64_t day = 0; day < 12; ++day) hours.push_back(24 * (200 + 7 * day));  // a device in another year
  for (std::uint64_t day = 90; day <= 100; ++day) hours.push_back(24 * day);
  EXPECT_EQ(kept(hours, now), (std::vector<std::uint64_t>{13, 17, 18, 19, 20, 21, 22, 23}));
  // A day is nobody's fault.
  EXPECT_EQ(kept({24 * 100, 24 * 101, 24 * 99}, now), (std::vector<std::uint64_t>{1, 2, 3}));
  // The newest stays, whenever it was.
  EXPECT_EQ(kept({24 * 100, 24 * 300}, now), (std::vector<std::uint64_t>{1, 2}));
}

struct Pruning : ::testing::Test {
  ObjectId pack = [] {
    ObjectId out;
    out.mutable_view()[0] = static_cast<std::uint8_t>(ObjectKind::pack);
    return out;
  }();
  Time now{100 * kDayMs};
};

TEST_F(Pruning, LeavesWhatIsNeeded) {
  const ObjectId stored[] = {pack, manifest_of(1)};
  const PrunePlan plan = plan_prune(stored, {pack, manifest_of(1)}, {}, {{pack, Time{0}}}, now);
  EXPECT_TRUE(plan.now.empty());
  EXPECT_TRUE(plan.unneeded_since.empty());
}

TEST_F(Pruning, DeletesPacksAfterTheirGraceAndSupersededManifestsAfterTheirs) {
  const ObjectId stored[] = {pack, manifest_of(1)};
  const std::set<ObjectId> superseded{manifest_of(1)};
  const PrunePlan first = plan_prune(stored, {}, superseded, {}, now);
  EXPECT_TRUE(first.now.empty());
  EXPECT_EQ(first.unneeded_since, (std::map<ObjectId, Time>{{pack, now}, {manifest_of(1), now}}));
  const auto plan_after = [&](std::uint64_t ms) {
    return plan_prune(stored, {}, superseded, first.unneeded_since, after(now, ms));
  };
  EXPECT_TRUE(plan_after(kSupersededGraceMs - 1).now.empty());
  EXPECT_EQ(plan_after(kSupersededGraceMs - 1).unneeded_since, first.unneeded_since);
  EXPECT_EQ(plan_after(kSupersededGraceMs).now, std::vector<ObjectId>{manifest_of(1)});
  EXPECT_EQ(plan_after(kUnneededGraceMs - 1).now, std::vector<ObjectId>{manifest_of(1)});
  // Manifests first: whoever stops between the two leaves no snapshot that lacks something.
  EXPECT_EQ(plan_after(kUnneededGraceMs).now, (std::vector<ObjectId>{manifest_of(1), pack}));
  // Who is interrupted then goes on without waiting again.
  EXPECT_EQ(plan_after(kUnneededGraceMs).unneeded_since, first.unneeded_since);
}

TEST_F(Pruning, WhatIsNeededAgainBeginsAnew) {
  const ObjectId stored[] = {pack};
  const PrunePlan first = plan_prune(stored, {}, {}, {}, now);
  const PrunePlan meanwhile = plan_prune(stored, {pack}, {}, first.unneeded_since, after(now, kDayMs));
  EXPECT_TRUE(meanwhile.unneeded_since.empty());
  const PrunePlan late = plan_prune(stored, {}, {}, meanwhile.unneeded_since, after(now, kUnneededGraceMs));
  EXPECT_TRUE(late.now.empty());
}

TEST_F(Pruning, LeavesAManifestThatItMerelyCouldNotReadTheGrace) {
  const ObjectId stored[] = {manifest_of(1), manifest_of(2)};
  const PrunePlan first = plan_prune(stored, {}, {manifest_of(2)}, {}, now);
  const PrunePlan some = plan_prune(stored, {}, {manifest_of(2)}, first.unneeded_since, after(now, kSupersededGraceMs));
  EXPECT_EQ(some.now, std::vector<ObjectId>{manifest_of(2)});
  EXPECT_EQ(some.unneeded_since, first.unneeded_since);
  const PrunePlan late = plan_prune(stored, {}, {}, first.unneeded_since, after(now, kUnneededGraceMs));
  EXPECT_EQ(late.now, (std::vector<ObjectId>{manifest_of(1), manifest_of(2)}));
}

TEST_F(Pruning, AClockThatWasAheadKeepsNothingForEver) {
  const ObjectId stored[] = {pack};
  const PrunePlan plan = plan_prune(stored, {}, {}, {{pack, Time{900 * kDayMs}}}, now);
  EXPECT_EQ(plan.unneeded_since, (std::map<ObjectId, Time>{{pack, now}}));
}

}  // namespace
}  // namespace cairn::vault
