#include "core/relay/internal/admin.h"

#include <charconv>

#include "core/relay/internal/sentence.h"
#include "core/relay/internal/vaults.h"

namespace cairn::relay {
namespace {

constexpr const char* kChangeRefused = "The disk is full, and nothing was changed; make room first.";

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

Result<std::string> invite(Turn& turn, std::string_view rest) {
  const std::uint32_t uses = TRY(take_number(rest, kMaxInvitationUses));
  const std::uint32_t days = TRY(take_number(rest, kMaxInvitationDays));
  REQUIRE(rest.empty(), ErrorCode::malformed, "Write nothing behind the number of days.");
  REQUIRE(!turn.rows.full(), ErrorCode::storage_full, "The disk is full, and no code was made; make room first.");
  Invitation invitation = make_invitation(uses, after(turn.now, days * kDayMs), turn.entropy);
  turn.rows.apply(invitation.row);
  return invitation.code;
}

Result<std::string> list_users(const Turn& turn, std::string_view after_name) {
  constexpr std::size_t kAtOnce = 256;
  Bytes first = to_bytes(after_name);
  if (!first.empty()) first.push_back(0);
  std::string out;
  const auto rows = turn.rows.scan(table::kNames, first, {}, kAtOnce);
  for (const Row& row : rows) {
    const auto name = TRY(wire::decode<NameRow>(row.value));
    const auto block = TRY(load<BlockRow>(turn.rows, table::kBlocked, row.key));
    const auto devices =
        std::ranges::count_if(name.state.devices(), [](const auto& device) { return !device.removed; });
    const bool removed = block && block->kind == BlockRow::Kind::removed;
    out += as_text(row.key) + " " + std::to_string(devices) + " " +
           (removed ? "removed;"
            : block ? "blocked;"
                    : "active;");
  }
  if (rows.size() == kAtOnce) out += "more";
  return out;
}

/// What the server holds for a name. Its chain stays: a log only grows.
Status drop_all(Turn& turn, Mailboxes* mailboxes, const NameRow& name) {
  std::vector<MailboxId> theirs;
  for (const directory::AuthorisedDevice& device : name.state.devices()) {
    theirs.push_back(device.device.mailbox);
    for (const Row& row : turn.rows.scan_prefix(table::kKeyPackages, device.id, proto::kMaxKeyPackages + 1)) {
      turn.rows.erase(table::kKeyPackages, row.key);
    }
    turn.rows.erase(table::kKeyPackageStates, to_bytes(device.id));
  }
  for (const MailboxId& mailbox : theirs) turn.rows.put(table::kClosedMailboxes, to_bytes(mailbox), {});
  if (mailboxes != nullptr) mailboxes->shut(theirs);
  return remove_all_of(turn, name.state.name().text());
}

Result<std::string> change_user(Turn& turn, Mailboxes* mailboxes, std::string_view verb, std::string_view who) {
  const auto name = directory::Name::parse(who);
  REQUIRE(name, ErrorCode::malformed, "This is no name; write it as in alice@example.org.");
  const auto row = TRY(load<NameRow>(turn.rows, table::kNames, name->bytes()));
  REQUIRE(row, ErrorCode::not_found, "There is no such name here; user list shows all.");
  const auto block = TRY(load<BlockRow>(turn.rows, table::kBlocked, name->bytes()));
  const bool removed = block && block->kind == BlockRow::Kind::removed;
  if (verb == "unblock") {
    REQUIRE(!removed, ErrorCode::invalid_state, "A name that was removed stays removed; choose another name.");
    REQUIRE(block, ErrorCode::invalid_state, "This name is not blocked.");
    turn.rows.erase(table::kBlocked, to_bytes(name->bytes()));
    return "unblocked " + name->text();
  }
  REQUIRE(!turn.rows.full(), ErrorCode::storage_full, kChangeRefused);
  REQUIRE(!removed, ErrorCode::invalid_state, "This name was removed before.");
  const auto kind = verb == "remove" ? BlockRow::Kind::removed : BlockRow::Kind::blocked;
  save(turn.rows, table::kBlocked, to_bytes(name->bytes()), BlockRow{kind, turn.now.ms});
  if (kind == BlockRow::Kind::removed) TRY(drop_all(turn, mailboxes, *row));
  if (mailboxes != nullptr) mailboxes->close_name(turn, name->text());
  return (kind == BlockRow::Kind::removed ? "removed " : "blocked ") + name->text();
}

/// Takes `word` and what separates it from the rest off the front.
bool take_word(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  const std::string_view rest = line.substr(word.size());
  if (!rest.empty() && !rest.starts_with(' ')) return false;
  line = rest;
  return true;
}

}  // namespace

Result<std::string> administer(Turn& turn, Mailboxes* mailboxes, std::string_view line) {
  if (take_word(line, "invite")) return invite(turn, line);
  if (take_word(line, "user list")) return list_users(turn, line.empty() ? line : line.substr(1));
  for (const std::string_view verb : {"block", "unblock", "remove"}) {
    if (!take_word(line, "user " + std::string(verb))) continue;
    return change_user(turn, mailboxes, verb, line.empty() ? line : line.substr(1));
  }
  return fail(ErrorCode::malformed, "The server knows the commands invite and user list, block, unblock, remove.");
}

std::string answer_line(Turn& turn, Mailboxes* mailboxes, std::string_view line) {
  // A command that is refused changes nothing.
  Turn attempt(turn.rows, turn.now, turn.entropy);
  const auto answer = administer(attempt, mailboxes, line);
  if (!answer) return std::string(kAdminError) + sentence_of(answer.error());
  turn.rows.apply(attempt.rows.take_writes());
  std::ranges::move(attempt.sends, std::back_inserter(turn.sends));
  return *answer;
}

Administered administer(const StoreView& store, Time now, Entropy& entropy, std::string_view line) {
  Turn turn(store, now, entropy);
  std::string answer = answer_line(turn, nullptr, line);
  return {turn.rows.take_writes(), std::move(answer)};
}

}  // namespace cairn::relay
