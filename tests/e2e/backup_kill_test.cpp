// A backup's programs, and the server that it lies at, killed before changes of files, each or a sample (kills.h): what
// is listed is whole, and what was under way goes on. In core/client/backup_test.cpp and backup_prune_test.cpp are
// kills at every request; with realms: pin_kill_test.cpp.
#include "tests/e2e/backup_village.h"
#include "tests/e2e/kills.h"

namespace cairn::e2e {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class BackupKills : public Kills<BackupVillage> {
 protected:
  void ready() {
    trouble("alice-1");
    two_people_who_talked();
    must(backup("alice-1", {"create", "--to", stick()}, key_));
    village().stop_daemon("alice-1");
  }
};

/// Folder, set-up, key box and vault, each time where nothing is yet; a backup elsewhere stays what it was.
TEST_F(BackupKills, TheFirstCreateAtAnyChange) {
  trouble("alice-1");
  two_people_who_talked();
  const demo::Said elsewhere = backup("alice-1", {"create"}, key_);
  must(elsewhere);
  village().stop_daemon("alice-1");
  const std::size_t kills = at_more_and_more(
      [&](std::size_t n) {
        const bool was = killed("alice-1", n, {"backup", "create", "--to", stick(), "--recovery-key"}, key_ + "\n");
        const demo::Said created = backup("alice-1", {"create", "--to", stick()}, key_);
        must(created);
        EXPECT_EQ(created.json["generation"], 1);
        EXPECT_EQ(created.json["messages"], elsewhere.json["messages"]);
        must(backup("alice-1", {"verify", "--from", stick()}));
        if (!was) return false;
        must(backup("alice-1", {"delete", "--from", stick()}));
        fs::remove_all(stick());
        return true;
      },
      2);
  EXPECT_GE(kills, 8u);
  must(backup("alice-1", {"verify", "--from", "domain"}));
  must(backup("alice-1", {"restore", "--from", stick()}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
}

TEST_F(BackupKills, ACreateAtAnyChange) {
  ready();
  std::size_t round = 0;
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    must(village().cairn("alice-1", {"send", "bob@localhost", "round " + std::to_string(++round)}));
    const bool was = killed("alice-1", n, {"backup", "create"});
    must(backup("alice-1", {"verify"}));
    return was;
  });
  EXPECT_GE(kills, 10u);
  must(backup("alice-1", {"create"}));
  must(backup("alice-1", {"restore"}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
}

TEST_F(BackupKills, ARestoreAtAnyChange) {
  ready();
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    return killed("alice-1", n, {"backup", "restore"});
  });
  EXPECT_GE(kills, 3u);
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
  must(backup("alice-1", {"verify"}));
}

TEST_F(BackupKills, ADeleteAtAnyChange) {
  ready();
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    const bool was = killed("alice-1", n, {"backup", "delete"});
    if (!was) return false;
    // Whole, or begun to be deleted: then it can be ended, and another begun.
    const demo::Said verified = backup("alice-1", {"verify"});
    if (verified.exit_code == 0) return true;
    const demo::Said ended = backup("alice-1", {"delete"});
    EXPECT_TRUE(ended.exit_code == 0 || ended.error.find("recovery key") != std::string::npos ||
                ended.error.find("no backup") != std::string::npos)
        << ended.error;
    EXPECT_TRUE(objects(stick(), "03").empty());
    must(backup("alice-1", {"create", "--to", stick()}, key_));
    must(backup("alice-1", {"verify"}));
    return true;
  });
  EXPECT_GE(kills, 5u);
  EXPECT_TRUE(objects(stick(), "01").empty());
  EXPECT_FALSE(holds(stick(), kSecret));
}

/// Everybody's clock goes on by five days, so that something can go.
TEST_F(BackupKills, APruneAtAnyChange) {
  std::vector<std::string> all = {"cairnd", "bob-1"};
  for (int i = 0; i < 8; ++i) all.push_back("cosigner" + std::to_string(i));
  for (const std::string& one : all) trouble(one);
  ready();
  for (int i = 0; i < 5; ++i) {
    must(village().cairn("alice-1", {"send", "bob@localhost", "round " + std::to_string(i)}));
    must(backup("alice-1", {"create"}));
  }
  all.push_back("alice-1");
  for (const std::string& one : all) set_clock(one, hours(5 * 24));
  ASSERT_TRUE(eventually(
      [&] {
        return village().cairn("alice-1", {"contact", "verify", "alice@localhost"}).good();
      },
      seconds(120)));
  EXPECT_EQ(objects(stick(), "03").size(), 12u);
  fs::copy(stick(), stick() + "-before", fs::copy_options::recursive);
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    fs::remove_all(stick());
    fs::copy(stick() + "-before", stick(), fs::copy_options::recursive);
    const bool was = killed("alice-1", n, {"backup", "prune"});
    must(backup("alice-1", {"verify"}));
    EXPECT_GE(objects(stick(), "03").size(), 2u);
    EXPECT_EQ(objects(stick(), "01").size(), objects(stick() + "-before", "01").size());  // these have a longer grace
    return was;
  });
  EXPECT_GE(kills, 5u);
  EXPECT_EQ(objects(stick(), "03").size(), 2u);  // the newest, twice
  EXPECT_EQ(backup("alice-1", {"list"}).json["snapshots"].size(), 1u);
  must(backup("alice-1", {"restore"}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
}

/// The vault lies at the domain: its server is killed while the device, which lives, stores a snapshot there.
TEST_F(BackupKills, TheServerAtAnyChangeWhileSomethingIsStored) {
  trouble("cairnd");
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    must(village().cairn("alice-1", {"send", "bob@localhost", "round " + std::to_string(n)}, seconds(60)));
    const bool was = server_killed("alice-1", n, {"backup", "create"});
    must(backup("alice-1", {"verify"}));
    return was;
  });
  EXPECT_GE(kills, 8u);
  must(backup("alice-1", {"restore"}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
}

TEST_F(BackupKills, TheServerAtAnyChangeWhileSomethingIsDeleted) {
  trouble("cairnd");
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    const bool was = server_killed("alice-1", n, {"backup", "delete"});
    EXPECT_EQ(backup("alice-1", {"list"}, key_).exit_code, 1);
    must(backup("alice-1", {"create"}, key_));
    must(backup("alice-1", {"verify"}));
    return was;
  });
  EXPECT_GE(kills, 4u);
}

/// A restore changes nothing at the server, so that is killed before it answers.
TEST_F(BackupKills, TheServerAtAnyAnswerWhileSomethingIsRestored) {
  trouble("cairnd");
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  village().stop_daemon("bob-1");  // so that the server says nothing but what alice's program asks for
  village().stop_daemon("alice-1");
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    return server_killed("alice-1", n, {"backup", "restore"}, Before::answer);
  });
  EXPECT_GE(kills, 5u);
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
  must(backup("alice-1", {"verify"}));
}

}  // namespace
}  // namespace cairn::e2e
