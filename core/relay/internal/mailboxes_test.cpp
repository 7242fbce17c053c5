#include "core/relay/internal/mailboxes.h"

#include <gtest/gtest.h>

#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using proto::MailboxPush;
using testing::Commit;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;

/// Alice alone in a channel: what she sends comes back to her.
class MailboxTest : public ::testing::Test {
 protected:
  void send(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(channel.send(driver, "x").status, 200);
  }
  std::vector<std::uint64_t> sequences(proto::SocketId socket) {
    std::vector<std::uint64_t> out;
    for (const MailboxPush& push : driver.pushes[socket]) {
      if (push.kind == MailboxPush::Kind::envelope) out.push_back(push.envelope.sequence);
    }
    return out;
  }
  std::size_t count(proto::SocketId socket, MailboxPush::Kind kind) {
    return static_cast<std::size_t>(
        std::ranges::count_if(driver.pushes[socket], [&](const MailboxPush& push) { return push.kind == kind; }));
  }
  static std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> out;
    for (; first <= last; ++first) out.push_back(first);
    return out;
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  TestChannel channel{driver, alice, 4};
};

TEST_F(MailboxTest, PushesWhatWaitsThenSaysSoThenWhatArrives) {
  send(3);
  const auto socket = driver.open(alice.token);
  ASSERT_EQ(sequences(socket), numbers(1, 3));
  EXPECT_EQ(driver.pushes[socket][3].kind, MailboxPush::Kind::caught_up);
  send(2);
  EXPECT_EQ(sequences(socket), numbers(1, 5));
  EXPECT_EQ(count(socket, MailboxPush::Kind::caught_up), 1u);
}

TEST_F(MailboxTest, AnEmptyMailboxIsCaughtUpAtOnce) {
  const auto socket = driver.open(alice.token);
  ASSERT_FALSE(driver.pushes[socket].empty());
  EXPECT_EQ(driver.pushes[socket][0].kind, MailboxPush::Kind::caught_up);
}

TEST_F(MailboxTest, WhatIsNotAcknowledgedComesAgain) {
  send(3);
  driver.acknowledge(driver.open(alice.token), 1);
  EXPECT_EQ(sequences(driver.open(alice.token)), numbers(2, 3));
  driver.restart();
  EXPECT_EQ(sequences(driver.open(alice.token)), numbers(2, 3));
}

TEST_F(MailboxTest, SequenceNumbersGoOnWhereTheyWereWhenAllWasAcknowledged) {
  send(3);
  driver.acknowledge(driver.open(alice.token), 3);
  EXPECT_TRUE(driver.store.scan(table::kReferences, {}, {}, 10).empty());
  EXPECT_TRUE(driver.store.scan(table::kBodies, {}, {}, 10).empty());
  driver.restart();
  send(1);
  EXPECT_EQ(sequences(driver.open(alice.token)), numbers(4, 4));
}

TEST_F(MailboxTest, KeepsAtMostAWindowInFlight) {
  send(proto::kPushWindow + 10);
  const auto socket = driver.open(alice.token);
  EXPECT_EQ(sequences(socket), numbers(1, proto::kPushWindow));
  EXPECT_EQ(count(socket, MailboxPush::Kind::caught_up), 0u);
  driver.acknowledge(socket, 3);
  EXPECT_EQ(sequences(socket), numbers(1, proto::kPushWindow + 3));
  driver.acknowledge(socket, 10);
  EXPECT_EQ(sequences(socket), numbers(1, proto::kPushWindow + 10));
  EXPECT_EQ(count(socket, MailboxPush::Kind::caught_up), 1u);
}

TEST_F(MailboxTest, ALiveSocketIsHeldToTheWindowToo) {
  const auto socket = driver.open(alice.token);
  send(proto::kPushWindow + 5);
  EXPECT_EQ(sequences(socket), numbers(1, proto::kPushWindow));
  driver.acknowledge(socket, proto::kPushWindow);
  EXPECT_EQ(sequences(socket), numbers(1, proto::kPushWindow + 5));
}

TEST_F(MailboxTest, AnAcknowledgementOfWhatWasNotPushedClosesTheSocket) {
  send(1);
  const auto socket = driver.open(alice.token);
  driver.acknowledge(socket, 2);
  EXPECT_TRUE(driver.was_closed(socket));
  EXPECT_EQ(sequences(driver.open(alice.token)), numbers(1, 1));
}

TEST_F(MailboxTest, AFrameThatIsNoAcknowledgementClosesTheSocket) {
  const auto socket = driver.open(alice.token);
  driver.batch({proto::SocketFrame{socket, to_bytes("hello")}});
  EXPECT_TRUE(driver.was_closed(socket));
}

TEST_F(MailboxTest, AnOldAcknowledgementChangesNothing) {
  send(3);
  const auto socket = driver.open(alice.token);
  driver.acknowledge(socket, 2);
  const MemoryView before = driver.store;
  driver.acknowledge(socket, 1);
  driver.acknowledge(socket, 2);
  EXPECT_EQ(driver.store, before);
  EXPECT_FALSE(driver.was_closed(socket));
}

TEST_F(MailboxTest, ASecondConnectionReplacesTheFirst) {
  const auto first = driver.open(alice.token);
  const auto second = driver.open(alice.token);
  EXPECT_TRUE(driver.was_closed(first));
  driver.batch({proto::SocketClosed{first}});
  send(1);
  EXPECT_TRUE(sequences(first).empty());
  EXPECT_EQ(sequences(second), numbers(1, 1));
}

TEST_F(MailboxTest, RefusesASocketWithoutAGoodToken) {
  for (const std::string& token : {std::string(), std::string("nonsense"), alice.token.substr(1)}) {
    const auto socket = driver.open(token);
    EXPECT_TRUE(driver.was_closed(socket));
    EXPECT_TRUE(driver.pushes[socket].empty());
  }
  auto elsewhere = driver.make_socket(alice.token);
  elsewhere.target = "/v1/other";
  driver.batch({elsewhere});
  EXPECT_TRUE(driver.was_closed(elsewhere.id));
}

TEST_F(MailboxTest, ExpiresWhatWaitedThirtyDays) {
  send(600);
  driver.pass(kDayMs);
  send(1);
  driver.pass(proto::kUndeliveredLifeMs - kDayMs + kHourMs);
  const auto socket = driver.open(alice.token);  // the token has run out
  EXPECT_TRUE(driver.was_closed(socket));
  alice.log_in(driver);
  EXPECT_EQ(sequences(driver.open(alice.token)), numbers(601, 601));
  EXPECT_EQ(driver.store.scan(table::kBodies, {}, {}, 10).size(), 1u);
}

TEST_F(MailboxTest, TellsEveryDeviceThatTheLogGrew) {
  const auto socket = driver.open(alice.token);
  Member bob(driver, "bob@example.org", 2);
  EXPECT_EQ(count(socket, MailboxPush::Kind::log_grew), 1u);
  EXPECT_EQ(driver.pushes[socket].back().log_size, 3u);
}

TEST_F(MailboxTest, TellsADeviceThatItsKeyPackagesRunLow) {
  Member bob(driver, "bob@example.org", 2);
  EXPECT_EQ(count(driver.open(bob.token), MailboxPush::Kind::key_packages_low), 1u);
  bob.upload(driver, 26);
  const auto socket = driver.open(bob.token);
  EXPECT_EQ(count(socket, MailboxPush::Kind::key_packages_low), 0u);
  alice.fetch(driver, bob);
  EXPECT_EQ(count(socket, MailboxPush::Kind::key_packages_low), 0u);
  alice.fetch(driver, bob);
  EXPECT_EQ(count(socket, MailboxPush::Kind::key_packages_low), 1u);
}

TEST_F(MailboxTest, AnAcknowledgementThatDidNotGetToDiskNeverWas) {
  send(3);
  const auto socket = driver.open(alice.token);
  const MemoryView before = driver.store;
  EXPECT_FALSE(driver.batch({proto::SocketFrame{socket, wire::encode(proto::MailboxAck{3})}}, Commit::fails));
  EXPECT_EQ(driver.store, before);
  EXPECT_EQ(sequences(driver.open(alice.token)), numbers(1, 3));
}

// Whatever happens in whatever order: every mailbox gets every message once a connection, in order, without a gap.
TEST(MailboxModel, RandomLivesLoseNothingAndLeaveNothing) {
  testing::SeededEntropy random(11);
  RelayDriver driver(testing::open_config());
  Member members[] = {
      {driver, "alice@example.org", 1}, {driver, "bob@example.org", 2}, {driver, "carol@example.org", 3}};
  for (Member& member : members) member.upload(driver, 5);
  TestChannel channel(driver, members[0], 4);
  ASSERT_EQ(channel.admit(driver, members[0], members[1]).status, 200);
  ASSERT_EQ(channel.admit(driver, members[0], members[2]).status, 200);
  std::map<std::size_t, proto::SocketId> sockets;
  std::uint64_t acknowledged[3] = {};
  std::uint64_t sent = 0;
  const std::uint64_t before_sends[3] = {2, 2, 1};  // commits and welcomes
  const auto newest = [&](std::size_t who) {
    std::uint64_t last = acknowledged[who];
    for (const MailboxPush& push : driver.pushes[sockets.at(who)]) {
      if (push.kind != MailboxPush::Kind::envelope) continue;
      EXPECT_EQ(push.envelope.sequence, last + 1);
      last = push.envelope.sequence;
    }
    return last;
  };
  for (int round = 0; round < 600; ++round) {
    const std::size_t who = random.below(3);
    switch (random.below(6)) {
      case 0:
      case 1:
      case 2:
        ASSERT_EQ(channel.send(driver, "x").status, 200);
        ++sent;
        break;
      case 3: sockets[who] = driver.open(members[who].token); break;
      case 4:
        if (!sockets.contains(who)) break;
        newest(who);
        acknowledged[who] = acknowledged[who] + random.below(newest(who) - acknowledged[who] + 1);
        driver.acknowledge(sockets[who], acknowledged[who]);
        std::erase_if(driver.pushes[sockets[who]],
                      [&](const MailboxPush& push) { return push.envelope.sequence <= acknowledged[who]; });
        break;
      default:
        if (random.below(2) == 0) {
          driver.restart();
        } else {
          const auto request = driver.make_request(proto::Method::post, proto::kPathChannelSend,
                                                   wire::encode(channel.make_send({1}, channel.key, channel.epoch)));
          driver.batch({request}, Commit::fails);
        }
        sockets.clear();
    }
  }
  for (std::size_t who = 0; who < 3; ++who) {
    sockets[who] = driver.open(members[who].token);
    EXPECT_EQ(newest(who), before_sends[who] + sent);
    driver.acknowledge(sockets[who], newest(who));
  }
  EXPECT_TRUE(driver.store.scan(table::kReferences, {}, {}, 10).empty());
  EXPECT_EQ(driver.store.scan(table::kBodies, {}, {}, 10).size(), 1u);  // the commit kept for a loser
}

}  // namespace
}  // namespace cairn::relay
