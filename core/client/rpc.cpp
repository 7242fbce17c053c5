#include "core/client/rpc.h"

#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr const char* kTarget = "/rpc";
constexpr std::size_t kMaxRequest = std::size_t{256} * 1024;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxWaiting = 256;

// JSON-RPC 2.0 s.5.1.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
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

json error_json(const json& id, int code, const std::string& sentence, const char* name) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", sentence}, {"data", {{"code", name}}}}}};
}

}  // namespace

class Rpc::State {
 public:
  State(ClientConfig config, RpcRooms rooms) : config_(std::move(config)), rooms_(rooms) {
    rooms_.conversations.set_listener([this](Context& context, const ChannelId& channel, std::uint64_t index,
                                             const Message& message) { notify(context, channel, index, message); });
  }

  void opened(Context& context, const proto::SocketOpened& opened) {
    if (opened.target != kTarget) return context.send(proto::SocketClose{opened.id});
    sockets_.emplace(opened.id, Socket{});
  }

  void frame(Context& context, const proto::SocketFrame& frame) {
    if (!sockets_.contains(frame.id)) return;
    const std::string text = as_text(frame.data);
    const bool readable = text.size() <= kMaxRequest && is_utf8(text) && is_shallow(text);
    const json request = readable ? json::parse(text, nullptr, false) : json(json::value_t::discarded);
    if (request.is_discarded()) {
      return reply(context, frame.id, error_json(nullptr, kParseError, "That is no JSON of a bearable size.", "malformed"));
    }
    const bool valid = request.is_object() && request.contains("method") && request["method"].is_string() &&
                       request.contains("id") && !request["id"].is_structured() &&
                       (!request.contains("params") || request["params"].is_object());
    if (!valid) {
      return reply(context, frame.id, error_json(nullptr, kInvalidRequest, "That is no request with an id.", "malformed"));
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
      } else {
        still.push_back(std::move(one));
      }
    }
    waiting_ = std::move(still);
  }

  Time next_deadline() const {
    Time next = Time::never();
    for (const Waiting& one : waiting_) next = std::min(next, one.until);
    return next;
  }

  void forget_all() {
    sockets_.clear();
    waiting_.clear();
  }

 private:
  struct Socket {
    bool follows = false;
    std::optional<ChannelId> channel;  ///< absent: all conversations
  };
  struct Waiting {
    proto::SocketId socket;
    json id;
    RpcWait wait;
    Time until;
  };

  void begin(Context& context, proto::SocketId socket, const json& id, const std::string& method, const json& params) {
    if (method == "follow") return answer(context, socket, id, follow(context, socket, params));
    const auto found = rpc_methods().find(method);
    if (found == rpc_methods().end()) {
      return reply(context, socket, error_json(id, kMethodNotFound, "There is no method of that name.", "not_found"));
    }
    RpcBegun begun = found->second(rooms_, config_, context, params);
    if (auto* result = std::get_if<json>(&begun)) return answer(context, socket, id, *result);
    if (auto* failed = std::get_if<RpcFailure>(&begun)) return answer(context, socket, id, *failed);
    if (waiting_.size() >= kMaxWaiting) {
      return answer(context, socket, id, failure(ErrorCode::rate_limited, "Too much is being waited for; try again later."));
    }
    RpcWait wait = std::move(std::get<RpcWait>(begun));
    const Time until = after(context.now, wait.wait_ms);
    waiting_.push_back({socket, id, std::move(wait), until});
  }

  RpcOutcome follow(Context& context, proto::SocketId socket, const json& params) {
    const auto account = load_account(context.store);
    if (!account) return not_active(account);
    Socket& mine = sockets_.at(socket);
    const std::string words = text_param(params, "conversation");
    if (!words.empty()) {
      const auto conversation = rooms_.conversations.resolve(context.store, *account, words);
      if (!conversation) return failure(conversation.error().code, "There is no such conversation.");
      mine.channel = conversation->channel;
    }
    mine.follows = true;
    return json::object();
  }

  void notify(Context& context, const ChannelId& channel, std::uint64_t index, const Message& message) {
    for (const auto& [id, socket] : sockets_) {
      if (!socket.follows || (socket.channel && *socket.channel != channel)) continue;
      const auto conversation = rooms_.conversations.find(context.store, channel);
      if (!conversation) continue;
      reply(context, id, {{"jsonrpc", "2.0"}, {"method", "message"}, {"params", message_json(*conversation, index, message)}});
    }
  }

  void answer(Context& context, proto::SocketId socket, const json& id, const RpcOutcome& outcome) {
    if (const auto* result = std::get_if<json>(&outcome)) {
      return reply(context, socket, {{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}});
    }
    const auto& failed = std::get<RpcFailure>(outcome);
    reply(context, socket, error_json(id, kFailed, failed.sentence, to_string(failed.code)));
  }

  static void reply(Context& context, proto::SocketId socket, const json& message) {
    context.send(proto::SocketSend{socket, to_bytes(message.dump(-1, ' ', false, json::error_handler_t::replace))});
  }

  ClientConfig config_;
  RpcRooms rooms_;
  std::map<proto::SocketId, Socket> sockets_;
  std::vector<Waiting> waiting_;
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
