#include "apps/lab/report.h"

#include <array>
#include <sstream>

namespace cairn::lab {
namespace {

using Lines = std::vector<std::string>;

/// Words in lines of at most `width`; a longer word stands alone.
Lines wrapped(const std::string& text, std::size_t width) {
  Lines out(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!out.back().empty() && out.back().size() + 1 + word.size() > width) out.emplace_back();
    out.back() += (out.back().empty() ? "" : " ") + word;
  }
  return out;
}

std::string in_short(const Side& side) {
  return std::string(to_string(side.outcome)) + ": " + side.got +
         (side.besides.empty() ? "" : ". But: " + side.besides);
}

std::string evidence_in_short(const Side& side) {
  std::string out;
  for (const Evidence& one : side.evidence) out += (out.empty() ? "" : "; ") + one.what + ": " + one.value;
  return out.size() > 220 ? out.substr(0, 217) + "..." : out;
}

void add_row(std::string& out, const std::array<std::string, 4>& cells, const std::array<std::size_t, 4>& widths) {
  std::array<Lines, 4> lines;
  std::size_t height = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    lines[i] = wrapped(cells[i], widths[i]);
    height = std::max(height, lines[i].size());
  }
  for (std::size_t row = 0; row < height; ++row) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string cell = row < lines[i].size() ? lines[i][row] : "";
      if (cell.size() < widths[i]) cell.resize(widths[i], ' ');
      line += (i == 0 ? "" : "  ") + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
}

nlohmann::json to_json(const Side& side) {
  nlohmann::json evidence = nlohmann::json::array(), steps = nlohmann::json::array();
  nlohmann::json answers = nlohmann::json::array(), reduced = nlohmann::json::array();
  for (const Step& one : side.steps)
    steps.push_back({{"from", one.from}, {"to", one.to}, {"what", one.what}, {"kind", to_string(one.kind)}});
  for (const Evidence& one : side.evidence) evidence.push_back({{"what", one.what}, {"value", one.value}});
  for (const Evidence& one : side.answers) answers.push_back({{"of", one.what}, {"said", one.value}});
  for (const Reduced& one : side.reduced) reduced.push_back({{"plain", one.plain}, {"details", one.details}});
  return {{"outcome", to_string(side.outcome)},
          {"got", side.got},
          {"besides", side.besides},
          {"evidence", evidence},
          {"answers", answers},
          {"reduced", reduced},
          {"steps", steps},
          {"seconds", side.seconds}};
}

std::string to_text(const std::string& title, const Side& side) {
  std::string out = title + ": " + in_short(side) + "\n";
  for (const Evidence& one : side.evidence) out += "    " + one.what + ": " + one.value + "\n";
  for (const Evidence& one : side.answers) out += "    the program said, of " + one.what + ": " + one.value + "\n";
  for (const Reduced& one : side.reduced)
    out += "    smaller than life: " + one.plain + (one.details.empty() ? "" : " " + one.details) + "\n";
  return out;
}

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded: return "SUCCEEDED";
    case Outcome::weakened: return "SUCCEEDED on a weakened copy";
    case Outcome::refused: return "refused";
    case Outcome::evident: return "made evident";
    case Outcome::measured: return "measured";
    case Outcome::not_run: return "not run";
  }
  return "";
}

const char* to_string(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::plain: return "plain";
    case Step::Kind::swapped: return "swapped";
    case Step::Kind::stolen: return "stolen";
    case Step::Kind::refused: return "refused";
  }
  return "";
}

Side not_run(const std::string& why) {
  Side side;
  side.got = why;
  return side;
}

nlohmann::json to_json(const Report& report) {
  return {{"id", report.story.id},
          {"title", report.story.title},
          {"model", to_json(report.model)},
          {"cairn", to_json(report.cairn)}};
}

std::string to_table(const std::vector<Report>& reports, std::size_t width) {
  const std::size_t rest = width - 16 - 6;
  const std::array<std::size_t, 4> widths = {16, rest * 3 / 10, rest * 3 / 10, rest - 2 * (rest * 3 / 10)};
  std::string out;
  add_row(out, {"attack", "the iMessage of 2014 (forge-2016: of 2016)", "Cairn", "evidence (of Cairn's side)"}, widths);
  out += std::string(width, '-') + "\n";
  for (const Report& report : reports) {
    add_row(out, {report.story.id, in_short(report.model), in_short(report.cairn), evidence_in_short(report.cairn)},
            widths);
    out += "\n";
  }
  return out;
}

std::string to_text(const Report& report) {
  return report.story.title + "\n" + report.story.question + "\n\n" +
         to_text(std::to_string(report.story.year), report.model) + to_text("Cairn", report.cairn);
}

}  // namespace cairn::lab
