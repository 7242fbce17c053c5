// An auditor, the directories that it follows, and a reset in one of them: for the tests of auditors.
#pragma once

#include <gtest/gtest.h>

#include "core/witness/tables.h"
#include "core/witness/witness.h"
#include "tests/support/initialised.h"
#include "tests/support/test_directory.h"

namespace cairn::witness::fixture {

using directory::Notice;
using directory::ResetNotice;
using proto::Method;
using testing::TestDirectory;

inline constexpr Time kStart{1'700'000'000'000};
inline constexpr std::uint64_t kDelayMs = 259'200 * kSecondMs;

/// An auditor of one directory, whose files it can read unless a test says otherwise.
struct World {
  /// `neighbour` is a second directory that it follows; it outlives this.
  explicit World(std::vector<std::string> peers = {}, const TestDirectory* its_neighbour = nullptr)
      : neighbour(its_neighbour), config(make_config(std::move(peers))), auditor(config), driver(auditor, kStart) {
    testing::init_and_start(driver);
  }
  WitnessConfig make_config(std::vector<std::string> peers) const {
    WitnessConfig out{Role::auditor, *tlog::KeyName::from("auditor.example/a1"), {}};
    out.list.logs.push_back({log.key(), "https://a.example/log", 0});
    if (neighbour != nullptr) out.list.logs.push_back({neighbour->key(), "https://neighbour.example/log", 0});
    out.list.peers = std::move(peers);
    return out;
  }

  /// Answers the calls for config and audits that were made, and those that follow, as the directory would.
  void serve() {
    for (std::vector<proto::Call> calls = driver.calls(); !calls.empty(); calls = driver.calls()) {
      for (const proto::Call& call : calls) serve(call);
    }
  }
  void serve(const proto::Call& call) {
    if (call.url.starts_with("https://a.example/log/")) return serve(call, log);
    if (call.url.starts_with("https://neighbour.example/log/")) return serve(call, *neighbour);
    driver.no_reply(call.id);
  }
  void serve(const proto::Call& call, const TestDirectory& directory) {
    constexpr std::string_view kAudit = "/audit/";
    if (call.url.ends_with("/config")) return driver.reply(call.id, 200, wire::encode(directory.config()));
    const std::uint64_t epoch = std::stoull(call.url.substr(call.url.find(kAudit) + kAudit.size()));
    if (epoch >= directory.audits.size()) return driver.reply(call.id, 404);
    driver.reply(call.id, 200, directory.audits[epoch]);
  }

  proto::RequestId submit(const std::string& body) {
    return driver.request(Method::post, "/add-checkpoint", as_bytes(body));
  }
  /// Submits, serves, and gives the answer.
  proto::Respond post(const std::string& body) {
    const auto id = submit(body);
    serve();
    return *driver.answer(id);
  }
  int post_newest() { return post(log.request(cosigned_size(), log.size())).status; }
  std::uint64_t cosigned_size() {
    const auto note = driver.store.get(table::kCosigned, log_id(log.config().origin));
    return note ? tlog::SignedCheckpoint::parse(as_text(*note), tlog::ExtensionLines::refuse)->claim().tree.size : 0;
  }
  /// What it has settled, as its rows say.
  directory::Auditor settled() {
    const LogId id = log_id(log.config().origin);
    auto out = *wire::decode<directory::Auditor>(*driver.store.get(table::kSettled, id));
    for (const Row& row : driver.store.scan_prefix(table::kOpen, id, 100'000)) {
      auto open = *wire::decode<directory::OpenRequest>(row.value);
      const Hash request = open.notice.hash();
      EXPECT_EQ(row.key, request_key(id, request));
      out.put(request, std::move(open));
    }
    return out;
  }
  void publish(int count = 1) {
    for (int i = 0; i < count; ++i) log.publish(driver.now, log.random_key());
  }
  int post_veto(const directory::VetoNotice& veto) { return post_veto(wire::encode(veto)); }
  int post_veto(const Bytes& body) { return driver.answer(driver.request(Method::post, "/veto", body))->status; }

  TestDirectory log{"a.example"};
  const TestDirectory* neighbour;
  WitnessConfig config;
  Witness auditor;
  testing::MindDriver driver;
};

/// A name, and a reset of it that the directory has made public and this auditor has cosigned.
struct Reset {
  enum class Published : std::uint8_t { no, yes };
  explicit Reset(World& its_world, Published published = Published::yes) : world(its_world), owner(make_key(7)) {
    world.serve();
    key = world.log.random_key();
    world.log.publish(world.driver.now, key);
    request.key = key;
    request.request_sequence = 1;
    request.requested_ms = directory::next_record_time_ms(world.log.newest(), world.driver.now);
    request.matures_ms = request.requested_ms + kDelayMs;
    request.veto_keys = {owner.public_key()};
    request.veto_recovery = tlog::leaf_hash({});
    if (published == Published::no) {
      EXPECT_EQ(world.post_newest(), 200);
      return;
    }
    publish();
    EXPECT_EQ(world.post_newest(), 200);
  }
  static crypto::SigningKey make_key(std::uint64_t seed) {
    testing::SeededEntropy entropy(seed);
    return crypto::SigningKey::generate(entropy);
  }
  directory::VetoNotice veto() const { return veto_as_device(request, owner); }
  void publish() const {
    world.log.publish(Time{request.requested_ms}, key, Notice{directory::RequestNotice{request, std::nullopt}});
  }
  void complete() const { world.log.publish(world.driver.now, key, Notice{directory::CompleteNotice{request}}); }

  World& world;
  crypto::SigningKey owner;
  Hash key;
  ResetNotice request;
};

}  // namespace cairn::witness::fixture
