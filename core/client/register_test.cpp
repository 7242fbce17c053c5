// Beginning a name: with a recovery key that was seen before, at a server that may be the wrong one at first.
#include <gtest/gtest.h>

#include "core/client/own_name.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/recovery_keys.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;

class Registering : public ::testing::Test {
 protected:
  /// As begin() of the village, which shows a key to everybody, does not.
  json ask_without_key(const std::string& device, const std::string& method, const json& params) {
    constexpr std::uint64_t kId = 1'000'000;
    village.device(device).say({{"jsonrpc", "2.0"}, {"id", kId}, {"method", method}, {"params", params}});
    json answer;
    village.until([&] { return !(answer = village.answer(device, kId)).is_null(); });
    return answer;
  }
  json enroll(const std::string& device, const std::string& server, const std::string& name = kAlice) {
    return ask_without_key(device, "register", with(server, name));
  }
  json with(const std::string& server, const std::string& name = kAlice) const {
    return {{"name", name}, {"server_url", server}, {"policy", village.server.policy_text()}};
  }
  std::string new_key(const std::string& device) {
    return village.ask(device, "recovery.new").at("result").at("recovery_key");
  }
  static std::string sentence(const json& answer) {
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "no error: " + answer.dump();
  }
  static std::string code(const json& answer) {
    return answer.contains("error") ? answer["error"]["data"].value("code", "") : "none";
  }
  json status(const std::string& device) { return village.ask(device, "status").at("result"); }
  json recover(const std::string& device, const std::string& key, const std::string& name) {
    return village.ask(device, "recover",
                       {{"name", name}, {"recovery_key", key}, {"policy", village.server.policy_text()}});
  }

  testing::ClientVillage village;
  static constexpr const char* kWrong = "https://wrong.example";
  static constexpr const char* kRight = "https://example.org";
};

TEST_F(Registering, BeginsNothingWithoutAKeyThatWasSeen) {
  const json answer = enroll("alice-1", kRight);
  EXPECT_EQ(code(answer), "invalid_state") << answer;
  EXPECT_EQ(answer["error"]["data"]["recovery_key_needed"], true) << answer;
  EXPECT_EQ(status("alice-1")["state"], "none");
  EXPECT_TRUE(village.server.paths.empty());
  // What is wrong all the same is said first: no key is shown for it.
  EXPECT_FALSE(enroll("alice-1", kRight, "alice")["error"]["data"].contains("recovery_key_needed"));
}

TEST_F(Registering, KeepsNothingOfAKeyThatIsMade) {
  const std::size_t commits = village.device("alice-1").commits();
  const std::string one = new_key("alice-1");
  EXPECT_TRUE(parse_recovery_text(one));
  EXPECT_NE(new_key("alice-1"), one);
  EXPECT_EQ(village.device("alice-1").commits(), commits);
}

/// The program dies at each write, and at each thing that it sends: whatever comes of it, the key that was shown
/// before brings the name back, and no other name stands there.
TEST_F(Registering, NeverHasANameWhoseKeyNobodySawWhereverItDies) {
  for (std::size_t n = 0; n < 12; ++n) {
    for (const bool at_write : {true, false}) {
      const std::string tag = (at_write ? "w" : "s") + std::to_string(n);
      SCOPED_TRACE(tag);
      const std::string name = tag + "@example.org";
      testing::TestClient& device = village.device(tag + "-1");
      json params = with(kRight, name);
      params["recovery_key"] = new_key(tag + "-1");
      if (at_write) device.fail_commit(device.commits() + n);
      if (!at_write) device.crash_after(n);
      const std::uint64_t id = village.begin(tag + "-1", "register", params);
      village.until([&] { return !village.answer(tag + "-1", id).is_null(); }, kMinuteMs);
      device.crash_after(std::nullopt);
      device.restart();
      village.pass_all(kMinuteMs);
      const std::string state = status(tag + "-1")["state"];
      if (state == "none") {
        EXPECT_FALSE(village.server.people.contains(name));
        continue;
      }
      ASSERT_EQ(state, "active");
      const json back = recover(tag + "-2", params["recovery_key"], name);
      ASSERT_TRUE(back.contains("result")) << back;
    }
  }
}

TEST_F(Registering, GoesOnAtAnotherServerWithTheSameGenesis) {
  village.device("alice-1").cut_off_from(kWrong);
  json params = with(kWrong);
  const std::string key = params["recovery_key"] = new_key("alice-1");
  EXPECT_EQ(code(village.ask("alice-1", "register", params)), "unavailable");
  EXPECT_EQ(status("alice-1")["server_url"], kWrong);
  EXPECT_NE(status("alice-1")["trouble"], "");
  // Another name, and another key, are for another device.
  EXPECT_NE(sentence(enroll("alice-1", kRight, kBob)).find("is registering alice@"), std::string::npos);
  json other = with(kRight);
  other["recovery_key"] = new_key("alice-1");
  EXPECT_EQ(code(village.ask("alice-1", "register", other)), "conflict");
  other.erase("recovery_key");
  other["reset_delay_days"] = 7;
  EXPECT_EQ(code(ask_without_key("alice-1", "register", other)), "conflict");
  EXPECT_EQ(status("alice-1")["server_url"], kWrong);

  const std::string device = status("alice-1")["device"];
  const json done = enroll("alice-1", kRight);
  ASSERT_TRUE(done.contains("result")) << done;
  EXPECT_EQ(done["result"]["device"], device);
  EXPECT_EQ(status("alice-1")["server_url"], kRight);
  EXPECT_TRUE(recover("alice-2", key, kAlice).contains("result"));
  // It has the name now: nothing is replaced any more.
  EXPECT_NE(sentence(enroll("alice-1", kWrong)).find("has a name already"), std::string::npos);
}

TEST_F(Registering, IsNotGivenUpByAServerThatIsNotAskedAnyMore) {
  village.device("alice-1").hold_answers_to(proto::kPathStatement);
  village.server.refuse_statements = ErrorCode::not_authorised;
  json params = with(kWrong);
  params["recovery_key"] = new_key("alice-1");
  EXPECT_EQ(code(village.ask("alice-1", "register", params)), "unavailable");
  village.server.refuse_statements.reset();
  const std::size_t held = village.device("alice-1").answers_held();
  ASSERT_GE(held, 1u);
  constexpr std::uint64_t kId = 2'000'000;
  village.device("alice-1").say({{"jsonrpc", "2.0"}, {"id", kId}, {"method", "register"}, {"params", with(kRight)}});
  village.settle();
  village.device("alice-1").release_answers();  // the no of the wrong one comes now
  json answer;
  EXPECT_TRUE(village.until([&] { return !(answer = village.answer("alice-1", kId)).is_null(); }));
  EXPECT_TRUE(answer.contains("result")) << answer;
}

/// As while the cosigners of its domain are away for long.
TEST_F(Registering, GoesOnWhenTheServerTakesNothingNewForAWhile) {
  village.server.refuse_statements = ErrorCode::unavailable;
  EXPECT_EQ(code(village.register_person("alice-1", kAlice)), "unavailable");
  const json waiting = status("alice-1");
  EXPECT_EQ(waiting["state"], "registering");
  EXPECT_NE(waiting["trouble"].get<std::string>().find("The directory does not want this."), std::string::npos);
  village.device("alice-1").restart();
  EXPECT_EQ(status("alice-1")["state"], "registering");
  EXPECT_FALSE(village.server.people.contains(kAlice));
  village.server.refuse_statements.reset();
  EXPECT_TRUE(village.until([&] { return status("alice-1")["state"] == "active"; }));
}

TEST_F(Registering, SaysThatTheAuditorsHaveNotVouchedYet) {
  ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
  village.server.publishes = false;
  const std::string late = sentence(village.register_person("alice-1", kAlice));
  EXPECT_NE(late.find("auditors of example.org have not vouched for it yet"), std::string::npos) << late;
  EXPECT_EQ(late.find("There is no"), std::string::npos) << late;
  EXPECT_EQ(late.find(testing::recovery_key_of("alice-1")), std::string::npos);
  const std::string now = status("alice-1")["trouble"];
  EXPECT_NE(now.find("have not vouched for it yet"), std::string::npos) << now;
  village.device("alice-1").restart();
  EXPECT_NE(status("alice-1")["trouble"], "");
  village.server.publish_all();
  EXPECT_TRUE(village.until([&] { return status("alice-1")["state"] == "active"; }));
}

TEST_F(Registering, AKeyOfAResetIsSeenBeforeToo) {
  json params = with(kRight);
  params["reset_delay_days"] = 3;
  ASSERT_TRUE(village.ask("alice-1", "register", params).contains("result"));
  const json needed = ask_without_key("alice-2", "reset", with(kRight));
  EXPECT_EQ(needed["error"]["data"].value("recovery_key_needed", false), true) << needed;
  EXPECT_EQ(status("alice-2")["state"], "none");
  EXPECT_FALSE(village.server.people.at(kAlice).state.open_reset().has_value());
}

}  // namespace
}  // namespace cairn::client
