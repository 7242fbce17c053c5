// A server that puts its lie into its log, honest auditors, and a client that waits: what the auditors say, what the
// client says, and that nothing is sent.
#include "tests/lying/false_epoch.h"

#include <algorithm>

#include "tests/e2e/lying_village.h"

namespace cairn::e2e {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kNoQuorum = "condition 1: no quorum";
constexpr std::string_view kNotFresh = "condition 2: not fresh";

/// Dave's name can be reset. Alice knows him, and has never written to carol.
class LiesInTheLog : public LyingVillage {
 protected:
  LiesInTheLog() : LyingVillage("dave@localhost") {}
  void SetUp() override {
    LyingVillage::SetUp();
    for (const char* who :
         {"cairnd", "cosigner0", "cosigner1", "cosigner2", "cosigner3", "alice-1", "carol-1", "dave-1"}) {
      trouble(who);
    }
    begin({});
    must(village_->register_person("alice-1", "alice@localhost"));
    must(village_->register_person("carol-1", "carol@localhost"));
    must(village_->cairn("dave-1",
                         {"register", "dave@localhost", "--server", village_->url(), "--policy",
                          village_->policy_file(), "--reset-delay", "3"},
                         seconds(60)));
    village_->start_daemon("dave-1");
    must(village_->cairn("alice-1", {"send", "dave@localhost", "hello"}));
    EXPECT_TRUE(eventually([&] { return has_text("dave-1", "alice@localhost", "alice@localhost: hello"); }));
  }

  /// The server begins again, with what the word says in its log.
  void put_into_log(const std::string& word) {
    tell(word);
    village_->stop_server(SIGTERM);
    village_->start_server();
  }
  std::size_t times_said(std::string_view words) {
    const std::string log = village_->server().output();
    std::size_t count = 0;
    for (std::size_t at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++count;
    return count;
  }
  /// Both auditors refuse it, in one of these words; the witnesses, who look whether the log has only grown, do not.
  void expect_auditors_say(const std::vector<std::string_view>& words) {
    const auto all_have_answered = [&] {
      std::size_t count = 0;
      for (const std::string_view one : words) count += times_said(one);
      return count >= 2 && times_said(": cosigned") >= 2;
    };
    EXPECT_TRUE(eventually(all_have_answered, seconds(60))) << village_->server().output();
    EXPECT_EQ(times_said(": cosigned"), 2u) << village_->server().output();
  }
  /// Nothing is vouched for any more; which name is asked for first, its own or the other one, is the client's affair.
  void expect_not_fresh(const std::string& device) {
    const demo::Said said = village_->cairn(device, {"send", victim_, "to whom he is not", "--fresh"});
    EXPECT_EQ(said.exit_code, 1);
    const std::string own = device.substr(0, device.find('-')) + "@localhost";
    EXPECT_TRUE(said.error == lying::sentence(victim_, kNotFresh) ||
                said.error == lying::sentence(own, kNotFresh, lying::Whose::own))
        << said.error;
  }
  void all_clocks(seconds ahead) {
    for (const std::string& who : troubled_) set_clock(who, ahead);
  }
};

class EachLieInTheLog : public LiesInTheLog, public ::testing::WithParamInterface<const char*> {};

TEST_P(EachLieInTheLog, IsRefusedByTheAuditorsAndNotSentTo) {
  const std::string word = GetParam();
  const auto rows = lying::refusals();
  const auto row = std::ranges::find_if(rows, [&](const auto& it) { return it.word == word; });
  ASSERT_NE(row, rows.end());
  if (word == "epoch-completion") {
    ASSERT_NO_FATAL_FAILURE(ask_for_the_name());
  }
  Stored before = settled();
  put_into_log(word);
  expect_auditors_say({row->rule});

  // It is shown, with whatever cosignatures it has.
  expect_unsent("carol-1", "false-epoch", kNoQuorum);
  expect_unbelieved("alice-1", "false-epoch", kNoQuorum);
  expect_nothing_grew(before);
  if (word == "epoch-flash") {
    put_into_log("epoch-taken-back");  // they read what was before it, or do not even look
    expect_auditors_say({row->rule, "not audited up to here yet"});
  }

  // It is not shown: the last true epoch grows old, and no auditor says more.
  tell("none");
  all_clocks(minutes(20));
  const demo::Said waits = village_->cairn("alice-1", {"send", "carol@localhost", "hello carol", "--wait", "5"});
  EXPECT_EQ(waits.exit_code, 3);
  EXPECT_TRUE(waits.error.starts_with("The newest word of the auditors about carol@localhost is 2")) << waits.error;
  EXPECT_NE(waits.error.find(" minutes old by the clock of this device, and a first message needs one of at most 15; "
                             "see that the clock is right, or wait until the auditors are back."),
            std::string::npos)
      << waits.error;
  all_clocks(hours(25));
  expect_not_fresh("alice-1");
  ++before["channels"];  // with carol, and empty
  expect_nothing_grew(before);
  EXPECT_FALSE(has_text("carol-1", "alice@localhost", "alice@localhost: hello carol"));
}

INSTANTIATE_TEST_SUITE_P(Lies, EachLieInTheLog,
                         ::testing::Values("epoch-flash", "epoch-silent-request", "epoch-backdated-request",
                                           "epoch-completion"));

/// The server takes dave's veto and drops it. It has reached the auditors: when the delay is over they refuse the
/// completion, and nobody's device believes it.
TEST_F(LiesInTheLog, ThatCompleteAResetBehindACensoredVetoAreRefused) {
  ASSERT_NO_FATAL_FAILURE(ask_for_the_name());
  const auto status = [&] { return village_->cairn("dave-1", {"status"}).json; };
  ASSERT_TRUE(eventually([&] { return status()["alarms"].size() == 1; }));
  tell("censored-veto");
  const demo::Said vetoed = village_->cairn("dave-1", {"veto"}, seconds(60));
  must(vetoed);
  EXPECT_EQ(vetoed.json["vetoed"], false) << vetoed.json;
  EXPECT_EQ(vetoed.json["auditors_have"], 2) << vetoed.json;
  EXPECT_TRUE(chain().open_reset().has_value());

  for (const char* device : {"alice-1", "carol-1", "dave-1"}) village_->stop_daemon(device);
  village_->stop_server(SIGTERM);
  wait_at_auditors(hours(75));
  set_all_clocks();
  tell("epoch-completion");
  village_->start_server();
  expect_auditors_say({"rule 9: its owner vetoed it"});
  for (const char* device : {"alice-1", "dave-1"}) village_->start_daemon(device);
  const Stored before = settled();
  expect_auditors_say({"rule 9: its owner vetoed it"});

  expect_not_fresh("alice-1");  // shown is the epoch before, of three days ago
  tell("false-epoch");
  const std::string dave = "dave@localhost";
  expect_refused(village_->cairn("alice-1", {"contact", "verify", dave}), "false-epoch", kNoQuorum);
  const demo::Said own = village_->cairn("dave-1", {"contact", "verify", dave});
  EXPECT_EQ(own.exit_code, 1);
  EXPECT_EQ(own.error, lying::sentence(dave, kNoQuorum, lying::Whose::own));
  expect_not_fresh("alice-1");
  expect_nothing_grew(before);
  EXPECT_EQ(status()["state"], "active");
  EXPECT_EQ(status()["alarms"].size(), 1u) << status();
  EXPECT_EQ(status()["veto"]["auditors_have"], 2) << status();
}

}  // namespace
}  // namespace cairn::e2e
