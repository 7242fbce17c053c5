#include "core/client/invites.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/client/invitation_tables.h"
#include "core/client/pairs.h"
#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/crypto/ct.h"

namespace cairn::client {
namespace {

/// A link that is no more good is listed for so long.
constexpr std::uint64_t kLinkListedMs = 30 * kDayMs;
constexpr std::size_t kMaxAnswersRemembered = 4096;
constexpr std::uint64_t kAnswerPauseMs = 30 * kSecondMs;
constexpr std::size_t kShownLinkDigits = 8;

bool holds_name(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void save_group_link(Context& context, const Hash& id, const GroupLink& link) {
  context.store.put(tables::kGroupLinks, to_bytes(id), wire::encode(link));
}
void save_asked(Context& context, const Hash& id, const AskedJoin& asked) {
  context.store.put(tables::kAskedJoins, to_bytes(id), wire::encode(asked));
}

/// When it came to be no more good, if it has: by its own terms.
std::uint64_t ended_ms(const GroupLink& link) {
  return link.revoked_ms != 0 ? std::min(link.revoked_ms, link.expires_ms) : link.expires_ms;
}

/// Makes room for one more: of what was asked here that goes first which was asked first.
void drop_oldest_asked(Context& context) {
  const auto rows = context.store.scan(tables::kAskedJoins, {}, {}, kMaxAskedJoins);
  if (rows.size() < kMaxAskedJoins) return;
  const Row* oldest = nullptr;
  std::uint64_t oldest_ms = 0;
  for (const Row& row : rows) {
    const auto asked = wire::decode<AskedJoin>(row.value);
    const std::uint64_t asked_ms = asked ? asked->asked_ms : 0;
    if (oldest == nullptr || asked_ms < oldest_ms) {
      oldest = &row;
      oldest_ms = asked_ms;
    }
  }
  context.store.erase(tables::kAskedJoins, oldest->key);
}

const char* verdict_words(JoinVerdict verdict) {
  switch (verdict) {
    case JoinVerdict::let_in: return "is let in";
    case JoinVerdict::expired: return "is not: the link has expired";
    case JoinVerdict::used_up: return "is not: the link is used up";
    case JoinVerdict::revoked: return "is not: you have revoked the link";
    case JoinVerdict::over: return "is not: you cannot add anybody to that group any more";
  }
  return "is not";
}

}  // namespace

void GroupLink::write(wire::Writer& w) const {
  w.raw(group);
  w.u64(made_ms);
  w.u64(expires_ms);
  w.u64(revoked_ms);
  w.u32(uses);
  const std::size_t mark = w.begin_vector();
  for (const std::string& name : names) w.opaque(name);
  w.end_vector(mark);
}

Result<GroupLink> GroupLink::read(wire::Reader& r) {
  GroupLink out;
  out.group = TRY(r.fixed<ChannelId>());
  out.made_ms = TRY(r.u64());
  out.expires_ms = TRY(r.u64());
  out.revoked_ms = TRY(r.u64());
  out.uses = TRY(r.u32());
  REQUIRE(out.uses >= 1 && out.uses <= kMaxGroupLinkUses, ErrorCode::malformed, "uses of a link");
  wire::Reader names = TRY(r.nested(wire::kMaxVectorSize));
  while (!names.done()) {
    REQUIRE(out.names.size() < out.uses, ErrorCode::malformed, "names of a link");
    out.names.push_back(TRY(names.opaque_text(proto::kMaxNameSize)));
  }
  return out;
}

void AskedJoin::write(wire::Writer& w) const {
  w.opaque(maker);
  w.opaque(title);
  w.u64(asked_ms);
  w.u8(verdict ? static_cast<std::uint8_t>(*verdict) : std::uint8_t{0});
  w.raw(group);
  w.u8(static_cast<std::uint8_t>(entry));
}

Result<AskedJoin> AskedJoin::read(wire::Reader& r) {
  AskedJoin out;
  out.maker = TRY(r.opaque_text(proto::kMaxNameSize));
  out.title = TRY(r.opaque_text(kMaxTitleSize));
  out.asked_ms = TRY(r.u64());
  const std::uint8_t verdict = TRY(r.u8());
  REQUIRE(verdict <= static_cast<std::uint8_t>(JoinVerdict::over), ErrorCode::malformed, "verdict of a request");
  if (verdict != 0) out.verdict = static_cast<JoinVerdict>(verdict);
  out.group = TRY(r.fixed<ChannelId>());
  const std::uint8_t entry = TRY(r.u8());
  REQUIRE(entry <= static_cast<std::uint8_t>(JoinEntry::by_others), ErrorCode::malformed, "entry of a request");
  out.entry = static_cast<JoinEntry>(entry);
  return out;
}

std::string join_sentence(const AskedJoin& asked, JoinVerdict verdict) {
  const std::string group = "\"" + without_links(asked.title) + "\"";
  switch (verdict) {
    case JoinVerdict::let_in: return "You are let into " + group + ".";
    case JoinVerdict::expired: return "The link to " + group + " has expired; ask " + asked.maker + " for another one.";
    case JoinVerdict::used_up: return "The link to " + group + " is used up; ask " + asked.maker + " for another one.";
    case JoinVerdict::revoked: return asked.maker + " has revoked the link to " + group + "; ask them for another one.";
    case JoinVerdict::over:
      return asked.maker + " cannot add anybody to " + group + " any more; ask somebody else who is in it.";
  }
  return {};
}

// ---- who makes a link ----

Status Invites::may_invite(const StoreView& store, const Account& account, const Conversation& conversation) {
  REQUIRE(conversation.kind == ConversationKind::group, ErrorCode::not_authorised, "no group");
  REQUIRE(conversation.is_writable(), ErrorCode::invalid_state, "it can only be read");
  const std::vector<std::string> admins = group_wants(store, conversation.channel).admins;
  REQUIRE(admins.empty() || holds_name(admins, account.name.text()), ErrorCode::not_authorised, "no admin");
  return ok();
}

Result<InvitationToken> Invites::make(Context& context, const ChannelId& group, std::uint64_t life_ms,
                                      std::uint32_t uses) {
  REQUIRE(life_ms >= kSecondMs && life_ms <= kMaxGroupLinkLifeMs, ErrorCode::over_limit, "life of a link");
  REQUIRE(uses >= 1 && uses <= kMaxGroupLinkUses, ErrorCode::over_limit, "uses of a link");
  std::size_t kept = 0;
  for (const Made& one : list(context.store)) {
    if (elapsed_ms(context.now, Time{ended_ms(one.link)}) >= kLinkListedMs) {
      context.store.erase(tables::kGroupLinks, to_bytes(one.id));
    } else {
      ++kept;
    }
  }
  REQUIRE(kept < kMaxGroupLinks, ErrorCode::over_limit, "links of this device");
  InvitationToken token;
  context.entropy.fill(token.expose_mutable());
  save_group_link(context, token_hash(token), {group, context.now.ms, after(context.now, life_ms).ms, 0, uses, {}});
  return token;
}

std::vector<Invites::Made> Invites::list(const StoreView& store) {
  std::vector<Made> out;
  for (const Row& row : store.scan(tables::kGroupLinks, {}, {}, kMaxGroupLinks)) {
    const auto id = Hash::from(row.key);
    auto link = wire::decode<GroupLink>(row.value);
    if (id && link) out.push_back({*id, std::move(*link)});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Made& a, const Made& b) { return a.link.made_ms < b.link.made_ms; });
  return out;
}

void Invites::revoke(Context& context, const Made& made) {
  if (made.link.revoked_ms != 0) return;
  GroupLink link = made.link;
  link.revoked_ms = std::max<std::uint64_t>(context.now.ms, 1);
  save_group_link(context, made.id, link);
  // Who was let in and could not be added yet, for want of a key package say, is not to be added any more.
  const auto facts = conversations_.facts(context.store, home_of(context.store, link.group));
  for (const std::string& text : link.names) {
    const auto name = directory::Name::from(text);
    if (name && (!facts || !facts->devices.contains(text))) {
      (void)conversations_.remove_from_group(context, link.group, *name);  // not_found: it is wanted there no more
    }
  }
}

JoinVerdict Invites::standing(const Context& context, const Account& account, const GroupLink& link) const {
  if (link.revoked_ms != 0) return JoinVerdict::revoked;
  const auto group = conversations_.find(context.store, link.group);
  if (!group || !may_invite(context.store, account, *group)) return JoinVerdict::over;
  if (context.now.ms >= link.expires_ms) return JoinVerdict::expired;
  return link.names.size() < link.uses ? JoinVerdict::let_in : JoinVerdict::used_up;
}

// Whoever is in is told so, by whichever way they came, and whatever has become of the link since. A name that was let
// in and is in no more was removed, or went: the link does not bring it back.
JoinVerdict Invites::judge(const Context& context, const Account& account, const GroupLink& link,
                           const std::string& name) const {
  const JoinVerdict verdict = standing(context, account, link);
  if (verdict == JoinVerdict::revoked || verdict == JoinVerdict::over) return verdict;
  const auto group = conversations_.find(context.store, link.group);
  if (group && holds_name(group->names, name)) return JoinVerdict::let_in;
  return verdict == JoinVerdict::let_in && holds_name(link.names, name) ? JoinVerdict::used_up : verdict;
}

bool Invites::may_answer(const Context& context, const ChannelId& pair, const Hash& id) {
  if (answered_at_.size() >= kMaxAnswersRemembered) answered_at_.clear();
  const auto [last, is_first] = answered_at_.try_emplace({pair, id}, context.now);
  if (!is_first && elapsed_ms(context.now, last->second) < kAnswerPauseMs) return false;
  last->second = context.now;
  return true;
}

void Invites::take_request(Context& context, const Account& account, const Heard& heard, const InvitationToken& token) {
  const std::string& name = heard.name.text();
  if (contact_of(context.store, account, name).is_blocked) return;
  const Hash id = token_hash(token);
  std::optional<GroupLink> link;
  for (Made& one : list(context.store)) {
    if (crypto::ct_equal(one.id, id)) link = std::move(one.link);
  }
  if (!link) {
    return context.note(proto::Event::Level::warning, "a request to be let in by no link of this device was dropped");
  }
  JoinVerdict verdict = judge(context, account, *link, name);
  const auto group = conversations_.find(context.store, link->group);
  const bool is_new = verdict == JoinVerdict::let_in && !holds_name(group->names, name);
  if (is_new) {
    if (conversations_.add_to_group(context, link->group, heard.name)) {
      link->names.push_back(name);
      save_group_link(context, id, *link);
    } else {
      verdict = JoinVerdict::over;
    }
  }
  const bool is_in = verdict == JoinVerdict::let_in;
  if (!is_new && !may_answer(context, heard.home, id)) return;
  conversations_.tell(context, heard.home, JoinAnswer{id, verdict, is_in ? link->group : ChannelId{}});
  if (is_in && !is_new) return;
  conversations_.notice(context, heard.home,
                        name + " asked to be let into \"" + (group ? group->title : std::string()) +
                            "\" by your link " + to_hex(id).substr(0, kShownLinkDigits) + ", and " +
                            verdict_words(verdict) + ".");
}

// ---- who has one ----

void Invites::ask(Context& context, const ChannelId& pair, const Invitation& invitation) {
  CHECK(invitation.group.has_value());
  const Hash id = token_hash(invitation.group->token);
  if (!asked(context.store, id)) drop_oldest_asked(context);
  AskedJoin row;
  row.maker = invitation.name.text();
  row.title = invitation.group->title;
  row.asked_ms = context.now.ms;
  save_asked(context, id, row);
  conversations_.tell(context, pair, JoinRequest(invitation.group->token.clone()));
}

std::optional<AskedJoin> Invites::asked(const StoreView& store, const Hash& id) {
  const auto row = store.get(tables::kAskedJoins, id);
  auto asked = row ? wire::decode<AskedJoin>(*row) : Result<AskedJoin>(fail(ErrorCode::not_found, "row"));
  if (!asked) return std::nullopt;
  return std::move(*asked);
}

void Invites::take_answer(Context& context, const Account& account, const Heard& heard, const JoinAnswer& answer) {
  if (contact_of(context.store, account, heard.name.text()).is_blocked) return;
  auto row = asked(context.store, answer.invitation);
  if (!row || row->maker != heard.name.text() || row->entry == JoinEntry::by_known) return;
  look_ = true;
  if (row->verdict == answer.verdict && row->group == answer.group) return;  // it was said before
  row->verdict = answer.verdict;
  row->group = answer.group;
  save_asked(context, answer.invitation, *row);
  if (answer.verdict == JoinVerdict::let_in) return;
  conversations_.notice(context, heard.home, join_sentence(*row, answer.verdict));
}

// Whoever may send a Welcome can make a group of any id, its maker's leaf in it and the maker none the wiser. The maker
// is somebody whom this device's owner wants to hear, so a Welcome of theirs makes no request (s.10): one that is a
// request came from somebody else, and one that is none any more may have, as may one of which it is not known any
// more.
bool Invites::is_brought_by_others(const StoreView& store, const Account& account, const ChannelId& group) {
  return settings_of(store, group).is_request || !is_brought_by_known(store, account, group);
}

bool Invites::is_in(const StoreView& store, const AskedJoin& asked) const {
  if (asked.entry != JoinEntry::by_others) return asked.entry == JoinEntry::by_known;
  const auto group = conversations_.find(store, asked.group);
  return group && group->is_writable() && !settings_of(store, asked.group).is_request;
}

// ---- what happens ----

void Invites::heard(Context& context, const Account& account, const Heard& heard) {
  const auto* request = heard.control ? std::get_if<JoinRequest>(&*heard.control) : nullptr;
  const auto* answer = heard.control ? std::get_if<JoinAnswer>(&*heard.control) : nullptr;
  if (request == nullptr && answer == nullptr) return;
  if (heard.name == account.name) return;  // another own device asks, or answers
  if (heard.is_gone) {
    return context.note(proto::Event::Level::warning, "a word about a link, of a device that is removed, was ignored");
  }
  const auto where = conversations_.find(context.store, heard.home);
  if (!where || where->kind != ConversationKind::pair) {
    return context.note(proto::Event::Level::warning, "a word about a link, said in no pair, was ignored");
  }
  if (request != nullptr) take_request(context, account, heard, request->token);
  if (answer != nullptr) take_answer(context, account, heard, *answer);
}

void Invites::step(Context& context, const Account& account) {
  const std::uint64_t seen = conversations_.entries() + conversations_.heard_again();
  if (std::exchange(seen_, seen) == seen && !look_) return;
  look_ = false;
  for (const Row& row : context.store.scan(tables::kAskedJoins, {}, {}, kMaxAskedJoins)) {
    auto asked = wire::decode<AskedJoin>(row.value);
    if (!asked || asked->entry != JoinEntry::none || asked->verdict != JoinVerdict::let_in) continue;
    const auto group = conversations_.find(context.store, asked->group);
    const bool is_it = group && group->kind == ConversationKind::group && group->is_writable() &&
                       holds_name(group->names, asked->maker) &&
                       !contact_of(context.store, account, asked->maker).is_blocked;
    if (!is_it) continue;
    const bool by_others = is_brought_by_others(context.store, account, group->channel);
    asked->entry = by_others ? JoinEntry::by_others : JoinEntry::by_known;
    if (!by_others) {
      accept_conversation(context, account, *group);
      mark_shared(context, SharedField::accepted, group->channel);
    }
    context.store.put(tables::kAskedJoins, row.key, wire::encode(*asked));
  }
}

void Invites::forget_all() {
  answered_at_.clear();
  look_ = true;
}

}  // namespace cairn::client
