// Drives a server in memory, one input at a time or in batches, with commits that fail when the test says so.
#pragma once

#include <map>

#include "core/base/memory_view.h"
#include "core/base/overlay.h"
#include "core/proto/api.h"
#include "core/relay/relay.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

enum class Commit : std::uint8_t { succeeds, fails };

class RelayDriver {
 public:
  explicit RelayDriver(relay::RelayConfig config, std::uint64_t seed = 7, relay::LookupHook* hook = nullptr)
      : entropy(seed), config_(std::move(config)), hook_(hook) {
    restart();
  }

  MemoryView store;
  /// The disk has no room: batches that make the store larger by more than a trifle fail, as in shell/store/sqlite.
  bool disk_full = false;
  std::size_t refused_by_disk = 0;  ///< batches that failed for it
  SeededEntropy entropy;
  Time now{1'750'000'000'000};
  std::map<proto::RequestId, proto::Respond> answers;
  std::map<proto::SocketId, std::vector<proto::MailboxPush>> pushes;  ///< by socket, in order
  std::map<proto::SocketId, std::vector<Bytes>> raw_frames;           ///< the same, undecoded
  std::vector<proto::SocketId> closed;                                ///< by the server
  std::vector<proto::Call> calls;                                     ///< that nobody has answered yet
  std::vector<proto::Event> events;

  /// A new process on the same store.
  void restart(Commit commit = Commit::succeeds) {
    relay_ = std::make_unique<relay::Relay>(config_, hook_);
    calls.clear();
    rebuild(commit);
  }
  void set_config(relay::RelayConfig config) { config_ = std::move(config); }

  /// One batch, as shell/loop does it. False when its commit failed: nothing was sent, and the mind was rebuilt.
  bool batch(const std::vector<proto::Input>& inputs, Commit commit = Commit::succeeds) {
    const Disk disk(*this);
    Overlay overlay(disk);
    proto::Effects all;
    for (const proto::Input& input : inputs) {
      proto::Effects effects = relay_->handle(input, overlay, now, entropy);
      for (const Write& write : effects.writes) overlay.apply(write);
      std::ranges::move(effects.sends, std::back_inserter(all.sends));
      std::ranges::move(effects.events, std::back_inserter(all.events));
    }
    const std::vector<Write> writes = overlay.take_writes();
    const bool refused = disk_full && growth_of(writes) > kTrifle;
    if (refused) ++refused_by_disk;
    if (refused || commit == Commit::fails) {
      calls.clear();
      rebuild(Commit::succeeds);
      return false;
    }
    store.apply(writes);
    perform(std::move(all));
    return true;
  }

  proto::RequestArrived make_request(proto::Method method, std::string_view target, Bytes body = {},
                                     std::string bearer = {}, std::string peer = {}) {
    return {proto::RequestId{next_request_++},
            method,
            std::string(target),
            std::move(bearer),
            std::move(peer),
            std::move(body)};
  }
  proto::Respond request(const proto::RequestArrived& request) {
    batch({request});
    return answer_to(request);
  }
  proto::Respond post(std::string_view target, Bytes body = {}, std::string bearer = {}) {
    return request(make_request(proto::Method::post, target, std::move(body), std::move(bearer)));
  }
  proto::Respond get(std::string_view target) { return request(make_request(proto::Method::get, target)); }
  proto::Respond answer_to(const proto::RequestArrived& request) {
    const auto found = answers.find(request.id);
    CHECK(found != answers.end());
    return found->second;
  }

  proto::SocketOpened make_socket(std::string bearer) {
    return {proto::SocketId{next_socket_++}, std::string(proto::kPathMailbox), std::move(bearer), ""};
  }
  proto::SocketId open(std::string bearer) {
    const auto socket = make_socket(std::move(bearer));
    batch({socket});
    return socket.id;
  }
  void acknowledge(proto::SocketId socket, std::uint64_t up_to) {
    batch({proto::SocketFrame{socket, wire::encode(proto::MailboxAck{up_to})}});
  }
  bool was_closed(proto::SocketId socket) const { return std::ranges::count(closed, socket) != 0; }

  /// Lets time pass; timers fire when they are due, and nothing else happens.
  void pass(std::uint64_t ms) {
    const Time end = after(now, ms);
    for (Time next; (next = std::max(now, relay_->next_deadline())) <= end;) {
      now = next;
      batch({proto::TimerFired{}});
      if (relay_->next_deadline() <= now) now = after(now, 1);
    }
    now = std::max(now, end);
  }
  Time next_deadline() const { return relay_->next_deadline(); }

  std::vector<proto::Call> take_calls() { return std::exchange(calls, {}); }

 private:
  /// The store with the state of its disk.
  class Disk final : public StoreView {
   public:
    explicit Disk(const RelayDriver& driver) : driver_(driver) {}
    std::optional<Bytes> get(Table table, ByteView key) const override { return driver_.store.get(table, key); }
    std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
      return driver_.store.scan(table, first, end, limit, order);
    }
    bool full() const override { return driver_.disk_full; }

   private:
    const RelayDriver& driver_;
  };

  static constexpr std::int64_t kTrifle = 128;
  std::int64_t growth_of(const std::vector<Write>& writes) const {
    std::int64_t growth = 0;
    for (const Write& write : writes) {
      if (const auto old = store.get(write.table, write.key)) growth -= std::ssize(write.key) + std::ssize(*old);
      if (write.value) growth += std::ssize(write.key) + std::ssize(*write.value);
    }
    return growth;
  }

  void rebuild(Commit commit) {
    const Disk disk(*this);
    Overlay overlay(disk);
    proto::Effects effects = relay_->rebuild(overlay, now, entropy);
    if (commit == Commit::fails) return;
    CHECK(!disk_full || growth_of(effects.writes) <= kTrifle);
    store.apply(effects.writes);
    perform(std::move(effects));
  }

  void perform(proto::Effects effects) {
    for (proto::Send& send : effects.sends) {
      if (auto* respond = std::get_if<proto::Respond>(&send)) {
        CHECK(answers.emplace(respond->id, *respond).second);
      } else if (auto* frame = std::get_if<proto::SocketSend>(&send)) {
        raw_frames[frame->id].push_back(frame->data);
        if (auto push = wire::decode<proto::MailboxPush>(frame->data)) pushes[frame->id].push_back(std::move(*push));
      } else if (auto* close = std::get_if<proto::SocketClose>(&send)) {
        closed.push_back(close->id);
      } else if (auto* call = std::get_if<proto::Call>(&send)) {
        calls.push_back(*call);
      }
    }
    std::ranges::move(effects.events, std::back_inserter(events));
  }

  relay::RelayConfig config_;
  relay::LookupHook* hook_;
  std::unique_ptr<relay::Relay> relay_;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_socket_ = 1;
};

/// A config without limits of rate, that serves every checkpoint at once and lets everybody in.
inline relay::RelayConfig open_config(std::string domain = "example.org") {
  relay::RelayConfig config;
  config.domain = std::move(domain);
  config.sign_up = relay::SignUp::open;
  relay::RelayLimits& limits = config.limits;
  limits.address = limits.log = limits.device = limits.fetch = limits.channel = relay::Rate{0, 0};
  limits.create = limits.meet = limits.meet_all = relay::Rate{0, 0};
  return config;
}

}  // namespace cairn::testing
