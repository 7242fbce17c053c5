// What a daemon does about a backup by itself, when a day has passed for everybody.
#include "tests/e2e/backup_village.h"

namespace cairn::e2e {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class BackupClocks : public BackupVillage {
 protected:
  std::size_t manifests() const { return objects(stick(), "03").size(); }
};

TEST_F(BackupClocks, TheDaemonStoresASnapshotADayAfterTheLast) {
  std::vector<std::string> all = {"cairnd", "alice-1", "bob-1"};
  for (int i = 0; i < 8; ++i) all.push_back("cosigner" + std::to_string(i));
  for (const std::string& one : all) trouble(one);
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  must(backup("alice-1", {"schedule", "daily", "--to", stick()}));
  ASSERT_EQ(manifests(), 2u);  // one, twice
  must(village().cairn("alice-1", {"send", "bob@localhost", "said later"}));
  // The first look after a day finds the cosigners' word a day old, and asks for a newer one; the next is half an hour
  // later. Whatever wakes it: a look at the name.
  for (int later = 25; later <= 30 && manifests() != 4; ++later) {
    for (const std::string& one : all) set_clock(one, hours(later));
    eventually(
        [&] {
          village().cairn("alice-1", {"contact", "verify", "alice@localhost"});
          return manifests() == 4;
        },
        seconds(30));
  }
  ASSERT_EQ(manifests(), 4u);
  must(backup("alice-1", {"verify"}));
  const demo::Said listed = backup("alice-1", {"list"});
  must(listed);
  EXPECT_EQ(listed.json["snapshots"].size(), 2u) << listed.json;
  must(backup("alice-1", {"restore"}));
  EXPECT_TRUE(has_text("alice-1", "bob (restored)", "alice@localhost: said later"));
}

}  // namespace
}  // namespace cairn::e2e
