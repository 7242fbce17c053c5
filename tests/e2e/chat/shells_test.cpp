// The TAB key where it is pressed: in real shells.
#include "tests/e2e/chat/pseudo_terminal.h"
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class Shells : public VillageTest {
 protected:
  static bool is_there(const std::string& shell) {
    return demo::run({"/usr/bin/env", shell, "--version"}, std::chrono::seconds(10)).exit_code == 0;
  }
  void alice_has_written_to_bob() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", "hi"}));
  }
  std::string data() { return "cairn --data " + village().device_folder("alice-1") + " "; }
};

TEST_F(Shells, FishOffersCommandsOptionsAndPeople) {
  if (!is_there("fish")) GTEST_SKIP() << "SKIPPED: there is no fish here (apt-get install fish)";
  alice_has_written_to_bob();
  const auto offered = [&](const std::string& line) {
    const std::string script = "set -x PATH $argv[1] $PATH; cairn completion fish | source; complete -C $argv[2]";
    return demo::run({"/usr/bin/env", "fish", "--no-config", "-c", script, program_folder(), line},
                     std::chrono::seconds(20))
        .out;
  };
  EXPECT_EQ(offered("cairn gro"), "group\tconversations of several\n");
  EXPECT_TRUE(offered("cairn device rem").starts_with("remove\t")) << offered("cairn device rem");
  EXPECT_TRUE(offered("cairn send --fre").starts_with("--fresh\t")) << offered("cairn send --fre");
  EXPECT_EQ(offered(data() + "send b"), "bob@localhost\tpair\n");
  EXPECT_EQ(offered(data() + "chat b"), "bob@localhost\tpair\n");
  // Where a file is to be typed, files.
  std::ofstream(folder_ / "proof.bin") << "x";
  const std::string start = (folder_ / "proo").string();
  EXPECT_TRUE(offered("cairn evidence verify " + start).starts_with(start + "f.bin"));
}

TEST_F(Shells, ZshCompletesWhatIsTyped) {
  if (!is_there("zsh")) GTEST_SKIP() << "SKIPPED: there is no zsh here (apt-get install zsh)";
  alice_has_written_to_bob();
  std::filesystem::create_directories(folder_ / "zsh");
  PseudoTerminal zsh({"/usr/bin/env", "zsh", "-f", "-i"}, (folder_ / "zsh").string(), 24, 160);
  zsh.type("PS1='ready> '; PATH=" + program_folder() + ":$PATH; autoload -Uz compinit; compinit -u -D\r");
  ASSERT_TRUE(zsh.shows("ready> ")) << zsh.picture();
  zsh.type("source <(cairn completion zsh); clear; echo 'lear''ned'\r");
  ASSERT_TRUE(zsh.shows("learned")) << zsh.picture();
  zsh.type("cairn gro\t");
  EXPECT_TRUE(zsh.shows("cairn group")) << zsh.picture();
  zsh.type(
      "\x15"
      "cairn device rem\t");
  EXPECT_TRUE(zsh.shows("cairn device remove")) << zsh.picture();
  zsh.type(
      "\x15"
      "cairn send --fre\t");
  EXPECT_TRUE(zsh.shows("cairn send --fresh")) << zsh.picture();
  zsh.type("\x15" + data() + "send b\t");
  EXPECT_TRUE(zsh.shows("send bob@localhost")) << zsh.picture();
  // Where more than one begins so, the list says what each is for.
  zsh.type(
      "\x15"
      "cairn re\t\t");
  EXPECT_TRUE(zsh.shows("take a name back")) << zsh.picture();
  zsh.type(
      "\x15"
      "exit\r");
  EXPECT_TRUE(zsh.ended());
}

}  // namespace
}  // namespace cairn::e2e
