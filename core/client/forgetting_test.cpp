// What a device forgets when its time is over, so that nobody who comes to have the device can read more than its
// owner.
#include <gtest/gtest.h>

#include "core/client/account.h"
#include "core/client/conversations.h"
#include "core/client/gatekeeper.h"
#include "core/client/key_packages.h"
#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

using testing::kAlice;
using testing::kBob;

class Forgetting : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
  }
  testing::TestStore& store(const std::string& device) { return village.device(device).store(); }
  /// The conversation of both, as a device has it.
  mls::Group group(const std::string& device) {
    std::optional<mls::Group> out;
    for (const Row& row : store(device).scan(tables::kGroups, {}, {}, 10)) {
      auto restored = mls::Group::restore(row.value);
      if (restored && restored->members().size() > 2) out.emplace(std::move(*restored));
    }
    CHECK(out.has_value());
    return std::move(*out);
  }

  testing::ClientVillage village;
};

TEST_F(Forgetting, TakesFormerEpochsAfterTwoDays) {
  ASSERT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", "hello"}}).contains("result"));
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  village.pass_all(kMinuteMs);
  const std::uint64_t former = group("alice-1").epoch() - 1;
  ASSERT_GE(former, 1u);
  for (const char* device : {"alice-1", "bob-1"}) EXPECT_TRUE(group(device).resumption_psk(former)) << device;
  village.pass_all(kFormerEpochLifeMs - kHourMs);
  for (const char* device : {"alice-1", "bob-1"}) EXPECT_TRUE(group(device).resumption_psk(former)) << device;
  village.device("alice-1").restart();
  village.pass_all(kDayMs);
  for (const char* device : {"alice-1", "bob-1"}) {
    EXPECT_FALSE(group(device).resumption_psk(former)) << device;
    EXPECT_TRUE(store(device).scan(tables::kFormerEpochs, {}, {}, 10).empty()) << device;
  }
  EXPECT_TRUE(village.ask("bob-1", "send", {{"to", kAlice}, {"text", "still here"}}).contains("result"));
}

TEST_F(Forgetting, TakesKeyPackagesThatNoWelcomeCanBeForAnyMore) {
  const auto kept_after = [&](std::uint64_t ms) {
    Overlay overlay(store("alice-1"));
    testing::SeededEntropy entropy(1);
    std::vector<proto::Send> sends;
    std::vector<proto::Event> events;
    Context context{overlay, after(village.now, ms), entropy, sends, events};
    forget_key_packages(context);
    return overlay.scan(tables::kKeyPackages, {}, {}, 1000).size();
  };
  const std::size_t all = store("alice-1").scan(tables::kKeyPackages, {}, {}, 1000).size();
  ASSERT_GT(all, kKeyPackageStock);
  EXPECT_EQ(kept_after(kLastResortLifeMs + kLateWelcomeMs - kHourMs), all);
  EXPECT_EQ(kept_after(kLastResortLifeMs + kLateWelcomeMs + kHourMs), all - 1);
  EXPECT_EQ(kept_after(kKeyPackageLifeMs + kLateWelcomeMs - kHourMs), all - 1);
  EXPECT_EQ(kept_after(kKeyPackageLifeMs + kLateWelcomeMs + kHourMs), 0u);
}

// The server hands out the oldest first, and does not know which are over.
TEST_F(Forgetting, NobodyIsGivenAKeyPackageWhoseTimeIsOver) {
  const DeviceId alice = load_account(store("alice-1"))->device_id();
  for (int month = 0; month < 3; ++month) {
    village.pass_all(kKeyPackageLifeMs + kDayMs);
    const mls::KeyPackage package = testing::HostileDevice::like(village, "bob-1").key_package_of(kAlice, alice);
    EXPECT_FALSE(package.is_last_resort()) << month;
    EXPECT_TRUE(package.check_lifetime(village.now)) << month;
  }
}

TEST_F(Forgetting, AllKeyPackagesAtTheServerBecomeNewThoughItTakesNoneForADayAndTheDeviceBeginsAgain) {
  const DeviceId alice = load_account(store("alice-1"))->device_id();
  village.pass_all(kStockLifeMs - kDayMs);
  village.server.post.takes_key_packages = false;
  village.pass_all(2 * kDayMs);
  village.device("alice-1").restart();
  village.server.post.takes_key_packages = true;
  village.pass_all(kDayMs);
  auto bob = testing::HostileDevice::like(village, "bob-1");
  const Time later = after(village.now, kKeyPackageLifeMs - 3 * kDayMs);
  for (std::uint32_t i = 0; i < kKeyPackageStock; ++i) {
    const mls::KeyPackage package = bob.key_package_of(kAlice, alice);
    ASSERT_FALSE(package.is_last_resort()) << i;
    ASSERT_TRUE(package.check_lifetime(later)) << i;
  }
}

TEST_F(Forgetting, WhatAClockThatWasAheadHasNotedOfKeyPackagesDoesNotCountLonger) {
  const auto counters = {"key packages stocked", "last resort made"};
  wire::Writer ahead;
  ahead.u64(after(village.now, 365 * kDayMs).ms);
  const Bytes noted = ahead.take();
  for (const char* one : counters) {
    ASSERT_TRUE(store("alice-1").apply({{tables::kCounters, to_bytes(as_bytes(one)), noted}}));
  }
  village.device("alice-1").restart();
  village.pass_all(kHourMs);
  for (const char* one : counters) {
    const auto row = store("alice-1").get(tables::kCounters, as_bytes(one));
    ASSERT_TRUE(row) << one;
    EXPECT_LE(wire::Reader(*row).u64().value_or(~std::uint64_t{0}), village.now.ms) << one;
  }
}

/// Bob, who does as he likes, and alice's key packages of last resort.
class LastResort : public Forgetting {
 protected:
  void SetUp() override {
    Forgetting::SetUp();
    bob.emplace(testing::HostileDevice::like(village, "bob-1"));
  }
  DeviceId alice() { return load_account(store("alice-1"))->device_id(); }
  /// What the server hands out when all others are gone.
  mls::KeyPackage last_resort() {
    mls::KeyPackage package = bob->key_package_of(kAlice, alice());
    while (!package.is_last_resort()) package = bob->key_package_of(kAlice, alice());
    return package;
  }
  /// A Welcome to a new conversation lies in alice's mailbox.
  void welcome_alice(const mls::KeyPackage& package) {
    const auto channel = random_value<ChannelId>(bob->entropy());
    mls::Group board = bob->begin({ConversationKind::group, channel, "example.org", "board"});
    const Bytes welcome = bob->add(board, package);
    bob->deliver(load_account(store("alice-1"))->mailbox, proto::EnvelopeKind::welcome, channel, board.epoch(),
                 welcome);
  }
  std::size_t conversations() { return store("alice-1").scan(tables::kConversations, {}, {}, 100).size(); }
  bool has_keys_of(const mls::KeyPackage& package) {
    return find_key_package(store("alice-1"), package.reference().value()).has_value();
  }
  std::optional<testing::HostileDevice> bob;
};

TEST_F(LastResort, IsReplacedOnceItWasUsedAndWipedTwoDaysLater) {
  const mls::KeyPackage first = last_resort();
  EXPECT_EQ(last_resort(), first) << "handed out again and again";
  const std::size_t before = conversations();
  welcome_alice(first);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(conversations(), before + 1);
  const mls::KeyPackage second = last_resort();
  EXPECT_NE(second, first);
  welcome_alice(first);  // was on its way
  village.pass_all(kMinuteMs);
  EXPECT_EQ(conversations(), before + 2);
  EXPECT_EQ(last_resort(), second) << "the former one is nobody's any more";
  village.pass_all(kUsedLastResortLifeMs - kHourMs);
  EXPECT_TRUE(has_keys_of(first));
  village.device("alice-1").restart();
  village.pass_all(2 * kHourMs);
  EXPECT_FALSE(has_keys_of(first));
  EXPECT_TRUE(has_keys_of(second));
  EXPECT_TRUE(store("alice-1").scan(tables::kUsedLastResorts, {}, {}, 10).empty());
}

TEST_F(LastResort, OpensWhatWaitedWhileItsDeviceWasAway) {
  const mls::KeyPackage first = last_resort();
  welcome_alice(first);
  village.pass_all(kMinuteMs);
  const std::size_t before = conversations();
  village.set_online("alice-1", false);
  welcome_alice(first);
  village.pass_all(5 * kDayMs);
  EXPECT_TRUE(has_keys_of(first));
  village.set_online("alice-1", true);
  village.pass_all(kHourMs);
  EXPECT_EQ(conversations(), before + 1);
  village.pass_all(kHourMs);
  EXPECT_FALSE(has_keys_of(first));
}

// The stream still seems to stand when the machine wakes up, and what came meanwhile waits behind it.
TEST_F(LastResort, IsNotWipedBeforeTheMailboxWasReadAgain) {
  const mls::KeyPackage first = last_resort();
  welcome_alice(first);
  village.pass_all(kMinuteMs);
  const std::size_t before = conversations();
  village.device("alice-1").set_silent(true);
  welcome_alice(first);
  village.pass_all(5 * kDayMs);
  EXPECT_TRUE(has_keys_of(first));
  village.device("alice-1").set_silent(false);
  village.pass_all(kHourMs);
  EXPECT_EQ(conversations(), before + 1);
  EXPECT_FALSE(has_keys_of(first));
}

TEST_F(LastResort, ThatWasUsedStaysWhileNoneTakesItsPlace) {
  const mls::KeyPackage first = last_resort();
  village.device("alice-1").cut_off_from("https://example.org/v1/key-packages/upload");
  welcome_alice(first);
  village.pass_all(3 * kDayMs);
  EXPECT_TRUE(has_keys_of(first));
  village.device("alice-1").cut_off_from("");
  village.pass_all(kUsedLastResortLifeMs - kHourMs);
  EXPECT_TRUE(has_keys_of(first));
  village.pass_all(2 * kHourMs);
  EXPECT_FALSE(has_keys_of(first));
}

// Many are left, and still this one gets old.
TEST_F(LastResort, IsRenewedBeforeItsLifeIsOver) {
  village.pass_all(kLastResortLifeMs + kDayMs);
  bob.emplace(testing::HostileDevice::like(village, "bob-1"));
  EXPECT_TRUE(last_resort().check_lifetime(village.now));
}

TEST_F(LastResort, IsOfferedAgainAfterLongerAndLongerWhereTheServerTakesNone) {
  std::size_t uploads = 0;
  village.server.overhear = [&](const proto::Call& call) {
    uploads += call.url.ends_with(proto::kPathKeyPackageUpload) ? 1 : 0;
  };
  const mls::KeyPackage first = last_resort();
  village.server.post.takes_key_packages = false;
  const std::size_t rows = store("alice-1").scan(tables::kKeyPackages, {}, {}, 1000).size();
  welcome_alice(first);
  village.pass_all(10 * kMinuteMs);
  EXPECT_GE(uploads, 3u);
  EXPECT_LE(uploads, 5u);
  EXPECT_LE(store("alice-1").scan(tables::kKeyPackages, {}, {}, 1000).size(), rows + uploads);
  village.server.post.takes_key_packages = true;
  village.pass_all(10 * kMinuteMs);
  EXPECT_NE(last_resort(), first);
}

TEST_F(Forgetting, IsNotPutOffByALeafThatWantsToLiveForEver) {
  Overlay overlay(store("alice-1"));
  testing::SeededEntropy entropy(1);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, village.now, entropy, sends, events};
  const auto account = load_account(overlay);
  ASSERT_TRUE(account.has_value());
  Calls calls;
  const Views views(calls);
  Awaited awaited;
  Gatekeeper gatekeeper(context, *account, views, awaited);
  const auto answer = [&](std::uint64_t life_ms) {
    mls::LeafNode leaf;
    leaf.origin = mls::Lifetime{0, life_ms / kSecondMs};
    return std::string(gatekeeper.authenticate(leaf).error().where);
  };
  EXPECT_EQ(answer(kMaxLeafLifeMs + kSecondMs), "lifetime of a leaf");
  EXPECT_NE(answer(kMaxLeafLifeMs), "lifetime of a leaf");
}

}  // namespace
}  // namespace cairn::client
