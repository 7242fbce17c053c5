// Beginning a name. Its recovery key is made and shown before anything is signed with it: a name of which nobody ever
// saw it could never be brought back (docs/adr/0041).
#include "core/base/encoding.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kRegisterWaitMs = 20 * kSecondMs;
/// The delay of new names, unless their owner wants another one (docs/adr/0008).
constexpr std::uint32_t kNoResets = 0;

RpcWait until_registered(const RpcRooms& rooms) {
  RpcWait wait;
  wait.wait_ms = kRegisterWaitMs;
  wait.poll = [rooms](Context& later) -> std::optional<RpcOutcome> {
    const auto account = load_account(later.store);
    const auto& why = rooms.own_name.refusal();
    if (!account && !why) return failure(ErrorCode::not_authorised, rooms.own_name.trouble());
    if (!account) {
      return failure(ErrorCode::not_authorised,
                     *why +
                         " Should the name ever turn out to be yours all the same: the recovery key that was shown "
                         "brings it back (recover).");
    }
    if (is_ready(rooms, account)) {
      return json{{"name", account->name.text()}, {"device", to_hex(account->device_id())}};
    }
    if (why && account->state == AccountState::registering) {
      return failure(ErrorCode::not_authorised, *why +
                                                    " Registering goes on whenever this device runs; register again, "
                                                    "with another --server or --invitation if need be, to try now.");
    }
    return std::nullopt;
  };
  wait.late = [rooms](Context& later) -> RpcOutcome {
    const auto account = load_account(later.store);
    std::string trouble = account ? registering_waits_for(rooms, *account) : rooms.own_name.trouble();
    if (trouble.empty()) trouble = rooms.session.trouble();
    if (trouble.empty()) trouble = "The server does not let others write to the name yet.";
    return failure(ErrorCode::unavailable,
                   trouble +
                       " Registering goes on whenever this device runs; the recovery key that was shown is the "
                       "name's.");
  };
  return wait;
}

/// The name that this device registers already, once more: perhaps with another server, policy or invitation.
RpcBegun register_again(const RpcRooms& rooms, const ClientConfig& config, Context& context, Account account,
                        const json& params) {
  const auto given = optional_recovery_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&given)) return *failed;
  const auto secret = std::get<std::shared_ptr<directory::RecoverySecret>>(given);
  if (secret && !signed_with(context.store, account.name, *secret)) {
    return failure(ErrorCode::conflict, account.name.text() +
                                            " is being registered already, with the recovery key that was shown when "
                                            "that was begun; go on without another one.");
  }
  if (params.contains("reset_delay_days")) {
    const auto delay = delay_param(params, "reset_delay_days", kNoResets);
    if (const auto* failed = std::get_if<RpcFailure>(&delay)) return *failed;
    if (OwnName::signed_delay(context.store) != std::get<std::uint32_t>(delay)) {
      return failure(ErrorCode::conflict, account.name.text() +
                                              " is being registered already, with another delay for resets; change it "
                                              "with reset-delay when you have the name.");
    }
  }
  const directory::Name name = account.name;
  const auto begun = rooms.own_name.begin_again(context, std::move(account), server_url_param(params, name),
                                                policy_param(params, config), text_param(params, "invitation"));
  if (!begun) return policy_failure(begun.error());
  return until_registered(rooms);
}

}  // namespace

std::string registering_waits_for(const RpcRooms& rooms, const Account& account) {
  if (!rooms.own_name.trouble().empty()) return rooms.own_name.trouble();
  if (account.state != AccountState::registering) return {};
  // That there is no such name is what is being mended.
  const auto outcome = rooms.views.outcome(account.name);
  if (!outcome.absent && !outcome.trouble.empty()) return outcome.trouble;
  if (rooms.own_name.is_taken(account)) {
    return "The server has the name, and the auditors of " + account.domain() + " have not vouched for it yet.";
  }
  return "This device waits to hear from " + account.server_url + " that it has the name.";
}

RpcFailure recovery_key_needed() {
  return {ErrorCode::invalid_state,
          "A recovery key is needed: recovery.new makes one; show it to the owner of the name first.",
          json{{"recovery_key_needed", true}}};
}

std::variant<std::shared_ptr<directory::RecoverySecret>, RpcFailure> optional_recovery_param(const json& params) {
  if (!params.contains("recovery_key")) return std::shared_ptr<directory::RecoverySecret>();
  return recovery_param(params);
}

RpcBegun rpc_recovery_new(const RpcRooms&, const ClientConfig&, Context& context, const json&) {
  return json{{"recovery_key", recovery_text(random_secret<directory::RecoverySecret>(context.entropy))}};
}

RpcBegun rpc_register(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params) {
  const std::string typed = text_param(params, "name");
  const auto name = directory::Name::parse(typed);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(typed));
  auto account = load_account(context.store);
  if (account && account->state == AccountState::registering) {
    if (account->name == *name) return register_again(rooms, config, context, std::move(*account), params);
    return failure(ErrorCode::invalid_state, "This device is registering " + account->name.text() +
                                                 ", and keeps its key until that is decided; use another data folder "
                                                 "for another name.");
  }
  const auto delay = delay_param(params, "reset_delay_days", kNoResets);
  if (const auto* failed = std::get_if<RpcFailure>(&delay)) return *failed;
  const auto given = optional_recovery_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&given)) return *failed;
  if (auto blocked = make_way(rooms, context)) return *blocked;
  const auto begun = rooms.own_name.begin(context, typed, server_url_param(params, *name), policy_param(params, config),
                                          text_param(params, "invitation"), std::get<std::uint32_t>(delay),
                                          std::get<std::shared_ptr<directory::RecoverySecret>>(given).get());
  if (!begun && begun.error().code == ErrorCode::not_found) return recovery_key_needed();
  if (!begun) return policy_failure(begun.error());
  return until_registered(rooms);
}

}  // namespace cairn::client
