// As backup_fixture.h, with files that alice and bob send each other.
#pragma once

#include "core/client/backup_fixture.h"
#include "tests/support/answers.h"
#include "tests/support/fake_blobs.h"
#include "tests/support/fake_files.h"

namespace cairn::client {

class BackupContentFixture : public BackupFixture {
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
    return testing::good(village.ask(device, method, std::move(params)));
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
    return testing::good(backup(device, "restore", {{"recovery_key", key}, {"accept_removed", true}}));
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

}  // namespace cairn::client
