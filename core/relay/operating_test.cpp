// What an operator decides and does: limits, sign-up, blocking; and what a device refuses.
#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "core/proto/refusals.h"
#include "core/relay/admin.h"
#include "core/relay/inspection.h"
#include "core/relay/tables.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::error_of;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;
using testing::TestPerson;

/// As the server's unix socket does it.
std::string ask(RelayDriver& driver, const std::string& line) {
  static std::uint64_t next = 1'000'000;
  const proto::SocketId socket{next++};
  driver.batch({proto::SocketOpened{socket, kPathAdmin, "", ""}});
  driver.batch({proto::SocketFrame{socket, to_bytes(line)}});
  const auto& frames = driver.raw_frames[socket];
  return frames.empty() ? "" : as_text(frames.back());
}

class Operating : public ::testing::Test {
 protected:
  Operating() {
    EXPECT_EQ(bob.upload(driver, 3).status, 200);
    EXPECT_EQ(channel.admit(driver, alice, bob).status, 200);
  }
  std::size_t count(Table table) const { return driver.store.scan(table, {}, {}, 10'000).size(); }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  TestChannel channel{driver, alice, 3};
};

TEST_F(Operating, ABlockedNameIsLoggedOutAndInAgainWhenItIsUnblocked) {
  const auto socket = driver.open(bob.token);
  EXPECT_EQ(ask(driver, "user block bob@example.org"), "blocked bob@example.org");
  EXPECT_TRUE(driver.was_closed(socket));
  EXPECT_EQ(bob.upload(driver, 1).status, 403);
  EXPECT_EQ(log_in(driver, bob.person.name(), bob.device).status, 403);
  EXPECT_EQ(alice.upload(driver, 1).status, 200);
  EXPECT_EQ(channel.send(driver, "for later").status, 200);
  driver.restart();
  EXPECT_EQ(bob.upload(driver, 1).status, 403);
  EXPECT_EQ(ask(driver, "user list"), "alice@example.org 1 active;bob@example.org 1 blocked;");
  EXPECT_EQ(ask(driver, "user unblock bob@example.org"), "unblocked bob@example.org");
  EXPECT_EQ(bob.upload(driver, 1).status, 200);
  driver.open(bob.token);
}

TEST_F(Operating, ARemovedNameKeepsNothingAndHoldsUpNobody) {
  const auto socket = driver.open(bob.token);
  EXPECT_EQ(ask(driver, "user remove bob@example.org"), "removed bob@example.org");
  EXPECT_TRUE(driver.was_closed(socket));
  EXPECT_EQ(count(table::kKeyPackages), 0u);
  const auto of_bob = [&] {
    return driver.store.scan_prefix(table::kReferences, bob.device.device.mailbox, 100).size();
  };
  const std::size_t waiting = of_bob();
  EXPECT_GT(waiting, 0u);
  EXPECT_EQ(channel.send(driver, "to nobody").status, 200);
  EXPECT_EQ(of_bob(), waiting) << "nothing is queued any more";
  driver.pass(6 * kMinuteMs);
  EXPECT_EQ(of_bob(), 0u) << "and what was is swept";
  EXPECT_EQ(channel.send(driver, "to nobody").status, 200);
  driver.restart();
  EXPECT_EQ(channel.send(driver, "to nobody").status, 200);
  EXPECT_EQ(of_bob(), 0u);
  EXPECT_EQ(log_in(driver, bob.person.name(), bob.device).status, 403);
  EXPECT_EQ(submit(driver, bob.person.add(bob.person.new_device(), bob.device)).status, 403);
  EXPECT_TRUE(ask(driver, "user unblock bob@example.org").starts_with(kAdminError));
  EXPECT_TRUE(ask(driver, "user remove bob@example.org").starts_with(kAdminError));
  EXPECT_EQ(ask(driver, "user list alice@example.org"), "bob@example.org 1 removed;");
}

TEST_F(Operating, ARunningServerTellsItsHealthOnOneLine) {
  const std::string line = ask(driver, std::string(kAdminHealth));
  EXPECT_NE(line.find("\"directory\": \"newest\""), std::string::npos) << line;
  const auto sizes = log_sizes(driver.store);
  ASSERT_TRUE(sizes);
  EXPECT_GT(sizes->built, 1u);
  EXPECT_EQ(sizes->served, sizes->built);
  EXPECT_NE(line.find("\"epochs\": " + std::to_string(sizes->built)), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Administered done = administer(driver.store, driver.now, driver.entropy, kAdminHealth);
  EXPECT_TRUE(done.answer.starts_with(kAdminError)) << "a store alone does not know";
}

TEST_F(Operating, CommandsThatMeanNothingChangeNothing) {
  for (const char* line :
       {"user", "user block", "user block nobody@example.org", "user block bob", "user erase bob@example.org", "users",
        "invite", "invite 0 1", "invite 1 1 1", "invitee 1 1", ""}) {
    EXPECT_TRUE(ask(driver, line).starts_with(kAdminError)) << line;
    EXPECT_EQ(driver.store.scan(table::kBlocked, {}, {}, 10).size(), 0u) << line;
    EXPECT_EQ(driver.store.scan(table::kInvitations, {}, {}, 10).size(), 0u) << line;
  }
}

TEST_F(Operating, TheSameCommandsWorkOnAStoreThatNoServerHolds) {
  Administered done = administer(driver.store, driver.now, driver.entropy, "user block bob@example.org");
  EXPECT_EQ(done.answer, "blocked bob@example.org");
  ASSERT_EQ(done.writes.size(), 1u);
  EXPECT_EQ(done.writes.front().table, table::kBlocked);
  EXPECT_TRUE(administer(driver.store, driver.now, driver.entropy, "user unblock bob@example.org").writes.empty());
}

TEST_F(Operating, AWelcomeOfASenderWhomADeviceRefusesIsRefused) {
  Member carol(driver, "carol@example.org", 5);
  const auto refuse = [&](std::vector<std::string> names) {
    proto::Refusals refusals;
    for (const std::string& name : names) {
      refusals.senders.push_back(crypto::sha256(concat({bob.device.device.mailbox, as_bytes(name)})));
    }
    std::ranges::sort(refusals.senders);
    return driver.post(proto::kPathRefusals, wire::encode(refusals), bob.token).status;
  };
  EXPECT_EQ(refuse({"alice@example.org", "mallory@example.org"}), 200);
  EXPECT_EQ(bob.upload(driver, 3).status, 200);
  TestChannel other(driver, alice, 6);
  EXPECT_EQ(other.admit(driver, alice, bob).status, 403);
  EXPECT_EQ(channel.send(driver, "in a conversation that stands").status, 200);
  TestChannel of_carol(driver, carol, 7);
  EXPECT_EQ(of_carol.admit(driver, carol, bob).status, 200);
  EXPECT_EQ(refuse({}), 200);
  EXPECT_EQ(count(table::kRefusals), 0u);
  EXPECT_EQ(other.admit(driver, alice, bob).status, 200);
}

TEST_F(Operating, RefusalsAreStrictAndNeedALogin) {
  proto::Refusals two;
  two.senders = {crypto::sha256(as_bytes("b")), crypto::sha256(as_bytes("a"))};
  std::ranges::sort(two.senders, std::greater<>());
  EXPECT_EQ(driver.post(proto::kPathRefusals, wire::encode(two), bob.token).status, 400);
  two.senders[0] = two.senders[1];
  EXPECT_EQ(driver.post(proto::kPathRefusals, wire::encode(two), bob.token).status, 400);
  two.senders.pop_back();
  EXPECT_EQ(driver.post(proto::kPathRefusals, wire::encode(two)).status, 401);
  Bytes cut = wire::encode(two);
  cut.pop_back();
  EXPECT_EQ(driver.post(proto::kPathRefusals, cut, bob.token).status, 400);
  EXPECT_EQ(driver.post(proto::kPathRefusals, wire::encode(two), bob.token).status, 200);
}

TEST_F(Operating, AChannelThatNobodyWroteToIsReaped) {
  TestChannel unused(driver, alice, 8);
  TestChannel used(driver, alice, 9);
  EXPECT_EQ(used.send(driver, "to myself").status, 200);
  EXPECT_EQ(count(table::kChannels), 3u);
  driver.pass(90 * kDayMs - kHourMs);
  EXPECT_EQ(count(table::kChannels), 3u);
  driver.pass(2 * kHourMs);
  EXPECT_EQ(count(table::kChannels), 2u);
  EXPECT_EQ(count(table::kDueChannels), 0u);
  EXPECT_EQ(unused.send(driver, "too late").status, 404);
  EXPECT_EQ(used.send(driver, "still here").status, 200);
}

TEST(OperatingLimits, AMailboxHoldsSoManyBytesAndItsSenderIsTold) {
  RelayConfig config = testing::open_config();
  config.limits.mailbox_bytes = 10'000;
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  Member bob(driver, "bob@example.org", 2);
  bob.upload(driver, 1);
  TestChannel channel(driver, alice, 4);
  ASSERT_EQ(channel.admit(driver, alice, bob).status, 200);
  const auto of_alice = driver.open(alice.token);
  const std::string text(3000, 'x');
  const auto send = [&] {
    const auto answer = channel.send(driver, text);
    driver.acknowledge(of_alice, driver.pushes[of_alice].back().envelope.sequence);
    return answer.status;
  };
  EXPECT_EQ(send(), 200);
  EXPECT_EQ(send(), 200);
  driver.restart();  // what waits is read from the store
  driver.open(alice.token);
  EXPECT_EQ(channel.send(driver, text).status, 200);
  EXPECT_EQ(channel.send(driver, text).status, 200);
  const auto refused = channel.send(driver, text);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(error_of(refused), ErrorCode::over_limit);
  driver.restart();
  EXPECT_EQ(channel.send(driver, text).status, 413);
  const auto of_bob = driver.open(bob.token);
  const auto again = driver.open(alice.token);
  driver.acknowledge(again, driver.pushes[again].back().envelope.sequence);
  ASSERT_FALSE(driver.pushes[of_bob].empty());
  driver.acknowledge(of_bob, driver.pushes[of_bob].at(2).envelope.sequence);
  EXPECT_EQ(channel.send(driver, text).status, 200);
}

TEST(OperatingLimits, AClosedDomainTakesNoNewNames) {
  RelayConfig config = testing::open_config();
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  config.sign_up = SignUp::closed;
  driver.set_config(config);
  driver.restart();
  TestPerson carol("carol@example.org", 4);
  EXPECT_EQ(submit(driver, carol.genesis(carol.new_device())).status, 403);
  EXPECT_EQ(submit(driver, alice.person.add(alice.person.new_device(), alice.device)).status, 202);
  EXPECT_NE(as_text(driver.get(proto::kPathWellKnown).body).find("\"sign_up\": \"closed\""), std::string::npos);
}

TEST(OperatingLimits, EveryLimitStandsInTheWellKnownDocument) {
  RelayConfig config;
  config.domain = "example.org";
  RelayDriver driver(config);
  const std::string text = as_text(driver.get(proto::kPathWellKnown).body);
  for (const char* limit :
       {"mailbox_bytes", "mailbox_envelopes", "undelivered_ms", "unused_channel_ms", "refused_senders", "rates",
        "address", "device", "channel", "channels_made", "burst", "per_minute"}) {
    EXPECT_NE(text.find("\"" + std::string(limit) + "\""), std::string::npos) << limit;
  }
}

}  // namespace
}  // namespace cairn::relay
