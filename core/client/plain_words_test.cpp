// What people are told of groups, and of words that mean nothing here.
#include <gtest/gtest.h>

#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;

class PlainWords : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    json names = json::array();
    names.push_back(kBob);
    const json made = village.ask("alice-1", "group.create", {{"title", "Lake"}, {"names", names}});
    ASSERT_TRUE(made.contains("result")) << made;
  }
  testing::ClientVillage village;
};

TEST_F(PlainWords, ANewGroupIsToldOfByItsTitle) {
  const auto told = [&] {
    const json read = village.ask("bob-1", "read");
    if (!read.contains("result")) return false;
    const json messages = read["result"]["messages"];
    for (const json& message : messages) {
      if (message.value("text", "").find("called \"Lake\"") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(village.until(told));
}

TEST_F(PlainWords, SomebodyWhoIsInAGroupIsNotAddedSilently) {
  const json again = village.ask("alice-1", "group.add", {{"conversation", "Lake"}, {"name", kBob}});
  ASSERT_TRUE(again.contains("result")) << again;
  EXPECT_EQ(again["result"].value("already", false), true) << again;
  ASSERT_TRUE(village.register_person("carol-1", "carol@example.org").contains("result"));
  const json first = village.ask("alice-1", "group.add", {{"conversation", "Lake"}, {"name", "carol@example.org"}});
  ASSERT_TRUE(first.contains("result")) << first;
  EXPECT_FALSE(first["result"].contains("already")) << first;
}

TEST_F(PlainWords, AWordThatIsNeitherTitleNorNameIsSaidToBeNeither) {
  const json bare = village.ask("alice-1", "send", {{"to", "lak"}, {"text", "hello"}});
  ASSERT_TRUE(bare.contains("error")) << bare;
  const std::string sentence = bare["error"]["message"];
  EXPECT_NE(sentence.find("There is no lak@example.org"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("Nor is a conversation called \"lak\""), std::string::npos) << sentence;
  const json whole = village.ask("alice-1", "send", {{"to", "lak@example.org"}, {"text", "hello"}});
  ASSERT_TRUE(whole.contains("error")) << whole;
  EXPECT_EQ(whole["error"]["message"].get<std::string>().find("Nor is"), std::string::npos) << whole;
}

}  // namespace
}  // namespace cairn::client
