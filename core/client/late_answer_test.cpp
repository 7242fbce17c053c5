// Answers that come after what they are about was overtaken by the mailbox.
#include <gtest/gtest.h>

#include "core/proto/api.h"
#include "tests/support/client_village.h"

namespace cairn::client {
namespace {

using nlohmann::json;

const std::vector<std::string> kPeople = {"alice", "bob", "carol", "dave"};

class LateAnswer : public ::testing::Test {
 protected:
  LateAnswer() {
    for (const std::string& who : kPeople) {
      EXPECT_TRUE(village.register_person(who + "-1", who + "@example.org").contains("result"));
    }
    EXPECT_TRUE(ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}}).contains("result"));
    EXPECT_TRUE(said_and_heard("bob", "alice-1", "begun"));
  }

  json ask(const std::string& device, const std::string& method, const testing::Params& params) {
    return village.ask(device, method, params);
  }
  bool has(const std::string& device, const std::string& text) {
    const json answer = ask(device, "read", {{"conversation", "walkers"}});
    if (!answer.contains("result")) return false;
    for (const json& message : answer["result"]["messages"]) {
      if (message.value("text", "") == text) return true;
    }
    return false;
  }
  bool said_and_heard(const std::string& reader, const std::string& writer, const std::string& text) {
    ask(writer, "send", {{"to", "walkers"}, {"text", text}});
    return village.until([&] { return has(reader + "-1", text); }, kMinuteMs);
  }

  testing::ClientVillage village;
};

TEST_F(LateAnswer, OfACommitIsNotTakenForThatOfTheNextOne) {
  testing::TestClient& alice = village.device("alice-1");
  alice.hold_answers_to(proto::kPathChannelCommit);
  village.begin("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}});
  ASSERT_TRUE(village.until([&] { return alice.answers_held() == 1; }));
  // Its echo has merged it, so carol hears; another commit is staged meanwhile, and the server does not get to see it.
  village.begin("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "dave"}});
  village.pass_all(2 * kSecondMs);
  alice.release_answers();
  for (const std::string& reader : {std::string("bob"), std::string("carol"), std::string("dave")}) {
    EXPECT_TRUE(said_and_heard(reader, "alice-1", "to " + reader)) << reader;
  }
  EXPECT_TRUE(said_and_heard("alice", "bob-1", "from bob"));
}

}  // namespace
}  // namespace cairn::client
