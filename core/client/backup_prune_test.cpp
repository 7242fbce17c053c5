// What pruning removes and what it never does, and storages that lose what they are given or give without end.
#include "core/client/backup_fixture.h"
#include "core/crypto/aead.h"
#include "core/vault/labels.h"
#include "core/vault/retention.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using vault::ObjectKind;

class BackupPrune : public BackupFixture {
 protected:
  /// Each with a message more; `apart` passes after each.
  void back_up_daily(int days, std::uint64_t apart = kDayMs) {
    for (int i = 0; i < days; ++i) {
      say("alice-1", kBob, "day " + std::to_string(++said_));
      const json created = backup("alice-1", "create");
      ASSERT_TRUE(created.contains("result")) << created.dump();
      village.pass_all(apart);
    }
  }
  std::size_t listed(const std::string& device = "alice-1") {
    return backup(device, "list")["result"]["snapshots"].size();
  }
  testing::FakeVault::Objects& objects() { return vaults().begin()->second; }

  int said_ = 0;
};

TEST_F(BackupPrune, KeepsDaysAndWeeksAndThePacksOfThose) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  back_up_daily(40);
  const std::size_t after_40 = objects().size();
  EXPECT_GE(listed(), 10u);
  EXPECT_LE(listed(), 15u);
  back_up_daily(10);
  EXPECT_LE(objects().size(), after_40 + 20);  // it does not grow any more
  ASSERT_TRUE(backup("alice-1", "verify").contains("result"));
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored).size(), 51u);
  // Whoever asks for it later finds more that can go.
  village.pass_all(12 * kDayMs);
  const json pruned = backup("alice-1", "prune");
  ASSERT_TRUE(pruned.contains("result")) << pruned.dump();
  EXPECT_GT(pruned["result"]["removed_objects"], 0);
  EXPECT_GE(pruned["result"]["kept"], 9);
  EXPECT_EQ(backup("alice-1", "prune")["result"]["removed_objects"], 0);
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupPrune, ManyOfOneDayBecomeOneAfterTheGrace) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  back_up_daily(3, kMinuteMs);
  EXPECT_EQ(listed(), 4u);
  EXPECT_EQ(backup("alice-1", "prune")["result"]["removed_snapshots"], 0);
  village.pass_all(vault::kSupersededGraceMs + kHourMs);
  EXPECT_EQ(backup("alice-1", "prune")["result"]["removed_snapshots"], 3);
  EXPECT_EQ(listed(), 1u);
  EXPECT_EQ(count(ObjectKind::manifest), 2u);
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

/// A crash before each thing that is sent while it prunes: what is listed is whole, and the next run ends it.
TEST_F(BackupPrune, ACrashAtAnyMomentLeavesEveryListedSnapshotWhole) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  back_up_daily(6, kMinuteMs);
  village.pass_all(vault::kSupersededGraceMs + kHourMs);
  const Vaults before = vaults();
  const auto kept = count(ObjectKind::manifest);
  EXPECT_EQ(kept, 14u);
  std::size_t ended = 0;
  for (std::uint64_t sends = 0; sends < 60 && ended < 2; ++sends) {
    SCOPED_TRACE(sends);
    vaults() = before;
    village.device("alice-1").crash_after(sends);
    const json begun = village.ask("alice-1", "backup.prune", json::object(), kMinuteMs);
    const json done = village.ask("alice-1", "backup.status", {{"wait_ms", 1'000}}, kMinuteMs);
    village.device("alice-1").crash_after(std::nullopt);
    village.device("alice-1").restart();
    village.pass_all(5 * kSecondMs);
    ended += count(ObjectKind::manifest) == 2 ? 1 : 0;
    ASSERT_TRUE(backup("alice-1", "verify").contains("result"));
    for (const auto& [id, upload] : before.begin()->second) {
      if (id.view()[0] == static_cast<std::uint8_t>(ObjectKind::manifest)) continue;
      EXPECT_TRUE(objects().contains(id));  // what the snapshots needed has its own grace
    }
  }
  EXPECT_EQ(ended, 2u);  // it came to the end at last
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), texts("alice-1", kBob));
}

TEST_F(BackupPrune, TwoDevicesAtOnceHarmNothing) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  ASSERT_TRUE(backup("alice-2", "create", with_key()).contains("result"));
  back_up_daily(3, kMinuteMs);
  for (const char* device : {"alice-1", "alice-2"}) ASSERT_TRUE(backup(device, "prune").contains("result"));
  village.pass_all(vault::kSupersededGraceMs + kHourMs);
  for (const char* device : {"alice-1", "alice-2"}) {
    ASSERT_TRUE(village.ask(device, "backup.prune").contains("result"));  // begun, and not waited for
  }
  std::uint64_t removed = 0;
  for (const char* device : {"alice-1", "alice-2"}) {
    const json done = village.ask(device, "backup.status", {{"wait_ms", 60'000}});
    ASSERT_TRUE(done.contains("result")) << done.dump();
    removed += done["result"]["removed_objects"].get<std::uint64_t>();
  }
  EXPECT_GT(removed, 0u);
  EXPECT_EQ(listed(), 2u);  // of each the newest
  EXPECT_TRUE(backup("alice-2", "verify").contains("result"));
  // One of them makes a snapshot while the other prunes.
  say("alice-2", kBob, "and more");
  ASSERT_TRUE(village.ask("alice-1", "backup.prune").contains("result"));
  ASSERT_TRUE(backup("alice-2", "create").contains("result"));
  EXPECT_TRUE(backup("alice-2", "verify").contains("result"));
  // And all that either has said comes back on a device that has nothing.
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  ASSERT_TRUE(village
                  .ask("alice-3", "recover",
                       {{"name", kAlice}, {"recovery_key", key}, {"policy", village.server.policy_text()}})
                  .contains("result"));
  const json restored = backup("alice-3", "restore", with_key());
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(texts("alice-3", kRestored), (std::vector<std::string>{kSecret, "day 1", "day 2", "day 3", "and more"}));
}

TEST_F(BackupPrune, NothingGoesWhereTheStorageHidesTheNewestSnapshot) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const auto old = objects();
  back_up_daily(1, kMinuteMs);
  village.pass_all(8 * kDayMs);
  const auto all = std::exchange(objects(), old);
  const json pruned = backup("alice-1", "prune");
  ASSERT_TRUE(pruned.contains("result")) << pruned.dump();
  EXPECT_EQ(pruned["result"]["removed_objects"], 0);
  EXPECT_EQ(pruned["result"]["warnings"].size(), 1u);
  EXPECT_EQ(objects().size(), old.size());
  objects() = all;
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupPrune, NothingGoesWhereNoSnapshotIsShownOrOneIsOfAnotherFormat) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  // Of this device's own memory there is nothing to compare with: as of an older generation.
  const auto setup = load_backup_setup(village.device("alice-1").store());
  const vault::Generation& current = setup->content.current();
  const auto keys = keys_of(current, *current.token);
  ASSERT_TRUE(keys.has_value());
  back_up_daily(2, kMinuteMs);
  const auto all = objects();
  const auto prune_late = [&] {
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(backup("alice-1", "prune").contains("result"));
      village.pass_all(8 * kDayMs);
    }
  };
  // One that another build has made, which no client of this one reads.
  const proto::ObjectId other = *proto::ObjectId::from(concat({Bytes{3}, Bytes(15, 7)}));
  Bytes text(1024, 0);
  text[0] = 1;
  const Bytes nonce(32, 5);
  Bytes sealed =
      concat({nonce, crypto::aead_seal(crypto::AeadAlgorithm::aegis_256,
                                       keys->object_key(vault::kSealManifest, *vault::ObjectId::from(other)).expose(),
                                       nonce, {}, text)});
  objects()[other] = {sealed.size(), sealed};
  prune_late();
  EXPECT_EQ(objects().size(), all.size() + 1);
  const json warned = backup("alice-1", "prune");
  EXPECT_NE(warned.dump().find("of another build"), std::string::npos) << warned.dump();
  objects().erase(other);
  prune_late();
  EXPECT_LT(objects().size(), all.size());
}

TEST_F(BackupPrune, NothingGoesOfAnOlderGenerationThatShowsNoSnapshot) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  const json id = village.ask("alice-2", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
  ASSERT_EQ(backup("alice-1", "create")["result"]["generation"], 2);
  std::size_t packs = 0;
  for (auto& [vault, kept] : vaults()) {
    std::erase_if(kept, [](const auto& one) { return one.first.view()[0] == 3; });
    packs += kept.size();
  }
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(backup("alice-1", "prune").contains("result"));
    village.pass_all(8 * kDayMs);
  }
  std::size_t left = 0;
  for (const auto& [vault, kept] : vaults()) left += kept.size();
  EXPECT_EQ(left, packs);
}

TEST_F(BackupPrune, ASnapshotWhosePackWentAfterItWasCheckedIsTakenBack) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  say("alice-1", kBob, "more");
  // Between the check and the manifest, as while a machine sleeps.
  village.server.vault.forgets = [&](const proto::VaultPut& put) {
    if (put.object.view()[0] != static_cast<std::uint8_t>(ObjectKind::manifest)) return false;
    std::erase_if(objects(), [](const auto& one) { return one.first.view()[0] == 1; });
    return false;
  };
  const auto last = [&] { return load_backup_setup(village.device("alice-1").store())->last_ms; };
  const std::uint64_t before = last();
  village.pass_all(kMinuteMs);
  const json failed = backup("alice-1", "create");
  village.server.vault.forgets = nullptr;
  EXPECT_EQ(last(), before);  // so the daily one is due when it was
  EXPECT_EQ(failed["error"]["data"]["code"], "not_found") << failed.dump();
  EXPECT_EQ(listed(), 1u);  // the one before, which is damaged too
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupPrune, WhatCouldNotBeRemovedDoesNotUndoASnapshot) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  back_up_daily(2, kMinuteMs);
  village.pass_all(vault::kSupersededGraceMs + kHourMs);
  village.device("alice-1").hold_answers_to(proto::kPathVaultPrune);
  say("alice-1", kBob, "one more");
  ASSERT_TRUE(village.ask("alice-1", "backup.create").contains("result"));
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(village.ask("alice-1", "backup.status")["result"]["running"]);
  EXPECT_EQ(load_backup_setup(village.device("alice-1").store())->newest.counter, 4u);
  village.device("alice-1").release_answers();
  const json done = village.ask("alice-1", "backup.status", {{"wait_ms", 60'000}});
  EXPECT_EQ(done["result"]["snapshot"], 4) << done.dump();
  EXPECT_EQ(done["result"]["pruned"]["removed_snapshots"], 2);
}

// ---- storages that never come to an end ----

TEST_F(BackupPrune, AStorageThatSaysNowMoreNowLessIsGivenUp) {
  say_much("alice-1", 120);
  std::size_t puts = 0;
  village.server.vault.forgets = [&](const proto::VaultPut& put) {
    ++puts;
    return put.offset != 0;  // each time that it nearly has it
  };
  const json refused = backup("alice-1", "create", with_key());
  EXPECT_NE(sentence(refused).find("loses what it is given"), std::string::npos) << sentence(refused);
  EXPECT_LT(puts, 40u);
  // One that is set back once is gone on with.
  bool forgot = false;
  village.server.vault.forgets = [&](const proto::VaultPut& put) {
    return put.offset != 0 && !std::exchange(forgot, true);
  };
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  EXPECT_TRUE(forgot);
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupPrune, AnObjectWithoutEndIsNotFetched) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  for (const auto& [object, upload] : objects()) {
    const proto::ObjectId id = object;
    SCOPED_TRACE(to_hex(id));
    village.server.vault.endless = id;
    std::size_t gets = 0;
    village.server.overhear = [&](const proto::Call& call) {
      if (!call.url.ends_with(proto::kPathVaultGet)) return;
      gets += wire::decode<proto::VaultGet>(call.body)->object == id ? 1 : 0;
    };
    const bool is_pack = id.view()[0] == 1;
    EXPECT_EQ(backup("alice-1", "verify").contains("result"), !is_pack);
    EXPECT_GE(gets, 1u);
    EXPECT_LE(gets, 4u);
  }
  village.server.overhear = nullptr;
}

TEST_F(BackupPrune, AnIndexFromBeforeInTheNewOnesPlaceIsNotTaken) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const auto index_of = [&] {
    return std::ranges::find_if(objects(), [](const auto& one) { return one.first.view()[0] == 2; })->first;
  };
  const auto first = index_of();
  const Bytes old = objects().at(first).bytes;
  std::erase_if(objects(), [](const auto& one) { return one.first.view()[0] == 2; });
  say("alice-1", kBob, "more");
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  const auto second = index_of();
  ASSERT_NE(first, second);
  objects().at(second) = {old.size(), old};
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), texts("alice-1", kBob));
}

}  // namespace
}  // namespace cairn::client
