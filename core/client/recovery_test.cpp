// A person who has lost devices and kept the recovery key.
#include <gtest/gtest.h>

#include "core/client/own_name.h"
#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;

class Recovery : public ::testing::Test {
 protected:
  Recovery() {
    key = village.register_person("alice-1", kAlice).at("result").at("recovery_key").get<std::string>();
    EXPECT_TRUE(village.register_person("bob-1", kBob).contains("result"));
  }

  json params(bool remove_others, const std::string& with_key, const std::string& name = kAlice) const {
    return {{"name", name},
            {"recovery_key", with_key},
            {"policy", village.server.policy_text()},
            {"remove_others", remove_others}};
  }
  json recover(const std::string& device, bool remove_others = false) {
    return village.ask(device, "recover", params(remove_others, key));
  }
  std::string sentence(const json& answer) {
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "no error: " + answer.dump();
  }
  std::string state(const std::string& device) { return village.ask(device, "status").at("result").at("state"); }
  const directory::NameState& chain() { return village.server.people.at(kAlice).state; }
  bool hears(const std::string& device, const std::string& whom, const std::string& text) {
    return village.until([&] {
      const json answer = village.ask(device, "read", {{"conversation", whom}});
      if (!answer.contains("result")) return false;
      for (const json& message : answer["result"]["messages"]) {
        if (message.value("text", "") == text) return true;
      }
      return false;
    });
  }

  testing::ClientVillage village;
  std::string key;
};

TEST_F(Recovery, AddsADeviceWithTheKeyAlone) {
  village.set_online("alice-1", false);
  const json answer = recover("alice-2");
  ASSERT_TRUE(answer.contains("result")) << answer.dump();
  EXPECT_EQ(answer["result"]["name"], kAlice);
  EXPECT_EQ(answer["result"]["devices_active"], 2);
  EXPECT_EQ(chain().count(), 2u);
  ASSERT_TRUE(village.ask("bob-1", "send", {{"to", kAlice}, {"text", "welcome back"}}).contains("result"));
  EXPECT_TRUE(hears("alice-2", kBob, "welcome back"));
}

TEST_F(Recovery, ShutsAllOtherDevicesOutWhenToldTo) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  const json answer = recover("alice-3", true);
  ASSERT_TRUE(answer.contains("result")) << answer.dump();
  EXPECT_EQ(answer["result"]["devices_active"], 1);
  EXPECT_EQ(chain().active_count(), 1u);
  EXPECT_EQ(chain().count(), 5u);  // two additions, one of them by the key, and two removals by it
  EXPECT_TRUE(
      village.until([&] { return state("alice-1") == "removed" && state("alice-2") == "removed"; }, 13 * kHourMs));
  EXPECT_NE(sentence(village.ask("alice-1", "send", {{"to", kBob}, {"text", "x"}})).find("recover"), std::string::npos);
}

TEST_F(Recovery, WorksAgainAndAgainWithTheSameKey) {
  for (const char* device : {"alice-2", "alice-3", "alice-4"}) {
    const json answer = recover(device, true);
    ASSERT_TRUE(answer.contains("result")) << answer.dump();
    EXPECT_EQ(answer["result"]["devices_active"], 1);
  }
}

TEST_F(Recovery, IsAnAlarmOnTheDevicesThatWereThere) {
  ASSERT_TRUE(recover("alice-2").contains("result"));
  EXPECT_TRUE(
      village.until([&] { return village.ask("alice-1", "status")["result"]["alarms"].size() == 1; }, 13 * kHourMs));
  EXPECT_TRUE(village.ask("alice-2", "status")["result"]["alarms"].empty());
}

TEST_F(Recovery, RefusesWhatIsNoRecoveryKeyAndLeavesNothingBehind) {
  std::string slip = key;
  slip[0] = slip[0] == 'a' ? 'b' : 'a';
  for (const std::string& bad : {std::string("hello"), std::string(), slip, key + "a"}) {
    EXPECT_NE(sentence(village.ask("alice-2", "recover", params(false, bad))).find("no recovery key"),
              std::string::npos);
    EXPECT_EQ(state("alice-2"), "none");
  }
}

TEST_F(Recovery, RefusesTheKeyOfAnotherNameAndLeavesNothingBehind) {
  EXPECT_NE(sentence(village.ask("alice-2", "recover", params(false, key, kBob))).find("recovery key of another name"),
            std::string::npos);
  EXPECT_EQ(state("alice-2"), "none");
  EXPECT_TRUE(recover("alice-2").contains("result"));
}

TEST_F(Recovery, OfANameThatDoesNotExistLeavesNothingBehind) {
  EXPECT_TRUE(village.ask("alice-2", "recover", params(false, key, "nobody@example.org")).contains("error"));
  EXPECT_EQ(state("alice-2"), "none");
}

TEST_F(Recovery, OfADeviceThatHasANameIsRefused) {
  EXPECT_NE(sentence(recover("bob-1")).find("has a name already"), std::string::npos);
  EXPECT_EQ(state("bob-1"), "active");
}

/// So that whoever was interrupted before the restore gets to it.
TEST_F(Recovery, OfADeviceThatHasThisNameSaysHowItsMessagesCome) {
  ASSERT_TRUE(recover("alice-2", true).contains("result"));
  const std::string why = sentence(recover("alice-2", true));
  EXPECT_NE(why.find("has a name already"), std::string::npos) << why;
  EXPECT_NE(why.find("backup restore --recovery-key"), std::string::npos) << why;
  EXPECT_EQ(sentence(recover("bob-1")).find("backup restore"), std::string::npos);
  EXPECT_EQ(state("alice-2"), "active");
}

TEST_F(Recovery, GoesOnAfterACrashAtAnySend) {
  for (std::uint64_t sends = 0; sends < 12; ++sends) {
    const std::string device = "alice-" + std::to_string(10 + sends);
    village.device(device).crash_after(sends);
    const std::uint64_t id = village.begin(device, "recover", params(true, key));
    village.until([&] { return !village.answer(device, id).is_null(); }, kMinuteMs);
    village.device(device).crash_after(std::nullopt);
    // Before its statements were signed nothing is left of it; afterwards they go out without the key.
    if (state(device) == "none") {
      ASSERT_TRUE(village.ask(device, "recover", params(true, key)).contains("result"));
    }
    EXPECT_TRUE(village.until([&] { return chain().active_count() == 1 && state(device) == "active"; })) << sends;
    EXPECT_TRUE(
        village.until([&] { return village.device(device).store().scan(tables::kOwnStatements, {}, {}, 1).empty(); }));
  }
}

TEST_F(Recovery, MakesRoomWhereAThiefHasFilledTheNameWithDevices) {
  for (std::size_t i = 2; i <= directory::kMaxActiveDevices; ++i) {
    ASSERT_TRUE(village.link_device("thief-" + std::to_string(i), kAlice, "alice-1").contains("result")) << i;
  }
  EXPECT_NE(sentence(recover("alice-2")).find("too many devices"), std::string::npos);
  EXPECT_EQ(state("alice-2"), "none");
  const json answer = recover("alice-2", true);
  ASSERT_TRUE(answer.contains("result")) << answer.dump();
  EXPECT_EQ(answer["result"]["devices_active"], 1);
}

TEST_F(Recovery, IsNotGivenUpWhenTheServerMayHaveWhatItRefusesNow) {
  village.server.publishes = false;
  village.device("alice-2").lose_answers_to(proto::kPathStatement);
  village.begin("alice-2", "recover", params(false, key));
  village.pass_all(2 * kSecondMs);
  ASSERT_EQ(chain().count(), 2u);  // the server has it, and nobody was told
  village.device("alice-2").lose_answers_to({});
  village.server.refuse_statements = ErrorCode::not_authorised;
  village.pass_all(5 * kSecondMs);
  EXPECT_EQ(state("alice-2"), "recovering");
  village.server.publish_all();
  EXPECT_TRUE(village.until([&] { return state("alice-2") == "active"; }));
}

TEST_F(Recovery, IsNotGivenUpBecauseTheServerSaysNo) {
  village.server.publishes = false;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.ends_with(proto::kPathStatement)) return;
    const auto statement = directory::Statement::decode(wire::decode<proto::StatementRequest>(call.body)->statement);
    testing::TestPerson& person = village.server.people.at(kAlice);
    if (person.state.count() == statement->content.sequence) person.take(*statement);  // and says no
  };
  village.server.refuse_statements = ErrorCode::not_authorised;
  EXPECT_NE(sentence(recover("alice-2")).find("The directory does not want this."), std::string::npos);
  EXPECT_EQ(state("alice-2"), "recovering");
  EXPECT_NE(sentence(village.ask("alice-2", "recover", params(false, key, kBob))).find("recovery of alice@example.org"),
            std::string::npos);
  EXPECT_NE(sentence(recover("alice-2")).find("The directory does not want this."), std::string::npos);
  EXPECT_EQ(chain().count(), 2u);
  village.server.publish_all();
  EXPECT_TRUE(village.until([&] { return state("alice-2") == "active"; }, 2 * kMinuteMs));
}

TEST_F(Recovery, SaysThatOthersAreStillInWhenOneOfThemCameBetween) {
  testing::TestClient& second = village.device("alice-2");
  second.hold_answers_to(proto::kPathStatement);
  const std::uint64_t id = village.begin("alice-2", "recover", params(true, key));
  ASSERT_TRUE(village.until([&] { return second.answers_held() == 1; }));
  ASSERT_TRUE(village.link_device("thief-1", kAlice, "alice-1").contains("result"));
  second.release_answers();
  json answer;
  ASSERT_TRUE(village.until([&] { return !(answer = village.answer("alice-2", id)).is_null(); }, kMinuteMs));
  EXPECT_NE(sentence(answer).find("device remove"), std::string::npos) << answer;
  EXPECT_EQ(state("alice-2"), "active");
  EXPECT_TRUE(second.store().scan(tables::kOwnStatements, {}, {}, 1).empty());
  EXPECT_EQ(village.ask("alice-2", "status")["result"]["alarms"].size(), 1u);  // it did not add the thief's
}

TEST_F(Recovery, OfAnAddressThatIsTooLongIsRefused) {
  json asked = params(false, key);
  asked["server_url"] = "http://" + std::string(600, 'a');
  EXPECT_TRUE(village.ask("alice-2", "recover", asked).contains("error"));
  EXPECT_EQ(state("alice-2"), "none");
}

TEST_F(Recovery, TwoAtOnceEndWithOneDeviceOrBothAndNeverWithAStrangerChain) {
  const std::uint64_t second = village.begin("alice-2", "recover", params(false, key));
  const std::uint64_t third = village.begin("alice-3", "recover", params(false, key));
  json answers[2];
  village.until([&] {
    if (answers[0].is_null()) answers[0] = village.answer("alice-2", second);
    if (answers[1].is_null()) answers[1] = village.answer("alice-3", third);
    return !answers[0].is_null() && !answers[1].is_null();
  });
  EXPECT_TRUE(answers[0].contains("result") || answers[1].contains("result")) << answers[0] << answers[1];
  for (const char* device : {"alice-2", "alice-3"}) {
    // A no alone decides nothing; that another statement stands in its place does.
    EXPECT_TRUE(village.until([&] { return state(device) == "active" || state(device) == "none"; })) << device;
    if (state(device) == "none") {
      EXPECT_TRUE(recover(device).contains("result"));
    }
  }
  EXPECT_EQ(chain().active_count(), 3u);
}

TEST_F(Recovery, AskedForTwiceOnOneDeviceIsDoneOnce) {
  const std::uint64_t first = village.begin("alice-2", "recover", params(false, key));
  const json again = recover("alice-2");
  village.until([&] { return !village.answer("alice-2", first).is_null(); });
  EXPECT_TRUE(village.until([&] { return state("alice-2") == "active"; })) << again;
  EXPECT_EQ(chain().active_count(), 2u);
}

}  // namespace
}  // namespace cairn::client
