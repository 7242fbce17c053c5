// Backups of real clients at a storage that can be spoilt, interrupted, set back.
#include "core/client/backup_fixture.h"
#include "core/client/own_name.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::FakeVault;

class Backup : public BackupFixture {};

TEST_F(Backup, ComesBackOnAnEmptyDeviceByTheRecoveryKeyAlone) {
  const json created = backup("alice-1", "create", with_key());
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_EQ(created["result"]["generation"], 1);
  EXPECT_EQ(created["result"]["openers"], 2);
  village.set_online("alice-1", false);
  ASSERT_TRUE(recover("alice-2").contains("result"));
  const json restored = backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}});
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(restored["result"]["warnings"].size(), 1u);  // made by a device that is out
  EXPECT_EQ(texts("alice-2", kRestored), (std::vector<std::string>{kSecret}));
  // Twice is the same.
  ASSERT_TRUE(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}).contains("result"));
  EXPECT_EQ(texts("alice-2", kRestored).size(), 1u);
  EXPECT_TRUE(
      village.ask("bob-1", "send", {{"to", kAlice}, {"text", "is it you?"}, {"fresh", true}}).contains("result"));
  EXPECT_TRUE(village.until([&] { return texts("alice-2", kBob) == std::vector<std::string>{"is it you?"}; }));
  EXPECT_TRUE(village.ask("alice-2", "send", {{"to", kRestored}, {"text", "x"}}).contains("error"));
}

TEST_F(Backup, OfADeviceThatIsOutIsTakenOnlyWhenItsOwnerSaysSo) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  village.set_online("alice-1", false);
  ASSERT_TRUE(recover("alice-2").contains("result"));
  const json refused = backup("alice-2", "restore", with_key());
  EXPECT_EQ(refused["error"]["data"]["code"], "not_authorised");
  EXPECT_TRUE(texts("alice-2", kRestored).empty());
}

TEST_F(Backup, NeedsTheRecoveryKeyOnceAndTheRightOne) {
  EXPECT_EQ(backup("alice-1", "create")["error"]["data"]["code"], "not_found");
  testing::SeededEntropy entropy(1);
  const std::string other = recovery_text(random_secret<directory::RecoverySecret>(entropy));
  const json wrong = backup("alice-1", "create", {{"recovery_key", other}});
  EXPECT_EQ(wrong["error"]["data"]["code"], "not_found") << wrong.dump();
  EXPECT_TRUE(village.server.vault.key_boxes.empty());
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const json again = backup("alice-1", "create");
  EXPECT_EQ(again["result"]["snapshot"], 2);
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 2u);
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(Backup, StoresNothingThatCanBeReadAndNoName) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const auto stored = village.server.vault.all_bytes();
  ASSERT_GE(stored.size(), 4u);  // a pack, an index, a manifest, the key box
  for (const Bytes& bytes : stored) {
    for (const std::string& text : {kSecret, std::string("alice"), std::string("bob"), std::string("example")}) {
      EXPECT_EQ(as_text(bytes).find(text), std::string::npos);
    }
  }
}

TEST_F(Backup, OfAnotherNameDoesNotOpen) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const json theirs = backup("bob-1", "restore", with_key());
  EXPECT_TRUE(theirs.contains("error")) << theirs.dump();
  EXPECT_TRUE(texts("bob-1", kRestored).empty());
}

TEST_F(Backup, AnOlderStateOfTheStorageIsRefused) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const Vaults old = vaults();
  say("alice-1", kBob, "later");
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  const Vaults fresh = std::exchange(vaults(), old);
  for (const char* verb : {"verify", "restore"}) {
    EXPECT_EQ(backup("alice-1", verb)["error"]["data"]["code"], "stale") << verb;
  }
  for (auto& [id, all] : vaults()) all.clear();
  EXPECT_EQ(backup("alice-1", "verify")["error"]["data"]["code"], "stale");
  vaults() = fresh;
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(Backup, ADamagedPackIsNamedAndARestoreGoesOnWithoutIt) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  std::string bad;
  for (auto& [vault, all] : vaults()) {
    for (auto& [id, upload] : all) {
      if (id.view()[0] != 1 || !bad.empty()) continue;
      upload.bytes[3] ^= 1;
      bad = to_hex(id);
    }
  }
  ASSERT_FALSE(bad.empty());
  EXPECT_NE(sentence(backup("alice-1", "verify")).find(bad), std::string::npos);
  EXPECT_TRUE(backup("alice-1", "restore").contains("result"));
}

TEST_F(Backup, WhatTheStorageLostIsStoredAnew) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  for (auto& [vault, all] : vaults()) std::erase_if(all, [](const auto& one) { return one.first.view()[0] == 1; });
  EXPECT_TRUE(backup("alice-1", "verify").contains("error"));
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), std::vector<std::string>{kSecret});
}

TEST_F(Backup, NoSnapshotIsMadeOnWhatGoesAwayMeanwhile) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  say("alice-1", kBob, "more");
  village.device("alice-1").hold_answers_to(proto::kPathVaultPut);
  ASSERT_TRUE(village.ask("alice-1", "backup.create").contains("result"));
  village.pass_all(kSecondMs);
  for (auto& [vault, all] : vaults()) std::erase_if(all, [](const auto& one) { return one.first.view()[0] == 1; });
  village.device("alice-1").release_answers();
  const json done = village.ask("alice-1", "backup.status", {{"wait_ms", 60'000}});
  EXPECT_EQ(done["error"]["data"]["code"], "not_found") << done.dump();
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 1u);
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

/// Whatever was learned before, from a whole copy of a device that is out by now, opens nothing that came after.
TEST_F(Backup, ADeviceThatWasRemovedOpensNothingLater) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const json second = backup("alice-2", "create", with_key());
  ASSERT_TRUE(second.contains("result")) << second.dump();
  EXPECT_EQ(second["result"]["generation"], 1);
  EXPECT_EQ(second["result"]["openers"], 3);
  const auto stolen = load_backup_setup(village.device("alice-2").store());
  ASSERT_TRUE(stolen.has_value());
  const json id = village.ask("alice-2", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
  const json third = backup("alice-1", "create");
  ASSERT_TRUE(third.contains("result")) << third.dump();
  EXPECT_EQ(third["result"]["generation"], 2);
  EXPECT_EQ(third["result"]["openers"], 2);
  ASSERT_EQ(village.server.vault.key_boxes.size(), 1u);
  const Bytes& box = village.server.vault.key_boxes.begin()->second.body;
  const auto opened = open_with_device(box, stolen->content.current().root, stolen->device_key);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::crypto_failed);
  const auto kept = load_backup_setup(village.device("alice-1").store());
  EXPECT_TRUE(open_with_device(box, kept->content.current().root, kept->device_key).has_value());
}

/// A device that is a thief's begins a generation whose root it knows, without itself among the openers, so that the
/// box seems the work of others once another device has signed it.
TEST_F(Backup, AGenerationThatAThiefBeganEndsWithTheThief) {
  for (const std::uint32_t claimed : {0U, 1000U}) {  // what it says of the chain: the truth, or the future
    SCOPED_TRACE(claimed);
    const std::string thief = claimed == 0 ? "alice-2" : "alice-3";
    ASSERT_TRUE(village.link_device(thief, kAlice, "alice-1").contains("result"));
    ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
    ASSERT_TRUE(backup(thief, "create", with_key()).contains("result"));
    auto stolen = load_backup_setup(village.device(thief).store());
    const auto account = load_account(village.device(thief).store());
    ASSERT_TRUE(stolen && account);
    testing::SeededEntropy entropy(5);
    vault::KeyBoxContent forged = stolen->content.clone();
    const std::uint32_t before = forged.current().number;
    forged.previous = stolen->head.hash;
    ++forged.version;
    std::erase_if(forged.openers, [&](const auto& one) {
      return one.kind == vault::OpenerKind::device && one.signer == account->signing_key.public_key();
    });
    vault::Generation next = forged.current().clone();
    ++next.number;
    if (claimed != 0) next.chain_count = claimed;
    next.root = random_secret<vault::BackupRoot>(entropy);
    next.data_key =
        vault::wrap_data_key(next.root, *next.token, next.number, random_secret<vault::DataKey>(entropy), entropy);
    const vault::BackupRoot known = next.root.clone();
    forged.generations.push_back(std::move(next));
    proto::KeyBoxPut& put = village.server.vault.key_boxes.begin()->second;
    put.version = forged.version;
    put.body = *seal_to_openers(forged, account->signing_key, entropy);
    put.signature = crypto::sign_labelled(stolen->write_key, crypto::kSignKeyBoxPut, put.content());

    // Alice's other device signs it anew, and not because of that generation.
    ASSERT_TRUE(backup("alice-1", "delete", {{"generation", before}}).contains("result"));
    const json id = village.ask(thief, "status")["result"]["device"];
    ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
    const json created = backup("alice-1", "create");
    ASSERT_TRUE(created.contains("result")) << created.dump();
    EXPECT_GE(created["result"]["generation"], before + 2);
    const Bytes& box = village.server.vault.key_boxes.begin()->second.body;
    EXPECT_FALSE(open_with_device(box, known, stolen->device_key).has_value());
  }
}

/// Two storages of one person. What the one was asked it repeats at the other, where nothing is known by these ids.
TEST_F(Backup, WhatOneStorageWasAskedMovesNothingAtAnother) {
  const std::string stick = "file:///stick";
  const std::string disk = "file:///disk";
  village.server.folders[stick];
  village.server.folders[disk];
  std::map<std::string, std::vector<proto::Call>> asked;
  village.server.overhear = [&](const proto::Call& call) {
    const std::size_t at =
        call.url.find("/v1/vault/") == std::string::npos ? call.url.find("/v1/key-box/") : call.url.find("/v1/vault/");
    const bool reads = call.url.ends_with("/get") || call.url.ends_with("/list");
    if (at != std::string::npos && !reads) asked[call.url.substr(0, at)].push_back(call);
  };
  const auto to = [&](const std::string& storage) {
    json params = with_key();
    params["to"] = storage.empty() ? "domain" : storage;
    return params;
  };
  for (const std::string& storage : {std::string(), stick, disk}) {
    ASSERT_TRUE(backup("alice-1", "create", to(storage)).contains("result")) << storage;
  }
  for (const std::string& storage : {std::string(), stick, disk}) {
    json params = with_key();
    params["from"] = storage.empty() ? "domain" : storage;
    EXPECT_TRUE(backup("alice-1", "verify", params).contains("result")) << storage;
  }
  EXPECT_FALSE(asked.at(stick).empty());
  std::set<std::string> ids;
  std::size_t boxes = 0;
  for (const FakeVault* one : {&village.server.vault, &village.server.folders[stick], &village.server.folders[disk]}) {
    for (const auto& [id, objects] : one->vaults) ids.insert(to_hex(id));
    for (const auto& [id, box] : one->key_boxes) {
      if (as_text(id) == "cairn storage id") continue;
      ids.insert(to_hex(id));
      ids.insert(to_hex(box.write_key));
    }
    boxes += one->key_boxes.size();
  }
  EXPECT_EQ(ids.size(), 9u);  // each a vault, a key box and a write key of its own
  EXPECT_EQ(boxes, 5u);       // each a key box, each folder its id
  const auto before = village.server.folders;
  ASSERT_TRUE(backup("alice-1", "delete", {{"recovery_key", key}, {"from", stick}}).contains("result"));
  village.server.overhear = nullptr;
  EXPECT_NE(village.server.folders.at(stick).vaults.size(), before.at(stick).vaults.size());
  for (const auto& [from, calls] : asked) {
    for (FakeVault* other : {&village.server.vault, &village.server.folders[stick], &village.server.folders[disk]}) {
      if (other == (from.starts_with("file") ? &village.server.folders[from] : &village.server.vault)) continue;
      for (const proto::Call& call : calls) {
        if (call.url.ends_with("/create")) continue;  // an empty vault more
        const auto put = wire::decode<proto::KeyBoxPut>(call.body);
        if (call.url.ends_with("/key-box/put") && put && put->version == 1) continue;  // nothing that was there
        const auto reply = other->answer(call.url.substr(from.size()), call);
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(reply->status, 404) << call.url;
      }
    }
  }
}

TEST_F(Backup, InAFolderThatWasExchangedIsBegunWithTheRecoveryKey) {
  const std::string stick = "file:///stick";
  village.server.folders[stick];
  json there = with_key();
  there["to"] = stick;
  ASSERT_TRUE(backup("alice-1", "create", there).contains("result"));
  const FakeVault mine = village.server.folders[stick];
  village.server.folders[stick] = {};
  EXPECT_EQ(backup("alice-1", "verify")["error"]["data"]["code"], "not_found");
  EXPECT_NE(sentence(backup("alice-1", "create")).find("--recovery-key"), std::string::npos);
  ASSERT_TRUE(backup("alice-1", "create", there).contains("result"));
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
  // Both are known by now: whichever lies there.
  village.server.folders[stick] = mine;
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
  json from = with_key();
  from["from"] = stick;
  EXPECT_TRUE(backup("alice-1", "verify", from).contains("result"));
}

TEST_F(Backup, GoesToNoStrangersServer) {
  json params = with_key();
  params["to"] = "https://storage.example";
  EXPECT_EQ(backup("alice-1", "create", params)["error"]["data"]["code"], "malformed");
}

TEST_F(Backup, ShowsItsLoginWhereItChangesSomethingAndNowhereElse) {
  const std::string stick = "file:///stick";
  village.server.folders[stick];
  std::map<std::string, std::size_t> with;
  std::map<std::string, std::size_t> without;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.find("/v1/vault/") == std::string::npos && call.url.find("/v1/key-box/") == std::string::npos) return;
    ++(call.bearer.empty() ? without : with)[call.url.starts_with(stick) ? stick : call.url];
  };
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  ASSERT_TRUE(backup("alice-1", "delete", {{"generation", 1}}).contains("result"));
  ASSERT_TRUE(backup("alice-1", "delete").contains("result"));
  json there = with_key();
  there["to"] = stick;
  ASSERT_TRUE(backup("alice-1", "create", there).contains("result"));
  const std::string server = "https://example.org";
  for (const auto path : {proto::kPathVaultCreate, proto::kPathVaultPut, proto::kPathVaultDelete, proto::kPathKeyBoxPut,
                          proto::kPathKeyBoxDelete}) {
    EXPECT_GT(with[server + std::string(path)], 0u) << path;
    EXPECT_EQ(without[server + std::string(path)], 0u) << path;
  }
  for (const auto path : {proto::kPathVaultGet, proto::kPathVaultList, proto::kPathKeyBoxGet}) {
    EXPECT_EQ(with[server + std::string(path)], 0u) << path;
    EXPECT_GT(without[server + std::string(path)], 0u) << path;
  }
  EXPECT_EQ(with[stick], 0u);
  EXPECT_GT(without[stick], 0u);
}

TEST_F(Backup, LogsInAgainWhenItsLoginRanOut) {
  village.device("alice-1").hold_answers_to(proto::kPathVaultCreate);
  ASSERT_TRUE(village.ask("alice-1", "backup.create", with_key()).contains("result"));
  village.pass_all(kSecondMs);
  village.server.post.forget_tokens();
  village.device("alice-1").release_answers();
  const json done = village.ask("alice-1", "backup.status", {{"wait_ms", 60'000}});
  EXPECT_EQ(done["result"]["snapshot"], 1) << done.dump();
}

/// A device that is a thief's makes the last counter that there is: what follows has no higher one, until the thief is
/// removed, or the generation ends.
TEST_F(Backup, TheHighestCounterEndsWithItsGeneration) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  auto setup = load_backup_setup(village.device("alice-1").store());
  const auto account = load_account(village.device("alice-1").store());
  ASSERT_TRUE(setup && account);
  const vault::Generation& current = setup->content.current();
  const auto keys = keys_of(current, *current.token);
  vault::ManifestContent last;
  last.generation = current.number;
  last.vault = vault::vault_id(current.root, setup->identity);
  last.counter = ~std::uint64_t{0};
  last.previous = setup->newest.hash;
  testing::SeededEntropy entropy(6);
  const auto object = vault::seal_manifest(*keys, last, account->signing_key, entropy);
  vaults().begin()->second[*proto::ObjectId::from(object.id)] = {object.bytes.size(), object.bytes};
  EXPECT_EQ(backup("alice-1", "create")["error"]["data"]["code"], "over_limit");
  ASSERT_TRUE(backup("alice-1", "delete", {{"generation", 1}}).contains("result"));
  const json anew = backup("alice-1", "create");
  EXPECT_EQ(anew["result"]["snapshot"], 1) << anew.dump();
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(Backup, NoSingleFlippedBitCostsWhatThePacksStillHave) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 1u);
  const Vaults good = vaults();
  std::size_t flipped = 0;
  for (const auto& [id, upload] : good.begin()->second) {
    if (id.view()[0] == 1) continue;
    SCOPED_TRACE(to_hex(id));
    vaults() = good;
    vaults().begin()->second[id].bytes[70] ^= 1;
    EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
    ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
    EXPECT_EQ(texts("alice-1", kRestored), std::vector<std::string>{kSecret});
    vaults().begin()->second.erase(id);
    EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
    ++flipped;
  }
  EXPECT_EQ(flipped, 3u);  // an index, and the manifest twice
  // And the next snapshot has its indexes whole.
  vaults() = good;
  std::erase_if(vaults().begin()->second, [](const auto& one) { return one.first.view()[0] == 2; });
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(Backup, AStorageThatTakesNoMoreIsToldAndGoneOnWith) {
  village.server.vault.parts_left = 1;
  const json refused = backup("alice-1", "create", with_key());
  EXPECT_EQ(sentence(refused), "The room is used up.");
  EXPECT_EQ(backup("alice-1", "verify")["error"]["data"]["code"], "not_found");  // no snapshot is there by halves
  village.server.vault.parts_left.reset();
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

/// A crash before each thing that is sent while a snapshot is made: it is there wholly or not at all, and the next run
/// makes it.
TEST_F(Backup, ACrashAtAnyMomentLeavesWhatCanBeGoneOnWith) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  for (std::uint64_t sends = 0; sends < 24; ++sends) {
    SCOPED_TRACE(sends);
    say("alice-1", kBob, "before crash " + std::to_string(sends));
    village.device("alice-1").crash_after(sends);
    village.ask("alice-1", "backup.create", json::object(), kMinuteMs);
    village.pass_all(5 * kSecondMs);
    village.device("alice-1").crash_after(std::nullopt);
    village.device("alice-1").restart();
    village.pass_all(5 * kSecondMs);
    ASSERT_TRUE(backup("alice-1", "verify").contains("result"));
  }
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), texts("alice-1", kBob));
}

TEST_F(Backup, DeletedIsGoneAndAnotherCanBegin) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  EXPECT_EQ(backup("alice-1", "delete", {{"generation", 7}})["error"]["data"]["code"], "not_found");
  const json one = backup("alice-1", "delete", {{"generation", 1}});
  ASSERT_TRUE(one.contains("result")) << one.dump();
  EXPECT_TRUE(vaults().empty());
  const json anew = backup("alice-1", "create");
  ASSERT_TRUE(anew.contains("result")) << anew.dump();
  EXPECT_EQ(anew["result"]["generation"], 2);
  ASSERT_TRUE(backup("alice-1", "delete").contains("result"));
  EXPECT_TRUE(vaults().empty());
  EXPECT_TRUE(village.server.vault.key_boxes.empty());
  EXPECT_EQ(backup("alice-1", "list", with_key())["error"]["data"]["code"], "not_found");
}

TEST_F(Backup, IsDeletedThoughTheAnswerThatSaysSoWasLost) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  village.server.vault.loses = proto::kPathKeyBoxDelete;
  const json gone = backup("alice-1", "delete");
  ASSERT_TRUE(gone.contains("result")) << gone.dump();
  EXPECT_TRUE(village.server.vault.loses.empty());
  EXPECT_TRUE(village.server.vault.key_boxes.empty());
}

TEST_F(Backup, IsMadeEveryDayWhenItsOwnerWantsThat) {
  EXPECT_EQ(village.ask("alice-1", "backup.schedule", {{"daily", true}})["error"]["data"]["code"], "not_found");
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  village.pass_all(26 * kHourMs);
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 1u);
  ASSERT_TRUE(village.ask("alice-1", "backup.schedule", {{"daily", true}}).contains("result"));
  village.pass_all(kHourMs);
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 2u);
  village.device("alice-1").restart();
  village.pass_all(25 * kHourMs);
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 3u);
  ASSERT_TRUE(village.ask("alice-1", "backup.schedule", {{"daily", false}}).contains("result"));
  village.pass_all(26 * kHourMs);
  EXPECT_EQ(backup("alice-1", "list")["result"]["snapshots"].size(), 3u);
}

TEST_F(Backup, RunsOneJobAtATimeAndMessagesGoOnMeanwhile) {
  village.device("alice-1").hold_answers_to(proto::kPathVaultCreate);
  ASSERT_TRUE(village.ask("alice-1", "backup.create", with_key()).contains("result"));
  village.pass_all(kSecondMs);
  EXPECT_EQ(village.ask("alice-1", "backup.list")["error"]["data"]["code"], "conflict");
  const json status = village.ask("alice-1", "backup.status");
  EXPECT_TRUE(status["result"]["running"]);
  say("alice-1", kBob, "meanwhile");
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice).size() == 2; }));
  village.device("alice-1").release_answers();
  const json done = village.ask("alice-1", "backup.status", {{"wait_ms", 60'000}});
  EXPECT_FALSE(done["result"]["running"]) << done.dump();
  ASSERT_TRUE(backup("alice-1", "restore").contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), (std::vector<std::string>{kSecret, "meanwhile"}));
}

}  // namespace
}  // namespace cairn::client
