// A client wants its timer only for what is still to come: one that is due again and again keeps a whole core busy.
#include <gtest/gtest.h>

#include "core/client/client.h"
#include "core/client/tables.h"
#include "core/directory/lookup.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/mind_driver.h"
#include "tests/support/recovery_keys.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;

/// One client whose calls a test answers or leaves without an answer.
class Waiting : public ::testing::Test {
 protected:
  Waiting() {
    driver.rebuild();
    server.set_time(driver.now);
    driver.input(proto::SocketOpened{proto::SocketId{1}, "/rpc", {}, {}});
    const json request = {
        {"jsonrpc", "2.0"},
        {"id", 1},
        {"method", "register"},
        {"params",
         {{"name", kAlice}, {"policy", server.policy_text()}, {"recovery_key", testing::recovery_key_of("alice-1")}}}};
    driver.input(proto::SocketFrame{proto::SocketId{1}, to_bytes(request.dump())});
  }

  void fire() {
    if (mind->next_deadline() == Time::never()) return;
    driver.now = std::max(driver.now, mind->next_deadline());
    server.set_time(driver.now);
    driver.input(proto::TimerFired{});
    EXPECT_GT(mind->next_deadline(), driver.now);
  }

  testing::FakeServer server;
  std::unique_ptr<proto::Mind> mind = make_client({});
  testing::MindDriver driver{*mind, Time{1'750'000'000'000}};
};

TEST_F(Waiting, WantsNoTimerForAnAnswerThatComesByItself) {
  for (int i = 0; i < 3; ++i) fire();
}

TEST_F(Waiting, ForgetsThePauseBeforeARequestThatIsNoLongerNeeded) {
  // The genesis is taken and its answer lost; the directory shows the name before it is sent again.
  const auto calls = driver.calls();
  ASSERT_FALSE(calls.empty());
  for (const proto::Call& call : calls) {
    if (call.url.ends_with(proto::kPathStatement)) {
      ASSERT_TRUE(server.answer(call).has_value());
      driver.no_reply(call.id);
    }
  }
  for (const proto::Call& call : calls) {
    if (!call.url.ends_with(proto::kPathLookup)) continue;
    const auto reply = server.answer(call);
    driver.reply(call.id, reply->status, reply->body);
  }
  for (int i = 0; i < 3; ++i) fire();
}

TEST(Timers, AreNotWantedByADeviceThatWasRemoved) {
  testing::ClientVillage village;
  ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  const json list = village.ask("alice-1", "device.list");
  ASSERT_TRUE(
      village.ask("alice-1", "device.remove", {{"device", list["result"]["devices"][1]["id"]}}).contains("result"));
  village.ask("alice-2", "contact.verify", {{"name", kAlice}});
  ASSERT_EQ(village.ask("alice-2", "status")["result"]["state"], "removed");
  village.set_online("alice-2", false);
  village.pass_all(5 * kSecondMs);
  EXPECT_GT(village.device("alice-2").next_deadline(), village.now);
}

TEST(Timers, AreNotWantedByADeviceThatWasRemovedWhileItCouldNotDeleteAFile) {
  testing::ClientVillage village;
  ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
  ASSERT_TRUE(village.register_person("bob-1", testing::kBob).contains("result"));
  ASSERT_TRUE(village.ask("alice-1", "send", {{"to", testing::kBob}, {"text", "hello"}}).contains("result"));
  village.server.blobs.refuses_deletes = ErrorCode::unavailable;
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  village.pass_all(10 * kSecondMs);
  const auto waiting = [&] {
    return village.device("alice-1").store().scan(tables::kBlobsToDelete, {}, {}, 10).size();
  };
  ASSERT_NE(waiting(), 0u) << "what it gave the new device of its history is taken, and cannot be deleted";
  ASSERT_LE(village.device("alice-1").next_deadline(), after(village.now, kMinuteMs));
  const json own = village.ask("alice-1", "status");
  ASSERT_TRUE(village.ask("alice-2", "device.remove", {{"device", own["result"]["device"]}}).contains("result"));
  village.ask("alice-1", "contact.verify", {{"name", kAlice}});
  ASSERT_EQ(village.ask("alice-1", "status")["result"]["state"], "removed");
  village.set_online("alice-1", false);
  village.pass_all(2 * kMinuteMs);
  EXPECT_GT(village.device("alice-1").next_deadline(), village.now);
}

TEST(Timers, AreNotWantedByADeviceWhoseNameWasRefused) {
  testing::ClientVillage village;
  ASSERT_TRUE(village.register_person("bob-1", "bob@example.org").contains("result"));
  village.server.refuse_statements = ErrorCode::conflict;
  ASSERT_FALSE(village.register_person("alice-1", kAlice).contains("result"));
  village.pass_all(20 * kSecondMs);
  EXPECT_GT(village.device("alice-1").next_deadline(), village.now);
}

// Nothing is written, no epoch comes, and the stream stands: what a server may have been made to show of the name since
// is seen all the same (docs/spec/directory.md s.7).
TEST(Timers, BringTheOwnNameToBeLookedUpEveryTwelveHoursThoughTheLogStandsStill) {
  std::vector<Time> looks;
  testing::ClientVillage village;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.ends_with(proto::kPathLookup)) return;
    const auto request = wire::decode<directory::LookupRequest>(call.body);
    if (request && request->name.text() == kAlice) looks.push_back(village.now);
  };
  ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
  village.pass_all(kMinuteMs);
  ASSERT_FALSE(looks.empty());
  Time last = looks.back();
  looks.clear();
  const std::size_t epochs = village.server.domain.records.size();
  village.pass_all(2 * kDayMs);
  EXPECT_EQ(village.server.domain.records.size(), epochs);
  EXPECT_GE(looks.size(), 4u);
  EXPECT_LE(looks.size(), 6u);  // and it does not ask without end
  for (const Time look : looks) EXPECT_LE(elapsed_ms(look, std::exchange(last, look)), 12 * kHourMs);
  EXPECT_LE(elapsed_ms(village.now, last), 12 * kHourMs);
}

}  // namespace
}  // namespace cairn::client
