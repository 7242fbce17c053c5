// Which PINs are refused: those that everybody tries first.
#include <algorithm>

#include "core/base/utf8.h"
#include "core/vault/pin.h"

namespace cairn::vault {
namespace {

/// In lower case. Repetitions ("121212", "abcabc") and sequences ("123456", "fedcba") are refused by rule.
constexpr std::string_view kCommon[] = {
    "000001",    "100000",     "100200",     "101112",    "102030",       "111222",   "111213",   "112211",
    "112233",    "112358",     "121314",     "123321",    "123654",       "124578",   "131415",   "142536",
    "147258",    "147852",     "147896",     "159357",    "159753",       "222333",   "246810",   "258456",
    "314159",    "321654",     "357159",     "369258",    "456123",       "741852",   "753159",   "753951",
    "789456",    "789123",     "852456",     "951753",    "963852",       "987412",   "135790",   "147258369",
    "789456123", "123456a",    "a123456",    "123abc",    "abc123",       "123qwe",   "qwe123",   "1q2w3e",
    "1q2w3e4r",  "1qaz2wsx",   "q1w2e3",     "zaq12wsx",  "qwerty",       "qwertz",   "azerty",   "qwerty1",
    "qwerty123", "qwertyuiop", "asdfgh",     "asdfghjkl", "zxcvbn",       "zxcvbnm",  "password", "password1",
    "passw0rd",  "passwort",   "motdepasse", "letmein",   "welcome",      "welcome1", "hello123", "admin123",
    "iloveyou",  "sunshine",   "princess",   "football",  "baseball",     "dragon",   "monkey",   "shadow",
    "master",    "superman",   "batman",     "michael",   "jordan",       "trustno1", "starwars", "whatever",
    "freedom",   "secret",     "hallo123",   "schatz",    "ichliebedich", "bonjour",  "soleil",   "doudou",
    "chocolat",  "contraseña", "tequiero"};

using Characters = std::u32string;

Result<Characters> characters_of(std::string_view pin) {
  Characters out;
  while (!pin.empty()) {
    const auto next = take_character(pin);
    REQUIRE(next && *next >= 0x20 && *next != 0x7f, ErrorCode::malformed,
            "A PIN is made of letters, digits and signs; type another one.");
    REQUIRE(out.size() < kMaxPinCharacters, ErrorCode::over_limit,
            "A PIN has at most 256 characters; choose a shorter one.");
    out.push_back(*next >= U'A' && *next <= U'Z' ? *next + 32 : *next);
  }
  return out;
}

/// One part, twice or more often, perhaps cut off: "111111", "123123", "1212121".
bool repeats(const Characters& text) {
  for (std::size_t period = 1; 2 * period <= text.size(); ++period) {
    if (std::equal(text.begin() + static_cast<std::ptrdiff_t>(period), text.end(), text.begin())) return true;
  }
  return false;
}

/// Each character the next one, or each the one before; behind 9 comes 0.
bool counts(const Characters& text) {
  const auto next_of = [](char32_t c) { return c == U'9' ? U'0' : c + 1; };
  const auto up = [&](char32_t a, char32_t b) { return b != next_of(a); };
  const auto down = [&](char32_t a, char32_t b) { return a != next_of(b); };
  return std::adjacent_find(text.begin(), text.end(), up) == text.end() ||
         std::adjacent_find(text.begin(), text.end(), down) == text.end();
}

bool is_common(const Characters& text) {
  return std::any_of(std::begin(kCommon), std::end(kCommon), [&](std::string_view common) {
    const auto other = characters_of(common);
    return other && *other == text;
  });
}

}  // namespace

Status check_pin(std::string_view pin) {
  const Characters text = TRY(characters_of(pin));
  REQUIRE(text.size() >= kMinPinCharacters, ErrorCode::malformed,
          "A PIN has at least 6 characters; choose a longer one.");
  REQUIRE(!repeats(text) && !counts(text) && !is_common(text), ErrorCode::not_authorised,
          "This PIN is one of those that are tried first; choose one that is harder to guess.");
  return ok();
}

}  // namespace cairn::vault
