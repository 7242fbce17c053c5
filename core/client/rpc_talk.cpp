// Methods about conversations: sending, reading, groups. And the table of all methods.
#include "core/base/encoding.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kSendWaitMs = 20 * kSecondMs;
constexpr std::uint64_t kMaxWaitMs = 10 * kMinuteMs;
constexpr std::size_t kMaxRead = 1000;

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

std::string resolve_sentence(const Error& error, const std::string& words) {
  if (error.code == ErrorCode::conflict) return "Several conversations are called \"" + words + "\"; use the id that conversations shows.";
  return "There is no conversation \"" + words + "\"; conversations lists them, and send NAME@DOMAIN begins one.";
}

/// The conversation that `to` means: one that is there, or a pair with a name.
std::variant<ChannelId, RpcFailure> target(const RpcRooms& rooms, Context& context, const Account& account,
                                           const std::string& to) {
  const auto known = rooms.conversations.resolve(context.store, account, to);
  if (known) return known->channel;
  if (known.error().code == ErrorCode::conflict) return failure(ErrorCode::conflict, resolve_sentence(known.error(), to));
  if (to.find('@') == std::string::npos) return failure(ErrorCode::not_found, resolve_sentence(known.error(), to));
  const auto name = name_param(account, to);
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto pair = rooms.conversations.pair_with(context, account, std::get<directory::Name>(name));
  if (!pair) return failure(pair.error().code, "A conversation with oneself is not possible yet; write to somebody else.");
  return *pair;
}

/// Answers when the message is sent or refused; when it waits too long it is said to be kept.
RpcWait await_delivery(const RpcRooms& rooms, const ChannelId& channel, std::uint64_t index, std::uint64_t wait_ms) {
  RpcWait wait;
  wait.wait_ms = wait_ms;
  wait.poll = [rooms, channel, index](Context& later) -> std::optional<RpcOutcome> {
    const auto message = rooms.conversations.message(later.store, channel, index);
    const auto conversation = rooms.conversations.find(later.store, channel);
    if (!message || !conversation) return failure(ErrorCode::internal, "The message is gone.");
    if (message->delivery == Delivery::sent) return message_json(*conversation, index, *message);
    if (message->delivery == Delivery::refused) return failure(ErrorCode::not_authorised, conversation->trouble);
    return std::nullopt;
  };
  wait.late = [rooms, channel, index](Context& later) -> RpcOutcome {
    const auto conversation = rooms.conversations.find(later.store, channel);
    std::string trouble = conversation ? conversation->trouble : "";
    if (trouble.empty()) trouble = rooms.session.trouble();
    if (trouble.empty()) trouble = "The server has not taken it yet.";
    return failure(ErrorCode::unavailable, trouble + " The message is kept, and sent as soon as that is possible.");
  };
  return wait;
}

RpcBegun say(const RpcRooms& rooms, Context& context, const Account& account, const ChannelId& channel,
             const std::string& text, std::uint64_t wait_ms) {
  const auto index = rooms.conversations.say(context, account, channel, text);
  if (!index) {
    if (index.error().code == ErrorCode::over_limit) return failure(ErrorCode::over_limit, "A text has 1 to 16384 bytes; send it in parts.");
    return failure(index.error().code, "This conversation can only be read; begin a new one.");
  }
  return await_delivery(rooms, channel, *index, wait_ms);
}

/// First looks everybody up again, whatever the age of the views; then says it, unless somebody was refused.
RpcWait say_freshly(const RpcRooms& rooms, Context& context, const Account& account, const ChannelId& channel,
                    const std::string& text, std::uint64_t wait_ms) {
  std::vector<directory::Name> names;
  if (const auto conversation = rooms.conversations.find(context.store, channel)) {
    for (const std::string& one : conversation->names) {
      if (auto name = directory::Name::from(one)) names.push_back(std::move(*name));
    }
  }
  for (const directory::Name& name : names) rooms.views.look_up_now(context, account, name);
  RpcWait wait;
  wait.wait_ms = wait_ms;
  const auto second = std::make_shared<std::optional<RpcWait>>();
  wait.poll = [=](Context& later) -> std::optional<RpcOutcome> {
    if (*second) return (*second)->poll(later);
    for (const directory::Name& name : names) {
      if (rooms.views.looking_up(name)) return std::nullopt;
      const Views::Outcome outcome = rooms.views.outcome(name);
      if (!outcome.trouble.empty()) {
        return failure(outcome.refused ? ErrorCode::not_authorised : outcome.absent ? ErrorCode::not_found : ErrorCode::unavailable, outcome.trouble);
      }
    }
    const auto own = load_account(later.store);
    if (!own) return failure(ErrorCode::invalid_state, "This device has no name any more.");
    RpcBegun begun = say(rooms, later, *own, channel, text, wait_ms);
    if (auto* failed = std::get_if<RpcFailure>(&begun)) return *failed;
    *second = std::move(std::get<RpcWait>(begun));
    rooms.conversations.step(later, *own);
    return std::nullopt;
  };
  wait.late = [=](Context& later) -> RpcOutcome {
    if (*second) return (*second)->late(later);
    return failure(ErrorCode::unavailable, "The server cannot be reached to look them up again; nothing was sent.");
  };
  return wait;
}

}  // namespace

json message_json(const Conversation& conversation, std::uint64_t index, const Message& message) {
  json out = {{"conversation", to_hex(conversation.channel)}, {"index", index},          {"sender", message.sender},
              {"delivery", delivery_word(message.delivery)},  {"time_ms", message.time_ms}, {"epoch", message.epoch},
              {"text", message.text}};
  if (!message.sender.empty()) out["device"] = to_hex(message.device);
  if (!message.unknown_type.empty()) out["unknown_type"] = message.unknown_type;
  return out;
}

std::string text_param(const json& params, const char* key) {
  const auto found = params.find(key);
  return found != params.end() && found->is_string() ? found->get<std::string>() : std::string();
}

RpcFailure failure(ErrorCode code, std::string sentence) { return {code, std::move(sentence)}; }

RpcFailure not_active(const std::optional<Account>& account) {
  if (!account) return failure(ErrorCode::invalid_state, "This device has no name yet; register one, or link it to one.");
  if (account->state == AccountState::removed) {
    return failure(ErrorCode::not_authorised, "This device was removed from its name; what it has stays readable. If you did not do that, use your recovery key.");
  }
  return failure(ErrorCode::invalid_state, "This device is not active yet; status says what it waits for.");
}

std::variant<directory::Name, RpcFailure> name_param(const Account& account, const std::string& typed) {
  const std::string whole = typed.find('@') == std::string::npos && !typed.empty() ? typed + "@" + account.domain() : typed;
  auto name = directory::Name::parse(whole);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(whole));
  return std::move(*name);
}

RpcBegun rpc_send(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const auto channel = target(rooms, context, *account, text_param(params, "to"));
  if (const auto* failed = std::get_if<RpcFailure>(&channel)) return *failed;
  const auto wait = params.find("wait_ms");
  const std::uint64_t wait_ms =
      wait != params.end() && wait->is_number_unsigned() ? std::min(wait->get<std::uint64_t>(), kMaxWaitMs) : kSendWaitMs;
  const auto fresh = params.find("fresh");
  if (fresh != params.end() && fresh->is_boolean() && fresh->get<bool>()) {
    return say_freshly(rooms, context, *account, std::get<ChannelId>(channel), text_param(params, "text"), wait_ms);
  }
  return say(rooms, context, *account, std::get<ChannelId>(channel), text_param(params, "text"), wait_ms);
}

RpcBegun rpc_read(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  std::vector<Conversation> which;
  const std::string words = text_param(params, "conversation");
  if (words.empty()) {
    which = rooms.conversations.list(context.store);
  } else {
    auto one = rooms.conversations.resolve(context.store, *account, words);
    if (!one) return failure(one.error().code, resolve_sentence(one.error(), words));
    which.push_back(std::move(*one));
  }
  const auto first = params.find("first");
  const std::uint64_t from = first != params.end() && first->is_number_unsigned() ? first->get<std::uint64_t>() : 0;
  json messages = json::array();
  for (const Conversation& conversation : which) {
    for (const auto& numbered : rooms.conversations.messages(context.store, conversation.channel, from, kMaxRead)) {
      messages.push_back(message_json(conversation, numbered.index, numbered.message));
    }
  }
  return json{{"messages", messages}};
}

RpcBegun rpc_conversations(const RpcRooms& rooms, const ClientConfig&, Context& context, const json&) {
  json out = json::array();
  for (const Conversation& conversation : rooms.conversations.list(context.store)) {
    json one = {{"id", to_hex(conversation.channel)},
                {"kind", conversation.kind == ConversationKind::pair ? "pair" : conversation.kind == ConversationKind::group ? "group" : "self"},
                {"title", conversation.title},
                {"names", conversation.names},
                {"messages", conversation.next_message},
                {"trouble", conversation.trouble}};
    if (const auto facts = rooms.conversations.facts(context.store, conversation.channel)) {
      one["epoch"] = facts->epoch;
      one["devices"] = facts->devices;
    }
    out.push_back(std::move(one));
  }
  return json{{"conversations", out}};
}

RpcBegun rpc_group_create(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  std::set<directory::Name> names;
  const auto listed = params.find("names");
  if (listed != params.end() && listed->is_array()) {
    for (const json& one : *listed) {
      auto name = name_param(*account, one.is_string() ? one.get<std::string>() : std::string());
      if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
      names.insert(std::get<directory::Name>(std::move(name)));
    }
  }
  const auto channel = rooms.conversations.create_group(context, *account, text_param(params, "title"), names);
  if (!channel) return failure(channel.error().code, "A group needs a title of at most 256 bytes.");
  return json{{"conversation", to_hex(*channel)}};
}

RpcBegun rpc_group_add(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const std::string words = text_param(params, "conversation");
  const auto conversation = rooms.conversations.resolve(context.store, *account, words);
  if (!conversation) return failure(conversation.error().code, resolve_sentence(conversation.error(), words));
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const auto added = rooms.conversations.add_to_group(context, conversation->channel, std::get<directory::Name>(name));
  if (!added) return failure(added.error().code, "Nobody can be added to a conversation of two; create a group.");
  return json{{"conversation", to_hex(conversation->channel)}};
}

const std::map<std::string, RpcMethod, std::less<>>& rpc_methods() {
  static const std::map<std::string, RpcMethod, std::less<>> methods = {
      {"register", rpc_register},          {"link", rpc_link},
      {"link.wait", rpc_link_wait},        {"device.approve", rpc_device_approve},
      {"device.list", rpc_device_list},    {"device.remove", rpc_device_remove},
      {"status", rpc_status},              {"contact.show", rpc_contact_show},
      {"contact.verify", rpc_contact_verify}, {"send", rpc_send},
      {"read", rpc_read},                  {"conversations", rpc_conversations},
      {"group.create", rpc_group_create},  {"group.add", rpc_group_add}};
  return methods;
}

}  // namespace cairn::client
