// Drives one mind in a test: every call is a batch of its own, whose writes are kept at once.
#pragma once

#include "core/proto/mind.h"
#include "tests/support/memory_store.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

class MindDriver {
 public:
  MindDriver(proto::Mind& mind, Time start) : now(start), mind_(&mind) {}

  Time now;
  std::uint64_t uptime_ms = 1'000'000;
  bool disk_full = false;  ///< as the mind sees it; what it writes is kept all the same
  MemoryStore store;
  std::vector<proto::Send> sends;  ///< nobody has looked at these yet
  std::vector<proto::Event> events;
  std::size_t written_bytes = 0;  ///< of all rows that were written, keys and values

  void rebuild() { keep(mind_->rebuild(Disk(*this), now, entropy_)); }
  void rebuild(proto::Mind& mind) {
    mind_ = &mind;
    rebuild();
  }
  void input(const proto::Input& input) { keep(mind_->handle(input, Disk(*this), now, entropy_)); }

  /// Both clocks go on; the timer fires whenever the mind wants it, as the loop would.
  void pass(std::uint64_t ms) {
    const Time end = after(now, ms);
    while (now < end) {
      const Time next = std::clamp(mind_->next_deadline(), after(now, 1), end);
      uptime_ms += next.ms - now.ms;
      now = next;
      if (mind_->next_deadline() <= now) input(proto::TimerFired{uptime_ms});
    }
  }

  proto::RequestId request(proto::Method method, std::string target, ByteView body = {}) {
    proto::RequestArrived arrived;
    arrived.id = {next_request_++};
    arrived.method = method;
    arrived.target = std::move(target);
    arrived.body = to_bytes(body);
    input(arrived);
    return arrived.id;
  }
  /// The answer to a request, taken out of `sends`; nothing while there is none.
  std::optional<proto::Respond> answer(proto::RequestId id) { return take<proto::Respond>(id); }
  /// Calls that were made and not answered, taken out of `sends`.
  std::vector<proto::Call> calls() {
    std::vector<proto::Call> out;
    std::erase_if(sends, [&](const proto::Send& send) {
      const auto* call = std::get_if<proto::Call>(&send);
      if (call) out.push_back(*call);
      return call != nullptr;
    });
    return out;
  }
  void reply(proto::CallId id, int status, ByteView body = {}) {
    proto::CallReply reply;
    reply.status = status;
    reply.body = to_bytes(body);
    input(proto::CallDone{id, std::move(reply)});
  }
  void no_reply(proto::CallId id) { input(proto::CallDone{id, fail(ErrorCode::unavailable, "no answer")}); }

 private:
  /// The store with the state of its disk.
  class Disk final : public StoreView {
   public:
    explicit Disk(const MindDriver& driver) : driver_(driver) {}
    std::optional<Bytes> get(Table table, ByteView key) const override { return driver_.store.get(table, key); }
    std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
      return driver_.store.scan(table, first, end, limit, order);
    }
    bool full() const override { return driver_.disk_full; }

   private:
    const MindDriver& driver_;
  };

  void keep(proto::Effects effects) {
    for (const Write& write : effects.writes) {
      written_bytes += write.key.size() + (write.value ? write.value->size() : 0);
    }
    store.apply(effects.writes);
    std::move(effects.sends.begin(), effects.sends.end(), std::back_inserter(sends));
    events.insert(events.end(), effects.events.begin(), effects.events.end());
  }
  template <class SendType, class Id>
  std::optional<SendType> take(Id id) {
    for (auto it = sends.begin(); it != sends.end(); ++it) {
      const auto* send = std::get_if<SendType>(&*it);
      if (!send || send->id != id) continue;
      SendType out = *send;
      sends.erase(it);
      return out;
    }
    return std::nullopt;
  }

  proto::Mind* mind_;
  SeededEntropy entropy_{99};
  std::uint64_t next_request_ = 1;
};

}  // namespace cairn::testing
