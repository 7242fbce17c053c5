// A data folder whose key lies behind a passphrase: typed at a real terminal, or in a file.
#include <fstream>

#include "tests/e2e/chat/pseudo_terminal.h"
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

constexpr const char* kWalk = "a long walk to the cairn";
constexpr const char* kNotShown = "(it is not shown)";

class PassphraseTest : public VillageTest {
 protected:
  std::string data() { return village().device_folder("alice-1"); }
  std::string phrase_file(const std::string& phrase) {
    const std::string file = folder_.string() + "/phrase";
    std::ofstream(file) << phrase << "\n";
    return file;
  }
  /// In a session of its own, which has no terminal.
  demo::Finished cairn(std::vector<std::string> arguments, const std::string& file = {}) {
    std::vector<std::string> argv{"/usr/bin/env", "CAIRN_PASSPHRASE_FILE=" + file, "setsid",
                                  "--wait",       program_folder() + "/cairn",     "--data",
                                  data()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return demo::run(argv, std::chrono::seconds(60));
  }
  std::unique_ptr<PseudoTerminal> at_terminal(std::vector<std::string> arguments) {
    std::vector<std::string> argv{program_folder() + "/cairn", "--data", data()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return std::make_unique<PseudoTerminal>(argv, folder_.string(), 24, 80, "xterm");
  }
};

#define SEES(terminal, words) ASSERT_TRUE((terminal).shows(words)) << (words) << "\n" << (terminal).picture()

TEST_F(PassphraseTest, OpensTheFolderThatNothingElseOpens) {
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "before the passphrase"}));
  // While the daemon holds the folder nothing is changed.
  const auto held = cairn({"passphrase", "set", "--file", phrase_file(kWalk)});
  EXPECT_EQ(held.exit_code, 4) << held.err;
  village().stop_daemon("alice-1");
  EXPECT_NE(cairn({"status"}).out.find("lies in a file beside it"), std::string::npos);
  const auto set = cairn({"passphrase", "set", "--file", phrase_file(kWalk)});
  ASSERT_EQ(set.exit_code, 0) << set.err;
  EXPECT_NE(set.out.find("lies behind a passphrase"), std::string::npos) << set.out;

  const auto unasked = cairn({"read"});
  EXPECT_EQ(unasked.exit_code, 1);
  EXPECT_NE(unasked.err.find("CAIRN_PASSPHRASE_FILE"), std::string::npos) << unasked.err;
  EXPECT_EQ(std::count(unasked.err.begin(), unasked.err.end(), '\n'), 1) << unasked.err;
  const auto wrong = cairn({"read"}, phrase_file("another walk"));
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_NE(wrong.err.find("That is not the passphrase"), std::string::npos) << wrong.err;
  const auto read = cairn({"read"}, phrase_file(kWalk));
  EXPECT_EQ(read.exit_code, 0) << read.err;
  EXPECT_NE(read.out.find("before the passphrase"), std::string::npos) << read.out;
  EXPECT_FALSE(holds(data(), kWalk));

  {
    // Nobody has to type to get out of it, and the folder is free again.
    auto stopped = at_terminal({"read"});
    SEES(*stopped, kNotShown);
    stopped->type("a long\x03");
    SEES(*stopped, "Stopped; nothing was done.");
    EXPECT_FALSE(stopped->screen().shows("a long")) << stopped->picture();
  }
  auto mistyped = at_terminal({"read"});
  SEES(*mistyped, kNotShown);
  mistyped->type("a short walk\r");
  SEES(*mistyped, "That is not the passphrase");
  auto typed = at_terminal({"read"});
  SEES(*typed, kNotShown);
  typed->type(std::string(kWalk) + "\r");
  SEES(*typed, "before the passphrase");
  EXPECT_FALSE(typed->screen().shows(kWalk)) << typed->picture();
}

TEST_F(PassphraseTest, IsTypedTwiceChangedAndRemoved) {
  must(village().register_person("alice-1", "alice@localhost"));
  village().stop_daemon("alice-1");
  EXPECT_EQ(cairn({"passphrase", "remove"}).exit_code, 1);
  EXPECT_EQ(cairn({"passphrase", "set", "--file", phrase_file("short")}).exit_code, 1);
  {
    auto differs = at_terminal({"passphrase", "set"});
    SEES(*differs, kNotShown);
    differs->type("the first one\r");
    SEES(*differs, "Type it again:");
    differs->type("the second one\r");
    SEES(*differs, "The two differ");
  }
  EXPECT_NE(cairn({"passphrase", "status"}).out.find("lies in a file"), std::string::npos);
  {
    auto sets = at_terminal({"passphrase", "set"});
    SEES(*sets, kNotShown);
    sets->type("the first one\r");
    SEES(*sets, "Type it again:");
    sets->type("the first one\r");
    SEES(*sets, "lies behind a passphrase");
  }
  const std::string former = phrase_file("the first one");
  const auto changed = cairn({"passphrase", "set", "--file", folder_.string() + "/next"}, former);
  EXPECT_EQ(changed.exit_code, 1) << "there is no such file";
  std::ofstream(folder_.string() + "/next") << kWalk;
  ASSERT_EQ(cairn({"passphrase", "set", "--file", folder_.string() + "/next"}, former).exit_code, 0);
  EXPECT_EQ(cairn({"status"}, former).exit_code, 1);
  const auto removed = cairn({"--json", "passphrase", "remove"}, phrase_file(kWalk));
  ASSERT_EQ(removed.exit_code, 0) << removed.err;
  EXPECT_EQ(nlohmann::json::parse(removed.out).value("key", ""), "file") << removed.out;
  EXPECT_EQ(cairn({"status"}).exit_code, 0);
}

}  // namespace
}  // namespace cairn::e2e
