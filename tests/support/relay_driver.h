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
  explicit RelayDriver(relay::RelayConfig config, std::uint64_t seed = 7, relay::LookupHook* hook = nullptr);

  MemoryView store;
  /// The disk has no room: batches that make the store larger by more than a trifle fail, as in shell/store/sqlite, and
  /// so do those that write or overwrite more than its reserve holds.
  bool disk_full = false;
  std::size_t refused_by_disk = 0;            ///< batches that failed for it
  std::size_t commits = 0;                    ///< batches with writes
  std::optional<std::size_t> failing_commit;  ///< the one of this number, counted from 0, fails
  SeededEntropy entropy;
  Time now{1'750'000'000'000};
  std::map<proto::RequestId, proto::Respond> answers;
  std::map<proto::SocketId, std::vector<proto::MailboxPush>> pushes;  ///< by socket, in order
  std::map<proto::SocketId, std::vector<Bytes>> raw_frames;           ///< the same, undecoded
  std::vector<proto::SocketId> closed;                                ///< by the server
  std::vector<proto::Call> calls;                                     ///< that nobody has answered yet
  std::vector<proto::Event> events;

  /// A new process on the same store.
  void restart(Commit commit = Commit::succeeds);
  void set_config(relay::RelayConfig config) { config_ = std::move(config); }

  /// One batch, as shell/loop does it. False when its commit failed: nothing was sent, and the mind was rebuilt.
  bool batch(const std::vector<proto::Input>& inputs, Commit commit = Commit::succeeds);

  proto::RequestArrived make_request(proto::Method method, std::string_view target, Bytes body = {},
                                     std::string bearer = {}, std::string peer = {});
  /// In a batch of its own; 507 when its commit failed.
  proto::Respond request(const proto::RequestArrived& request);
  proto::Respond post(std::string_view target, Bytes body = {}, std::string bearer = {});
  proto::Respond get(std::string_view target) { return request(make_request(proto::Method::get, target)); }
  proto::Respond answer_to(const proto::RequestArrived& request);

  proto::SocketOpened make_socket(std::string bearer);
  proto::SocketId open(std::string bearer);
  void acknowledge(proto::SocketId socket, std::uint64_t up_to);
  bool was_closed(proto::SocketId socket) const { return std::ranges::count(closed, socket) != 0; }

  /// Lets time pass; timers fire when they are due, and nothing else happens.
  void pass(std::uint64_t ms);
  Time next_deadline() const { return relay_->next_deadline(); }

  std::vector<proto::Call> take_calls() { return std::exchange(calls, {}); }

 private:
  /// The store with the state of its disk.
  class Disk final : public StoreView {
   public:
    explicit Disk(const RelayDriver& driver) : driver_(driver) {}
    std::optional<Bytes> get(Table table, ByteView key) const override { return driver_.store.get(table, key); }
    std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override;
    bool full() const override { return driver_.disk_full; }

   private:
    const RelayDriver& driver_;
  };

  static constexpr std::int64_t kTrifle = 128;
  static constexpr std::uint64_t kReserve = std::uint64_t{16} << 20;
  std::int64_t growth_of(const std::vector<Write>& writes) const;
  std::uint64_t written_by(const std::vector<Write>& writes) const;

  void rebuild(Commit commit);

  void perform(proto::Effects effects);

  relay::RelayConfig config_;
  relay::LookupHook* hook_;
  std::unique_ptr<relay::Relay> relay_;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_socket_ = 1;
};

/// A config without limits of rate, that serves every checkpoint at once and lets everybody in.
relay::RelayConfig open_config(std::string domain = "example.org");

}  // namespace cairn::testing
