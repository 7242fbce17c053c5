#include "apps/lab/drawing.h"

#include <algorithm>
#include <sstream>

namespace cairn::lab {
namespace {

constexpr std::size_t kWidth = 320;        // of the picture, in its own units
constexpr std::size_t kTop = 34;           // above the first arrow, below the names
constexpr std::size_t kLetter = 9;         // of a name, at most
constexpr std::size_t kLineHeight = 16;    // of a caption
constexpr std::size_t kCaption = 38;       // characters in a line of it
constexpr std::size_t kHalfCaption = 140;  // of the longest line, as wide as its letters can be
constexpr std::size_t kGap = 26;           // for the arrow and what separates it from the next

/// What a colour-blind reader, or a printer, sees.
const char* mark_of(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::plain: return "";
    case Step::Kind::swapped: return "\u21c4 ";
    case Step::Kind::stolen: return "\u26a0 ";
    case Step::Kind::refused: return "\u2715 ";
  }
  return "";
}

std::vector<std::string> in_lines(const std::string& text, std::size_t most) {
  std::vector<std::string> out(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!out.back().empty() && out.back().size() + 1 + word.size() > most) out.emplace_back();
    out.back() += (out.back().empty() ? "" : " ") + word;
  }
  return out;
}

class Picture {
 public:
  Picture(const std::vector<Step>& steps, const std::string& title) : title_(title) {
    for (const Step& step : steps) {
      for (const std::string& actor : {step.from, step.to}) {
        if (std::find(actors_.begin(), actors_.end(), actor) == actors_.end()) actors_.push_back(actor);
      }
    }
    for (const std::string& actor : actors_) name_lines_ = std::max(name_lines_, name_of(actor).size());
    y_ = kTop + name_lines_ * kLineHeight;
    for (const Step& step : steps) add(step);
  }

  std::string svg() const {
    std::string out = "<svg class=\"picture\" viewBox=\"0 0 " + std::to_string(kWidth) + " " + std::to_string(y_ + 8) +
                      "\" role=\"img\" aria-label=\"" + escaped(title_) + "\">";
    for (std::size_t i = 0; i < actors_.size(); ++i) {
      const std::string x = std::to_string(x_of(i));
      const auto name = name_of(actors_[i]);
      const std::string below = std::to_string(name_lines_ * kLineHeight + 10);
      out += "<line class=\"life\" x1=\"" + x + "\" y1=\"" + below + "\" x2=\"" + x + "\" y2=\"" + std::to_string(y_) +
             "\"/>";
      for (std::size_t line = 0; line < name.size(); ++line) {
        out += "<text class=\"actor\" x=\"" + x + "\" y=\"" + std::to_string(18 + line * kLineHeight) + "\">" +
               escaped(name[line]) + "</text>";
      }
    }
    return out + arrows_ + "</svg>";
  }

 private:
  /// As much of a name in a line as there is room between it and its neighbours.
  std::vector<std::string> name_of(const std::string& actor) const {
    return in_lines(actor, kWidth / actors_.size() / kLetter);
  }
  std::size_t x_of(std::size_t actor) const {
    const std::size_t slot = kWidth / actors_.size();
    return slot * actor + slot / 2;
  }
  std::size_t x_of(const std::string& actor) const {
    return x_of(static_cast<std::size_t>(std::find(actors_.begin(), actors_.end(), actor) - actors_.begin()));
  }

  void add(const Step& step) {
    const std::size_t from = x_of(step.from);
    const std::size_t to = x_of(step.to);
    const std::string kind = to_string(step.kind);
    const auto lines = in_lines(mark_of(step.kind) + step.what, kCaption);
    // A caption stays inside of the picture, near the middle of its arrow.
    const std::size_t middle = std::clamp<std::size_t>((from + to) / 2, kHalfCaption, kWidth - kHalfCaption);
    for (const std::string& line : lines) {
      arrows_ += "<text class=\"caption " + kind + "\" x=\"" + std::to_string(middle) + "\" y=\"" + std::to_string(y_) +
                 "\">" + escaped(line) + "</text>";
      y_ += kLineHeight;
    }
    arrows_ += from == to ? alone(from, kind) : arrow(from, to, kind);
    y_ += kGap;
  }
  std::string arrow(std::size_t from, std::size_t to, const std::string& kind) const {
    const std::string y = std::to_string(y_);
    const bool right = to > from;
    const std::string tip = std::to_string(to);
    const std::string back = std::to_string(right ? to - 8 : to + 8);
    return "<line class=\"arrow " + kind + "\" x1=\"" + std::to_string(from) + "\" y1=\"" + y + "\" x2=\"" + back +
           "\" y2=\"" + y + "\"/><path class=\"tip " + kind + "\" d=\"M" + tip + " " + y + "L" + back + " " +
           std::to_string(y_ - 5) + "L" + back + " " + std::to_string(y_ + 5) + "Z\"/>";
  }
  std::string alone(std::size_t x, const std::string& kind) const {
    return "<circle class=\"tip " + kind + "\" cx=\"" + std::to_string(x) + "\" cy=\"" + std::to_string(y_) +
           "\" r=\"5\"/>";
  }

  std::string title_;
  std::vector<std::string> actors_;
  std::string arrows_;
  std::size_t name_lines_ = 1;
  std::size_t y_ = 0;
};

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string draw(const std::vector<Step>& steps, const std::string& title) {
  return steps.empty() ? "" : Picture(steps, title).svg();
}

}  // namespace cairn::lab
