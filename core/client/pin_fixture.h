// alice, who has a PIN at three fake realms, and bob, to whom she has said something.
#pragma once

#include <gtest/gtest.h>

#include "core/client/backup_keys.h"
#include "core/client/backup_records.h"
#include "core/client/pin_records.h"
#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/realm_net.h"

namespace cairn::client {

class PinVillage : public ::testing::Test {
 protected:
  using json = nlohmann::json;
  static constexpr const char* kAlice = testing::kAlice;
  static constexpr const char* kBob = testing::kBob;
  static constexpr const char* kRestored = testing::kRestored;
  inline static const std::string kSaid = "the treasure lies under the third stone";
  inline static const std::string kPin = "correct horse";
  inline static const std::string kWrong = "wrong horse!";

  PinVillage() {
    net.registration = *RegistrationId::from(Bytes(RegistrationId::kSize, 9));
    village.server.elsewhere = [this](const proto::Call& call) { return net.answer(call); };
    key = village.register_person("alice-1", kAlice).at("result").at("recovery_key").get<std::string>();
    EXPECT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    EXPECT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", kSaid}}).contains("result"));
  }

  json job(const std::string& device, const std::string& method, const testing::Params& params = {}) {
    json answer = village.ask(device, method, params);
    while (answer.contains("result") && answer["result"].value("running", false)) {
      answer = village.ask(device, "backup.status", {{"wait_ms", 1000}});
    }
    return answer;
  }
  void set_pin() {
    const json set = job("alice-1", "pin.set", {{"pin", kPin}, {"realms", net.list()}, {"recovery_key", key}});
    ASSERT_TRUE(set.contains("result")) << set.dump();
    const json created = job("alice-1", "backup.create");
    ASSERT_TRUE(created.contains("result")) << created.dump();
    EXPECT_EQ(created["result"]["behind_realms"], true);
  }
  json recover(const std::string& device, const std::string& pin) {
    return job(device, "recover.pin",
               {{"name", kAlice}, {"pin", pin}, {"realms", net.list()}, {"policy", village.server.policy_text()}});
  }
  std::vector<std::string> texts(const std::string& device) {
    std::vector<std::string> out;
    const json answer = village.ask(device, "read", {{"conversation", kRestored}});
    if (!answer.contains("result")) return out;
    for (const json& message : answer["result"]["messages"]) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  static std::string code(const json& answer) {
    return answer.contains("error") ? answer["error"]["data"]["code"].get<std::string>() : "none: " + answer.dump();
  }
  static std::string sentence(const json& answer) {
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "no error: " + answer.dump();
  }
  testing::FakeRealm& realm(std::size_t i) { return net.places[i]->realm; }

  testing::ClientVillage village;
  testing::RealmNet net;
  std::string key;
};

}  // namespace cairn::client
