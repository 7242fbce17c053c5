// Methods about domains: under which policy another one is judged, and where its server and the own one are.
#include <algorithm>

#include "core/base/encoding.h"
#include "core/client/device_names.h"
#include "core/client/domain_words.h"
#include "core/client/invitation.h"
#include "core/client/rpc_page.h"

namespace cairn::client {
namespace {

/// Where the devices of the own name stand.
directory::NameState own_chain(const StoreView& store, const Account& account, const Views& views) {
  const auto own = views.view(store, account, account.name);
  return own ? own->state() : directory::NameState(account.name);
}

json domain_json(const StoreView& store, const Account& account, const Views& views, const DomainPin& pin) {
  const auto log = views.domain(store, account, pin.domain);
  const auto policy = tlog::ClientPolicy::parse(policy_of(store, account, pin.domain));
  json out = {{"domain", pin.domain},
              {"own_policy", pin.policy_text.empty()},
              {"strength", policy ? policy->strength() : 0},
              {"server_url", pin.server_url.empty() ? "https://" + pin.domain : pin.server_url},
              {"verified_size", log ? log->edge.size() : 0}};
  if (const auto origin = domain_origin(store, account, pin.domain)) {
    out["invited_by"] = origin->name;
    out["invited_ms"] = origin->time_ms;
  }
  if (is_by_another_device(store, account, pin.domain)) {
    const DeviceId by = domain_source(store, account, pin.domain)->by;
    out["device"] = to_hex(by);
    out["device_words"] = device_in_words(store, own_chain(store, account, views), by);
  }
  return out;
}

const char* question_word(DomainQuestionKind kind) {
  switch (kind) {
    case DomainQuestionKind::taken_back: return "taken_back";
    case DomainQuestionKind::removed: return "removed";
    default: return "other_word";
  }
}

/// What another device has said, and what it would be to believe it.
json question_json(const StoreView& store, const Account& account, const directory::NameState& chain,
                   const DomainQuestion& question) {
  const DomainWord& word = question.heard.word;
  json out = {{"domain", word.domain},     {"kind", question_word(question.heard.question)},
              {"device", to_hex(word.by)}, {"seen_ms", word.time_ms},
              {"digest", question.digest}, {"sentence", question_sentence(store, chain, question)}};
  if (!word.said) return out;
  const std::string& text = word.said->policy_text.empty() ? account.policy_text : word.said->policy_text;
  out["own_policy"] = word.said->policy_text.empty();
  out["server_url"] = word.said->server_url.empty() ? "https://" + word.domain : word.said->server_url;
  if (const auto policy = tlog::ClientPolicy::parse(text)) out["policy"] = shown_policy_json(*policy, text);
  if (word.said->origin) out["invited_by"] = word.said->origin->name;
  return out;
}

/// Beside a page of the list, so that both fit into a frame.
constexpr std::size_t kMostQuestionBytes = 200'000;

/// In the status, which has to fit into a frame with all that is worse.
constexpr std::size_t kMostDomainAlarms = 16;

/// As many as fit: when one is decided there is room for the next.
void add_questions(const StoreView& store, const Account& account, const Views& views, json& out) {
  const directory::NameState chain = own_chain(store, account, views);
  json questions = json::array();
  std::size_t bytes = 0;
  std::size_t left_out = 0;
  for (const DomainQuestion& one : domain_questions(store, account)) {
    json question = question_json(store, account, chain, one);
    bytes += question.dump().size();
    if (bytes > kMostQuestionBytes && !questions.empty()) {
      ++left_out;
    } else {
      questions.push_back(std::move(question));
    }
  }
  out["questions"] = std::move(questions);
  if (left_out > 0) out["questions_left_out"] = left_out;
}

RpcFailure pin_failure(const Error& error, const std::string& domain) {
  if (error.code == ErrorCode::invalid_state) {
    return failure(error.code, domain + " is the domain of this device's own name, whose policy was chosen with it.");
  }
  if (error.code == ErrorCode::invalid_name) {
    return failure(error.code, "\"" + domain + "\" is no domain; write it as behind the @ of a name.");
  }
  return policy_failure(error);
}

RpcBegun after_judging_again(const RpcRooms& rooms, Context& context, const Account& account, const DomainPin& pin) {
  const std::set<directory::Name> names = judge_again(rooms, context, account, pin.domain);
  const auto answer = [rooms, pin](Context& later) -> RpcOutcome {
    const auto own = load_account(later.store);
    if (!own) return not_active(own);
    return domain_json(later.store, *own, rooms.views, pin);
  };
  RpcWait wait;
  wait.poll = [rooms, names, answer](Context& later) -> std::optional<RpcOutcome> {
    const auto is_asked = [&](const directory::Name& name) { return rooms.views.looking_up(name); };
    if (std::any_of(names.begin(), names.end(), is_asked)) return std::nullopt;
    return answer(later);
  };
  wait.late = answer;
  wait.wait_ms = kLookUpWaitMs;
  return wait;
}

}  // namespace

std::set<directory::Name> judge_again(const RpcRooms& rooms, Context& context, const Account& account,
                                      std::string_view domain) {
  std::set<directory::Name> names;
  for (const Conversation& one : rooms.conversations.list(context.store)) {
    for (const std::string& text : one.names) {
      auto name = directory::Name::from(text);
      if (name && name->domain() == domain) names.insert(std::move(*name));
    }
  }
  for (const directory::Name& name : names) rooms.views.look_up_now(context, account, name);
  return names;
}

RpcBegun rpc_domain_add(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  DomainPin pin{text_param(params, "domain"), text_param(params, "policy"), text_param(params, "server_url")};
  while (pin.server_url.ends_with('/')) pin.server_url.pop_back();
  const auto pinned = pin_domain(context, *account, pin);
  if (!pinned) return pin_failure(pinned.error(), pin.domain);
  note_said_here(context, *account, pin.domain);
  return after_judging_again(rooms, context, *account, pin);
}

RpcBegun rpc_domain_list(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  auto asked = Page::of(params);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  Page& page = std::get<Page>(asked);
  for (const DomainPin& pin : domain_pins(context.store)) {
    if (!page.wants(as_bytes(pin.domain))) continue;
    page.add(as_bytes(pin.domain), domain_json(context.store, *account, rooms.views, pin));
  }
  json out = page.take("domains");
  add_questions(context.store, *account, rooms.views, out);
  return out;
}

RpcBegun rpc_domain_remove(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const std::string domain = text_param(params, "domain");
  if (!unpin_domain(context, *account, domain)) {
    if (keep_own_domain(context, *account, domain)) return json{{"domain", domain}};  // that nothing counts
    return failure(ErrorCode::not_found,
                   "Nothing was said of that domain; domain list shows those of which something was.");
  }
  note_said_here(context, *account, domain);
  return json{{"domain", domain}};
}

RpcBegun rpc_domain_confirm(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string domain = text_param(params, "domain");
  const auto question = domain_question(context.store, *account, domain, text_param(params, "digest"));
  if (!question) {
    return failure(
        ErrorCode::conflict,
        "Nothing with that number is to be decided of that domain, or it is something else by now; domain list "
        "shows what is.");
  }
  const auto taken = take_domain_word(context, *account, *question);
  if (!taken) return pin_failure(taken.error(), domain);
  const auto pin = domain_pin(context.store, *account, domain);
  if (pin) return after_judging_again(rooms, context, *account, *pin);
  return json{{"domain", domain}};
}

RpcBegun rpc_domain_keep(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string domain = text_param(params, "domain");
  if (!keep_own_domain(context, *account, domain)) {
    return failure(ErrorCode::not_found, "Nothing is to be decided of that domain; domain list shows what is.");
  }
  const auto pin = domain_pin(context.store, *account, domain);
  if (pin) return domain_json(context.store, *account, rooms.views, *pin);
  return json{{"domain", domain}};
}

RpcBegun rpc_domain_server(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  std::string url = server_url_param(params, account->name);
  if (!is_told_address(url)) {
    return failure(ErrorCode::malformed, "Write the address as https://HOST, or https://HOST:PORT.");
  }
  if (url != account->server_url) {
    account->server_url = std::move(url);
    save_account(context, *account);
    rooms.session.server_moved(context);
  }
  return json{{"domain", account->domain()}, {"server_url", account->server_url}};
}

void add_domain_alarms(const StoreView& store, const Account& account, const directory::NameState& chain,
                       std::vector<json>& alarms) {
  std::size_t shown = 0;
  std::size_t more = 0;
  std::uint64_t seen_ms = 0;
  for (const DomainQuestion& one : domain_questions(store, account)) {
    if (shown == kMostDomainAlarms) {
      ++more;
      seen_ms = std::max(seen_ms, one.heard.word.time_ms);
      continue;
    }
    ++shown;
    alarms.push_back({{"kind", "domain"},
                      {"device", to_hex(one.heard.word.by)},
                      {"seen_ms", one.heard.word.time_ms},
                      {"domain", one.heard.word.domain},
                      {"digest", one.digest},
                      {"sentence", question_sentence(store, chain, one)}});
  }
  if (more == 0) return;
  alarms.push_back({{"kind", "domain"},
                    {"device", to_hex(account.device_id())},
                    {"seen_ms", seen_ms},
                    {"more", more},
                    {"sentence", "Of what your devices say of other domains you have to decide " +
                                     std::to_string(more) + " more; domain list shows it."}});
}

}  // namespace cairn::client
