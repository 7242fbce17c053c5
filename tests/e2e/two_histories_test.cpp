// A directory that shows two people two histories, with every cosigner of theirs in league: no policy can refuse it,
// and one unaltered message between the two convicts it. Whoever has the proof is told so in one sentence, and sends
// nothing to anybody new.
#include "tests/e2e/lying_village.h"

namespace cairn::e2e {
namespace {

constexpr const char* kProof =
    "The directory of localhost has two histories, and showed one to this device and the other to bob@localhost: this "
    "device has the proof, and writes to nobody new of localhost any more; save the proof with evidence export, and "
    "show it to others.";

class TwoHistories : public LyingVillage {
 protected:
  TwoHistories() : LyingVillage("bob@localhost") {}
  void SetUp() override {
    LyingVillage::SetUp();
    policy_ = folder_.string() + "-colluders";
    begin({"--colluders", policy_});
  }
  void TearDown() override {
    for (const std::string& file : {policy_, evidence_}) std::filesystem::remove(file);
    LyingVillage::TearDown();
  }

  /// Which history it shows to whoever asks now. Without daemons that is the next command.
  void show(const std::string& history) { tell(history == "second" ? "split" : "none"); }
  /// Its device.
  std::string enroll(const std::string& device, const std::string& name) {
    const demo::Said said =
        village_->cairn(device, {"register", name, "--server", village_->url(), "--policy", policy_});
    must(said);
    return said.json.value("device", "");
  }
  /// Alice and bob know each other. Neither reports what has come: what is sent later is words.
  void meet() {
    enroll("alice-1", "alice@localhost");
    bobs_device_ = enroll("bob-1", "bob@localhost");
    must(village_->cairn("alice-1", {"send", "bob@localhost", "hello"}));
    must(village_->cairn("bob-1", {"read"}));
    must(village_->cairn("bob-1", {"send", "alice@localhost", "hello"}));
    must(village_->cairn("alice-1", {"read"}));
    must(village_->cairn("alice-1", {"conversation", "receipts", "bob@localhost", "off"}));
    must(village_->cairn("bob-1", {"conversation", "receipts", "alice@localhost", "off"}));
    for (const char* device : {"alice-1", "bob-1"}) must(village_->cairn(device, {"read"}));
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
  /// The one alarm that alice has.
  std::string alarm() {
    const demo::Said status = by_alice({"status"});
    EXPECT_EQ(status.json["alarms"].size(), 1u) << status.json.dump();
    return status.json["alarms"].size() == 1 ? status.json["alarms"][0].value("sentence", "") : "";
  }
  /// What she is told while she has bob's word alone.
  std::string suspicion() const {
    return "bob@localhost (device " + bobs_device_.substr(0, 8) +
           ") says that it verified another history of the directory of localhost than this device did: that directory "
           "lies to one of you, or that device does not tell the truth. Until that is settled nobody new of localhost "
           "is written to; ask bob@localhost another way, and if you do not believe that device say so with gossip "
           "dismiss bob@localhost.";
  }
  /// Bob shows his note when alice has asked for it: then she has the proof.
  void expect_proof() {
    EXPECT_TRUE(eventually(
        [&] {
          by_bob({"read"});
          by_alice({"read"});
          return alice_has_evidence();
        },
        std::chrono::seconds(60)));
    EXPECT_EQ(alarm(), kProof);
  }
  /// Whether carol is looked up first or not; known devices are written to all the same.
  void expect_nothing_is_sent_to_anybody_new() {
    must(by_alice({"read"}));
    Stored before = settled();
    for (const bool fresh : {true, false}) {
      std::vector<std::string> words = {"send", "carol@localhost", "to somebody new"};
      if (fresh) words.emplace_back("--fresh");
      const demo::Said refused = by_alice(words);
      EXPECT_EQ(refused.exit_code, 1);
      EXPECT_EQ(refused.error, kProof);
      if (!fresh) ++before["channels"];  // with carol, and empty
      expect_nothing_grew(before);
    }
    must(by_alice({"send", "bob@localhost", "to somebody known"}));
    show("second");
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: to somebody known"); }));
  }
  void expect_evidence_that_anybody_can_verify() {
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

  std::string policy_, bobs_device_;
  std::string evidence_ = std::filesystem::temp_directory_path() / ("cairn-evidence-" + std::to_string(getpid()));
};

TEST_F(TwoHistories, AreProvedByOneMessageThoughEveryCosignerColluded) {
  ASSERT_NO_FATAL_FAILURE(meet());
  enroll("carol-1", "carol@localhost");  // an epoch that neither of the two has seen

  must(by_bob({"contact", "verify", "alice@localhost"}));
  const demo::Said bobs = by_bob({"contact", "show", "alice@localhost"});
  must(by_alice({"contact", "verify", "bob@localhost"}));
  const demo::Said alices = by_alice({"contact", "show", "bob@localhost"});
  ASSERT_EQ(bobs.json["log_size"], alices.json["log_size"]);
  EXPECT_TRUE(by_alice({"status"}).json["alarms"].empty());

  must(by_bob({"send", "alice@localhost", "one unaltered message"}));
  must(by_alice({"read"}));  // and asks for his note
  EXPECT_EQ(alarm(), suspicion());
  expect_proof();
  expect_nothing_is_sent_to_anybody_new();
  expect_evidence_that_anybody_can_verify();
}

/// Alice has never seen the epoch that bob was shown another one of: what it was the server itself has to prove to her.
TEST_F(TwoHistories, OfDifferentSizesAreProvedByTheServersOwnWord) {
  ASSERT_NO_FATAL_FAILURE(meet());
  enroll("carol-1", "carol@localhost");
  must(by_bob({"contact", "verify", "alice@localhost"}));
  const demo::Said bobs = by_bob({"contact", "show", "alice@localhost"});
  show("first");
  enroll("dave-1", "dave@localhost");
  must(by_alice({"contact", "verify", "bob@localhost"}));
  const demo::Said alices = by_alice({"contact", "show", "bob@localhost"});
  ASSERT_LT(bobs.json["log_size"], alices.json["log_size"]);
  EXPECT_TRUE(by_alice({"status"}).json["alarms"].empty());

  must(by_bob({"send", "alice@localhost", "one unaltered message"}));
  expect_proof();
  expect_nothing_is_sent_to_anybody_new();
  expect_evidence_that_anybody_can_verify();
}

}  // namespace
}  // namespace cairn::e2e
