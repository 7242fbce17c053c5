// Invitations: made while the server runs and while it is stopped, each good for as many names as it says.
#include <sys/stat.h>

#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class Invite : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    sign_up_ = "invite";
    village();
  }

  demo::Finished invite(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {program_folder() + "/cairnd", "--data", village().server_folder(), "invite"};
    words.insert(words.end(), more.begin(), more.end());
    return demo::run(words, std::chrono::seconds(20));
  }
  std::string code(const std::vector<std::string>& more = {}) {
    const demo::Finished made = invite(more);
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(made.out.size(), 20u) << made.out;  // four groups of four, hyphens, and the end of the line
    return made.out.substr(0, made.out.find('\n'));
  }
  demo::Said register_with(const std::string& device, const std::string& name, const std::string& invitation) {
    return village().cairn(device, {"register", name, "--server", village().url(), "--policy", village().policy_file(),
                                    "--invitation", invitation});
  }
};

TEST_F(Invite, WorksWhileTheServerRuns) {
  const std::string good = code();
  must(register_with("alice-1", "alice@localhost", good));
  const demo::Said used_up = register_with("bob-1", "bob@localhost", good);
  EXPECT_EQ(used_up.exit_code, 1);
  EXPECT_FALSE(used_up.error.empty());
  const std::string for_two = code({"--uses", "2", "--days", "1"});
  must(register_with("bob-1", "bob@localhost", for_two));
  must(register_with("carol-1", "carol@localhost", for_two));
  EXPECT_EQ(register_with("dave-1", "dave@localhost", for_two).exit_code, 1);
}

TEST_F(Invite, WorksWhileTheServerIsStoppedAndTheCodeIsKept) {
  village().stop_server(SIGTERM);
  const std::string stopped = code();
  village().start_server();
  const std::string running = code();
  village().stop_server(SIGKILL);
  village().start_server();
  must(register_with("alice-1", "alice@localhost", stopped));
  must(register_with("bob-1", "bob@localhost", running));
}

TEST_F(Invite, IsForTheOwnerOfTheDataFolderAlone) {
  struct stat found = {};
  ASSERT_EQ(stat((village().server_folder() + "/socket").c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(Invite, RefusesNumbersThatMeanNothing) {
  for (const std::string uses : {"0", "1000001", "many", "-1"}) {
    const demo::Finished refused = invite({"--uses", uses});
    EXPECT_NE(refused.exit_code, 0) << uses;
    EXPECT_TRUE(refused.out.empty()) << uses;
  }
}

TEST_F(Invite, SaysThatNobodyAnswers) {
  village().server().signal(SIGSTOP);  // it holds the folder, and does nothing
  const demo::Finished made = invite();
  village().server().signal(SIGCONT);
  EXPECT_EQ(made.exit_code, 1);
  EXPECT_NE(made.err.find("does not answer"), std::string::npos) << made.err;
}

}  // namespace
}  // namespace cairn::e2e
