#include "apps/lab/page.h"

#include <algorithm>

#include "apps/lab/conditions.h"
#include "apps/lab/drawing.h"
#include "apps/lab/words.h"

namespace cairn::lab {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>The lab: fifteen attacks, then and now</title>
<style>
:root { --ink: #1d2327; --soft: #545f67; --line: #d9dee2; --paper: #fff; --bad: #b3261e; --warn: #8a5000; --good: #1b6e3c; --card: #f6f8f9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecef; --soft: #a3adb4; --line: #3a4349; --paper: #14181b; --bad: #ff8a80; --warn: #ffc266; --good: #7fd8a0; --card: #1d2327 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: .8rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: break-word }
h1 { font-size: 1.6rem; line-height: 1.2 } h2 { font-size: 1.25rem; margin: 0 0 .3rem } h3 { font-size: 1.05rem; margin: .2rem 0 }
section { margin: 1.6rem 0 } section > p, section > dl { max-width: 46rem }
a { color: inherit }
.lead { font-size: 1.05rem } .soft { color: var(--soft) }
ul.table { list-style: none; padding: 0 }
ul.table li { border-top: 1px solid var(--line); padding: .6rem 0; display: grid; gap: .3rem .8rem; grid-template-columns: 1fr }
.word { font-weight: 700; white-space: nowrap }
.word.bad { color: var(--bad) } .word.good { color: var(--good) } .word.warn { color: var(--warn) } .word.none { color: var(--soft) }
article { border: 1px solid var(--line); border-radius: .7rem; padding: .8rem; margin: 1.2rem 0; scroll-margin-top: .5rem }
.sides { display: grid; gap: .8rem; grid-template-columns: 1fr }
.side { background: var(--card); border-radius: .5rem; padding: .7rem; min-width: 0 }
.you { border-left: .3rem solid var(--line); padding-left: .8rem; max-width: 46rem }
@media (min-width: 48rem) { article { padding: 1.2rem } .side { padding: 1rem } .sides { grid-template-columns: 1fr 1fr } ul.table li { grid-template-columns: 11rem 1fr 1fr } }
details { margin-top: .5rem } summary { cursor: pointer } dl { margin: .4rem 0 } dt { font-weight: 600 } dd { margin: 0 0 .5rem; overflow-wrap: anywhere }
details dt { font-weight: 400; color: var(--soft) }
.picture { width: 100%; max-width: 25rem; height: auto; display: block; margin: .8rem auto }
.picture text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round }
.picture .actor { font-weight: 700 }
.picture .life { stroke: var(--line); stroke-dasharray: 3 3 } .picture .arrow { stroke-width: 2; stroke: var(--soft) } .picture .tip { fill: var(--soft) }
.picture .arrow.swapped { stroke: var(--warn); stroke-dasharray: 6 3 } .picture .tip.swapped, .picture text.swapped { fill: var(--warn) }
.picture .arrow.stolen { stroke: var(--bad) } .picture .tip.stolen, .picture text.stolen { fill: var(--bad) }
.picture .arrow.refused { stroke: var(--good) } .picture .tip.refused, .picture text.refused { fill: var(--good) }
</style>
</head>
<body>
)";

constexpr const char* kIntroduction =
    R"(<p class="lead">In 2014 the messages of a well-known messenger, Apple's iMessage, were encrypted from end to end: locked on
one phone, to be opened on the other. And still, whoever ran it could have read them. This page shows how. A program, cairn-lab, rebuilt
that system small, after what its maker had published; where it is smaller than it was, "Smaller than life" says so. It attacked
that copy in fifteen ways, and then tried the same, as nearly as it can be done there, on the real programs of Cairn, a messenger that
is meant to withstand them. <strong>This is about 2014, rebuilt from what was published; Apple has changed much since, and today's
iMessage was not tried.</strong> <a href="#table">What came of it stands in one table.</a></p>
<p><strong>Every result below comes from that run</strong>: the verdicts, the numbers and the pictures. The texts around them were
written beforehand, by the people who make Cairn; no outsider has checked them. What they promise of Cairn stands here only where
the run came out as promised. Cairn is run by typed commands today; the texts
say "phone" all the same, for a device.</p>
)";

constexpr const char* kHowToRead =
    R"(<section>
<h2>How to read it</h2>
<p>Alice and Bob write to each other. Mallory, and whoever runs the servers, want to read it, change it, or know more than they
should. Each attack has two halves: how it goes on the old system, and how it goes in Cairn.</p>
<dl>
<dt><span class="word bad">SUCCEEDED</span></dt><dd>The attacker got what it was after.</dd>
<dt><span class="word bad">SUCCEEDED on a weakened copy</span></dt><dd>It did, but only because the lab had made the numbers smaller than they were, so that it can be seen in seconds. "Smaller than life" says what the true size costs.</dd>
<dt><span class="word good">refused</span></dt><dd>It was tried, and the attacker did not get what it was after. What it got all the same follows after "But:".</dd>
<dt><span class="word warn">made evident</span></dt><dd>It was not prevented, but it did not stay hidden: whom it concerns was told, or holds a proof.</dd>
<dt><span class="word warn">measured</span></dt><dd>No single yes or no: something was counted, and the sentence says what that tells, and what it does not.</dd>
<dt><span class="word none">not run</span></dt><dd>It could not be tried here, and nothing is claimed.</dd>
<dt>Smaller than life</dt><dd>Where the lab did something smaller or easier than it is, and what that means for the true size.</dd>
<dt>Not the same on both sides</dt><dd>Where the two halves are not quite the same attack.</dd>
</dl>
<p>In the pictures time runs downwards, and arrows go from who sends to who receives; a dot is something that somebody does alone.
&#x21c4; something was swapped, altered, forged, or is in the wrong hands; &#x26a0; somebody reads or learns what they must not;
&#x2715; it was stopped here.</p>
<p>One run is not a proof that no attack exists. It shows what happened to these fifteen, once.</p>
</section>
)";

std::string glossary() {
  std::string out = "<section>\n<h2>The words</h2>\n<dl>\n";
  for (const Word& word : words())
    out += "<dt>" + escaped(word.title) + "</dt><dd>" + escaped(word.meaning) + "</dd>\n";
  return out + "</dl>\n";
}

/// Ends the glossary's section.
std::string numbered_conditions() {
  std::string out =
      "<details><summary>The eight conditions that Cairn's phones ask of each answer of the directory</summary><ol>";
  for (const Condition& one : conditions()) out += "<li>" + escaped(one.holds) + "</li>";
  return out +
         "</ol><p>An answer that fails one of them is refused, and the refusal names its number. The lab tells at "
         "least one lie against each of them, but not one against each part. Not tried: signatures that are older "
         "than 15 minutes and younger than a day; false keys of the directory when a phone first hears of it, for the "
         "lab's phones have the true ones before the lies begin; and a reset that was announced, and then not waited "
         "for or called off, which \"The mud puddle\" tries on the auditors, with --with-reset.</p></details>\n"
         "</section>\n";
}

const char* colour(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded:
    case Outcome::weakened: return "bad";
    case Outcome::refused: return "good";
    case Outcome::not_run: return "none";
    case Outcome::evident:
    case Outcome::measured: return "warn";
  }
  return "";
}

std::string verdict(const Side& side) {
  return std::string("<span class=\"word ") + colour(side.outcome) + "\">" + to_string(side.outcome) +
         "</span>: " + escaped(side.got) + "." +
         (side.besides.empty() ? "" : " <strong>But:</strong> " + escaped(side.besides) + ".");
}

/// "9 were refused", for each outcome that occurs, in one sentence.
std::string tally(const std::vector<Report>& reports, const Side Report::*side) {
  static const std::pair<Outcome, const char*> kSaid[] = {
      {Outcome::succeeded, "succeeded"}, {Outcome::weakened, "succeeded on a weakened copy only"},
      {Outcome::refused, "refused"},     {Outcome::evident, "made evident"},
      {Outcome::measured, "measured"},   {Outcome::not_run, "not run"}};
  std::string out;
  for (const auto& [outcome, said] : kSaid) {
    const auto count = std::count_if(reports.begin(), reports.end(),
                                     [&, wanted = outcome](const Report& r) { return (r.*side).outcome == wanted; });
    if (count == 0 && outcome != Outcome::succeeded) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + said;
  }
  return out;
}

std::string count(const std::vector<Report>& reports) {
  std::string later;
  for (const Report& report : reports) {
    if (report.story.year != 2014)
      later +=
          " \"" + escaped(report.story.title) + "\" is about the system of " + std::to_string(report.story.year) + ".";
  }
  const auto refused = std::count_if(reports.begin(), reports.end(),
                                     [](const Report& report) { return report.cairn.outcome == Outcome::refused; });
  const auto besides = std::count_if(reports.begin(), reports.end(), [](const Report& report) {
    return report.cairn.outcome == Outcome::refused && !report.cairn.besides.empty();
  });
  return "<p class=\"lead\">Attacks: " + std::to_string(reports.size()) +
         ". On the old system: " + tally(reports, &Report::model) + "." + later +
         " On Cairn: " + tally(reports, &Report::cairn) + "; in " + std::to_string(besides) + " of the " +
         std::to_string(refused) + " refused the attacker got something besides, which is said.</p>\n";
}

std::string table(const std::vector<Report>& reports) {
  std::string out = "<section id=\"table\">\n<h2>The table</h2>\n" + count(reports) + "<ul class=\"table\">\n";
  for (const Report& report : reports) {
    out += "<li><a href=\"#" + report.story.id + "\"><strong>" + escaped(report.story.title) +
           "</strong></a><span><span class=\"soft\">" + std::to_string(report.story.year) + ":</span> " +
           verdict(report.model) + "</span><span><span class=\"soft\">Cairn:</span> " + verdict(report.cairn) +
           "</span></li>\n";
  }
  return out + "</ul>\n</section>\n";
}

std::string folded(const std::string& title, const std::vector<Evidence>& lines) {
  if (lines.empty()) return "";
  std::string out = "<details><summary>" + title + "</summary><dl>";
  for (const Evidence& one : lines) out += "<dt>" + escaped(one.what) + "</dt><dd>" + escaped(one.value) + "</dd>";
  return out + "</dl></details>\n";
}

std::string half(const std::string& title, const Side& side, const std::string& story, const std::string& what) {
  std::string out = "<div class=\"side\"><h3>" + title + "</h3>\n<p>" + escaped(story) + "</p>\n" +
                    draw(side.steps, what + ": " + title) + "<p>" + verdict(side) + "</p>\n";
  out += folded("What was measured", side.evidence) + folded("What the program said, word for word", side.answers);
  for (const Reduced& one : side.reduced) {
    out += "<p class=\"soft\"><strong>Smaller than life:</strong> " + escaped(one.plain) + "</p>\n";
    if (!one.details.empty())
      out += "<details><summary>For who knows the words</summary><p>" + escaped(one.details) + "</p></details>\n";
  }
  return out + "</div>\n";
}

/// What a run can say of Cairn's side: what Cairn promises only when that held.
std::string told_of_cairn(const Report& report) {
  const Story& story = report.story;
  if (report.cairn.outcome == story.promised) return story.now + " " + story.tried;
  if (report.cairn.outcome == Outcome::not_run)
    return "Whether Cairn withstands this, this run does not say. What the lab does when it runs: " + story.tried;
  return "What Cairn promises here (" + std::string(to_string(story.promised)) +
         ") did not hold in this run. What the lab tries: " + story.tried;
}

std::string meaning(const Report& report) {
  if (report.cairn.outcome == report.story.promised) return report.story.means;
  return report.cairn.outcome == Outcome::not_run
             ? "Nothing follows from this run: on Cairn the attack was not run, or nothing could be concluded."
             : "Do not rely on Cairn here: in this run what it promises did not hold.";
}

std::string article(const Report& report) {
  const Story& story = report.story;
  std::string out = "<article id=\"" + story.id + "\">\n<h2>" + escaped(story.title) + "</h2>\n<p class=\"lead\">" +
                    escaped(story.question) + "</p>\n<div class=\"sides\">\n" +
                    half("The system of " + std::to_string(story.year), report.model, story.then, story.title) +
                    half("Cairn", report.cairn, told_of_cairn(report), story.title) + "</div>\n";
  if (!story.unlike.empty())
    out += "<p class=\"soft\"><strong>Not the same on both sides.</strong> " + escaped(story.unlike) + "</p>\n";
  out += "<p class=\"you\"><strong>What it means for you.</strong> " + escaped(meaning(report)) +
         "</p>\n<details><summary>Sources</summary><ul>";
  for (const std::string& source : story.sources) out += "<li>" + escaped(source) + "</li>";
  return out + "</ul></details>\n<p class=\"soft\"><a href=\"#table\">Back to the table</a></p>\n</article>\n";
}

}  // namespace

std::string make_page(const std::vector<Report>& reports, const Stamp& stamp) {
  std::string out =
      std::string(kHead) + "<h1>The lab: fifteen attacks, then and now</h1>\n" + "<p><strong>Run of " +
      escaped(stamp.date) + ", Cairn " + escaped(stamp.version) +
      ", all on one computer</strong>: both systems, the attackers, and also Cairn's witnesses, auditors and "
      "realms, which in life belong to different people. No real service was talked to.</p>\n" +
      kIntroduction + kHowToRead + glossary() + numbered_conditions() + table(reports);
  for (const Report& report : reports) out += article(report);
  return out + "<p class=\"soft\">Made by cairn-lab " + escaped(stamp.version) + ".</p>\n</body>\n</html>\n";
}

}  // namespace cairn::lab
