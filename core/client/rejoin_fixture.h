// People whose devices lose what they know of a conversation.
#pragma once

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/account.h"
#include "core/client/conversations.h"
#include "core/client/identity.h"
#include "core/client/rejoin.h"
#include "core/client/tables.h"
#include "core/proto/rejoin.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;
using testing::Texts;

class RejoinTest : public ::testing::Test {
 protected:
  void SetUp() override {
    good(village.register_person("alice-1", kAlice));
    good(village.register_person("bob-1", kBob));
  }

  void say(const std::string& device, const std::string& to, const std::string& text) {
    good(village.ask(device, "send", {{"to", to}, {"text", text}}));
  }
  /// Without waiting for what becomes of it.
  void begin(const std::string& device, const std::string& to, const std::string& text) {
    village.begin(device, "send", {{"to", to}, {"text", text}});
    village.settle();
  }
  json messages(const std::string& device, const std::string& conversation) {
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    return answer.contains("result") ? answer["result"]["messages"] : json::array();
  }
  Texts texts(const std::string& device, const std::string& conversation) {
    Texts out;
    for (const json& message : messages(device, conversation)) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  bool has_text(const std::string& device, const std::string& conversation, const std::string& text) {
    const Texts all = texts(device, conversation);
    return std::count(all.begin(), all.end(), text) == 1;
  }
  std::size_t notices(const std::string& device, const std::string& conversation, const std::string& words) {
    std::size_t count = 0;
    for (const json& message : messages(device, conversation)) {
      const bool is_notice = message["delivery"] == "notice";
      count += is_notice && message["text"].get<std::string>().find(words) != std::string::npos ? 1 : 0;
    }
    return count;
  }
  std::size_t gaps(const std::string& device, const std::string& conversation) {
    return notices(device, conversation, kGapWords);
  }
  std::string trouble(const std::string& device) {
    const json answer = good(village.ask(device, "conversations"));
    for (const json& one : answer["conversations"]) {
      const std::string said = one.value("trouble", "");
      if (!said.empty()) return said;
    }
    return {};
  }
  /// The one conversation of this device.
  ChannelId channel(const std::string& device) {
    const auto rows = village.device(device).store().scan(tables::kConversations, {}, {}, 10);
    CHECK(!rows.empty());
    return *ChannelId::from(rows.front().key);
  }
  Account account(const std::string& device) { return *load_account(village.device(device).store()); }
  std::uint64_t epoch(const std::string& device, const ChannelId& of) {
    const auto row = village.device(device).store().get(tables::kGroups, of);
    const auto group = row ? mls::Group::restore(*row) : fail(ErrorCode::not_found, "group");
    return group ? group->epoch() : 0;
  }

  // ---- what is lost ----

  /// What only a crash of the disk does: a row is gone, or another one.
  void lose_row(const std::string& device, Table table, const ChannelId& key, std::optional<Bytes> instead = {}) {
    ASSERT_TRUE(village.device(device).store().apply({{table, to_bytes(key.view()), std::move(instead)}}));
    village.device(device).restart();
  }
  testing::TestStore copy_of(const std::string& device) { return village.device(device).store(); }
  void put_back(const std::string& device, const testing::TestStore& copy) {
    village.device(device).store() = copy;
    village.device(device).restart();
  }
  /// The server keeps nothing for this device any more, as after thirty days.
  void expire(const std::string& device) { village.server.post.mailboxes[account(device).mailbox].envelopes.clear(); }

  /// Both can say something and are heard.
  void expect_going_on(const std::string& one, const std::string& other, const std::string& to_other,
                       const std::string& to_one) {
    const std::string mark = std::to_string(++marks_);
    begin(one, to_other, "hear me " + mark);
    begin(other, to_one, "and me " + mark);
    EXPECT_TRUE(village.until([&] { return has_text(other, to_one, "hear me " + mark); }, kHourMs)) << trouble(one);
    EXPECT_TRUE(village.until([&] { return has_text(one, to_other, "and me " + mark); }, kHourMs)) << trouble(other);
  }

  testing::ClientVillage village;

 private:
  int marks_ = 0;
};

}  // namespace cairn::client
