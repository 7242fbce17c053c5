// Signals: who gets them, and that nothing of them stays.
#include "core/proto/signals.h"

#include <gtest/gtest.h>

#include "core/proto/labels.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::error_of;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;

class SignalTest : public ::testing::Test {
 protected:
  SignalTest() { EXPECT_EQ(channel.admit(driver, alice, bob).status, 200); }

  proto::ChannelSignal signal(std::string_view text, std::uint64_t epoch) const {
    proto::ChannelSignal out{channel.id, epoch, to_bytes(text), {}};
    out.signature = crypto::sign_labelled(channel.key, proto::kSignChannelSignal, out.content());
    return out;
  }
  proto::Respond post(const proto::ChannelSignal& signal) {
    return driver.post(proto::kPathChannelSignal, wire::encode(signal));
  }
  /// Connected, with everything acknowledged.
  proto::SocketId connect(const Member& who) {
    const proto::SocketId socket = driver.open(who.token);
    for (const proto::MailboxPush& push : driver.pushes[socket]) {
      if (push.kind == proto::MailboxPush::Kind::envelope) driver.acknowledge(socket, push.envelope.sequence);
    }
    return socket;
  }
  std::vector<std::string> signals(proto::SocketId socket) {
    std::vector<std::string> out;
    for (const Bytes& frame : driver.raw_frames[socket]) {
      if (const auto push = wire::decode<proto::SignalPush>(frame)) out.push_back(as_text(push->body));
    }
    return out;
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  Member carol{driver, "carol@example.org", 3};
  proto::Respond uploads[3] = {alice.upload(driver, 30), bob.upload(driver, 30), carol.upload(driver, 30)};
  TestChannel channel{driver, alice, 4};
};

TEST_F(SignalTest, ReachesWhoIsConnectedInTheConversationAndLeavesNothing) {
  const auto at_alice = connect(alice);
  const auto at_bob = connect(bob);
  const auto at_carol = connect(carol);
  const MemoryView before = driver.store;
  EXPECT_EQ(post(signal("typing", channel.epoch)).status, 200);
  EXPECT_EQ(signals(at_bob), std::vector<std::string>{"typing"});
  EXPECT_EQ(signals(at_alice), std::vector<std::string>{"typing"});
  EXPECT_TRUE(signals(at_carol).empty());
  EXPECT_EQ(driver.store, before);
}

TEST_F(SignalTest, NeverReachesWhoComesLater) {
  EXPECT_EQ(post(signal("typing", channel.epoch)).status, 200);
  EXPECT_TRUE(signals(connect(bob)).empty());
  driver.restart();
  EXPECT_TRUE(signals(connect(bob)).empty());
}

TEST_F(SignalTest, PassesWhoIsBehindWithWhatIsKept) {
  const auto at_bob = connect(bob);
  ASSERT_EQ(channel.send(driver, "kept").status, 200);
  EXPECT_EQ(post(signal("typing", channel.epoch)).status, 200);
  EXPECT_TRUE(signals(at_bob).empty());
  driver.acknowledge(at_bob, driver.pushes[at_bob].back().envelope.sequence);
  EXPECT_EQ(post(signal("again", channel.epoch)).status, 200);
  EXPECT_EQ(signals(at_bob), std::vector<std::string>{"again"});
}

TEST_F(SignalTest, RefusesWhatIsNotOfAMemberOfThisEpoch) {
  const auto at_bob = connect(bob);
  auto moved = signal("typing", channel.epoch);
  moved.ciphertext = to_bytes("other");
  EXPECT_EQ(error_of(post(moved)), ErrorCode::invalid_signature);
  EXPECT_EQ(error_of(post(signal("typing", channel.epoch + 1))), ErrorCode::wrong_epoch);
  EXPECT_EQ(error_of(post(signal("typing", channel.epoch - 1))), ErrorCode::wrong_epoch);
  // The label of a message is not that of a signal.
  const proto::ChannelSend send = channel.make_send(to_bytes("typing"), channel.key, channel.epoch);
  EXPECT_EQ(error_of(post({send.channel, send.epoch, send.ciphertext, send.signature})), ErrorCode::invalid_signature);
  auto nowhere = signal("typing", channel.epoch);
  nowhere.channel = random_value<ChannelId>(channel.entropy);
  EXPECT_EQ(error_of(post(nowhere)), ErrorCode::not_found);
  EXPECT_TRUE(signals(at_bob).empty());
}

TEST_F(SignalTest, HasABucketOfItsOwn) {
  for (std::uint32_t i = 0; i < proto::kSignalBurst; ++i)
    ASSERT_EQ(post(signal(std::to_string(i), channel.epoch)).status, 200) << i;
  EXPECT_EQ(post(signal("too many", channel.epoch)).status, 429);
  EXPECT_EQ(channel.send(driver, "a message goes all the same").status, 200);
  driver.pass(kMinuteMs / proto::kSignalsPerMinute);
  EXPECT_EQ(post(signal("one more", channel.epoch)).status, 200);
}

TEST_F(SignalTest, GoesOnAFullDiskAndTakesNoRoom) {
  const auto at_bob = connect(bob);
  driver.disk_full = true;
  EXPECT_EQ(post(signal("typing", channel.epoch)).status, 200);
  EXPECT_EQ(signals(at_bob), std::vector<std::string>{"typing"});
}

}  // namespace
}  // namespace cairn::relay
