#include "tests/support/client_village.h"

#include "tests/support/recovery_keys.h"

namespace cairn::testing {

std::vector<Row> TestStore::scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const {
  return rows_.scan(table, first, end, limit, order);
}

bool TestStore::apply(const std::vector<Write>& writes) {
  if (is_full && growth_of(writes) > kTrifle) return false;
  rows_.apply(writes);
  return true;
}

std::int64_t TestStore::growth_of(const std::vector<Write>& writes) const {
  std::int64_t growth = 0;
  for (const Write& write : writes) {
    if (const auto old = get(write.table, write.key)) growth -= std::ssize(write.key) + std::ssize(*old);
    if (write.value) growth += std::ssize(write.key) + std::ssize(*write.value);
  }
  return growth;
}

TestClient::TestClient(ClientVillage& village, std::uint64_t seed)
    : village_(village), entropy_(seed), mind_(client::make_client({})) {
  store_ = std::make_unique<TestStore>();
}

TestClient::~TestClient() = default;

std::vector<nlohmann::json> TestClient::take_notices() {
  std::vector<nlohmann::json> out;
  for (nlohmann::json& frame : std::exchange(heard_, {})) {
    (frame.contains("id") ? heard_ : out).push_back(std::move(frame));
  }
  return out;
}

void TestClient::hang_up() {
  if (rpc_) give(proto::SocketClosed{*std::exchange(rpc_, std::nullopt)});
}

void TestClient::release_answers() {
  held_path_.clear();
  for (proto::CallDone& done : std::exchange(held_, {})) give(std::move(done));
}

Time TestClient::next_deadline() const {
  const Time own = mind_->next_deadline();
  if (own == Time::never()) return own;
  return {static_cast<std::uint64_t>(std::max(static_cast<std::int64_t>(own.ms) - ahead_ms, std::int64_t{0}))};
}

proto::SocketId TestClient::rpc() {
  if (!rpc_) {
    rpc_ = proto::SocketId{next_socket_++};
    give(proto::SocketOpened{*rpc_, "/rpc", {}, {}});
  }
  return *rpc_;
}

TestClient& ClientVillage::device(const std::string& name) {
  auto& found = devices_[name];
  if (!found) {
    found = std::make_unique<TestClient>(*this, devices_.size());
    found->take(found->mind_->rebuild(*found->store_, now, found->entropy_));
  }
  return *found;
}

void ClientVillage::set_online(const std::string& name, bool online) {
  TestClient& client = device(name);
  client.online_ = online;
  if (!online && client.stream_) client.give(proto::SocketClosed{std::exchange(client.stream_, std::nullopt)->id});
}

void ClientVillage::notify_of_epoch(const std::string& name) {
  TestClient& client = device(name);
  CHECK(client.stream_.has_value());
  const proto::MailboxPush push{proto::MailboxPush::Kind::log_grew, {}, server.domain.log.size()};
  client.give(proto::SocketFrame{client.stream_->id, wire::encode(push)});
}

void ClientVillage::settle() {
  std::size_t rounds = 0;
  for (bool busy = true; busy;) {
    CHECK(++rounds < 100'000);  // they go on for ever without time passing
    busy = false;
    for (auto& [name, client] : devices_) busy = client->work() || busy;
  }
}

void ClientVillage::pass(std::uint64_t most_ms) {
  settle();
  Time next = after(now, most_ms);
  for (auto& [name, client] : devices_) next = std::min(next, std::max(client->next_deadline(), after(now, 1)));
  now = next;
  server.set_time(now);
  if (other) other->set_time(now);
  for (auto& [name, client] : devices_) {
    if (client->next_deadline() <= now) client->give(proto::TimerFired{});
  }
  settle();
}

void ClientVillage::pass_all(std::uint64_t ms) {
  const Time end = after(now, ms);
  while (now < end) pass(end.ms - now.ms);
}

ClientVillage::ClientVillage() { server.set_time(now); }

ClientVillage::~ClientVillage() = default;

FakeServer& ClientVillage::found_other_domain() {
  constexpr std::uint64_t kSeed = 200;
  other = std::make_unique<FakeServer>(kSeed, "two.example");
  other->set_time(now);
  other->post.neighbour = &server.post;
  server.post.neighbour = &other->post;
  return *other;
}

FakeServer& ClientVillage::server_of(std::string_view text) {
  const bool is_others = text.ends_with("@two.example") || text.find("://two.example") != std::string_view::npos;
  return other && is_others ? *other : server;
}

bool ClientVillage::until(const std::function<bool()>& condition, std::uint64_t most_ms) {
  const Time end = after(now, most_ms);
  settle();
  for (;;) {
    if (condition()) return true;
    if (now >= end) return false;
    pass(end.ms - now.ms);
  }
}

nlohmann::json ClientVillage::ask(const std::string& name, const std::string& method, const Params& params,
                                  std::uint64_t most_ms) {
  TestClient& client = device(name);
  const std::uint64_t id = begin(name, method, params);
  nlohmann::json answer;
  until([&] { return !(answer = take_answer(client, id)).is_null(); }, most_ms);
  if (begins_a_name(method) && answer.contains("result")) answer["result"]["recovery_key"] = recovery_key_of(name);
  return answer;
}

std::uint64_t ClientVillage::begin(const std::string& name, const std::string& method, const Params& params) {
  nlohmann::json all = params.json();
  if (begins_a_name(method) && !all.contains("recovery_key")) all["recovery_key"] = recovery_key_of(name);
  device(name).say({{"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", method}, {"params", std::move(all)}});
  return last_id_;
}

nlohmann::json ClientVillage::register_person(const std::string& device_name, const std::string& name) {
  return ask(device_name, "register", {{"name", name}, {"policy", server_of(name).policy_text()}});
}

nlohmann::json ClientVillage::link_device(const std::string& device_name, const std::string& name,
                                          const std::string& by) {
  const auto code = ask(device_name, "link", {{"name", name}, {"policy", server_of(name).policy_text()}});
  if (!code.contains("result")) return code;
  const auto id = begin(device_name, "link.wait", {});
  const auto approved =
      ask(by, "device.approve", {{"code", code["result"]["code"]}, {"confirm", "this device will read everything"}});
  if (!approved.contains("result")) return approved;
  nlohmann::json linked;
  until([&] { return !(linked = answer(device_name, id)).is_null(); });
  return linked;
}

nlohmann::json ClientVillage::take_answer(TestClient& client, std::uint64_t id) {
  auto& heard = client.heard_;
  for (auto at = heard.begin(); at != heard.end(); ++at) {
    if (!at->contains("id") || (*at)["id"] != id) continue;
    nlohmann::json out = std::move(*at);
    heard.erase(at);
    return out;
  }
  return nullptr;
}

void TestClient::restart() {
  sends_.clear();
  stream_.reset();
  rpc_.reset();
  mind_ = client::make_client({});
  take(mind_->rebuild(*store_, clock(), entropy_));
}

Time TestClient::clock() const { return {village_.now.ms + static_cast<std::uint64_t>(ahead_ms)}; }

void TestClient::give(const proto::Input& input) { take(mind_->handle(input, *store_, clock(), entropy_)); }

void TestClient::take(proto::Effects effects) {
  if (!effects.writes.empty() && commits_++ == failing_commit_) return restart();
  if (!store_->apply(effects.writes)) {
    ++refused_by_disk_;
    return restart();
  }
  for (proto::Send& send : effects.sends) sends_.push_back(std::move(send));
}

bool TestClient::work() {
  bool worked = false;
  while (!sends_.empty()) {
    const proto::Send send = std::move(sends_.front());
    sends_.pop_front();
    if (crash_after_ && (*crash_after_)-- == 0) {
      crash_after_.reset();
      restart();
    } else {
      perform(send);
    }
    worked = true;
  }
  return push() || worked;
}

void TestClient::perform(const proto::Send& send) {
  if (const auto* call = std::get_if<proto::Call>(&send)) {
    Result<proto::CallReply> reply = fail(ErrorCode::unavailable, "offline");
    const bool is_cut_off = !cut_off_.empty() && call->url.starts_with(cut_off_);
    if (online_ && !is_cut_off) reply = village_.server_of(call->url).answer(*call);
    if (!lost_path_.empty() && call->url.ends_with(lost_path_)) reply = fail(ErrorCode::unavailable, "lost");
    proto::CallDone done{call->id, std::move(reply)};
    if (!held_path_.empty() && call->url.ends_with(held_path_)) return held_.push_back(std::move(done));
    give(std::move(done));
  } else if (const auto* connect = std::get_if<proto::Connect>(&send)) {
    FakeServer& at = village_.server_of(connect->url);
    const auto mailbox = at.post.mailbox_of(connect->bearer);
    if (!online_ || at.down) return give(proto::SocketClosed{connect->id});
    if (!mailbox) {  // as a server does: the stream stands before it is looked at
      give(proto::SocketConnected{connect->id});
      return give(proto::SocketClosed{connect->id});
    }
    stream_ = Stream{connect->id, *mailbox, &at.post, false};
    at.post.mailboxes[*mailbox].pushed = 0;
    give(proto::SocketConnected{connect->id});
  } else if (const auto* frame = std::get_if<proto::SocketSend>(&send)) {
    if (stream_ && frame->id == stream_->id) {
      auto& envelopes = stream_->post->mailboxes[stream_->mailbox].envelopes;
      const auto ack = wire::decode<proto::MailboxAck>(frame->data);
      CHECK(ack.has_value());
      while (!envelopes.empty() && envelopes.front().sequence <= ack->up_to) envelopes.pop_front();
    } else if (rpc_ && frame->id == *rpc_) {
      CHECK(frame->data.size() <= proto::kMaxFrameSize);
      heard_.push_back(nlohmann::json::parse(as_text(frame->data)));
    }
  } else if (const auto* close = std::get_if<proto::SocketClose>(&send)) {
    if (rpc_ && close->id == *rpc_) rpc_.reset();
    if (stream_ && close->id == stream_->id) stream_.reset();
  }
}

bool TestClient::push() {
  if (!stream_ || silent_) return false;
  auto& mailbox = stream_->post->mailboxes[stream_->mailbox];
  for (const proto::Envelope& envelope : mailbox.envelopes) {
    if (envelope.sequence <= mailbox.pushed || holds_envelopes_) continue;
    mailbox.pushed = envelope.sequence;
    give(proto::SocketFrame{stream_->id,
                            wire::encode(proto::MailboxPush{proto::MailboxPush::Kind::envelope, envelope, 0})});
    return true;
  }
  if (stream_->caught_up) {
    if (mailbox.signals.empty()) return false;
    const Bytes signal = mailbox.signals.front();
    mailbox.signals.erase(mailbox.signals.begin());
    give(proto::SocketFrame{stream_->id, signal});
    return true;
  }
  mailbox.signals.clear();  // of when nobody was there
  stream_->caught_up = true;
  give(proto::SocketFrame{
      stream_->id, wire::encode(proto::MailboxPush{proto::MailboxPush::Kind::caught_up, {}, 0, mailbox.next - 1})});
  return true;
}

}  // namespace cairn::testing
