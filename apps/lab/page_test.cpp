// The page says what the reports say, and nothing else.
#include "apps/lab/page.h"

#include <gtest/gtest.h>

#include "apps/lab/attacks/sizes.h"
#include "apps/lab/catalogue.h"
#include "apps/lab/conditions.h"
#include "apps/lab/drawing.h"
#include "apps/lab/words.h"

namespace cairn::lab {
namespace {

Report report(Outcome then, Outcome now) {
  Report out;
  out.story = {"false-key", "A title",      "A <question>?", "It was.",   "It is.",
               "It tries.", "They differ.", "It means.",     {"A source"}};
  out.model.outcome = then;
  out.model.got = "then & there";
  out.model.step("alice", "bob", "\"hello\"", Step::Kind::stolen);
  out.cairn.outcome = now;
  out.cairn.got = "now";
  out.cairn.show("a number", 7);
  return out;
}

const Stamp kStamp{"2026-11-29 12:00 UTC", "9.8.7"};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Page, SaysOfEachSideWhatItsReportSays) {
  for (const Outcome now : {Outcome::succeeded, Outcome::weakened, Outcome::refused, Outcome::evident,
                            Outcome::measured, Outcome::not_run}) {
    const std::string page = make_page({report(Outcome::refused, now)}, kStamp);
    EXPECT_TRUE(has(page, std::string(">") + to_string(now) + "</span>: now."));
    EXPECT_TRUE(has(page, ">refused</span>: then &amp; there."));
    EXPECT_FALSE(has(page, ">SUCCEEDED</span>: then"));
    // Each word that a verdict can have is explained.
    EXPECT_TRUE(has(page, std::string(">") + to_string(now) + "</span></dt>"));
  }
}

TEST(Page, CountsWhatItsReportsSay) {
  std::vector<Report> reports = {
      report(Outcome::succeeded, Outcome::refused), report(Outcome::weakened, Outcome::refused),
      report(Outcome::weakened, Outcome::evident), report(Outcome::measured, Outcome::measured)};
  reports[1].cairn.besides = "the time of day";
  reports[2].story.year = 2016;
  const std::string page = make_page(reports, kStamp);
  EXPECT_TRUE(has(page, "On the old system: 1 succeeded, 2 succeeded on a weakened copy only, 1 measured."));
  EXPECT_TRUE(has(page, "On Cairn: 0 succeeded, 2 refused, 1 made evident, 1 measured; in 1 of the 2 refused"));
  EXPECT_TRUE(has(page, "is about the system of 2016."));
  EXPECT_TRUE(has(page, "<h3>The system of 2016</h3>"));
  EXPECT_TRUE(has(page, ">refused</span>: now. <strong>But:</strong> the time of day."));
}

TEST(Page, TellsWhatCairnPromisesOnlyWhereTheRunKeptIt) {
  for (const Attack& attack : catalogue()) {
    const Story& story = attack.story;
    for (const Outcome now : {Outcome::succeeded, Outcome::weakened, Outcome::refused, Outcome::evident,
                              Outcome::measured, Outcome::not_run}) {
      Report one = report(Outcome::succeeded, now);
      one.story = story;
      const std::string page = make_page({one}, kStamp);
      const bool kept = now == story.promised;
      EXPECT_EQ(has(page, escaped(story.now)), kept) << story.id << " " << to_string(now);
      EXPECT_EQ(has(page, escaped(story.means)), kept) << story.id << " " << to_string(now);
      EXPECT_TRUE(has(page, escaped(story.tried))) << story.id;
      EXPECT_EQ(has(page, "did not hold in this run"), !kept && now != Outcome::not_run) << story.id;
      EXPECT_EQ(has(page, "this run does not say"), now == Outcome::not_run) << story.id;
    }
    EXPECT_NE(story.promised, Outcome::succeeded) << story.id;
    EXPECT_NE(story.promised, Outcome::not_run) << story.id;
  }
}

TEST(Page, SaysWhenOfWhatAndWhereTheRunWas) {
  const std::string page = make_page({report(Outcome::succeeded, Outcome::refused)}, kStamp);
  const std::size_t head = page.find("Run of 2026-11-29 12:00 UTC, Cairn 9.8.7, all on one computer");
  EXPECT_LT(head, page.find("<h2>"));
}

TEST(Page, FoldsWhatProgramsSaidAndWhatNeedsTheWords) {
  Report one = report(Outcome::succeeded, Outcome::refused);
  one.cairn.said("a lie", "condition 1: no quorum");
  one.model.reduced.push_back({"Fewer bits.", "2^t"});
  const std::string page = make_page({one}, kStamp);
  const auto folded = [&](const std::string& text) {
    const std::size_t at = page.find(text);
    return at != std::string::npos && page.rfind("<details", at) > page.rfind("</details>", at);
  };
  EXPECT_TRUE(folded("condition 1: no quorum"));
  EXPECT_TRUE(folded("2^t"));
  EXPECT_TRUE(has(page, "Fewer bits."));
  EXPECT_FALSE(folded("Fewer bits."));
}

TEST(Page, PrintsTheEightConditions) {
  const std::string page = make_page({report(Outcome::succeeded, Outcome::refused)}, kStamp);
  for (const Condition& one : conditions()) EXPECT_TRUE(has(page, one.holds)) << one.holds;
}

TEST(Page, EscapesWhatItShowsAndTakesNothingFromElsewhere) {
  const std::string page = make_page({report(Outcome::succeeded, Outcome::refused)}, kStamp);
  EXPECT_TRUE(has(page, "A &lt;question&gt;?"));
  for (const char* told : {"It was.", "It is.", "It tries.", "They differ.", "It means."})
    EXPECT_TRUE(has(page, told)) << told;
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
    for (const std::string& paragraph : {attack.story.then, attack.story.now, attack.story.tried, attack.story.means})
      EXPECT_FALSE(paragraph.empty()) << attack.story.id;
    EXPECT_FALSE(attack.story.sources.empty()) << attack.story.id;
  }
}

TEST(Words, AreExplainedOnThePageAndWhereAStoryUsesThem) {
  const std::string page = make_page({report(Outcome::succeeded, Outcome::refused)}, kStamp);
  for (const Word& word : words()) {
    EXPECT_TRUE(has(page, escaped(word.meaning))) << word.title;
    bool used = false;
    for (const Attack& attack : catalogue()) {
      const std::string told = explain(attack.story);
      used = used || has(told, word.meaning);
    }
    EXPECT_TRUE(used) << word.title;
  }
  EXPECT_TRUE(has(explain(find_attack("kept-copy")->story), "\n- Realms (Cairn): "));
  EXPECT_FALSE(has(explain(find_attack("replay")->story), "\n- Realms (Cairn): "));
}

TEST(Conditions, AreReadInARefusal) {
  const std::string refusal =
      "The directory's answer about bob@localhost was refused (condition 6: a statement); nothing was sent to them.";
  EXPECT_EQ(condition_of(refusal), 6u);
  EXPECT_EQ(in_plain_words(refusal), "refused: the devices' history does not hold (condition 6)");
  EXPECT_EQ(for_picture(refusal), "refused: the devices' history does not hold");
  for (const char* other : {"", "sent", "was refused (condition ", "was refused (condition 9: x)"}) {
    EXPECT_EQ(condition_of(other), 0u) << other;
    EXPECT_FALSE(has(in_plain_words(other), "refused")) << other;
    EXPECT_FALSE(has(for_picture(other), "refused")) << other;
  }
}

TEST(Sizes, AreToldByTheNearestMean) {
  const std::vector<Seen> learned = {{"short", 10}, {"short", 14}, {"long", 100}};
  EXPECT_EQ(told_by_size(learned, {{"short", 11}, {"long", 90}, {"long", 20}}), 2u);
  // What looks alike is told no better than by chance.
  const auto alike = [](const std::string&) { return 300.0; };
  EXPECT_EQ(told_by_size(seen_texts(kTextsLearned, 3, alike), seen_texts(kTextsTested, 1000, alike)), kTextsTested);
  const auto plain = [](const std::string& text) { return static_cast<double>(text.size()); };
  EXPECT_EQ(told_by_size(seen_texts(kTextsLearned, 3, plain), seen_texts(kTextsTested, 1000, plain)),
            kTextKinds * kTextsTested);
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
