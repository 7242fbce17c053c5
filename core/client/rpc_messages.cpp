// Methods about single messages: reactions, edits, taking back, what was said before; and how a message is shown.
#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/client/conversation_list.h"
#include "core/client/messages.h"
#include "core/client/preview.h"
#include "core/client/requests.h"
#include "core/client/rpc_page.h"
#include "core/client/tables.h"
#include "core/wire/writer.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kSaidWaitMs = 20 * kSecondMs;
constexpr std::size_t kLeastDigits = 8;
constexpr std::size_t kMaxHits = 200;
constexpr std::size_t kBeginningBytes = 2'000;
/// Of the messages that a search has found, and again of the conversations: both stand in one answer.
constexpr std::size_t kMaxHitBytes = kMaxPageBytes / 2;

/// Of the first, second, ... in a list.
Bytes place_of(std::uint64_t number) {
  wire::Writer w;
  w.u64(number);
  return w.take();
}

/// Of a version of a message: where it stands among the others whatever comes between them.
Bytes place_of(std::uint32_t depth, const MessageId& id) {
  wire::Writer w;
  w.u32(depth);
  w.raw(id);
  return w.take();
}

const char* delivery_word(Delivery delivery) {
  switch (delivery) {
    case Delivery::received: return "received";
    case Delivery::waiting: return "waiting";
    case Delivery::sent: return "sent";
    case Delivery::refused: return "refused";
    case Delivery::notice: return "notice";
  }
  return "unknown";
}

/// Who has a message of ours, and who has read it; and in one word what is true of all others.
void add_statuses(json& out, const StoreView& store, const Account& account, const Conversation& conversation,
                  std::uint64_t index, const Message& message) {
  if (message.sender != account.name.text() || message.unsent) return;
  if (message.delivery != Delivery::sent && message.delivery != Delivery::received) return;
  json delivered = json::array();
  json read = json::array();
  for (const MessageStatus& one : statuses(store, conversation.channel, index)) {
    (one.status == StatusReport::kRead ? read : delivered).push_back(one.name);
  }
  const std::size_t others = conversation.names.size() > 1 ? conversation.names.size() - 1 : 1;
  out["status"] = read.size() >= others ? "read" : read.size() + delivered.size() >= others ? "delivered" : "sent";
  if (!delivered.empty()) out["delivered_to"] = std::move(delivered);
  if (!read.empty()) out["read_by"] = std::move(read);
}

json reactions_json(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  std::map<std::string, std::set<std::string>> by_text;
  for (const NumberedReaction& one : reactions(store, home, index))
    by_text[shown_text(store, home, one.reaction.text)].insert(one.reaction.sender);
  json out = json::array();
  for (const auto& [text, names] : by_text) out.push_back({{"text", text}, {"names", names}});
  return out;
}

json attachment_json(const Attachment& file) {
  json out = {{"name", file.name}, {"size", file.size}, {"media_type", file.media_type}};
  if (file.expires_s != 0) out["expires_ms"] = file.expires_s * kSecondMs;
  return out;
}

void add_preview(json& out, const std::optional<Bytes>& preview) {
  if (!preview) return;
  const auto extent = preview_extent(*preview);
  if (!extent) return;
  out["preview"] = {{"media_type", kPreviewType},
                    {"width", extent->width},
                    {"height", extent->height},
                    {"data", to_base64(*preview)}};
}

/// An IM URI of a member in the text is a mention (draft-ietf-mimi-content, "Link and Mention handling").
json mentions_json(const Conversation& conversation, const std::string& text) {
  json out = json::array();
  if (text.find("mimi://") == std::string::npos) return out;
  for (const std::string& name : conversation.names) {
    const std::string uri = user_uri(name);
    for (const char end : {')', '>'}) {
      if (text.find(uri + end) == std::string::npos) continue;
      out.push_back(name);
      break;
    }
  }
  return out;
}

/// Answers when the server has what was said; the message as it is then.
RpcWait await_said(const RpcRooms& rooms, const MeantMessage& meant, Bytes outbox_key) {
  RpcWait wait;
  wait.wait_ms = kSaidWaitMs;
  wait.poll = [rooms, meant, outbox_key](Context& later) -> std::optional<RpcOutcome> {
    if (Conversations::is_waiting(later.store, outbox_key)) return std::nullopt;
    const auto account = load_account(later.store);
    const auto message = rooms.conversations.message(later.store, meant.conversation.channel, meant.index);
    if (!account || !message) return failure(ErrorCode::not_found, "The message is gone.");
    return message_json(later.store, &*account, meant.conversation, meant.index, *message);
  };
  wait.late = [rooms, home = meant.conversation.channel](Context& later) -> RpcOutcome {
    std::string trouble = rooms.conversations.trouble(later.store, home);
    if (trouble.empty()) trouble = "The server has not taken it yet.";
    RpcFailure kept = failure(ErrorCode::unavailable, trouble + " It is kept, and sent as soon as that is possible.");
    kept.more = {{"queued", true}};
    return kept;
  };
  return wait;
}

/// Does the change here, and says it to the others.
RpcBegun say_change(const RpcRooms& rooms, Context& context, const Account& account, const MeantMessage& meant,
                    const Bytes& encoded) {
  const auto content = decode_content(encoded);
  CHECK(content.has_value());
  const ChannelId home = meant.conversation.channel;
  const MessageId id = Conversations::id_of(meant.conversation, account.name.text(), encoded, content->salt);
  const auto change = change_in(*content, id, {account.name.text(), account.device_id(), context.now.ms});
  CHECK(change.has_value());
  auto posted = rooms.conversations.post(context, home, encoded);
  if (!posted)
    return failure(posted.error().code, "This conversation can only be read, so nothing in it can be changed.");
  take_change(rooms.conversations, context, home, *change);
  return await_said(rooms, meant, std::move(*posted));
}

std::array<std::uint8_t, 16> fresh_salt(Context& context) {
  std::array<std::uint8_t, 16> salt{};
  context.entropy.fill(salt);
  return salt;
}

/// What every method here begins with.
std::variant<MeantMessage, RpcFailure> begin(const RpcRooms& rooms, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  auto meant = message_param(rooms, context.store, text_param(params, "message"));
  if (const auto* one = std::get_if<MeantMessage>(&meant); one != nullptr && one->message.unsent) {
    return failure(ErrorCode::invalid_state, "That message was taken back; nothing more is said about it.");
  }
  return meant;
}

}  // namespace

std::variant<MeantMessage, RpcFailure> message_param(const RpcRooms& rooms, const StoreView& store, std::string words) {
  for (char& c : words) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto whole = from_hex(words.substr(0, words.size() / 2 * 2));
  if (!whole || words.size() < kLeastDigits || words.size() > 2 * MessageId::kSize) {
    return failure(ErrorCode::malformed,
                   "A message is meant by the first 8 or more digits of its id; read shows them.");
  }
  std::optional<MeantMessage> out;
  for (const Conversation& conversation : rooms.conversations.list(store)) {
    const ChannelId home = conversation.channel;
    for (const Row& row : store.scan_prefix(tables::kMessageIds, concat({home, *whole}), kMaxHits)) {
      const auto ref = wire::decode<MessageRef>(row.value);
      if (!ref || ref->kind != MessageRef::Kind::message) continue;
      if (!to_hex(ByteView(row.key).subspan(ChannelId::kSize)).starts_with(words)) continue;
      auto message = rooms.conversations.message(store, home, ref->index);
      if (!message || (out && out->conversation.channel == home && out->index == ref->index)) continue;
      // One that came back out of a backup beside the conversation that lives: that one is meant.
      const bool is_same = out && out->message.id == message->id;
      if (is_same && !rooms.conversations.written_to(store, home)) continue;
      if (out && !is_same)
        return failure(ErrorCode::conflict, "Several messages have an id that begins so; type more of it.");
      out = MeantMessage{conversation, ref->index, std::move(*message)};
    }
  }
  if (!out) return failure(ErrorCode::not_found, "There is no message with such an id; read shows them.");
  return std::move(*out);
}

json message_json(const StoreView& store, const Account* account, const Conversation& conversation, std::uint64_t index,
                  const Message& message) {
  const bool is_own = account != nullptr && message.sender == account->name.text();
  const bool hides = !is_own && settings_of(store, conversation.channel).is_request;
  const auto addresses = message.sender.empty() ? Addresses::show : Addresses::hide;
  const auto shown = [&](const std::string& text) { return hides ? without_links(text, addresses) : text; };
  json out = {{"conversation", to_hex(conversation.channel)},
              {"index", index},
              {"sender", message.sender},
              {"delivery", delivery_word(message.delivery)},
              {"time_ms", message.time_ms},
              {"epoch", message.epoch},
              {"text", shown(message.text)}};
  if (hides && !message.sender.empty()) out["request"] = true;
  if (!message.sender.empty()) out["device"] = to_hex(message.device);
  const auto file = message.shows_file() ? attachment_of(store, conversation.channel, index) : std::nullopt;
  if (file) out["attachment"] = attachment_json(file->file);
  if (file && !hides) add_preview(out["attachment"], preview_of(store, conversation.channel, index));
  if (!message.unknown_type.empty() && !file) out["unknown_type"] = shown(message.unknown_type);
  if (message.id.is_zero()) return out;
  out["id"] = to_hex(message.id);
  if (message.in_reply_to) {
    out["reply_to"] = to_hex(*message.in_reply_to);
    if (const auto ref = find_id(store, conversation.channel, *message.in_reply_to)) out["reply_to_index"] = ref->index;
  }
  if (message.unsent) out["unsent"] = true;
  if (message.edited_ms != 0 && !message.unsent) out["edited_ms"] = message.edited_ms;
  if (message.life_s != 0) out["disappears_after_s"] = message.life_s;
  if (message.expires_ms != 0) out["expires_ms"] = message.expires_ms;
  if (json all = reactions_json(store, conversation.channel, index); !all.empty()) out["reactions"] = std::move(all);
  if (json all = mentions_json(conversation, message.text); !all.empty()) out["mentions"] = std::move(all);
  if (account != nullptr) add_statuses(out, store, *account, conversation, index, message);
  leave_others_out(out);
  return out;
}

json without_preview(json message) {
  if (message.contains("attachment")) message["attachment"].erase("preview");
  return message;
}

json without_others(json message) {
  for (const char* of_others : {"reactions", "delivered_to", "read_by"}) {
    message.erase(of_others);
    message.erase(std::string(of_others) + "_left_out");
  }
  return without_preview(std::move(message));
}

json beginning_of(json message) {
  message = without_others(std::move(message));
  const std::string text = message["text"];
  if (text.size() <= kBeginningBytes) return message;
  std::size_t end = kBeginningBytes;
  while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // inside a character
  message["text"] = text.substr(0, end);
  message["text_cut"] = true;
  message.erase("mentions");  // by their places in the text
  return message;
}

std::variant<MessageId, RpcFailure> reply_param(const RpcRooms& rooms, const StoreView& store, const ChannelId& home,
                                                const std::string& words) {
  auto meant = message_param(rooms, store, words);
  if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
  const auto& one = std::get<MeantMessage>(meant);
  if (one.conversation.channel != home) {
    return failure(ErrorCode::not_found, "That message is of another conversation; a reply stands where it was said.");
  }
  return one.message.version;
}

RpcBegun rpc_message_react(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto meant = begin(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
  const auto& one = std::get<MeantMessage>(meant);
  const auto account = load_account(context.store);
  const std::string text = text_param(params, "text");
  if (text.empty() || text.size() > kMaxReactionSize || !is_utf8(text)) {
    return failure(ErrorCode::over_limit, "A reaction is one character, or a short word of at most 64 bytes.");
  }
  const bool remove = yes_param(params, "remove");
  std::optional<MessageId> own;
  for (const NumberedReaction& other : reactions(context.store, one.conversation.channel, one.index)) {
    if (other.reaction.sender == account->name.text() && other.reaction.text == text) own = other.id;
  }
  if (remove && !own) return failure(ErrorCode::not_found, "You have not reacted to that message so.");
  if (!remove && own) return message_json(context.store, &*account, one.conversation, one.index, one.message);
  const Bytes encoded = remove ? encode_content(RetractionContent{fresh_salt(context), *own, one.message.version, true})
                               : encode_content(ReactionContent{fresh_salt(context), one.message.version, text});
  return say_change(rooms, context, *account, one, encoded);
}

RpcBegun rpc_message_edit(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto meant = begin(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
  const auto& one = std::get<MeantMessage>(meant);
  const auto account = load_account(context.store);
  if (one.message.sender != account->name.text()) {
    return failure(ErrorCode::not_authorised, "Only who wrote a message can change it.");
  }
  if (attachment_of(context.store, one.conversation.channel, one.index)) {
    return failure(ErrorCode::unsupported, "A message with a file cannot be changed; unsend takes it back.");
  }
  TextContent content;
  content.salt = fresh_salt(context);
  content.text = text_param(params, "text");
  content.replaces = one.message.version;
  content.in_reply_to = one.message.in_reply_to;
  if (one.message.life_s != 0) content.expires = Expiration{true, one.message.life_s};
  if (content.text.empty() || content.text.size() > kMaxTextSize) {
    return failure(ErrorCode::over_limit, "A text has 1 to 16384 bytes; unsend takes a message back.");
  }
  if (versions(context.store, one.conversation.channel, one.index).size() >= kMaxVersions) {
    return failure(ErrorCode::over_limit, "That message was changed a hundred times; write a new one.");
  }
  return say_change(rooms, context, *account, one, encode_content(content));
}

RpcBegun rpc_message_unsend(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto meant = begin(rooms, context, params);
  if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
  const auto& one = std::get<MeantMessage>(meant);
  const auto account = load_account(context.store);
  if (one.message.sender != account->name.text()) {
    return failure(ErrorCode::not_authorised, "Only who wrote a message can take it back.");
  }
  const ChannelId home = one.conversation.channel;
  const Bytes encoded =
      encode_content(RetractionContent{fresh_salt(context), one.message.id, one.message.in_reply_to, false});
  const bool nobody_has_it =
      one.message.delivery == Delivery::refused || rooms.conversations.take_out(context, home, one.index);
  if (!nobody_has_it) return say_change(rooms, context, *account, one, encoded);
  const Change change{Change::Kind::retraction,
                      random_value<MessageId>(context.entropy),
                      one.message.id,
                      account->name.text(),
                      account->device_id(),
                      context.now.ms,
                      {},
                      {}};
  take_change(rooms.conversations, context, home, change);
  const auto message = rooms.conversations.message(context.store, home, one.index);
  return message_json(context.store, &*account, one.conversation, one.index, *message);
}

RpcBegun rpc_message_history(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  auto meant = message_param(rooms, context.store, text_param(params, "message"));
  if (auto* failed = std::get_if<RpcFailure>(&meant)) return std::move(*failed);
  const auto& one = std::get<MeantMessage>(meant);
  const auto shown = [&](const std::string& text) {
    return one.message.sender == account->name.text() ? text
                                                      : shown_text(context.store, one.conversation.channel, text);
  };
  auto asked = Page::of(params);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  Page& page = std::get<Page>(asked);
  const auto all = numbered_versions(context.store, one.conversation.channel, one.index);
  for (const auto& [depth, id, edit] : all) {
    const Bytes place = place_of(depth, id);
    if (!page.wants(place)) continue;
    page.add(place, {{"time_ms", edit.time_ms}, {"device", to_hex(edit.device)}, {"text", shown(edit.text)}});
  }
  const Bytes place = place_of(0, one.message.id);
  if (all.empty() && page.wants(place))
    page.add(place, {{"time_ms", one.message.time_ms}, {"text", shown(one.message.text)}});
  json out = page.take("versions");
  out.update({{"id", to_hex(one.message.id)}, {"sender", one.message.sender}});
  return out;
}

RpcBegun rpc_search(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const std::string words = text_param(params, "words");
  const std::size_t limit = std::min<std::uint64_t>(number_param(params, "limit", 50), kMaxHits);
  std::optional<ChannelId> home;
  if (const std::string where = text_param(params, "conversation"); !where.empty()) {
    const auto meant = rooms.conversations.resolve(context.store, *account, where);
    if (!meant) return no_conversation(meant.error(), where);
    home = meant->channel;
  }
  Page messages(limit, kMaxHitBytes);
  std::uint64_t number = 0;
  for (const Search::Hit& hit : rooms.search.find(context.store, words, limit, home)) {
    const Bytes place = place_of(++number);
    const auto conversation = rooms.conversations.find(context.store, hit.home);
    const auto message = rooms.conversations.message(context.store, hit.home, hit.index);
    if (!conversation || !message || !messages.wants(place)) continue;
    messages.add(place, without_others(message_json(context.store, &*account, *conversation, hit.index, *message)));
  }
  json out = {{"messages", messages.take("messages")["messages"]}};
  if (home) return out;
  Page places(limit, kMaxHitBytes);
  for (const Listed& one : found(rooms.conversations, context.store, *account, Sought(words), limit)) {
    if (!places.wants(one.place)) continue;
    json shown = conversation_json(rooms, context.store, *account, one.conversation);
    shown["kind"] = kind_word(one.conversation.kind);
    places.add(one.place, std::move(shown));
  }
  out["conversations"] = places.take("conversations")["conversations"];
  return out;
}

}  // namespace cairn::client
