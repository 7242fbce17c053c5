// The auditors' word is too old, and nothing else is wrong: what waits goes on waiting, says why, and is sent once when
// that is mended. A lie is refused as ever, whatever its age.
#include <gtest/gtest.h>

#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;

constexpr const char* kTooOld = "was refused (condition 2: not fresh)";
/// The longest pause between two look-ups, and some.
constexpr std::uint64_t kUntilAskedAgainMs = 15 * kMinuteMs;

class StaleAnswer : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [device, name] :
         {std::pair("alice-1", kAlice), std::pair("bob-1", kBob), std::pair("carol-1", kCarol)}) {
      ASSERT_TRUE(village.register_person(device, name).contains("result"));
    }
    good(send(kBob, "first"));
    ASSERT_TRUE(village.until([&] { return count("bob-1", kAlice, "first") == 1; }));
    village.pass_all(kMinuteMs);
  }

  json send(const std::string& to, const std::string& text, bool fresh = false) {
    return village.ask("alice-1", "send", {{"to", to}, {"text", text}, {"wait_ms", 3000}, {"fresh", fresh}});
  }
  json messages(const std::string& device, const std::string& conversation) {
    const json read = village.ask(device, "read", {{"conversation", conversation}});
    return read.contains("result") ? read["result"]["messages"] : json::array();
  }
  std::size_t count(const std::string& device, const std::string& conversation, const std::string& text) {
    const json all = messages(device, conversation);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const json& one) { return one.value("text", "") == text; }));
  }
  /// What alice's device shows of it; null for nothing.
  json message(const std::string& conversation, const std::string& text) {
    const json all = messages("alice-1", conversation);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const json& one) { return one.value("text", "") == text; });
    return found == all.end() ? json() : *found;
  }
  std::string delivery(const std::string& conversation, const std::string& text) {
    const json found = message(conversation, text);
    return found.is_null() ? "none" : found["delivery"].get<std::string>();
  }
  json status() { return good(village.ask("alice-1", "status")); }
  std::string trouble_of(const std::string& id) {
    const json all = good(village.ask("alice-1", "conversations"))["conversations"];
    const auto found = std::find_if(all.begin(), all.end(), [&](const json& one) { return one["id"] == id; });
    return found == all.end() ? "none" : (*found)["trouble"].get<std::string>();
  }
  std::size_t lookups() const {
    return static_cast<std::size_t>(
        std::count(village.server.paths.begin(), village.server.paths.end(), std::string(proto::kPathLookup)));
  }
  /// All of them, and more than a day has passed.
  void auditors_go() {
    village.server.cosigners_sleep = true;
    village.now = after(village.now, 25 * kHourMs);
    village.server.set_time(village.now);
  }
  void auditors_come() { village.server.cosigners_sleep = false; }
  /// A device that nobody has signed for stands in this name's chain.
  void lie_about(const std::string& name) {
    village.server.tamper = [this, name](const std::string& path, ByteView body, Bytes& answer) {
      const auto request = wire::decode<directory::LookupRequest>(body);
      if (path != proto::kPathLookup || !request || request->name.text() != name) return;
      testing::TestPerson forger(name, 666);
      const auto device = forger.new_device();
      forger.state = village.server.people.at(name).state;
      auto response = *wire::decode<directory::LookupResponse>(answer);
      response.statements.push_back(forger.add(device, device));
      answer = wire::encode(response);
    };
  }
  /// It says that it waits, and why: to who said it, in the conversation, and in the status.
  void expect_kept(const json& answer, std::size_t messages = 1) {
    const std::string said = bad(answer);
    ASSERT_EQ(answer["error"]["data"]["code"], "unavailable") << said;
    EXPECT_EQ(answer["error"]["data"]["queued"], true) << said;
    EXPECT_NE(said.find(kTooOld), std::string::npos) << said;
    EXPECT_NE(said.find("or wait until the auditors are back. The message is kept"), std::string::npos) << said;
    const std::string id = answer["error"]["data"]["conversation"];
    EXPECT_NE(trouble_of(id).find(kTooOld), std::string::npos);
    expect_waiting(id, messages);
  }
  void expect_waiting(const std::string& id, std::size_t messages) {
    const json waiting = status().value("waiting", json::object());
    EXPECT_EQ(waiting.value("messages", std::size_t{0}), messages) << waiting;
    EXPECT_EQ(waiting.value("conversations", std::size_t{0}), 1u) << waiting;
    EXPECT_EQ(waiting.value("conversation", ""), id) << waiting;
    EXPECT_NE(waiting.value("trouble", "").find(kTooOld), std::string::npos) << waiting;
  }
  /// The auditors are back: it comes, and never a second time.
  void expect_comes_once(const std::string& reader, const std::string& conversation, const std::string& text) {
    EXPECT_TRUE(village.until([&] { return count(reader, conversation, text) != 0; }, kUntilAskedAgainMs)) << text;
    village.pass_all(kHourMs);
    EXPECT_EQ(count(reader, conversation, text), 1u);
    EXPECT_FALSE(status().contains("waiting"));
  }

  testing::ClientVillage village;
};

TEST_F(StaleAnswer, KeepsWhatIsSaidToAKnownContactAndSendsItOnceWhenItIsMended) {
  auditors_go();
  const std::size_t sends = village.server.post.sends;
  const json kept = send(kBob, "meanwhile");
  expect_kept(kept);
  EXPECT_EQ(delivery(kBob, "meanwhile"), "waiting");
  EXPECT_EQ(village.server.post.sends, sends);
  expect_kept(send(kBob, "and more"), 2);
  auditors_come();
  expect_comes_once("bob-1", kAlice, "meanwhile");
  expect_comes_once("bob-1", kAlice, "and more");
  EXPECT_EQ(delivery(kBob, "meanwhile"), "sent");
  EXPECT_EQ(trouble_of(kept["error"]["data"]["conversation"]), "");
}

TEST_F(StaleAnswer, KeepsWhatIsSaidToANewContactToo) {
  auditors_go();
  expect_kept(send(kCarol, "hello"));
  auditors_come();
  expect_comes_once("carol-1", kAlice, "hello");
}

TEST_F(StaleAnswer, KeepsItForAsLongAsItStaysSoAndUntilItIsTakenBack) {
  auditors_go();
  const std::size_t sends = village.server.post.sends;
  const json kept = send(kBob, "into the void");
  expect_kept(kept);
  const std::size_t before = lookups();
  village.pass_all(3 * kDayMs);
  // Of their own names by three devices, and of the other one by those who write to each other: each ten minutes.
  EXPECT_LT(lookups() - before, 6 * 3 * kDayMs / (10 * kMinuteMs));
  EXPECT_EQ(delivery(kBob, "into the void"), "waiting");
  EXPECT_EQ(village.server.post.sends, sends);
  expect_waiting(kept["error"]["data"]["conversation"], 1);
  good(village.ask("alice-1", "message.unsend", {{"message", message(kBob, "into the void")["id"]}}));
  EXPECT_FALSE(status().contains("waiting"));
  auditors_come();
  village.pass_all(kHourMs);
  EXPECT_EQ(count("bob-1", kAlice, "into the void"), 0u);
}

TEST_F(StaleAnswer, ThatIsFollowedByALieIsRefusedThen) {
  auditors_go();
  const std::size_t sends = village.server.post.sends;
  expect_kept(send(kBob, "for bob alone"));
  lie_about(kBob);
  auditors_come();
  EXPECT_TRUE(village.until([&] { return delivery(kBob, "for bob alone") == "refused"; }, kUntilAskedAgainMs));
  EXPECT_FALSE(status().contains("waiting"));
  EXPECT_EQ(village.server.post.sends, sends);
  village.server.tamper = nullptr;
  village.pass_all(kHourMs);
  EXPECT_EQ(count("bob-1", kAlice, "for bob alone"), 0u);
  good(send(kBob, "in honest times", true));
}

TEST_F(StaleAnswer, ThatLiesBesidesIsRefusedForTheLie) {
  auditors_go();
  lie_about(kBob);
  const std::size_t sends = village.server.post.sends;
  const json refused = send(kBob, "for bob alone");
  EXPECT_EQ(refused["error"]["data"]["code"], "not_authorised") << refused;
  EXPECT_NE(bad(refused).find("about bob@example.org was refused (condition 6"), std::string::npos) << refused;
  EXPECT_EQ(delivery(kBob, "for bob alone"), "refused");
  EXPECT_EQ(village.server.post.sends, sends);
  village.server.tamper = nullptr;
  auditors_come();
  village.pass_all(kHourMs);
  EXPECT_EQ(count("bob-1", kAlice, "for bob alone"), 0u);
}

TEST_F(StaleAnswer, KeepsItOverRestarts) {
  auditors_go();
  const std::size_t sends = village.server.post.sends;
  const json kept = send(kBob, "meanwhile");
  expect_kept(kept);
  const std::string id = kept["error"]["data"]["conversation"];
  for (unsigned i = 0; i < 3; ++i) {
    village.device("alice-1").restart();
    expect_waiting(id, 1);  // also before anybody was asked again
    village.pass_all(i * 20 * kMinuteMs);
    EXPECT_EQ(delivery(kBob, "meanwhile"), "waiting");
    expect_waiting(id, 1);
  }
  EXPECT_EQ(village.server.post.sends, sends);
  village.device("alice-1").restart();
  auditors_come();
  expect_comes_once("bob-1", kAlice, "meanwhile");
}

TEST_F(StaleAnswer, IsToldAtOnceToWhoAsksForANewOneAndNothingIsKept) {
  auditors_go();
  const json refused = send(kBob, "now or never", true);
  EXPECT_EQ(refused["error"]["data"]["code"], "not_authorised") << refused;
  EXPECT_NE(bad(refused).find(kTooOld), std::string::npos) << refused;
  EXPECT_EQ(delivery(kBob, "now or never"), "none");
  EXPECT_FALSE(status().contains("waiting"));
}

/// A group of the three.
class StaleGroup : public StaleAnswer {
 protected:
  void SetUp() override {
    StaleAnswer::SetUp();
    good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}}));
    good(send("walkers", "we begin"));
    ASSERT_TRUE(village.until([&] { return count("bob-1", "walkers", "we begin") == 1; }));
    village.pass_all(kMinuteMs);
  }
};

TEST_F(StaleGroup, KeepsWhatIsSaidAndAddsNobodyMeanwhile) {
  auditors_go();
  expect_kept(send("walkers", "meanwhile"));
  const json added = village.ask("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}});
  EXPECT_NE(bad(added).find(kTooOld), std::string::npos) << added;
  auditors_come();
  expect_comes_once("bob-1", "walkers", "meanwhile");
  EXPECT_EQ(count("carol-1", "walkers", "meanwhile"), 0u);
  good(village.ask("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}}));
  good(send("walkers", "to all"));
  EXPECT_TRUE(village.until([&] { return count("carol-1", "walkers", "to all") == 1; }, kMinuteMs));
}

// The newcomer was wanted while all was well, and had no key package that could be had.
TEST_F(StaleGroup, KeepsWhatIsSaidBehindAnAddThatWaits) {
  village.server.elsewhere = [](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.ends_with(proto::kPathKeyPackageFetch)) return std::nullopt;
    return Result<proto::CallReply>(fail(ErrorCode::unavailable, "down"));
  };
  good(village.ask("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}}));
  village.begin("alice-1", "send", {{"to", "walkers"}, {"text", "to all three"}});
  village.settle();
  auditors_go();
  village.server.elsewhere = nullptr;
  village.pass_all(kHourMs);
  EXPECT_EQ(delivery("walkers", "to all three"), "waiting");
  EXPECT_EQ(count("bob-1", "walkers", "to all three"), 0u);
  auditors_come();
  expect_comes_once("bob-1", "walkers", "to all three");
  expect_comes_once("carol-1", "walkers", "to all three");
}

TEST_F(StaleGroup, IsRefusedWhereOneOfItsNamesIsLiedAbout) {
  auditors_go();
  lie_about(kBob);
  const json refused = send("walkers", "for us alone");
  EXPECT_EQ(refused["error"]["data"]["code"], "not_authorised") << refused;
  EXPECT_NE(bad(refused).find("about bob@example.org was refused (condition 6"), std::string::npos) << refused;
  EXPECT_EQ(delivery("walkers", "for us alone"), "refused");
}

}  // namespace
}  // namespace cairn::client
