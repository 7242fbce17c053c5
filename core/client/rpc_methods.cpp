// The table of methods, and what they share.
#include "core/client/rpc_methods.h"

#include "core/client/key_packages.h"
#include "core/client/rpc_page.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// While a look-up is waited for, how often it is seen whether it is to be repeated.
constexpr std::uint64_t kLookAgainMs = 500;

/// The failure of a look-up that is over, if it is one that trying again does not mend.
std::optional<RpcFailure> final_failure(const Views::Outcome& outcome) {
  if (outcome.absent) return failure(ErrorCode::not_found, outcome.trouble);
  if (outcome.refused) return failure(ErrorCode::not_authorised, outcome.trouble);
  return std::nullopt;
}

/// What after_look_up() remembers between its polls.
struct LookUpWait {
  RpcRooms rooms;
  /// Those to be looked up, and how many look-ups of each were accepted before: a clock may be set meanwhile.
  std::map<directory::Name, std::uint64_t> names;
  LookUp how;
  std::function<RpcBegun(Context&, const Account&)> then;
  std::optional<RpcWait> next;  ///< what `then` waits for

  /// Whether the look-up of this name is done; asks for it again where that may help.
  bool done(Context& context, const Account& account, const directory::Name& name, std::uint64_t accepted) const {
    const Views& views = rooms.views;
    if (views.looking_up(name)) return false;
    const Views::Outcome outcome = views.outcome(name);
    if (final_failure(outcome)) return true;
    const bool verified = how == LookUp::anew ? outcome.trouble.empty() && views.accepted(name) > accepted
                                              : views.fresh(context, account, name, kFreshForKnownMs);
    if (verified) return true;
    const Time retry_at = outcome.retry_at;
    if (retry_at == Time::never() || retry_at <= context.now) rooms.views.look_up_now(context, account, name);
    return false;
  }
};

}  // namespace

std::string text_param(const json& params, const char* key) {
  const auto found = params.find(key);
  return found != params.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_param(const json& params, const char* key, std::uint64_t otherwise) {
  const auto found = params.find(key);
  return found != params.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : otherwise;
}

bool yes_param(const json& params, const char* key) {
  const auto found = params.find(key);
  return found != params.end() && found->is_boolean() && found->get<bool>();
}

std::variant<directory::Name, RpcFailure> name_param(const Account& account, const std::string& typed) {
  const bool bare = typed.find('@') == std::string::npos && !typed.empty();
  const std::string whole = bare ? typed + "@" + account.domain() : typed;
  auto name = directory::Name::parse(whole);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(whole));
  return std::move(*name);
}

RpcFailure policy_failure(const Error& error) {
  if (error.code == ErrorCode::invalid_state) {
    return failure(error.code, "This device has a name already; use another data folder for another name.");
  }
  if (error.code == ErrorCode::not_authorised) {
    return failure(error.code, std::string("That policy is too weak (") + error.where +
                                   "); more than half of the auditors must be needed.");
  }
  return failure(error.code, std::string("That did not work (") + error.where + "); check the name and the policy.");
}

std::string server_url_param(const json& params, const directory::Name& name) {
  std::string url = text_param(params, "server_url");
  while (url.ends_with('/')) url.pop_back();
  return url.empty() ? "https://" + std::string(name.domain()) : url;
}

std::string policy_param(const json& params, const ClientConfig& config) {
  std::string policy = text_param(params, "policy");
  return policy.empty() ? config.default_policy_text : policy;
}

bool is_ready(const RpcRooms& rooms, const std::optional<Account>& account) {
  return account && account->state == AccountState::active && rooms.session.caught_up() &&
         rooms.session.server_key_packages() >= kKeyPackagesAtOnce;
}

RpcFailure failure(ErrorCode code, std::string sentence) { return {code, std::move(sentence), nullptr}; }

RpcFailure not_active(const std::optional<Account>& account) {
  if (!account) {
    return failure(ErrorCode::invalid_state, "This device has no name yet; register one, or link it to one.");
  }
  if (account->state == AccountState::removed) {
    return failure(ErrorCode::not_authorised,
                   "This device was removed from its name, and what it has stays readable; if you did not do that, "
                   "take the name back with your recovery key: recover, with another data folder.");
  }
  return failure(ErrorCode::invalid_state, "This device is not active yet; status says what it waits for.");
}

RpcFailure no_conversation(const Error& error, const std::string& words) {
  if (error.code == ErrorCode::conflict) {
    return failure(error.code, "Several conversations are called \"" + words +
                                   "\"; write the whole NAME@DOMAIN, or the id that conversations shows.");
  }
  return failure(error.code, "There is no conversation \"" + words +
                                 "\"; conversations lists them, and send NAME@DOMAIN begins one.");
}

RpcWait after_look_up(const RpcRooms& rooms, Context& context, const Account& account,
                      const std::set<directory::Name>& names, LookUp how, std::uint64_t wait_ms,
                      std::function<RpcBegun(Context&, const Account&)> then) {
  const auto state = std::make_shared<LookUpWait>(LookUpWait{rooms, {}, how, std::move(then), std::nullopt});
  for (const directory::Name& name : names) {
    state->names.emplace(name, rooms.views.accepted(name));
    const bool needed = how == LookUp::anew || !rooms.views.fresh(context, account, name, kFreshForKnownMs);
    if (needed) rooms.views.look_up_now(context, account, name);
  }
  RpcWait wait;
  wait.wait_ms = wait_ms;
  wait.every_ms = kLookAgainMs;
  wait.poll = [state](Context& later) -> std::optional<RpcOutcome> {
    if (state->next) return state->next->poll(later);
    const auto own = load_account(later.store);
    if (!own) return not_active(own);
    bool all_done = true;
    for (const auto& [name, accepted] : state->names) all_done = state->done(later, *own, name, accepted) && all_done;
    if (!all_done) return std::nullopt;
    for (const auto& [name, accepted] : state->names) {
      if (auto failed = final_failure(state->rooms.views.outcome(name))) return std::move(*failed);
    }
    RpcBegun begun = state->then(later, *own);
    state->rooms.conversations.step(later, *own);
    if (auto* result = std::get_if<json>(&begun)) return std::move(*result);
    if (auto* failed = std::get_if<RpcFailure>(&begun)) return std::move(*failed);
    state->next = std::get<RpcWait>(std::move(begun));
    return state->next->poll(later);
  };
  wait.late = [state](Context& later) -> RpcOutcome {
    if (state->next) return state->next->late(later);
    for (const auto& [name, accepted] : state->names) {
      const std::string trouble = state->rooms.views.outcome(name).trouble;
      if (!trouble.empty()) return failure(ErrorCode::unavailable, trouble + " Nothing was done meanwhile.");
    }
    return failure(ErrorCode::unavailable, "The directory did not answer in time, and nothing was done; try again.");
  };
  return wait;
}

std::uint64_t newest_event(const StoreView& store) {
  const auto rows = store.scan(tables::kEvents, {}, {}, 1, Order::descending);
  if (rows.empty()) return 0;
  wire::Reader r(rows.front().key);
  const auto number = r.u64();
  CHECK(number.has_value());
  return *number;
}

const std::map<std::string, RpcEntry, std::less<>>& rpc_methods() {
  static const std::map<std::string, RpcEntry, std::less<>> all = [] {
    auto out = most_methods();
    out.merge(pin_methods());
    out.merge(backup_methods());
    return out;
  }();
  return all;
}

const std::map<std::string, RpcEntry, std::less<>>& most_methods() {
  using Kind = RpcParameter::Kind;
  constexpr auto kRequired = RpcParameter::Need::required;
  constexpr auto kReads = RpcEntry::Store::reads;
  constexpr auto kGrows = RpcEntry::Store::grows;
  const RpcParameter name{"name", Kind::text, kRequired};
  const RpcParameter no_history{"no_history", Kind::yes_or_no};
  static const std::map<std::string, RpcEntry, std::less<>> methods = {
      {"register",
       {rpc_register,
        kGrows,
        {name, {"recovery_key"}, {"server_url"}, {"policy"}, {"invitation"}, {"reset_delay_days", Kind::number}}}},
      {"recovery.new", {rpc_recovery_new, kReads, {}}},
      {"veto", {rpc_veto, kGrows, {{"recovery_key"}}}},
      {"reset", {rpc_reset, kGrows, {name, {"recovery_key"}, {"server_url"}, {"policy"}, {"invitation"}}}},
      {"reset.delay",
       {rpc_reset_delay, kGrows, {{"days", Kind::number, kRequired}, {"recovery_key", Kind::text, kRequired}}}},
      {"recover",
       {rpc_recover,
        kGrows,
        {name,
         {"recovery_key", Kind::text, kRequired},
         {"server_url"},
         {"policy"},
         {"remove_others", Kind::yes_or_no}}}},
      {"link", {rpc_link, kGrows, {name, {"server_url"}, {"policy"}, no_history}}},
      {"link.wait", {rpc_link_wait, kReads, {}}},
      {"device.approve", {rpc_device_approve, kGrows, {{"code", Kind::text, kRequired}, {"confirm"}, no_history}}},
      {"device.list", {rpc_device_list, kReads, {}}},
      {"device.name", {rpc_device_name, kGrows, {{"device", Kind::text, kRequired}, {"name"}}}},
      {"device.remove", {rpc_device_remove, kReads, {{"device", Kind::text, kRequired}}}},
      {"rpc.discover", {rpc_discover, kReads, {}}},
      {"status", {rpc_status, kReads, {}}},
      {"sync", {rpc_sync, kReads, {{"wait_ms", Kind::number}}}},
      {"contact.accept", {rpc_contact_accept, kReads, {name}}},
      {"contact.show", {rpc_contact_show, kReads, {name}}},
      {"contact.verify", {rpc_contact_verify, kReads, {name}}},
      {"gossip.list", {rpc_gossip_list, kReads, page_parameters()}},
      {"gossip.dismiss", {rpc_gossip_dismiss, kReads, {name}}},
      {"evidence.export", {rpc_evidence_export, kReads, {{"domain"}}}},
      {"send",
       {rpc_send,
        kGrows,
        {{"to", Kind::text, kRequired},
         {"text", Kind::text, kRequired},
         {"reply"},
         {"mentions", Kind::texts},
         {"fresh", Kind::yes_or_no},
         {"wait_ms", Kind::number},
         {"key"}}}},
      {"read",
       {rpc_read,
        kReads,
        {{"conversation"}, {"first", Kind::number}, {"limit", Kind::number}, {"mark", Kind::yes_or_no}}}},
      {"follow", {nullptr, kReads, {{"conversation"}, {"since", Kind::number}}}},
      {"conversations", {rpc_conversations, kReads, page_parameters({{"archived", Kind::yes_or_no}})}},
      {"group.create",
       {rpc_group_create, kGrows, {{"title", Kind::text, kRequired}, {"names", Kind::texts, kRequired}}}},
      {"group.add", {rpc_group_add, kGrows, {{"conversation", Kind::text, kRequired}, name}}}};
  static const auto all = [] {
    auto out = methods;
    add_talk_methods(out);
    return out;
  }();
  return all;
}

}  // namespace cairn::client
