#include "apps/cairn/chat/picture.h"

#include <gtest/gtest.h>

#include "apps/cairn/chat/timeline.h"
#include "core/base/encoding.h"
#include "tests/support/made_images.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;
using testing::four_quarters;

json photo_message(const Bytes& jpeg) {
  const json preview = {{"media_type", "image/jpeg"}, {"width", 1}, {"height", 1}, {"data", to_base64(jpeg)}};
  return {{"index", 3},
          {"sender", "bob@here"},
          {"text", "look"},
          {"id", "ab"},
          {"delivery", "received"},
          {"time_ms", 1'700'000'000'000},
          {"attachment", {{"name", "cat.jpg"}, {"size", 1}, {"media_type", "image/jpeg"}, {"preview", preview}}}};
}

/// The rows that are made of half blocks.
std::vector<ScreenRow> drawn(const Timeline& timeline, int columns = 80) {
  std::vector<ScreenRow> out;
  for (const ScreenRow& row : timeline.rows({40, columns}, {"alice@here", {}})) {
    if (row.back().colours) out.push_back(row);
  }
  return out;
}

int cells(const ScreenRow& row) {
  int out = 0;
  for (const Span& span : row) out += span.colours ? static_cast<int>(span.text.size() / 3) : 0;
  return out;
}

TEST(ChatPicture, FindsTheNearestColour) {
  EXPECT_EQ(palette_colour(0, 0, 0), 16);
  EXPECT_EQ(palette_colour(255, 255, 255), 231);
  EXPECT_EQ(palette_colour(255, 0, 0), 196);
  EXPECT_EQ(palette_colour(0, 255, 0), 46);
  EXPECT_EQ(palette_colour(0, 0, 255), 21);
  EXPECT_EQ(palette_colour(128, 128, 128), 244);
  EXPECT_EQ(palette_colour(8, 8, 8), 232);
}

TEST(ChatPicture, HasTwoPixelsInACell) {
  const auto rows = rows_of_picture({1, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255}}, 10);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][0].text, "\u2580");
  EXPECT_EQ(rows[0][0].colours, (Colours{196, 46}));
  EXPECT_EQ(rows[1][0].colours, (Colours{21, Colours::kOfTheTerminal}));
}

TEST(ChatPicture, StandsBelowItsMessageWhenItIsWanted) {
  Timeline timeline;
  timeline.load(0, json::array({photo_message(testing::jpeg_of(four_quarters(160, 120)))}));
  EXPECT_TRUE(drawn(timeline).empty());  // nothing is opened before somebody says so
  timeline.show_pictures(true);
  const auto rows = drawn(timeline);
  ASSERT_EQ(rows.size(), 12u);  // 32 by 24 pixels
  EXPECT_EQ(cells(rows[0]), 32);
  EXPECT_EQ(rows[0].front().text, "    ");
  const auto front = [&](std::size_t row, bool at_end) {
    return (at_end ? rows[row].back() : rows[row][1]).colours->front;
  };
  EXPECT_EQ(front(1, false), 196);
  EXPECT_EQ(front(1, true), 46);
  EXPECT_EQ(front(10, false), 21);
  EXPECT_EQ(front(10, true), 226);
  EXPECT_EQ(cells(drawn(timeline, 20)[0]), 16);  // where there is less room
  timeline.show_pictures(false);
  EXPECT_TRUE(drawn(timeline).empty());
}

TEST(ChatPicture, GoesWithItsMessage) {
  const json message = photo_message(testing::jpeg_of(four_quarters(16, 16)));
  Timeline timeline;
  timeline.show_pictures(true);
  timeline.put(message);
  EXPECT_EQ(drawn(timeline).size(), 8u);
  json back = message;
  back["unsent"] = true;
  timeline.put(back);
  EXPECT_TRUE(drawn(timeline).empty());
  json fleeting = message;
  fleeting["expires_ms"] = 5;
  timeline.put(fleeting);
  EXPECT_EQ(drawn(timeline).size(), 8u);
  EXPECT_TRUE(timeline.forget_expired(5));
  EXPECT_TRUE(drawn(timeline).empty());
  timeline.put(message);
  timeline.clear();
  EXPECT_TRUE(drawn(timeline).empty());
}

TEST(ChatPicture, ThatCannotBeOpenedIsNotDrawn) {
  Timeline timeline;
  timeline.show_pictures(true);
  const Bytes jpeg = testing::jpeg_of(four_quarters(16, 16));
  for (const Bytes& bad : {Bytes(jpeg.begin(), jpeg.end() - 5), to_bytes("text"), Bytes(),
                           testing::png_of(four_quarters(16, 16)), testing::jpeg_of(four_quarters(257, 1))}) {
    timeline.put(photo_message(bad));
    EXPECT_TRUE(drawn(timeline).empty());
    EXPECT_FALSE(timeline.rows({10, 80}, {"alice@here", {}}).empty());
  }
  json odd = photo_message(jpeg);
  odd["attachment"]["preview"]["data"] = "*";
  timeline.put(odd);
  EXPECT_TRUE(drawn(timeline).empty());
}

}  // namespace
}  // namespace cairn::apps::chat
