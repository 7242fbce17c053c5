// The eight conditions of docs/spec/directory.md s.6, in plain words.
#pragma once

#include <array>
#include <string>

namespace cairn::lab {

struct Condition {
  const char* holds;   ///< what must hold, as a sentence
  const char* failed;  ///< what is said in short when it does not
};
/// Condition 1 is the first.
const std::array<Condition, 8>& conditions();

/// The number of the condition that a client's refusal names; 0 when the sentence names none.
std::size_t condition_of(const std::string& sentence);
/// "refused: ... (condition N)", or that no condition was named.
std::string in_plain_words(const std::string& sentence);
/// The same without the number, which says nothing to who looks at a picture.
std::string for_picture(const std::string& sentence);

}  // namespace cairn::lab
