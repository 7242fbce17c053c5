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
one phone, to be opened on the other. And still, whoever ran it could have read them. This page shows how. A program rebuilt that
system, small and faithful to what its maker had published, on one computer; attacked it in fifteen ways; and then tried the same on
the real programs of Cairn, a messenger that is meant to withstand them. <strong>What is said below of an outcome was made by that
run</strong>: the verdicts, the numbers and the pictures are what happened, not what somebody expected.</p>
<section>
<h2>How to read it</h2>
<p>Alice and bob write to each other. Mallory, and whoever runs the servers, want to read it, change it, or know more than they
should. Each attack has two halves: how it goes on the system of 2014, and how it goes in Cairn.</p>
<p><span class="word bad">SUCCEEDED</span> the attacker got it. <span class="word good">refused</span> it was tried, and the
attacker got nothing. <span class="word warn">made evident</span> it could not be prevented at once, but was proved afterwards.
<span class="word warn">measured</span> no yes or no, but numbers. <span class="word none">not run</span> it could not be tried
here, and nothing is claimed.</p>
<p>In the pictures time runs downwards, and arrows go from who sends to who receives; a dot is something that somebody does alone.
&#x21c4; something was swapped, altered, forged, or is in the wrong hands; &#x26a0; somebody reads what they must not; &#x2715; it was
stopped here.</p>
</section>
<section>
<h2>The words</h2>
<dl>
<dt>Server, operator</dt><dd>The computers that carry and store, and whoever runs them. In most attacks here the operator is the attacker, or does what an attacker says.</dd>
<dt>Public key, private key</dt><dd>Two long numbers that belong together. Whoever has bob's public key can lock a message for him; only his private key, which never leaves his phone, opens it.</dd>
<dt>Signature</dt><dd>A mark that only the holder of a private key can make and everybody can check.</dd>
<dt>Directory</dt><dd>The phone book of public keys: which devices belong to which name. Cairn's devices test each answer of it by eight conditions, numbered 1 to 8, and a refusal names the one that failed.</dd>
<dt>Witnesses and auditors (Cairn)</dt><dd>Computers of other people than the operator. Witnesses sign that everybody is shown the same directory; auditors do so too, and only after they have checked every change in it.</dd>
<dt>Envelope, mailbox</dt><dd>An encrypted message as the server carries it, and where it waits until a device fetches it.</dd>
<dt>Backup</dt><dd>A copy of one's messages that somebody else stores, so that they come back on a new phone.</dd>
<dt>Recovery key (Cairn)</dt><dd>A row of letters and digits that is shown once, to be written on paper. It brings back a name, and opens its backup.</dd>
<dt>PIN, realms (Cairn)</dt><dd>Instead of the paper, a short secret that one remembers. What it opens is split among three machines that three different parties run, called realms: two parts are needed, and one is of no use.</dd>
</dl>
</section>
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
  return std::string("<span class=\"word ") + colour(side.outcome) + "\">" + to_string(side.outcome) +
         "</span>: " + escaped(side.got);
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

std::string table(const std::vector<Report>& reports) {
  std::string out = "<section id=\"table\">\n<h2>The table</h2>\n" + count(reports) + "<ul class=\"table\">\n";
  for (const Report& report : reports) {
    out += "<li><a href=\"#" + report.story.id + "\"><strong>" + escaped(report.story.title) +
           "</strong></a><span><span class=\"soft\">2014:</span> " + verdict(report.model) +
           "</span><span><span class=\"soft\">Cairn:</span> " + verdict(report.cairn) + "</span></li>\n";
  }
  return out + "</ul>\n</section>\n";
}

std::string half(const std::string& title, const Side& side, const std::string& story, const std::string& what) {
  std::string out = "<div class=\"side\"><h3>" + title + "</h3>\n<p>" + escaped(story) + "</p>\n" +
                    draw(side.steps, what + ": " + title) + "<p>" + verdict(side) + "</p>\n";
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
                    escaped(story.question) + "</p>\n<div class=\"sides\">\n" +
                    half("The system of 2014", report.model, story.then, story.title) +
                    half("Cairn", report.cairn, story.now, story.title) +
                    "</div>\n<p class=\"you\"><strong>What it means for you.</strong> " + escaped(story.means) +
                    "</p>\n<details><summary>Sources</summary><ul>";
  for (const std::string& source : story.sources) out += "<li>" + escaped(source) + "</li>";
  return out + "</ul></details>\n<p class=\"soft\"><a href=\"#table\">Back to the table</a></p>\n</article>\n";
}

}  // namespace

std::string make_page(const std::vector<Report>& reports) {
  std::string out =
      std::string(kHead) + "<h1>The lab: fifteen attacks, then and now</h1>\n" + kIntroduction + table(reports);
  for (const Report& report : reports) out += article(report);
  return out +
         "<p class=\"soft\">Made by cairn-lab. It runs on one computer and talks to no real "
         "service.</p>\n</body>\n</html>\n";
}

}  // namespace cairn::lab
