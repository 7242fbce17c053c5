// JSON-RPC 2.0: frames, requests, waiting answers, notifications.
#include "core/client/rpc.h"

#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/client/conversation_list.h"
#include "core/client/rpc_methods.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr const char* kTarget = "/rpc";
constexpr std::size_t kMaxRequest = std::size_t{256} * 1024;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxSockets = 64;
constexpr std::size_t kMaxWaiting = 256;
constexpr std::size_t kMaxIdSize = 128;
/// Events that are sent to a follower in one input; the rest follows at once.
constexpr std::size_t kEventsAtOnce = 256;
/// No further one after so many bytes: what carries them to a follower keeps only so much for it.
constexpr std::size_t kEventBytesAtOnce = std::size_t{512} * 1024;
/// Followers that come back can be told what they missed, up to this many messages.
constexpr std::uint64_t kEventsKept = 100'000;

// JSON-RPC 2.0 s.5.1.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kFailed = -32000;

/// Not deeper than kMaxDepth, so that parsing needs a bounded stack.
bool is_shallow(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kMaxDepth) return false;
  }
  return true;
}

/// A request's id (s.4): text or number, so that answers can be told apart.
bool is_id(const json& request) {
  const auto id = request.find("id");
  if (id == request.end()) return false;
  return id->is_number() || (id->is_string() && id->get_ref<const std::string&>().size() <= kMaxIdSize);
}

bool is_request(const json& request) {
  if (!request.is_object() || !is_id(request)) return false;
  const auto text_member = [&](const char* key) {
    const auto found = request.find(key);
    return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto params = request.find("params");
  return text_member("jsonrpc") == "2.0" && !text_member("method").empty() &&
         (params == request.end() || params->is_object());
}

bool has_kind(const json& value, RpcParameter::Kind kind) {
  switch (kind) {
    case RpcParameter::Kind::text: return value.is_string();
    case RpcParameter::Kind::yes_or_no: return value.is_boolean();
    case RpcParameter::Kind::number: return value.is_number_unsigned();
    case RpcParameter::Kind::texts:
      return value.is_array() &&
             std::all_of(value.begin(), value.end(), [](const json& one) { return one.is_string(); });
  }
  return false;
}

const char* kind_words(RpcParameter::Kind kind) {
  switch (kind) {
    case RpcParameter::Kind::text: return "a text";
    case RpcParameter::Kind::yes_or_no: return "true or false";
    case RpcParameter::Kind::number: return "a number without a sign";
    case RpcParameter::Kind::texts: return "a list of texts";
  }
  return "something else";
}

/// What is wrong with the parameters, one sentence; empty when nothing is.
std::string parameter_trouble(const RpcEntry& entry, const json& params) {
  for (const RpcParameter& parameter : entry.parameters) {
    const auto found = params.find(parameter.name);
    if (found == params.end()) {
      if (parameter.need == RpcParameter::Need::required)
        return std::string("The parameter ") + parameter.name + " is missing.";
    } else if (!has_kind(*found, parameter.kind)) {
      return std::string("The parameter ") + parameter.name + " must be " + kind_words(parameter.kind) + ".";
    }
  }
  for (const auto& [key, value] : params.items()) {
    const bool known = std::any_of(entry.parameters.begin(), entry.parameters.end(),
                                   [&key = key](const RpcParameter& parameter) { return key == parameter.name; });
    if (!known)
      return "There is no parameter " + key.substr(0, kMaxIdSize) + " here; docs/spec/client-rpc.md lists them.";
  }
  return {};
}

json error_json(const json& id, int code, const RpcFailure& failed) {
  json data = {{"code", to_string(failed.code)}};
  if (failed.more.is_object()) data.update(failed.more);
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", failed.sentence}, {"data", data}}}};
}

/// Behind the place of a message in tables::kEvents.
constexpr std::uint8_t kItCame = 1;

Bytes event_key(std::uint64_t number) {
  wire::Writer w;
  w.u64(number);
  return w.take();
}

}  // namespace

class Rpc::State {
 public:
  State(ClientConfig config, RpcRooms rooms) : config_(std::move(config)), rooms_(rooms) {
    rooms_.conversations.set_listener([this](Context& context, const ChannelId& channel, std::uint64_t index,
                                             const Message&, Conversations::Told told) {
      add_event(context, channel, index, told);
      rooms_.search.changed(channel, index);
    });
    rooms_.attachments.set_listener(
        [this](Context& context, const Transfer& transfer) { tell_transfer(context, transfer); });
    rooms_.typing.set_listener(
        [this](Context& context, const ChannelId& home, const std::string& name) { tell_typing(context, home, name); });
    rooms_.own_devices.taker().set_listener(
        [this](Context& context, const HistoryTake& take) { tell_all(context, "history", history_json(take)); });
  }

  void opened(Context& context, const proto::SocketOpened& opened) {
    if (opened.target != kTarget || sockets_.size() >= kMaxSockets) {
      context.sends.emplace_back(proto::SocketClose{opened.id});
      return;
    }
    sockets_.emplace(opened.id, std::nullopt);
  }

  void frame(Context& context, const proto::SocketFrame& frame) {
    if (!sockets_.contains(frame.id)) return;
    const std::string text = as_text(frame.data);
    const bool readable = text.size() <= kMaxRequest && is_utf8(text) && is_shallow(text);
    const json request = readable ? json::parse(text, nullptr, false) : json(json::value_t::discarded);
    if (request.is_discarded()) {
      return reply(
          context, frame.id,
          error_json(nullptr, kParseError, failure(ErrorCode::malformed, "That is no JSON of a bearable size.")));
    }
    if (!is_request(request)) {
      return reply(context, frame.id,
                   error_json(nullptr, kInvalidRequest,
                              failure(ErrorCode::malformed,
                                      "That is no JSON-RPC 2.0 request with an id and named parameters.")));
    }
    begin(context, frame.id, request["id"], request["method"], request.value("params", json::object()));
  }

  void closed(proto::SocketId id) {
    sockets_.erase(id);
    std::erase_if(waiting_, [&](const Waiting& one) { return one.socket == id; });
  }

  void step(Context& context) {
    // A poll may set something going, but adds no waiter.
    std::vector<Waiting> still;
    for (Waiting& one : std::exchange(waiting_, {})) {
      std::optional<RpcOutcome> outcome = one.wait.poll(context);
      if (!outcome && one.until <= context.now) outcome = one.wait.late(context);
      if (outcome) {
        answer(context, one.socket, one.id, *outcome);
        continue;
      }
      if (one.wait.every_ms != 0) one.again = after(context.now, one.wait.every_ms);
      still.push_back(std::move(one));
    }
    waiting_ = std::move(still);
    more_events_ = false;
    for (auto& [socket, following] : sockets_) {
      if (!following) continue;
      tell_alarms(context, socket, *following);
      more_events_ = tell(context, socket, *following) || more_events_;
    }
  }

  Time next_deadline() const {
    if (more_events_) return {};
    Time next = Time::never();
    for (const Waiting& one : waiting_) next = std::min({next, one.until, one.again});
    return next;
  }

  void forget_all() {
    sockets_.clear();
    waiting_.clear();
    more_events_ = false;
  }

 private:
  struct Following {
    std::optional<ChannelId> channel;    ///< absent: all conversations
    std::uint64_t next = 0;              ///< the first event that was not told yet
    std::set<std::string> alarms;        ///< that were told
    std::optional<std::uint64_t> looks;  ///< at the own name, when alarms were last looked for
  };
  struct Waiting {
    proto::SocketId socket;
    json id;
    RpcWait wait;
    Time until;
    Time again = Time::never();
  };

  void begin(Context& context, proto::SocketId socket, const json& id, const std::string& method, const json& params) {
    const auto found = rpc_methods().find(method);
    if (found == rpc_methods().end()) {
      const RpcFailure unknown = failure(ErrorCode::not_found, "There is no method of that name.");
      return reply(context, socket, error_json(id, kMethodNotFound, unknown));
    }
    const RpcEntry& entry = found->second;
    if (const std::string trouble = parameter_trouble(entry, params); !trouble.empty()) {
      return reply(context, socket, error_json(id, kInvalidParams, failure(ErrorCode::malformed, trouble)));
    }
    if (entry.store == RpcEntry::Store::grows && context.store.full()) {
      return answer(
          context, socket, id,
          failure(ErrorCode::storage_full, "The disk is full and nothing was changed; make room and try again."));
    }
    if (entry.run == nullptr) return answer(context, socket, id, follow(context, socket, params));
    if (waiting_.size() >= kMaxWaiting) {
      return answer(context, socket, id,
                    failure(ErrorCode::rate_limited, "Too many answers are being waited for; try again later."));
    }
    RpcBegun begun = entry.run(rooms_, config_, context, params);
    if (auto* result = std::get_if<json>(&begun)) return answer(context, socket, id, std::move(*result));
    if (auto* failed = std::get_if<RpcFailure>(&begun)) return answer(context, socket, id, std::move(*failed));
    RpcWait wait = std::move(std::get<RpcWait>(begun));
    const Time until = after(context.now, wait.wait_ms);
    waiting_.push_back({socket, id, std::move(wait), until});
  }

  // ---- following ----

  static void add_event(Context& context, const ChannelId& channel, std::uint64_t index, Conversations::Told told) {
    const std::uint64_t number = newest_event(context.store) + 1;
    Bytes what = concat({channel, event_key(index)});
    if (told == Conversations::Told::added) what.push_back(kItCame);
    context.store.put(tables::kEvents, event_key(number), what);
    if (number > kEventsKept) context.store.erase(tables::kEvents, event_key(number - kEventsKept));
  }

  RpcOutcome follow(Context& context, proto::SocketId socket, const json& params) {
    const auto account = load_account(context.store);
    if (!account) return not_active(account);
    Following following;
    const std::string words = text_param(params, "conversation");
    if (!words.empty()) {
      const auto conversation = rooms_.conversations.resolve(context.store, *account, words);
      if (!conversation) return no_conversation(conversation.error(), words);
      following.channel = conversation->channel;
    }
    const std::uint64_t newest = newest_event(context.store);
    const std::uint64_t since = std::min(number_param(params, "since", newest), newest);
    following.next = since + 1;
    sockets_[socket] = following;
    return json{{"cursor", since}};
  }

  void tell_alarms(Context& context, proto::SocketId socket, Following& following) {
    const std::uint64_t looks = rooms_.own_name.looks() + rooms_.backups.looks() +
                                rooms_.conversations.evictions_seen() + rooms_.own_devices.domains().looks();
    const auto account = load_account(context.store);
    if (!account || std::exchange(following.looks, looks) == looks) return;
    for (json& alarm : alarms_json(rooms_, context.store, *account, context.now)) {
      // A device may ask again when its first reset was vetoed, guesses go on, other realms may be proposed, and what
      // was kept may be asked to be deleted anew.
      const std::string which =
          alarm["kind"].get<std::string>() + alarm["device"].get<std::string>() +
          alarm.value("matures_ms", json()).dump() + alarm.value("guesses", json()).dump() +
          alarm.value("conversations", json()).dump() + alarm.value("storage", "") + alarm.value("digest", "") +
          alarm.value("what", "") +
          (alarm.contains("generation") ? alarm["generation"].dump() + "@" + alarm["seen_ms"].dump() : "");
      if (!following.alarms.insert(which).second) continue;
      reply(context, socket, {{"jsonrpc", "2.0"}, {"method", "alarm"}, {"params", std::move(alarm)}});
    }
  }

  /// How far a file is, to all who follow its conversation.
  void tell_transfer(Context& context, const Transfer& transfer) {
    for (const auto& [socket, following] : sockets_) {
      if (!following || (following->channel && *following->channel != transfer.home)) continue;
      reply(context, socket,
            {{"jsonrpc", "2.0"}, {"method", "attachment"}, {"params", transfer_json(rooms_, context, transfer)}});
    }
  }

  /// That somebody writes, likewise.
  void tell_typing(Context& context, const ChannelId& home, const std::string& name) {
    const json params = {
        {"conversation", to_hex(home)}, {"typing", name}, {"until_ms", after(context.now, kTypingLifeMs).ms}};
    for (const auto& [socket, following] : sockets_) {
      if (!following || (following->channel && *following->channel != home)) continue;
      reply(context, socket, {{"jsonrpc", "2.0"}, {"method", "typing"}, {"params", params}});
    }
  }

  void tell_all(Context& context, const char* method, const json& params) {
    for (const auto& [socket, following] : sockets_) {
      if (following) reply(context, socket, {{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
    }
  }

  /// What the follower was not told yet; true when there is still more.
  bool tell(Context& context, proto::SocketId socket, Following& following) {
    const auto rows = context.store.scan(tables::kEvents, event_key(following.next), {}, kEventsAtOnce);
    const auto account = rows.empty() ? std::nullopt : load_account(context.store);
    std::size_t size = 0;
    for (const Row& row : rows) {
      if (size >= kEventBytesAtOnce) return true;
      wire::Reader key(row.key), value(row.value);
      const auto number = key.u64();
      const auto channel = value.fixed<ChannelId>();
      const auto index = value.u64();
      CHECK(number && channel && index);
      const bool came = value.rest().size() == 1 && value.rest()[0] == kItCame;
      following.next = *number + 1;
      if (following.channel && *following.channel != *channel) continue;
      const auto conversation = rooms_.conversations.find(context.store, *channel);
      const auto message = rooms_.conversations.message(context.store, *channel, *index);
      if (!account || !conversation || !message) continue;
      json params = message_json(context.store, &*account, *conversation, *index, *message);
      params["cursor"] = *number;
      if (came && rings(context.store, *account, *channel, *index, *message)) params["rings"] = true;
      Bytes frame = frame_of({{"jsonrpc", "2.0"}, {"method", "message"}, {"params", std::move(params)}});
      size += frame.size();
      context.sends.emplace_back(proto::SocketSend{socket, std::move(frame)});
    }
    return rows.size() == kEventsAtOnce;
  }

  // ---- answers ----

  static void answer(Context& context, proto::SocketId socket, const json& id, const RpcOutcome& outcome) {
    if (const auto* failed = std::get_if<RpcFailure>(&outcome)) {
      return reply(context, socket, error_json(id, kFailed, *failed));
    }
    Bytes frame = frame_of({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::get<json>(outcome)}});
    if (frame.size() > proto::kMaxFrameSize) {
      const RpcFailure too_large = failure(ErrorCode::over_limit, "The answer is too large; ask for less.");
      return reply(context, socket, error_json(id, kFailed, too_large));
    }
    context.sends.emplace_back(proto::SocketSend{socket, std::move(frame)});
  }

  static void reply(Context& context, proto::SocketId socket, const json& message) {
    context.sends.emplace_back(proto::SocketSend{socket, frame_of(message)});
  }

  static Bytes frame_of(const json& message) {
    return to_bytes(message.dump(-1, ' ', false, json::error_handler_t::replace));
  }

  ClientConfig config_;
  RpcRooms rooms_;
  std::map<proto::SocketId, std::optional<Following>> sockets_;
  std::vector<Waiting> waiting_;
  bool more_events_ = false;
};

Rpc::Rpc(ClientConfig config, RpcRooms rooms) : state_(std::make_unique<State>(std::move(config), rooms)) {}
Rpc::~Rpc() = default;
void Rpc::opened(Context& context, const proto::SocketOpened& opened) { state_->opened(context, opened); }
void Rpc::frame(Context& context, const proto::SocketFrame& frame) { state_->frame(context, frame); }
void Rpc::closed(proto::SocketId id) { state_->closed(id); }
void Rpc::step(Context& context) { state_->step(context); }
Time Rpc::next_deadline() const { return state_->next_deadline(); }
void Rpc::forget_all() { state_->forget_all(); }

}  // namespace cairn::client
