// Settings out of backups: whose word counts, and how long they wait for a conversation.
#include "core/client/backup_settings.h"

#include "core/client/own_fixture.h"

namespace cairn::client {
namespace {

using vault::SignerState;

class SettingsOfBackups : public OwnDevicesTest {
 protected:
  void SetUp() override {
    OwnDevicesTest::SetUp();
    meet();
  }
  static SharedRecord of_bob(SharedField field, std::uint64_t time_ms, Bytes value) {
    SharedRecord out;
    out.field = field;
    out.stamp = {time_ms, *DeviceId::from(Bytes(DeviceId::kSize, 3))};
    out.name = kBob;
    out.value = std::move(value);
    return out;
  }
  static SharedRecord petname(std::uint64_t time_ms, std::string_view text) {
    return of_bob(SharedField::petname, time_ms, to_bytes(as_bytes(text)));
  }
  /// Of a group that this device is not in.
  static SharedRecord of_group(SharedField field, std::uint64_t time_ms, Bytes value) {
    SharedRecord out = of_bob(field, time_ms, std::move(value));
    out.name.clear();
    out.room = {ConversationKind::group, *ChannelId::from(Bytes(ChannelId::kSize, 5)), {}};
    return out;
  }
  static Status snapshot(RestoredSettings& all, SignerState signer, std::vector<SharedRecord> records) {
    all.begin_snapshot(signer);
    return all.take(wire::encode(BackedUpShared{std::move(records)}));
  }
  static void put(RestoredSettings& all, Aside& aside, Sharing::Backup most = Sharing::Backup::of_device) {
    while (all.put_some(aside.context(), aside.account(), aside.sharing(), most)) {
    }
  }
  static ContactSettings bob(const Aside& aside) { return contact_of(aside.store(), aside.account(), kBob); }
};

TEST_F(SettingsOfBackups, TheLaterWordOfTheNamesDevicesCountsInWhateverOrder) {
  Aside aside(village, "alice-1");
  RestoredSettings all;
  ASSERT_TRUE(snapshot(all, SignerState::active, {petname(10, "first")}));
  ASSERT_TRUE(snapshot(all, SignerState::active, {petname(30, "last"), of_bob(SharedField::blocked, 7, {1})}));
  ASSERT_TRUE(snapshot(all, SignerState::active, {petname(20, "between")}));
  put(all, aside);
  EXPECT_EQ(bob(aside).petname, "last");
  EXPECT_TRUE(bob(aside).is_blocked);
  EXPECT_EQ(all.count(), 2u);
  // Twice is the same, and the others hear of it.
  EXPECT_EQ(aside.rows(tables::kSharedMarks), 2u);
  ASSERT_TRUE(snapshot(all, SignerState::active, {petname(30, "last")}));
  put(all, aside);
  EXPECT_EQ(bob(aside).petname, "last");
}

TEST_F(SettingsOfBackups, OfADeviceThatIsOutCountsWhatNobodyElseSays) {
  Aside aside(village, "alice-1");
  RestoredSettings all;
  const std::uint64_t late = aside.now().ms + kDayMs;
  ASSERT_TRUE(snapshot(all, SignerState::removed, {petname(late, "forged"), of_bob(SharedField::blocked, late, {1})}));
  ASSERT_TRUE(snapshot(all, SignerState::active, {petname(5, "Bobby")}));
  ASSERT_TRUE(snapshot(all, SignerState::removed, {petname(late, "forged")}));
  put(all, aside);
  EXPECT_EQ(bob(aside).petname, "Bobby");
  EXPECT_TRUE(bob(aside).is_blocked);
  EXPECT_EQ(aside.noted(), "");  // what it set in the future counts as of now
}

TEST_F(SettingsOfBackups, WhatWasDecidedHereStaysUnlessADeviceOfTheNameHasDecidedLater) {
  good(village.ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "mine"}}));
  const std::uint64_t now = village.now.ms;
  const auto restored = [&](SignerState signer, std::uint64_t time_ms) {
    Aside aside(village, "alice-1");
    RestoredSettings all;
    EXPECT_TRUE(snapshot(all, signer, {petname(time_ms, "theirs"), of_group(SharedField::muted, time_ms, {1})}));
    put(all, aside);
    return bob(aside).petname;
  };
  EXPECT_EQ(restored(SignerState::removed, now + kDayMs), "mine");
  EXPECT_EQ(restored(SignerState::active, now - kDayMs), "mine");
  village.pass_all(kDayMs);
  EXPECT_EQ(restored(SignerState::active, now + kHourMs), "theirs");
}

TEST_F(SettingsOfBackups, WhereNobodyCanSayWhoIsOutWhatWasDecidedHereStays) {
  good(village.ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "mine"}}));
  village.pass_all(kDayMs);
  Aside aside(village, "alice-1");
  RestoredSettings all;
  ASSERT_TRUE(
      snapshot(all, SignerState::active, {petname(aside.now().ms, "theirs"), of_bob(SharedField::blocked, 7, {1})}));
  put(all, aside, Sharing::Backup::of_former_device);
  EXPECT_EQ(bob(aside).petname, "mine");
  EXPECT_TRUE(bob(aside).is_blocked);
}

TEST_F(SettingsOfBackups, NobodyWhoWasBlockedSinceIsKnownAgain) {
  good(village.ask("alice-1", "contact.block", {{"name", kBob}}));
  village.pass_all(kDayMs);
  Aside aside(village, "alice-1");
  RestoredSettings all;
  ASSERT_TRUE(snapshot(all, SignerState::active, {of_bob(SharedField::known, aside.now().ms, {1})}));
  put(all, aside);
  EXPECT_TRUE(bob(aside).is_blocked);
  EXPECT_FALSE(bob(aside).is_accepted);
}

TEST_F(SettingsOfBackups, OfConversationsThatAreNotThereWaitLongerThanOthersAndNotForEver) {
  Aside aside(village, "alice-1");
  RestoredSettings all;
  ASSERT_TRUE(snapshot(all, SignerState::removed,
                       {of_group(SharedField::muted, 5, {1}), of_group(SharedField::read, 5, Bytes(32, 1))}));
  put(all, aside);
  EXPECT_EQ(all.count(), 1u);  // up to where was read stands in the archive
  ASSERT_EQ(aside.rows(tables::kSharedWaiting), 1u);
  // What another device of the name said long ago waits from when it is heard, however old it is.
  aside.sharing().merge(aside.context(), aside.account(), of_group(SharedField::pinned, 5, {1}));
  const auto look_after = [&](std::uint64_t ms) {
    aside.context().now = after(aside.context().now, ms);
    aside.sharing().forget_all();
    aside.step();
    EXPECT_EQ(aside.rows(tables::kSharedWaiting), aside.rows(tables::kSharedWaitingSince));
    return aside.rows(tables::kSharedWaiting);
  };
  EXPECT_EQ(look_after(kDayMs), 2u);
  EXPECT_EQ(look_after(31 * kDayMs), 1u);
  EXPECT_EQ(look_after(300 * kDayMs), 1u);
  EXPECT_EQ(look_after(60 * kDayMs), 0u);
}

TEST_F(SettingsOfBackups, AreRefusedInAnotherFormatAndWhenTheyAreCutOrMoreThanFit) {
  RestoredSettings all;
  const Bytes entry = wire::encode(BackedUpShared{{petname(5, "Bobby"), of_group(SharedField::muted, 5, {1})}});
  EXPECT_TRUE(all.take(entry));
  for (std::size_t size = 0; size < entry.size(); ++size) EXPECT_FALSE(all.take(ByteView(entry).first(size))) << size;
  Bytes later = entry;
  later[0] = 2;
  EXPECT_EQ(all.take(later).error().code, ErrorCode::unsupported);
  const std::vector<SharedRecord> many(kMaxSharedRecords + 1, petname(5, "Bobby"));
  EXPECT_EQ(all.take(wire::encode(BackedUpShared{many})).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::client
