// The words that the texts of the lab use and not everybody knows.
#pragma once

#include <array>
#include <span>
#include <string>

namespace cairn::lab {

struct Word {
  const char* title;
  const char* meaning;
  std::array<const char*, 3> marks;  ///< a text with one of these in it uses the word; the last ones may be null
};

/// In the order in which they explain each other.
std::span<const Word> words();
bool uses(const std::string& text, const Word& word);

}  // namespace cairn::lab
