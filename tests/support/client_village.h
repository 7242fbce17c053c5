// Real clients of one fake server, under one clock: what they say to it is carried at once and in order, and time
// passes only when nothing else is to be done.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/memory_view.h"
#include "core/client/client.h"
#include "tests/support/fake_server.h"

namespace cairn::testing {

class ClientVillage;

/// A store in memory whose disk is full when a test says so.
class TestStore final : public StoreView {
 public:
  bool is_full = false;

  std::optional<Bytes> get(Table table, ByteView key) const override { return rows_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override {
    return rows_.scan(table, first, end, limit, order);
  }
  bool full() const override { return is_full; }
  /// False, and nothing is done, when the disk is full and the rows would grow by more than a trifle.
  bool apply(const std::vector<Write>& writes) {
    if (is_full && growth_of(writes) > kTrifle) return false;
    rows_.apply(writes);
    return true;
  }

 private:
  static constexpr std::int64_t kTrifle = 128;
  std::int64_t growth_of(const std::vector<Write>& writes) const {
    std::int64_t growth = 0;
    for (const Write& write : writes) {
      if (const auto old = get(write.table, write.key)) growth -= std::ssize(write.key) + std::ssize(*old);
      if (write.value) growth += std::ssize(write.key) + std::ssize(*write.value);
    }
    return growth;
  }

  MemoryView rows_;
};

/// One device: a mind, its store, and its owner's socket.
class TestClient {
 public:
  TestClient(ClientVillage& village, std::uint64_t seed)
      : village_(village), entropy_(seed), mind_(client::make_client({})) {
    store_ = std::make_unique<TestStore>();
  }

  /// Gives what the owner says to the mind; the frames that come back are in heard().
  void say(const nlohmann::json& frame) { say_text(frame.dump()); }
  void say_text(const std::string& text) { give(proto::SocketFrame{rpc(), to_bytes(text)}); }
  std::vector<nlohmann::json>& heard() { return heard_; }
  /// The notifications so far, each once.
  std::vector<nlohmann::json> take_notices() {
    std::vector<nlohmann::json> out;
    for (nlohmann::json& frame : std::exchange(heard_, {})) {
      (frame.contains("id") ? heard_ : out).push_back(std::move(frame));
    }
    return out;
  }
  bool owner_socket_open() const { return rpc_.has_value(); }
  void hang_up() {
    if (rpc_) give(proto::SocketClosed{*std::exchange(rpc_, std::nullopt)});
  }
  /// Answers to calls of this path are lost on their way. Empty: none.
  void lose_answers_to(std::string_view path) { lost_path_ = path; }
  /// Answers to calls of this path are on their way until release_answers().
  void hold_answers_to(std::string_view path) { held_path_ = path; }
  void release_answers() {
    held_path_.clear();
    for (proto::CallDone& done : std::exchange(held_, {})) give(std::move(done));
  }
  std::size_t answers_held() const { return held_.size(); }
  /// Nothing whose address begins so is reached any more. Empty: all is.
  void cut_off_from(std::string_view address) { cut_off_ = address; }
  /// Its stream stands, and nothing comes out of it.
  void set_silent(bool silent) { silent_ = silent; }
  /// As a crash does it: the mind is made anew from its store, sockets are gone.
  void restart();
  /// Restarts after this many more things that were to be sent: the next ones are lost. Nothing: it does not.
  void crash_after(std::optional<std::uint64_t> sends) { crash_after_ = sends; }

  /// This commit with writes, counted from 0, fails: nothing of its batch is sent, and the mind is made anew.
  void fail_commit(std::size_t number) { failing_commit_ = number; }
  /// How many commits with writes were tried.
  std::size_t commits() const { return commits_; }

  TestStore& store() { return *store_; }
  /// How often a commit failed since the disk was full: the mind was then made anew.
  std::size_t refused_by_disk() const { return refused_by_disk_; }
  /// By how much its clock goes ahead; behind when negative.
  std::int64_t ahead_ms = 0;
  Time clock() const;
  /// By the clock of the village.
  Time next_deadline() const {
    const Time own = mind_->next_deadline();
    if (own == Time::never()) return own;
    return {static_cast<std::uint64_t>(std::max(static_cast<std::int64_t>(own.ms) - ahead_ms, std::int64_t{0}))};
  }

 private:
  friend class ClientVillage;

  proto::SocketId rpc() {
    if (!rpc_) {
      rpc_ = proto::SocketId{next_socket_++};
      give(proto::SocketOpened{*rpc_, "/rpc", {}, {}});
    }
    return *rpc_;
  }
  void give(const proto::Input& input);
  void take(proto::Effects effects);
  void perform(const proto::Send& send);
  /// Whatever waits in the mailbox goes out on the stream. False when there was nothing.
  bool push();
  bool work();

  ClientVillage& village_;
  SeededEntropy entropy_;
  std::unique_ptr<TestStore> store_;
  std::unique_ptr<proto::Mind> mind_;
  std::optional<proto::SocketId> rpc_;
  std::uint64_t next_socket_ = 1;
  std::vector<nlohmann::json> heard_;
  std::deque<proto::Send> sends_;
  struct Stream {
    proto::SocketId id;
    MailboxId mailbox;
    bool caught_up = false;
  };
  std::optional<Stream> stream_;
  bool online_ = true;
  bool silent_ = false;
  std::string cut_off_;
  std::string lost_path_;
  std::string held_path_;
  std::vector<proto::CallDone> held_;
  std::optional<std::uint64_t> crash_after_;
  std::size_t refused_by_disk_ = 0;
  std::optional<std::size_t> failing_commit_;
  std::size_t commits_ = 0;
};

class ClientVillage {
 public:
  ClientVillage() { server.set_time(now); }

  FakeServer server;
  Time now{1'750'000'000'000};

  TestClient& device(const std::string& name) {
    auto& found = devices_[name];
    if (!found) {
      found = std::make_unique<TestClient>(*this, devices_.size());
      found->take(found->mind_->rebuild(*found->store_, now, found->entropy_));
    }
    return *found;
  }

  /// The device hears of nobody, and nobody of it, until it is online again.
  void set_online(const std::string& name, bool online) {
    TestClient& client = device(name);
    client.online_ = online;
    if (!online && client.stream_) client.give(proto::SocketClosed{std::exchange(client.stream_, std::nullopt)->id});
  }

  /// Carries everything that can be carried without time passing.
  void settle() {
    std::size_t rounds = 0;
    for (bool busy = true; busy;) {
      CHECK(++rounds < 100'000);  // they go on for ever without time passing
      busy = false;
      for (auto& [name, client] : devices_) busy = client->work() || busy;
    }
  }

  /// Lets time pass to the next moment that a mind waits for, at most `most_ms` from now.
  void pass(std::uint64_t most_ms) {
    settle();
    Time next = after(now, most_ms);
    for (auto& [name, client] : devices_) next = std::min(next, std::max(client->next_deadline(), after(now, 1)));
    now = next;
    server.set_time(now);
    for (auto& [name, client] : devices_) {
      if (client->next_deadline() <= now) client->give(proto::TimerFired{});
    }
    settle();
  }
  void pass_all(std::uint64_t ms) {
    const Time end = after(now, ms);
    while (now < end) pass(end.ms - now.ms);
  }

  template <class Condition>
  bool until(Condition condition, std::uint64_t most_ms = 30 * kSecondMs) {
    const Time end = after(now, most_ms);
    settle();
    for (;;) {
      if (condition()) return true;
      if (now >= end) return false;
      pass(end.ms - now.ms);
    }
  }

  /// One request, and what is answered: {"result": ...} or {"error": ...}. An answer that does not come is null.
  nlohmann::json ask(const std::string& name, const std::string& method,
                     nlohmann::json params = nlohmann::json::object(), std::uint64_t most_ms = 15 * kMinuteMs) {
    TestClient& client = device(name);
    const std::uint64_t id = begin(name, method, std::move(params));
    nlohmann::json answer;
    until([&] { return !(answer = take_answer(client, id)).is_null(); }, most_ms);
    return answer;
  }
  /// Only the question; for answer().
  std::uint64_t begin(const std::string& name, const std::string& method, nlohmann::json params) {
    device(name).say({{"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", method}, {"params", std::move(params)}});
    return last_id_;
  }
  nlohmann::json answer(const std::string& name, std::uint64_t id) { return take_answer(device(name), id); }

  /// A person with one device.
  nlohmann::json register_person(const std::string& device_name, const std::string& name) {
    return ask(device_name, "register", {{"name", name}, {"policy", server.policy_text()}});
  }
  /// `device_name` as a further device of the person of `by`.
  nlohmann::json link_device(const std::string& device_name, const std::string& name, const std::string& by) {
    const auto code = ask(device_name, "link", {{"name", name}, {"policy", server.policy_text()}});
    if (!code.contains("result")) return code;
    const auto id = begin(device_name, "link.wait", nlohmann::json::object());
    const auto approved =
        ask(by, "device.approve", {{"code", code["result"]["code"]}, {"confirm", "this device will read everything"}});
    if (!approved.contains("result")) return approved;
    nlohmann::json linked;
    until([&] { return !(linked = answer(device_name, id)).is_null(); });
    return linked;
  }

 private:
  friend class TestClient;

  static nlohmann::json take_answer(TestClient& client, std::uint64_t id) {
    auto& heard = client.heard_;
    for (auto at = heard.begin(); at != heard.end(); ++at) {
      if (!at->contains("id") || (*at)["id"] != id) continue;
      nlohmann::json out = std::move(*at);
      heard.erase(at);
      return out;
    }
    return nullptr;
  }

  std::map<std::string, std::unique_ptr<TestClient>> devices_;
  std::uint64_t last_id_ = 0;
};

inline void TestClient::restart() {
  sends_.clear();
  stream_.reset();
  rpc_.reset();
  mind_ = client::make_client({});
  take(mind_->rebuild(*store_, clock(), entropy_));
}

inline Time TestClient::clock() const { return {village_.now.ms + static_cast<std::uint64_t>(ahead_ms)}; }

inline void TestClient::give(const proto::Input& input) { take(mind_->handle(input, *store_, clock(), entropy_)); }

inline void TestClient::take(proto::Effects effects) {
  if (!effects.writes.empty() && commits_++ == failing_commit_) return restart();
  if (!store_->apply(effects.writes)) {
    ++refused_by_disk_;
    return restart();
  }
  for (proto::Send& send : effects.sends) sends_.push_back(std::move(send));
}

inline bool TestClient::work() {
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

inline void TestClient::perform(const proto::Send& send) {
  if (const auto* call = std::get_if<proto::Call>(&send)) {
    Result<proto::CallReply> reply = fail(ErrorCode::unavailable, "offline");
    const bool is_cut_off = !cut_off_.empty() && call->url.starts_with(cut_off_);
    if (online_ && !is_cut_off) reply = village_.server.answer(*call);
    if (!lost_path_.empty() && call->url.ends_with(lost_path_)) reply = fail(ErrorCode::unavailable, "lost");
    proto::CallDone done{call->id, std::move(reply)};
    if (!held_path_.empty() && call->url.ends_with(held_path_)) return held_.push_back(std::move(done));
    give(std::move(done));
  } else if (const auto* connect = std::get_if<proto::Connect>(&send)) {
    const auto mailbox = village_.server.post.mailbox_of(connect->bearer);
    if (!online_ || village_.server.down) return give(proto::SocketClosed{connect->id});
    if (!mailbox) {  // as a server does: the stream stands before it is looked at
      give(proto::SocketConnected{connect->id});
      return give(proto::SocketClosed{connect->id});
    }
    stream_ = Stream{connect->id, *mailbox, false};
    village_.server.post.mailboxes[*mailbox].pushed = 0;
    give(proto::SocketConnected{connect->id});
  } else if (const auto* frame = std::get_if<proto::SocketSend>(&send)) {
    if (stream_ && frame->id == stream_->id) {
      auto& envelopes = village_.server.post.mailboxes[stream_->mailbox].envelopes;
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

inline bool TestClient::push() {
  if (!stream_ || silent_) return false;
  auto& mailbox = village_.server.post.mailboxes[stream_->mailbox];
  for (const proto::Envelope& envelope : mailbox.envelopes) {
    if (envelope.sequence <= mailbox.pushed) continue;
    mailbox.pushed = envelope.sequence;
    give(proto::SocketFrame{stream_->id,
                            wire::encode(proto::MailboxPush{proto::MailboxPush::Kind::envelope, envelope, 0})});
    return true;
  }
  if (stream_->caught_up) return false;
  stream_->caught_up = true;
  give(proto::SocketFrame{stream_->id, wire::encode(proto::MailboxPush{proto::MailboxPush::Kind::caught_up, {}, 0})});
  return true;
}

}  // namespace cairn::testing
