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
