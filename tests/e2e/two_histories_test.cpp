// A directory that shows two people two histories, with every cosigner of theirs in league: no policy can refuse it,
// and one unaltered message between the two convicts it.
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class TwoHistories : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    lie_file_ = folder_.string() + "-lie";
    policy_ = folder_.string() + "-colluders";
    show("first");
    village("cairn-lying-server", {"--about", "bob@localhost", "--lie-file", lie_file_, "--colluders", policy_});
  }
  void TearDown() override {
    for (const std::string& file : {lie_file_, policy_, evidence_}) std::filesystem::remove(file);
    VillageTest::TearDown();
  }

  /// Which history it shows to whoever asks now. Without daemons that is the next command.
  void show(const std::string& history) { std::ofstream(lie_file_) << (history == "second" ? "split" : "none"); }
  void enroll(const std::string& device, const std::string& name) {
    must(village_->cairn(device, {"register", name, "--server", village_->url(), "--policy", policy_}));
  }
  demo::Said by_alice(const std::vector<std::string>& words) {
    show("first");
    return village_->cairn("alice-1", words);
  }
  demo::Said by_bob(const std::vector<std::string>& words) {
    show("second");
    return village_->cairn("bob-1", words);
  }
  bool alice_has_evidence() {
    const demo::Said list = by_alice({"gossip", "list"});
    return list.good() && !list.json["evidence"].empty();
  }

  std::string lie_file_, policy_;
  std::string evidence_ = std::filesystem::temp_directory_path() / ("cairn-evidence-" + std::to_string(getpid()));
};

TEST_F(TwoHistories, AreProvedByOneMessageThoughEveryCosignerColluded) {
  enroll("alice-1", "alice@localhost");
  enroll("bob-1", "bob@localhost");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "hello"}));
  must(village_->cairn("bob-1", {"read"}));
  must(village_->cairn("bob-1", {"send", "alice@localhost", "hello"}));
  must(village_->cairn("alice-1", {"read"}));
  enroll("carol-1", "carol@localhost");  // an epoch that neither of the two has seen

  must(by_bob({"contact", "verify", "alice@localhost"}));
  const demo::Said bobs = by_bob({"contact", "show", "alice@localhost"});
  must(by_alice({"contact", "verify", "bob@localhost"}));
  const demo::Said alices = by_alice({"contact", "show", "bob@localhost"});
  ASSERT_EQ(bobs.json["log_size"], alices.json["log_size"]);
  EXPECT_TRUE(by_alice({"status"}).json["alarms"].empty());

  must(by_bob({"send", "alice@localhost", "one unaltered message"}));
  must(by_alice({"read"}));  // and asks for his note
  const demo::Said suspicious = by_alice({"status"});
  ASSERT_EQ(suspicious.json["alarms"].size(), 1u) << suspicious.json.dump();
  const std::string sentence = suspicious.json["alarms"][0]["sentence"];
  EXPECT_NE(sentence.find("bob@localhost"), std::string::npos) << sentence;
  EXPECT_TRUE(eventually(
      [&] {
        by_bob({"read"});  // and shows it
        by_alice({"read"});
        return alice_has_evidence();
      },
      std::chrono::seconds(60)));

  const demo::Said refused = by_alice({"send", "carol@localhost", "to somebody new"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error.find("nobody new of localhost"), std::string::npos) << refused.error;
  must(by_alice({"send", "bob@localhost", "to somebody known"}));

  must(by_alice({"evidence", "export", evidence_}));
  const demo::Said verified = village_->cairn("nobody", {"evidence", "verify", evidence_});
  must(verified);
  EXPECT_EQ(verified.json["origin"], "localhost/cairn");
  EXPECT_EQ(verified.json["first"]["quorum"], true);
  EXPECT_EQ(verified.json["second"]["quorum"], true);
  EXPECT_NE(verified.json["first"]["root"], verified.json["second"]["root"]);
  EXPECT_FALSE(std::filesystem::exists(village_->device_folder("nobody")));
  std::ofstream(evidence_, std::ios::app) << "more";
  EXPECT_EQ(village_->cairn("nobody", {"evidence", "verify", evidence_}).exit_code, 1);
}

}  // namespace
}  // namespace cairn::e2e
