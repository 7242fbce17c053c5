#include "shell/loop/loop.h"

#include <gtest/gtest.h>

#include "core/proto/api.h"
#include "shell/loop/log.h"
#include "shell/store/memory/memory_store.h"
#include "shell/store/owned_store.h"
#include "tests/support/echo_mind.h"
#include "tests/support/faulty_store.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::loop {
namespace {

using testing::EchoMind;
using testing::FaultyStore;

/// A world that the test plays.
class FakeTransport final : public Transport {
 public:
  std::vector<proto::Input> take(const Take& wanted) override {
    takes.push_back(wanted);
    std::vector<proto::Input> out;
    while (!arrived.empty() && out.size() < wanted.most) {
      out.push_back(std::move(arrived.front()));
      arrived.pop_front();
    }
    if (out.empty()) now.ms += wanted.wait_ms;
    return out;
  }
  void perform(proto::Send send) override { sent.push_back(std::move(send)); }
  void reset(const proto::Respond& answer) override { resets.push_back(answer); }
  void close(std::uint64_t) override { closed = true; }

  std::deque<proto::Input> arrived;
  std::vector<Take> takes;
  std::vector<proto::Send> sent;
  std::vector<proto::Respond> resets;
  bool closed = false;
  Time now{1'000'000};
};

class LoopTest : public ::testing::Test {
 protected:
  Loop make(store::Store& store) {
    return Loop(mind_, store, entropy_, world_,
                {[this] { return world_.now; }, [this](const proto::Event& event) { events_.push_back(event); },
                 [] { return std::uint64_t{4711}; }});
  }
  void request(std::uint64_t id, std::string target, std::string_view body = "") {
    proto::RequestArrived input;
    input.id = {id};
    input.target = std::move(target);
    input.body = to_bytes(body);
    world_.arrived.emplace_back(std::move(input));
  }
  int status(std::size_t index) { return std::get<proto::Respond>(world_.sent.at(index)).status; }

  EchoMind mind_;
  store::MemoryStore store_;
  testing::SeededEntropy entropy_{1};
  FakeTransport world_;
  std::vector<proto::Event> events_;
};

TEST_F(LoopTest, CommitsABatchOnceAndThenAnswersInOrder) {
  FaultyStore counted(store_, {});
  Loop loop = make(counted);
  ASSERT_TRUE(loop.start());
  request(1, "/put/a", "one");
  request(2, "/put/b", "two");
  request(3, "/get/a");
  loop.step(10);
  ASSERT_EQ(world_.sent.size(), 3u);
  EXPECT_EQ(status(0), 201);
  EXPECT_EQ(std::get<proto::Respond>(world_.sent[2]).body, to_bytes("one"));
  EXPECT_EQ(counted.commits(), 1u);
  EXPECT_EQ(loop.counts().inputs, 3u);
  EXPECT_EQ(events_.size(), 3u);
}

TEST_F(LoopTest, TakesAtMostABatchAtATime) {
  Loop loop = make(store_);
  ASSERT_TRUE(loop.start());
  for (std::uint64_t i = 0; i < 300; ++i) request(i, "/echo");
  loop.step(10);
  EXPECT_EQ(world_.sent.size(), proto::kMaxBatchInputs);
  EXPECT_EQ(world_.takes.back().gather_ms, proto::kMaxBatchMs);
  loop.step(10);
  EXPECT_EQ(world_.sent.size(), 300u);
}

TEST_F(LoopTest, CommitsNothingWhenNothingIsWritten) {
  FaultyStore counted(store_, {});
  Loop loop = make(counted);
  ASSERT_TRUE(loop.start());
  request(1, "/echo");
  loop.step(10);
  EXPECT_EQ(counted.commits(), 0u);
  EXPECT_EQ(loop.counts().commits, 0u);
}

TEST_F(LoopTest, SendsNothingOfABatchWhoseCommitFailsAndRebuildsTheMind) {
  for (const ErrorCode code : {ErrorCode::storage_full, ErrorCode::storage_failed}) {
    world_.sent.clear();
    world_.resets.clear();
    events_.clear();
    FaultyStore faulty(store_, {0}, code);
    Loop loop = make(faulty);
    ASSERT_TRUE(loop.start());
    const int rebuilds = mind_.rebuilds;
    request(1, "/put/a", "x");
    request(2, "/echo", "y");
    loop.step(10);
    EXPECT_TRUE(world_.sent.empty());
    ASSERT_EQ(world_.resets.size(), 1u);
    EXPECT_EQ(world_.resets[0].status, proto::status_of(code));
    wire::Reader reader(world_.resets[0].body);
    const auto answer = proto::ErrorAnswer::read(reader);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->code, code);
    EXPECT_EQ(mind_.rebuilds, rebuilds + 1);
    ASSERT_EQ(events_.size(), 1u);  // none of the batch's own
    EXPECT_EQ(events_[0].what, "commit failed");

    request(3, "/get/a");
    request(4, "/put/b", "x");
    loop.step(10);
    EXPECT_EQ(status(0), 404);
    EXPECT_EQ(status(1), 201);
  }
}

TEST_F(LoopTest, IsOverOnceAnotherProcessTookTheStoreOver) {
  const auto owned = store::OwnedStore::claim(store_, entropy_);
  ASSERT_TRUE(owned);
  Loop loop = make(**owned);
  ASSERT_TRUE(loop.start());
  request(1, "/put/a", "mine");
  loop.step(10);
  EXPECT_EQ(status(0), 201);

  const auto other = store::OwnedStore::claim(store_, entropy_);
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->commit({{EchoMind::kTable, to_bytes("a"), to_bytes("theirs")}}));
  world_.sent.clear();
  request(2, "/get/a");  // what is read is told nobody either: it may be true no more
  request(3, "/put/a", "late");
  const Status ended = loop.run();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::conflict);
  EXPECT_EQ(std::string(ended.error().where), "another process has taken this store over: let one alone serve it");
  EXPECT_TRUE(world_.sent.empty());
  ASSERT_EQ(world_.resets.size(), 1u);
  EXPECT_EQ(world_.resets[0].status, proto::status_of(ErrorCode::storage_failed));
  EXPECT_TRUE(world_.closed);
  EXPECT_EQ(store_.get(EchoMind::kTable, to_bytes("a")), to_bytes("theirs"));
}

TEST_F(LoopTest, TellsNobodyWhatItReadOnceAnotherProcessTookTheStoreOver) {
  const auto owned = store::OwnedStore::claim(store_, entropy_);
  ASSERT_TRUE(owned);
  Loop loop = make(**owned);
  ASSERT_TRUE(loop.start());
  ASSERT_TRUE(store::OwnedStore::claim(store_, entropy_));
  request(1, "/get/a");
  const Status ended = loop.run();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::conflict);
  EXPECT_TRUE(world_.sent.empty());
}

/// One that another process has open: what SQLITE_BUSY and SQLITE_LOCKED come to.
class BusyStore final : public store::Store {
 public:
  explicit BusyStore(store::Store& below) : below_(below) {}
  std::optional<Bytes> get(Table table, ByteView key) const override {
    return unreadable ? std::nullopt : below_.get(table, key);
  }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
    return below_.scan(table, first, end, limit, order);
  }
  Status commit_if(const std::vector<store::Condition>& conditions, const std::vector<Write>& writes) override {
    if (busy) return fail(ErrorCode::conflict, "another process has the store open");
    return below_.commit_if(conditions, writes);
  }
  bool busy = false;
  bool unreadable = false;

 private:
  store::Store& below_;
};

TEST_F(LoopTest, GoesOnWhereTheStoreWasBusyAndNobodyTookItOver) {
  BusyStore busy(store_);
  const auto owned = store::OwnedStore::claim(busy, entropy_);
  ASSERT_TRUE(owned);
  for (const bool unreadable : {false, true}) {
    busy.busy = true;
    busy.unreadable = unreadable;
    EXPECT_EQ((*owned)->commit({{EchoMind::kTable, to_bytes("a"), to_bytes("mine")}}).error().code,
              ErrorCode::storage_failed);
  }
  busy.busy = busy.unreadable = false;
  Loop loop = make(**owned);
  ASSERT_TRUE(loop.start());
  busy.busy = true;
  request(1, "/put/a", "mine");
  loop.step(10);
  EXPECT_EQ(loop.counts().failures, 1u);
  EXPECT_TRUE(world_.sent.empty());
  busy.busy = false;
  loop.step(60'000);  // a second later
  request(2, "/put/a", "mine");
  loop.step(10);
  EXPECT_EQ(store_.get(EchoMind::kTable, to_bytes("a")), to_bytes("mine"));
}

TEST_F(LoopTest, AConditionThatDoesNotHoldIsAConflictAsEver) {
  const auto owned = store::OwnedStore::claim(store_, entropy_);
  ASSERT_TRUE(owned);
  const Status done = (*owned)->commit_if({{EchoMind::kTable, to_bytes("a"), to_bytes("else")}},
                                          {{EchoMind::kTable, to_bytes("b"), to_bytes("x")}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::conflict);
  EXPECT_EQ(std::string(done.error().where), store::kChanged);
}

TEST_F(LoopTest, TriesToRebuildAgainAfterASecond) {
  FaultyStore faulty(store_, {0, 1});
  Loop loop = make(faulty);
  ASSERT_TRUE(loop.start());
  request(1, "/put/a", "x");
  mind_.at_rebuild.writes = {{EchoMind::kTable, to_bytes("r"), Bytes{1}}};
  loop.step(10);
  EXPECT_EQ(mind_.rebuilds, 2);
  const Time failed_at = world_.now;
  loop.step(60'000);
  EXPECT_EQ(elapsed_ms(world_.now, failed_at), 1000u);
  EXPECT_EQ(world_.takes.back().most, 0u);
  request(2, "/echo");
  loop.step(10);
  EXPECT_EQ(mind_.rebuilds, 3);
  EXPECT_EQ(world_.sent.size(), 1u);
}

TEST_F(LoopTest, ReportsAStartThatCannotBeCommitted) {
  FaultyStore faulty(store_, {0});
  mind_.at_rebuild.writes = {{EchoMind::kTable, to_bytes("r"), Bytes{1}}};
  Loop loop = make(faulty);
  EXPECT_EQ(loop.start().error().code, ErrorCode::storage_failed);
}

TEST_F(LoopTest, FiresTheTimerAtTheDeadline) {
  Loop loop = make(store_);
  ASSERT_TRUE(loop.start());
  world_.arrived.emplace_back(proto::SocketFrame{{7}, to_bytes("timer")});
  loop.step(10);
  EXPECT_TRUE(world_.sent.empty());
  loop.step(60'000);
  EXPECT_EQ(world_.takes.back().wait_ms, 20u);
  loop.step(60'000);
  ASSERT_EQ(world_.sent.size(), 1u);
  EXPECT_EQ(std::get<proto::SocketSend>(world_.sent[0]).data, to_bytes("fired"));
  EXPECT_EQ(std::get<proto::TimerFired>(mind_.seen.back()).uptime_ms, 4711u);
}

TEST_F(LoopTest, TakesOneInputAtATimeWhileTheDiskIsFull) {
  class Full final : public store::Store {
   public:
    std::optional<Bytes> get(Table, ByteView) const override { return std::nullopt; }
    std::vector<Row> scan(Table, ByteView, ByteView, std::size_t, Order) const override { return {}; }
    Status commit_if(const std::vector<store::Condition>&, const std::vector<Write>&) override { return ok(); }
    bool full() const override { return true; }
  } full;
  Loop loop = make(full);
  ASSERT_TRUE(loop.start());
  request(1, "/echo");
  request(2, "/echo");
  loop.step(10);
  EXPECT_EQ(world_.sent.size(), 1u);
}

TEST_F(LoopTest, LooksForRoomBeforeTheMindSeesAnInput) {
  class RoomWasMade final : public store::Store {
   public:
    explicit RoomWasMade(store::Store& below) : below_(below) {}
    std::optional<Bytes> get(Table table, ByteView key) const override { return below_.get(table, key); }
    std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
      return below_.scan(table, first, end, limit, order);
    }
    Status commit_if(const std::vector<store::Condition>& conditions, const std::vector<Write>& writes) override {
      full_ = false;
      return below_.commit_if(conditions, writes);
    }
    bool full() const override { return full_; }
    void fill() { full_ = true; }

   private:
    store::Store& below_;
    bool full_ = false;
  } store(store_);
  class Watcher final : public proto::Mind {
   public:
    proto::Effects rebuild(const StoreView&, Time, Entropy&) override { return {}; }
    proto::Effects handle(const proto::Input&, const StoreView& view, Time, Entropy&) override {
      saw_full = view.full();
      return {};
    }
    Time next_deadline() const override { return Time::never(); }
    std::optional<bool> saw_full;
  } mind;
  LoopOptions options;
  options.clock = [] { return Time{1}; };
  Loop loop(mind, store, entropy_, world_, options);
  ASSERT_TRUE(loop.start());
  store.fill();
  request(1, "/echo");
  loop.step(10);
  EXPECT_EQ(mind.saw_full, false);
}

TEST_F(LoopTest, StartsItsMindAnewWhenTheClockWasSetBack) {
  Loop loop = make(store_);
  ASSERT_TRUE(loop.start());
  request(1, "/echo");
  loop.step(10);
  EXPECT_EQ(world_.sent.size(), 1u);
  world_.now.ms -= 50'000;  // clocks are kept right like that
  request(2, "/echo");
  loop.step(10);
  EXPECT_TRUE(world_.resets.empty());
  EXPECT_EQ(world_.sent.size(), 2u);
  world_.now.ms -= 70'000;
  request(3, "/echo");
  loop.step(10);
  ASSERT_EQ(world_.resets.size(), 1u);
  EXPECT_EQ(world_.resets[0].status, 503);
  EXPECT_EQ(loop.counts().failures, 0u);
  EXPECT_EQ(world_.sent.size(), 2u);
  request(4, "/echo");
  loop.step(10);
  EXPECT_EQ(world_.sent.size(), 3u);
}

TEST_F(LoopTest, ServesSocketsInsideTheProcess) {
  Loop loop = make(store_);
  ASSERT_TRUE(loop.start());
  std::vector<std::string> frames;
  bool closed = false;
  const auto socket =
      loop.open_inside("/rpc", {[&](Bytes frame) { frames.push_back(as_text(frame)); }, [&] { closed = true; }});
  loop.send_inside(socket, to_bytes("hello"));
  loop.step(10);
  EXPECT_EQ(frames, std::vector<std::string>{"hello"});
  const auto* opened = std::get_if<proto::SocketOpened>(&mind_.seen.at(0));
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(opened->target, "/rpc");
  EXPECT_LT(opened->id.value, proto::kFirstMindSocket);
  loop.send_inside(socket, to_bytes("close"));
  loop.step(10);
  EXPECT_TRUE(closed);
  loop.send_inside(socket, to_bytes("lost"));
  loop.step(10);
  EXPECT_EQ(frames.size(), 1u);
  EXPECT_TRUE(world_.sent.empty());
}

TEST_F(LoopTest, ClosesSocketsInsideWhenACommitFails) {
  FaultyStore faulty(store_, {0});
  Loop loop = make(faulty);
  ASSERT_TRUE(loop.start());
  bool closed = false;
  std::vector<Bytes> frames;
  const auto socket = loop.open_inside("/rpc", {[&](Bytes frame) { frames.push_back(frame); }, [&] { closed = true; }});
  loop.send_inside(socket, to_bytes("put x"));
  loop.step(10);
  EXPECT_TRUE(closed);
  EXPECT_TRUE(frames.empty());
}

TEST_F(LoopTest, StopsAfterTheBatchAndSaysGoodbye) {
  Loop loop = make(store_);
  ASSERT_TRUE(loop.start());
  const auto socket = loop.open_inside("/rpc", {[&](Bytes) { loop.stop(); }, nullptr});
  loop.send_inside(socket, to_bytes("x"));
  request(1, "/echo");
  EXPECT_TRUE(loop.run());
  EXPECT_TRUE(world_.closed);
  EXPECT_EQ(world_.sent.size(), 1u);
}

TEST(Log, WritesOneLineAnEvent) {
  const Time time{1'795'512'728'123};
  EXPECT_EQ(log_line({proto::Event::Level::warning, "what happened", 7}, time),
            "2026-11-24T09:32:08.123Z warning what happened 7");
  EXPECT_EQ(log_line({proto::Event::Level::info, "started", 0}, {0}), "1970-01-01T00:00:00.000Z info started");
  EXPECT_EQ(log_line({proto::Event::Level::debug, "x", 0}, Time::never()), "9999-12-31T23:59:59.999Z debug x");
  EXPECT_EQ(log_line({proto::Event::Level::info, "started", 0, "a\nb"}, {0}),
            "1970-01-01T00:00:00.000Z info started (a?b)");
  EXPECT_EQ(
      json_log_line({proto::Event::Level::info, "started", 2, "a\"b"}, {0}),
      R"({"time": "1970-01-01T00:00:00.000Z", "level": "info", "event": "started", "number": 2, "about": "a\"b"})");
}

}  // namespace
}  // namespace cairn::loop
