// alice and bob, with a fake server that keeps blobs and a fake disk.
#pragma once

#include <gtest/gtest.h>

#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/fake_blobs.h"
#include "tests/support/fake_files.h"

namespace cairn::client {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;

constexpr std::size_t kThreeParts = 2'500'000;

inline Bytes file_content(std::size_t size, std::uint64_t seed = 7) {
  testing::SeededEntropy random(seed);
  Bytes out(size);
  random.fill(out);
  return out;
}

class FilesBetweenPeople : public ::testing::Test {
 protected:
  void SetUp() override {
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (auto reply = machine.answer(call)) return reply;
      if (village.server.down) return std::nullopt;
      constexpr std::string_view kBase = "https://example.org";
      if (!call.url.starts_with(kBase)) return std::nullopt;
      const bool is_logged_in = village.server.post.mailbox_of(call.bearer).has_value();
      return blobs.answer(call.url.substr(kBase.size()), call, is_logged_in);
    };
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", "hello"}}).contains("result"));
    ASSERT_TRUE(village.until([&] { return !messages("bob-1", kAlice).empty(); }));
  }
  void meet() {
    ASSERT_TRUE(village.ask("bob-1", "send", {{"to", kAlice}, {"text", "hello too"}}).contains("result"));
    village.pass_all(10 * kSecondMs);
  }

  std::vector<json> messages(const std::string& device, const std::string& conversation) {
    std::vector<json> out;
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    if (!answer.contains("result")) return out;
    for (const json& one : answer["result"]["messages"]) {
      if (one["delivery"] != "notice") out.push_back(one);
    }
    return out;
  }
  json last(const std::string& device, const std::string& conversation) {
    const auto all = messages(device, conversation);
    return all.empty() ? json() : all.back();
  }
  json send(const std::string& path, const std::string& text = "look") {
    return village.ask("alice-1", "attachment.send",
                       {{"to", kBob}, {"file", path}, {"text", text}, {"wait_ms", 600'000}});
  }
  json save(const json& message, const std::string& folder = "/home/bob", const std::string& device = "bob-1") {
    return village.ask(device, "attachment.save",
                       {{"message", message["id"].get<std::string>()}, {"folder", folder}, {"wait_ms", 600'000}});
  }
  /// A file of alice's that bob has heard of; the message as bob has it.
  json sent(const Bytes& content, const std::string& path = "/home/alice/photo.png") {
    meet();
    machine.put(path, content);
    const json answer = send(path);
    EXPECT_EQ(answer["result"].value("state", ""), "done") << answer;
    EXPECT_TRUE(village.until([&] { return last("bob-1", kAlice).contains("attachment"); }));
    return last("bob-1", kAlice);
  }
  std::size_t count_in(const std::string& folder) const {
    std::size_t count = 0;
    for (const auto& [path, file] : machine.files) count += path.starts_with(folder + "/") ? 1 : 0;
    return count;
  }
  testing::FakeBlobs::Blob& blob() { return blobs.blobs.begin()->second; }
  std::vector<json> transfers(const std::string& device) {
    return village.ask(device, "attachment.status")["result"]["transfers"];
  }
  bool all_over(const std::string& device) {
    for (const json& one : transfers(device)) {
      if (one["state"] == "running") return false;
    }
    return true;
  }
  std::size_t rows(const std::string& device, Table table) {
    return village.device(device).store().scan(table, {}, {}, ~std::size_t{0}).size();
  }
  /// Refused with this code; the sentence has these words, and nothing is left in the folder.
  void expect_not_saved(const json& answer, const std::string& code, const std::string& words) {
    ASSERT_TRUE(answer.contains("error")) << answer;
    EXPECT_EQ(answer["error"]["data"]["code"], code) << answer;
    EXPECT_NE(answer["error"]["message"].get<std::string>().find(words), std::string::npos) << answer;
    village.settle();
    EXPECT_EQ(count_in("/home/bob"), 0u);
  }

  testing::ClientVillage village;
  testing::FakeFiles machine;
  testing::FakeBlobs blobs;
};

}  // namespace cairn::client
