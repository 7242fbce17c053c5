#include "apps/cairn/headings.h"

#include <gtest/gtest.h>

#include "apps/cairn/render.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// A mind with a group and a conversation of two; or one that tells of none.
class Lists final : public Speaker {
 public:
  Reply ask(const std::string& method, json, const std::function<void(const json&)>&) override {
    if (!tells) return {Exit::refused, nullptr, "No."};
    EXPECT_EQ(method, "conversations");
    json all = json::array();
    all.push_back({{"id", "aa00112233445566"}, {"title", "Lake\x1b[2J"}, {"names", {"a@b.c", "d@b.c"}}});
    all.push_back({{"id", "bb00112233445566"}, {"title", ""}, {"names", {"d@b.c"}}});
    return {Exit::done, {{"conversations", all}}, {}};
  }
  void listen(const std::function<void(const json&)>&) override {}
  bool tells = true;
};

json said(const std::string& conversation, const std::string& text) {
  return {{"conversation", conversation}, {"delivery", "received"}, {"sender", "d@b.c"}, {"text", text}};
}

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(Headings, StandOverEachConversationWhereThereAreSeveral) {
  Lists lists;
  json all = json::array();
  for (const char* id : {"aa00112233445566", "aa00112233445566", "bb00112233445566"}) all.push_back(said(id, "hi"));
  Headings headings(lists, {{"messages", all}});
  const std::string text = render_under(headings, {{"messages", all}}, Ink::none);
  EXPECT_EQ(times_in(text, "== "), 2u) << text;
  EXPECT_TRUE(text.starts_with("== Lake")) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  EXPECT_EQ(times_in(text, "== d@b.c ==\n"), 1u) << text;
  EXPECT_EQ(times_in(text, ": hi"), 3u) << text;
  // What comes later in another one has its heading, too.
  EXPECT_EQ(headings.before(said("bb00112233445566", "more"), Ink::none), "");
  EXPECT_NE(headings.before(said("aa00112233445566", "more"), Ink::none), "");
}

TEST(Headings, AreNotThereForOneConversation) {
  Lists lists;
  json all = json::array();
  all.push_back(said("aa00112233445566", "hi"));
  Headings headings(lists, {{"messages", all}});
  EXPECT_EQ(render_under(headings, {{"messages", all}}, Ink::none).find("=="), std::string::npos);
  EXPECT_EQ(headings.before(said("bb00112233445566", "more"), Ink::none), "== d@b.c ==\n");
}

/// A server that is not there, and a device without a name.
class Away final : public Speaker {
 public:
  explicit Away(Exit exit) : exit_(exit) {}
  Reply ask(const std::string& method, json, const std::function<void(const json&)>&) override {
    EXPECT_EQ(method, "sync");
    return {exit_, nullptr, "The server cannot be reached."};
  }
  void listen(const std::function<void(const json&)>&) override {}

 private:
  Exit exit_;
};

std::string said_of(Exit exit) {
  Away away(exit);
  ::testing::internal::CaptureStderr();
  fetch_news(away, nullptr);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Headings, WhatMayBeMissingIsSaid) {
  EXPECT_EQ(said_of(Exit::unreachable), "This may not be all: The server cannot be reached.\n");
  EXPECT_EQ(said_of(Exit::refused), "");
  EXPECT_EQ(said_of(Exit::done), "");
  for (const char* method : {"read", "conversations", "request.list", "search", "group.show"}) {
    EXPECT_TRUE(shows_news(method)) << method;
  }
  EXPECT_FALSE(shows_news("status"));
}

TEST(Headings, SayTheIdOfWhatHasNoName) {
  Lists lists;
  lists.tells = false;
  json all = json::array();
  for (const char* id : {"aa00112233445566", "cc00112233445566"}) all.push_back(said(id, "hi"));
  Headings headings(lists, {{"messages", all}});
  EXPECT_NE(render_under(headings, {{"messages", all}}, Ink::none).find("== cc001122 ==\n"), std::string::npos);
}

}  // namespace
}  // namespace cairn::apps
