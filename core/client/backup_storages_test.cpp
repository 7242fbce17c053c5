// Several backups of one device side by side: the domain's and folders'.
#include "core/base/memory_view.h"
#include "core/client/backup_fixture.h"

namespace cairn::client {
namespace {

using nlohmann::json;

class BackupStorages : public BackupFixture {
 protected:
  const std::string kStick = "file:///stick";
  const std::string kDisk = "file:///disk";

  BackupStorages() {
    village.server.folders[kStick];
    village.server.folders[kDisk];
  }
  json create(const std::string& storage, const std::string& device = "alice-1") {
    json params = with_key();
    params["to"] = storage;
    return backup(device, "create", params);
  }
  void three() {
    for (const std::string& one : {std::string("domain"), kStick, kDisk}) {
      const json created = create(one);
      ASSERT_TRUE(created.contains("result")) << created.dump();
      EXPECT_EQ(created["result"]["snapshot"], 1);
    }
  }
  json storages() { return village.ask("alice-1", "backup.storages")["result"]["storages"]; }
  std::size_t snapshots(const std::string& storage) {
    return backup("alice-1", "list", {{"from", storage}})["result"]["snapshots"].size();
  }
};

TEST_F(BackupStorages, EachHasItsOwnSetUpAndMustBeNamed) {
  three();
  ASSERT_EQ(storages().size(), 3u);
  EXPECT_EQ(storages()[0]["storage"], "https://example.org");
  for (const char* verb : {"create", "list", "verify", "restore", "delete", "prune"}) {
    const json asked = backup("alice-1", verb);
    EXPECT_EQ(asked["error"]["data"]["code"], "invalid_state") << verb;
    EXPECT_NE(sentence(asked).find("domain"), std::string::npos) << sentence(asked);
    EXPECT_NE(sentence(asked).find("/stick"), std::string::npos);
    EXPECT_NE(sentence(asked).find("/disk"), std::string::npos);
  }
  EXPECT_EQ(village.ask("alice-1", "backup.schedule", {{"daily", true}})["error"]["data"]["code"], "invalid_state");
  // The recovery key is not asked for again, and each counts for itself.
  ASSERT_TRUE(backup("alice-1", "create", {{"to", kStick}}).contains("result"));
  EXPECT_EQ(snapshots(kStick), 2u);
  EXPECT_EQ(snapshots(kDisk), 1u);
  EXPECT_EQ(snapshots("domain"), 1u);
  EXPECT_EQ(snapshots("https://example.org"), 1u);
  for (const std::string& one : {std::string("domain"), kStick, kDisk}) {
    EXPECT_TRUE(backup("alice-1", "verify", {{"from", one}}).contains("result"));
    EXPECT_TRUE(backup("alice-1", "restore", {{"from", one}}).contains("result"));
  }
}

TEST_F(BackupStorages, DeletingOneForgetsNoOther) {
  three();
  ASSERT_TRUE(backup("alice-1", "delete", {{"from", kStick}}).contains("result"));
  EXPECT_EQ(storages().size(), 2u);
  EXPECT_TRUE(backup("alice-1", "verify", {{"from", kDisk}}).contains("result"));
  EXPECT_TRUE(backup("alice-1", "create", {{"to", "domain"}}).contains("result"));
  EXPECT_EQ(backup("alice-1", "verify", {{"from", kStick}})["error"]["data"]["code"], "not_found");
  // One that this device does not back up to: its set-up stays too.
  ASSERT_TRUE(create(kStick).contains("result"));
  ASSERT_TRUE(backup("alice-1", "delete", {{"from", "domain"}}).contains("result"));
  EXPECT_EQ(storages().size(), 2u);
  json with = with_key();
  with["from"] = "domain";
  EXPECT_EQ(backup("alice-1", "delete", with)["error"]["data"]["code"], "not_found");
  EXPECT_EQ(storages().size(), 2u);
}

TEST_F(BackupStorages, AnOlderStateOfOneIsRefusedWhateverTheOthersShow) {
  three();
  const auto old = village.server.folders[kStick];
  say("alice-1", kBob, "later");
  ASSERT_TRUE(backup("alice-1", "create", {{"to", kStick}}).contains("result"));
  village.server.folders[kStick] = old;
  EXPECT_EQ(backup("alice-1", "verify", {{"from", kStick}})["error"]["data"]["code"], "stale");
  EXPECT_TRUE(backup("alice-1", "verify", {{"from", kDisk}}).contains("result"));
}

TEST_F(BackupStorages, EachIsDailyOrNotAndOneThatIsAwayKeepsNoOtherWaiting) {
  three();
  for (const std::string& one : {kStick, kDisk}) {
    ASSERT_TRUE(village.ask("alice-1", "backup.schedule", {{"daily", true}, {"to", one}}).contains("result"));
  }
  village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.starts_with(kStick)) return std::nullopt;
    return testing::FakePost::refusal(ErrorCode::unavailable, "The folder is not there.");
  };
  village.pass_all(50 * kHourMs);
  EXPECT_GE(snapshots(kDisk), 3u);
  EXPECT_EQ(snapshots("domain"), 1u);
  village.server.elsewhere = nullptr;
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(snapshots(kStick), 2u);
  for (const json& one : storages()) EXPECT_EQ(one["daily"], one["storage"] != "https://example.org");
}

TEST_F(BackupStorages, TheScheduleThatIsSetWhileAJobRunsHolds) {
  ASSERT_TRUE(create("domain").contains("result"));
  say("alice-1", kBob, "more");
  village.device("alice-1").hold_answers_to(proto::kPathVaultPut);
  ASSERT_TRUE(village.ask("alice-1", "backup.create").contains("result"));
  village.pass_all(kSecondMs);
  ASSERT_TRUE(village.ask("alice-1", "backup.status")["result"]["running"]);
  ASSERT_TRUE(village.ask("alice-1", "backup.schedule", {{"daily", true}}).contains("result"));
  village.device("alice-1").release_answers();
  const json done = village.ask("alice-1", "backup.status", {{"wait_ms", 60'000}});
  ASSERT_EQ(done["result"]["snapshot"], 2) << done.dump();
  EXPECT_EQ(storages()[0]["daily"], true);
}

TEST_F(BackupStorages, ARemovedDeviceEndsAGenerationAtEachOfThem) {
  three();
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(create(kStick, "alice-2").contains("result"));
  const json id = village.ask("alice-2", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
  for (const std::string& one : {std::string("domain"), kStick, kDisk}) {
    const json created = backup("alice-1", "create", {{"to", one}});
    ASSERT_TRUE(created.contains("result")) << created.dump();
    EXPECT_EQ(created["result"]["generation"], 2) << one;
  }
}

/// Builds before this one kept one row, whatever storage it was of.
TEST_F(BackupStorages, TheRowOfAnEarlierBuildGoesToItsPlace) {
  ASSERT_TRUE(create(kStick).contains("result"));
  const auto setup = load_backup_setup(village.device("alice-1").store());
  ASSERT_TRUE(setup.has_value());
  const MemoryView below;
  Overlay store(below);
  testing::SeededEntropy entropy(1);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{store, Time{1}, entropy, sends, events};
  store.put(tables::kBackup, {}, to_bytes(setup->encode().expose()));
  ASSERT_EQ(load_backup_setups(store).size(), 1u);
  save_backup_setup(context, *setup);
  EXPECT_EQ(load_backup_setups(store).size(), 1u);
  EXPECT_FALSE(store.get(tables::kBackup, {}).has_value());
  forget_backup_setup(context, setup->identity);
  EXPECT_TRUE(load_backup_setups(store).empty());
}

}  // namespace
}  // namespace cairn::client
