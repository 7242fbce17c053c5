// What people expect back: all that was said about messages, files, settings, groups; and nothing that is gone.
#include "core/client/backup_content_fixture.h"
#include "core/client/sharing.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::good;
using testing::kCarol;
using Texts = std::vector<std::string>;

class BackupContent : public BackupContentFixture {};

TEST_F(BackupContent, WhatWasSaidAboutMessagesComesBackAndFilesAreSaved) {
  talk();
  const auto there = messages("alice-1", kBob);
  back_up();
  come_back();
  const auto here = messages("alice-2", kRestored);
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < there.size(); ++i) {
    for (const char* name : {"id", "text", "sender", "device", "time_ms", "edited_ms", "reactions", "unsent",
                             "reply_to", "reply_to_index", "status", "delivered_to", "attachment", "unknown_type"}) {
      EXPECT_EQ(here[i].value(name, json()), there[i].value(name, json())) << i << " " << name;
    }
  }
  EXPECT_EQ(here[2]["reactions"][0]["text"], "+1");
  EXPECT_EQ(here[2]["text"], "shall we run?");
  EXPECT_EQ(here[2]["status"], "delivered");
  EXPECT_EQ(here[4]["unsent"], true);
  const json history = ask("alice-2", "message.history", {{"message", here[2]["id"].get<std::string>()}});
  ASSERT_EQ(history["versions"].size(), 2u);
  EXPECT_EQ(history["versions"][0]["text"], "shall we walk?");
  for (const auto& [number, content] : {std::pair{5, map}, std::pair{6, plan}}) {
    const json saved = good(save("alice-2", here[static_cast<std::size_t>(number)]["id"], "/home/new"));
    EXPECT_EQ(machine.files.at(saved["path"].get<std::string>()).bytes, content);
  }
  EXPECT_EQ(ask("alice-2", "search", {{"words", "shall we run"}})["messages"].size(), 1u);
  // A second time it is the same; what the server has no more is said to be gone.
  good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  EXPECT_EQ(messages("alice-2", kRestored), here);
  blobs.blobs.clear();
  EXPECT_TRUE(save("alice-2", here[6]["id"], "/home/again").contains("error"));
}

TEST_F(BackupContent, WhatItsOwnerDecidedComesBack) {
  good(village.register_person("carol-1", kCarol));
  ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "Bobby"}});
  ask("alice-1", "contact.block", {{"name", kCarol}});
  ask("alice-1", "conversation.set",
      {{"conversation", kBob}, {"muted", true}, {"pinned", true}, {"archived", true}, {"draft", "we might"}});
  ask("alice-1", "typing.set", {{"on", false}});
  ask("alice-1", "read", {{"conversation", kBob}, {"mark", true}});
  say("bob-1", kAlice, "news");
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 3; }));
  back_up();
  village.set_online("bob-1", false);
  const json restored = come_back();
  EXPECT_GE(restored["settings"].get<int>(), 6) << restored;
  json archive = conversation("alice-2", kRestored);
  for (const char* name : {"muted", "pinned", "archived"}) EXPECT_EQ(archive[name], true) << name;
  EXPECT_EQ(archive["draft"], "we might");
  EXPECT_EQ(archive["petnames"][kBob], "Bobby");
  EXPECT_EQ(archive["unread"], 1);
  EXPECT_EQ(archive["typing"], false);
  EXPECT_EQ(ask("alice-2", "contact.blocked", json::object())["names"], json{kCarol});
  // What lives is so too as soon as it is there.
  village.pass_all(kHourMs);
  village.set_online("bob-1", true);
  ask("bob-1", "send", {{"to", kAlice}, {"text", "is it you?"}, {"fresh", true}});
  ASSERT_TRUE(village.until([&] { return texts("alice-2", kBob) == Texts{"is it you?"}; }));
  const json living = conversation("alice-2", kBob);
  for (const char* name : {"muted", "pinned", "archived"}) EXPECT_EQ(living[name], true) << name;
  EXPECT_EQ(living["draft"], "we might");
  EXPECT_EQ(living["request"], false);  // bob is known
  EXPECT_EQ(rows("alice-2", tables::kSharedWaiting), 0u);
  EXPECT_EQ(rows("alice-2", tables::kSharedWaitingSince), 0u);
  // What is decided in the archive afterwards is not undone by another restore.
  ask("alice-2", "conversation.set", {{"conversation", kRestored}, {"muted", false}});
  ask("alice-2", "contact.set", {{"name", kBob}, {"petname", "Robert"}});
  good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  archive = conversation("alice-2", kRestored);
  EXPECT_EQ(archive["muted"], false);
  EXPECT_EQ(archive["petnames"][kBob], "Robert");
}

TEST_F(BackupContent, AGroupComesBackWithItsAdminsAndPicture) {
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kBob}}});
  say("alice-1", "walkers", "who walks?");
  ask("alice-1", "group.change", {{"conversation", "walkers"}, {"picture", "AQID"}});
  back_up();
  come_back();
  const json group = ask("alice-2", "group.show", {{"conversation", "walkers (restored)"}});
  EXPECT_EQ(group["admins"], json{kAlice});
  EXPECT_EQ(group["picture"], "AQID");
  EXPECT_EQ(group["names"], (json{kAlice, kBob}));
  // And from there with the next one.
  village.set_online("bob-1", false);
  good(backup("alice-2", "create", with_key()));
  village.set_online("alice-2", false);
  ASSERT_TRUE(recover("alice-3").contains("result"));
  good(backup("alice-3", "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  const json again = ask("alice-3", "group.show", {{"conversation", "walkers (restored) (restored)"}});
  EXPECT_EQ(again["picture"], "AQID");
  EXPECT_EQ(again["admins"], json{kAlice});
}

TEST_F(BackupContent, ARequestIsOneInTheArchiveToo) {
  good(village.register_person("carol-1", kCarol));
  say("carol-1", kAlice, "look at https://evil.example");
  send_file("carol-1", kAlice, "/home/carol/virus.exe", map);
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kCarol).size() == 2; }));
  back_up();
  come_back();
  const auto here = messages("alice-2", "carol (restored)");
  ASSERT_EQ(here.size(), 2u);
  EXPECT_EQ(here[0]["text"], "look at [link]");
  EXPECT_EQ(save("alice-2", here[1]["id"], "/home/new")["error"]["data"]["code"], "invalid_state");
  ask("alice-2", "request.accept", {{"conversation", "carol (restored)"}});
  EXPECT_TRUE(save("alice-2", here[1]["id"], "/home/new").contains("result"));
}

TEST_F(BackupContent, WhatWasToDisappearLeavesNothingBehind) {
  ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 3600}});
  say("alice-1", kBob, "gone in an hour");
  ask("alice-1", "message.react", {{"message", id_of("alice-1", kBob, "gone in an hour")}, {"text", "-1"}});
  ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 200'000}});
  say("alice-1", kBob, "gone in days");
  const std::string id = id_of("alice-1", kBob, "gone in days");
  ask("alice-1", "message.react", {{"message", id}, {"text", "+1"}});
  ask("alice-1", "message.edit", {{"message", id}, {"text", "gone in some days"}});
  back_up();
  village.set_online("bob-1", false);
  come_back();
  EXPECT_EQ(texts("alice-2", kRestored), (Texts{kSecret, "hello alice", "gone in some days"}));
  EXPECT_EQ(rows("alice-2", tables::kReactions), 1u);
  EXPECT_EQ(rows("alice-2", tables::kEdits), 2u);
  village.pass_all(3 * kDayMs);
  EXPECT_EQ(texts("alice-2", kRestored), (Texts{kSecret, "hello alice"}));
  EXPECT_EQ(rows("alice-2", tables::kReactions), 0u);
  EXPECT_EQ(rows("alice-2", tables::kEdits), 0u);
  // And it does not come once more.
  good(backup("alice-2", "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  EXPECT_EQ(texts("alice-2", kRestored), (Texts{kSecret, "hello alice"}));
  EXPECT_EQ(rows("alice-2", tables::kReactions), 0u);
  EXPECT_EQ(rows("alice-2", tables::kEdits), 0u);
}

TEST_F(BackupContent, BesideWhatLivesAMessageIsMeantThere) {
  talk();
  back_up();
  good(backup("alice-1", "restore"));
  const std::string id = id_of("alice-1", kRestored, "shall we run?");
  ask("alice-1", "message.edit", {{"message", id}, {"text", "or swim?"}});
  EXPECT_EQ(id_of("alice-1", kBob, "or swim?"), id);
  EXPECT_EQ(id_of("alice-1", kRestored, "shall we run?"), id);
  ASSERT_TRUE(village.until([&] { return texts("bob-1", kAlice)[2] == "or swim?"; }));
}

TEST_F(BackupContent, TheStorageSeesNoKeyOfAFile) {
  talk();
  std::vector<Bytes> keys;
  for (const Row& row : village.device("alice-1").store().scan(tables::kAttachments, {}, {}, 10)) {
    keys.push_back(to_bytes(wire::decode<AttachmentRow>(row.value)->file.key.expose()));
  }
  ASSERT_EQ(keys.size(), 2u);
  back_up();
  for (const Bytes& stored : village.server.vault.all_bytes()) {
    for (const Bytes& one : keys) {
      EXPECT_EQ(std::search(stored.begin(), stored.end(), one.begin(), one.end()), stored.end());
    }
  }
}

}  // namespace
}  // namespace cairn::client
