// The disk of a device is full: it says so, changes nothing, and gets later what waited meanwhile.
#include <gtest/gtest.h>

#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::Texts;

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(send("alice-1", kBob, "first").contains("result"));
    ASSERT_TRUE(village.until([&] { return texts("bob-1", kAlice) == Texts{"first"}; }));
    village.pass_all(10 * kSecondMs);
  }

  json send(const std::string& device, const std::string& to, const std::string& text) {
    return village.ask(device, "send", {{"to", to}, {"text", text}});
  }
  Texts texts(const std::string& device, const std::string& conversation) {
    Texts out;
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    if (!answer.contains("result")) return out;
    for (const json& one : answer["result"]["messages"]) {
      if (one["delivery"] != "notice") out.push_back(one["text"]);
    }
    return out;
  }
  void set_full(const std::string& device, bool full) { village.device(device).store().is_full = full; }

  testing::ClientVillage village;
};

TEST_F(FullDisk, WhatComesMeanwhileWaitsAtTheServer) {
  set_full("bob-1", true);
  for (const char* text : {"second", "third"}) ASSERT_TRUE(send("alice-1", kBob, text).contains("result"));
  village.pass_all(kHourMs);
  EXPECT_EQ(texts("bob-1", kAlice), Texts{"first"});
  const json status = village.ask("bob-1", "status")["result"];
  EXPECT_EQ(status["connected"], false);
  EXPECT_EQ(status["trouble"],
            "The disk of this device is full; make room, what is for you waits at the server meanwhile.");
  EXPECT_EQ(village.device("bob-1").refused_by_disk(), 0u);
  set_full("bob-1", false);
  const Texts all = {"first", "second", "third"};
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice) == all; }));
  village.pass_all(kHourMs);
  EXPECT_EQ(texts("bob-1", kAlice), all);
  EXPECT_EQ(village.ask("bob-1", "status")["result"]["trouble"], "");
}

TEST_F(FullDisk, WhatWasSaidBeforeIsSentWhenThereIsRoom) {
  village.server.down = true;
  const json kept = village.ask("alice-1", "send", {{"to", kBob}, {"text", "second"}, {"wait_ms", 100}});
  EXPECT_EQ(kept["error"]["data"]["queued"], true);
  set_full("alice-1", true);
  village.server.down = false;
  village.pass_all(kHourMs);
  EXPECT_EQ(texts("bob-1", kAlice), Texts{"first"});
  const json refused = send("alice-1", kBob, "third");
  EXPECT_EQ(refused["error"]["data"]["code"], "storage_full");
  set_full("alice-1", false);
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice) == Texts({"first", "second"}); }));
  ASSERT_TRUE(send("alice-1", kBob, "third").contains("result"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice) == Texts({"first", "second", "third"}); }));
}

TEST_F(FullDisk, ADiskThatFillsWhileAnswersAreUnderWayCostsNothing) {
  for (std::uint64_t moment = 0; moment < 8; ++moment) {
    const std::string text = "at " + std::to_string(moment);
    village.begin("alice-1", "send", {{"to", kBob}, {"text", text}, {"fresh", moment % 2 == 0}});
    set_full("alice-1", true);
    village.pass_all(moment * 300);
    set_full("alice-1", false);
    village.pass_all(kMinuteMs);
    Texts seen = texts("bob-1", kAlice);
    EXPECT_LE(std::count(seen.begin(), seen.end(), text), 1) << text;
    const Texts own = texts("alice-1", kBob);
    EXPECT_EQ(std::count(own.begin(), own.end(), text), std::count(seen.begin(), seen.end(), text)) << text;
  }
}

TEST_F(FullDisk, WhatIsToDisappearGoesAllTheSame) {
  ASSERT_TRUE(village.ask("bob-1", "request.accept", {{"conversation", kAlice}}).contains("result"));
  ASSERT_TRUE(
      village.ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 3600}}).contains("result"));
  ASSERT_TRUE(send("alice-1", kBob, "for an hour").contains("result"));
  ASSERT_TRUE(village.until([&] { return texts("bob-1", kAlice) == Texts({"first", "for an hour"}); }));
  ASSERT_TRUE(village.ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}}).contains("result"));
  set_full("bob-1", true);
  village.pass_all(2 * kHourMs);
  // Before anybody looks.
  EXPECT_TRUE(village.device("bob-1").store().scan(tables::kExpiring, {}, {}, 1).empty());
  EXPECT_EQ(texts("bob-1", kAlice), Texts{"first"});
  EXPECT_EQ(village.device("bob-1").refused_by_disk(), 0u);
}

TEST_F(FullDisk, ADeviceCanStillBeRemoved) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  village.pass_all(10 * kSecondMs);
  set_full("alice-1", true);
  const json second = village.ask("alice-2", "status")["result"]["device"];
  const json removed = village.ask("alice-1", "device.remove", {{"device", second}});
  EXPECT_TRUE(removed.contains("result")) << removed;
}

}  // namespace
}  // namespace cairn::client
