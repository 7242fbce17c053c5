// A server of its own process under connections that are slow, half open, too large or too many: it goes on serving
// others, in memory that does not grow. (What each of them is answered in detail: shell/net/server_test.cpp.)
#include "core/proto/api.h"
#include "shell/net/http.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/many_files.h"
#include "tests/support/raw_client.h"

namespace cairn::e2e {
namespace {

using testing::RawClient;
using Clients = std::vector<std::unique_ptr<RawClient>>;

/// Addresses of attackers: to a server other machines than that of the people, who come from 127.0.0.1.
constexpr std::uint32_t kAttacker = 0x7f000002;
constexpr std::uint32_t kAnother = 0x7f000003;
/// What one address may have at once (shell/net/server.h).
constexpr std::size_t kMostOfOneAddress = 1024;
constexpr std::uint64_t kMostMoreOfServerKib = 48 * 1024;

class Attack : public VillageTest {
 protected:
  /// Connections that have said this much.
  Clients clients(std::size_t count, std::uint32_t from, const std::string& first_words = {}) {
    Clients out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(std::make_unique<RawClient>(server_port(), from));
      if (!first_words.empty()) out.back()->send(first_words);
    }
    return out;
  }
  static std::size_t ended(const Clients& all) {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& one) { return one->has_ended(); }));
  }
  void two_people() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    talk("before");
  }
  /// A message each way; neither takes longer than it does when nobody attacks.
  void talk(const std::string& text) {
    constexpr std::chrono::seconds kSoon{5};
    must(village().cairn("alice-1", {"send", "bob@localhost", text, "--wait", "5"}));
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: " + text); }, kSoon));
    must(village().cairn("bob-1", {"send", "alice@localhost", text + " too", "--wait", "5"}));
    EXPECT_TRUE(
        eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: " + text + " too"); }, kSoon));
  }
  std::uint64_t memory() { return memory_kib(village().server().pid(), "VmRSS"); }
  void expect_flat(std::uint64_t before) {
    std::printf("memory of the server: %llu KiB before, %llu KiB now\n", static_cast<unsigned long long>(before),
                static_cast<unsigned long long>(memory()));
    EXPECT_GT(memory(), 0u);
    EXPECT_LT(memory(), before + kMostMoreOfServerKib);
  }

  SmallQuarantine quarantine_;
};

TEST_F(Attack, SlowAndHalfOpenConnectionsAreEndedWhileOthersTalk) {
  if (!testing::may_open_files(2048))
    GTEST_SKIP() << "SKIPPED: this machine lets a program open fewer than 2,048 files";
  two_people();
  const std::uint64_t before = memory();
  const std::string begun = "POST /v1/channel/send HTTP/1.1\r\nHost: localhost\r\n";
  const Clients silent = clients(250, kAttacker);
  const Clients slow_header = clients(250, kAttacker, begun + "X-Slow: ");
  const Clients slow_body = clients(250, kAttacker, begun + "Content-Length: 1000000\r\n\r\nx");
  const Clients half_open = clients(100, kAttacker, begun);
  for (const auto& one : half_open) one->finish_sending();
  const std::string upgrade = as_text(
      net::encode_websocket_request(proto::kPathMailbox, "localhost", "nobody's token", "dGhlIHNhbXBsZSBub25jZQ=="));
  const Clients strangers = clients(50, kAttacker, upgrade);
  for (int round = 0; round < 4; ++round) {
    for (const Clients* all : {&slow_header, &slow_body}) {
      for (const auto& one : *all) one->send("x");
    }
    talk("round " + std::to_string(round));
  }
  EXPECT_TRUE(eventually([&] { return ended(half_open) == half_open.size() && ended(strangers) == strangers.size(); }));
  // A byte now and then keeps nobody here: a header has ten seconds.
  EXPECT_TRUE(eventually(
      [&] {
        for (const auto& one : slow_header) one->send("x");
        return ended(silent) == silent.size() && ended(slow_header) == slow_header.size();
      },
      std::chrono::seconds(20)))
      << ended(silent) << " " << ended(slow_header);
  EXPECT_TRUE(slow_header.front()->read().starts_with("HTTP/1.1 408 ")) << slow_header.front()->read();
  EXPECT_EQ(ended(slow_body), 0u) << "a body has a minute";
  talk("afterwards");
  expect_flat(before);
}

TEST_F(Attack, WhatIsTooLargeIsRefusedAndWhoComesTooOftenTurnedAway) {
  if (!testing::may_open_files(4096))
    GTEST_SKIP() << "SKIPPED: this machine lets a program open fewer than 4,096 files";
  two_people();
  const std::uint64_t before = memory();
  struct Case {
    std::string words;
    const char* answer;
  };
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  std::string chunks;
  for (int i = 0; i < 20; ++i) chunks += chunk;
  const std::string post = "POST /v1/lookup HTTP/1.1\r\nHost: localhost\r\n";
  const Case cases[] = {{"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'x'), "HTTP/1.1 431 "},
                        {post + "Content-Length: 1099511627776\r\n\r\n", "HTTP/1.1 413 "},
                        {post + "Transfer-Encoding: chunked\r\n\r\n" + chunks, "HTTP/1.1 413 "},
                        {"GET /" + std::string(6'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 414 "},
                        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n", "HTTP/1.1 400 "}};
  for (const Case& one : cases) {
    for (int i = 0; i < 20; ++i) {
      RawClient client(server_port(), kAnother);
      std::size_t sent = 0;
      EXPECT_TRUE(eventually([&] {
        sent += client.send(std::string_view(one.words).substr(sent));
        return client.read().starts_with(one.answer);
      })) << one.answer
          << "\n"
          << client.read();
      EXPECT_TRUE(eventually([&] { return client.has_ended(); })) << one.answer;
    }
  }
  talk("meanwhile");
  const Clients crowd = clients(kMostOfOneAddress + 200, kAttacker);
  EXPECT_TRUE(eventually([&] { return ended(crowd) >= 200; }));
  EXPECT_EQ(ended(crowd), 200u);
  talk("at the same time");
  expect_flat(before);
}

}  // namespace
}  // namespace cairn::e2e
