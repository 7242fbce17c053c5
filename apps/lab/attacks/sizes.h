// What the size of a message tells, measured in one way for both systems.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cairn::lab {

/// Something that a person did, and the size of what an observer saw of it.
struct Seen {
  std::string kind;
  double size = 0;
};
/// How many of `tested` are told rightly by whose mean size among `learned` is the nearest.
std::size_t told_by_size(const std::vector<Seen>& learned, const std::vector<Seen>& tested);

/// Different texts, the same in every run.
std::string some_text(std::size_t length, std::size_t seed);

/// Texts of four lengths, `count` of each: a word, a line, two lines, a long text. What is seen of one is `size_of` it.
std::vector<Seen> seen_texts(std::size_t count, std::size_t seed,
                             const std::function<double(const std::string&)>& size_of);
inline constexpr std::size_t kTextKinds = 4;
inline constexpr std::size_t kTextsLearned = 2;  ///< of each kind
inline constexpr std::size_t kTextsTested = 6;
/// How both sides name that measurement.
inline constexpr const char* kToldOfTexts =
    "of texts alone (a word, a line, two lines, a long text), guessed rightly from the size";

}  // namespace cairn::lab
