#include "tests/lying/liar.h"

#include <gtest/gtest.h>

#include "core/directory/verifier.h"
#include "tests/lying/own_store.h"
#include "tests/support/refused.h"
#include "tests/support/relay_people.h"
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
    const auto phone = bob.new_device();
    take(bob, bob.genesis(phone));
    take(mallory, mallory.genesis(mallory.new_device()));
    cosigners.pass(driver, 2000);
    EXPECT_TRUE(look().has_value());  // the liar keeps this answer
    take(bob, bob.add(bob.new_device(), phone));
    cosigners.pass(driver, 2000);
    liar.set_own_name(mallory.name());
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

  /// A look-up that all auditors cosign, whatever it says.
  Result<directory::Lookup> look_cosigned(const directory::Known& known, Time cosigned) {
    const auto answer = testing::look_up(driver, directory::make_lookup(bob.name(), known));
    auto response = *wire::decode<directory::LookupResponse>(answer.body);
    auto checkpoint = *tlog::SignedCheckpoint::parse(response.checkpoint, tlog::ExtensionLines::refuse);
    checkpoint = tlog::SignedCheckpoint::sign(checkpoint.claim(), log_key(driver.store));
    for (auto& it : cosigners.all) CHECK(checkpoint.add(it.lie_about(checkpoint.note().text, cosigned)).has_value());
    response.checkpoint = checkpoint.encode();
    return directory::verify_lookup(bob.name(), known, *policy, response, driver.now);
  }

  testing::SeededEntropy entropy{3};
  TestPerson bob{"bob@example.org", 1};
  TestPerson mallory{"mallory@example.org", 2};
  Liar liar{bob.name(), entropy};
  testing::TestCosigners cosigners;
  RelayDriver driver{cosigners.config(), 7, &liar};
  std::optional<tlog::ClientPolicy> policy;
};

/// By which condition a client refuses each lie, at first contact and when it has a view of the name.
struct Expected {
  Lie lie;
  std::string_view first_contact;
  std::string_view pinned;
};
constexpr Expected kExpected[] = {
    {Lie::unsigned_device, "condition 6", "condition 6"},   {Lie::dropped_statement, "condition 6", "condition 6"},
    {Lie::another_name, "condition 5", "condition 5"},      {Lie::forked_map, "condition 1", "condition 1"},
    {Lie::forked_with_lines, "condition 1", "condition 1"}, {Lie::false_absence, "condition 1", "condition 1"},
    {Lie::false_reset, "condition 1", "condition 1"},       {Lie::brought_back, "condition 6", "condition 6"},
    {Lie::forked_chain, "condition 6", "condition 6"},      {Lie::flash, "condition 1", "condition 1"},
    {Lie::no_quorum, "condition 1", "condition 1"},         {Lie::own_cosigners, "condition 1", "condition 1"},
    {Lie::another_config, "condition 4", "condition 3"},
};

TEST_F(LiarTest, NoLieIsBelievedByAClientThatKnowsNothing) {
  for (const Expected& expected : kExpected) {
    liar.tell(expected.lie);
    EXPECT_TRUE(testing::refused(look(), expected.first_contact)) << describe(expected.lie);
    liar.tell(Lie::none);
    const auto truth = look();
    ASSERT_TRUE(testing::accepted(truth));
    EXPECT_EQ(truth->view.state(), bob.state);
  }
}

TEST_F(LiarTest, NoLieIsBelievedByAClientThatKnowsTheName) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  take(bob, bob.by_recovery(directory::ReplaceRecovery{}));
  cosigners.pass(driver, 2000);
  const directory::Known known{&before->domain, &before->view, {}};
  for (const Expected& expected : kExpected) {
    liar.tell(expected.lie);
    EXPECT_TRUE(testing::refused(look(known), expected.pinned)) << describe(expected.lie);
  }
  liar.tell(Lie::none);
  EXPECT_TRUE(testing::accepted(look(known)));
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

TEST_F(LiarTest, NoLieAboutARemovedDeviceIsBelieved) {
  const DeviceId removed = bob.state.devices().back().id;
  take(bob, bob.by_recovery(directory::RemoveDevice{removed}));
  cosigners.pass(driver, 2000);
  for (const Lie lie : {Lie::brought_back, Lie::dropped_statement}) {
    liar.tell(lie);
    EXPECT_TRUE(testing::refused(look(), "condition 6")) << describe(lie);
  }
  liar.tell(Lie::none);
  const auto truth = look();
  ASSERT_TRUE(testing::accepted(truth));
  EXPECT_FALSE(truth->view.state().is_active(removed));
}

TEST_F(LiarTest, NoLieAboutARequestedResetIsBelieved) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  take(bob, bob.request(bob.new_device(), 8));
  cosigners.pass(driver, 2000);
  const directory::Known known{&before->domain, &before->view, {}};
  for (const directory::Known& who : {directory::Known{}, known}) {
    for (const Lie lie : kResetLies) {
      liar.tell(lie);
      EXPECT_TRUE(testing::refused(look(who), lie == Lie::hidden_reset ? "condition 6" : "condition 7"))
          << describe(lie);
    }
    liar.tell(Lie::none);
    const auto truth = look(who);
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

/// What auditors would not have cosigned. Of these a client finds out all but that the record's clock was set ahead,
/// which it has no other word about; and a completion that way is refused where the owner's veto has come to it.
TEST_F(LiarTest, WhatAllAuditorsCosignIsRefusedWhereTheClientCanTell) {
  const auto before = look();
  ASSERT_TRUE(testing::accepted(before));
  take(bob, liar.request_reset(bob.state));
  cosigners.pass(driver, 2000);
  const directory::Known known{&before->domain, &before->view, {}};
  const auto told = [&](Lie lie, const directory::Known& who) {
    liar.tell(lie);
    return look_cosigned(who, cosigned_at(lie, driver.now));
  };
  const std::pair<Lie, std::string_view> expected[] = {{Lie::short_delay, "condition 7: delay too short"},
                                                       {Lie::early_completion, "condition 7: completed too soon"},
                                                       {Lie::other_config, "condition 4: not the config of the record"},
                                                       {Lie::frozen_clock, "condition 2: not fresh"},
                                                       {Lie::fast_clock, "condition 2: cosigned ahead"}};
  for (const auto& [lie, words] : expected) {
    EXPECT_TRUE(testing::refused(told(lie, known), words)) << describe(lie);
    EXPECT_TRUE(testing::refused(told(lie, {}), words)) << describe(lie);
  }
  liar.tell(Lie::none);
  const auto answer = testing::look_up(driver, directory::make_lookup(bob.name(), known));
  const auto notices = wire::decode<directory::LookupResponse>(answer.body)->notices;
  ASSERT_EQ(notices.size(), 1u);
  const std::vector<directory::VetoNotice> vetoes = {directory::veto_as_recovery(notices[0], bob.recovery())};
  const directory::Known knows_the_veto{&before->domain, &before->view, vetoes};
  EXPECT_TRUE(testing::refused(told(Lie::false_completion, knows_the_veto), "condition 7: its owner vetoed it"));
  const auto believed = told(Lie::false_completion, known);
  ASSERT_TRUE(testing::accepted(believed));
  EXPECT_EQ(believed->view.completed_resets(), 1u);  // so its owner's contacts are asked before anything is sent
}

}  // namespace
}  // namespace cairn::lying
