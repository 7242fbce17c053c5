// What a client says of each lie. One table: for the tests, with real programs and without, and for the specification,
// which shows it (docs/spec/directory.md s.10).
#pragma once

#include <span>
#include <string>

#include "tests/lying/liar.h"

namespace cairn::lying {

/// Whether the auditors are in league with who lies.
enum class Auditors : std::uint8_t { honest, colluding };

struct Expected {
  Lie lie;
  Auditors auditors;
  /// Which condition fails, in the client's words, for who has seen the log and never the name.
  std::string_view stranger;
  /// Likewise for who has a view of the name: with honest auditors of all but its newest statement, with colluding ones
  /// of all that is left out, and of nothing that is added.
  std::string_view contact;
};

/// In the place of a condition: who knows no better takes it for the truth.
inline constexpr std::string_view kBelieved = "believed";

/// Every lie, by who is in league, in the order of the specification.
std::span<const Expected> expected();
/// The row of a lie (CHECKed that there is one).
const Expected& expected(Lie lie, Auditors auditors);
/// Those rows whose lies stand in a list.
std::vector<Expected> expected_of(std::span<const Lie> lies, Auditors auditors);

/// Whose name the lie is about.
enum class Whose : std::uint8_t { own, anothers };

/// What a person is told: one sentence that says what happened and that nothing was sent, and one what to do.
std::string sentence(const std::string& name, std::string_view condition, Whose whose = Whose::anothers);

/// The specification's table for these auditors.
std::string table_text(Auditors auditors);

}  // namespace cairn::lying
