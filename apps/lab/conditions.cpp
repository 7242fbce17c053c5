#include "apps/lab/conditions.h"

namespace cairn::lab {

const std::array<Condition, 8>& conditions() {
  static constexpr std::array<Condition, 8> kAll = {{
      {"As many of the auditors and witnesses whom the phone knows as it asks for have signed this state of the "
       "directory.",
       "not enough of the auditors have signed this"},
      {"The signatures are fresh: a day old at most, and for a device that was never written to 15 minutes. And the "
       "directory is not an older one than what the phone has seen before.",
       "this is too old"},
      {"The directory has only grown: all that the phone has seen of it is still there.",
       "this is not what the directory was before"},
      {"The newest entry is the one that is shown. And the directory's own key, which the phone has known since it "
       "first heard of that directory, has signed this state.",
       "this entry or key is not the directory's"},
      {"The answer is about the place in the directory that belongs to the name, and that place is in the signed "
       "state.",
       "this is another name's place"},
      {"Every change of the name's devices, from the first on, is signed by a key that might make it, and together "
       "they lead to what the directory holds.",
       "the devices' history does not hold"},
      {"If the name was reset, that was announced, waited for, and called off by nobody.",
       "a reset was not done as it must be"},
      {"Every change is of the name that was asked for.", "this is another name's history"},
  }};
  return kAll;
}

std::size_t condition_of(const std::string& sentence) {
  static const std::string kMark = "was refused (condition ";
  const std::size_t at = sentence.find(kMark);
  if (at == std::string::npos || at + kMark.size() >= sentence.size()) return 0;
  const char digit = sentence[at + kMark.size()];
  return digit >= '1' && digit <= '8' ? static_cast<std::size_t>(digit - '0') : 0;
}

std::string for_picture(const std::string& sentence) {
  const std::size_t number = condition_of(sentence);
  if (number == 0) return "answered without naming a condition";
  return "refused: " + std::string(conditions()[number - 1].failed);
}

std::string in_plain_words(const std::string& sentence) {
  const std::size_t number = condition_of(sentence);
  return for_picture(sentence) + (number == 0 ? "" : " (condition " + std::to_string(number) + ")");
}

}  // namespace cairn::lab
