#include "tests/lying/liar.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/directory/verifier.h"
#include "tests/lying/expected.h"
#include "tests/lying/own_store.h"
#include "tests/support/refused.h"
#include "tests/support/relay_people.h"
#include "tests/support/source_dir.h"
#include "tests/support/test_cosigner.h"

namespace cairn::lying {
namespace {

using testing::RelayDriver;
using testing::TestPerson;

/// A server with a liar inside; bob has two devices, mallory one.
class LiarTest : public ::testing::Test {
 protected:
  LiarTest() {
    std::string text;
    for (const auto& it : cosigners.all) text += it.policy_line();
    policy =
        *tlog::ClientPolicy::parse(text + "group auditors 2 one.example two.example three.example\nquorum auditors\n");
    take(bob, bob.genesis(phone));
    take(mallory, mallory.genesis(mallory.new_device()));
    cosigners.pass(driver, 2000);
    EXPECT_TRUE(look().has_value());  // the liar keeps this answer
    publish(bob, bob.add(tablet, phone));
    liar.set_own_name(mallory.name());
  }
  void publish(TestPerson& person, const directory::Statement& statement) {
    take(person, statement);
    cosigners.pass(driver, 2000);
  }
  void take(TestPerson& person, const directory::Statement& statement) {
    person.take(statement);
    ASSERT_EQ(testing::submit(driver, statement).status, 202);
  }
  Result<directory::Lookup> look(const directory::Known& known = {}) {
    const auto answer = testing::look_up(driver, directory::make_lookup(bob.name(), known));
    EXPECT_EQ(answer.status, 200);
    auto response = wire::decode<directory::LookupResponse>(answer.body);
    if (!response) return fail(response.error().code, response.error().where);
    return directory::verify_lookup(bob.name(), known, *policy, *response, driver.now);
  }

  /// What is told to who has seen the log and never the name, or knows the name: refused, or believed, as the table
  /// says. The log is as it was when it was looked at last.
  void expect_told(const Expected& row, const directory::Known& contact, const directory::DomainState& log) {
    const directory::Known stranger{&log, nullptr, {}};
    const auto told = [&](const directory::Known& who) {
      liar.tell(row.lie);
      return row.auditors == Auditors::honest ? look(who) : look_cosigned(who, cosigned_at(row.lie, driver.now));
    };
    for (const auto& [who, condition] : {std::pair(stranger, row.stranger), std::pair(contact, row.contact)}) {
      const auto answer = told(who);
      if (condition == kBelieved) {
        EXPECT_TRUE(testing::accepted(answer)) << describe(row.lie);
      } else {
        EXPECT_TRUE(testing::refused(answer, condition)) << describe(row.lie);
      }
    }
    liar.tell(Lie::none);
  }
  /// As everybody sees it who asks now.
  directory::DomainState log_now() { return must(look()).domain; }
  static directory::Lookup must(Result<directory::Lookup> answer) {
    CHECK(answer.has_value());
    return std::move(*answer);
  }

  /// A look-up that all auditors cosign, whatever it says.
  Result<directory::Lookup> look_cosigned(const directory::Known& known, Time cosigned) {
    const auto answer = testing::look_up(driver, directory::make_lookup(bob.name(), known));
    auto response = *wire::decode<directory::LookupResponse>(answer.body);
    auto checkpoint = *tlog::SignedCheckpoint::parse(response.checkpoint, tlog::ExtensionLines::refuse);
    // What has a single line is the liar's own, signed as it wants; the truth loses the lines of who is honest.
    if (checkpoint.note().signatures.size() != 1) {
      checkpoint = tlog::SignedCheckpoint::sign(checkpoint.claim(), log_key(driver.store));
    }
    for (auto& it : cosigners.all) CHECK(checkpoint.add(it.lie_about(checkpoint.note().text, cosigned)).has_value());
    response.checkpoint = checkpoint.encode();
    return directory::verify_lookup(bob.name(), known, *policy, response, driver.now);
  }

  testing::SeededEntropy entropy{3};
  TestPerson bob{"bob@example.org", 1};
  TestPerson mallory{"mallory@example.org", 2};
  testing::TestDevice phone = bob.new_device();
  testing::TestDevice tablet = bob.new_device();
  Liar liar{bob.name(), entropy};
  testing::TestCosigners cosigners;
  RelayDriver driver{cosigners.config(), 7, &liar};
  std::optional<tlog::ClientPolicy> policy;
};

TEST_F(LiarTest, NoLieIsBelievedAndTheTruthIsBelievedAgain) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  publish(bob, bob.by_recovery(directory::ReplaceRecovery{}));
  const auto log = log_now();
  for (const Expected& row : expected_of(kAllLies, Auditors::honest)) {
    expect_told(row, {&log, &before->view, {}}, log);
    const auto truth = look();
    ASSERT_TRUE(testing::accepted(truth));
    EXPECT_EQ(truth->view.state(), bob.state);
  }
}

TEST_F(LiarTest, WhoSeesTheLogForTheFirstTimeRefusesAnotherConfigToo) {
  liar.tell(Lie::another_config);
  EXPECT_TRUE(testing::refused(look(), "condition 4: not the config of the record"));
}

TEST_F(LiarTest, AnOldAnswerIsRefusedByWhoKnowsBetterAndByAllAfterADay) {
  const auto newest = look();
  ASSERT_TRUE(testing::accepted(newest));
  liar.tell(Lie::replayed_answer);
  const directory::Known known{&newest->domain, nullptr, {}};
  EXPECT_FALSE(look(known).has_value());
  driver.now = after(driver.now, kDayMs + kMinuteMs);
  EXPECT_TRUE(testing::refused(look(), "condition 2"));
}

TEST_F(LiarTest, ALieForASingleEpochIsRefusedAndTheNextOneIsBelieved) {
  liar.tell(Lie::flash);
  EXPECT_TRUE(testing::refused(look(), "condition 1"));
  EXPECT_TRUE(testing::refused(look(), "condition 1"));
  take(mallory, mallory.by_recovery(directory::ReplaceRecovery{}));
  cosigners.pass(driver, 2000);
  const auto truth = look();
  ASSERT_TRUE(testing::accepted(truth));
  EXPECT_EQ(truth->view.state(), bob.state);
}

/// The removed device helps the server: it signs whatever is wanted.
TEST_F(LiarTest, NoLieAboutARemovedDeviceIsBelievedThoughItSigns) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  publish(bob, bob.by_device(directory::RemoveDevice{tablet.device.id()}, phone));
  liar.set_removed_key(tablet.key.clone());
  const auto log = log_now();
  for (const Lie lie : {Lie::brought_back, Lie::undone_removal, Lie::dropped_statement}) {
    expect_told(expected(lie, Auditors::honest), {&log, &before->view, {}}, log);
  }
  const auto truth = look();
  ASSERT_TRUE(testing::accepted(truth));
  EXPECT_FALSE(truth->view.state().is_active(tablet.device.id()));
}

/// What it signs is signed by it: refused is that it may not, or not any more.
TEST_F(LiarTest, WhatARemovedDeviceSignsIsRefusedForWhoSignedIt) {
  publish(bob, bob.by_device(directory::RemoveDevice{tablet.device.id()}, phone));
  liar.set_removed_key(tablet.key.clone());
  for (const Lie lie : kRemovalLies) {
    liar.tell(lie);
    const auto answer = testing::look_up(driver, directory::make_lookup(bob.name(), {}));
    const auto statements = wire::decode<directory::LookupResponse>(answer.body)->statements;
    ASSERT_FALSE(statements.empty());
    EXPECT_TRUE(testing::accepted(statements.back().verify_signatures()));
    EXPECT_EQ(statements.back().signatures.front().key, tablet.key.public_key());
    directory::NameState state(bob.name());
    for (std::size_t i = 0; i + 1 < statements.size(); ++i) ASSERT_TRUE(testing::accepted(state.apply(statements[i])));
    const Status last = state.apply(statements.back());
    if (lie == Lie::brought_back) {
      EXPECT_TRUE(testing::refused(last, "chain: not an active device"));
    } else {
      EXPECT_TRUE(testing::accepted(last));  // so the map alone stands against it
    }
  }
}

TEST_F(LiarTest, NoLieAboutARequestedResetIsBelieved) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  publish(bob, bob.request(bob.new_device(), 8));
  const auto log = log_now();
  for (const Expected& row : expected_of(kResetLies, Auditors::honest)) {
    expect_told(row, {&log, &before->view, {}}, log);
    const auto truth = look();
    ASSERT_TRUE(testing::accepted(truth));
    EXPECT_TRUE(truth->view.state().open_reset().has_value());
  }
}

TEST_F(LiarTest, AboutOthersItTellsTheTruth) {
  for (const Lie lie : kAllLies) {
    liar.tell(lie);
    const auto answer = testing::look_up(driver, directory::make_lookup(mallory.name(), {}));
    const auto response = wire::decode<directory::LookupResponse>(answer.body);
    EXPECT_TRUE(testing::accepted(directory::verify_lookup(mallory.name(), {}, *policy, *response, driver.now)));
  }
}

// What the lies are worth without auditors: if the auditors lie too, the client cannot tell. So the tests above
// test the auditors' word, and not some flaw of the forgery.
TEST_F(LiarTest, AForkThatTheAuditorsCosignIsBelievedAtFirstContact) {
  liar.tell(Lie::forked_map);
  const auto believed = look_cosigned({}, driver.now);
  ASSERT_TRUE(testing::accepted(believed));
  EXPECT_TRUE(believed->view.state().is_active(liar.false_device().id()));
}

/// All auditors collude, so the leaf of the map is what each lie wants, and everything above it: what refuses a lie is
/// its own rule.
class ColludingTest : public LiarTest {
 protected:
  ColludingTest() { liar.set_fit(Fit::all); }
};

TEST_F(ColludingTest, EachLieAboutTheChainMeetsItsOwnRule) {
  publish(bob, bob.by_device(directory::RemoveDevice{tablet.device.id()}, phone));
  liar.set_removed_key(tablet.key.clone());
  const auto seen = look();
  ASSERT_TRUE(testing::accepted(seen));
  const directory::Known contact{&seen->domain, &seen->view, {}};
  for (const Lie lie : kChainLies) expect_told(expected(lie, Auditors::colluding), contact, seen->domain);
}

TEST_F(ColludingTest, EachLieAboutAResetMeetsItsOwnRule) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  publish(bob, bob.request(bob.new_device(), 8));
  const auto seen = look();
  ASSERT_TRUE(testing::accepted(seen));
  for (const Lie lie : kResetLies) {
    const bool leaves_out = lie == Lie::hidden_reset;
    const directory::Known contact{&seen->domain, leaves_out ? &seen->view : &before->view, {}};
    expect_told(expected(lie, Auditors::colluding), contact, seen->domain);
  }
}

/// Who believed a lie that was told for one epoch has it in its log: the truth of that size is another log.
TEST_F(ColludingTest, AFlashIsNotTakenBack) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  const directory::Known stranger{&before->domain, nullptr, {}};
  liar.tell(Lie::flash);
  const auto believed = look_cosigned(stranger, driver.now);
  ASSERT_TRUE(testing::accepted(believed));
  EXPECT_TRUE(believed->view.state().is_active(liar.false_device().id()));
  liar.tell(Lie::none);
  const directory::Known after_it{&believed->domain, &believed->view, {}};
  EXPECT_TRUE(testing::refused(look(after_it), "condition 2: smaller than one verified before"));
  publish(mallory, mallory.by_recovery(directory::ReplaceRecovery{}));
  EXPECT_TRUE(testing::refused(look(after_it), "condition 3: another log of the same size"));
  publish(mallory, mallory.by_recovery(directory::ReplaceRecovery{}));
  EXPECT_TRUE(testing::refused(look(after_it), "condition 3: not what was verified before"));
}

/// What auditors would not have cosigned. Of these a client finds out all but that the record's clock was set ahead,
/// which it has no other word about; and a completion that way is refused where the owner's veto has come to it.
TEST_F(ColludingTest, WhatNoHonestAuditorCosignsIsRefusedWhereTheClientCanTell) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  publish(bob, liar.request_reset(bob.state));
  const auto answer =
      testing::look_up(driver, directory::make_lookup(bob.name(), {&before->domain, &before->view, {}}));
  const auto notices = wire::decode<directory::LookupResponse>(answer.body)->notices;
  ASSERT_EQ(notices.size(), 1u);
  const std::vector<directory::VetoNotice> vetoes = {directory::veto_as_recovery(notices[0], bob.recovery())};
  const auto log = log_now();
  for (const Expected& row : expected_of(kCosignedLies, Auditors::colluding)) {
    expect_told(row, {&log, &before->view, vetoes}, log);
  }
  liar.tell(Lie::false_completion);
  const auto believed = look_cosigned({&log, &before->view, {}}, driver.now);
  ASSERT_TRUE(testing::accepted(believed));
  EXPECT_EQ(believed->view.completed_resets(), 1u);  // so its owner's contacts are asked before anything is sent
}

TEST(Expected, HasEachLieAndIsWhatTheSpecificationSays) {
  for (const auto& lies :
       {std::span<const Lie>(kAllLies), std::span<const Lie>(kRemovalLies), std::span<const Lie>(kResetLies)}) {
    EXPECT_EQ(expected_of(lies, Auditors::honest).size(), lies.size());
  }
  EXPECT_EQ(expected().size(), std::size(kAllLies) + 1 + std::size(kResetLies) +  // brought_back is in two lists
                                   std::size(kChainLies) + std::size(kResetLies) + std::size(kCosignedLies));
  std::ifstream in(std::string(testing::source_dir()) + "/docs/spec/directory.md");
  const std::string specification(std::istreambuf_iterator<char>(in), {});
  for (const Auditors auditors : {Auditors::honest, Auditors::colluding}) {
    const std::string table = table_text(auditors);
    EXPECT_NE(specification.find(table), std::string::npos) << "docs/spec/directory.md s.10 lacks:\n" << table;
  }
}

}  // namespace
}  // namespace cairn::lying
