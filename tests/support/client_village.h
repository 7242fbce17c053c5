// Real clients of one fake server, under one clock: what they say to it is carried at once and in order, and time
// passes only when nothing else is to be done.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/memory_view.h"
#include "core/client/client.h"
#include "tests/support/fake_server.h"
#include "tests/support/params.h"

namespace cairn::testing {

class ClientVillage;

/// A store in memory whose disk is full when a test says so.
class TestStore final : public StoreView {
 public:
  bool is_full = false;

  std::optional<Bytes> get(Table table, ByteView key) const override { return rows_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override;
  bool full() const override { return is_full; }
  /// False, and nothing is done, when the disk is full and the rows would grow by more than a trifle.
  bool apply(const std::vector<Write>& writes);

 private:
  static constexpr std::int64_t kTrifle = 128;
  std::int64_t growth_of(const std::vector<Write>& writes) const;

  MemoryView rows_;
};

/// One device: a mind, its store, and its owner's socket.
class TestClient {
 public:
  TestClient(ClientVillage& village, std::uint64_t seed);

  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  /// Gives what the owner says to the mind; the frames that come back are in heard().
  void say(const nlohmann::json& frame) { say_text(frame.dump()); }
  void say_text(const std::string& text) { give(proto::SocketFrame{rpc(), to_bytes(text)}); }
  std::vector<nlohmann::json>& heard() { return heard_; }
  /// The notifications so far, each once.
  std::vector<nlohmann::json> take_notices();
  bool owner_socket_open() const { return rpc_.has_value(); }
  void hang_up();
  /// Answers to calls of this path are lost on their way. Empty: none.
  void lose_answers_to(std::string_view path) { lost_path_ = path; }
  /// Answers to calls of this path are on their way until release_answers().
  void hold_answers_to(std::string_view path) { held_path_ = path; }
  void release_answers();
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
  Time next_deadline() const;

 private:
  friend class ClientVillage;

  proto::SocketId rpc();
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
    FakePost* post;  ///< where that is
    bool caught_up = false;
  };
  std::optional<Stream> stream_;
  bool online_ = true;
  bool silent_ = false;
  bool holds_envelopes_ = false;
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
  ClientVillage();
  ~ClientVillage();
  ClientVillage(const ClientVillage&) = delete;
  ClientVillage& operator=(const ClientVillage&) = delete;

  FakeServer server;
  /// Of two.example, from found_other_domain() on: names of it are registered there.
  std::unique_ptr<FakeServer> other;
  FakeServer& found_other_domain();
  Time now{1'750'000'000'000};

  TestClient& device(const std::string& name);

  /// The device hears of nobody, and nobody of it, until it is online again.
  void set_online(const std::string& name, bool online);

  /// The server says on the device's stream, which must stand (CHECKed), that its log grew.
  void notify_of_epoch(const std::string& name);

  /// Its stream stands, and envelopes wait; signals come.
  void hold_envelopes(const std::string& name, bool hold) { device(name).holds_envelopes_ = hold; }

  /// Carries everything that can be carried without time passing.
  void settle();

  /// Lets time pass to the next moment that a mind waits for, at most `most_ms` from now.
  void pass(std::uint64_t most_ms);
  void pass_all(std::uint64_t ms);

  bool until(const std::function<bool()>& condition, std::uint64_t most_ms = 30 * kSecondMs);

  /// One request, and what is answered: {"result": ...} or {"error": ...}. An answer that does not come is null.
  nlohmann::json ask(const std::string& name, const std::string& method, const Params& params = {},
                     std::uint64_t most_ms = 15 * kMinuteMs);
  /// Only the question; for answer().
  std::uint64_t begin(const std::string& name, const std::string& method, const Params& params);
  nlohmann::json answer(const std::string& name, std::uint64_t id) { return take_answer(device(name), id); }

  /// A person with one device.
  nlohmann::json register_person(const std::string& device_name, const std::string& name);
  /// `device_name` as a further device of the person of `by`.
  nlohmann::json link_device(const std::string& device_name, const std::string& name, const std::string& by);

 private:
  friend class TestClient;

  /// Whose a name or an address is.
  FakeServer& server_of(std::string_view text);
  static nlohmann::json take_answer(TestClient& client, std::uint64_t id);

  std::map<std::string, std::unique_ptr<TestClient>> devices_;
  std::uint64_t last_id_ = 0;
};

}  // namespace cairn::testing
