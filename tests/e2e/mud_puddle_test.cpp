// Mud puddle, the thief's side, with real programs: who holds the server's whole disk, and one realm's less than it
// takes, and has taken the name by a reset that is completed, has not one byte of the messages (docs/spec/backup.md
// s.6). That its owner gets them back by recovery key or PIN is in backup_test.cpp and pin_test.cpp; guessing at a PIN
// with one realm's disk, off line, is an attack of the lab (apps/lab/attacks/escrow_cairn.cpp).
#include "tests/e2e/reset_village.h"

namespace cairn::e2e {
namespace {

class MudPuddle : public ResetVillage {
 protected:
  /// alice's phone is in the puddle; her messages are at the domain, behind her paper, her PIN and two of three realms.
  void fall_in() {
    trouble_all({"alice-1", "alice-2", "bob-1", "thief", "thief-2", "thief-3", "realm0", "realm1", "realm2"});
    two_people_who_talked("3");
    start_realms();
    set_pin_and_back_up();
    village().stop_daemon("alice-1");
    village().stop_daemon("bob-1");
  }
  /// Nobody vetoes, and the delay passes for everybody: the name is the thief's.
  void take_the_name() {
    const demo::Said asked =
        say("thief", {"reset", "alice@localhost", "--server", village().url(), "--policy", village().policy_file()});
    must(asked);
    paper_ = asked.json["recovery_key"];
    village().stop_server(SIGTERM);
    hers_ = stolen_from_disk_of_server(village().server_folder());
    wait_at_auditors(kDelay + std::chrono::hours(3));
    set_all_clocks();
    village().start_server();
    run_daemon("thief");
    ASSERT_TRUE(eventually([&] { return state("thief") == "active"; }, std::chrono::minutes(5)))
        << say("thief", {"status"}).json;
  }
  demo::Said backup(const std::string& verb, const std::string& typed) {
    std::vector<std::string> words = {"backup", verb};
    if (!typed.empty()) words.emplace_back("--recovery-key");
    return say("thief", words, typed.empty() ? typed : typed + "\n");
  }
  /// By the programs as they are shipped, as the name's only device.
  void ask_as_the_name() {
    for (const std::string& typed : {std::string(), paper_}) {
      for (const char* verb : {"list", "verify", "restore"}) {
        EXPECT_EQ(backup(verb, typed).exit_code, 1) << verb << " " << typed;
      }
    }
    EXPECT_NE(say("thief", {"pin", "check"}, kPin + "\n").exit_code, 0);
    // One of the thief's own beside hers, and a machine that takes the name by the thief's own paper.
    must(backup("create", paper_));
    EXPECT_EQ(backup("list", {}).json["snapshots"].size(), 1u);
    must(backup("restore", {}));
    must(say("thief-3",
             {"recover", "alice@localhost", "--server", village().url(), "--policy", village().policy_file()},
             paper_ + "\n"));
  }
  /// On an empty machine, until the realms evaluate no more; then they take the right one neither.
  void guess_until_locked() {
    for (int i = 0; i < 10; ++i) {
      if (i % 5 == 0) allow_guesses();
      const demo::Said wrong = recover_by_pin("thief-2", kWrong);
      EXPECT_TRUE(says(wrong, "not the PIN")) << i << wrong.error;
    }
    expect_refused(kPin, "nothing is lost");
    // With the disk of his own realm as it was before, and that realm's ten guesses anew.
    set_realm_back(0, before(0));
    expect_refused(kPin, "nothing is lost");
  }
  void expect_refused(const std::string& pin, const std::string& sentence) {
    allow_guesses();
    const demo::Said refused = recover_by_pin("thief-2", pin, {"--accept-removed"});
    EXPECT_NE(refused.exit_code, 0) << refused.json;
    EXPECT_TRUE(says(refused, sentence)) << refused.error;
    EXPECT_TRUE(texts("thief-2", kOld).empty());
  }
  std::string before(std::size_t realm) const { return realm_data(realm) + "-before"; }

  /// Nothing runs any more, and all is looked through: files as they lie, and the thief's devices opened.
  void look_at_everything() {
    programs_.clear();
    village().stop_server(SIGTERM);
    for (std::size_t i = 0; i < kRealms; ++i) {
      if (realms_[i].process) stop_realm(i);
    }
    for (const std::string& folder : {village().server_folder(), realm_data(0), village().device_folder("thief"),
                                      village().device_folder("thief-2"), village().device_folder("thief-3")}) {
      const lab::Searched searched = lab::search_files(folder, {kSecret, kPin});
      EXPECT_GT(searched.bytes, 0u) << folder;
      EXPECT_TRUE(searched.found.empty()) << folder << " holds " << searched.found.front();
    }
    for (const char* device : {"thief", "thief-2", "thief-3"}) {
      EXPECT_FALSE(device_holds(village().device_folder(device), kSecret)) << device;
    }
    EXPECT_TRUE(device_holds(village().device_folder("alice-1"), kSecret));  // so it would have been found
  }
  /// By a program of the thief's own: every key that he has, and all that lies beside the backup.
  void try_every_key() {
    ASSERT_EQ(hers_.key_boxes.size(), 2u);  // her paper's and her PIN's
    ASSERT_GE(hers_.objects.size(), 4u);
    auto keys = lab::keys_of_paper(paper_, "alice@localhost");
    for (client::BackupSetup& one : backups_of_device(village().device_folder("thief"))) {
      keys.push_back(std::move(one.device_key));
    }
    ASSERT_GE(keys.size(), 2u);
    EXPECT_FALSE(lab::open_with_keys(hers_, keys).has_value());
    EXPECT_FALSE(lab::open_with_what_lies_beside(hers_).has_value());
    const std::vector<Row> rows = rows_of_device(village().device_folder("thief"));
    for (const Bytes& box : hers_.key_boxes) EXPECT_FALSE(opens_with_a_root_in(rows, box));
    // One realm's disk is too few even beside her paper; with a second one the same program reads them.
    EXPECT_FALSE(opens_with_paper_and_disks(hers_, key_, "alice@localhost", {realm_data(0)}, kSecret));
    EXPECT_TRUE(opens_with_paper_and_disks(hers_, key_, "alice@localhost", {realm_data(0), realm_data(1)}, kSecret));
  }

  std::string paper_;       ///< the thief's own recovery key, the name's since the reset
  lab::StolenBackup hers_;  ///< what the server had of alice's
};

TEST_F(MudPuddle, TheServersDiskOneRealmsAndACompletedResetGiveNotOneByte) {
  fall_in();
  take_the_name();
  for (std::size_t i = 0; i < kRealms; ++i) copy_realm(i, before(i));
  ask_as_the_name();
  guess_until_locked();
  // The thief's realm alone: no guess is made at all.
  stop_realm(1, SIGKILL);
  stop_realm(2, SIGKILL);
  expect_refused(kPin, "Too few realms");
  look_at_everything();
  try_every_key();
  // What held were the realms' counters: with the disks of two of them as they were, the right PIN opens all of it.
  village().start_server();
  for (std::size_t i = 0; i < kRealms; ++i) set_realm_back(i, before(i));
  const demo::Said back = recover_by_pin("alice-2", kPin, {"--accept-removed"});
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid}) << back.error;
}

}  // namespace
}  // namespace cairn::e2e
