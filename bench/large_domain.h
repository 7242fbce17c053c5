// A domain of many names on a real disk: the mind of cairnd over SQLite, without a network.
#pragma once

#include <filesystem>
#include <functional>

#include "core/directory/publisher.h"
#include "core/directory/statement.h"
#include "core/relay/leaf_pages.h"
#include "core/relay/relay.h"
#include "core/relay/tables.h"
#include "core/tlog/checkpoint.h"
#include "core/tlog/merkle.h"
#include "core/tlog/tile_store.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/support/relay_driver.h"

namespace cairn::bench {

/// A name that registered through the relay, with its first device's key. Its own statements are not checked here: the
/// relay does that.
struct Member {
  directory::Name name;
  crypto::SigningKey key;
  std::uint32_t count = 0;
  Hash head;

  void take(const directory::Statement& statement) {
    head = directory::extend_head(head, statement.commitment());
    ++count;
  }
};

/// How much one epoch changes: what auditors let pass, or what a server as it ships puts into it (core/relay/config.h).
enum class EpochLimits : std::uint8_t { most, shipped };

class LargeDomain {
 public:
  /// `names` of which `members` have registered; the rest are rows of the same sizes as theirs. The log has `epochs`
  /// records, all but the newest of them random.
  LargeDomain(std::string folder, std::size_t names, std::size_t members, std::size_t epochs);
  ~LargeDomain();
  LargeDomain(const LargeDomain&) = delete;
  LargeDomain& operator=(const LargeDomain&) = delete;

  std::vector<Member> members;
  std::size_t names = 0;

  /// The process ends, or begins: opens the store and rebuilds the mind.
  void stop();
  void start() { start(store::SqliteOptions{}.cache_bytes); }
  /// What the system holds of the store's file in memory is forgotten. Between stop() and start().
  void forget_file();

  /// As the loop does it: all inputs, then one commit. The answers.
  std::vector<proto::Respond> batch(const std::vector<proto::Input>& inputs);
  proto::RequestArrived post(std::string_view target, Bytes body);
  /// The first `count` members each add a device: signed, to be accepted in this order.
  std::vector<proto::Input> make_updates(std::size_t count);
  /// In batches, as the loop would: then they are due.
  void accept(std::vector<proto::Input> statements);
  /// Builds and serves what is due, in as many epochs as that takes.
  void publish();
  /// From now on; the process begins again where that is another than before. At first it is the most.
  void limit_epochs(EpochLimits limits);
  std::uint64_t file_bytes() const { return std::filesystem::file_size(path()); }

 private:
  std::string path() const { return folder_ + "/store.db"; }
  void start(std::size_t cache_bytes);
  void register_members(std::size_t count);
  void fill_up(std::size_t count);
  void add_rows(std::size_t count);
  /// row(0), row(1), ... in the order of their keys.
  void put_rows(Table table, std::size_t count, const std::function<Row(std::size_t)>& row);
  void make_log(std::size_t epochs);
  proto::Input submit(const directory::Statement& statement);
  /// The first row of a table: what all of its rows are like.
  Row sample(Table table) const;
  directory::Device new_device(const crypto::SigningKey& key);

  std::string folder_;
  relay::RelayConfig config_ = testing::open_config();
  testing::SeededEntropy entropy_{1};
  Time now_{1'750'000'000'000};
  std::uint64_t next_request_ = 1;
  std::vector<directory::LeafChange> leaves_;  ///< of those that did not register, until the log is made
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<relay::Relay> relay_;
};

}  // namespace cairn::bench
