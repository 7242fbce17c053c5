// A server that lies about bob: refused in one sentence, and nothing is sent.
#include <fstream>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class Lies : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    file_ = folder_.string() + "-lie";
    tell("none");
    village("cairn-lying-server",
            {"--about", "bob@localhost", "--accomplice", "mallory@localhost", "--lie-file", file_});
    must(village_->register_person("alice-1", "alice@localhost"));
    must(village_->register_person("bob-1", "bob@localhost"));
    must(village_->register_person("mallory-1", "mallory@localhost"));
  }
  void TearDown() override {
    std::filesystem::remove(file_);
    VillageTest::TearDown();
  }

  void tell(const std::string& lie) { std::ofstream(file_) << lie; }

  void expect_refused(const demo::Said& said, const std::string& lie) {
    EXPECT_EQ(said.exit_code, 1) << lie;
    EXPECT_NE(said.error.find("was refused (condition "), std::string::npos) << lie << ": " << said.error;
    EXPECT_NE(said.error.find("nothing was sent"), std::string::npos) << lie << ": " << said.error;
  }

  std::string file_;
};

TEST_F(Lies, AboutAFirstContactAreRefusedAndTheTruthIsBelievedAgain) {
  for (const std::string lie : {"unsigned-device", "another-name", "forked-map", "forked-with-lines", "false-reset"}) {
    tell(lie);
    expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "while it lies: " + lie, "--fresh"}), lie);
  }
  tell("none");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "in honest times", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: in honest times"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 1u);
}

TEST_F(Lies, AboutAKnownContactAreRefusedToo) {
  must(village_->cairn("alice-1", {"send", "bob@localhost", "in honest times"}));
  for (const std::string lie : {"unsigned-device", "forked-map", "forked-with-lines", "false-absence", "false-reset"}) {
    tell(lie);
    expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "while it lies: " + lie, "--fresh"}), lie);
    expect_refused(village_->cairn("alice-1", {"contact", "verify", "bob@localhost"}), lie);
  }
  tell("none");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "honest again"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: honest again"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 2u);
}

TEST(Cairnd, HasNothingThatLiesOrReads) {
  const std::string folder = program_folder();
  const demo::Finished honest = demo::run({"/usr/bin/nm", "-C", folder + "/cairnd"}, std::chrono::seconds(60));
  const demo::Finished lying =
      demo::run({"/usr/bin/nm", "-C", folder + "/cairn-lying-server"}, std::chrono::seconds(60));
  ASSERT_EQ(honest.exit_code, 0);
  ASSERT_EQ(lying.exit_code, 0);
  EXPECT_NE(lying.out.find("cairn::lying::"), std::string::npos);
  for (const std::string word : {"cairn::lying::", "cairn::mls::", "cairn::client::"}) {
    EXPECT_EQ(honest.out.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace cairn::e2e
