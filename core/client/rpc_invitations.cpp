// Methods about invitation links: making one, saying what one holds, and taking one up.
#include "core/base/encoding.h"
#include "core/client/domains.h"
#include "core/client/invitation.h"
#include "core/client/requests.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

/// A link that somebody has, and how it goes with what counts here.
struct OpenedLink {
  Account account;
  Invitation invitation;
  InvitedPolicy policy = InvitedPolicy::unknown;
  std::optional<DomainPin> pin;  ///< what taking it up would pin, if anything

  std::string domain() const { return std::string(invitation.name.domain()); }
};

RpcFailure link_failure(const Error& error) {
  if (error.code == ErrorCode::unsupported) {
    return failure(error.code, "This link was made by a newer version of Cairn; update this one to take it up.");
  }
  if (error.code == ErrorCode::not_authorised) {
    return failure(error.code, std::string("The policy in this link is too weak (") + error.where +
                                   "); ask who sent it for another one.");
  }
  return failure(ErrorCode::malformed,
                 "This is no whole invitation link, or it was mistyped; copy it again, from cairn: to its end.");
}

/// Never for the own domain, nor against what is pinned; an address that its owner typed stays.
std::optional<DomainPin> pin_of_link(const StoreView& store, const Account& account, const Invitation& invitation,
                                     InvitedPolicy policy) {
  const std::string domain(invitation.name.domain());
  if (domain == account.domain() || policy == InvitedPolicy::different) return std::nullopt;
  const DomainPin before = domain_pin(store, account, domain).value_or(DomainPin{domain, {}, {}});
  DomainPin out = before;
  if (policy == InvitedPolicy::unknown) out.policy_text = invitation.policy_text;
  if (out.server_url.empty()) out.server_url = invitation.server_url;
  if (out.policy_text == before.policy_text && out.server_url == before.server_url) return std::nullopt;
  return out;
}

std::variant<OpenedLink, RpcFailure> link_param(const StoreView& store, const json& params) {
  auto account = load_account(store);
  if (!account || account->state != AccountState::active) return not_active(account);
  auto invitation = parse_invitation(text_param(params, "link"));
  if (!invitation) return link_failure(invitation.error());
  const InvitedPolicy policy = compare_policy(store, *account, *invitation);
  auto pin = pin_of_link(store, *account, *invitation, policy);
  return OpenedLink{std::move(*account), std::move(*invitation), policy, std::move(pin)};
}

const char* policy_word(InvitedPolicy policy) {
  switch (policy) {
    case InvitedPolicy::same: return "same";
    case InvitedPolicy::different: return "different";
    case InvitedPolicy::unknown: return "unknown";
  }
  return "unknown";
}

/// Whom the link asks to believe, each by its name in the policy and by its key.
json invited_policy_json(const Invitation& invitation) {
  const auto policy = tlog::ClientPolicy::parse(invitation.policy_text);
  CHECK(policy.has_value());
  json out = policy_json(*policy);
  out["text"] = invitation.policy_text;
  out["witnesses"] = json::array();
  for (const tlog::Policy::Witness& one : policy->policy().witnesses()) {
    json witness = {{"name", one.name}, {"key", one.key.to_text()}, {"auditor", policy->is_auditor(one.key.key())}};
    if (!one.url.empty()) witness["url"] = one.url;
    out["witnesses"].push_back(std::move(witness));
  }
  return out;
}

json link_json(const OpenedLink& opened) {
  const std::string& url = opened.invitation.server_url;
  return {{"kind", "person"},
          {"name", opened.invitation.name.text()},
          {"domain", opened.domain()},
          {"server_url", url.empty() ? "https://" + opened.domain() : url},
          {"policy", invited_policy_json(opened.invitation)},
          {"known", policy_word(opened.policy)},
          {"own_domain", opened.domain() == opened.account.domain()},
          {"pins", opened.pin.has_value()}};
}

RpcFailure other_policy(const OpenedLink& opened) {
  const std::string domain = opened.domain();
  const std::string name = opened.invitation.name.text();
  if (domain == opened.account.domain()) {
    return failure(ErrorCode::conflict,
                   "This link has another policy for your own domain than this device; nothing "
                   "was changed. send " +
                       name + " writes to them under yours.");
  }
  return failure(ErrorCode::conflict, "This link has another policy for " + domain +
                                          " than the one that counts here; nothing was changed. Ask " + name +
                                          " another way whether it is right, and say so with domain add.");
}

/// Why this link cannot be taken up, whatever its owner says.
std::optional<RpcFailure> why_not_taken(const StoreView& store, const OpenedLink& opened) {
  const directory::Name& name = opened.invitation.name;
  if (name == opened.account.name) {
    return failure(ErrorCode::invalid_name, "That is a link of your own name; give it to who is to write to you.");
  }
  if (contact_of(store, opened.account, name.text()).is_blocked) {
    return failure(ErrorCode::not_authorised, "You have blocked " + name.text() + "; unblock them first.");
  }
  if (opened.policy == InvitedPolicy::different) return other_policy(opened);
  return std::nullopt;
}

/// Goes on as `wait`; where the name does not turn out to be right, what counted for its domain counts again.
RpcWait or_put_back(RpcWait wait, const std::shared_ptr<bool>& is_right, std::function<void(Context&)> put_back) {
  const auto judged = [is_right, put_back](Context& later, RpcOutcome outcome) {
    auto* failed = std::get_if<RpcFailure>(&outcome);
    if (failed == nullptr || *is_right) return outcome;
    put_back(later);
    failed->sentence += " Nothing was pinned.";
    return outcome;
  };
  wait.poll = [judged, poll = std::move(wait.poll)](Context& later) -> std::optional<RpcOutcome> {
    auto outcome = poll(later);
    if (!outcome) return std::nullopt;
    return judged(later, std::move(*outcome));
  };
  wait.late = [judged, late = std::move(wait.late)](Context& later) { return judged(later, late(later)); };
  return wait;
}

/// Pins what the link says; gives what undoes that.
std::variant<std::function<void(Context&)>, RpcFailure> pin_by_link(const RpcRooms& rooms, Context& context,
                                                                    const OpenedLink& opened) {
  const std::string domain = opened.domain();
  const auto before = domain_pin(context.store, opened.account, domain);
  const auto origin = domain_origin(context.store, opened.account, domain);
  const auto pinned = pin_domain(context, opened.account, *opened.pin);
  if (!pinned) return policy_failure(pinned.error());
  note_origin(context, opened.account, domain, {opened.invitation.name.text(), context.now.ms});
  judge_again(rooms, context, opened.account, domain);
  return [domain, before, origin](Context& later) {
    const auto own = load_account(later.store);
    if (!own) return;
    if (before) {
      (void)pin_domain(later, *own, *before);
    } else {
      unpin_domain(later, *own, domain);
    }
    if (origin) note_origin(later, *own, domain, *origin);
  };
}

/// Begins the pair with who made the link, whom its owner wants to hear from now on.
RpcBegun begin_invited_pair(const RpcRooms& rooms, Context& context, const Account& account,
                            const directory::Name& name, json about) {
  const auto home = rooms.conversations.pair_with(context, account, name);
  if (!home) {
    return failure(home.error().code, std::string("The conversation could not begin (") + home.error().where + ").");
  }
  const auto conversation = rooms.conversations.find(context.store, *home);
  CHECK(conversation.has_value());
  accept_conversation(context, account, *conversation);
  mark_shared(context, SharedField::accepted, *home);
  rooms.receipts.accepted(context, account, *home);
  about["conversation"] = to_hex(*home);
  return about;
}

}  // namespace

RpcBegun rpc_invitation_create(const RpcRooms&, const ClientConfig&, Context& context, const json&) {
  auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  auto invitation = Invitation::of(*account);
  if (!invitation) {
    return failure(invitation.error().code, std::string("No link can hold this device's settings (") +
                                                invitation.error().where + "); give its policy as a file instead.");
  }
  const std::string link = invitation_text(*invitation);
  json out = link_json({std::move(*account), std::move(*invitation), InvitedPolicy::same, std::nullopt});
  out["link"] = link;
  return out;
}

RpcBegun rpc_invitation_show(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  auto opened = link_param(context.store, params);
  if (auto* failed = std::get_if<RpcFailure>(&opened)) return std::move(*failed);
  return link_json(std::get<OpenedLink>(opened));
}

RpcBegun rpc_invitation_accept(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = link_param(context.store, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  const auto& opened = std::get<OpenedLink>(found);
  if (auto failed = why_not_taken(context.store, opened)) return std::move(*failed);
  if (opened.pin && !yes_param(params, "confirm")) {
    return failure(ErrorCode::not_authorised,
                   "Nothing was changed: " + opened.domain() +
                       " would be believed on the word of those whom this link names; invitation show lists them, and "
                       "taking it up has to be confirmed.");
  }
  std::function<void(Context&)> put_back;
  if (opened.pin) {
    auto pinned = pin_by_link(rooms, context, opened);
    if (auto* failed = std::get_if<RpcFailure>(&pinned)) return std::move(*failed);
    put_back = std::get<std::function<void(Context&)>>(std::move(pinned));
  }
  const auto is_right = std::make_shared<bool>(false);
  const directory::Name name = opened.invitation.name;
  RpcWait wait =
      after_look_up(rooms, context, opened.account, {name}, opened.pin ? LookUp::anew : LookUp::if_stale, kLookUpWaitMs,
                    [rooms, name, is_right, about = link_json(opened)](Context& later, const Account& own) {
                      *is_right = true;
                      return begin_invited_pair(rooms, later, own, name, about);
                    });
  return put_back ? or_put_back(std::move(wait), is_right, std::move(put_back)) : std::move(wait);
}

}  // namespace cairn::client
