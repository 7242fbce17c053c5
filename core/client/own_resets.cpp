// Resets of the own name: asking for one and completing it, vetoing one, and how long one takes (docs/spec/client.md
// s.8).
#include "core/client/day.h"
#include "core/client/held_veto.h"
#include "core/client/own_name.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// A completion that is in no view so long after it could be made is told of.
constexpr std::uint64_t kOverdueMs = 2 * kHourMs;
constexpr std::string_view kResetMark = "own reset";

/// How far the request of this device has come: written down when it is signed, for afterwards it may have been vetoed
/// between two looks.
enum class ResetMark : std::uint8_t { none = 0, asked = 1, seen = 2 };

ResetMark reset_mark(const StoreView& store, const Account& account) {
  const auto row = store.get(tables::kCounters, as_bytes(kResetMark));
  const DeviceId device = account.device_id();
  if (!row || row->size() != DeviceId::kSize + 1 || !equal(ByteView(*row).first(DeviceId::kSize), device)) {
    return ResetMark::none;
  }
  return row->back() == static_cast<std::uint8_t>(ResetMark::seen) ? ResetMark::seen : ResetMark::asked;
}

void set_reset_mark(Context& context, const Account& account, ResetMark mark) {
  wire::Writer w;
  w.raw(account.device_id());
  w.u8(static_cast<std::uint8_t>(mark));
  context.store.put(tables::kCounters, to_bytes(kResetMark), w.take());
}

}  // namespace

// ---- who has lost everything ----

Status OwnName::begin_reset(Context& context, const std::string& name, const std::string& server_url,
                            const std::string& policy_text, const std::string& invitation) {
  return begin_unsigned(context, name, server_url, policy_text, invitation, AccountState::resetting);
}

Status OwnName::request_reset(Context& context, const Account& account, const directory::RecoverySecret& secret) {
  REQUIRE(account.state == AccountState::resetting && reset_mark(context.store, account) == ResetMark::none,
          ErrorCode::invalid_state, "it is being reset already");
  const auto view = views_.view(context.store, account, account.name);
  REQUIRE(view && view->exists(), ErrorCode::invalid_state, "the own name was not looked up");
  const directory::NameState& chain = view->state();
  const auto recovery = directory::RecoveryKey::derive(secret, account.name, 0);
  directory::Statement statement = statement_after(
      context, chain, directory::RequestReset{account.device(), recovery.commitment(), chain.reset_delay_s()});
  statement.signatures.push_back(directory::sign_as_new_device(statement.content, account.signing_key));
  TRY(directory::apply(chain, statement));
  save_statement(context, statement);
  set_reset_mark(context, account, ResetMark::asked);
  expect_device(context, account.device_id());
  return ok();
}

void OwnName::abandon_unsigned(Context& context) {
  const auto account = load_account(context.store);
  if (!account || statements_wait(context.store)) return;
  const bool asks = account->state == AccountState::resetting && reset_mark(context.store, *account) == ResetMark::none;
  if (account->state == AccountState::recovering || asks) forget_account(context, *account);
}

// The own device is not in the chain yet: what has become of its request?
void OwnName::follow_reset(Context& context, const Account& account, const directory::VerifiedView& view) {
  const auto& open = view.state().open_reset();
  const bool is_ours = open && open->request.device.signature_key == account.signing_key.public_key();
  if (is_ours) {
    refusal_.reset();  // the server published what it refused
    set_reset_mark(context, account, ResetMark::seen);
    return complete_reset(context, account, view);
  }
  switch (reset_mark(context.store, account)) {
    case ResetMark::none: return;  // not signed yet
    case ResetMark::asked:
      if (statements_wait(context.store)) return;  // not decided yet
      trouble_ = "The reset of " + account.name.text() +
                 " came to nothing: somebody else changed the name first, or it was vetoed at once. This device has no "
                 "name again.";
      break;
    case ResetMark::seen:
      trouble_ = "The reset of " + account.name.text() +
                 " was vetoed by a device of the name, or with its recovery key. This device has no name again.";
      break;
  }
  forget_account(context, account, trouble_);
}

void OwnName::complete_reset(Context& context, const Account& account, const directory::VerifiedView& view) {
  const auto log = views_.domain(context.store, account, account.domain());
  const Time due = after(Time{view.newest_reset()->matures_ms}, kCompletionMarginMs);
  const Time now = log ? log->trusted_now(context.now) : context.now;
  if (now < due) return trouble_.clear();
  if (statements_wait(context.store)) {
    if (now < after(due, kOverdueMs) || !trouble_.empty()) return;
    trouble_ =
        "The delay has passed, and the auditors vouch for no completion: a veto may have reached them, or they have "
        "not "
        "run all the time. It goes on whenever this device runs.";
    return;
  }
  directory::Statement statement =
      statement_after(context, view.state(), directory::CompleteReset{view.state().open_reset()->sequence});
  statement.signatures.push_back(directory::sign_as_new_device(statement.content, account.signing_key));
  if (directory::apply(view.state(), statement)) save_statement(context, statement);
}

// ---- whose name it is ----

Status OwnName::veto(Context& context, const Account& account, const directory::RecoverySecret* recovery) {
  const auto view = views_.view(context.store, account, account.name);
  REQUIRE(view && view->state().open_reset() && view->newest_reset(), ErrorCode::invalid_state, "no reset is open");
  const directory::NameState& chain = view->state();
  directory::Statement statement = statement_after(context, chain, directory::VetoReset{});
  std::optional<directory::VetoNotice> notice;
  if (recovery != nullptr) {
    const auto key = TRY(recovery_key_of(chain, *recovery));
    sign_by_recovery(statement, *recovery, key);
    notice = directory::veto_as_recovery(*view->newest_reset(), key);
  } else {
    statement.signatures.push_back(directory::sign_as_device(statement.content, account.signing_key));
    notice = directory::veto_as_device(*view->newest_reset(), account.signing_key);
  }
  TRY(directory::apply(chain, statement));
  const auto held = veto_of(context.store, account, account.name, notice->request.hash());
  const bool is_ours = held && held->origin != HeldVeto::Origin::told;
  if (is_ours && statements_wait(context.store)) return ok();
  save_statement(context, statement);
  save_veto(context, account, {account.name, *notice, HeldVeto::Origin::own, context.now.ms});
  return ok();
}

Status OwnName::change_reset_delay(Context& context, const Account& account, const directory::RecoverySecret& recovery,
                                   std::uint32_t reset_delay_s) {
  const auto view = views_.view(context.store, account, account.name);
  REQUIRE(view && view->exists() && !statements_wait(context.store), ErrorCode::invalid_state,
          "another change of the name is under way");
  const auto key = TRY(recovery_key_of(view->state(), recovery));
  directory::Statement statement = statement_after(context, view->state(), directory::SetResetDelay{reset_delay_s});
  sign_by_recovery(statement, recovery, key);
  TRY(directory::apply(view->state(), statement));
  save_statement(context, statement);
  return ok();
}

std::optional<PendingReset> OwnName::pending_reset(const StoreView& store, const Account& account) const {
  const auto view = views_.view(store, account, account.name);
  if (!view || !view->state().open_reset() || !view->newest_reset()) return std::nullopt;
  const directory::ResetNotice& notice = *view->newest_reset();
  return PendingReset{notice.hash(), view->state().open_reset()->request.device.id(), Time{notice.requested_ms},
                      Time{notice.matures_ms}};
}

}  // namespace cairn::client
