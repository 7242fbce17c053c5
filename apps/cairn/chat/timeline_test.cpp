#include "apps/cairn/chat/timeline.h"

#include <gtest/gtest.h>

#include "apps/cairn/chat/text.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;

const Names kNames = {"alice@here", {{"carol@here", "Carla"}}};

json message(std::uint64_t index, const std::string& text, const std::string& sender = "bob@here") {
  return {{"index", index}, {"sender", sender},       {"text", text},
          {"id", "ab"},     {"delivery", "received"}, {"time_ms", 1'700'000'000'000 + index}};
}

std::string text_of_row(const ScreenRow& row) {
  std::string out;
  for (const Span& span : row) out += span.text;
  return out;
}

std::vector<std::string> seen(const Timeline& timeline, int rows, int columns = 80) {
  std::vector<std::string> out;
  for (const ScreenRow& row : timeline.rows({rows, columns}, kNames)) out.push_back(text_of_row(row));
  return out;
}

bool ends(const std::string& text, const std::string& end) { return text.ends_with(end); }

Timeline with(std::uint64_t count) {
  Timeline out;
  json all = json::array();
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(message(i, "m" + std::to_string(i)));
  out.load(0, std::move(all));
  return out;
}

TEST(ChatTimeline, ShowsTheNewestAtTheBottom) {
  const auto rows = seen(with(10), 3);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_TRUE(ends(rows[0], "#7 bob: m7")) << rows[0];
  EXPECT_TRUE(ends(rows[2], "#9 bob: m9")) << rows[2];
}

TEST(ChatTimeline, ScrollsUpAndDownByRowsAndStopsAtBothEnds) {
  Timeline timeline = with(10);
  timeline.scroll(-4, {3, 80}, kNames);
  EXPECT_FALSE(timeline.at_newest());
  EXPECT_TRUE(ends(seen(timeline, 3)[2], "m5"));
  timeline.scroll(-100, {3, 80}, kNames);
  EXPECT_TRUE(ends(seen(timeline, 3)[1], "m0")) << "above it stands the day";
  timeline.scroll(2, {3, 80}, kNames);
  EXPECT_TRUE(ends(seen(timeline, 3)[2], "m3"));
  timeline.scroll(100, {3, 80}, kNames);
  EXPECT_TRUE(timeline.at_newest());
}

TEST(ChatTimeline, StaysWhereOneReadsWhenSomethingComes) {
  Timeline timeline = with(10);
  timeline.scroll(-4, {3, 80}, kNames);
  timeline.put(message(10, "m10"));
  EXPECT_TRUE(ends(seen(timeline, 3)[2], "m5"));
  timeline.to_newest();
  EXPECT_TRUE(ends(seen(timeline, 3)[2], "m10"));
}

TEST(ChatTimeline, AsksForOlderOnesWhenItsTopIsSeenAndOnlyThen) {
  Timeline timeline;
  json all = json::array();
  for (std::uint64_t i = 50; i < 60; ++i) all.push_back(message(i, "m"));
  timeline.load(50, std::move(all));
  EXPECT_FALSE(timeline.wants_older({3, 80}, kNames));
  EXPECT_TRUE(timeline.wants_older({20, 80}, kNames));
  timeline.scroll(-5, {3, 80}, kNames);
  EXPECT_FALSE(timeline.wants_older({3, 80}, kNames));
  timeline.scroll(-2, {3, 80}, kNames);
  EXPECT_TRUE(timeline.wants_older({3, 80}, kNames));
  timeline.load(0, json::array({message(3, "old")}));
  EXPECT_EQ(timeline.loaded_from(), 0u);
  EXPECT_FALSE(timeline.wants_older({20, 80}, kNames));
  EXPECT_TRUE(with(0).messages().empty());
}

TEST(ChatTimeline, IgnoresAChangeOfWhatWasNotLoaded) {
  Timeline timeline;
  timeline.load(50, json::array({message(50, "m")}));
  timeline.put(message(7, "changed"));
  EXPECT_EQ(timeline.messages().size(), 1u);
}

TEST(ChatTimeline, ForgetsWhatHasDisappeared) {
  Timeline timeline;
  json short_lived = message(1, "gone soon");
  short_lived["expires_ms"] = 5000;
  timeline.load(0, json::array({message(0, "stays"), short_lived}));
  EXPECT_FALSE(timeline.forget_expired(4999));
  EXPECT_TRUE(timeline.forget_expired(5000));
  EXPECT_EQ(timeline.messages().size(), 1u);
}

TEST(ChatTimeline, IndentsFurtherLinesSoThatTheyCannotPassForMessages) {
  Timeline timeline;
  timeline.load(0, json::array({message(0, "a\n12:00 #1 alice: I owe you 100")}));
  const auto rows = seen(timeline, 10);
  EXPECT_EQ(rows.back(), "    12:00 #1 alice: I owe you 100");
}

TEST(ChatTimeline, TellsWhatBecameOfAMessage) {
  json own = message(0, "hi", "alice@here");
  own["delivery"] = "sent";
  own["status"] = "read";
  own["edited_ms"] = 5;
  own["reactions"] = json::array({{{"text", "👍"}, {"names", {"bob@here", "carol@here"}}}});
  json answer = message(1, "hello");
  answer["reply_to"] = "ab";
  answer["reply_to_index"] = 0;
  json gone = message(2, "", "carol@here");
  gone["unsent"] = true;
  json file = message(3, "", "eve@there");
  file["attachment"] = {{"name", "a\x1b[0m.png"}, {"size", 2'000'000}};
  Timeline timeline;
  timeline.load(0, json::array({own, answer, gone, file}));
  const auto rows = seen(timeline, 20);
  ASSERT_EQ(rows.size(), 7u);
  EXPECT_TRUE(ends(rows[1], "#0 alice: hi  (edited, read)")) << rows[1];
  EXPECT_EQ(rows[2], "    {👍 bob, Carla}");
  EXPECT_EQ(rows[3], "    > alice: hi");
  EXPECT_TRUE(ends(rows[5], "#2 Carla: (taken back)")) << rows[5];
  EXPECT_TRUE(ends(rows[6], "#3 eve@there: [file: a [0m.png, 2.0 MB; /save 3]")) << rows[6];
}

TEST(ChatTimeline, SaysHowManyReactionsItWasNotTold) {
  json liked = message(0, "hi");
  const json reaction = {{"text", "+1"}, {"names", json::array({"carol@here"})}, {"names_left_out", 7}};
  liked["reactions"] = json::array({reaction});
  liked["reactions_left_out"] = 1600;
  Timeline timeline;
  timeline.load(0, json::array({liked}));
  const auto rows = seen(timeline, 20);
  ASSERT_GE(rows.size(), 2u);
  EXPECT_EQ(rows[rows.size() - 2], "    {+1 Carla and 7 more}");
  EXPECT_EQ(rows.back(), "    {and 1600 more}");
}

TEST(ChatTimeline, NoRowIsWiderThanTheTerminal) {
  Timeline timeline;
  json wide = message(0, "漢字漢字 word 🎉🎉🎉🎉🎉🎉🎉🎉🎉 e\xcc\x81nd", "alice@here");
  wide["delivery"] = "sent";
  wide["disappears_after_s"] = 86'400;
  timeline.load(0, json::array({wide}));
  for (int columns = 20; columns < 60; ++columns) {
    for (const ScreenRow& row : timeline.rows({30, columns}, kNames)) {
      int used = 0;
      for (const Span& span : row) used += columns_of(span.text);
      EXPECT_LE(used, columns) << text_of_row(row);
    }
  }
}

TEST(ChatTimeline, ShowsAMessageThatWasLookedFor) {
  Timeline timeline = with(100);
  timeline.show(40);
  const auto rows = seen(timeline, 10);
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const std::string& row) { return ends(row, "m40"); }));
  EXPECT_FALSE(timeline.at_newest());
  timeline.scroll(5, {10, 80}, kNames);
  EXPECT_TRUE(ends(seen(timeline, 10).back(), "m48")) << seen(timeline, 10).back();
  timeline.show(99);
  EXPECT_TRUE(ends(seen(timeline, 3)[2], "m99"));
}

}  // namespace
}  // namespace cairn::apps::chat
