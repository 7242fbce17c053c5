#include "core/client/rpc.h"

#include <gtest/gtest.h>

#include "tests/support/client_village.h"

namespace cairn::client {
namespace {

using nlohmann::json;

class RpcVillage : public ::testing::Test {
 protected:
  /// The result; fails the test when there is none.
  json good(const json& answer) {
    EXPECT_TRUE(answer.is_object() && answer.contains("result")) << answer.dump();
    return answer.is_object() ? answer.value("result", json()) : json();
  }
  /// The code's name and the sentence.
  std::string bad(const json& answer) {
    if (!answer.is_object() || !answer.contains("error")) return "no error: " + answer.dump();
    return answer["error"]["data"]["code"].get<std::string>() + ": " + answer["error"]["message"].get<std::string>();
  }
  std::vector<std::string> texts(const std::string& device, const std::string& conversation) {
    std::vector<std::string> out;
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    if (!answer.contains("result")) return out;
    for (const json& message : answer["result"]["messages"]) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  void alice_and_bob() {
    good(village.register_person("alice-1", "alice@example.org"));
    good(village.register_person("bob-1", "bob@example.org"));
  }

  testing::ClientVillage village;
};

TEST_F(RpcVillage, RegistersAName) {
  const json result = good(village.register_person("alice-1", "alice@example.org"));
  EXPECT_EQ(result["name"], "alice@example.org");
  const json status = good(village.ask("alice-1", "status"));
  EXPECT_EQ(status["state"], "active");
  EXPECT_EQ(status["connected"], true);
  EXPECT_EQ(status["device"], result["device"]);
  EXPECT_EQ(status["policy"]["auditors"], 3);
  EXPECT_EQ(status["policy"]["auditors_needed"], 2);
  EXPECT_EQ(status["policy"]["strength"], 1);
  EXPECT_EQ(status["trouble"], "");
}

TEST_F(RpcVillage, CarriesMessagesBetweenTwoPeople) {
  alice_and_bob();
  const json sent = good(village.ask("alice-1", "send", {{"to", "bob@example.org"}, {"text", "hello"}}));
  EXPECT_EQ(sent["delivery"], "sent");
  EXPECT_TRUE(village.until([&] { return texts("bob-1", "alice@example.org") == std::vector<std::string>{"hello"}; }));
  good(village.ask("bob-1", "send", {{"to", "alice"}, {"text", "hi"}}));
  EXPECT_TRUE(village.until([&] { return texts("alice-1", "bob").size() == 2; }));
}

}  // namespace
}  // namespace cairn::client
