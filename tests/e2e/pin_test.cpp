// A PIN, and backups whose key lies behind realms, with real programs: what comes back from an empty machine, who is
// named, and what never opens again.
#include <csignal>

#include "tests/e2e/pin_village.h"

namespace cairn::e2e {
namespace {

using std::chrono::seconds;

class Pins : public PinVillage {
 protected:
  static std::string token_on(const std::string& page) {
    std::ifstream in(page);
    const std::string all(std::istreambuf_iterator<char>(in), {});
    const std::string mark = "class=\"token\">";
    std::string out;
    for (std::size_t at = all.find(mark); at != std::string::npos; at = all.find(mark, at + 1)) {
      const std::size_t begin = at + mark.size();
      out += all.substr(begin, all.find('<', begin) - begin);
    }
    return out;
  }
};

TEST_F(Pins, FromAnEmptyMachineNameAndPinBringTheMessagesAndAskForTheName) {
  two_people_who_talked("3");
  start_realms();
  set_pin_and_back_up();
  must(say("alice-1", {"pin", "check"}, kPin + "\n"));
  EXPECT_EQ(say("alice-1", {"status"}).json["alarms"].size(), 0u);
  // A wrong one counts, and is told to the owner.
  const demo::Said wrong = recover_by_pin("thief", kWrong);
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_TRUE(says(wrong, "9 guesses are left")) << wrong.error;
  EXPECT_FALSE(has_text("thief", kOld, kSaid));
  const demo::Said status = say("alice-1", {"pin", "status"});
  must(status);
  EXPECT_EQ(status.json["guesses_left"], 9);
  EXPECT_EQ(status.json["guesses_unseen"], 1);
  const demo::Said alarmed = say("alice-1", {"status"});
  ASSERT_EQ(alarmed.json["alarms"].size(), 1u) << alarmed.json;
  EXPECT_EQ(alarmed.json["alarms"][0]["kind"], "pin");

  // Everything is lost; one realm lies.
  village().stop_daemon("alice-1");
  make_it_lie(1);
  const demo::Said back = recover_by_pin("alice-2", kPin);
  must(back);
  EXPECT_TRUE(says(back, "The realm localhost/r1 lies")) << back.json;
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  ASSERT_TRUE(back.json.contains("reset")) << back.json;
  EXPECT_GT(back.json["reset"]["matures_ms"], back.json["reset"]["requested_ms"]);
  EXPECT_EQ(say("alice-2", {"status"}).json["state"], "resetting");
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, OneRealmMayBeDeadAndANameWithoutResetsIsReadAllTheSame) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  village().stop_daemon("alice-1");
  stop_realm(2, SIGKILL);
  const demo::Said back = recover_by_pin("alice-2", kPin);
  must(back);
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  EXPECT_TRUE(says(back, "allows no reset")) << back.json;
  // With two dead nothing opens, and no guess was spent at the one that lives.
  stop_realm(1, SIGKILL);
  const demo::Said none = recover_by_pin("alice-3", kPin);
  EXPECT_NE(none.exit_code, 0);
  EXPECT_TRUE(says(none, "Too few realms")) << none.error;
  // What one realm and the domain hold, with a new device of nobody: not a byte of the messages.
  stop_realm(0);
  village().stop_server(SIGTERM);
  for (const std::string& disk : {realm_data(0), village().server_folder()}) {
    EXPECT_FALSE(holds(disk, kSecret)) << disk;
    EXPECT_FALSE(holds(disk, kPin)) << disk;
  }
  EXPECT_FALSE(holds(folder_ / "alice-3", kSecret));
}

TEST_F(Pins, ARealmThatGivesAWrongShareOfATokenIsNamedAndTheOthersAreEnough) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  make_its_token_shares_lie(1);
  for (const char* verb : {"verify", "restore"}) {
    const demo::Said done = say("alice-1", {"backup", verb});
    must(done);
    EXPECT_TRUE(says(done, "The realm localhost/r1 lies")) << done.json;
    EXPECT_FALSE(says(done, "The realm localhost/r0 lies")) << done.json;
    EXPECT_FALSE(says(done, "The realm localhost/r2 lies")) << done.json;
  }
  EXPECT_EQ(texts("alice-1", kOld), std::vector<std::string>{kSaid});
  // With a dead one beside it one share is left of the two that it takes; and no wrong one is used in its place.
  stop_realm(2, SIGKILL);
  const demo::Said few = say("alice-1", {"backup", "verify"});
  EXPECT_NE(few.exit_code, 0);
  EXPECT_TRUE(says(few, "localhost/r1 (lies: wrong share), localhost/r2 (does not answer)")) << few.error;
}

/// Five realms, of which three are enough: of the PIN one lies and one is dead, of the token another one lies and the
/// same one is dead.
TEST_F(Pins, WithADeadRealmAndLyingOnesAllComesBackAndEachLiarIsNamed) {
  two_people_who_talked();
  start_realms(5);
  set_pin_and_back_up();
  village().stop_daemon("alice-1");
  make_it_lie(1);
  make_its_token_shares_lie(4);
  stop_realm(3, SIGKILL);
  const demo::Said back = recover_by_pin("alice-2", kPin);
  must(back);
  for (std::size_t i = 0; i < 5; ++i) {
    const bool lies = i == 1 || i == 4;
    EXPECT_EQ(says(back, "The realm " + realm_name(i) + " lies"), lies) << i << back.json;
  }
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  // One dead realm more: of the PIN's shares two good ones are left.
  stop_realm(0, SIGKILL);
  const demo::Said none = recover_by_pin("alice-3", kPin);
  EXPECT_NE(none.exit_code, 0);
  EXPECT_TRUE(says(none, "Too few realms")) << none.error;
  EXPECT_TRUE(texts("alice-3", kOld).empty());
  // Who was dead comes back, and with it a third good share of both.
  start_realm(3);
  must(recover_by_pin("alice-3", kPin));
  EXPECT_EQ(texts("alice-3", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, GuessingLocksItAndTheOwnerUnlocksItAndNothingIsLost) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(says(recover_by_pin("thief", kWrong), "not the PIN"));
    }
    // The domain gives no more without a login; it counts in memory.
    village().stop_server(SIGTERM);
    village().start_server();
  }
  const demo::Said locked = recover_by_pin("thief-2", kPin);
  EXPECT_EQ(locked.exit_code, 1);
  EXPECT_TRUE(says(locked, "nothing is lost")) << locked.error;
  EXPECT_TRUE(texts("thief-2", kOld).empty());
  const demo::Said status = say("alice-1", {"pin", "status"});
  must(status);
  EXPECT_EQ(status.json["locked"], true) << status.json;
  const demo::Said refused = say("alice-1", {"pin", "check"}, kPin + "\n");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(says(refused, "pin unlock")) << refused.error;
  const demo::Said unlocked = say("alice-1", {"pin", "unlock"});
  must(unlocked);
  EXPECT_EQ(say("alice-1", {"pin", "status"}).json["guesses_left"], 10);
  must(say("alice-1", {"pin", "check"}, kPin + "\n"));
  village().stop_server(SIGTERM);
  village().start_server();
  must(recover_by_pin("alice-2", kPin));
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, ChangedItOpensAndTheOldOneDoesNotAndRemovedNeitherDoes) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  EXPECT_EQ(say("alice-1", {"pin", "change"}, "123456\n").exit_code, 1);
  const std::string other = "another battery";
  must(say("alice-1", {"pin", "change"}, other + "\n"));
  must(say("alice-1", {"backup", "create"}));
  EXPECT_TRUE(says(recover_by_pin("alice-2", kPin), "not the PIN"));
  must(recover_by_pin("alice-2", other));
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  must(say("alice-1", {"pin", "remove"}));
  EXPECT_EQ(say("alice-1", {"pin", "status"}).json["set"], false);
  const demo::Said gone = recover_by_pin("alice-3", other);
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_TRUE(says(gone, "hold no PIN")) << gone.error;
  must(say("alice-1", {"backup", "create"}));
}

TEST_F(Pins, ARealmThatWasAwayDuringAChangeGetsTheNewPinWhenItIsBack) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  stop_realm(2, SIGKILL);
  const std::string other = "another battery";
  must(say("alice-1", {"pin", "change"}, other + "\n"));
  must(say("alice-1", {"backup", "create"}));
  EXPECT_EQ(say("alice-1", {"pin", "status"}).json["owed"].size(), 1u);
  start_realm(2);
  village().stop_daemon("alice-1");
  village().start_daemon("alice-1");
  ASSERT_TRUE(eventually([&] { return say("alice-1", {"pin", "status"}).json["owed"].empty(); }, seconds(60)));
  make_it_lie(0);  // so it takes the one that was away
  const demo::Said back = recover_by_pin("alice-2", other);
  must(back);
  EXPECT_TRUE(says(back, "The realm localhost/r0 lies")) << back.json;
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, WhatWasErasedOpensNeverAgainWhoeverKeptACopyAndHasTheKey) {
  two_people_who_talked();
  start_realms();
  const std::string stick = (folder_ / "stick").string();
  set_pin_and_back_up({"--to", stick});
  fs::copy(stick, stick + "-kept", fs::copy_options::recursive);

  // A device asks: three days, and any device calls it off.
  const demo::Said asked = say("alice-1", {"backup", "delete"});
  must(asked);
  EXPECT_EQ(asked.json["waiting"].size(), 1u) << asked.json;
  EXPECT_TRUE(asked.json["deleted"].empty());
  must(say("alice-1", {"backup", "delete", "--cancel"}));
  must(say("alice-1", {"backup", "restore"}));
  EXPECT_EQ(texts("alice-1", kOld), std::vector<std::string>{kSaid});

  // The recovery key asks: at once; one realm is away, and that does not matter.
  stop_realm(2);
  const demo::Said erased = say("alice-1", {"backup", "delete", "--recovery-key"}, key_ + "\n");
  must(erased);
  EXPECT_FALSE(erased.json.contains("waiting")) << erased.json;
  EXPECT_GE(erased.json["receipts"].size(), 2u);
  EXPECT_GE(say("alice-1", {"backup", "receipts"}).json["receipts"].size(), 2u);
  start_realm(2);

  // Whoever kept a copy, and steals the recovery key now.
  const demo::Said stolen = say("thief",
                                {"recover", "alice@localhost", "--server", village().url(), "--policy",
                                 village().policy_file(), "--remove-others", "--from", stick + "-kept"},
                                key_ + "\n");
  EXPECT_EQ(stolen.exit_code, 1);
  EXPECT_TRUE(says(stolen, "erased")) << stolen.error << stolen.json;
  EXPECT_FALSE(has_text("thief", kOld, kSaid));
}

TEST_F(Pins, ADeletionThatOneDeviceAsksForIsAnAlarmOnAnotherAndIsCalledOffThere) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  must(village().link_device("alice-2", "alice@localhost", "alice-1"));
  must(say("alice-2", {"backup", "create", "--recovery-key"}, key_ + "\n"));
  const auto told = [&](const std::string& device) {
    std::vector<std::string> out;
    const demo::Said status = say(device, {"status"});
    for (const nlohmann::json& one : status.json.value("alarms", nlohmann::json::array())) {
      if (one["kind"] == "backup" && one["what"] == "deletion") out.push_back(one["sentence"]);
    }
    return out;
  };
  EXPECT_TRUE(told("alice-2").empty());
  const demo::Said asked = say("alice-1", {"backup", "delete", "--generation", "1"});
  must(asked);
  ASSERT_EQ(asked.json["waiting"].size(), 1u) << asked.json;
  // A device asks the realms every hour, and when it starts.
  village().stop_daemon("alice-2");
  village().start_daemon("alice-2");
  ASSERT_TRUE(eventually([&] { return told("alice-2").size() == 1; }, seconds(60)));
  const std::string command = "backup delete --cancel --from domain --generation 1";
  EXPECT_NE(told("alice-2")[0].find(command), std::string::npos) << told("alice-2")[0];
  EXPECT_TRUE(told("alice-1").empty());
  const demo::Said kept = say("alice-2", {"backup", "delete", "--cancel", "--from", "domain", "--generation", "1"});
  must(kept);
  EXPECT_EQ(kept.json["kept"], nlohmann::json::parse("[1]")) << kept.json;
  EXPECT_TRUE(told("alice-2").empty());
  must(say("alice-1", {"backup", "restore"}));
  EXPECT_TRUE(has_text("alice-1", kOld, kSaid));
}

TEST_F(Pins, APrintedTokenDoesWithoutRealms) {
  two_people_who_talked();
  start_realms();
  const demo::Said created =
      say("alice-1", {"backup", "create", "--realms", realms_file(), "--print-token", "--recovery-key"}, key_ + "\n");
  must(created);
  std::string token = created.json["token"];
  // The same stands on the recovery page, where its owner wants that.
  const std::string page = (folder_ / "page.svg").string();
  EXPECT_EQ(say("alice-1", {"recovery", "print", page, "--token"}, "AAAAA\n").exit_code, 1);
  EXPECT_FALSE(fs::exists(page));
  const demo::Said printed = say("alice-1", {"recovery", "print", page, "--token"}, key_ + "\n");
  must(printed);
  EXPECT_EQ(printed.json["generation"], 1);
  const std::string on_paper = token_on(page);
  EXPECT_EQ(on_paper, token);
  token = on_paper;
  for (std::size_t i = 0; i < kRealms; ++i) stop_realm(i);
  EXPECT_NE(say("alice-1", {"recovery", "print", page + "-2", "--token"}, key_ + "\n").exit_code, 0);
  EXPECT_FALSE(fs::exists(page + "-2"));
  const demo::Said without = say("alice-1", {"backup", "restore"});
  EXPECT_NE(without.exit_code, 0);
  EXPECT_TRUE(says(without, "2 are needed")) << without.error;
  EXPECT_NE(say("alice-1", {"backup", "restore", "--token"}, "AAAAA\n").exit_code, 0);
  must(say("alice-1", {"backup", "restore", "--token"}, token + "\n"));
  EXPECT_EQ(texts("alice-1", kOld), std::vector<std::string>{kSaid});
}

}  // namespace
}  // namespace cairn::e2e
