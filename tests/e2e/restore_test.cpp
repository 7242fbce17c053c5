// All that people expect back of a backup, with real programs: from an empty machine, after everything was lost.
#include <csignal>

#include "tests/e2e/backup_village.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class WholeBackups : public BackupVillage {
 protected:
  json run(const std::string& device, const std::vector<std::string>& words) {
    const demo::Said said = village().cairn(device, words, std::chrono::seconds(60));
    EXPECT_TRUE(said.good()) << words[0] << ": " << said.error;
    return said.json;
  }
  json messages(const std::string& device, const std::string& conversation) {
    json out = json::array();
    const json read = run(device, {"read", conversation, "--peek"});
    for (const json& one : read["messages"]) {
      if (one["delivery"] != "notice") out.push_back(one);
    }
    return out;
  }
  /// The last one with this text, as soon as it is there.
  json await_text(const std::string& device, const std::string& conversation, const std::string& text) {
    json out;
    EXPECT_TRUE(eventually([&] {
      for (const json& one : messages(device, conversation)) {
        if (one["text"] == text) out = one;
      }
      return out.is_object();
    })) << text;
    return out;
  }
  json conversation(const std::string& device, const std::string& title) {
    const json all = run(device, {"conversations"});
    for (const json& one : all["conversations"]) {
      if (one["title"] == title) return one;
    }
    return json::object();
  }
  std::string write(const std::string& name, const std::string& content) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  static std::string content_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// A changed message with a reaction, an answer to it, one that is gone, and a file of each.
  void talk() {
    const std::string id = run("alice-1", {"send", "bob@localhost", "shall we walk?"})["id"];
    await_text("bob-1", "alice@localhost", "shall we walk?");
    run("bob-1", {"react", id, "+1"});
    run("alice-1", {"edit", id, "shall we run?"});
    run("bob-1", {"send", "alice@localhost", "yes", "--reply", id});
    const std::string gone = run("alice-1", {"send", "bob@localhost", "what nobody is to know"})["id"];
    run("alice-1", {"unsend", gone});
    run("alice-1", {"send", "bob@localhost", "the map", "--attach", write("map.bin", map_)});
    run("bob-1", {"send", "alice@localhost", "the plan", "--attach", write("plan.bin", plan_)});
    await_text("alice-1", "bob@localhost", "the plan");
    await_text("bob-1", "alice@localhost", "the map");
    EXPECT_TRUE(eventually([&] {
      const json one = await_text("alice-1", "bob@localhost", "shall we run?");
      return one.contains("reactions") && one.value("status", "") != "sent";
    }));
  }
  void decide() {
    run("alice-1", {"contact", "name", "bob@localhost", "Bobby"});
    run("alice-1", {"conversation", "mute", "bob@localhost"});
    run("alice-1", {"conversation", "draft", "bob@localhost", "we might"});
    run("alice-1", {"block", "carol@localhost"});
    run("alice-1", {"group", "create", "walkers", "bob@localhost"});
    run("alice-1", {"group", "picture", "walkers", write("picture", "\x01\x02\x03")});
    run("alice-1", {"send", "walkers", "who walks?"});
    run("alice-1", {"read", "bob@localhost"});
  }

  const std::string map_ = std::string(300'000, 'm') + "the end";
  const std::string plan_ = std::string(80'000, 'p');
};

TEST_F(WholeBackups, ComeBackOnAnEmptyMachineAndTheirFilesAreSaved) {
  two_people_who_talked();
  must(village().register_person("carol-1", "carol@localhost"));
  talk();
  decide();
  // What was read is reported a second later; nothing is to change between the backup and what it is compared with.
  std::this_thread::sleep_for(std::chrono::seconds(5));
  must(backup("alice-1", {"create"}, key_));
  const json there = messages("alice-1", "bob@localhost");
  village().stop_daemon("alice-1");
  fs::remove_all(village().device_folder("alice-1"));

  must(recover("alice-2", key_));
  village().start_daemon("alice-2");
  const json here = messages("alice-2", "bob (restored)");
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < there.size(); ++i) {
    for (const char* key : {"id", "text", "sender", "device", "time_ms", "edited_ms", "reactions", "unsent", "reply_to",
                            "status", "read_by", "delivered_to", "attachment", "unknown_type"}) {
      EXPECT_EQ(here[i].value(key, json()), there[i].value(key, json())) << i << " " << key;
    }
  }
  const json changed = await_text("alice-2", "bob (restored)", "shall we run?");
  EXPECT_EQ(changed["reactions"][0]["names"], json{"bob@localhost"});
  EXPECT_EQ(run("alice-2", {"history", changed["id"]})["versions"][0]["text"], "shall we walk?");
  const json archive = conversation("alice-2", "bob (restored)");
  EXPECT_EQ(archive["muted"], true);
  EXPECT_EQ(archive["draft"], "we might");
  EXPECT_EQ(archive["unread"], 0);
  EXPECT_EQ(archive["petnames"]["bob@localhost"], "Bobby");
  EXPECT_EQ(run("alice-2", {"blocked"})["names"], json{"carol@localhost"});
  const json group = run("alice-2", {"group", "show", "walkers (restored)"});
  EXPECT_EQ(group["admins"], json{"alice@localhost"});
  EXPECT_EQ(group["picture"], "AQID");

  // Both files, hers and his.
  fs::create_directories(folder_ / "saved");
  for (const auto& [text, name, content] :
       {std::tuple{"the map", "map.bin", map_}, std::tuple{"the plan", "plan.bin", plan_}}) {
    const json message = await_text("alice-2", "bob (restored)", text);
    run("alice-2", {"save", message["id"], "--to", (folder_ / "saved").string()});
    EXPECT_EQ(content_of(folder_ / "saved" / name), content);
  }
  // And once more with all that is exported.
  const json exported = run("alice-2", {"export", (folder_ / "out").string(), "--attachments"});
  EXPECT_GE(exported["files"].get<int>(), 2) << exported;
  EXPECT_TRUE(exported["not_saved"].empty()) << exported;
  const std::string id = archive["id"];
  for (const json& one : here) {
    if (one["text"] != "the map") continue;
    const std::string file = "files-" + id + "/" + std::to_string(one["index"].get<int>()) + "-map.bin";
    EXPECT_EQ(content_of(folder_ / "out" / file), map_);
  }

  // What she writes next is muted too, and she is who bob knew.
  must(village().cairn("bob-1", {"send", "alice@localhost", "is it you?", "--fresh", "--wait", "30"}));
  await_text("alice-2", "bob@localhost", "is it you?");
  EXPECT_TRUE(eventually([&] {
    const json all = run("alice-2", {"conversations"});
    for (const json& one : all["conversations"]) {
      if (one["kind"] == "pair" && one["muted"] == true && one.value("draft", "") == "we might") return true;
    }
    return false;
  }));
}

/// Its clock goes on, and its server is gone.
class ClocksOfRestores : public BackupVillage {};

TEST_F(ClocksOfRestores, ADayAfterTheServerWentAFolderIsReadWithAWarning) {
  trouble("alice-1");
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  village().stop_server(SIGTERM);
  set_clock("alice-1", std::chrono::hours(25));
  const demo::Said refused = backup("alice-1", {"create"});
  EXPECT_EQ(refused.exit_code, 3) << refused.error;
  EXPECT_NE(refused.error.find("Nothing was done meanwhile."), std::string::npos) << refused.error;
  for (const char* verb : {"verify", "restore"}) {
    const demo::Said said = backup("alice-1", {verb});
    ASSERT_TRUE(said.good()) << verb << ": " << said.error;
    EXPECT_NE(said.json["warnings"].dump().find("The directory could not be reached"), std::string::npos) << said.json;
  }
  EXPECT_EQ(texts("alice-1", "bob (restored)"), (std::vector<std::string>{kSaid, "bob@localhost: an answer"}));
}

TEST_F(WholeBackups, AFileThatTheServerHasNoMoreIsNamedByWhoSavesAndByTheExport) {
  two_people_who_talked();
  run("bob-1", {"send", "alice@localhost", "the plan", "--attach", write("plan.bin", plan_)});
  const std::string id = await_text("alice-1", "bob@localhost", "the plan")["id"];
  must(backup("alice-1", {"create"}, key_));
  village().stop_daemon("alice-1");
  fs::remove_all(village().device_folder("alice-1"));
  run("bob-1", {"unsend", id});  // his device has the server delete it
  must(recover("alice-2", key_));
  village().start_daemon("alice-2");
  demo::Said saved;
  EXPECT_TRUE(eventually([&] {
    saved = village().cairn("alice-2", {"save", id, "--to", folder_.string()}, std::chrono::seconds(60));
    return saved.exit_code == 1;
  }));
  EXPECT_EQ(saved.error.find("plan.bin is not on the server, or not any more;"), 0u) << saved.error;
  const json exported = run("alice-2", {"export", (folder_ / "out").string(), "--attachments"});
  EXPECT_EQ(exported["files"], 0) << exported;
  ASSERT_EQ(exported["not_saved"].size(), 1u) << exported;
  EXPECT_EQ(exported["not_saved"][0]["name"], "plan.bin");
  EXPECT_TRUE(
      holds(folder_ / "out", "[file: plan.bin. It is not here. plan.bin is not on the server, or not any more;"));
}

}  // namespace
}  // namespace cairn::e2e
