// What goes wrong on ordinary days: one sentence, a code, nothing lost.
#include <sqlite3.h>

#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class Trouble : public VillageTest {
 protected:
  demo::Said enroll(const std::string& device, const std::string& name,
                    std::chrono::milliseconds most = std::chrono::seconds(60)) {
    return village().cairn(device, {"register", name, "--server", village().url(), "--policy", village().policy_file()},
                           most);
  }

  static void expect_says(const demo::Said& said, int exit_code, const std::string& words) {
    EXPECT_EQ(said.exit_code, exit_code) << said.error;
    EXPECT_NE(said.error.find(words), std::string::npos) << said.error;
    EXPECT_EQ(std::count(said.error.begin(), said.error.end(), '\n'), 0) << said.error;
  }

  /// `cairnd serve` on the village's data folder, or another one, to its end.
  demo::Finished second_server(const std::string& folder, const std::string& listen = "127.0.0.1:0") {
    return demo::run({program_folder() + "/cairnd", "--data", folder, "serve", "--listen", listen},
                     std::chrono::seconds(20));
  }
};

/// Another process that holds a SQLite file for itself.
class Locked {
 public:
  explicit Locked(const std::string& path) {
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    const char* sql = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT count(*) FROM sqlite_schema";
    EXPECT_EQ(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database_);
  }
  ~Locked() { sqlite3_close(database_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

TEST_F(Trouble, AnUnknownNameIsSaidToBeUnknown) {
  must(village().register_person("alice-1", "alice@localhost"));
  const demo::Said said = village().cairn("alice-1", {"send", "nobody@localhost", "hello?"});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_NE(said.error.find("There is no nobody@localhost"), std::string::npos) << said.error;
}

TEST_F(Trouble, ATakenNameIsRefused) {
  must(village().register_person("alice-1", "alice@localhost"));
  expect_says(enroll("alice-x", "alice@localhost"), 1, "This name is taken; choose another one.");
}

TEST_F(Trouble, ANameOfAnotherDomainIsNotRegisteredHere) {
  expect_says(enroll("bob-1", "bob@other.org"), 1, "keeps names of its own domain only");
  must(enroll("bob-1", "bob@localhost"));  // the device is free to take another
}

// .invalid is no domain, for ever (RFC 6761 s.6.4).
TEST_F(Trouble, SomebodyOfADomainThatCannotBeReachedIsWrittenToWhenItCan) {
  must(village().register_person("alice-1", "alice@localhost"));
  const std::string sentence = "The server of other.invalid cannot be reached; it is tried again.";
  expect_says(village().cairn("alice-1", {"send", "carol@other.invalid", "hello"}), 3, sentence);
  expect_says(village().cairn("alice-1", {"group", "create", "walkers", "carol@other.invalid"}), 3, sentence);
}

TEST_F(Trouble, WhatIsNoNameIsRefused) {
  must(village().register_person("alice-1", "alice@localhost"));
  for (const std::string wrong : {"@localhost", "al ice@localhost", "a@b@c", "\xff@localhost"}) {
    const demo::Said said = village().cairn("alice-1", {"send", wrong, "hello"});
    EXPECT_TRUE(said.exit_code == 1 || said.exit_code == 2) << wrong << said.exit_code;
    EXPECT_FALSE(said.error.empty()) << wrong;
  }
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

// The server takes the request in and then nothing more happens: whether it was taken nobody knows.
TEST_F(Trouble, AServerThatDiesInTheMiddleOfASendCostsNothing) {
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
  village().server().signal(SIGSTOP);
  expect_says(village().cairn("alice-1", {"send", "bob@localhost", "two", "--wait", "1"}), 3, "The message is kept");
  village().stop_server(SIGKILL);
  village().start_server();
  must(village().cairn("bob-1", {"send", "alice@localhost", "three"}));
  const std::vector<std::string> from_alice = {"alice@localhost: one", "alice@localhost: two"};
  EXPECT_TRUE(eventually(
      [&] {
        std::vector<std::string> all = texts("bob-1", "alice@localhost");
        std::erase(all, "bob@localhost: three");
        return all == from_alice;
      },
      std::chrono::seconds(90)));
}

TEST_F(Trouble, APortThatIsTakenIsNamed) {
  village();
  const std::string listen = village().url().substr(std::string("http://").size());
  const demo::Finished second = second_server(folder_.string() + "/second", listen);
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find(listen), std::string::npos) << second.err;
}

TEST_F(Trouble, ADataFolderBelongsToOneServer) {
  village();
  const demo::Finished second = second_server(village().server_folder());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find("another process uses this data folder: stop it"), std::string::npos) << second.err;
  EXPECT_TRUE(village().server().running());
}

TEST_F(Trouble, ADataFolderBelongsToOneDaemon) {
  must(village().register_person("alice-1", "alice@localhost"));
  expect_says(village().cairn("alice-1", {"daemon"}), 4, "another process uses this data folder");
  must(village().cairn("alice-1", {"status"}));
}

TEST_F(Trouble, ADaemonThatDoesNotAnswerIsNamed) {
  must(village().register_person("alice-1", "alice@localhost"));
  village().daemon("alice-1").signal(SIGSTOP);
  expect_says(village().cairn("alice-1", {"status"}), 4, "holds this data folder and does not answer");
  village().daemon("alice-1").signal(SIGCONT);
  must(village().cairn("alice-1", {"status"}));
}

TEST_F(Trouble, AStoreThatAnotherProcessHoldsIsNamed) {
  must(village().register_person("alice-1", "alice@localhost"));
  village().stop_daemon("alice-1");
  {
    const Locked locked(village().device_folder("alice-1") + "/store.sqlite");
    expect_says(village().cairn("alice-1", {"status"}), 4, "another process has the store open: stop it");
  }
  must(village().cairn("alice-1", {"status"}));
  village().stop_server(SIGTERM);
  {
    const Locked locked(village().server_folder() + "/store.sqlite");
    const demo::Finished refused = second_server(village().server_folder());
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("another process has the store open: stop it"), std::string::npos) << refused.err;
  }
  village().start_server();
  village().start_daemon("alice-1");
}

TEST_F(Trouble, NobodyElseGetsAtTheStoreOfARunningServer) {
  village();
  sqlite3* database = nullptr;
  const std::string path = village().server_folder() + "/store.sqlite";
  ASSERT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, "SELECT count(*) FROM rows", nullptr, nullptr, nullptr), SQLITE_BUSY);
  sqlite3_close(database);
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
