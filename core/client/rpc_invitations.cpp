// Methods about invitation links: making one, saying what one holds, and taking one up.
#include "core/base/encoding.h"
#include "core/client/domain_words.h"
#include "core/client/invitation.h"
#include "core/client/requests.h"
#include "core/client/rpc_page.h"
#include "core/client/tables.h"
#include "core/wire/writer.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kAnswerWaitMs = 20 * kSecondMs;
constexpr std::uint64_t kMostAnswerWaitMs = 10 * kMinuteMs;
/// Who was not let in asks again after that, if their owner says so.
constexpr std::uint64_t kAskAgainMs = kMinuteMs;
constexpr std::size_t kLinkIdDigits = 16;
constexpr std::size_t kFewestLinkDigits = 8;

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

/// Never for the own domain, nor against what is pinned. An address that its owner typed stays, and so does that of a
/// domain that was verified here: no link moves it.
std::optional<DomainPin> pin_of_link(const StoreView& store, const Account& account, const Invitation& invitation,
                                     InvitedPolicy policy) {
  const std::string domain(invitation.name.domain());
  if (domain == account.domain() || policy == InvitedPolicy::different) return std::nullopt;
  const DomainPin before = domain_pin(store, account, domain).value_or(DomainPin{domain, {}, {}});
  DomainPin out = before;
  if (policy == InvitedPolicy::unknown) out.policy_text = invitation.policy_text;
  const bool is_verified = store.get(tables::kDomains, name_key(account, domain)).has_value();
  const bool may_say_where = policy == InvitedPolicy::unknown || !is_verified;
  if (out.server_url.empty() && may_say_where) out.server_url = invitation.server_url;
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

/// Whom the link asks to believe.
json invited_policy_json(const Invitation& invitation) {
  const auto policy = tlog::ClientPolicy::parse(invitation.policy_text);
  CHECK(policy.has_value());
  return shown_policy_json(*policy, invitation.policy_text);
}

json link_json(const OpenedLink& opened) {
  const std::string& url = opened.invitation.server_url;
  const auto& group = opened.invitation.group;
  json out = {{"kind", group ? "group" : "person"},
              {"name", opened.invitation.name.text()},
              {"domain", opened.domain()},
              {"server_url", url.empty() ? "https://" + opened.domain() : url},
              {"policy", invited_policy_json(opened.invitation)},
              {"known", policy_word(opened.policy)},
              {"own_domain", opened.domain() == opened.account.domain()},
              {"pins", opened.pin.has_value()}};
  if (group) {
    out["title"] = without_links(group->title);
    out["expires_ms"] = group->expires_ms;
  }
  return out;
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
std::optional<RpcFailure> why_not_taken(const Context& context, const OpenedLink& opened) {
  const directory::Name& name = opened.invitation.name;
  if (name == opened.account.name) {
    return failure(ErrorCode::invalid_name, "That is a link of your own name; give it to who is to write to you.");
  }
  if (contact_of(context.store, opened.account, name.text()).is_blocked) {
    return failure(ErrorCode::not_authorised, "You have blocked " + name.text() + "; unblock them first.");
  }
  if (opened.policy == InvitedPolicy::different) return other_policy(opened);
  const auto& group = opened.invitation.group;
  if (group && group->expires_ms <= context.now.ms) {
    return failure(ErrorCode::not_authorised,
                   "This link has expired by the clock of this device; ask " + name.text() + " for another one.");
  }
  return std::nullopt;
}

/// Undoes what a link pinned; false when somebody has said something of that domain since, which then stays.
using PutBack = std::function<bool(Context&)>;

/// Goes on as `wait`; where the name does not turn out to be right, what counted for its domain counts again.
RpcWait or_put_back(RpcWait wait, const std::shared_ptr<bool>& is_right, PutBack put_back) {
  const auto judged = [is_right, put_back](Context& later, RpcOutcome outcome) {
    auto* failed = std::get_if<RpcFailure>(&outcome);
    if (failed == nullptr || *is_right) return outcome;
    failed->sentence += put_back(later) ? " Nothing was pinned." : " What was said of that domain meanwhile stays.";
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
std::variant<PutBack, RpcFailure> pin_by_link(Context& context, const OpenedLink& opened) {
  const std::string domain = opened.domain();
  const auto before = domain_pin(context.store, opened.account, domain);
  const auto origin = domain_origin(context.store, opened.account, domain);
  const auto source = domain_source(context.store, opened.account, domain);
  const auto pinned = pin_domain(context, opened.account, *opened.pin);
  if (!pinned) return policy_failure(pinned.error());
  const DomainOrigin by{opened.invitation.name.text(), context.now.ms};
  note_origin(context, opened.account, domain, by);
  note_said_here(context, opened.account, domain, SaidHere::on_trial);
  return [domain, before, origin, source, by, put = *opened.pin](Context& later) {
    const auto own = load_account(later.store);
    if (!own) return true;  // with all that was pinned
    // What its owner, or another link, said meanwhile stays.
    const auto now = domain_pin(later.store, *own, domain);
    const auto now_by = domain_origin(later.store, *own, domain);
    if (!now || now->policy_text != put.policy_text || now->server_url != put.server_url) return false;
    if (!now_by || now_by->name != by.name || now_by->time_ms != by.time_ms) return false;
    if (before) {
      (void)pin_domain(later, *own, *before);
    } else {
      unpin_domain(later, *own, domain);
    }
    if (origin) note_origin(later, *own, domain, *origin);
    put_source_back(later, *own, domain, source);
    return true;
  };
}

/// Where the wish to be let into a group stands, and what its owner can do.
std::string why_not_in_yet(const RpcRooms& rooms, const Context& context, const ChannelId& pair, const Hash& id) {
  const auto asked = Invites::asked(context.store, id);
  if (asked && asked->verdict == JoinVerdict::let_in) {
    if (asked->entry == JoinEntry::by_others) {
      return "Somebody whom you do not know has brought you into a group as if it were the one of the link; look at it "
             "with request list, and accept it only if its members are those whom you expect.";
    }
    return asked->maker + " has let you in; you are in the group as soon as their device has added you.";
  }
  std::string trouble = rooms.conversations.trouble(context.store, pair);
  if (trouble.empty()) trouble = rooms.session.trouble();
  if (trouble.empty()) trouble = "The device that made the link has not answered yet.";
  return trouble + " You have asked, and are let in as soon as that device hears of it.";
}

/// A domain that another link made known, and whose name may still turn out not to be there, was right by this one.
/// Where that name was found, the domain came by the other link, whatever is taken up after it.
void stand_by_it(const RpcRooms& rooms, Context& context, const Account& account, const directory::Name& name) {
  const auto origin = domain_origin(context.store, account, name.domain());
  if (!origin || origin->name == name.text()) return;
  const auto first = directory::Name::from(origin->name);
  const auto view = first ? rooms.views.view(context.store, account, *first) : std::nullopt;
  const bool was_right = view && view->exists() && !is_of_former_policy(context.store, account, *first);
  if (!was_right) note_origin(context, account, std::string(name.domain()), {name.text(), context.now.ms});
}

/// Answers when this device is in the group, or its maker said why not.
RpcWait await_group(const RpcRooms& rooms, const ChannelId& pair, const Hash& id, const json& about,
                    std::uint64_t wait_ms) {
  RpcWait wait;
  wait.wait_ms = wait_ms;
  wait.poll = [rooms, id, about](Context& later) -> std::optional<RpcOutcome> {
    const auto asked = Invites::asked(later.store, id);
    if (!asked) return failure(ErrorCode::not_found, "So much was asked since that this is forgotten; ask once more.");
    if (asked->verdict && *asked->verdict != JoinVerdict::let_in) {
      return failure(ErrorCode::not_authorised, join_sentence(*asked, *asked->verdict));
    }
    if (!rooms.invites.is_in(later.store, *asked)) return std::nullopt;
    json out = about;
    out["conversation"] = to_hex(asked->group);
    if (asked->entry == JoinEntry::by_others) out["brought_by_others"] = true;
    return out;
  };
  wait.late = [rooms, pair, id](Context& later) -> RpcOutcome {
    RpcFailure kept = failure(ErrorCode::unavailable, why_not_in_yet(rooms, later, pair, id));
    kept.more = {{"queued", true}, {"conversation", to_hex(pair)}};
    return kept;
  };
  return wait;
}

/// Asks to be let into the group, unless that was done just now, or this device is in it.
RpcBegun ask_for_group(const RpcRooms& rooms, Context& context, const ChannelId& pair, const Invitation& invitation,
                       const json& about, std::uint64_t wait_ms) {
  const Hash id = token_hash(invitation.group->token);
  const auto before = Invites::asked(context.store, id);
  bool is_under_way = before && elapsed_ms(context.now, Time{before->asked_ms}) < kAskAgainMs;
  if (before && rooms.invites.is_in(context.store, *before)) {
    const auto group = rooms.conversations.find(context.store, before->group);
    is_under_way = group && group->is_writable();
  }
  if (!is_under_way) rooms.invites.ask(context, pair, invitation);
  return await_group(rooms, pair, id, about, wait_ms);
}

/// Begins the pair with who made the link, whom its owner wants to hear from now on; of a link to a group, asks there.
RpcBegun take_link_up(const RpcRooms& rooms, Context& context, const Account& account, const Invitation& invitation,
                      json about, std::uint64_t wait_ms) {
  const auto home = rooms.conversations.pair_with(context, account, invitation.name);
  if (!home) {
    return failure(home.error().code, std::string("The conversation could not begin (") + home.error().where + ").");
  }
  const auto conversation = rooms.conversations.find(context.store, *home);
  CHECK(conversation.has_value());
  accept_conversation(context, account, *conversation);
  mark_shared(context, SharedField::accepted, *home);
  rooms.receipts.accepted(context, account, *home);
  if (invitation.group) return ask_for_group(rooms, context, *home, invitation, about, wait_ms);
  about["conversation"] = to_hex(*home);
  return about;
}

/// The state of a link that this device made, by what a new name would be answered.
const char* standing_word(JoinVerdict verdict) {
  switch (verdict) {
    case JoinVerdict::let_in: return "open";
    case JoinVerdict::expired: return "expired";
    case JoinVerdict::used_up: return "used up";
    case JoinVerdict::revoked: return "revoked";
    case JoinVerdict::over: return "over";
  }
  return "over";
}

json made_json(const RpcRooms& rooms, const Context& context, const Account& account, const Invites::Made& made) {
  const GroupLink& link = made.link;
  const auto group = rooms.conversations.find(context.store, link.group);
  return {{"id", to_hex(made.id).substr(0, kLinkIdDigits)},
          {"conversation", to_hex(link.group)},
          {"title", group ? group->title : std::string()},
          {"state", standing_word(rooms.invites.standing(context, account, link))},
          {"made_ms", link.made_ms},
          {"expires_ms", link.expires_ms},
          {"uses", link.uses},
          {"names", link.names}};
}

/// Makes a link to the group that a person means.
RpcBegun create_group_link(const RpcRooms& rooms, Context& context, Account account, Invitation invitation,
                           const json& params) {
  const std::string words = text_param(params, "conversation");
  const auto conversation = rooms.conversations.resolve(context.store, account, words);
  if (!conversation) return no_conversation(conversation.error(), words);
  if (conversation->kind != ConversationKind::group) {
    return failure(ErrorCode::not_authorised, "Nobody is let into a conversation of two; a link without one is yours.");
  }
  if (const auto may = Invites::may_invite(context.store, account, *conversation); !may) {
    return failure(may.error().code, may.error().code == ErrorCode::invalid_state
                                         ? "This group can only be read, so nobody can be let in."
                                         : "Only an admin of the group makes links to it; group show lists them.");
  }
  const std::uint64_t life_s = number_param(params, "life_s", kGroupLinkLifeMs / kSecondMs);
  const std::uint64_t uses = number_param(params, "uses", 1);
  if (life_s < 1 || life_s > kMaxGroupLinkLifeMs / kSecondMs || uses < 1 || uses > kMaxGroupLinkUses) {
    return failure(ErrorCode::over_limit, "A link is good for at most 366 days, and for 1 to 256 names.");
  }
  auto token = rooms.invites.make(context, conversation->channel, life_s * kSecondMs, static_cast<std::uint32_t>(uses));
  if (!token) {
    return failure(token.error().code,
                   "This device has made 256 links in the last month; revoke what is not needed, "
                   "and make another one when those are forgotten.");
  }
  const Hash id = token_hash(*token);
  const std::uint64_t expires_ms = after(context.now, life_s * kSecondMs).ms;
  invitation.group = GroupTicket{std::move(*token), title_for_link(conversation->title), expires_ms};
  const std::string link = invitation_text(invitation);
  json out = link_json({std::move(account), std::move(invitation), InvitedPolicy::same, std::nullopt});
  out["link"] = link;
  out["id"] = to_hex(id).substr(0, kLinkIdDigits);
  out["conversation"] = to_hex(conversation->channel);
  out["uses"] = uses;
  return out;
}

}  // namespace

RpcBegun rpc_invitation_create(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  auto invitation = Invitation::of(*account);
  if (!invitation) {
    return failure(invitation.error().code, std::string("No link can hold this device's settings (") +
                                                invitation.error().where + "); give its policy as a file instead.");
  }
  if (params.contains("conversation")) {
    return create_group_link(rooms, context, std::move(*account), std::move(*invitation), params);
  }
  if (params.contains("life_s") || params.contains("uses")) {
    return failure(ErrorCode::malformed, "Only a link to a group ends, or is used up; name the group.");
  }
  const std::string link = invitation_text(*invitation);
  json out = link_json({std::move(*account), std::move(*invitation), InvitedPolicy::same, std::nullopt});
  out["link"] = link;
  return out;
}

RpcBegun rpc_invitation_list(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  auto asked = Page::of(params);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  Page& page = std::get<Page>(asked);
  for (const Invites::Made& one : Invites::list(context.store)) {
    wire::Writer place;  // of one moment they stand in the order of their ids
    place.u64(one.link.made_ms);
    place.raw(one.id);
    if (page.wants(place.view())) page.add(place.view(), made_json(rooms, context, *account, one));
  }
  return page.take("invitations");
}

RpcBegun rpc_invitation_revoke(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const std::string words = text_param(params, "id");
  std::vector<Invites::Made> meant;
  for (Invites::Made& one : Invites::list(context.store)) {
    if (words.size() >= kFewestLinkDigits && to_hex(one.id).starts_with(words)) meant.push_back(std::move(one));
  }
  if (meant.size() != 1) {
    return failure(meant.empty() ? ErrorCode::not_found : ErrorCode::conflict,
                   "No one link of this device is meant by that; invitation list shows their ids.");
  }
  rooms.invites.revoke(context, meant.front());
  for (const Invites::Made& one : Invites::list(context.store)) {
    if (one.id == meant.front().id) return made_json(rooms, context, *account, one);
  }
  return failure(ErrorCode::not_found, "The link is gone.");
}

RpcBegun rpc_invitation_show(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  auto opened = link_param(context.store, params);
  if (auto* failed = std::get_if<RpcFailure>(&opened)) return std::move(*failed);
  return link_json(std::get<OpenedLink>(opened));
}

RpcBegun rpc_invitation_accept(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto found = link_param(context.store, params);
  if (auto* failed = std::get_if<RpcFailure>(&found)) return std::move(*failed);
  auto& opened = std::get<OpenedLink>(found);
  if (auto failed = why_not_taken(context, opened)) return std::move(*failed);
  if (opened.pin && !yes_param(params, "confirm")) {
    return failure(ErrorCode::not_authorised,
                   "Nothing was changed: " + opened.domain() +
                       " would be believed on the word of those whom this link names; invitation show lists them, and "
                       "taking it up has to be confirmed.");
  }
  PutBack put_back;
  if (opened.pin) {
    auto pinned = pin_by_link(context, opened);
    if (auto* failed = std::get_if<RpcFailure>(&pinned)) return std::move(*failed);
    put_back = std::get<PutBack>(std::move(pinned));
  }
  const auto is_right = std::make_shared<bool>(false);
  const std::uint64_t asked_ms = std::min(number_param(params, "wait_ms", kAnswerWaitMs), kMostAnswerWaitMs);
  const std::uint64_t wait_ms = opened.invitation.group ? std::max(asked_ms, kLookUpWaitMs) : kLookUpWaitMs;
  const json about = link_json(opened);
  const bool pins = opened.pin.has_value();
  const LookUp how = pins ? LookUp::anew : LookUp::if_stale;
  const auto invitation = std::make_shared<const Invitation>(std::move(opened.invitation));
  RpcWait wait = after_look_up(rooms, context, opened.account, {invitation->name}, how, wait_ms,
                               [rooms, invitation, is_right, about, wait_ms, pins](Context& later, const Account& own) {
                                 *is_right = true;
                                 // Others of that domain wait until then: by a link that is wrong nobody is judged.
                                 if (pins) judge_again(rooms, later, own, invitation->name.domain());
                                 stand_by_it(rooms, later, own, invitation->name);
                                 return take_link_up(rooms, later, own, *invitation, about, wait_ms);
                               });
  return put_back ? or_put_back(std::move(wait), is_right, std::move(put_back)) : std::move(wait);
}

}  // namespace cairn::client
