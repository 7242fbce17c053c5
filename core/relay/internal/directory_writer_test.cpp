#include "core/relay/internal/directory_writer.h"

#include <gtest/gtest.h>

#include "core/directory/auditor.h"
#include "core/directory/verifier.h"
#include "core/relay/invitation.h"
#include "tests/support/relay_people.h"
#include "tests/support/test_cosigner.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::Commit;
using testing::error_of;
using testing::RelayDriver;
using testing::submit;
using testing::TestPerson;

/// A server whose checkpoints a client's policy accepts, and alice with one device.
class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() {
    std::string text;
    for (const auto& it : cosigners.all) text += it.policy_line();
    policy =
        *tlog::ClientPolicy::parse(text + "group auditors 2 one.example two.example three.example\nquorum auditors\n");
    pass(1000);
    take(alice.genesis(phone));
    pass(1000);
  }

  void pass(std::uint64_t ms) { cosigners.pass(driver, ms, ms > kDayMs ? kHourMs / 2 : 100); }
  /// Alice's client and the server take the same statement.
  void take(const directory::Statement& statement, Bytes veto = {}) {
    alice.take(statement);
    const auto answer = submit(driver, statement, {}, std::move(veto));
    ASSERT_EQ(answer.status, 202) << body_of<proto::ErrorAnswer>(answer).message;
  }
  Result<directory::Lookup> look(const TestPerson& person, const directory::Known& known = {}) {
    const auto answer = look_up(driver, directory::make_lookup(person.name(), known));
    EXPECT_EQ(answer.status, 200);
    return directory::verify_lookup(person.name(), known, *policy, body_of<directory::LookupResponse>(answer),
                                    driver.now);
  }
  /// The view that a client gets, verified.
  directory::VerifiedView view(const TestPerson& person) {
    auto lookup = look(person);
    EXPECT_TRUE(lookup.has_value()) << lookup.error().where;
    return lookup->view;
  }
  Bytes veto_by(const crypto::SigningKey& key) {
    const auto current = view(alice);
    return wire::encode(directory::veto_as_device(*current.newest_reset(), key));
  }
  /// From now on no more than so many statements wait for an epoch.
  void allow_due(std::size_t most, Rate reset_requests = {}) {
    RelayConfig config = cosigners.config();
    config.limits.due_statements = most;
    config.limits.reset_request = reset_requests;
    driver.set_config(config);
    driver.restart();
    pass(1000);
  }
  proto::Respond register_somebody() {
    ++people;
    TestPerson person("p" + std::to_string(people) + "@example.org", 1000 + people);
    return submit(driver, person.genesis(person.new_device()));
  }
  void cosigners_are(testing::FakeCosigner::Mood mood) {
    for (testing::FakeCosigner& it : cosigners.all) it.mood = mood;
  }

  testing::TestCosigners cosigners;
  RelayDriver driver{cosigners.config()};
  std::optional<tlog::ClientPolicy> policy;
  TestPerson alice{"alice@example.org", 1};
  testing::TestDevice phone = alice.new_device();
  std::uint64_t people = 0;
};

TEST_F(DirectoryTest, AClientVerifiesWhatIsServed) {
  EXPECT_EQ(view(alice).state(), alice.state);
  EXPECT_FALSE(view(TestPerson("nobody@example.org")).exists());
}

TEST_F(DirectoryTest, AClientThatKnowsSomethingGetsTheRest) {
  const auto first = look(alice);
  ASSERT_TRUE(first.has_value());
  for (int i = 0; i < 3; ++i) {
    take(alice.add(alice.new_device(), phone));
    pass(1000);
  }
  const directory::Known known{&first->domain, &first->view, {}};
  const auto answer = look_up(driver, directory::make_lookup(alice.name(), known));
  EXPECT_EQ(body_of<directory::LookupResponse>(answer).statements.size(), 3u);
  EXPECT_FALSE(body_of<directory::LookupResponse>(answer).config.has_value());
  const auto second = look(alice, known);
  ASSERT_TRUE(second.has_value()) << second.error().where;
  EXPECT_EQ(second->view.state(), alice.state);
  const directory::Known newest{&second->domain, &second->view, {}};
  EXPECT_TRUE(body_of<directory::LookupResponse>(look_up(driver, directory::make_lookup(alice.name(), newest)))
                  .statements.empty());
  EXPECT_TRUE(look(alice, newest).has_value());
}

TEST_F(DirectoryTest, AClientWithAnotherChainGetsAllStatements) {
  take(alice.add(alice.new_device(), phone));
  pass(1000);
  directory::LookupRequest request{alice.name(), 1, Hash(), 0};
  request.known_head.mutable_view()[0] = 1;
  EXPECT_EQ(body_of<directory::LookupResponse>(look_up(driver, request)).statements.size(), 2u);
  request.known_count = 77;
  EXPECT_EQ(body_of<directory::LookupResponse>(look_up(driver, request)).statements.size(), 2u);
}

TEST_F(DirectoryTest, WhatIsNotServedYetIsNotInTheAnswer) {
  const auto before = alice.state;
  take(alice.add(alice.new_device(), phone));
  EXPECT_EQ(view(alice).state(), before);
  driver.pass(500);  // built, and nobody has cosigned
  EXPECT_EQ(view(alice).state(), before);
  cosigners.answer(driver);
  EXPECT_EQ(view(alice).state(), alice.state);
}

TEST_F(DirectoryTest, StatementsOfOneNameInOneBatchAreTakenInOrder) {
  std::vector<proto::Input> inputs;
  for (int i = 0; i < 3; ++i) {
    alice.take(alice.add(alice.new_device(), phone));
    const proto::StatementRequest request{wire::encode(alice.statements.back()), {}};
    inputs.emplace_back(driver.make_request(proto::Method::post, proto::kPathStatement, wire::encode(request)));
  }
  driver.batch(inputs);
  for (const auto& input : inputs) EXPECT_EQ(driver.answer_to(std::get<proto::RequestArrived>(input)).status, 202);
  pass(1000);
  EXPECT_EQ(view(alice).state(), alice.state);
}

TEST_F(DirectoryTest, ARepeatIsAcceptedAndARivalIsNot) {
  const auto first = alice.add(alice.new_device(), phone);
  const auto rival = alice.add(alice.new_device(), phone);
  EXPECT_EQ(submit(driver, first).status, 202);
  EXPECT_EQ(submit(driver, first).status, 202);
  EXPECT_EQ(submit(driver, rival).status, 409);
  pass(1000);
  EXPECT_EQ(submit(driver, first).status, 202);
  EXPECT_EQ(submit(driver, rival).status, 409);
}

TEST_F(DirectoryTest, AStatementThatDidNotGetToDiskNeverWas) {
  const auto before = driver.store;
  const proto::StatementRequest request{wire::encode(alice.add(alice.new_device(), phone)), {}};
  driver.batch({driver.make_request(proto::Method::post, proto::kPathStatement, wire::encode(request))}, Commit::fails);
  EXPECT_EQ(driver.store, before);
}

TEST_F(DirectoryTest, RefusesWhatDoesNotApply) {
  const auto before = driver.store;
  const auto stranger = alice.new_device();
  EXPECT_EQ(submit(driver, alice.by_device(directory::RemoveDevice{phone.device.id()}, phone)).status / 100, 4);
  EXPECT_EQ(submit(driver, alice.add(alice.new_device(), stranger)).status, 403);
  auto broken = alice.add(alice.new_device(), phone);
  broken.content.time_ms += 1;
  EXPECT_EQ(error_of(submit(driver, broken)), ErrorCode::invalid_signature);
  EXPECT_EQ(driver.post(proto::kPathStatement, to_bytes("nonsense")).status, 400);
  EXPECT_EQ(driver.store, before);
}

TEST_F(DirectoryTest, RefusesNamesOfAnotherDomain) {
  TestPerson zoe("zoe@zoo.example", 9);
  EXPECT_EQ(submit(driver, zoe.genesis(zoe.new_device())).status, 403);
  EXPECT_EQ(look_up(driver, {zoe.name(), 0, {}, 0}).status, 403);
}

TEST_F(DirectoryTest, SaysThatANameIsTaken) {
  TestPerson other("alice@example.org", 67);
  const auto refused = submit(driver, other.genesis(other.new_device()));
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(as_text(refused.body).find("This name is taken; choose another one."), std::string::npos);
}

TEST_F(DirectoryTest, NobodyTakesAnothersDeviceOrMailbox) {
  TestPerson mallory("mallory@example.org", 66);
  EXPECT_EQ(submit(driver, mallory.genesis(phone)).status, 409);  // only its owner could sign that anyway
  auto thief = mallory.new_device();
  thief.device.mailbox = phone.device.mailbox;
  EXPECT_EQ(submit(driver, mallory.genesis(thief)).status, 409);
  EXPECT_EQ(submit(driver, mallory.genesis(mallory.new_device())).status, 202);
  // Nor does the name's own second device.
  auto second = alice.new_device();
  second.device.mailbox = phone.device.mailbox;
  EXPECT_NE(submit(driver, alice.add(second, phone)).status, 202);
}

TEST_F(DirectoryTest, AResetThatIsWaitedForCompletes) {
  const auto tablet = alice.new_device();
  take(alice.request(tablet, 5));
  EXPECT_EQ(submit(driver, alice.by_new_device(directory::CompleteReset{1}, tablet)).status,
            503);  // not in an epoch yet
  pass(1000);
  const auto pending = view(alice);
  ASSERT_TRUE(pending.state().open_reset().has_value());
  ASSERT_TRUE(pending.newest_reset().has_value());
  EXPECT_EQ(pending.newest_reset()->delay_ms(), directory::kDefaultResetDelayS * kSecondMs);
  const auto complete = alice.by_new_device(directory::CompleteReset{1}, tablet);
  EXPECT_EQ(error_of(submit(driver, complete)), ErrorCode::invalid_state);
  pass(directory::kDefaultResetDelayS * kSecondMs);
  // An epoch that an auditor refuses, because a veto has reached it, would hold up every name.
  EXPECT_EQ(error_of(submit(driver, complete)), ErrorCode::unavailable);
  pass(1000);
  take(complete);
  pass(2000);
  EXPECT_EQ(view(alice).state(), alice.state);
  EXPECT_EQ(view(alice).completed_resets(), 1u);
}

TEST_F(DirectoryTest, AVetoEndsAResetAndTheNextOneWaitsForItsDelay) {
  const auto thief = alice.new_device();
  take(alice.request(thief, 5));
  pass(1000);
  const auto veto = alice.by_device(directory::VetoReset{}, phone);
  EXPECT_EQ(error_of(submit(driver, veto)), ErrorCode::malformed);  // without the notice
  EXPECT_EQ(error_of(submit(driver, veto, {}, veto_by(thief.key))), ErrorCode::not_authorised);
  take(veto, veto_by(phone.key));
  pass(1000);
  EXPECT_FALSE(view(alice).state().open_reset().has_value());
  const auto again = alice.request(alice.new_device(), 6);
  EXPECT_EQ(error_of(submit(driver, again)), ErrorCode::invalid_state);
  pass(directory::kDefaultResetDelayS * kSecondMs);
  take(again);
  pass(2000);
  EXPECT_EQ(view(alice).state(), alice.state);
  const auto newest = view(alice).newest_reset();
  ASSERT_TRUE(newest.has_value());
  EXPECT_TRUE(newest->after.has_value());
}

TEST_F(DirectoryTest, ChangesAndAResetThatWaitTogetherGoIntoEpochsThatAuditorsAccept) {
  take(alice.add(alice.new_device(), phone));
  take(alice.request(alice.new_device(), 5));
  pass(3000);
  EXPECT_EQ(view(alice).state(), alice.state);
  const auto config = wire::decode<directory::DirectoryConfig>(driver.get("/log/config").body);
  auto auditor = directory::Auditor::enrol(*config, 0);
  for (std::uint64_t epoch = 0; epoch < driver.store.scan(table::kRecords, {}, {}, 100).size(); ++epoch) {
    const auto audit = directory::EpochAudit::decode(driver.get("/log/audit/" + std::to_string(epoch)).body);
    ASSERT_TRUE(audit.has_value());
    const auto checked = auditor->audit(*audit, driver.now);
    ASSERT_TRUE(checked.has_value()) << checked.error().where;
  }
  EXPECT_EQ(auditor->open_requests().size(), 1u);
}

TEST_F(DirectoryTest, WhileTheQuorumIsAwayItTakesSoMuchAndVetoesAndRemovalsAlways) {
  allow_due(3);
  TestPerson bob("bob@example.org", 2);
  const auto desk = bob.new_device(), stolen = bob.new_device();
  bob.take(bob.genesis(desk));
  ASSERT_EQ(submit(driver, bob.statements.back()).status, 202);
  bob.take(bob.add(stolen, desk));
  ASSERT_EQ(submit(driver, bob.statements.back()).status, 202);
  take(alice.request(alice.new_device(), 5));
  pass(3000);
  const Bytes notice = veto_by(phone.key);

  cosigners_are(testing::FakeCosigner::Mood::dead);
  ASSERT_EQ(register_somebody().status, 202);
  pass(1000);  // it is in an epoch, which waits for the quorum
  ASSERT_TRUE(driver.store.scan(table::kDue, {}, {}, 1).empty());
  TestPerson carol("carol@example.org", 3);
  const auto genesis = carol.genesis(carol.new_device());
  ASSERT_EQ(submit(driver, genesis).status, 202);
  ASSERT_EQ(register_somebody().status, 202);
  ASSERT_EQ(register_somebody().status, 202);
  const auto before = driver.store;
  const auto refused = register_somebody();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.retry_after_s, 60u);
  EXPECT_EQ(body_of<proto::ErrorAnswer>(refused).message,
            "Too many changes of names wait to be published by this server; try again later.");
  EXPECT_EQ(submit(driver, bob.add(bob.new_device(), desk)).status, 503);
  EXPECT_EQ(submit(driver, genesis).status, 202) << "a repeat of what was accepted";
  EXPECT_EQ(driver.store, before);

  bob.take(bob.by_device(directory::RemoveDevice{stolen.device.id()}, desk));
  EXPECT_EQ(submit(driver, bob.statements.back()).status, 202);
  take(alice.by_device(directory::VetoReset{}, phone), notice);
  // Whose only device was stolen comes back by the recovery key before that device can be removed.
  bob.take(bob.add_by_recovery(bob.new_device()));
  EXPECT_EQ(submit(driver, bob.statements.back()).status, 202);
  EXPECT_EQ(register_somebody().status, 503);
  driver.restart();
  EXPECT_EQ(register_somebody().status, 503) << "it is counted again";

  cosigners_are(testing::FakeCosigner::Mood::honest);
  pass(2 * kMinuteMs);
  EXPECT_EQ(register_somebody().status, 202);
  EXPECT_EQ(view(alice).state(), alice.state);
  EXPECT_EQ(view(bob).state(), bob.state);
  EXPECT_FALSE(view(alice).state().open_reset().has_value());
  EXPECT_FALSE(view(bob).state().is_active(stolen.device.id()));
  EXPECT_TRUE(view(carol).exists());
}

TEST_F(DirectoryTest, WhatEpochsTookLeavesRoom) {
  allow_due(3);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(register_somebody().status, 202) << i;
    pass(1000);
  }
  for (int time = 0; time < 2; ++time) {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(register_somebody().status, 202) << i;
    EXPECT_EQ(register_somebody().status, 503);
    pass(1000);
  }
  // Several of one name count each.
  for (int i = 0; i < 3; ++i) take(alice.add(alice.new_device(), phone));
  EXPECT_EQ(driver.store.scan(table::kDue, {}, {}, 10).size(), 1u);
  EXPECT_EQ(submit(driver, alice.add(alice.new_device(), phone)).status, 503);
  driver.restart();
  EXPECT_EQ(register_somebody().status, 503);
}

TEST_F(DirectoryTest, ARequestThatIsRefusedInTheEndTakesNoRoom) {
  TestPerson bob("bob@example.org", 2);
  const auto desk = bob.new_device();
  bob.take(bob.genesis(desk));
  ASSERT_EQ(submit(driver, bob.statements.back()).status, 202);
  allow_due(3, {kCostOfADay, 1});
  const auto ask_from_one_address = [&](TestPerson& person) {
    const proto::StatementRequest request{wire::encode(person.request(person.new_device(), 5)), {}, {}};
    return driver
        .request(
            driver.make_request(proto::Method::post, proto::kPathStatement, wire::encode(request), {}, "192.0.2.1"))
        .status;
  };
  ASSERT_EQ(ask_from_one_address(alice), 202);
  for (int time = 0; time < 2; ++time) {
    for (int i = 0; i < 4; ++i) ASSERT_EQ(ask_from_one_address(bob), 429);
    EXPECT_EQ(register_somebody().status, 202) << time;
  }
  EXPECT_EQ(register_somebody().status, 503);
}

TEST_F(DirectoryTest, AnswersAreTheSameAfterARestart) {
  take(alice.add(alice.new_device(), phone));
  driver.pass(500);  // in flight
  const directory::LookupRequest request{alice.name(), 0, {}, 0};
  const Bytes before = look_up(driver, request).body;
  driver.restart();
  EXPECT_EQ(look_up(driver, request).body, before);
  pass(2 * kMinuteMs);
  EXPECT_EQ(view(alice).state(), alice.state);
}

TEST(SignUp, AnInvitationIsGoodForItsUsesAndItsTime) {
  RelayConfig config = testing::open_config();
  config.sign_up = SignUp::invite;
  RelayDriver driver(config);
  const Invitation invitation = make_invitation(2, after(driver.now, kHourMs), driver.entropy);
  const Invitation late = make_invitation(1, after(driver.now, kMinuteMs), driver.entropy);
  driver.store.apply({invitation.row, late.row});
  std::uint64_t seed = 0;
  const auto sign_up = [&](const std::string& code) {
    ++seed;
    TestPerson person("p" + std::to_string(seed) + "@example.org", seed);
    const auto device = person.new_device();
    return submit(driver, person.genesis(device), code).status;
  };
  EXPECT_EQ(sign_up(""), 403);
  EXPECT_EQ(sign_up("0000-0000-0000-0000"), 403);
  EXPECT_EQ(sign_up(invitation.code), 202);
  std::string typed = invitation.code;
  std::erase(typed, '-');
  for (char& c : typed) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(sign_up(typed), 202);
  EXPECT_EQ(sign_up(invitation.code), 403);
  driver.pass(2 * kMinuteMs);
  EXPECT_EQ(sign_up(late.code), 403);
}

TEST(SignUp, AResetAsksForAnInvitationTooAndOtherStatementsDoNot) {
  RelayConfig config = testing::open_config();
  RelayDriver driver(config);
  testing::Member alice(driver, "alice@example.org", 1);
  config.sign_up = SignUp::invite;
  driver.set_config(config);
  driver.restart();
  alice.person.take(alice.person.add(alice.person.new_device(), alice.device));
  EXPECT_EQ(submit(driver, alice.person.statements.back()).status, 202);
  const auto request = alice.person.request(alice.person.new_device(), 5);
  EXPECT_EQ(submit(driver, request).status, 403);
  const Invitation invitation = make_invitation(1, after(driver.now, kHourMs), driver.entropy);
  driver.store.apply({invitation.row});
  EXPECT_EQ(submit(driver, request, invitation.code).status, 202);
}

TEST(SignUp, WithoutResetsNoNameGetsADelayAndNoneIsReset) {
  RelayConfig config = testing::open_config();
  RelayDriver driver(config);
  testing::Member alice(driver, "alice@example.org", 1);  // from before
  config.resets = false;
  driver.set_config(config);
  driver.restart();
  EXPECT_EQ(submit(driver, alice.person.request(alice.person.new_device(), 5)).status, 403);
  TestPerson bob("bob@example.org", 2);
  const auto device = bob.new_device();
  EXPECT_EQ(submit(driver, bob.genesis(device)).status, 403);
  EXPECT_EQ(submit(driver, bob.genesis(device, 0)).status, 202);
}

TEST(SignUp, ARefusedStatementDoesNotUseTheInvitationUp) {
  RelayConfig config = testing::open_config();
  config.sign_up = SignUp::invite;
  RelayDriver driver(config);
  const Invitation invitation = make_invitation(1, after(driver.now, kHourMs), driver.entropy);
  driver.store.apply({invitation.row});
  TestPerson person("p@example.org", 1);
  auto statement = person.genesis(person.new_device());
  statement.content.time_ms += 1;
  EXPECT_EQ(submit(driver, statement, invitation.code).status, 403);
  EXPECT_EQ(submit(driver, person.genesis(person.new_device()), invitation.code).status, 202);
}

}  // namespace
}  // namespace cairn::relay
