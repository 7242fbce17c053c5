// What people expect back: all that was said about messages, files, settings, groups; and nothing that is gone.
#include "core/client/backup_fixture.h"
#include "core/client/sharing.h"
#include "tests/support/answers.h"
#include "tests/support/fake_blobs.h"
#include "tests/support/fake_files.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::good;
using testing::kCarol;
using Texts = std::vector<std::string>;

class BackupContent : public BackupFixture {
 protected:
  void SetUp() override {
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (auto reply = machine.answer(call)) return reply;
      constexpr std::string_view kBase = "https://example.org";
      if (!call.url.starts_with(kBase)) return std::nullopt;
      const bool is_logged_in = village.server.post.mailbox_of(call.bearer).has_value();
      return blobs.answer(call.url.substr(kBase.size()), call, is_logged_in);
    };
    say("bob-1", kAlice, "hello alice");
    ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 2; }));
  }
  json ask(const std::string& device, const std::string& method, json params) {
    return good(village.ask(device, method, std::move(params)));
  }
  std::vector<json> messages(const std::string& device, const std::string& conversation) {
    std::vector<json> out;
    const json answer = ask(device, "read", {{"conversation", conversation}});
    for (const json& one : answer["messages"]) {
      if (one["delivery"] != "notice") out.push_back(one);
    }
    return out;
  }
  /// The id of the message with this text.
  std::string id_of(const std::string& device, const std::string& conversation, const std::string& text) {
    for (const json& one : messages(device, conversation)) {
      if (one["text"] == text) return one["id"];
    }
    ADD_FAILURE() << text << " is not there";
    return {};
  }
  /// By its title, or as the pair with that name.
  json conversation(const std::string& device, const std::string& words) {
    const json all = ask(device, "conversations", {{"archived", true}});
    for (const json& one : all["conversations"]) {
      const bool is_pair = one["kind"] == "pair" && one["names"].dump().find("\"" + words + "\"") != std::string::npos;
      if (one["title"] == words || is_pair) return one;
    }
    return json::object();
  }
  void send_file(const std::string& device, const std::string& to, const std::string& path, const Bytes& content) {
    machine.put(path, content);
    ask(device, "attachment.send", {{"to", to}, {"file", path}, {"text", "look"}, {"wait_ms", 600'000}});
  }
  json save(const std::string& device, const std::string& id, const std::string& folder) {
    return village.ask(device, "attachment.save", {{"message", id}, {"folder", folder}, {"wait_ms", 600'000}});
  }
  void back_up() {
    const json created = backup("alice-1", "create", with_key());
    ASSERT_TRUE(created.contains("result")) << created.dump();
  }
  /// On an empty machine, after all devices are lost.
  json come_back(const std::string& device = "alice-2") {
    village.set_online("alice-1", false);
    EXPECT_TRUE(recover(device).contains("result"));
    return good(backup(device, "restore", {{"recovery_key", key}, {"accept_removed", true}}));
  }
  std::size_t rows(const std::string& device, Table table) {
    return village.device(device).store().scan(table, {}, {}, ~std::size_t{0}).size();
  }
  /// Changes, a reaction, an answer, something that is gone, and files of both.
  void talk() {
    say("alice-1", kBob, "shall we walk?");
    const std::string asked = id_of("alice-1", kBob, "shall we walk?");
    ASSERT_TRUE(village.until([&] { return texts("bob-1", kAlice).size() == 3; }));
    ask("bob-1", "message.react", {{"message", asked}, {"text", "+1"}});
    ask("alice-1", "message.edit", {{"message", asked}, {"text", "shall we run?"}});
    ask("bob-1", "send", {{"to", kAlice}, {"text", "yes"}, {"reply", asked}});
    say("alice-1", kBob, "what nobody is to know");
    ask("alice-1", "message.unsend", {{"message", id_of("alice-1", kBob, "what nobody is to know")}});
    send_file("alice-1", kBob, "/home/alice/map.png", map);
    send_file("bob-1", kAlice, "/home/bob/plan.pdf", plan);
    village.pass_all(10 * kSecondMs);  // until bob's device has said what came
    ASSERT_EQ(messages("alice-1", kBob).size(), 7u);
  }

  const Bytes map = Bytes(100'000, 7);
  const Bytes plan = Bytes(70'000, 9);
  testing::FakeFiles machine;
  testing::FakeBlobs blobs;
};

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
