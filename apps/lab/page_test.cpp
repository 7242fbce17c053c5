// The page says what the reports say, and nothing else.
#include "apps/lab/page.h"

#include <gtest/gtest.h>

#include "apps/lab/catalogue.h"
#include "apps/lab/drawing.h"

namespace cairn::lab {
namespace {

Report report(Outcome then, Outcome now) {
  Report out;
  out.story = {"false-key", "A title", "A <question>?", "It was.", "It is.", "It means.", {"A source"}};
  out.model.outcome = then;
  out.model.got = "then & there";
  out.model.step("alice", "bob", "\"hello\"", Step::Kind::stolen);
  out.cairn.outcome = now;
  out.cairn.got = "now";
  out.cairn.show("a number", 7);
  return out;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Page, SaysOfEachSideWhatItsReportSays) {
  for (const Outcome now :
       {Outcome::succeeded, Outcome::refused, Outcome::evident, Outcome::measured, Outcome::not_run}) {
    const std::string page = make_page({report(Outcome::refused, now)});
    EXPECT_TRUE(has(page, std::string(">") + to_string(now) + "</span>: now"));
    EXPECT_TRUE(has(page, ">refused</span>: then &amp; there"));
    EXPECT_FALSE(has(page, ">SUCCEEDED</span>: then"));
  }
}

TEST(Page, EscapesWhatItShowsAndTakesNothingFromElsewhere) {
  const std::string page = make_page({report(Outcome::succeeded, Outcome::refused)});
  EXPECT_TRUE(has(page, "A &lt;question&gt;?"));
  for (const char* told : {"It was.", "It is.", "It means."}) EXPECT_TRUE(has(page, told)) << told;
  for (const char* foreign : {"<script", "src=", "@import", "url(", "http:"})
    EXPECT_FALSE(has(page, foreign)) << foreign;
}

TEST(Table, HasARowForEachReport) {
  const std::string table = to_table({report(Outcome::succeeded, Outcome::not_run)});
  EXPECT_TRUE(has(table, "false-key"));
  EXPECT_TRUE(has(table, "SUCCEEDED: then"));
  EXPECT_TRUE(has(table, "not run: now"));
}

TEST(Drawing, ShowsEachActorOnceAndMarksWhatIsNotPlain) {
  const std::string svg =
      draw({{"alice", "bob", "one", Step::Kind::plain}, {"bob", "bob", "two", Step::Kind::refused}}, "t");
  const std::size_t first = svg.find(">alice</text>");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(svg.find(">alice</text>", first + 1), std::string::npos);
  EXPECT_TRUE(has(svg, "\u2715 two"));
  EXPECT_EQ(draw({}, "t"), "");
  // A name that is too long for its place stands in two lines.
  const std::string crowd = draw({{"a", "b", "-"}, {"c", "an added device", "-"}}, "t");
  EXPECT_TRUE(has(crowd, ">an added</text>"));
  EXPECT_TRUE(has(crowd, ">device</text>"));
}

TEST(Catalogue, HasFifteenAttacksWithStoriesAndSources) {
  EXPECT_EQ(catalogue().size(), 15u);
  for (const Attack& attack : catalogue()) {
    for (const std::string& paragraph : {attack.story.then, attack.story.now, attack.story.means})
      EXPECT_FALSE(paragraph.empty()) << attack.story.id;
    EXPECT_FALSE(attack.story.sources.empty()) << attack.story.id;
  }
}

TEST(Conclusion, SaysWhatWasGotOnlyWhenItWas) {
  Side side;
  side.conclude(false, "everything");
  EXPECT_EQ(side.outcome, Outcome::refused);
  EXPECT_EQ(side.got, "not what it wanted");
  side.conclude(true, "everything");
  EXPECT_EQ(side.outcome, Outcome::succeeded);
  EXPECT_EQ(side.got, "everything");
}

}  // namespace
}  // namespace cairn::lab
