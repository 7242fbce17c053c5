// A full disk: new work is refused before anything changes, and what is there is delivered, acknowledged and deleted.
#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/relay/tables.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::error_of;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;
using testing::TestPerson;

const std::string kMeetingPoint = std::string(proto::kPathRendezvous) + std::string(32, '7');

class FullDisk : public ::testing::Test {
 protected:
  FullDisk() {
    EXPECT_EQ(bob.upload(driver, 3).status, 200);
    EXPECT_EQ(channel.admit(driver, alice, bob).status, 200);
  }
  void TearDown() override { EXPECT_EQ(driver.refused_by_disk, 0u); }

  proto::Respond post(std::string_view path, Bytes body, const Member& who) {
    return driver.post(path, std::move(body), who.token);
  }
  /// What was shown on this socket, without notices.
  std::vector<std::string> envelopes(proto::SocketId socket) {
    std::vector<std::string> out;
    for (const auto& push : driver.pushes[socket]) {
      if (push.kind == proto::MailboxPush::Kind::envelope) out.push_back(as_text(push.envelope.body));
    }
    return out;
  }
  std::size_t count(Table table) const { return driver.store.scan(table, {}, {}, 10'000).size(); }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  TestChannel channel{driver, alice, 3};
};

TEST_F(FullDisk, RefusesEveryNewThingAndChangesNothing) {
  TestPerson carol("carol@example.org", 4);
  const auto genesis = carol.genesis(carol.new_device());
  const auto next_key = crypto::SigningKey::generate(channel.entropy);
  const auto commit = channel.signed_by(channel.make_commit(next_key), channel.key);
  const proto::ChannelCreate create{random_value<ChannelId>(channel.entropy), 0, next_key.public_key(),
                                    alice.device.device.mailbox};
  const proto::KeyPackageFetch fetch{"bob@example.org", {bob.device.device.id()}};
  driver.disk_full = true;
  const MemoryView before = driver.store;
  const proto::Respond answers[] = {
      submit(driver, genesis),
      bob.upload(driver, 1),
      post(proto::kPathKeyPackageFetch, wire::encode(fetch), alice),
      post(proto::kPathChannelCreate, wire::encode(create), alice),
      post(proto::kPathChannelCommit, wire::encode(commit), alice),
      channel.send(driver, "hello"),
      driver.post(kMeetingPoint, {1}),
  };
  for (const proto::Respond& answer : answers) {
    EXPECT_EQ(answer.status, 507);
    EXPECT_EQ(error_of(answer), ErrorCode::storage_full);
    EXPECT_TRUE(body_of<proto::ErrorAnswer>(answer).message.ends_with('.'));
  }
  EXPECT_EQ(driver.store, before);
}

TEST_F(FullDisk, TakesTheSameThingsWhenThereIsRoomAgain) {
  driver.disk_full = true;
  EXPECT_EQ(channel.send(driver, "hello").status, 507);
  EXPECT_EQ(bob.upload(driver, 1).status, 507);
  driver.disk_full = false;
  EXPECT_EQ(channel.send(driver, "hello").status, 200);
  EXPECT_EQ(bob.upload(driver, 1).status, 200);
  EXPECT_EQ(envelopes(driver.open(bob.token)), (std::vector<std::string>{"welcome bob@example.org", "hello"}));
}

TEST_F(FullDisk, DeliversLogsInAndForgetsWhatIsAcknowledged) {
  for (const char* text : {"one", "two", "three"}) ASSERT_EQ(channel.send(driver, text).status, 200);
  ASSERT_EQ(driver.post(kMeetingPoint, {1}).status, 200);
  driver.disk_full = true;
  driver.restart();
  bob.log_in(driver);
  const auto socket = driver.open(bob.token);
  EXPECT_EQ(envelopes(socket).size(), 4u);
  const std::size_t waiting = count(table::kReferences);
  driver.acknowledge(socket, 4);
  EXPECT_EQ(count(table::kReferences), waiting - 4);
  EXPECT_FALSE(driver.was_closed(socket));
  EXPECT_EQ(driver.get(kMeetingPoint).status, 200);
  EXPECT_EQ(driver.get("/log/checkpoint").status, 200);
  EXPECT_EQ(look_up(driver, {bob.person.name(), 0, {}, 0}).status, 200);
}

TEST_F(FullDisk, GoesOnThrowingAwayWhatHasRunOut) {
  ASSERT_EQ(channel.send(driver, "never fetched").status, 200);
  driver.disk_full = true;
  driver.pass(31 * kDayMs);
  EXPECT_EQ(count(table::kReferences), 0u);
  EXPECT_EQ(count(table::kJoinTokens), 0u);
}

TEST_F(FullDisk, AStatementThatWasTakenWaitsForRoom) {
  TestPerson carol("carol@example.org", 4);
  ASSERT_EQ(submit(driver, carol.genesis(carol.new_device())).status, 202);
  const std::size_t epochs = count(table::kRecords);
  driver.disk_full = true;
  driver.pass(kHourMs);
  EXPECT_EQ(count(table::kRecords), epochs);
  driver.disk_full = false;
  driver.pass(10 * kSecondMs);
  EXPECT_EQ(count(table::kRecords), epochs + 1);
  EXPECT_EQ(count(table::kDue), 0u);
}

TEST_F(FullDisk, MakesNoInvitation) {
  driver.disk_full = true;
  auto socket = driver.make_socket("");
  socket.target = "/admin";
  driver.batch({socket, proto::SocketFrame{socket.id, to_bytes("invite 1 7")}});
  EXPECT_TRUE(as_text(driver.raw_frames[socket.id].at(0)).starts_with("error: The disk is full"));
  EXPECT_EQ(count(table::kInvitations), 0u);
}

}  // namespace
}  // namespace cairn::relay
