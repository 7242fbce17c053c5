// Methods about conversations: sending, reading, groups.
#include <algorithm>

#include "core/base/encoding.h"
#include "core/client/conversation_list.h"
#include "core/client/gatekeeper.h"
#include "core/client/requests.h"
#include "core/client/rpc_page.h"
#include "core/client/send_keys.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kSendWaitMs = 20 * kSecondMs;
constexpr std::uint64_t kMaxWaitMs = 10 * kMinuteMs;

/// Answers when the message is sent or refused; when it waits too long it is said to be kept.
RpcWait await_delivery(const RpcRooms& rooms, const ChannelId& home, std::uint64_t index, std::uint64_t wait_ms) {
  RpcWait wait;
  wait.wait_ms = wait_ms;
  wait.poll = [rooms, home, index](Context& later) -> std::optional<RpcOutcome> {
    const auto message = rooms.conversations.message(later.store, home, index);
    const auto conversation = rooms.conversations.find(later.store, home);
    if (!message || !conversation) return failure(ErrorCode::not_found, "The message is gone from this device.");
    if (message->delivery == Delivery::sent) {
      const auto account = load_account(later.store);
      if (account) return message_json(later.store, &*account, *conversation, index, *message);
    }
    if (message->delivery == Delivery::refused) {
      return failure(ErrorCode::not_authorised, rooms.conversations.trouble(later.store, home));
    }
    return std::nullopt;
  };
  wait.late = [rooms, home, index](Context& later) -> RpcOutcome {
    std::string trouble = rooms.conversations.trouble(later.store, home);
    if (trouble.empty()) trouble = rooms.session.trouble();
    if (trouble.empty()) trouble = "The server has not taken it yet.";
    RpcFailure kept =
        failure(ErrorCode::unavailable, trouble + " The message is kept, and sent as soon as that is possible.");
    kept.more = {{"queued", true}, {"conversation", to_hex(home)}, {"index", index}};
    return kept;
  };
  return wait;
}

/// What somebody asks to be said.
struct Saying {
  std::string text;
  std::string reply;
  std::string key;  ///< empty: none
  Hash request;     ///< of SaidUnderKey
  std::uint64_t wait_ms = 0;
};

Saying saying_of(const Account& account, const json& params, std::string text) {
  json what = params;
  for (const char* how : {"key", "wait_ms", "fresh"}) what.erase(how);
  return {std::move(text), text_param(params, "reply"), text_param(params, "key"),
          crypto::sha256({account.device_id(), as_bytes(what.dump())}),
          std::min(number_param(params, "wait_ms", kSendWaitMs), kMaxWaitMs)};
}

/// The answer where this was said before, under the same key; or why it cannot be asked under that one.
std::optional<RpcBegun> said_before(const RpcRooms& rooms, const Context& context, const Saying& saying) {
  if (saying.key.empty()) return std::nullopt;
  if (saying.key.size() > kMaxSendKey) return failure(ErrorCode::over_limit, "A key has at most 64 bytes.");
  const auto said = said_under(context, saying.key);
  if (!said) return std::nullopt;
  if (said->request != saying.request) {
    return failure(ErrorCode::conflict, "This key stands for another message; take a new one for each.");
  }
  return await_delivery(rooms, said->home, said->index, saying.wait_ms);
}

RpcBegun say(const RpcRooms& rooms, Context& context, const Account& account, const ChannelId& home,
             const Saying& saying) {
  // It may have been asked twice, and both waited for the same view.
  if (auto before = said_before(rooms, context, saying)) return std::move(*before);
  const auto conversation = rooms.conversations.find(context.store, home);
  if (conversation && is_blocked(context.store, account, *conversation)) {
    return failure(ErrorCode::not_authorised,
                   "You have blocked " + other_of_pair(account, *conversation) + "; unblock them to write to them.");
  }
  std::optional<MessageId> in_reply_to;
  if (!saying.reply.empty()) {
    auto meant = reply_param(rooms, context.store, home, saying.reply);
    if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
    in_reply_to = std::get<MessageId>(meant);
  }
  const auto index = rooms.conversations.say(context, account, home, saying.text, in_reply_to);
  if (!index) {
    if (index.error().code == ErrorCode::over_limit)
      return failure(ErrorCode::over_limit, "A text has 1 to 16384 bytes; send it in parts.");
    return failure(index.error().code, "This conversation can only be read; begin a new one.");
  }
  if (!saying.key.empty()) remember_said(context, saying.key, {home, *index, saying.request, context.now.ms});
  return await_delivery(rooms, home, *index, saying.wait_ms);
}

/// Whether a pair was meant by its other name, and not by an id.
bool is_named(const Account& account, const Conversation& pair, const std::string& typed) {
  const auto name = name_param(account, typed);
  const auto* whom = std::get_if<directory::Name>(&name);
  return whom != nullptr && std::find(pair.names.begin(), pair.names.end(), whom->text()) != pair.names.end();
}

std::set<directory::Name> names_in(const Conversation& conversation) {
  std::set<directory::Name> out;
  for (const std::string& text : conversation.names) {
    if (auto name = directory::Name::from(text)) out.insert(std::move(*name));
  }
  return out;
}

/// A message as it is shown, and the size of its text form.
struct Shown {
  std::uint64_t time_ms = 0;
  std::size_t size = 0;
  json message;
};

/// As many as fit into an answer: the first ones when a caller reads onward, else the last ones.
json within_limits(std::vector<Shown> shown, std::size_t limit, bool onward) {
  if (!onward) std::reverse(shown.begin(), shown.end());
  std::size_t count = 0;
  for (std::size_t size = 0; count < std::min(shown.size(), limit); ++count) {
    size += shown[count].size + 1;
    if (size > kMaxPageBytes) break;
  }
  shown.resize(count);
  if (!onward) std::reverse(shown.begin(), shown.end());
  json out = json::array();
  for (Shown& one : shown) out.push_back(std::move(one.message));
  return out;
}

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == '@';
}

/// Whether "@NAME" stands at this @ as a word of its own: not in an address or a link, and no longer name goes on
/// there.
bool is_mark(std::string_view text, std::size_t at, std::string_view mark) {
  if (text.substr(at, mark.size()) != mark) return false;
  if (at > 0 && (is_of_name(text[at - 1]) || text[at - 1] == '[' || text[at - 1] == '/')) return false;
  std::size_t end = at + mark.size();
  while (end < text.size() && (text[end] == '.' || text[end] == '-' || text[end] == '_')) ++end;
  return end == text.size() || !is_of_name(text[end]);
}

/// "@bob" becomes a link to bob, for each name that is to be mentioned (draft-ietf-mimi-content, "Mentions").
std::string with_mentions(const Account& account, const std::string& text, const json& params) {
  if (!params.contains("mentions")) return text;
  std::map<std::string, std::string> links;  // by what was typed
  for (const json& one : params["mentions"]) {
    const std::string mark = "@" + one.get<std::string>();
    const auto name = name_param(account, mark.substr(1));
    if (const auto* whom = std::get_if<directory::Name>(&name))
      links[mark] = "[" + mark + "](" + user_uri(whom->text()) + ")";
  }
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    // Of two names of which one begins as the other the longer one is meant, which is the later in this order.
    auto link = links.rend();
    if (text[at] == '@')
      link = std::find_if(links.rbegin(), links.rend(), [&](const auto& one) { return is_mark(text, at, one.first); });
    out += link == links.rend() ? text.substr(at, 1) : link->second;
    at += link == links.rend() ? 1 : link->first.size();
  }
  return out;
}

/// Of a device that has no name any more: what it has stays readable, all of it or by its title.
std::vector<Conversation> left_behind(const RpcRooms& rooms, const StoreView& store, const std::string& title) {
  auto all = rooms.conversations.list(store);
  if (!title.empty()) std::erase_if(all, [&](const Conversation& one) { return one.title != title; });
  return all;
}

/// What was shown was read, and all before it.
void mark_shown(const RpcRooms& rooms, Context& context, const Account& account, const json& messages) {
  std::map<std::string, std::uint64_t> ends;
  for (const json& one : messages) ends[one["conversation"]] = one["index"].get<std::uint64_t>() + 1;
  for (const auto& [id, end] : ends) {
    const auto bytes = from_hex(id);
    CHECK(bytes.has_value());
    const auto home = ChannelId::from(*bytes);
    CHECK(home.has_value());
    rooms.receipts.mark_read(context, account, *home, end);
  }
}

/// As `wait`, of a word that is neither a title here nor, as it turns out, a name: it may have been meant as either.
RpcWait or_no_title(const RpcRooms& rooms, RpcWait wait, const directory::Name& whom, const std::string& to) {
  wait.poll = [rooms, whom, to, poll = std::move(wait.poll)](Context& later) {
    auto outcome = poll(later);
    auto* failed = outcome ? std::get_if<RpcFailure>(&*outcome) : nullptr;
    if (failed != nullptr && failed->code == ErrorCode::not_found && rooms.views.outcome(whom).absent) {
      failed->sentence += " Nor is a conversation called \"" + to + "\"; conversations lists them.";
    }
    return outcome;
  };
  return wait;
}

}  // namespace

RpcBegun in_conversation(const RpcRooms& rooms, Context& context, const Account& account, const std::string& to,
                         LookUp how, std::uint64_t wait_ms,
                         std::function<RpcBegun(Context&, const Account&, const ChannelId& home)> then) {
  if (Conversations::means_self(account, to)) {
    const auto go_on = [rooms, then](Context& later, const Account& own) -> RpcBegun {
      const auto home = rooms.conversations.own_conversation(later, own);
      if (!home) return failure(home.error().code, "The notes to yourself could not begin; try again.");
      return then(later, own, *home);
    };
    if (how == LookUp::if_stale) return go_on(context, account);
    return after_look_up(rooms, context, account, {account.name}, how, wait_ms, go_on);
  }
  // A conversation that is there, or a pair with a name.
  auto known = rooms.conversations.resolve(context.store, account, to);
  if (known && known->kind == ConversationKind::pair && is_named(account, *known, to) &&
      !rooms.conversations.written_to(context.store, known->channel)) {
    known = fail(ErrorCode::not_found, "a pair that can only be read");  // it is begun anew
  }
  if (!known && known.error().code == ErrorCode::conflict) return no_conversation(known.error(), to);
  const bool is_bare = to.find('@') == std::string::npos;
  const auto name = known ? account.name : name_param(account, to);
  if (const auto* failed = std::get_if<RpcFailure>(&name)) {
    if (is_bare) return no_conversation(known.error(), to);  // a title that there is not
    return *failed;
  }
  const directory::Name whom = std::get<directory::Name>(name);
  const auto home = known ? std::optional(known->channel) : std::nullopt;
  const auto go_on = [rooms, home, whom, then](Context& later, const Account& own) -> RpcBegun {
    const auto pair = home ? Result<ChannelId>(*home) : rooms.conversations.pair_with(later, own, whom);
    if (!pair)
      return failure(pair.error().code, std::string("The conversation could not begin (") + pair.error().where + ").");
    return then(later, own, *pair);
  };
  // A title with a typing error must not begin a pair with somebody who does not exist.
  if (how == LookUp::if_stale && (known || !is_bare)) return go_on(context, account);
  RpcWait wait = after_look_up(rooms, context, account, known ? names_in(*known) : std::set<directory::Name>{whom}, how,
                               wait_ms, go_on);
  return is_bare && !known ? or_no_title(rooms, std::move(wait), whom, to) : std::move(wait);
}

RpcBegun rpc_send(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const Saying saying = saying_of(*account, params, with_mentions(*account, text_param(params, "text"), params));
  if (auto before = said_before(rooms, context, saying)) return std::move(*before);
  return in_conversation(rooms, context, *account, text_param(params, "to"),
                         yes_param(params, "fresh") ? LookUp::anew : LookUp::if_stale, saying.wait_ms,
                         [rooms, saying](Context& later, const Account& own, const ChannelId& home) {
                           return say(rooms, later, own, home, saying);
                         });
}

RpcBegun rpc_read(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  const std::string words = text_param(params, "conversation");
  const bool onward = params.contains("first");
  if (words.empty() && onward) return failure(ErrorCode::malformed, "Reading on from an index needs a conversation.");
  const std::size_t limit = std::min<std::uint64_t>(number_param(params, "limit", kMaxPageItems), kMaxPageItems);
  std::vector<Conversation> which;
  if (!account) {
    which = left_behind(rooms, context.store, words);
    if (which.empty()) return not_active(account);
  } else if (words.empty()) {
    which = rooms.conversations.list(context.store);
    std::erase_if(which, [&](const Conversation& one) { return settings_of(context.store, one.channel).is_hidden; });
  } else {
    auto one = rooms.conversations.resolve(context.store, *account, words);
    if (!one) return no_conversation(one.error(), words);
    which.push_back(std::move(*one));
  }
  std::vector<Shown> shown;
  for (const Conversation& conversation : which) {
    const std::uint64_t first = number_param(params, "first", 0);
    const auto some = onward ? rooms.conversations.messages(context.store, conversation.channel, first, limit)
                             : rooms.conversations.newest(context.store, conversation.channel, limit);
    for (const auto& numbered : some) {
      json message =
          message_json(context.store, account ? &*account : nullptr, conversation, numbered.index, numbered.message);
      const std::size_t size = message.dump(-1, ' ', false, json::error_handler_t::replace).size();
      shown.push_back({numbered.message.time_ms, size, std::move(message)});
    }
  }
  // Within a conversation the order is that of its indexes, whatever the clocks said.
  if (which.size() > 1)
    std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) { return a.time_ms < b.time_ms; });
  json out = {{"messages", within_limits(std::move(shown), limit, onward)}, {"cursor", newest_event(context.store)}};
  if (account && yes_param(params, "mark") && !context.store.full())
    mark_shown(rooms, context, *account, out["messages"]);
  if (words.empty() || out["messages"].empty()) return out;
  const std::uint64_t next = out["messages"].back()["index"].get<std::uint64_t>() + 1;
  if (next < which.front().next_message) out["next"] = next;
  return out;
}

const char* kind_word(ConversationKind kind) {
  switch (kind) {
    case ConversationKind::pair: return "pair";
    case ConversationKind::group: return "group";
    case ConversationKind::self: return "self";
  }
  return "unknown";
}

RpcBegun rpc_conversations(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto asked = Page::of(params);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  Page& page = std::get<Page>(asked);
  std::size_t left_out = 0;
  const bool with_archived = yes_param(params, "archived");
  const auto account = load_account(context.store);
  for (const Listed& known : listed(rooms.conversations, context.store)) {
    const Conversation& conversation = known.conversation;
    if (known.settings.is_archived && !with_archived) {
      ++left_out;
      continue;
    }
    if (!page.wants(known.place)) continue;
    if (account && is_request_of_blocked(context.store, *account, conversation)) continue;
    json one = {{"id", to_hex(conversation.channel)},
                {"kind", kind_word(conversation.kind)},
                {"title", shown_text(context.store, conversation.channel, conversation.title)},
                {"names", conversation.names},
                {"messages", known.messages},
                {"newest_ms", known.newest_ms},
                {"trouble", rooms.conversations.trouble(context.store, conversation.channel)}};
    if (const auto facts = rooms.conversations.facts(context.store, conversation.channel)) {
      one["epoch"] = facts->epoch;
      one["devices"] = facts->devices;
    }
    if (account) add_settings(one, rooms, context.store, *account, conversation);
    leave_names_out(one);
    page.add(known.place, std::move(one));
  }
  json out = page.take("conversations");
  if (left_out != 0) out["left_out"] = left_out;
  return out;
}

RpcBegun rpc_group_create(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string title = text_param(params, "title");
  if (title.empty() || title.size() > kMaxTitleSize) {
    return failure(ErrorCode::over_limit, "A group needs a title of at most 256 bytes.");
  }
  std::set<directory::Name> names;
  for (const json& one : params["names"]) {
    auto name = name_param(*account, one.get<std::string>());
    if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
    names.insert(std::get<directory::Name>(std::move(name)));
  }
  names.erase(account->name);
  // Whoever does not exist must not stand in a group: it could not be written to.
  return after_look_up(rooms, context, *account, names, LookUp::if_stale, kSendWaitMs,
                       [rooms, title, names](Context& later, const Account& own) -> RpcBegun {
                         const auto channel = rooms.conversations.create_group(later, own, title, names);
                         if (!channel) return failure(channel.error().code, "The group could not be made; try again.");
                         return json{{"conversation", to_hex(*channel)}};
                       });
}

RpcBegun rpc_group_add(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string words = text_param(params, "conversation");
  const auto conversation = rooms.conversations.resolve(context.store, *account, words);
  if (!conversation) return no_conversation(conversation.error(), words);
  if (conversation->kind != ConversationKind::group) {
    return failure(ErrorCode::not_authorised, "Nobody can be added to a conversation of two; create a group.");
  }
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto& whom = std::get<directory::Name>(name);
  const auto& names = conversation->names;
  const bool already = std::find(names.begin(), names.end(), whom.text()) != names.end();
  return after_look_up(
      rooms, context, *account, {whom}, LookUp::if_stale, kSendWaitMs,
      [rooms, channel = conversation->channel, whom, already](Context& later, const Account&) -> RpcBegun {
        const auto added = rooms.conversations.add_to_group(later, channel, whom);
        if (!added) return failure(added.error().code, "Nobody could be added; look whether the group still stands.");
        json out = {{"conversation", to_hex(channel)}};
        if (already) out["already"] = true;
        return out;
      });
}

}  // namespace cairn::client
