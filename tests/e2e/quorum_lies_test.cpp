// What all auditors and witnesses of some people cosign, as no honest one does: what a client knows by itself still
// holds, and each lie meets its own rule.
#include "core/base/encoding.h"
#include "tests/e2e/lying_village.h"

namespace cairn::e2e {
namespace {

using lying::Auditors;
using lying::Lie;
using std::chrono::seconds;

/// Dave's name can be reset. Alice and eve know him; frank knows the log alone.
class LiesOfAQuorum : public LyingVillage {
 protected:
  LiesOfAQuorum() : LyingVillage("dave@localhost") {}
  void SetUp() override {
    LyingVillage::SetUp();
    policy_ = folder_.string() + "-colluders";
    begin({"--colluders", policy_, "--accomplice", "mallory@localhost"});
    for (const std::string who : {"alice", "eve", "frank", "mallory"}) enrol(who, {});
    enrol("dave", {"--reset-delay", "3"});
    for (const std::string who : {"alice", "eve"}) talk(who);
  }
  void TearDown() override {
    std::filesystem::remove(policy_);
    LyingVillage::TearDown();
  }
  void enrol(const std::string& who, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"register", who + "@localhost", "--server", village_->url(), "--policy", policy_};
    words.insert(words.end(), more.begin(), more.end());
    must(village_->cairn(who, words, seconds(60)));
  }
  /// They know each other, and each other's devices. Neither reports what has come: what is sent later is words.
  void talk(const std::string& who) {
    must(village_->cairn(who, {"send", "dave@localhost", "hello"}));
    must(village_->cairn("dave", {"read", who + "@localhost"}));
    must(village_->cairn("dave", {"send", who + "@localhost", "hello"}));
    ASSERT_TRUE(eventually([&] { return has_text(who, "dave@localhost", "dave@localhost: hello"); }));
    must(village_->cairn(who, {"conversation", "receipts", "dave@localhost", "off"}));
    must(village_->cairn("dave", {"conversation", "receipts", who + "@localhost", "off"}));
    for (const std::string& device : {who, std::string("dave")}) must(village_->cairn(device, {"read"}));
  }
  /// Dave had a second device, which the server has the key of.
  void dave_removes_a_device() {
    demo::Process link = demo::Process::start(
        command_of("dave-2", {"--json", "link", "dave@localhost", "--server", village_->url(), "--policy", policy_}),
        (folder_ / "dave-2-link.log").string());
    must(village_->cairn("dave", {"device", "approve", code_of(link), "--yes"}, seconds(60)));
    const auto count = [&] { return chain().count(); };
    ASSERT_TRUE(eventually([&] { return count() == 2; }));
    ASSERT_TRUE(eventually([&] { return !link.running(); }, seconds(30)));
    must(village_->cairn("dave", {"read"}));
    const auto second = chain().devices().back();
    must(village_->cairn("dave", {"device", "remove", to_hex(second.id)}));
    ASSERT_TRUE(eventually([&] { return count() == 3; }));
    ASSERT_NO_FATAL_FAILURE(give_key_of("dave-2"));
    must(village_->cairn("dave", {"read"}));  // and is alone in his conversations again
  }
  void expect_row(const std::string& stranger, const std::string& contact, Lie lie) {
    const lying::Expected& row = lying::expected(lie, Auditors::colluding);
    const std::string word(lying::word_of(lie));
    if (row.stranger != lying::kBelieved) expect_unsent(stranger, word, row.stranger);
    if (row.contact != lying::kBelieved) expect_unbelieved(contact, word, row.contact);
    // Without one of the auditors nothing is looked at.
    expect_unsent(contact, word + "-but-one", "condition 1: no quorum");
  }

  std::string policy_;
};

TEST_F(LiesOfAQuorum, AboutAChainMeetTheirOwnRule) {
  ASSERT_NO_FATAL_FAILURE(dave_removes_a_device());
  for (const std::string who : {"alice", "eve"}) must(village_->cairn(who, {"read"}));
  must(village_->cairn("eve", {"contact", "verify", "dave@localhost"}));
  must(village_->cairn("frank", {"contact", "verify", "eve@localhost"}));
  const Stored before = settled();
  for (const Lie lie : lying::kChainLies) expect_row("frank", "eve", lie);
  expect_nothing_grew(before);

  // Whom a client has never heard of it takes as auditors vouch for him; where it is nobody, nothing is sent to him.
  tell("false-absence");
  const demo::Said absent = village_->cairn("frank", {"send", "dave@localhost", "to nobody", "--fresh"});
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_NE(absent.error.find("There is no dave@localhost"), std::string::npos) << absent.error;
  expect_nothing_grew(before);
}

TEST_F(LiesOfAQuorum, AboutAResetMeetTheirOwnRule) {
  ASSERT_NO_FATAL_FAILURE(ask_for_the_name());
  must(village_->cairn("eve", {"contact", "verify", "dave@localhost"}));  // she has seen the request, alice has not
  must(village_->cairn("frank", {"contact", "verify", "eve@localhost"}));
  must(village_->cairn("alice", {"contact", "verify", "eve@localhost"}));
  const Stored before = settled();
  for (const Lie lie : lying::kResetLies) expect_row("frank", lie == Lie::hidden_reset ? "eve" : "alice", lie);
  for (const Lie lie : lying::kCosignedLies) {
    if (lie != Lie::false_completion) expect_row("frank", "alice", lie);  // of that below
  }
  expect_unsent("alice", "false-completion-but-one", "condition 1: no quorum");
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice", {"send", "dave@localhost", "honest again", "--fresh"}));
  ASSERT_TRUE(eventually([&] { return has_text("dave", "alice@localhost", "alice@localhost: honest again"); }));
  EXPECT_EQ(texts("dave", "alice@localhost").size(), 3u);
}

/// A lie for one epoch, which all cosign, is believed by who knows no better, and can never be taken back.
TEST_F(LiesOfAQuorum, ForOneEpochStayInTheLogOfWhoBelievedThem) {
  must(village_->cairn("frank", {"contact", "verify", "eve@localhost"}));
  tell("flash");
  must(village_->cairn("frank", {"contact", "verify", "dave@localhost"}));
  const Stored before = settled();
  tell("none");
  expect_refused(village_->cairn("frank", {"send", "dave@localhost", "in honest times", "--fresh"}), "none",
                 "condition 2: smaller than one verified before");
  ASSERT_NO_FATAL_FAILURE(ask_for_the_name());  // an epoch, so that the sizes are the same
  expect_refused(village_->cairn("frank", {"send", "dave@localhost", "in honest times", "--fresh"}), "none",
                 "condition 3: another log of the same size");
  expect_nothing_grew(before);
}

/// The record's clock is set ahead, past the delay. Who holds the owner's veto refuses that; who does not believes that
/// the name was reset, and sends nothing to it either.
TEST_F(LiesOfAQuorum, ThatCompleteAResetReachNobodyWithoutASentence) {
  ASSERT_NO_FATAL_FAILURE(ask_for_the_name());
  Stored before = stored();
  tell("false-completion");
  const demo::Said stopped = village_->cairn("eve", {"send", "dave@localhost", "to whom?", "--fresh"});
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_NE(stopped.error.find("The name dave@localhost was reset"), std::string::npos) << stopped.error;
  EXPECT_NE(stopped.error.find("Nothing is sent to it"), std::string::npos) << stopped.error;
  tell("none");
  expect_nothing_grew(before);

  must(village_->cairn("alice", {"contact", "verify", "dave@localhost"}));  // she has seen the request
  const demo::Said vetoed = village_->cairn("dave", {"veto"}, std::chrono::seconds(60));
  must(vetoed);
  must(village_->cairn("dave", {"send", "alice@localhost", "it was not me"}));  // behind the veto, which she is told
  before = stored();
  tell("false-completion");
  ASSERT_TRUE(eventually([&] { return has_text("alice", "dave@localhost", "dave@localhost: it was not me"); }));
  expect_unbelieved("alice", "false-completion", lying::expected(Lie::false_completion, Auditors::colluding).contact);
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice", {"send", "dave@localhost", "I know", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("dave", "alice@localhost", "alice@localhost: I know"); }));
}

}  // namespace
}  // namespace cairn::e2e
