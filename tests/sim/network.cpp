#include "tests/sim/network.h"

#include "tests/sim/host.h"

namespace cairn::sim {
namespace {

constexpr std::string_view kScheme = "http://";
/// When nothing comes back, some notice at once and some only by their time-out.
constexpr std::uint64_t kSilenceMs = 5'000;
/// A stream over which nothing comes is given up after this.
constexpr std::uint64_t kStreamSilenceMs = 60'000;
constexpr std::uint64_t kStrangersTimeoutMs = 30'000;

}  // namespace

void Network::add(Host& host) { hosts_.emplace(host.name(), &host); }

Host* Network::host_of(std::string_view url, std::string& target) const {
  if (!url.starts_with(kScheme)) return nullptr;
  url.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  target = url.substr(slash);
  const auto found = hosts_.find(url.substr(0, slash));
  return found == hosts_.end() ? nullptr : found->second;
}

bool Network::reach(const Host* from, const Host* to) const {
  return std::none_of(islands_.begin(), islands_.end(), [&](const auto& island) {
    const auto& names = island.second;
    return (from != nullptr && names.contains(from->name())) != names.contains(to->name());
  });
}

Network::Island Network::cut_off(const std::vector<const Host*>& island) {
  const Island id = ++last_;
  auto& names = islands_[id];
  for (const Host* host : island) {
    trace_.note(agenda_.now(), host->name(), "is on an island");
    names.insert(host->name());
  }
  for (auto& [stream_id, stream] : streams_) {
    const auto is_here = [&](const Host* host) { return host != nullptr && names.contains(host->name()); };
    if (is_here(stream.client) != is_here(stream.server)) break_later(stream_id, kStreamSilenceMs);
  }
  return id;
}

void Network::join_again(Island island) {
  for (const std::string& name : islands_[island]) trace_.note(agenda_.now(), name, "is back");
  islands_.erase(island);
}

void Network::cut(const Host& host) {
  trace_.note(agenda_.now(), host.name(), "is cut off");
  for (auto& [id, stream] : streams_) {
    if (stream.client == &host || stream.server == &host) break_later(id, delay());
  }
  for (auto& [id, exchange] : exchanges_) {
    if (exchange.from == &host || exchange.to == &host) fail_later(id, delay());
  }
}

void Network::perform(Host& from, proto::Send send) {
  if (auto* one = std::get_if<proto::Call>(&send)) {
    call(from, std::move(*one));
  } else if (auto* answer = std::get_if<proto::Respond>(&send)) {
    respond(from, *answer);
  } else if (auto* data = std::get_if<proto::SocketSend>(&send)) {
    frame(from, std::move(*data));
  } else if (auto* opens = std::get_if<proto::Connect>(&send)) {
    connect(from, *opens);
  } else if (auto* closes = std::get_if<proto::SocketClose>(&send)) {
    close(from, closes->id);
  }
}

// ---- requests ----

void Network::call(Host& from, proto::Call call) {
  trace_.note(agenda_.now(), from.name(), "calls", call.body, call.url);
  observer_.on_call(from, call);
  const std::uint64_t id = ++last_;
  Exchange exchange;
  exchange.sent_by = &from;
  exchange.from = &from;
  exchange.call = call.id;
  exchange.to = host_of(call.url, exchange.request.target);
  const bool known = exchange.to != nullptr;
  exchange.request.id = {id};
  exchange.request.method = call.method;
  exchange.request.bearer = std::move(call.bearer);
  exchange.request.peer = from.address();
  exchange.request.body = std::move(call.body);
  exchanges_.emplace(id, std::move(exchange));
  agenda_.in(call.timeout_ms, [this, id] { finish(id, fail(ErrorCode::unavailable, "time is over")); });
  if (!known || lost()) return fail_later(id, kSilenceMs);
  exchanges_.at(id).travels = true;
  agenda_.in(delay(), [this, id] { arrive(id); });
  if (repeat_percent_ != 0 && random_.below(100) < repeat_percent_) repeat(id);
}

// Nobody waits for the answer to the second one, which may be the first to arrive.
void Network::repeat(std::uint64_t id) {
  Exchange twin = exchanges_.at(id);
  const std::uint64_t its_id = ++last_;
  trace_.note(agenda_.now(), twin.from->name(), "is repeated", {}, twin.request.target);
  twin.from = nullptr;
  twin.request.id = {its_id};
  exchanges_.emplace(its_id, std::move(twin));
  agenda_.in(delay(), [this, its_id] { arrive(its_id); });
}

void Network::ask(Host& host, proto::Method method, std::string target,
                  std::function<void(Result<proto::CallReply>)> done, Bytes body) {
  const std::uint64_t id = ++last_;
  Exchange exchange;
  exchange.done = std::move(done);
  exchange.to = &host;
  exchange.request = {{id}, method, std::move(target), {}, "203.0.113.1", std::move(body)};
  exchanges_.emplace(id, std::move(exchange));
  agenda_.in(kStrangersTimeoutMs, [this, id] { finish(id, fail(ErrorCode::unavailable, "time is over")); });
  agenda_.in(delay(), [this, id] { arrive(id); });
}

void Network::arrive(std::uint64_t id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange& exchange = found->second;
  exchange.travels = false;
  if (!reach(exchange.sent_by, exchange.to)) return fail_later(id, kSilenceMs);
  if (!exchange.to->running()) return fail_later(id, delay());
  exchange.arrived = true;
  trace_.note(agenda_.now(), exchange.to->name(), "is asked", exchange.request.body, exchange.request.target);
  exchange.to->deliver(exchange.request);
}

void Network::respond(Host& from, const proto::Respond& answer) {
  const auto found = exchanges_.find(answer.id.value);
  trace_.note(agenda_.now(), from.name(), "answers", answer.body, std::to_string(answer.status));
  if (found == exchanges_.end() || found->second.to != &from) return;  // nobody waits any more
  Exchange& exchange = found->second;
  CHECK(!exchange.answered);  // exactly one answer follows a request
  exchange.answered = true;
  observer_.on_answer(from, exchange.request, answer);
  if (lost() || !reach(exchange.sent_by, &from)) return fail_later(answer.id.value, kSilenceMs);
  proto::CallReply reply{answer.status, answer.body, answer.retry_after_s};
  agenda_.in(delay(), [this, id = answer.id.value, reply = std::move(reply)] { finish(id, reply); });
}

void Network::finish(std::uint64_t id, Result<proto::CallReply> reply) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange one = found->second;
  if (one.travels) {  // given up by who waits; the request may do its work all the same
    found->second.from = nullptr;
    found->second.done = nullptr;
  } else {
    exchanges_.erase(found);
  }
  if (one.from != nullptr) {
    trace_.note(agenda_.now(), one.from->name(), "hears", reply ? ByteView(reply->body) : ByteView(),
                (reply ? std::to_string(reply->status) : std::string("nothing")) + " from " + one.request.target);
    one.from->deliver(proto::CallDone{one.call, std::move(reply)});
  } else if (one.done) {
    one.done(std::move(reply));
  }
}

void Network::fail_later(std::uint64_t id, std::uint64_t most_ms) {
  agenda_.in(random_.below(most_ms + 1), [this, id] { finish(id, fail(ErrorCode::unavailable, "no answer")); });
}

void Network::refuse_waiting(Host& host, const proto::Respond& answer) {
  std::vector<std::uint64_t> waiting;
  for (const auto& [id, exchange] : exchanges_) {
    if (exchange.to == &host && exchange.arrived && !exchange.answered) waiting.push_back(id);
  }
  for (const std::uint64_t id : waiting) {
    proto::Respond each = answer;
    each.id = {id};
    respond(host, each);
  }
}

// What a process has sent goes on its way without it; whoever waited for it notices soon.
void Network::forget(const Host& host) {
  for (auto& [id, exchange] : exchanges_) {
    if (exchange.from == &host) exchange.from = nullptr;
    if (exchange.to == &host && exchange.arrived && !exchange.answered) fail_later(id, delay());
  }
  for (auto& [id, stream] : streams_) {
    if (stream.client == &host)
      stream.client = nullptr;
    else if (stream.server == &host)
      stream.server = nullptr;
    else
      continue;
    break_later(id, delay());
  }
}

// ---- streams ----

Time Network::arrival(Time& newest) {
  newest = std::max(newest, after(agenda_.now(), delay()));
  return newest;
}

void Network::connect(Host& from, const proto::Connect& connect) {
  trace_.note(agenda_.now(), from.name(), "connects", {}, connect.url);
  const std::uint64_t id = ++last_;
  Stream stream;
  stream.client = &from;
  stream.client_id = connect.id;
  proto::SocketOpened opened{{id}, {}, connect.bearer, from.address()};
  stream.server = host_of(connect.url, opened.target);
  const bool known = stream.server != nullptr;
  const auto added = streams_.emplace(id, stream).first;
  if (!known || lost()) return break_later(id, kSilenceMs);
  agenda_.at(arrival(added->second.up), [this, id, opened] { open(id, opened); });
}

void Network::open(std::uint64_t id, proto::SocketOpened opened) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.broken) return;
  Stream& stream = found->second;
  if (stream.client == nullptr || stream.server == nullptr) return;
  if (!reach(stream.client, stream.server) || !stream.server->running()) return break_later(id, kSilenceMs);
  stream.opened = true;
  trace_.note(agenda_.now(), stream.server->name(), "gets a stream", {}, stream.client->name());
  stream.server->deliver(std::move(opened));
  agenda_.at(arrival(stream.down), [this, id] {
    const auto standing = streams_.find(id);
    if (standing == streams_.end() || standing->second.broken || standing->second.client == nullptr) return;
    standing->second.client->deliver(proto::SocketConnected{standing->second.client_id});
  });
}

std::pair<std::map<std::uint64_t, Network::Stream>::iterator, Network::End> Network::find(const Host& host,
                                                                                          proto::SocketId id) {
  const auto accepted = streams_.find(id.value);
  if (accepted != streams_.end() && accepted->second.server == &host) return {accepted, End::server};
  for (auto at = streams_.begin(); at != streams_.end(); ++at) {
    if (at->second.client == &host && at->second.client_id == id) return {at, End::client};
  }
  return {streams_.end(), End::client};
}

void Network::frame(Host& from, proto::SocketSend send) {
  const auto [at, end] = find(from, send.id);
  if (at == streams_.end() || at->second.broken) return;
  Stream& stream = at->second;
  const bool up = end == End::client;
  agenda_.at(arrival(up ? stream.up : stream.down), [this, id = at->first, up, data = std::move(send.data)] {
    const auto found = streams_.find(id);
    if (found == streams_.end() || found->second.broken) return;
    const Stream& there = found->second;
    Host* to = up ? there.server : there.client;
    if (to == nullptr) return;
    trace_.note(agenda_.now(), to->name(), "gets a frame", data);
    to->deliver(proto::SocketFrame{up ? proto::SocketId{id} : there.client_id, data});
  });
}

void Network::close(Host& from, proto::SocketId id) {
  const auto [at, end] = find(from, id);
  if (at == streams_.end()) return;
  Stream& stream = at->second;
  const bool up = end == End::client;
  (up ? stream.client : stream.server) = nullptr;  // who closes hears no more
  agenda_.at(arrival(up ? stream.up : stream.down),
             [this, number = at->first, up] { end_stream(number, up ? End::server : End::client); });
}

void Network::break_later(std::uint64_t id, std::uint64_t most_ms) {
  Stream& stream = streams_.at(id);
  stream.broken = true;
  agenda_.at(std::max(stream.up, after(agenda_.now(), random_.below(most_ms + 1))),
             [this, id] { end_stream(id, End::server); });
  agenda_.at(std::max(stream.down, after(agenda_.now(), random_.below(most_ms + 1))),
             [this, id] { end_stream(id, End::client); });
}

void Network::end_stream(std::uint64_t id, End end) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  Host*& host = end == End::server ? stream.server : stream.client;
  if (host != nullptr && (end == End::client || stream.opened)) {
    trace_.note(agenda_.now(), host->name(), "loses a stream");
    host->deliver(proto::SocketClosed{end == End::server ? proto::SocketId{id} : stream.client_id});
  }
  host = nullptr;
  if (stream.client == nullptr && stream.server == nullptr) streams_.erase(found);
}

}  // namespace cairn::sim
