// A folder with a backup is set back, and somebody comes with nothing but the recovery key, or the PIN: the realms have
// the word of a device that there was a newer snapshot.
#include "tests/e2e/pin_village.h"

namespace cairn::e2e {
namespace {

class OlderStates : public PinVillage {
 protected:
  std::string stick() const { return (folder_ / "stick").string(); }
  demo::Said recover(const std::string& device, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"recover",  "alice@localhost",       "--server", village().url(),
                                      "--policy", village().policy_file(), "--from",   stick()};
    words.insert(words.end(), more.begin(), more.end());
    return say(device, words, key_ + "\n");
  }
  void put_back(const std::string& copy) {
    fs::remove_all(stick());
    fs::copy(copy, stick(), fs::copy_options::recursive);
  }
};

TEST_F(OlderStates, OfABackupAreShownToNoEmptyMachine) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up({"--to", stick()});
  const std::string older = stick() + "-older";
  fs::copy(stick(), older, fs::copy_options::recursive);
  must(say("alice-1", {"send", "bob@localhost", "later"}));
  must(say("alice-1", {"backup", "create"}));
  const std::string newer = stick() + "-newer";
  fs::copy(stick(), newer, fs::copy_options::recursive);

  put_back(older);
  const demo::Said by_pin = recover_by_pin("empty-1", kPin, {"--from", stick()});
  EXPECT_FALSE(by_pin.good());
  EXPECT_TRUE(says(by_pin, "it was set back, or holds some back")) << by_pin.error;
  const demo::Said named = recover_by_pin("empty-1", kPin, {"--from", stick(), "--snapshot", "1"});
  EXPECT_EQ(texts("empty-1", kOld), std::vector<std::string>{kSaid}) << named.error;

  const demo::Said by_key = recover("empty-2");
  EXPECT_TRUE(says(by_key, "it was set back, or holds some back")) << by_key.error;
  EXPECT_EQ(texts("empty-2", kOld), std::vector<std::string>{});
  put_back(newer);
  must(say("empty-2", {"backup", "restore", "--from", stick(), "--recovery-key"}, key_ + "\n"));
  EXPECT_EQ(texts("empty-2", kOld), (std::vector<std::string>{kSaid, "alice@localhost: later"}));
}

}  // namespace
}  // namespace cairn::e2e
