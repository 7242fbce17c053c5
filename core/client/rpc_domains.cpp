// Methods about other domains: under which policy each is judged, and where its server is.
#include <algorithm>

#include "core/client/domains.h"
#include "core/client/rpc_page.h"

namespace cairn::client {
namespace {

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
  return out;
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
  return page.take("domains");
}

RpcBegun rpc_domain_remove(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const std::string domain = text_param(params, "domain");
  if (!unpin_domain(context, *account, domain)) {
    return failure(ErrorCode::not_found,
                   "Nothing was said of that domain; domain list shows those of which something was.");
  }
  return json{{"domain", domain}};
}

}  // namespace cairn::client
