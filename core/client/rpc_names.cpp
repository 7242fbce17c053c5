// Methods about names: registering, linking, devices, contacts, and how things stand.
#include "core/base/encoding.h"
#include "core/client/device_names.h"
#include "core/client/key_packages.h"
#include "core/client/rpc_methods.h"
#include "core/client/tables.h"
#include "core/directory/statement.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kLookupWaitMs = 15 * kSecondMs;
constexpr std::uint64_t kSyncWaitMs = 5 * kSecondMs;
constexpr std::uint64_t kMaxSyncWaitMs = 10 * kMinuteMs;
/// A statement that the server has taken is looked for this often.
constexpr std::uint64_t kEpochPollMs = 500;
constexpr const char* kApproval = "this device will read everything";

const char* state_word(AccountState state) {
  switch (state) {
    case AccountState::registering: return "registering";
    case AccountState::linking: return "linking";
    case AccountState::active: return "active";
    case AccountState::removed: return "removed";
    case AccountState::recovering: return "recovering";
    case AccountState::resetting: return "resetting";
  }
  return "unknown";
}

HistoryChoice history_param(const json& params) {
  return yes_param(params, "no_history") ? HistoryChoice::settings_alone : HistoryChoice::everything;
}

/// What this device gives to those that it let in.
json given_json(const RpcRooms& rooms, const StoreView& store) {
  json out = json::array();
  for (const HistoryGive& give : load_gives(store)) {
    const bool waits = give.stage == HistoryGive::Stage::awaited;
    json one = {{"to", to_hex(give.to)},
                {"state", waits ? "waiting" : "running"},
                {"given", give.given},
                {"messages", give.total}};
    if (!waits && !rooms.own_devices.giver().trouble().empty()) one["trouble"] = rooms.own_devices.giver().trouble();
    out.push_back(std::move(one));
  }
  return out;
}

/// What its owner said in conversations that cannot be written to just now, and why that is so in the first of them;
/// null for nothing.
json waiting_json(const RpcRooms& rooms, const StoreView& store) {
  std::map<ChannelId, std::size_t> waiting;
  for (const Row& row : store.scan(tables::kOutbox, {}, {}, ~std::size_t{0})) {
    const auto entry = wire::decode<OutboxEntry>(row.value);
    const auto home = ChannelId::from(ByteView(row.key).first(ChannelId::kSize));
    if (entry && home && entry->message != kNoMessage) ++waiting[*home];
  }
  std::erase_if(waiting, [&](const auto& one) { return rooms.conversations.trouble(store, one.first).empty(); });
  if (waiting.empty()) return nullptr;
  std::size_t messages = 0;
  for (const auto& [home, count] : waiting) messages += count;
  const ChannelId& first = waiting.begin()->first;
  return {{"messages", messages},
          {"conversations", waiting.size()},
          {"conversation", to_hex(first)},
          {"trouble", rooms.conversations.trouble(store, first)}};
}

json contact_json(const RpcRooms& rooms, Context& context, const Account& account, const directory::Name& name) {
  json out = {{"name", name.text()}, {"trouble", rooms.views.outcome(name).trouble}};
  const auto view = rooms.views.view(context.store, account, name);
  const auto evidence = rooms.views.evidence(context.store, account, name);
  if (!view || !view->exists() || !evidence) return out;
  json devices = json::array();
  for (const auto& device : view->state().devices()) {
    devices.push_back({{"id", to_hex(device.id)}, {"active", device.active()}, {"added", device.added}});
  }
  out["devices"] = devices;
  out["devices_active"] = view->state().active_count();
  out["statements"] = view->count();
  out["head"] = to_hex(view->head());
  out["vouched_ms"] = view->time_s() * kSecondMs;
  out["verified_ms"] = evidence->verified.ms;
  out["log_size"] = view->checkpoint().tree.size;
  out["log_origin"] = view->checkpoint().origin;
  out["cosigners"] = evidence->cosigners;
  out["answer_bytes"] = evidence->answer_bytes;
  out["statement_bytes"] = evidence->statement_bytes;
  if (const auto log = rooms.views.domain(context.store, account, name.domain())) {
    out["age_ms"] = view->age_ms(log->trusted_now(context.now));
  }
  out["resets"] = view->completed_resets();
  out["reset_delay_days"] = view->state().reset_delay_s() / kDayS;
  if (const auto& open = view->state().open_reset(); open && view->newest_reset()) {
    out["reset"] = {{"device", to_hex(open->request.device.id())}, {"matures_ms", view->newest_reset()->matures_ms}};
  }
  out["accepted"] = !rooms.views.awaits_admission(context.store, account, name);
  return out;
}

/// Signs the removal and brings it to the directory; answers when a verified view shows it.
RpcBegun remove_device(const RpcRooms& rooms, Context& context, const Account& account, const DeviceId& device) {
  const auto view = rooms.views.view(context.store, account, account.name);
  if (!view || !view->state().is_active(device)) {
    return failure(ErrorCode::not_found, "That is no active device of yours; device list shows their ids.");
  }
  if (view->state().open_reset()) return reset_is_open(account);
  if (view->state().active_count() == 1) {
    return failure(ErrorCode::not_authorised,
                   "The last device of a name goes only by its recovery key; link another one first.");
  }
  directory::Statement statement{
      {account.name, view->count(), view->head(), context.now.ms, random_value<Nonce16>(context.entropy), std::nullopt,
       directory::RemoveDevice{device}},
      {}};
  statement.signatures.push_back(directory::sign_as_device(statement.content, account.signing_key));
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathStatement);
  call.body = wire::encode(proto::StatementRequest{wire::encode(statement), {}, {}});
  const auto answered = std::make_shared<std::optional<RpcOutcome>>();
  rooms.calls.start(context, "", std::move(call), [answered](Context&, const Answer& answer) {
    *answered = answer.body ? RpcOutcome(json())
                            : failure(answer.body.error().code,
                                      answer.message.empty() ? "The server cannot be reached; look with device list "
                                                               "whether it was removed, and try again."
                                                             : answer.message);
  });
  RpcWait wait;
  wait.poll = [rooms, answered, device](Context& later) -> std::optional<RpcOutcome> {
    if (!*answered) return std::nullopt;
    if (std::holds_alternative<RpcFailure>(**answered)) return **answered;
    const auto own = load_account(later.store);
    if (!own) return not_active(own);
    const auto now = rooms.views.view(later.store, *own, own->name);
    if (now && !now->state().is_active(device)) return json{{"device", to_hex(device)}};
    // The statement waits for its epoch.
    const auto evidence = rooms.views.evidence(later.store, *own, own->name);
    const bool due = !evidence || after(evidence->verified, kEpochPollMs) <= later.now;
    if (due) rooms.views.look_up_now(later, *own, own->name);
    return std::nullopt;
  };
  wait.late = [](Context&) -> RpcOutcome {
    return failure(ErrorCode::unavailable,
                   "The server has the removal, but it is in no vouched-for epoch yet; look again with device list.");
  };
  return wait;
}

/// The device of the own name that a person means: by its id, or by its first digits where only it has them.
std::variant<DeviceId, RpcFailure> device_param(const RpcRooms& rooms, const StoreView& store, const Account& account,
                                                const std::string& words) {
  const auto bytes = from_hex(words);
  const auto whole = bytes ? DeviceId::from(*bytes) : Result<DeviceId>(fail(ErrorCode::malformed, "device id"));
  if (whole) return *whole;
  const auto view = rooms.views.view(store, account, account.name);
  std::set<DeviceId> meant;
  if (view && words.size() >= kLeastDeviceDigits) {
    for (const auto& device : view->state().devices()) {
      if (to_hex(device.id).starts_with(words)) meant.insert(device.id);
    }
  }
  if (meant.size() == 1) return *meant.begin();
  if (meant.empty()) return failure(ErrorCode::malformed, "That is no id of a device; device list shows them.");
  return failure(ErrorCode::conflict, "The ids of several devices begin like that; give more digits of it.");
}

RpcFailure device_name_failure(const Error& error) {
  if (error.code == ErrorCode::not_found) {
    return failure(error.code, "That is no device of yours that is known here; device list shows their ids.");
  }
  if (error.code == ErrorCode::duplicate) {
    return failure(error.code, "Another device is called that here already; choose another name.");
  }
  return failure(error.code, "That is no name for a device: at most 64 bytes of text without control characters.");
}

}  // namespace

json policy_json(const tlog::ClientPolicy& policy) {
  return {{"auditors", policy.auditors_named()},
          {"auditors_needed", policy.auditors_needed()},
          {"cosigners", policy.policy().witnesses().size()},
          {"strength", policy.strength()}};
}

json shown_policy_json(const tlog::ClientPolicy& policy, const std::string& text) {
  json out = policy_json(policy);
  out["text"] = text;
  out["witnesses"] = json::array();
  for (const tlog::Policy::Witness& one : policy.policy().witnesses()) {
    json witness = {{"name", one.name}, {"key", one.key.to_text()}, {"auditor", policy.is_auditor(one.key.key())}};
    if (!one.url.empty()) witness["url"] = one.url;
    out["witnesses"].push_back(std::move(witness));
  }
  return out;
}

json history_json(const HistoryTake& take) {
  const bool is_over = take.stage == HistoryTake::Stage::over;
  json out = {{"state", take.stage == HistoryTake::Stage::awaited ? "waiting"
                        : is_over                                 ? "done"
                                                                  : "running"},
              {"from", to_hex(take.from)},
              {"taken", take.taken},
              {"messages", take.total}};
  if (take.choice == HistoryChoice::settings_alone) out["settings_alone"] = true;
  if (is_over) out["ended_ms"] = take.ended_ms;
  if (!take.trouble.empty()) out["trouble"] = take.trouble;
  return out;
}

RpcBegun rpc_link(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params) {
  const std::string typed = text_param(params, "name");
  const auto name = directory::Name::parse(typed);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(typed));
  rooms.own_name.abandon_unsigned(context);
  const auto code = rooms.links.begin(context, typed, server_url_param(params, *name), policy_param(params, config),
                                      history_param(params));
  if (!code) return policy_failure(code.error());
  return json{{"code", *code}, {"name", name->text()}};
}

RpcBegun rpc_link_wait(const RpcRooms& rooms, const ClientConfig&, Context&, const json&) {
  RpcWait wait;
  wait.wait_ms = kLinkLifeMs + kMinuteMs;
  wait.poll = [rooms](Context& later) -> std::optional<RpcOutcome> {
    const auto account = load_account(later.store);
    if (!account) return failure(ErrorCode::invalid_state, "No link is under way; begin with link.");
    if (is_ready(rooms, account)) return json{{"name", account->name.text()}, {"device", to_hex(account->device_id())}};
    const auto progress = rooms.links.progress(later.store, account->signing_key.public_key());
    if (progress && progress->failed) return failure(ErrorCode::not_authorised, progress->sentence);
    return std::nullopt;
  };
  wait.late = [](Context&) -> RpcOutcome {
    return failure(ErrorCode::unavailable, "Nobody approved this device; link it again.");
  };
  return wait;
}

RpcBegun rpc_device_approve(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  if (text_param(params, "confirm") != kApproval) {
    return failure(
        ErrorCode::not_authorised,
        std::string(
            "The new device will read everything, past and future, or with no_history from now on; confirm with "
            "\"") +
            kApproval + "\".");
  }
  if (rooms.own_name.pending_reset(context.store, *account)) return reset_is_open(*account);
  const auto key = rooms.links.approve(context, *account, text_param(params, "code"), history_param(params));
  if (!key) {
    if (key.error().code == ErrorCode::duplicate) return failure(key.error().code, "That device is in already.");
    return failure(key.error().code, "That is no code of a device; copy it whole, as the new device shows it.");
  }
  OwnName::expect_device(context, directory::device_id(*key));
  RpcWait wait;
  wait.wait_ms = kLinkLifeMs + kMinuteMs;
  wait.poll = [rooms, key = *key](Context& later) -> std::optional<RpcOutcome> {
    const auto progress = rooms.links.progress(later.store, key);
    if (!progress) return json{{"device", to_hex(directory::device_id(key))}};
    if (progress->failed) return failure(ErrorCode::not_authorised, progress->sentence);
    return std::nullopt;
  };
  wait.late = [](Context&) -> RpcOutcome {
    return failure(ErrorCode::unavailable, "The new device did not answer; show a new code there and try again.");
  };
  return wait;
}

RpcBegun rpc_device_list(const RpcRooms& rooms, const ClientConfig&, Context& context, const json&) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  json devices = json::array();
  const auto view = rooms.views.view(context.store, *account, account->name);
  if (view) {
    for (const auto& device : view->state().devices()) {
      devices.push_back(
          {{"id", to_hex(device.id)}, {"active", device.active()}, {"own", device.id == account->device_id()}});
      const std::string called = device_name(context.store, device.id);
      if (!called.empty()) devices.back()["name"] = called;
    }
  }
  return json{{"name", account->name.text()}, {"devices", devices}};
}

RpcBegun rpc_device_remove(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const auto meant = device_param(rooms, context.store, *account, text_param(params, "device"));
  if (const auto* no = std::get_if<RpcFailure>(&meant)) return *no;
  // The statement must stand at the end of the chain as it is now.
  return after_look_up(rooms, context, *account, {account->name}, LookUp::anew, kLookupWaitMs,
                       [rooms, device = std::get<DeviceId>(meant)](Context& later, const Account& own) {
                         return remove_device(rooms, later, own, device);
                       });
}

RpcBegun rpc_device_name(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto meant = device_param(rooms, context.store, *account, text_param(params, "device"));
  if (const auto* no = std::get_if<RpcFailure>(&meant)) return *no;
  const std::string name = text_param(params, "name");
  const auto set = set_device_name(context, std::get<DeviceId>(meant), name);
  if (!set) return device_name_failure(set.error());
  return json{{"device", to_hex(std::get<DeviceId>(meant))}, {"name", name}};
}

RpcBegun rpc_status(const RpcRooms& rooms, const ClientConfig&, Context& context, const json&) {
  const auto account = load_account(context.store);
  if (!account) {
    const std::string why = farewell(context.store);
    return why.empty() ? json{{"state", "none"}} : json{{"state", "none"}, {"trouble", why}};
  }
  json out = {{"state", state_word(account->state)},    {"name", account->name.text()},
              {"device", to_hex(account->device_id())}, {"server_url", account->server_url},
              {"connected", rooms.session.caught_up()}, {"key_packages", rooms.session.server_key_packages()}};
  std::string trouble = registering_waits_for(rooms, *account);
  if (trouble.empty()) trouble = rooms.views.outcome(account->name).trouble;
  if (trouble.empty() && !rooms.session.connected()) trouble = rooms.session.trouble();
  const auto link = rooms.links.progress(context.store, account->signing_key.public_key());
  if (link && !link->sentence.empty()) trouble = link->sentence;
  out["trouble"] = trouble;
  if (json waiting = waiting_json(rooms, context.store); !waiting.is_null()) out["waiting"] = std::move(waiting);
  if (const auto policy = tlog::ClientPolicy::parse(account->policy_text)) {
    out["policy"] = policy_json(*policy);
  }
  json alarms = alarms_json(rooms, context.store, *account, context.now);
  add_gossip_alarms(context.store, alarms);
  out["alarms"] = alarms;
  if (const auto take = load_take(context.store)) out["history"] = history_json(*take);
  if (json given = given_json(rooms, context.store); !given.empty()) out["history_given"] = std::move(given);
  const auto view = rooms.views.view(context.store, *account, account->name);
  if (view && view->exists()) out["reset_delay_days"] = view->state().reset_delay_s() / kDayS;
  const auto reset = rooms.own_name.pending_reset(context.store, *account);
  if (reset && reset->is_of(*account)) {
    out["reset"] = {{"requested_ms", reset->requested.ms}, {"matures_ms", reset->matures.ms}};
  }
  if (reset && veto_of(context.store, *account, account->name, reset->request)) {
    out["veto"] = veto_json(rooms, context.store, *account, reset->request);
  }
  return out;
}

RpcBegun rpc_sync(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  RpcWait wait;
  wait.wait_ms = std::min(number_param(params, "wait_ms", kSyncWaitMs), kMaxSyncWaitMs);
  wait.poll = [rooms](Context& later) -> std::optional<RpcOutcome> {
    const bool done = rooms.session.caught_up() && later.store.scan(tables::kInbox, {}, {}, 1).empty();
    return done ? std::optional<RpcOutcome>(json{{"connected", true}}) : std::nullopt;
  };
  wait.late = [rooms](Context&) -> RpcOutcome {
    const std::string trouble = rooms.session.trouble();
    return failure(ErrorCode::unavailable,
                   trouble.empty() ? "Not everything has come from the server yet; ask again later." : trouble);
  };
  return wait;
}

RpcBegun rpc_contact_show(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto& whose = std::get<directory::Name>(name);
  const auto view = rooms.views.view(context.store, *account, whose);
  if (!view || !view->exists())
    return failure(ErrorCode::not_found,
                   "Nothing was verified about " + whose.text() + " yet; contact verify looks them up.");
  return contact_json(rooms, context, *account, whose);
}

RpcBegun rpc_contact_accept(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto& whose = std::get<directory::Name>(name);
  if (!rooms.views.awaits_admission(context.store, *account, whose)) {
    return failure(ErrorCode::invalid_state, "There is nothing to accept about " + whose.text() + ".");
  }
  rooms.views.admit(context, *account, whose);
  return contact_json(rooms, context, *account, whose);
}

RpcBegun rpc_contact_verify(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto whose = std::get<directory::Name>(name);
  return after_look_up(rooms, context, *account, {whose}, LookUp::anew, kLookupWaitMs,
                       [rooms, whose](Context& later, const Account& own) -> RpcBegun {
                         return contact_json(rooms, later, own, whose);
                       });
}

}  // namespace cairn::client
