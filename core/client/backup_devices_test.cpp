// Snapshots of several devices of one name: each holds what its device had, and none takes the place of another.
#include "core/client/backup_fixture.h"
#include "core/client/row_keys.h"
#include "core/client/snapshots_told.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

class BackupDevices : public BackupFixture {
 protected:
  /// alice-2 comes to the name, and has nothing of what was said before.
  void link_second() { ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result")); }
  json create(const std::string& device) {
    json created = backup(device, "create", with_key());
    EXPECT_TRUE(created.contains("result")) << created.dump();
    return created["result"];
  }
  /// On a device that has nothing yet.
  json restore_on(const std::string& device, json more = json::object()) {
    EXPECT_TRUE(recover_beside(device).contains("result"));
    more["recovery_key"] = key;
    return backup(device, "restore", more);
  }
  json recover_beside(const std::string& device) {
    return village.ask(device, "recover",
                       {{"name", kAlice}, {"recovery_key", key}, {"policy", village.server.policy_text()}});
  }
  std::string id_of(const std::string& device) { return village.ask(device, "status")["result"]["device"]; }
  void remove_second() {
    ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id_of("alice-2")}}).contains("result"));
  }
  std::size_t snapshots_of(const std::string& device) {
    std::size_t out = 0;
    const json listed = backup("alice-1", "list");
    for (const json& one : listed["result"]["snapshots"]) {
      out += one["device"] == id_of(device) ? 1 : 0;
    }
    return out;
  }
  void put_row(const std::string& device, Table table, const Bytes& key_of_row, const Bytes& value) {
    ASSERT_TRUE(village.device(device).store().apply({Write{table, key_of_row, value}}));
    village.device(device).restart();
  }
};

TEST_F(BackupDevices, ANewDevicesSnapshotDoesNotHideWhatAnOlderOneHas) {
  say("alice-1", kBob, "and the map is in the well");
  create("alice-1");
  link_second();
  say("alice-2", kBob, "from the new one");
  const json second = create("alice-2");
  EXPECT_EQ(second["snapshot"], 2);
  const json restored = restore_on("alice-3");
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(texts("alice-3", kRestored), (Texts{kSecret, "and the map is in the well", "from the new one"}));
  EXPECT_EQ(restored["result"]["snapshot"], 2);
  ASSERT_EQ(restored["result"]["snapshots"].size(), 2u);
  EXPECT_EQ(restored["result"]["snapshots"][0]["device"], id_of("alice-1"));
  // And verified is all that is restored.
  EXPECT_EQ(backup("alice-2", "verify")["result"]["snapshots"].size(), 2u);
}

TEST_F(BackupDevices, WhatSeveralHaveComesOnceHoweverOftenItIsRestored) {
  create("alice-1");
  link_second();
  say("alice-2", kBob, "both have this");
  EXPECT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 2; }));
  create("alice-2");
  create("alice-1");
  const Texts both{kSecret, "both have this"};
  const json first = restore_on("alice-3");
  ASSERT_TRUE(first.contains("result")) << first.dump();
  EXPECT_EQ(texts("alice-3", kRestored), both);
  const json again = backup("alice-3", "restore", with_key());
  EXPECT_EQ(again["result"]["messages"], first["result"]["messages"]);
  EXPECT_EQ(texts("alice-3", kRestored), both);
  // Also where an earlier build has restored, which did not write down where each message is.
  auto& store = village.device("alice-3").store();
  const auto rows = store.scan(tables::kArchived, {}, {}, 100);
  EXPECT_GE(rows.size(), 2u);
  for (const Row& row : rows) ASSERT_TRUE(store.apply({Write{tables::kArchived, row.key, std::nullopt}}));
  village.device("alice-3").restart();
  ASSERT_TRUE(backup("alice-3", "restore", with_key()).contains("result"));
  EXPECT_EQ(texts("alice-3", kRestored), both);
}

TEST_F(BackupDevices, HousekeepingLeavesWhatAnotherDeviceHas) {
  create("alice-1");
  village.set_online("bob-1", false);
  link_second();
  village.set_online("alice-1", false);
  create("alice-2");
  for (int day = 0; day < 12; ++day) {
    say("alice-2", kBob, "day " + std::to_string(day));
    create("alice-2");
    village.pass_all(kDayMs);
  }
  const json pruned = backup("alice-2", "prune");
  EXPECT_GT(pruned["result"]["removed_objects"], 0) << pruned.dump();
  village.set_online("alice-1", true);
  EXPECT_EQ(snapshots_of("alice-1"), 1u);
  const json restored = restore_on("alice-3");
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(texts("alice-3", kRestored).size(), 13u);
  EXPECT_EQ(texts("alice-3", kRestored)[0], kSecret);
  EXPECT_TRUE(backup("alice-3", "verify", with_key()).contains("result"));
}

TEST_F(BackupDevices, OnlyWhatIsNewIsStoredThoughAnotherDeviceHasMadeTheNewest) {
  say_much("alice-1", 40);
  const auto first = create("alice-1")["bytes_stored"].get<std::uint64_t>();
  EXPECT_GT(first, 300'000u);
  link_second();
  create("alice-2");
  say("alice-1", kBob, "one more");
  const auto next = create("alice-1")["bytes_stored"].get<std::uint64_t>();
  EXPECT_LT(next, first / 3);
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

/// A device that is a thief's makes an empty snapshot with a higher counter while it can.
TEST_F(BackupDevices, OneIsChosenByDeviceAndNumber) {
  create("alice-1");
  say("alice-1", kBob, "later");
  create("alice-1");
  link_second();
  create("alice-2");
  const auto only = [&](const std::string& device, json choice) {
    const json restored = restore_on(device, std::move(choice));
    EXPECT_TRUE(restored.contains("result")) << restored.dump();
    EXPECT_EQ(restored["result"]["snapshots"].size(), 1u);
    return texts(device, kRestored);
  };
  EXPECT_EQ(only("alice-3", {{"device", id_of("alice-1")}, {"snapshot", 1}}), Texts{kSecret});
  EXPECT_EQ(only("alice-4", {{"device", id_of("alice-1").substr(0, 12)}}), (Texts{kSecret, "later"}));
  EXPECT_EQ(only("alice-5", {{"snapshot", 1}, {"generation", 1}}), Texts{kSecret});
  EXPECT_EQ(only("alice-6", {{"device", id_of("alice-2")}}), Texts{});
  for (const json& wrong : {json{{"snapshot", 9}}, json{{"generation", 7}}, json{{"device", std::string(8, '0')}}}) {
    EXPECT_EQ(backup("alice-1", "restore", wrong)["error"]["data"]["code"], "not_found") << wrong.dump();
  }
  for (const json& wrong : {json{{"snapshot", 0}}, json{{"generation", 0}}, json{{"device", "alice"}},
                            json{{"generation", std::uint64_t{1} << 33}}}) {
    EXPECT_EQ(backup("alice-1", "restore", wrong)["error"]["data"]["code"], "malformed") << wrong.dump();
  }
}

TEST_F(BackupDevices, OfARemovedOneIsLeftOutUntilItsOwnerSaysSo) {
  create("alice-1");
  link_second();
  say("alice-2", kBob, "from the one that goes");
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice).size() == 2; }));
  village.set_online("alice-1", false);
  create("alice-2");
  village.set_online("alice-1", true);
  remove_second();
  const json some = restore_on("alice-3");
  ASSERT_TRUE(some.contains("result")) << some.dump();
  EXPECT_EQ(texts("alice-3", kRestored), Texts{kSecret});
  EXPECT_NE(some["result"]["warnings"].dump().find("--accept-removed"), std::string::npos) << some.dump();
  const json all = backup("alice-3", "restore", {{"recovery_key", key}, {"accept_removed", true}});
  ASSERT_TRUE(all.contains("result")) << all.dump();
  EXPECT_EQ(texts("alice-3", kRestored), (Texts{kSecret, "from the one that goes"}));
  EXPECT_EQ(all["result"]["warnings"].size(), 1u) << all.dump();
}

/// A removal begins a new generation: what a device that is lost had lies in the one before.
TEST_F(BackupDevices, WhatLiesInAnOlderGenerationIsRestoredToo) {
  create("alice-1");
  link_second();
  const std::string first = id_of("alice-1");
  village.set_online("alice-1", false);
  ASSERT_TRUE(village.ask("alice-2", "device.remove", {{"device", first}}).contains("result"));
  say("alice-2", kBob, "afterwards");
  EXPECT_EQ(create("alice-2")["generation"], 2);
  const json restored = restore_on("alice-3", {{"accept_removed", true}});
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(texts("alice-3", kRestored), (Texts{kSecret, "afterwards"}));
  EXPECT_EQ(restored["result"]["generation"], 2);
}

TEST_F(BackupDevices, DamageOfOneIsFoundThoughAnothersSnapshotIsNewer) {
  create("alice-1");
  std::set<proto::ObjectId> packs;
  for (const auto& [id, upload] : vaults().begin()->second) {
    if (id.view()[0] == 1) packs.insert(id);
  }
  link_second();
  create("alice-2");
  for (const auto& id : packs) vaults().begin()->second.at(id).bytes[3] ^= 1;
  EXPECT_EQ(backup("alice-2", "verify")["error"]["data"]["code"], "inconsistent");
  EXPECT_TRUE(backup("alice-2", "verify", {{"device", id_of("alice-2")}}).contains("error") == false);
}

TEST_F(BackupDevices, WhatWasReadIsKnownAndNothingOlderIsTakenAfterwards) {
  create("alice-1");
  const Vaults old = vaults();
  link_second();
  create("alice-2");
  ASSERT_TRUE(backup("alice-1", "verify").contains("result"));
  EXPECT_EQ(load_backup_setup(village.device("alice-1").store())->newest.counter, 2u);
  vaults() = old;
  EXPECT_EQ(backup("alice-1", "restore")["error"]["data"]["code"], "stale");
}

/// It has nothing of its own to compare with but what the other one has told it.
TEST_F(BackupDevices, AnOlderStateIsSeenByOneThatHasNeverLooked) {
  create("alice-1");
  link_second();
  const Vaults old = vaults();
  say("alice-1", kBob, "later");
  create("alice-1");
  const auto setup = load_backup_setup(village.device("alice-1").store());
  const vault::VaultId vault = vault::vault_id(setup->content.current().root, setup->identity);
  const auto told = [&] {
    const auto& state = village.server.people.at(kAlice).state;
    return told_counter(village.device("alice-2").store(), state, vault);
  };
  ASSERT_TRUE(village.until([&] { return told() == 2; }, 3 * kHourMs));
  village.device("alice-2").restart();
  const Vaults now = std::exchange(vaults(), old);
  const json refused = backup("alice-2", "restore", with_key());
  EXPECT_EQ(refused["error"]["data"]["code"], "stale") << refused.dump();
  EXPECT_NE(sentence(refused).find("knows snapshot 2"), std::string::npos) << refused.dump();
  const json named = backup("alice-2", "restore", {{"recovery_key", key}, {"snapshot", 1}});
  ASSERT_TRUE(named.contains("result")) << named.dump();
  EXPECT_NE(named.dump().find("was set back"), std::string::npos) << named.dump();
  EXPECT_EQ(texts("alice-2", kRestored), Texts{kSecret});
  vaults() = now;
  const json restored = backup("alice-2", "restore", with_key());
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(restored.dump().find("was set back"), std::string::npos) << restored.dump();
}

/// The word of one that is out is nobody's reason to refuse anything.
TEST_F(BackupDevices, WhatOneThatIsOutHasToldOfSnapshotsCountsNoMore) {
  create("alice-1");
  link_second();
  create("alice-2");
  const auto setup = load_backup_setup(village.device("alice-2").store());
  const vault::VaultId vault = vault::vault_id(setup->content.current().root, setup->identity);
  const auto told = [&] {
    const auto& state = village.server.people.at(kAlice).state;
    return told_counter(village.device("alice-1").store(), state, vault);
  };
  ASSERT_TRUE(village.until([&] { return told() == 2; }, 3 * kHourMs));
  remove_second();
  EXPECT_EQ(told(), 0u);
  // And where there is nobody to tell no device is woken to do it.
  village.pass_all(2 * kHourMs);
  EXPECT_GT(village.device("alice-1").next_deadline(), village.now);
}

/// What a thief says of resets that were admitted would silence the question about every later one.
TEST_F(BackupDevices, ARemovedOneAdmitsNoResetsOfContacts) {
  link_second();
  say("alice-2", kBob, "hello");
  const auto account = load_account(village.device("alice-2").store());
  const Bytes row = name_key(*account, kBob);
  put_row("alice-2", tables::kAdmittedResets, row, Bytes(4, 0xff));
  create("alice-2");
  remove_second();
  const auto admitted = [&](const std::string& device) {
    const auto own = load_account(village.device(device).store());
    return village.device(device).store().get(tables::kAdmittedResets, name_key(*own, kBob));
  };
  ASSERT_TRUE(restore_on("alice-3", {{"accept_removed", true}}).contains("result"));
  EXPECT_EQ(texts("alice-3", kRestored), Texts{"hello"});
  EXPECT_NE(admitted("alice-3"), Bytes(4, 0xff));
  // Of an active one it is taken: its owner has answered there.
  create("alice-1");
  put_row("alice-1", tables::kAdmittedResets, name_key(*load_account(village.device("alice-1").store()), kBob),
          Bytes{0, 0, 0, 3});
  create("alice-1");
  ASSERT_TRUE(restore_on("alice-4").contains("result"));
  EXPECT_EQ(admitted("alice-4"), (Bytes{0, 0, 0, 3}));
}

/// Of a message that both have counts what was changed last, and nothing that a device says that is out.
TEST_F(BackupDevices, AMessageIsAsItWasChangedLast) {
  link_second();
  say("alice-2", kBob, "a slip");
  EXPECT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 2; }));
  create("alice-1");
  const json read = village.ask("alice-2", "read", {{"conversation", kBob}});
  std::string id;
  for (const json& one : read["result"]["messages"]) {
    if (one["text"] == "a slip") id = one["id"];
  }
  ASSERT_TRUE(village.ask("alice-2", "message.edit", {{"message", id}, {"text", "no slip"}}).contains("result"));
  village.pass_all(kMinuteMs);
  create("alice-2");
  ASSERT_TRUE(restore_on("alice-3").contains("result"));
  EXPECT_EQ(texts("alice-3", kRestored), (Texts{kSecret, "no slip"}));
}

TEST_F(BackupDevices, WhoIsOutGetsNoPartInWhatBeginsWithADeletion) {
  create("alice-1");
  link_second();
  create("alice-2");
  const auto stolen = load_backup_setup(village.device("alice-2").store());
  ASSERT_TRUE(stolen.has_value());
  remove_second();
  ASSERT_TRUE(backup("alice-1", "delete", {{"generation", 1}}).contains("result"));
  const Bytes& box = village.server.vault.key_boxes.begin()->second.body;
  EXPECT_FALSE(open_with_device(box, stolen->content.current().root, stolen->device_key).has_value());
  EXPECT_EQ(create("alice-1")["generation"], 2);
}

}  // namespace
}  // namespace cairn::client
