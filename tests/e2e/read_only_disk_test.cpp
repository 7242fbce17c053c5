// A disk that can only be read, as one that was mounted so or that the kernel has stopped writing to: who asks is told
// in one sentence, and when it can be written again nothing is missing.
#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class ReadOnlyDisk : public VillageTest {
 protected:
  void two_people() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: one"); }));
  }
  static void expect_sentence(const demo::Said& said, int exit_code, const std::string& words) {
    EXPECT_EQ(said.exit_code, exit_code) << said.error;
    EXPECT_NE(said.error.find(words), std::string::npos) << said.error;
    EXPECT_EQ(said.error.find('\n'), std::string::npos) << said.error;
  }
};

constexpr const char* kSentence = "the disk can only be read: check it, and mount it so that it can be written";

TEST_F(ReadOnlyDisk, OfTheServerIsSaidAndWhatItHadAcceptedIsDelivered) {
  trouble("cairnd");
  two_people();
  village().stop_daemon("bob-1");
  must(village().cairn("alice-1", {"send", "bob@localhost", "two"}));
  set_read_only("cairnd", true);
  expect_sentence(village().cairn("alice-1", {"send", "bob@localhost", "three", "--wait", "1"}), 3,
                  "The message is kept");
  const demo::Said late = village().cairn(
      "carol-1", {"register", "carol@localhost", "--server", village().url(), "--policy", village().policy_file()});
  EXPECT_EQ(late.exit_code, 3) << late.error;
  EXPECT_NE(late.error.find("The server could not store this"), std::string::npos) << late.error;
  EXPECT_TRUE(village().server().running());
  // It does not begin on such a disk either.
  village().stop_server(SIGTERM);
  std::vector<std::string> words = prefix_for("cairnd");
  words.insert(words.end(), {program_folder() + "/cairnd", "--data", village().server_folder(), "serve"});
  const demo::Finished refused = demo::run(words, std::chrono::seconds(20));
  EXPECT_EQ(refused.exit_code, 1) << refused.out;
  EXPECT_EQ(refused.err, village().server_folder() + ": " + kSentence + "\n");

  set_read_only("cairnd", false);
  village().start_server();
  village().start_daemon("bob-1");
  const std::vector<std::string> all = {"alice@localhost: one", "alice@localhost: two", "alice@localhost: three"};
  EXPECT_TRUE(eventually([&] { return texts("bob-1", "alice@localhost") == all; }, std::chrono::seconds(90)))
      << ::testing::PrintToString(texts("bob-1", "alice@localhost"));
}

TEST_F(ReadOnlyDisk, OfADeviceIsToldToItsOwnerAndCostsNothing) {
  trouble("alice-1");
  two_people();
  set_read_only("alice-1", true);
  expect_sentence(village().cairn("alice-1", {"send", "bob@localhost", "lost words"}), 1, kSentence);
  must(village().cairn("bob-1", {"send", "alice@localhost", "two"}));
  // And without its daemon.
  village().stop_daemon("alice-1");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"send", "bob@localhost", "lost words"}, {"read"}, {"status"}, {"daemon"}}) {
    expect_sentence(village().cairn("alice-1", words), 1, kSentence);
  }
  set_read_only("alice-1", false);
  village().start_daemon("alice-1");
  EXPECT_TRUE(
      eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: two"); }, std::chrono::seconds(60)));
  must(village().cairn("alice-1", {"send", "bob@localhost", "three"}));
  const std::vector<std::string> all = {"alice@localhost: one", "bob@localhost: two", "alice@localhost: three"};
  EXPECT_TRUE(eventually([&] { return texts("bob-1", "alice@localhost") == all; }));
  EXPECT_EQ(texts("alice-1", "bob@localhost"), all);
}

}  // namespace
}  // namespace cairn::e2e
