// What goes wrong on ordinary days: one sentence, a code, nothing lost.
#include <csignal>
#include <fstream>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using Trouble = VillageTest;

TEST_F(Trouble, AnUnknownNameIsSaidToBeUnknown) {
  must(village().register_person("alice-1", "alice@localhost"));
  const demo::Said said = village().cairn("alice-1", {"send", "nobody@localhost", "hello?"});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_NE(said.error.find("There is no nobody@localhost"), std::string::npos) << said.error;
}

TEST_F(Trouble, ATakenNameIsRefused) {
  must(village().register_person("alice-1", "alice@localhost"));
  const demo::Said said = village().cairn(
      "alice-x", {"register", "alice@localhost", "--server", village().url(), "--policy", village().policy_file()});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_FALSE(said.error.empty());
}

TEST_F(Trouble, WhatIsSaidWhileTheServerIsDownIsKept) {
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
  village().stop_server(SIGTERM);
  const demo::Said said = village().cairn("alice-1", {"send", "bob@localhost", "two", "--wait", "1"});
  EXPECT_EQ(said.exit_code, 3) << said.error;
  village().start_server();
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: two"); },
                         std::chrono::seconds(60)));
}

TEST_F(Trouble, WithBothAuditorsDeadKnownContactsCanBeWrittenToAndNewOnesNot) {
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().register_person("carol-1", "carol@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "auditors alive"}));
  auto& cosigners = village().cosigners();
  for (std::size_t i = 2; i < cosigners.size(); ++i) {
    cosigners[i].signal(SIGTERM);
    EXPECT_EQ(cosigners[i].wait(std::chrono::seconds(5)), 0);
  }
  must(village().cairn("alice-1", {"send", "bob@localhost", "auditors dead"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: auditors dead"); }));
  // A name registered now is in no checkpoint that the quorum cosigned.
  const demo::Said late = village().cairn(
      "dave-1", {"register", "dave@localhost", "--server", village().url(), "--policy", village().policy_file()},
      std::chrono::seconds(60));
  EXPECT_EQ(late.exit_code, 3);
  EXPECT_FALSE(late.error.empty());
}

TEST_F(Trouble, APortThatIsTakenIsNamed) {
  village();
  const std::string listen = village().url().substr(std::string("http://").size());
  const demo::Finished second =
      demo::run({program_folder() + "/cairnd", "--data", folder_.string() + "/second", "serve", "--listen", listen},
                std::chrono::seconds(10));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find(listen), std::string::npos) << second.err;
}

TEST_F(Trouble, ADataFolderBelongsToOneServer) {
  village();
  const demo::Finished second =
      demo::run({program_folder() + "/cairnd", "--data", village().server_folder(), "serve", "--listen", "127.0.0.1:0"},
                std::chrono::seconds(10));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_FALSE(second.err.empty());
}

TEST_F(Trouble, WrongWordsAreUsageErrors) {
  const demo::Finished none = demo::run({program_folder() + "/cairn"}, std::chrono::seconds(5));
  EXPECT_EQ(none.exit_code, 2);
  const demo::Finished help = demo::run({program_folder() + "/cairn", "--help"}, std::chrono::seconds(5));
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("Exit codes"), std::string::npos);
}

TEST_F(Trouble, EverythingStopsCleanlyOnSigterm) {
  must(village().register_person("alice-1", "alice@localhost"));
  village().server().signal(SIGTERM);
  EXPECT_EQ(village().server().wait(std::chrono::seconds(5)), 0);
  for (auto& cosigner : village().cosigners()) {
    cosigner.signal(SIGTERM);
    EXPECT_EQ(cosigner.wait(std::chrono::seconds(5)), 0);
  }
}

}  // namespace
}  // namespace cairn::e2e
