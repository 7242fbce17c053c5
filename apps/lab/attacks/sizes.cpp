#include "apps/lab/attacks/sizes.h"

#include <array>
#include <cmath>
#include <limits>

namespace cairn::lab {

std::size_t told_by_size(const std::vector<Seen>& learned, const std::vector<Seen>& tested) {
  std::map<std::string, std::pair<double, double>> sums;  // of sizes, and how many
  for (const Seen& one : learned) {
    sums[one.kind].first += one.size;
    sums[one.kind].second += 1;
  }
  std::size_t right = 0;
  for (const Seen& one : tested) {
    std::string guess;
    double nearest = std::numeric_limits<double>::max();
    for (const auto& [kind, sum] : sums) {
      const double distance = std::abs(one.size - sum.first / sum.second);
      if (distance < nearest) nearest = distance, guess = kind;
    }
    right += guess == one.kind ? 1 : 0;
  }
  return right;
}

std::string some_text(std::size_t length, std::size_t seed) {
  static const std::vector<std::string> words = {"stone",  "river", "we",   "carry", "under", "the",  "old",
                                                 "bridge", "and",   "wait", "until", "north", "wind", "turns"};
  std::string out;
  for (std::size_t i = seed; out.size() < length; i = i * 5 + 3) out += words[i % words.size()] + " ";
  out.resize(length);
  return out;
}

std::vector<Seen> seen_texts(std::size_t count, std::size_t seed,
                             const std::function<double(const std::string&)>& size_of) {
  struct Kind {
    const char* name;
    std::size_t least, spread;
  };
  static constexpr std::array<Kind, kTextKinds> kKinds = {
      {{"a word", 3, 6}, {"a line", 20, 15}, {"two lines", 45, 15}, {"a long text", 250, 150}}};
  std::vector<Seen> out;
  for (std::size_t i = 0; i < count; ++i) {
    for (const Kind& kind : kKinds) {
      const std::size_t n = seed + 7 * i;
      out.push_back({kind.name, size_of(some_text(kind.least + n * 13 % kind.spread, n))});
    }
  }
  return out;
}

}  // namespace cairn::lab
