#include "apps/cairn/whole_list.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn::apps {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

json conversation(const std::string& id) { return {{"id", id}, {"title", "of " + id}}; }

/// What the mind answers, one after the other; what it was asked is kept.
class Answering : public Speaker {
 public:
  Reply ask(const std::string& method, json params, const std::function<void(const json&)>&) override {
    asked.push_back(params.dump());
    EXPECT_EQ(method, expected);
    if (answers.empty()) return {Exit::refused, {}, "asked too often", {}};
    Reply out = answers.front();
    answers.erase(answers.begin());
    return out;
  }
  void listen(const std::function<void(const json&)>&) override {}

  std::string expected = "conversations";
  std::vector<Reply> answers;
  Names asked;
};

Reply page(json all, const std::string& next = "") {
  json result = {{"conversations", std::move(all)}};
  if (!next.empty()) result["next"] = next;
  return {Exit::done, std::move(result), {}, {}};
}

Names ids(const Reply& reply) {
  Names out;
  for (const json& one : reply.result["conversations"]) out.push_back(one["id"]);
  return out;
}

TEST(WholeList, OfOnePageIsAskedForOnce) {
  Answering mind;
  mind.answers = {page(json::array({conversation("a"), conversation("b")}))};
  mind.answers[0].result["left_out"] = 3;
  const Reply all = ask_whole(mind, "conversations", {{"archived", false}}, nullptr);
  EXPECT_EQ(all.exit, Exit::done) << all.sentence;
  EXPECT_EQ(ids(all), (Names{"a", "b"}));
  EXPECT_EQ(all.result["left_out"], 3);
  EXPECT_EQ(mind.asked, Names{R"({"archived":false})"});
}

TEST(WholeList, OfSeveralPagesGoesOnWhereEachEnds) {
  Answering mind;
  mind.expected = "contact.blocked";
  mind.answers = {{Exit::done, {{"names", json::array({"a", "b"})}, {"next", "62"}}, {}, {}},
                  {Exit::done, {{"names", json::array({"c"})}}, {}, {}}};
  const Reply all = ask_whole(mind, "contact.blocked", json::object(), nullptr);
  EXPECT_EQ(all.result.dump(), R"({"names":["a","b","c"]})");
  EXPECT_EQ(mind.asked, (Names{"{}", R"({"first":"62"})"}));
}

TEST(WholeList, HasAConversationThatMovedWhileItWasReadInItsPlace) {
  Answering mind;
  // c comes to the front when the first page has been read already.
  mind.answers = {page(json::array({conversation("a")}), "01"),
                  page(json::array({conversation("b")})),  //
                  page(json::array({conversation("c")}), "02"),
                  page(json::array({conversation("a")}), "03"),
                  page(json::array({conversation("b")})),  //
                  page(json::array({conversation("c"), conversation("a")}), "04"),
                  page(json::array({conversation("b")}))};
  const Reply all = ask_whole(mind, "conversations", json::object(), nullptr);
  EXPECT_EQ(all.exit, Exit::done) << all.sentence;
  EXPECT_EQ(ids(all), (Names{"c", "a", "b"}));
  EXPECT_TRUE(mind.answers.empty());
  EXPECT_EQ(mind.asked[2], "{}") << "from the beginning again";
}

TEST(WholeList, HasNoConversationThatIsGoneSince) {
  Answering mind;
  mind.answers = {page(json::array({conversation("a"), conversation("b")}), "01"),
                  page(json::array({conversation("c")})),
                  page(json::array({conversation("a")}), "01"),
                  page(json::array({conversation("c")})),
                  page(json::array({conversation("a")}), "01"),
                  page(json::array({conversation("c")}))};
  EXPECT_EQ(ids(ask_whole(mind, "conversations", json::object(), nullptr)), (Names{"a", "c"}));
  EXPECT_TRUE(mind.answers.empty());
}

TEST(WholeList, IsReadFourTimesAtMostWhateverComes) {
  Answering mind;
  for (const char* newest : {"a", "b", "c", "d", "e"}) {
    mind.answers.push_back(page(json::array({conversation(newest)}), "01"));
    mind.answers.push_back(page(json::array({conversation("z")})));
  }
  EXPECT_EQ(ids(ask_whole(mind, "conversations", json::object(), nullptr)), (Names{"d", "z"}));
  EXPECT_EQ(mind.asked.size(), 8u);
}

TEST(WholeList, HasAConversationOnceThatMovedToTheEndWhileItWasRead) {
  Answering mind;
  for (int pass = 0; pass < 2; ++pass) {
    mind.answers.push_back(page(json::array({conversation("a"), conversation("b")}), "01"));
    mind.answers.push_back(page(json::array({conversation("a")})));
  }
  EXPECT_EQ(ids(ask_whole(mind, "conversations", json::object(), nullptr)), (Names{"b", "a"}));
}

TEST(WholeList, SaysOfAConversationWhatWasHeardLast) {
  Answering mind;
  json later = conversation("a");
  later["title"] = "renamed";
  mind.answers = {page(json::array({conversation("a")}), "01"), page(json::array({conversation("b")})),
                  page(json::array({later}), "01"), page(json::array({conversation("b")}))};
  const Reply all = ask_whole(mind, "conversations", json::object(), nullptr);
  ASSERT_EQ(ids(all), (Names{"a", "b"}));
  EXPECT_EQ(all.result["conversations"][0]["title"], "renamed");
}

TEST(WholeList, IsNoneWhenOnePageIsRefused) {
  Answering mind;
  mind.answers = {page(json::array({conversation("a")}), "01"), {Exit::refused, {}, "The disk is gone.", "io"}};
  const Reply all = ask_whole(mind, "conversations", json::object(), nullptr);
  EXPECT_EQ(all.exit, Exit::refused);
  EXPECT_EQ(all.sentence, "The disk is gone.");
}

TEST(WholeList, IsNothingForOtherMethods) {
  Answering mind;
  mind.expected = "read";
  mind.answers = {{Exit::done, {{"messages", json::array()}, {"next", 7}}, {}, {}}};
  EXPECT_EQ(ask_whole(mind, "read", json::object(), nullptr).result["next"], 7);
  EXPECT_FALSE(comes_in_pages("read"));
}

}  // namespace
}  // namespace cairn::apps
