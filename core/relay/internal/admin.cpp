#include "core/relay/internal/admin.h"

#include <charconv>

namespace cairn::relay {
namespace {

/// A number from 1 to `most` at the front of `line`, with a space before it.
Result<std::uint32_t> take_number(std::string_view& line, std::uint32_t most) {
  constexpr const char* kUsage = "Write: invite USES DAYS, for example: invite 1 7.";
  REQUIRE(line.starts_with(' '), ErrorCode::malformed, kUsage);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(line.data() + 1, line.data() + line.size(), value);
  REQUIRE(error == std::errc() && value >= 1 && value <= most, ErrorCode::malformed, kUsage);
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return value;
}

}  // namespace

Result<std::string> administer(Turn& turn, std::string_view line) {
  constexpr std::string_view kInvite = "invite";
  REQUIRE(line.starts_with(kInvite), ErrorCode::malformed, "The server knows only the command invite.");
  line.remove_prefix(kInvite.size());
  const std::uint32_t uses = TRY(take_number(line, kMaxInvitationUses));
  const std::uint32_t days = TRY(take_number(line, kMaxInvitationDays));
  REQUIRE(line.empty(), ErrorCode::malformed, "Write nothing behind the number of days.");
  REQUIRE(!turn.rows.full(), ErrorCode::storage_full, "The disk is full, and no code was made; make room first.");
  Invitation invitation = make_invitation(uses, after(turn.now, days * kDayMs), turn.entropy);
  turn.rows.apply(invitation.row);
  return invitation.code;
}

}  // namespace cairn::relay
