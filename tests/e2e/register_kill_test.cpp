// A registration that is killed before a change of any file, each or a sample (kills.h): typed again it comes to its
// end, and the recovery key that was shown brings the name back. The same at each thing that is sent:
// core/client/register_test.cpp.
#include "tests/e2e/kills.h"

namespace cairn::e2e {
namespace {

class RegisterKills : public Kills<VillageTest> {
 protected:
  demo::Said enroll(const std::string& device, const std::string& verb, const std::string& name,
                    const std::string& typed = {}) {
    return village().cairn(device, {verb, name, "--server", village().url(), "--policy", village().policy_file()},
                           std::chrono::seconds(60), typed);
  }
};

TEST_F(RegisterKills, ARegistrationAtAnyChange) {
  std::size_t shown = 0;
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    const std::string device = "p" + std::to_string(n);
    const std::string name = device + "@localhost";
    trouble(device);
    set_kill(device, n);
    const demo::Said first = enroll(device, "register", name);
    set_kill(device, 0);
    const bool was = first.exit_code < 0 || first.exit_code >= 5;
    std::string key = first.shown_key;
    if (!key.empty()) ++shown;
    if (was) {
      const demo::Said again = enroll(device, "register", name);
      // It had come to its end, it went on, or it had not begun: then another key is shown.
      EXPECT_TRUE(again.good() || again.error.find("has a name already") != std::string::npos) << again.error;
      if (!again.shown_key.empty()) key = again.shown_key;
    } else {
      must(first);
    }
    EXPECT_FALSE(key.empty()) << "a name whose key nobody saw";
    must(enroll(device + "-new", "recover", name, key + "\n"));
    return was;
  });
  EXPECT_GE(kills, 5u);
  EXPECT_GE(shown, 2u);
}

/// The server is away: what registering waits for is said, and the key is on the screen before anything else.
TEST_F(RegisterKills, AWrongServerIsReplacedByTheRightOne) {
  const std::string right = village().url();
  const auto at = [&](const std::string& url) {
    return village().cairn("alice-1",
                           {"register", "alice@localhost", "--server", url, "--policy", village().policy_file()},
                           std::chrono::seconds(60));
  };
  const demo::Said wrong = at("http://127.0.0.1:9");  // discard: nobody listens
  EXPECT_EQ(wrong.exit_code, 3) << wrong.error;
  EXPECT_FALSE(wrong.shown_key.empty()) << wrong.json;
  const nlohmann::json status = village().cairn("alice-1", {"status"}).json;
  EXPECT_EQ(status["state"], "registering");
  EXPECT_FALSE(status["trouble"].get<std::string>().empty());
  const demo::Said done = at(right);
  must(done);
  EXPECT_TRUE(done.shown_key.empty()) << "the first one holds";
  must(enroll("alice-2", "recover", "alice@localhost", wrong.shown_key + "\n"));
}

}  // namespace
}  // namespace cairn::e2e
