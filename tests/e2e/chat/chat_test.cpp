// `cairn chat` in real terminals: alice's through her daemon, bob's with a mind of its own.
#include <fstream>
#include <random>

#include "tests/e2e/chat/pseudo_terminal.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/made_images.h"

namespace cairn::e2e {
namespace {

constexpr const char* kEscape = "\x1b";
constexpr const char* kPageUp = "\x1b[5~";

class ChatTest : public VillageTest {
 protected:
  void alice_and_bob() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
  }
  std::unique_ptr<PseudoTerminal> chat(const std::string& device, const std::string& to, int rows = 24,
                                       const char* kind = "xterm") {
    const std::string folder = village_->device_folder(device) + "-files";
    std::filesystem::create_directories(folder);
    return std::make_unique<PseudoTerminal>(
        std::vector<std::string>{program_folder() + "/cairn", "--data", village_->device_folder(device), "chat", to},
        folder, rows, 80, kind);
  }
  /// The number that stands in front of the message with these words.
  static std::string number_of(const PseudoTerminal& terminal, const std::string& words) {
    for (const std::string& row : terminal.screen().text()) {
      const std::size_t at = row.find('#');
      if (at == std::string::npos || row.find(words) == std::string::npos) continue;
      return row.substr(at + 1, row.find(' ', at) - at - 1);
    }
    return "none";
  }
  /// Many messages from one device, in one go.
  void send_all(const std::string& device, const std::string& to, const std::vector<std::string>& all) {
    std::string input;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const nlohmann::json params = {{"to", to}, {"text", all[i]}};
      input += nlohmann::json{{"jsonrpc", "2.0"}, {"id", i}, {"method", "send"}, {"params", params}}.dump() + "\n";
    }
    const auto said = demo::run({program_folder() + "/cairn", "--data", village_->device_folder(device), "rpc"},
                                std::chrono::seconds(120), input);
    ASSERT_EQ(said.exit_code, 0) << said.err;
    ASSERT_EQ(said.out.find("\"error\""), std::string::npos) << said.out;
  }
  static void line(PseudoTerminal& terminal, const std::string& text) { terminal.type(text + "\r"); }
};

#define SEES(terminal, words) ASSERT_TRUE((terminal).shows(words)) << (words) << "\n" << (terminal).picture()

TEST_F(ChatTest, AliceAndBobTalkInTheirTerminals) {
  alice_and_bob();
  village().stop_daemon("bob-1");
  auto alice = chat("alice-1", "bob");
  auto bob = chat("bob-1", "alice");
  SEES(*alice, "what you write begins one");
  SEES(*bob, "what you write begins one");

  line(*alice, "hello bob \xf0\x9f\x8e\x89 \xe6\xbc\xa2\xe5\xad\x97");
  SEES(*alice, "alice: hello bob");
  SEES(*bob, "alice: hello bob \xf0\x9f\x8e\x89 \xe6\xbc\xa2\xe5\xad\x97");
  SEES(*bob, "/accept, /delete or /block");
  line(*bob, "too early");
  SEES(*bob, "Say first whether they may write to you");
  bob->type("\x15/accept\r");
  SEES(*bob, "Accepted.");
  SEES(*alice, "(read)");

  for (int i = 0; i < 30 && !alice->screen().shows("bob is writing..."); ++i) {
    bob->type(".");
    bob->until([] { return false; }, std::chrono::milliseconds(300));
    alice->until([&] { return alice->screen().shows("bob is writing..."); }, std::chrono::milliseconds(200));
  }
  SEES(*alice, "bob is writing...");
  line(*bob, "\x15hello alice");
  SEES(*alice, "bob: hello alice");
  SEES(*bob, "(read)");
  // A paste of several lines waits for Enter, and is one message.
  alice->type("\x1b[200~first\nsecond\nthird\x1b[201~");
  SEES(*alice, "third");
  alice->type("\r");
  SEES(*bob, "    third");

  line(*bob, "/react " + number_of(*bob, "bob: hello alice") + " :heart:");
  SEES(*alice, "{\xe2\x9d\xa4\xef\xb8\x8f bob}");
  line(*alice, "/edit hello");
  SEES(*alice, "Which one?");
  line(*alice, "/edit");
  alice->type("\x15something else\r");
  SEES(*bob, "something else  (edited");
  line(*alice, "/unsend " + number_of(*alice, "alice: first"));
  SEES(*bob, "(taken back)");
  line(*bob, "/reply " + number_of(*bob, "bob: hello alice") + " indeed");
  SEES(*alice, "> bob: hello alice");
  SEES(*alice, "bob: indeed");
  line(*alice, "/members");
  SEES(*alice, "Members (Esc leaves)");
  SEES(*alice, "alice@localhost  (you)");
  alice->type(kEscape);
  ASSERT_TRUE(alice->hides("Members (Esc leaves)"));

  line(*alice, "/expire 1d");
  SEES(*bob, "messages disappear");
  EXPECT_TRUE(alice->screen().unknown().empty()) << alice->screen().unknown().front();
  line(*bob, "/quit");
  EXPECT_EQ(bob->ended(), 0);
  EXPECT_TRUE(bob->is_restored());
  alice->type("\x04");
  EXPECT_EQ(alice->ended(), 0);
  EXPECT_TRUE(alice->is_restored());
}

TEST_F(ChatTest, OneScrollsSearchesAndResizes) {
  alice_and_bob();
  std::vector<std::string> all;
  for (int i = 0; i < 240; ++i) all.push_back(i == 3 ? "the needle lies here" : "line " + std::to_string(i));
  // The first one begins the conversation; what many ask for at once would begin more.
  must(village().cairn("alice-1", {"send", "bob", all.front()}));
  send_all("alice-1", "bob@localhost", {all.begin() + 1, all.end()});
  ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: line 239"); }));
  must(village().cairn("bob-1", {"accept", "alice"}));
  auto bob = chat("bob-1", "alice");
  SEES(*bob, "alice: line 239");
  EXPECT_FALSE(bob->screen().shows("line 100"));
  for (int i = 0; i < 40 && !bob->screen().shows("the needle"); ++i) {
    bob->type(kPageUp);
    bob->until([] { return false; }, std::chrono::milliseconds(40));
  }
  SEES(*bob, "the needle lies here");
  SEES(*bob, "older; Esc: newest");
  must(village().cairn("alice-1", {"send", "bob", "news"}));
  bob->type(kEscape);
  SEES(*bob, "alice: news");

  line(*bob, "/search NEEDLE");
  SEES(*bob, "Found: NEEDLE");
  bob->type("\r");
  SEES(*bob, "the needle lies here");
  SEES(*bob, "alice: line 4");
  bob->type(kEscape);
  bob->type(kEscape);
  bob->resize(40, 50);
  SEES(*bob, "alice: line 210");
  ASSERT_TRUE(bob->until([&] { return bob->screen().cursor_row() == 39; })) << bob->picture();
  bob->resize(10, 30);
  ASSERT_TRUE(bob->until([&] { return bob->screen().cursor_row() == 9; })) << bob->picture();
  SEES(*bob, "news");
  bob->type("\x03");
  EXPECT_EQ(bob->ended(), 0);
  EXPECT_TRUE(bob->is_restored());
}

TEST_F(ChatTest, AFileIsSentAndSavedFromTheChat) {
  alice_and_bob();
  auto alice = chat("alice-1", "bob");
  SEES(*alice, "what you write begins one");
  std::string bytes(300'000, 0);
  std::mt19937 random(7);
  for (char& byte : bytes) byte = static_cast<char>(random());
  std::ofstream(village_->device_folder("alice-1") + "-files/holiday.bin", std::ios::binary) << bytes;
  line(*alice, "/attach holiday.bin look at this");
  SEES(*alice, "look at this [file: holiday.bin, 0.3 MB; /save ");
  auto bob = chat("bob-1", "alice");
  SEES(*bob, "[file: holiday.bin");
  line(*bob, "/accept");
  SEES(*bob, "Accepted.");
  line(*bob, "/save " + number_of(*bob, "[file: holiday.bin"));
  SEES(*bob, "Saved: ");
  std::ifstream saved(village_->device_folder("bob-1") + "-files/holiday.bin", std::ios::binary);
  EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(saved), {}) == bytes);
  line(*alice, "/attach nothing.bin");
  SEES(*alice, "nothing.bin was not sent: There is no such file");
}

TEST_F(ChatTest, APictureIsDrawnBeforeItsFileIsFetched) {
  constexpr const char* kHalfBlocks = "    \u2580\u2580\u2580\u2580\u2580\u2580";
  alice_and_bob();
  must(village().cairn("alice-1", {"send", "bob", "hello"}));
  ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello"); }));
  must(village().cairn("bob-1", {"accept", "alice"}));
  auto alice = chat("alice-1", "bob", 40);
  auto bob = chat("bob-1", "alice", 40, "xterm-256color");
  SEES(*bob, "alice: hello");
  EXPECT_EQ(bob->written().find("38;5;"), std::string::npos);
  const Bytes jpeg = testing::jpeg_of(testing::four_quarters(640, 480));
  std::ofstream(village_->device_folder("alice-1") + "-files/photo.jpg", std::ios::binary) << as_text(jpeg);
  line(*alice, "/attach photo.jpg look");
  SEES(*alice, "look [file: photo.jpg");
  SEES(*bob, "look [file: photo.jpg");
  SEES(*bob, kHalfBlocks);
  EXPECT_NE(bob->written().find("38;5;196"), std::string::npos);  // red
  EXPECT_FALSE(alice->screen().shows(kHalfBlocks));               // eight colours are too few
  line(*bob, "/pictures off");
  ASSERT_TRUE(bob->hides(kHalfBlocks));
  line(*bob, "/pictures on");
  SEES(*bob, kHalfBlocks);
  EXPECT_TRUE(bob->screen().unknown().empty()) << bob->screen().unknown().front();
  line(*bob, "/quit");
  EXPECT_EQ(bob->ended(), 0);
  EXPECT_TRUE(bob->is_restored());
}

TEST_F(ChatTest, WhatOthersWriteNeverReachesTheTerminalAsASequence) {
  alice_and_bob();
  must(village().cairn("bob-1", {"send", "alice",
                                 "\x1b]0;owned\x07 \x1b[2J\x1b[10;10Hboo \xc2\x9b"
                                 "31m"}));
  auto alice = chat("alice-1", "bob");
  SEES(*alice, "boo");
  EXPECT_EQ(alice->written().find("owned\x07"), std::string::npos);
  EXPECT_EQ(alice->written().find("\x1b]0;"), std::string::npos);
  EXPECT_EQ(alice->written().find("\x1b[10;10H"
                                  "boo"),
            std::string::npos);
  EXPECT_EQ(alice->written().find("\xc2\x9b"), std::string::npos);
  SEES(*alice, "/accept, /delete or /block");
}

TEST_F(ChatTest, TheTerminalIsRestoredHoweverItEnds) {
  alice_and_bob();
  must(village().cairn("bob-1", {"send", "alice", "hi"}));
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGSEGV}) {
    auto alice = chat("alice-1", "bob");
    SEES(*alice, "bob: hi");
    ASSERT_TRUE(alice->screen().in_alternate());
    ASSERT_FALSE(alice->is_restored());
    ASSERT_EQ(::kill(alice->pid(), signal), 0);
    const bool is_fatal = signal == SIGABRT || signal == SIGSEGV;
    EXPECT_EQ(alice->ended(), is_fatal ? 128 + signal : 0) << signal;
    EXPECT_TRUE(alice->is_restored()) << signal << "\n" << alice->picture();
  }
  auto alice = chat("alice-1", "bob");
  SEES(*alice, "bob: hi");
  village().daemon("alice-1").signal(SIGKILL);
  EXPECT_EQ(alice->ended(), 1);
  EXPECT_TRUE(alice->is_restored());
  EXPECT_TRUE(alice->screen().shows("The client broke off")) << alice->picture();

  // With a mind of its own, too: what was typed is on its way before it ends.
  auto own = chat("alice-1", "bob");
  SEES(*own, "bob: hi");
  ASSERT_EQ(::kill(own->pid(), SIGTERM), 0);
  EXPECT_EQ(own->ended(), 0);
  EXPECT_TRUE(own->is_restored());
}

TEST_F(ChatTest, MentionsAndTheBellAndNewsOfOtherConversations) {
  alice_and_bob();
  must(village().register_person("carol-1", "carol@localhost"));
  for (const std::string name : {"bob", "carol"}) {
    must(village().cairn("alice-1", {"send", name, "hi"}));
    EXPECT_TRUE(eventually([&] { return village().cairn(name + "-1", {"accept", "alice"}).good(); })) << name;
  }
  auto alice = chat("alice-1", "bob");
  auto bob = chat("bob-1", "alice");
  SEES(*alice, "alice: hi");
  SEES(*bob, "alice: hi");
  const int before = bob->screen().bells();
  alice->type("are you there, @b\t");
  SEES(*alice, "> are you there, @bob");
  alice->type("?\r");
  SEES(*bob, "alice: are you there, @bob ?  (mentions you)");
  ASSERT_TRUE(bob->until([&] { return bob->screen().bells() > before; })) << "it rings for what others say";
  SEES(*alice, "alice: are you there, @bob ?");
  EXPECT_EQ(alice->screen().bells(), 0) << "nobody is called by themselves";

  line(*bob, "/bell off");
  SEES(*bob, "It does not ring.");
  const int silent = bob->screen().bells();
  line(*alice, "and now");
  SEES(*bob, "alice: and now");
  SEES(*alice, "(read)");
  EXPECT_EQ(bob->screen().bells(), silent);

  must(village().cairn("carol-1", {"send", "alice", "a secret"}));
  SEES(*alice, "New elsewhere: carol (1)");
  ASSERT_TRUE(alice->until([&] { return alice->screen().bells() == 1; }));
  EXPECT_FALSE(alice->screen().shows("a secret"));
  must(village().cairn("alice-1", {"read", "carol"}));
  ASSERT_TRUE(alice->hides("New elsewhere")) << alice->picture();
  must(village().cairn("alice-1", {"conversation", "mute", "carol"}));
  must(village().cairn("carol-1", {"send", "alice", "another one"}));
  line(*bob, "after that");
  SEES(*alice, "bob: after that");
  EXPECT_FALSE(alice->screen().shows("New elsewhere")) << alice->picture();
}

TEST_F(ChatTest, WhoFollowsIsCalledByTheBellOfTheTerminal) {
  alice_and_bob();
  must(village().cairn("alice-1", {"send", "bob", "hi"}));
  EXPECT_TRUE(eventually([&] { return village().cairn("bob-1", {"accept", "alice"}).good(); }));
  const std::vector<std::string> follow = {program_folder() + "/cairn", "--data", village().device_folder("alice-1"),
                                           "read", "--follow"};
  std::vector<std::string> silent = follow;
  silent.push_back("--no-bell");
  PseudoTerminal one(follow, folder_.string());
  PseudoTerminal other(silent, folder_.string());
  SEES(one, "hi");
  SEES(other, "hi");
  must(village().cairn("alice-1", {"send", "bob", "are you there?"}));
  must(village().cairn("bob-1", {"send", "alice", "I am"}));
  SEES(one, "bob@localhost: I am");
  SEES(other, "bob@localhost: I am");
  ASSERT_TRUE(one.until([&] { return one.screen().bells() == 1; })) << one.screen().bells();
  must(village().cairn("alice-1", {"conversation", "mute", "bob"}));
  must(village().cairn("bob-1", {"send", "alice", "quietly"}));
  SEES(one, "bob@localhost: quietly");
  one.until([] { return false; }, std::chrono::milliseconds(300));
  EXPECT_EQ(one.screen().bells(), 1);
  EXPECT_EQ(other.screen().bells(), 0);
}

TEST_F(ChatTest, WithoutATerminalItSaysWhatToUse) {
  alice_and_bob();
  const auto said = village().cairn("alice-1", {"chat", "bob"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_NE(said.error.find("use cairn send and cairn read"), std::string::npos) << said.error;
}

}  // namespace
}  // namespace cairn::e2e
