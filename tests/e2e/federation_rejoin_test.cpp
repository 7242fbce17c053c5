// Devices that lost their place in a conversation of two domains come in again by themselves, through real programs.
#include <sqlite3.h>

#include "tests/e2e/two_domains.h"

namespace cairn::e2e {
namespace {

constexpr std::chrono::seconds kLongestRejoin{90};

/// alice at one and bob at two, in a group whose channel is at one.
class FederationRejoin : public TwoDomainsTest {
 protected:
  void SetUp() override {
    TwoDomainsTest::SetUp();
    alice_and_bob();
    must(all().cairn("alice", {"group", "create", "walkers", "bob@two.example"}));
    expect_heard("alice", "bob", "begin");
    expect_heard("bob", "alice", "begun");
  }

  TwoDomains& all() { return *domains_; }
  static std::string name_of(const std::string& device) {
    return device + (device == "alice" ? "@one.example" : "@two.example");
  }
  void expect_heard(const std::string& from, const std::string& by, const std::string& text) {
    must(all().cairn(from, {"send", "walkers", text, "--wait", "60"}, kLongestRejoin));
    const std::string line = name_of(from) + ": " + text;
    EXPECT_TRUE(eventually([&] { return all().has_text(by, "walkers", line); }, kLongestRejoin)) << by << ": " << text;
  }
  bool has_notice(const std::string& device, const std::string& words) {
    const demo::Said said = all().cairn(device, {"read", "walkers"});
    if (!said.good()) return false;
    for (const auto& message : said.json["messages"]) {
      const bool is_notice = message["delivery"] == "notice";
      if (is_notice && message["text"].get<std::string>().find(words) != std::string::npos) return true;
    }
    return false;
  }
  bool heard_of_rejoin(const std::string& device) {
    return eventually([&] { return has_notice(device, "had lost its place here, and rejoined."); }, kLongestRejoin);
  }
  /// What a broken disk does.
  void lose_groups(const std::string& device) {
    constexpr int kGroups = 6;  // core/client/tables.h
    all().kill_daemon(device);
    sqlite3* database = nullptr;
    const std::string path = all().file(device) + "/store.sqlite";
    ASSERT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    const std::string sql = "DELETE FROM rows WHERE tab = " + std::to_string(kGroups);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    EXPECT_GT(sqlite3_changes(database), 0);
    sqlite3_close(database);
    all().start_daemon(device);
  }
  static void copy_files(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::create_directories(to);
    std::filesystem::permissions(to, std::filesystem::perms::owner_all);
    for (const auto& entry : std::filesystem::directory_iterator(from)) {
      if (entry.is_regular_file())
        std::filesystem::copy_file(entry.path(), to + "/" + entry.path().filename().string());
    }
  }
};

TEST_F(FederationRejoin, ADeviceThatLostItsStateComesBackIntoAGroupAtAnotherDomain) {
  lose_groups("bob");
  EXPECT_TRUE(heard_of_rejoin("alice"));
  expect_heard("alice", "bob", "are you there");
  expect_heard("bob", "alice", "here I am");
  EXPECT_TRUE(has_notice("bob", "Messages may be missing here"));
  EXPECT_FALSE(has_notice("alice", "Messages may be missing here"));
}

TEST_F(FederationRejoin, ADeviceIsLetInByTheOnlyOtherMemberWhoIsAtAnotherDomain) {
  lose_groups("alice");
  EXPECT_TRUE(heard_of_rejoin("bob"));
  expect_heard("bob", "alice", "are you there");
  expect_heard("alice", "bob", "here I am");
  EXPECT_TRUE(has_notice("alice", "Messages may be missing here"));
}

TEST_F(FederationRejoin, ADeviceThatWasPutBackFromACopyComesBackAfterItsServerWasAway) {
  all().kill_daemon("bob");
  const std::string copy = all().file("copy-of-bob");
  copy_files(all().file("bob"), copy);
  all().start_daemon("bob");
  expect_heard("bob", "alice", "said after the copy");
  // What the copy has not seen: the group has moved on.
  must(all().cairn("alice", {"group", "rename", "walkers", "hikers"}));
  must(all().cairn("alice", {"group", "rename", "hikers", "walkers"}));
  expect_heard("alice", "bob", "the title is as it was");
  all().kill_daemon("bob");
  copy_files(copy, all().file("bob"));
  TwoDomains::stop(all().two, SIGKILL);
  all().start(all().two);
  all().start_daemon("bob");
  must(all().cairn("alice", {"send", "walkers", "are you back"}));
  EXPECT_TRUE(heard_of_rejoin("alice"));
  expect_heard("bob", "alice", "back from the past");
  expect_heard("alice", "bob", "welcome back");
  EXPECT_TRUE(has_notice("bob", "Messages may be missing here"));
  EXPECT_FALSE(all().has_text("bob", "walkers", "bob@two.example: said after the copy"));
}

}  // namespace
}  // namespace cairn::e2e
