#include "apps/lab/page.h"

#include <algorithm>

#include "apps/lab/drawing.h"

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
:root { --ink: #1d2327; --soft: #5b666e; --line: #d9dee2; --paper: #fff; --bad: #b3261e; --warn: #9a5b00; --good: #1b6e3c; --card: #f6f8f9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecef; --soft: #a3adb4; --line: #3a4349; --paper: #14181b; --bad: #ff8a80; --warn: #ffc266; --good: #7fd8a0; --card: #1d2327 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.6rem; line-height: 1.2 } h2 { font-size: 1.25rem; margin: 0 0 .3rem } h3 { font-size: 1rem; margin: .2rem 0 }
a { color: inherit }
.lead { font-size: 1.05rem } .soft { color: var(--soft) }
ul.table { list-style: none; padding: 0 }
ul.table li { border-top: 1px solid var(--line); padding: .6rem 0; display: grid; gap: .1rem .8rem; grid-template-columns: 1fr }
.word { font-weight: 700; white-space: nowrap }
.word.bad { color: var(--bad) } .word.good { color: var(--good) } .word.warn { color: var(--warn) } .word.none { color: var(--soft) }
article { border: 1px solid var(--line); border-radius: .7rem; padding: 1rem; margin: 1.2rem 0 }
.sides { display: grid; gap: 1rem; grid-template-columns: 1fr }
.side { background: var(--card); border-radius: .5rem; padding: .8rem; min-width: 0 }
@media (min-width: 48rem) { .sides { grid-template-columns: 1fr 1fr } ul.table li { grid-template-columns: 11rem 1fr 1fr } }
details { margin-top: .5rem } summary { cursor: pointer } dl { margin: .4rem 0; font-size: .92rem } dt { color: var(--soft) } dd { margin: 0 0 .4rem; overflow-wrap: anywhere }
.picture { width: 100%; height: auto; display: block }
.picture text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: var(--ink) } .picture .actor { font-weight: 700 }
.picture .life { stroke: var(--line); stroke-dasharray: 3 3 } .picture .arrow { stroke-width: 2; stroke: var(--soft) } .picture .tip { fill: var(--soft) }
.picture .arrow.swapped { stroke: var(--warn); stroke-dasharray: 6 3 } .picture .tip.swapped, .picture text.swapped { fill: var(--warn) }
.picture .arrow.stolen { stroke: var(--bad) } .picture .tip.stolen, .picture text.stolen { fill: var(--bad) }
.picture .arrow.refused { stroke: var(--good) } .picture .tip.refused, .picture text.refused { fill: var(--good) }
</style>
</head>
<body>
)";

constexpr const char* kIntroduction =
    R"(<p class="lead">In 2014 the messages of a well-known messenger were encrypted from end to end, and still whoever ran it
could read them. This page shows why. A program rebuilt that system small and faithfully on one computer, attacked it in fifteen
ways, and then tried the same on the real programs of Cairn. <strong>Everything below was made by that run</strong>: the words,
the numbers and the pictures are what happened, not what somebody expected.</p>
<h2>How to read it</h2>
<p>Each attack has two halves: the system of 2014, and Cairn. Alice and Bob write to each other. Mallory, and whoever runs the
servers (the operator), want to read it, change it, or know more than they should.</p>
<p><span class="word bad">SUCCEEDED</span> the attacker got it. <span class="word good">refused</span> it was tried, and the
attacker got nothing. <span class="word warn">made evident</span> it could not be prevented at once, but was proved afterwards.
<span class="word warn">measured</span> no yes or no, but numbers. <span class="word none">not run</span> there was nothing to try
it on, and nothing is claimed.</p>
<p class="soft">In the pictures time runs downwards, and arrows go from who sends to who receives. &#x21c4; something was swapped,
altered or forged; &#x26a0; somebody reads what they must not; &#x2715; it was stopped here.</p>
)";

const char* colour(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded: return "bad";
    case Outcome::refused: return "good";
    case Outcome::not_run: return "none";
    case Outcome::evident:
    case Outcome::measured: return "warn";
  }
  return "";
}

std::string verdict(const Side& side) {
  return std::string("<span class=\"word ") + colour(side.outcome) + "\">" + to_string(side.outcome) + "</span> " +
         escaped(side.got);
}

std::string table(const std::vector<Report>& reports) {
  std::string out = "<h2>The table</h2>\n<ul class=\"table\">\n";
  for (const Report& report : reports) {
    out += "<li><a href=\"#" + report.story.id + "\"><strong>" + escaped(report.story.title) +
           "</strong></a><span><span class=\"soft\">2014:</span> " + verdict(report.model) +
           "</span><span><span class=\"soft\">Cairn:</span> " + verdict(report.cairn) + "</span></li>\n";
  }
  return out + "</ul>\n";
}

std::string half(const std::string& title, const Side& side, const std::string& what) {
  std::string out = "<div class=\"side\"><h3>" + title + "</h3>\n<p>" + verdict(side) + "</p>\n" +
                    draw(side.steps, what + ": " + title);
  if (!side.evidence.empty()) {
    out += "<details><summary>What was measured</summary><dl>";
    for (const Evidence& one : side.evidence)
      out += "<dt>" + escaped(one.what) + "</dt><dd>" + escaped(one.value) + "</dd>";
    out += "</dl></details>\n";
  }
  for (const std::string& one : side.reduced)
    out += "<p class=\"soft\"><strong>Smaller than life:</strong> " + escaped(one) + "</p>\n";
  return out + "</div>\n";
}

std::string article(const Report& report) {
  const Story& story = report.story;
  std::string out = "<article id=\"" + story.id + "\">\n<h2>" + escaped(story.title) + "</h2>\n<p class=\"lead\">" +
                    escaped(story.question) + "</p>\n";
  for (const std::string& paragraph : story.telling) out += "<p>" + escaped(paragraph) + "</p>\n";
  out += "<div class=\"sides\">\n" + half("The system of 2014", report.model, story.title) +
         half("Cairn", report.cairn, story.title) + "</div>\n<details><summary>Sources</summary><ul>";
  for (const std::string& source : story.sources) out += "<li>" + escaped(source) + "</li>";
  return out + "</ul></details>\n</article>\n";
}

std::string count(const std::vector<Report>& reports) {
  const auto with = [&](auto side, Outcome outcome) {
    return std::to_string(
        std::count_if(reports.begin(), reports.end(), [&](const Report& r) { return (r.*side).outcome == outcome; }));
  };
  return "<p class=\"lead\">Of " + std::to_string(reports.size()) + " attacks " +
         with(&Report::model, Outcome::succeeded) + " succeeded on the system of 2014 and " +
         with(&Report::cairn, Outcome::succeeded) + " on Cairn, where " + with(&Report::cairn, Outcome::refused) +
         " were refused, " + with(&Report::cairn, Outcome::evident) + " made evident, " +
         with(&Report::cairn, Outcome::measured) + " measured and " + with(&Report::cairn, Outcome::not_run) +
         " not run.</p>\n";
}

}  // namespace

std::string make_page(const std::vector<Report>& reports) {
  std::string out = std::string(kHead) + "<h1>The lab: fifteen attacks, then and now</h1>\n" + kIntroduction +
                    count(reports) + table(reports);
  for (const Report& report : reports) out += article(report);
  return out +
         "<p class=\"soft\">Made by cairn-lab. It runs on one computer and talks to no real "
         "service.</p>\n</body>\n</html>\n";
}

}  // namespace cairn::lab
