// The bytes of files in backups: what comes back when no server has it any more, what never gets in, and what files
// never keep from being backed up or restored.
#include "core/client/backup_content_fixture.h"
#include "core/client/kept_files.h"
#include "core/client/row_keys.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::good;
using testing::kCarol;

constexpr std::uint64_t kMib = 1 << 20;

Bytes noise(std::size_t size, std::uint64_t seed) {
  testing::SeededEntropy random(seed);
  Bytes out(size);
  random.fill(out);
  return out;
}

class BackupFilesTest : public BackupContentFixture {
 protected:
  json create(const std::string& device = "alice-1", json more = json::object()) {
    more["recovery_key"] = key;
    return good(backup(device, "create", more));
  }
  json create_with_files(std::uint64_t mib = 64, const std::string& device = "alice-1") {
    return create(device, {{"files", mib}});
  }
  /// From bob, and arrived.
  void receive(const std::string& name, const Bytes& content) {
    send_file("bob-1", kAlice, "/home/bob/" + name, content);
    ASSERT_TRUE(village.until([&] { return message_with("alice-1", kBob, name).is_object(); })) << name;
    village.pass_all(kSecondMs);  // so that one of two is the newer one
  }
  json message_with(const std::string& device, const std::string& conversation, const std::string& name) {
    for (const json& one : messages(device, conversation)) {
      if (one.contains("attachment") && one["attachment"]["name"] == name) return one;
    }
    return nullptr;
  }
  /// What stands in the folder when the restored file was saved; nothing when it is refused.
  std::optional<Bytes> saved(const std::string& device, const std::string& name,
                             const std::string& conversation = kRestored) {
    const json message = message_with(device, conversation, name);
    if (!message.is_object()) return std::nullopt;
    const json answer = save(device, message["id"], "/home/" + device + "-" + std::to_string(++folders_));
    if (!answer.contains("result")) return std::nullopt;
    return machine.files.at(answer["result"]["path"].get<std::string>()).bytes;
  }
  proto::BlobId blob_of(const std::string& name) {
    const json message = message_with("alice-1", kBob, name);
    for (const Row& row : village.device("alice-1").store().scan(tables::kAttachments, {}, {}, 100)) {
      const auto attachment = wire::decode<AttachmentRow>(row.value);
      if (attachment->file.name == name) return attachment->file.blob;
    }
    ADD_FAILURE() << name << " has no blob";
    return {};
  }
  static std::string warnings(const json& result) { return result["warnings"].dump(); }
  /// The largest pack of the vault.
  testing::FakeVault::Upload& largest_pack() {
    testing::FakeVault::Upload* out = nullptr;
    for (auto& [id, objects] : vaults()) {
      for (auto& [object, upload] : objects) {
        const bool is_pack = object.view()[0] == static_cast<std::uint8_t>(vault::ObjectKind::pack);
        if (is_pack && (out == nullptr || upload.size > out->size)) out = &upload;
      }
    }
    EXPECT_NE(out, nullptr);
    return *out;
  }

  int folders_ = 0;
};

TEST_F(BackupFilesTest, ComeBackWhenNoServerHasThemAnyMore) {
  talk();
  const Bytes film = noise(2'500'000, 3);
  receive("film.mp4", film);
  receive("empty.txt", {});
  const json made = create_with_files();
  EXPECT_EQ(made["files"]["stored"], 4) << made;
  EXPECT_EQ(made["files"]["left_out"], 0);
  EXPECT_EQ(made["files"]["missing"], 0);
  EXPECT_EQ(made["warnings"], json::array());
  EXPECT_EQ(made["messages"], messages("alice-1", kBob).size() + 1);  // and a notice, counted once
  blobs.blobs.clear();
  const json restored = come_back();
  EXPECT_EQ(restored["files"], 4) << restored;
  EXPECT_EQ(saved("alice-2", "map.png"), map);
  EXPECT_EQ(saved("alice-2", "plan.pdf"), plan);
  EXPECT_TRUE(saved("alice-2", "film.mp4") == film);
  EXPECT_EQ(saved("alice-2", "empty.txt"), Bytes());
  // A second time it is the same, and nothing is read again.
  const std::size_t pieces = rows("alice-2", tables::kKeptPieces);
  EXPECT_EQ(good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}))["files"], 0);
  EXPECT_EQ(rows("alice-2", tables::kKeptPieces), pieces);
  EXPECT_TRUE(saved("alice-2", "film.mp4") == film);
}

TEST_F(BackupFilesTest, AreNotInItUnlessTheirOwnerWantsThat) {
  talk();
  EXPECT_FALSE(create().contains("files"));
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 0);
  EXPECT_EQ(saved("alice-2", "plan.pdf"), std::nullopt);
  EXPECT_EQ(rows("alice-2", tables::kKeptFiles), 0u);
}

TEST_F(BackupFilesTest, StayWithoutBeingFetchedAgainAndTheChoiceStaysToo) {
  talk();
  EXPECT_EQ(create_with_files()["files"]["stored"], 2);
  const std::size_t given = blobs.bytes_given;
  EXPECT_EQ(create()["files"]["stored"], 2);
  EXPECT_EQ(blobs.bytes_given, given);
  // And with the daily one.
  blobs.blobs.clear();
  good(village.ask("alice-1", "backup.schedule", {{"daily", true}}));
  receive("late.pdf", plan);
  village.pass_all(kDayMs + kHourMs);
  const json storages = good(village.ask("alice-1", "backup.storages"));
  EXPECT_EQ(storages["storages"][0]["files_mib"], 64);
  EXPECT_EQ(storages["storages"][0]["snapshot"], 5);  // two rounds where something was new
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 3);
  EXPECT_EQ(saved("alice-2", "late.pdf"), plan);
  EXPECT_EQ(saved("alice-2", "map.png"), map);
}

TEST_F(BackupFilesTest, GoWhenTheirOwnerWantsThemNoMore) {
  talk();
  create_with_files();
  const json without = create_with_files(0);
  EXPECT_FALSE(without.contains("files")) << without;
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 0);
}

TEST_F(BackupFilesTest, TooManyMibAreRefused) {
  EXPECT_NE(sentence(backup("alice-1", "create", {{"recovery_key", key}, {"files", kMaxFilesMib + 1}})).find("MiB"),
            std::string::npos);
}

TEST_F(BackupFilesTest, AreLeftOutWhereTheLimitHasNoRoomAndNoneThatIsInIsDrivenOut) {
  receive("first.bin", noise(700'000, 1));
  EXPECT_EQ(create_with_files(1)["files"]["stored"], 1);
  receive("second.bin", noise(700'000, 2));
  const json full = create_with_files(1);
  EXPECT_EQ(full["files"]["stored"], 1);
  EXPECT_EQ(full["files"]["left_out"], 1);
  EXPECT_NE(warnings(full).find("1 files had no room"), std::string::npos) << full;
  EXPECT_EQ(create_with_files(2)["files"]["stored"], 2);
  // With less of it the older one goes.
  const json less = create_with_files(1);
  EXPECT_EQ(less["files"]["stored"], 1);
  EXPECT_EQ(less["files"]["left_out"], 1);
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 1);
  EXPECT_EQ(saved("alice-2", "first.bin"), std::nullopt);
  EXPECT_TRUE(saved("alice-2", "second.bin") == noise(700'000, 2));
}

TEST_F(BackupFilesTest, LeaveTheStorageRoomForMessages) {
  village.server.vault.left = 66 * kMib;
  receive("film.mp4", noise(3'000'000, 1));
  receive("photo.jpg", noise(500'000, 2));
  const json made = create_with_files();
  EXPECT_EQ(made["files"]["stored"], 1) << made;
  EXPECT_EQ(made["files"]["left_out"], 1);
}

// The storage says that there is room, and there is none.
TEST_F(BackupFilesTest, KeepNothingElseFromBeingBackedUpWhereTheStorageIsFull) {
  create();
  receive("film.mp4", noise(9'000'000, 1));
  const std::size_t packs = count(vault::ObjectKind::pack);
  village.server.vault.parts_left = 7;
  const json made = create_with_files();
  EXPECT_EQ(made["snapshot"], 2) << made;
  EXPECT_EQ(made["files"]["stored"], 0);
  EXPECT_NE(warnings(made).find("All but files is backed up"), std::string::npos) << made;
  EXPECT_EQ(count(vault::ObjectKind::pack), packs + 2);  // what files had taken was given back
  village.server.vault.parts_left = 5;
  say("alice-1", kBob, "and there is room for this");
  EXPECT_EQ(create()["snapshot"], 3);
  village.server.vault.parts_left.reset();
  const json restored = come_back();
  EXPECT_EQ(restored["files"], 0);
  EXPECT_EQ(texts("alice-2", kRestored).back(), "and there is room for this");
}

TEST_F(BackupFilesTest, ThatAServerDoesNotGiveStandStillForNobody) {
  talk();
  for (int i = 0; i < 5; ++i) receive("f" + std::to_string(i), noise(1'000, static_cast<std::uint64_t>(i)));
  village.device("alice-1").lose_answers_to(proto::kPathBlobGet);
  const Time before = village.now;
  const json made = create_with_files();
  EXPECT_EQ(made["files"]["stored"], 0);
  EXPECT_EQ(made["files"]["missing"], 7);
  EXPECT_NE(warnings(made).find("7 files are not in the backup"), std::string::npos) << made;
  EXPECT_LT(elapsed_ms(village.now, before), 10 * kMinuteMs);
  EXPECT_EQ(rows("alice-1", tables::kFileTries), 3u);  // the others were not asked for
  village.device("alice-1").lose_answers_to({});
  // What was not tried comes first, and what failed is not tried again at once.
  EXPECT_EQ(create()["files"]["stored"], 4);
  EXPECT_EQ(create()["files"]["stored"], 4);
  village.pass_all(13 * kHourMs);
  EXPECT_EQ(create()["files"]["stored"], 7);
  EXPECT_EQ(rows("alice-1", tables::kFileTries), 0u);
}

TEST_F(BackupFilesTest, ThatAreSlowAreGivenUpAndOthersComeIn) {
  receive("photo.jpg", noise(500'000, 2));
  receive("film.mp4", noise(3'000'000, 1));
  const proto::BlobId slow = blob_of("film.mp4");
  // Each piece takes longer than a file of this size may.
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.ends_with(proto::kPathBlobGet)) return;
    if (wire::decode<proto::BlobGet>(call.body)->blob == slow) village.now = after(village.now, 6 * kMinuteMs);
  };
  const json made = create_with_files();
  village.server.overhear = nullptr;
  EXPECT_EQ(made["files"]["stored"], 1) << made;
  EXPECT_EQ(made["files"]["missing"], 1);
  // What it had of it counts for nothing.
  const json later = create_with_files();
  EXPECT_EQ(later["files"]["stored"], 2) << later;
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 2);
  EXPECT_TRUE(saved("alice-2", "film.mp4") == noise(3'000'000, 1));
}

TEST_F(BackupFilesTest, ThatAreSpoiltDoNotComeInAndComeAfterAllOthersTheNextTime) {
  receive("photo.jpg", noise(1'200'000, 2));
  receive("film.mp4", noise(1'900'000, 1));
  blobs.blobs.at(blob_of("film.mp4")).bytes.back() ^= 1;
  // It takes of the limit what it had before its end was seen to be another one: so the photo has no room.
  const json first = create_with_files(2);
  EXPECT_EQ(first["files"]["stored"], 0) << first;
  EXPECT_EQ(first["files"]["missing"], 1);
  EXPECT_EQ(first["files"]["left_out"], 1);
  const json second = create_with_files(2);
  EXPECT_EQ(second["files"]["stored"], 1) << second;
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 1);
  EXPECT_TRUE(saved("alice-2", "photo.jpg") == noise(1'200'000, 2));
}

// Whoever sends a file chooses the id of its blob.
TEST_F(BackupFilesTest, ThatNameTheBlobOfAnotherOneTakeNothingOfIts) {
  receive("true.bin", noise(5'000, 1));
  receive("false.bin", noise(5'000, 2));
  const proto::BlobId blob = blob_of("true.bin");
  for (const Row& row : village.device("alice-1").store().scan(tables::kAttachments, {}, {}, 100)) {
    auto attachment = wire::decode<AttachmentRow>(row.value);
    if (attachment->file.name != "false.bin") continue;
    attachment->file.blob = blob;
    ASSERT_TRUE(village.device("alice-1").store().apply(
        {Write{tables::kAttachments, row.key, to_bytes(wire::encode_secret(*attachment).expose())}}));
  }
  village.device("alice-1").restart();
  const json made = create_with_files();
  EXPECT_EQ(made["files"]["stored"], 1) << made;
  EXPECT_EQ(made["files"]["missing"], 1);
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 1);
  EXPECT_TRUE(saved("alice-2", "true.bin") == noise(5'000, 1));
  EXPECT_EQ(saved("alice-2", "false.bin"), std::nullopt);
}

TEST_F(BackupFilesTest, ThatAreDamagedAreNamedAndEverythingElseComesBack) {
  talk();
  receive("film.mp4", noise(2'500'000, 3));
  const auto there = messages("alice-1", kBob);
  create_with_files();
  Bytes& pack = largest_pack().bytes;
  pack[1'000'000] ^= 1;  // in the middle of the film, which is the newest and so the first
  blobs.blobs.clear();
  const json restored = come_back();
  EXPECT_EQ(restored["files"], 2) << restored;
  EXPECT_NE(warnings(restored).find("film.mp4"), std::string::npos) << restored;
  EXPECT_EQ(warnings(restored).find("map.png"), std::string::npos) << restored;
  EXPECT_EQ(messages("alice-2", kRestored).size(), there.size());
  EXPECT_EQ(saved("alice-2", "map.png"), map);
  EXPECT_EQ(saved("alice-2", "plan.pdf"), plan);
  EXPECT_EQ(saved("alice-2", "film.mp4"), std::nullopt);
  EXPECT_EQ(rows("alice-2", tables::kKeptFiles), 2u);
}

TEST_F(BackupFilesTest, WhosePacksAreGoneOrHeldBackDoNotEndARestore) {
  talk();
  create_with_files();
  ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "Bobby"}});
  create();
  testing::FakeVault::Upload& files = largest_pack();
  files.bytes.pop_back();  // it is not whole, so the storage does not give it
  blobs.blobs.clear();
  const json restored = come_back();
  EXPECT_EQ(restored["files"], 0) << restored;
  EXPECT_NE(warnings(restored).find("map.png"), std::string::npos) << restored;
  EXPECT_EQ(conversation("alice-2", kRestored)["petnames"][kBob], "Bobby");
}

TEST_F(BackupFilesTest, OfWhatIsToDisappearOrWasTakenBackAreNotInIt) {
  ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 200'000}});
  send_file("alice-1", kBob, "/home/alice/gone.png", map);
  ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 0}});
  send_file("alice-1", kBob, "/home/alice/back.png", plan);
  send_file("alice-1", kBob, "/home/alice/stays.png", noise(90'000, 1));
  ask("alice-1", "message.unsend", {{"message", message_with("alice-1", kBob, "back.png")["id"].get<std::string>()}});
  EXPECT_EQ(create_with_files()["files"]["stored"], 1);
  // And what is taken back later is in no later one.
  ask("alice-1", "message.unsend", {{"message", message_with("alice-1", kBob, "stays.png")["id"].get<std::string>()}});
  EXPECT_EQ(create()["files"]["stored"], 0);
  blobs.blobs.clear();
  EXPECT_EQ(come_back()["files"], 0);
}

TEST_F(BackupFilesTest, OfRequestsAreNotFetched) {
  good(village.register_person("carol-1", kCarol));
  say("carol-1", kAlice, "look");
  send_file("carol-1", kAlice, "/home/carol/virus.exe", map);
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kCarol).size() == 2; }));
  EXPECT_EQ(create_with_files()["files"]["stored"], 0);
  EXPECT_EQ(blobs.bytes_given, 0u);
  ask("alice-1", "request.accept", {{"conversation", kCarol}});
  EXPECT_EQ(create()["files"]["stored"], 1);
}

// What was restored beside a conversation that lives names it too.
TEST_F(BackupFilesTest, OfAMessageThatWasTakenBackAreNotInItForItsArchivesSakeEither) {
  talk();
  create_with_files();
  blobs.blobs.clear();
  EXPECT_EQ(good(backup("alice-1", "restore"))["files"], 2);
  EXPECT_EQ(rows("alice-1", tables::kKeptFor), 4u);
  EXPECT_EQ(create()["files"]["stored"], 2);
  const std::string id = message_with("alice-1", kBob, "map.png")["id"];
  ask("alice-1", "message.unsend", {{"message", id}});
  EXPECT_EQ(rows("alice-1", tables::kKeptFor), 3u);
  EXPECT_EQ(create()["files"]["stored"], 1);
}

// No server has them: the device that came back has them by itself, and gives them to its own backup.
TEST_F(BackupFilesTest, ComeFromARestoredDeviceIntoTheNextBackup) {
  talk();
  create_with_files();
  blobs.blobs.clear();
  come_back();
  const json next = create_with_files(64, "alice-2");
  EXPECT_EQ(next["generation"], 2);
  EXPECT_EQ(next["files"]["stored"], 2) << next;
  village.set_online("alice-2", false);
  ASSERT_TRUE(recover("alice-3").contains("result"));
  const json again = good(backup("alice-3", "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  EXPECT_EQ(again["files"], 2) << again;
}

TEST_F(BackupFilesTest, OfAnOlderGenerationComeBackBesideANewOne) {
  talk();
  create_with_files();
  blobs.blobs.clear();
  ASSERT_TRUE(village.link_device("alice-9", kAlice, "alice-1").contains("result"));
  const std::string id = good(village.ask("alice-9", "status"))["device"];
  good(village.ask("alice-1", "device.remove", {{"device", id}}));
  const json next = create();
  EXPECT_EQ(next["generation"], 2) << next;
  EXPECT_EQ(next["files"]["stored"], 0);
  EXPECT_EQ(next["files"]["missing"], 2);
  const json restored = come_back();
  EXPECT_EQ(restored["files"], 2) << restored;
  EXPECT_EQ(saved("alice-2", "map.png"), map);
}

TEST_F(BackupFilesTest, StayWhereTheyAreWhenTheirOwnerSaysSo) {
  talk();
  create_with_files();
  village.set_online("alice-1", false);
  ASSERT_TRUE(recover("alice-2").contains("result"));
  const json restored =
      good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}, {"without_files", true}}));
  EXPECT_EQ(restored["files"], 0);
  EXPECT_EQ(rows("alice-2", tables::kKeptPieces), 0u);
  EXPECT_EQ(restored["warnings"].size(), 1u) << restored;  // of the device that is out
  EXPECT_EQ(good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}))["files"], 2);
}

TEST_F(BackupFilesTest, InterruptedAtAnyMomentComeBackTheNextTime) {
  receive("film.mp4", noise(2'500'000, 3));
  create_with_files();
  blobs.blobs.clear();
  village.set_online("alice-1", false);
  ASSERT_TRUE(recover("alice-2").contains("result"));
  for (std::uint64_t moment = 0; moment < 16; ++moment) {
    village.begin("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
    village.device("alice-2").crash_after(moment);
    village.pass_all(kMinuteMs);
    village.device("alice-2").crash_after(std::nullopt);
    if (rows("alice-2", tables::kKeptFor) != 0) break;
  }
  good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  EXPECT_EQ(rows("alice-2", tables::kKeptFiles), 1u);
  EXPECT_TRUE(saved("alice-2", "film.mp4") == noise(2'500'000, 3));
}

}  // namespace
}  // namespace cairn::client
