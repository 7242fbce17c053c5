// A name whose devices are lost comes back to its owner, who has the recovery key.
#include "core/base/encoding.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kRecoverWaitMs = 30 * kSecondMs;

RpcFailure gone(const RpcRooms& rooms) {
  return failure(ErrorCode::not_authorised, rooms.own_name.trouble().empty() ? "The name was not recovered; try again."
                                                                             : rooms.own_name.trouble());
}

/// Until this device is active, and all that was to be said stands in the chain.
RpcWait until_recovered(const RpcRooms& rooms, bool remove_others) {
  RpcWait wait;
  wait.wait_ms = kRecoverWaitMs;
  wait.poll = [rooms, remove_others](Context& later) -> std::optional<RpcOutcome> {
    const auto account = load_account(later.store);
    if (!account) return gone(rooms);
    if (const auto& why = rooms.own_name.refusal()) {
      return failure(ErrorCode::not_authorised, *why +
                                                    " What was signed is kept and sent again whenever this device "
                                                    "runs; type the same again to try now.");
    }
    if (!is_ready(rooms, account) || OwnName::statements_wait(later.store)) return std::nullopt;
    const auto view = rooms.views.view(later.store, *account, account->name);
    const std::size_t active = view ? view->state().active_count() : 0;
    if (remove_others && active != 1) {
      return failure(ErrorCode::conflict,
                     "This device is in, but another one changed the name at the same moment, and others are still "
                     "active; shut them out with device remove.");
    }
    return json{{"name", account->name.text()}, {"device", to_hex(account->device_id())}, {"devices_active", active}};
  };
  wait.late = [rooms](Context&) -> RpcOutcome {
    const std::string trouble = rooms.own_name.trouble();
    return failure(ErrorCode::unavailable, (trouble.empty() ? "It is in no vouched-for directory yet." : trouble) +
                                               " Recovering goes on whenever this device runs.");
  };
  return wait;
}

/// As it is where a recovery was interrupted when the name had come back, and the messages had not.
bool has_it(const StoreView& store, const directory::Name& name) {
  const auto account = load_account(store);
  return account && account->state == AccountState::active && account->name == name;
}

}  // namespace

RpcWait or_abandon(const RpcRooms& rooms, RpcWait wait) {
  wait.poll = [rooms, poll = std::move(wait.poll)](Context& later) {
    auto outcome = poll(later);
    if (outcome && std::holds_alternative<RpcFailure>(*outcome)) rooms.own_name.abandon_unsigned(later);
    return outcome;
  };
  wait.late = [rooms, late = std::move(wait.late)](Context& later) {
    auto outcome = late(later);
    rooms.own_name.abandon_unsigned(later);
    return outcome;
  };
  return wait;
}

std::variant<std::shared_ptr<directory::RecoverySecret>, RpcFailure> recovery_param(const json& params) {
  auto secret = parse_recovery_text(text_param(params, "recovery_key"));
  if (secret) return std::make_shared<directory::RecoverySecret>(std::move(*secret));
  return failure(
      ErrorCode::malformed,
      "That is no recovery key: eight groups of five letters and digits, as they were shown; look for a slip.");
}

std::optional<RpcFailure> make_way(const RpcRooms& rooms, Context& context) {
  rooms.own_name.abandon_unsigned(context);
  if (!rooms.links.abandon(context)) {
    return failure(ErrorCode::invalid_state, "This device is being linked to a name just now; wait for that.");
  }
  const auto account = load_account(context.store);
  const bool waits = account && OwnName::statements_wait(context.store) &&
                     (account->state == AccountState::recovering || account->state == AccountState::resetting);
  if (!waits) return std::nullopt;
  return failure(ErrorCode::invalid_state,
                 std::string(account->state == AccountState::recovering ? "The recovery" : "The reset") + " of " +
                     account->name.text() +
                     " is signed and waits for its directory, and this device keeps its key until that is decided; use "
                     "another data folder for another name.");
}

RpcBegun rpc_recover(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params) {
  const std::string typed = text_param(params, "name");
  const auto name = directory::Name::parse(typed);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(typed));
  auto given = recovery_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&given)) return *failed;
  if (rooms.own_name.send_again(context, AccountState::recovering, *name, {})) {
    return until_recovered(rooms, yes_param(params, "remove_others"));
  }
  if (auto blocked = make_way(rooms, context)) return *blocked;
  if (has_it(context.store, *name)) {
    return failure(ErrorCode::invalid_state,
                   "This device has a name already, and it is this one; what its backup has, if that did not come yet, "
                   "comes with: backup restore --recovery-key.");
  }
  const auto begun =
      rooms.own_name.begin_recovery(context, typed, server_url_param(params, *name), policy_param(params, config));
  if (!begun) return policy_failure(begun.error());
  const auto account = load_account(context.store);
  if (!account) return failure(ErrorCode::internal, "The name could not be begun; try again.");
  const auto shared = std::get<std::shared_ptr<directory::RecoverySecret>>(std::move(given));  // wiped with the wait
  const bool remove_others = yes_param(params, "remove_others");
  return or_abandon(
      rooms, after_look_up(rooms, context, *account, {*name}, LookUp::anew, kLookUpWaitMs,
                           [rooms, shared, remove_others](Context& later, const Account& own) -> RpcBegun {
                             const auto signed_now = rooms.own_name.recover(later, own, *shared, remove_others);
                             if (signed_now) return until_recovered(rooms, remove_others);
                             rooms.own_name.abandon_unsigned(later);
                             if (signed_now.error().code == ErrorCode::not_found) {
                               return failure(ErrorCode::not_authorised,
                                              "That is the recovery key of another name than " + own.name.text() + ".");
                             }
                             return failure(signed_now.error().code, "The name " + own.name.text() +
                                                                         " cannot take another device just now (" +
                                                                         signed_now.error().where + ").");
                           }));
}

}  // namespace cairn::client
