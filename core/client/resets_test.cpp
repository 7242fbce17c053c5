// Resets: who may ask for one, who may veto it and how far a veto comes, and what becomes of the name.
#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/held_veto.h"
#include "core/client/own_name.h"
#include "core/client/tables.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::good;
using testing::kAlice;
using testing::kBob;

constexpr std::uint64_t kDelayMs = 12 * kDayMs;

/// A veto of a later request than this one, as a device of alice's may have told it.
void hold_veto_of_another_request(testing::TestStore& store, const crypto::SigningKey& by,
                                  directory::ResetNotice notice, std::uint32_t later) {
  const Account own = *load_account(store);
  notice.request_sequence += later;
  const auto alice = *directory::Name::from(kAlice);
  const directory::VetoNotice veto = directory::veto_as_device(notice, by);
  const HeldVeto held{alice, veto, HeldVeto::Origin::told, notice.requested_ms + kDayMs};
  CHECK(store.apply({{tables::kVetoes, veto_key(own, alice, notice.hash()), wire::encode(held)}}));
}

class Resets : public ::testing::Test {
 protected:
  Resets() {
    key = enroll("alice-1", kAlice, 12);
    enroll("bob-1", kBob, 0);
  }

  std::string enroll(const std::string& device, const std::string& name, std::uint64_t days) {
    const json answer = village.ask(
        device, "register", {{"name", name}, {"policy", village.server.policy_text()}, {"reset_delay_days", days}});
    EXPECT_TRUE(answer.contains("result")) << answer;
    return answer.at("result").at("recovery_key");
  }
  json reset(const std::string& device, const std::string& name = kAlice, const std::string& invitation = {}) {
    return village.ask(device, "reset",
                       {{"name", name}, {"policy", village.server.policy_text()}, {"invitation", invitation}});
  }
  json veto(const std::string& device) { return village.ask(device, "veto"); }
  json send(const std::string& device, const std::string& to, const std::string& text) {
    return village.ask(device, "send", {{"to", to}, {"text", text}});
  }
  /// The result; a failure of the test when there is none.
  static std::string sentence(const json& answer) {
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "no error: " + answer.dump();
  }
  static void expect_says(const json& answer, const std::string& words) {
    EXPECT_NE(sentence(answer).find(words), std::string::npos) << answer;
  }
  json status(const std::string& device) { return good(village.ask(device, "status")); }
  std::string state(const std::string& device) { return status(device).value("state", ""); }
  json alarms(const std::string& device) { return status(device).value("alarms", json::array()); }
  const directory::NameState& chain() { return village.server.people.at(kAlice).state; }
  std::size_t auditors_with_veto() {
    const auto& all = village.server.vetoes;
    return all.empty() ? 0 : all.begin()->second.size();
  }
  /// Bob and alice have written to each other.
  void talk() {
    good(send("alice-1", kBob, "hello"));
    EXPECT_TRUE(village.until([&] { return shows("bob-1", kAlice, "hello"); }));
  }
  /// Who has a copy of this device's key asks for a reset to it.
  void ask_with_a_copy_of(const std::string& device) {
    const Account own = *load_account(village.device(device).store());
    testing::TestPerson& person = village.server.people.at(kAlice);
    const directory::RequestReset request{own.device(), person.recovery(100 + person.state.count()).commitment(),
                                          person.state.reset_delay_s()};
    person.take(person.by_new_device(request, testing::TestDevice{own.signing_key.clone(), own.device()}));
    village.server.publish_all();
  }
  std::size_t alarms_told(const std::string& device) {
    std::size_t told = 0;
    for (const json& notice : village.device(device).take_notices()) told += notice["method"] == "alarm" ? 1 : 0;
    return told;
  }
  bool shows(const std::string& device, const std::string& whom, const std::string& text) {
    const json answer = village.ask(device, "read", {{"conversation", whom}});
    return answer.dump().find("\"" + text + "\"") != std::string::npos;
  }
  std::size_t rows(const std::string& device, const std::string& whom) {
    const json answer = village.ask(device, "read", {{"conversation", whom}});
    return answer.contains("result") ? answer["result"]["messages"].size() : 0;
  }

  testing::ClientVillage village;
  std::string key;  ///< alice's recovery key
};

// ---- vetoes ----

TEST_F(Resets, AreAlarmsThatNameDeviceAndDayUntilTheOwnerVetoes) {
  const json asked = good(reset("thief-1"));
  EXPECT_EQ(state("thief-1"), "resetting");
  ASSERT_TRUE(village.until([&] { return alarms("alice-1").size() == 1; }, 13 * kHourMs));
  const json alarm = alarms("alice-1")[0];
  EXPECT_EQ(alarm["kind"], "reset");
  EXPECT_EQ(alarm["device"], asked["device"]);
  EXPECT_EQ(alarm["matures_ms"], asked["matures_ms"]);
  EXPECT_EQ(asked["matures_ms"].get<std::uint64_t>() - asked["requested_ms"].get<std::uint64_t>(), kDelayMs);
  const std::string words = alarm["sentence"];
  EXPECT_NE(words.find("on the device " + asked["device"].get<std::string>().substr(0, 8) + " would"),
            std::string::npos)
      << words;
  EXPECT_NE(words.find("cairn veto"), std::string::npos) << words;
  EXPECT_TRUE(alarms("thief-1").empty());

  const json done = good(veto("alice-1"));
  EXPECT_EQ(done["vetoed"], true);
  EXPECT_EQ(done["device"], asked["device"]);
  EXPECT_FALSE(chain().open_reset());
  EXPECT_TRUE(alarms("alice-1").empty());
  EXPECT_FALSE(status("alice-1").contains("veto"));
  EXPECT_TRUE(village.device("alice-1").store().scan(tables::kVetoes, {}, {}, 1).empty());
  ASSERT_TRUE(village.until([&] { return state("thief-1") == "none"; }, 2 * kHourMs));
  EXPECT_NE(status("thief-1")["trouble"].get<std::string>().find("was vetoed"), std::string::npos);
  village.device("thief-1").restart();
  EXPECT_NE(status("thief-1")["trouble"].get<std::string>().find("was vetoed"), std::string::npos);
  expect_says(veto("alice-1"), "nothing to veto");
}

TEST_F(Resets, AreToldToFollowersOnce) {
  good(village.ask("alice-1", "follow"));
  good(reset("thief-1"));
  village.pass_all(3 * kDayMs);
  EXPECT_EQ(alarms_told("alice-1"), 1u);
}

TEST_F(Resets, ToTheOwnersOwnDeviceAreAlarmsForWhoeverAskedHasACopyOfItsKey) {
  good(village.ask("alice-1", "follow"));
  ask_with_a_copy_of("alice-1");
  ASSERT_TRUE(village.until([&] { return alarms("alice-1").size() == 1; }, 13 * kHourMs));
  const json alarm = alarms("alice-1")[0];
  EXPECT_EQ(alarm["kind"], "reset");
  EXPECT_EQ(alarm["device"], status("alice-1")["device"]);
  EXPECT_NE(alarm["sentence"].get<std::string>().find("a copy of its key"), std::string::npos) << alarm;
  EXPECT_FALSE(status("alice-1").contains("reset"));  // that it waits for
  EXPECT_EQ(good(veto("alice-1"))["vetoed"], true);
  EXPECT_TRUE(alarms("alice-1").empty());

  // A second one of the same device is told of too.
  village.pass_all(kDelayMs);
  EXPECT_EQ(alarms_told("alice-1"), 1u);
  ask_with_a_copy_of("alice-1");
  village.pass_all(13 * kHourMs);
  EXPECT_EQ(alarms_told("alice-1"), 1u);
}

TEST_F(Resets, AreVetoedByAnyDeviceAndByOneThatAThiefHasRemoved) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  good(village.link_device("alice-3", kAlice, "alice-1"));
  good(village.ask("alice-3", "device.remove",
                   {{"device", to_hex(load_account(village.device("alice-2").store())->device_id())}}));
  ASSERT_TRUE(village.until([&] { return state("alice-2") == "removed"; }, 13 * kHourMs));
  good(reset("thief-1"));
  EXPECT_EQ(good(veto("alice-2"))["vetoed"], true);
  EXPECT_FALSE(chain().open_reset());
}

TEST_F(Resets, AreNotVetoedByADeviceThatTheRecoveryKeyHasRemoved) {
  good(village.ask(
      "alice-2", "recover",
      {{"name", kAlice}, {"recovery_key", key}, {"policy", village.server.policy_text()}, {"remove_others", true}}));
  ASSERT_TRUE(village.until([&] { return state("alice-1") == "removed"; }, 13 * kHourMs));
  good(reset("thief-1"));
  expect_says(veto("alice-1"), "holds no veto");
  expect_says(veto("thief-1"), "holds no veto");
  expect_says(veto("bob-1"), "nothing to veto");
  expect_says(veto("nobody-1"), "no name yet");
  EXPECT_TRUE(chain().open_reset());
  EXPECT_TRUE(village.server.vetoes.empty());
  EXPECT_EQ(good(veto("alice-2"))["vetoed"], true);
}

TEST_F(Resets, AreVetoedByTheRecoveryKey) {
  good(reset("thief-1"));
  const auto with = [&](const std::string& recovery) {
    return village.ask("alice-1", "veto", {{"recovery_key", recovery}});
  };
  expect_says(with("hello"), "no recovery key");
  village.pass_all(13 * kHourMs);
  const std::string bobs = enroll("carol-1", "carol@example.org", 0);
  expect_says(with(bobs), "recovery key of another name");
  EXPECT_EQ(good(with(key))["vetoed"], true);
  EXPECT_EQ(village.server.people.at(kAlice).generation, 1u);
}

TEST_F(Resets, AreVetoedOnTheWayByARecovery) {
  village.set_online("alice-1", false);
  good(reset("thief-1"));
  const json answer = village.ask("alice-2", "recover",
                                  {{"name", kAlice}, {"recovery_key", key}, {"policy", village.server.policy_text()}});
  EXPECT_EQ(good(answer)["devices_active"], 2);
  EXPECT_FALSE(chain().open_reset());
  EXPECT_EQ(chain().count(), 4u);
}

TEST_F(Resets, StopOtherChangesOfTheNameAndThatIsSaid) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  const json code = good(village.ask("alice-3", "link", {{"name", kAlice}, {"policy", village.server.policy_text()}}));
  good(reset("thief-1"));
  village.pass_all(13 * kHourMs);
  const std::string second = to_hex(load_account(village.device("alice-2").store())->device_id());
  expect_says(village.ask("alice-1", "device.remove", {{"device", second}}), "cairn veto");
  expect_says(village.ask("alice-1", "device.approve",
                          {{"code", code["code"]}, {"confirm", "this device will read everything"}}),
              "cairn veto");
  expect_says(village.ask("alice-1", "reset.delay", {{"days", 0}, {"recovery_key", key}}), "cairn veto");
}

// ---- a server that says yes and publishes nothing ----

TEST_F(Resets, AreNotCompletedWhenTheServerSuppressesTheVeto) {
  village.server.suppresses_vetoes = true;
  good(reset("thief-1"));
  const json done = good(veto("alice-1"));
  EXPECT_EQ(done["vetoed"], false);
  EXPECT_EQ(done["auditors_have"], 3);
  EXPECT_EQ(done["auditors_enough"], 2);
  EXPECT_EQ(status("alice-1")["veto"]["auditors_have"], 3);
  EXPECT_EQ(auditors_with_veto(), 3u);
  village.pass_all(kDelayMs + 4 * kHourMs);
  EXPECT_FALSE(chain().open_reset());  // the server has completed it, and no quorum says so
  EXPECT_EQ(state("thief-1"), "resetting");
  EXPECT_NE(status("thief-1")["trouble"].get<std::string>(), "");
  EXPECT_EQ(state("alice-1"), "active");
  expect_says(village.ask("bob-1", "contact.verify", {{"name", kAlice}}), "condition 1");
}

TEST_F(Resets, AreVetoedAgainAndAgainUntilEveryAuditorHasHeard) {
  village.server.suppresses_vetoes = true;
  village.server.deaf = {1, 2, 3};
  good(reset("thief-1"));
  expect_says(veto("alice-1"), "has reached 0 of the 2 auditors");
  village.server.deaf = {1};
  village.device("alice-1").restart();
  EXPECT_TRUE(village.until([&] { return auditors_with_veto() == 2; }, 11 * kMinuteMs));
  const json all = status("alice-1")["veto"];
  EXPECT_EQ(all["auditors"][0]["state"], "waits");
  EXPECT_EQ(all["auditors"][1]["state"], "has it");
  village.pass_all(2 * kDayMs);
  village.server.deaf.clear();
  EXPECT_TRUE(village.until([&] { return auditors_with_veto() == 3; }, 11 * kMinuteMs));
  // What was suppressed is published after all: nothing is left to do.
  village.server.suppresses_vetoes = false;
  village.device("alice-1").restart();
  EXPECT_TRUE(village.until([&] { return !status("alice-1").contains("veto"); }, 10 * kMinuteMs));
  EXPECT_FALSE(chain().open_reset());
}

TEST_F(Resets, AreVetoedWhereverACrashComesBetween) {
  for (std::uint64_t sends = 0; sends < 8; ++sends) {
    good(reset("thief-" + std::to_string(sends)));
    village.pass_all(13 * kHourMs);
    village.device("alice-1").crash_after(sends);
    const std::uint64_t id = village.begin("alice-1", "veto", json::object());
    village.until([&] { return !village.answer("alice-1", id).is_null(); }, kMinuteMs);
    village.device("alice-1").crash_after(std::nullopt);
    EXPECT_TRUE(village.until([&] { return !chain().open_reset(); }, kMinuteMs)) << sends;
    EXPECT_TRUE(village.until([&] { return alarms("alice-1").empty(); }, kMinuteMs)) << sends;
    village.pass_all(kDelayMs);
  }
}

TEST_F(Resets, AreVetoedOnceThoughTheAnswersAreLost) {
  good(reset("thief-1"));
  village.device("alice-1").lose_answers_to(proto::kPathStatement);
  EXPECT_EQ(good(veto("alice-1"))["vetoed"], true);
  village.device("alice-1").lose_answers_to({});
  EXPECT_EQ(chain().count(), 3u);
}

TEST_F(Resets, AreVetoedAgainWhereTheServerLostTheVetoThatItTook) {
  village.server.suppresses_vetoes = true;
  good(reset("thief-1"));
  EXPECT_EQ(good(veto("alice-1"))["vetoed"], false);
  village.server.suppresses_vetoes = false;
  EXPECT_TRUE(village.until([&] { return !chain().open_reset(); }, 5 * kMinuteMs));
}

TEST_F(Resets, ThatAreMatureAreVetoedThoughTheDirectoryDoesNotAnswer) {
  good(reset("thief-1"));
  ASSERT_TRUE(village.until([&] { return alarms("alice-1").size() == 1; }, 13 * kHourMs));
  village.server.down = true;
  village.pass_all(kDelayMs);
  const json done = good(veto("alice-1"));
  EXPECT_EQ(done["vetoed"], false);
  EXPECT_EQ(done["auditors_have"], 3);
  EXPECT_EQ(auditors_with_veto(), 3u);
}

TEST_F(Resets, AreNotVetoedByAVetoOfAnotherRequest) {
  good(reset("thief-1"));
  ASSERT_TRUE(village.until([&] { return alarms("alice-1").size() == 1; }, 13 * kHourMs));
  const Account own = *load_account(village.device("alice-1").store());
  hold_veto_of_another_request(village.device("alice-1").store(), own.signing_key,
                               village.server.domain.entries.at(kAlice).notices.back(), 4);
  EXPECT_FALSE(status("alice-1").contains("veto"));
}

// ---- vetoes through conversations ----

TEST_F(Resets, AreVetoedByContactsWhenTheOwnerReachesNobodyElse) {
  talk();
  const std::size_t before = rows("bob-1", kAlice);
  village.server.suppresses_vetoes = true;
  village.device("alice-1").cut_off_from("https://auditor");
  good(reset("thief-1"));
  expect_says(veto("alice-1"), "has reached 0 of the 2");
  EXPECT_TRUE(village.until([&] { return auditors_with_veto() == 3; }, kMinuteMs));
  EXPECT_EQ(rows("bob-1", kAlice), before);  // it is no message
  good(send("alice-1", kBob, "afterwards"));
  EXPECT_TRUE(village.until([&] { return shows("bob-1", kAlice, "afterwards"); }));
  EXPECT_EQ(rows("bob-1", kAlice), before + 1);

  // Were all auditors liars: who holds the veto sees no completion.
  village.pass_all(kDelayMs + 2 * kHourMs);
  village.server.vetoes.clear();
  village.server.domain.silent.clear();
  ASSERT_EQ(chain().completed_resets().size(), 1u);
  expect_says(village.ask("bob-1", "contact.verify", {{"name", kAlice}}), "its owner vetoed it");
  EXPECT_EQ(state("alice-1"), "active");
  village.device("bob-1").restart();
  expect_says(village.ask("bob-1", "contact.verify", {{"name", kAlice}}), "its owner vetoed it");
}

TEST_F(Resets, AreToldOfToContactsAgainEveryDay) {
  talk();
  village.server.suppresses_vetoes = true;
  village.device("alice-1").cut_off_from("https://auditor");
  good(reset("thief-1"));
  veto("alice-1");
  testing::TestStore& bobs = village.device("bob-1").store();
  const auto held = [&] { return bobs.scan(tables::kVetoes, {}, {}, 1); };
  ASSERT_TRUE(village.until([&] { return !held().empty(); }, kMinuteMs));
  CHECK(bobs.apply({{tables::kVetoes, held().front().key, std::nullopt}}));
  village.pass_all(20 * kHourMs);
  EXPECT_TRUE(held().empty());
  EXPECT_TRUE(village.until([&] { return !held().empty(); }, 5 * kHourMs));
}

TEST_F(Resets, ThatAreOpenAreVetoedHoweverManyVetoesOfOthersWereTold) {
  talk();
  village.server.suppresses_vetoes = true;
  village.device("alice-1").cut_off_from("https://auditor");
  good(reset("thief-1"));
  good(village.ask("bob-1", "contact.verify", {{"name", kAlice}}));
  const Account thief = *load_account(village.device("alice-1").store());  // a copy
  for (std::uint32_t i = 4; i < 8; ++i) {
    hold_veto_of_another_request(village.device("bob-1").store(), thief.signing_key,
                                 village.server.domain.entries.at(kAlice).notices.back(), i);
  }
  veto("alice-1");
  EXPECT_TRUE(village.until([&] { return auditors_with_veto() == 3; }, kMinuteMs));
}

TEST_F(Resets, AreForgottenByContactsOnceTheChainHasTheVeto) {
  talk();
  good(reset("thief-1"));
  EXPECT_EQ(good(veto("alice-1"))["vetoed"], true);
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(village.device("bob-1").store().scan(tables::kVetoes, {}, {}, 1).empty());
  EXPECT_TRUE(village.device("bob-1").store().scan(tables::kVetoPosts, {}, {}, 1).empty());
}

// ---- completed resets ----

TEST_F(Resets, GiveTheNameToItsOwnerWhenDelayAndContactsAllowIt) {
  talk();
  village.set_online("alice-1", false);
  const json asked = good(reset("alice-2"));
  EXPECT_EQ(status("alice-2")["reset"]["matures_ms"], asked["matures_ms"]);
  village.pass_all(kDelayMs / 2);
  village.device("alice-2").restart();
  village.pass_all(kDelayMs / 2 + kMinuteMs);
  EXPECT_EQ(state("alice-2"), "resetting");
  ASSERT_TRUE(village.until([&] { return state("alice-2") == "active"; }, 3 * kHourMs)) << status("alice-2");
  EXPECT_EQ(chain().active_count(), 1u);
  EXPECT_EQ(chain().completed_resets().size(), 1u);
  EXPECT_EQ(chain().reset_delay_s(), kDelayMs / kSecondMs);
  EXPECT_TRUE(alarms("alice-2").empty());

  village.pass_all(kDayMs);  // until then bob may write to the devices that he knows
  expect_says(send("bob-1", kAlice, "is it you?"), "was reset");
  EXPECT_EQ(good(village.ask("bob-1", "contact.accept", {{"name", kAlice}}))["accepted"], true);
  good(send("bob-1", kAlice, "it is you"));
  EXPECT_TRUE(village.until([&] { return shows("alice-2", kBob, "it is you"); }));
  EXPECT_FALSE(shows("alice-2", kBob, "is it you?"));
  village.set_online("alice-1", true);
  EXPECT_TRUE(village.until([&] { return state("alice-1") == "removed"; }, 13 * kHourMs));
  ASSERT_EQ(alarms("alice-1").size(), 1u);
  const json alarm = alarms("alice-1")[0];
  EXPECT_EQ(alarm["device"], asked["device"]);
  EXPECT_EQ(alarm["added_by"], "reset");
  EXPECT_TRUE(alarm["sentence"].get<std::string>().starts_with("Your name was reset to the device ")) << alarm;
  // The old recovery key is worth nothing any more, and the new one is.
  const auto recover = [&](const std::string& with) {
    return village.ask("alice-3", "recover",
                       {{"name", kAlice}, {"recovery_key", with}, {"policy", village.server.policy_text()}});
  };
  expect_says(recover(key), "recovery key of another name");
  EXPECT_EQ(good(recover(asked["recovery_key"]))["devices_active"], 2);
}

TEST_F(Resets, GoOnWhereverACrashComesBetween) {
  for (std::uint64_t sends = 0; sends < 6; ++sends) {
    const std::string device = "alice-" + std::to_string(10 + sends);
    village.device(device).crash_after(sends);
    const std::uint64_t id =
        village.begin(device, "reset", {{"name", kAlice}, {"policy", village.server.policy_text()}});
    village.until([&] { return !village.answer(device, id).is_null(); }, kMinuteMs);
    village.device(device).crash_after(std::nullopt);
    if (state(device) == "none") good(reset(device));  // it had signed nothing
    ASSERT_TRUE(village.until([&] { return chain().open_reset().has_value(); }, kMinuteMs)) << sends;
    village.pass_all(kDelayMs);
    village.device(device).crash_after(sends);
    village.pass_all(2 * kHourMs);
    village.device(device).crash_after(std::nullopt);
    EXPECT_TRUE(village.until([&] { return state(device) == "active"; }, 2 * kHourMs)) << sends << status(device);
    EXPECT_EQ(chain().active_count(), 1u);
  }
}

TEST_F(Resets, GoOnThoughAnswersAreLost) {
  village.set_online("alice-1", false);
  village.device("alice-2").lose_answers_to(proto::kPathStatement);
  good(reset("alice-2"));
  EXPECT_TRUE(village.until([&] { return state("alice-2") == "active"; }, kDelayMs + 4 * kHourMs));
}

TEST_F(Resets, ThatWereVetoedCanBeAskedForAgainWhenTheirDelayIsOver) {
  good(reset("alice-2"));
  village.pass_all(kDayMs);
  EXPECT_EQ(good(veto("alice-1"))["vetoed"], true);
  expect_says(reset("alice-3"), "was vetoed; one can be asked for again on ");
  EXPECT_EQ(state("alice-3"), "none");
  village.pass_all(kDelayMs - kDayMs);
  village.set_online("alice-1", false);
  good(reset("alice-3"));
  EXPECT_TRUE(village.until([&] { return state("alice-3") == "active"; }, kDelayMs + 3 * kHourMs));
  EXPECT_EQ(chain().completed_resets().size(), 1u);
  EXPECT_EQ(state("alice-2"), "none");
}

TEST_F(Resets, AreRefusedWithASentenceAndLeaveNothingBehind) {
  expect_says(reset("x-1", kBob), "allows no reset");
  expect_says(reset("x-1", "nobody@example.org"), "There is no nobody@example.org");
  expect_says(reset("bob-1"), "has a name already");
  village.server.invitation = "letmein";
  expect_says(reset("x-1", kAlice, "wrong"), "ask for another one");
  EXPECT_EQ(state("x-1"), "resetting");  // it is signed, and a server may publish what it refuses
  good(reset("x-1", kAlice, "letmein"));
  expect_says(reset("x-2", kAlice, "letmein"), "is open already");
  EXPECT_EQ(state("x-2"), "none");
  EXPECT_EQ(chain().count(), 2u);
}

TEST_F(Resets, AreNotGivenUpBecauseTheServerSaysNo) {
  village.set_online("alice-1", false);
  village.server.publishes = false;
  std::vector<Bytes> sent;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.ends_with(proto::kPathStatement)) return;
    sent.push_back(wire::decode<proto::StatementRequest>(call.body)->statement);
    const auto statement = directory::Statement::decode(sent.back());
    testing::TestPerson& person = village.server.people.at(kAlice);
    if (person.state.count() == statement->content.sequence) person.take(*statement);  // and says no
  };
  village.server.refuse_statements = ErrorCode::not_authorised;
  const json refused = reset("x-1");
  expect_says(refused, "The directory does not want this.");
  expect_says(refused, "recovery key after the reset is the one that was shown before it");
  expect_says(reset("x-1", kBob), "reset of alice@example.org is signed and waits");
  expect_says(reset("x-1"), "The directory does not want this.");
  ASSERT_GE(sent.size(), 2u);
  EXPECT_EQ(sent.front(), sent.back());
  village.device("x-1").restart();
  village.server.overhear = nullptr;
  village.server.publish_all();
  ASSERT_TRUE(village.until([&] { return status("x-1").contains("reset"); }, 2 * kMinuteMs));
  village.server.refuse_statements.reset();
  village.server.publishes = true;
  EXPECT_TRUE(village.until([&] { return state("x-1") == "active"; }, kDelayMs + 4 * kHourMs)) << status("x-1");
}

TEST_F(Resets, ThatTwoAskForAtOnceAreOnes) {
  const json params = {{"name", kAlice}, {"policy", village.server.policy_text()}};
  const std::uint64_t first = village.begin("x-1", "reset", params);
  const std::uint64_t second = village.begin("x-2", "reset", params);
  json answers[2];
  village.until([&] {
    if (answers[0].is_null()) answers[0] = village.answer("x-1", first);
    if (answers[1].is_null()) answers[1] = village.answer("x-2", second);
    return !answers[0].is_null() && !answers[1].is_null();
  });
  EXPECT_NE(answers[0].contains("result"), answers[1].contains("result")) << answers[0] << answers[1];
  EXPECT_TRUE(village.until([&] { return (state("x-1") == "none") != (state("x-2") == "none"); }, kMinuteMs));
}

// ---- the delay ----

TEST_F(Resets, TakeAsLongAsTheRecoveryKeySays) {
  const auto set = [&](std::uint64_t days, const std::string& recovery) {
    return village.ask("alice-1", "reset.delay", {{"days", days}, {"recovery_key", recovery}});
  };
  EXPECT_EQ(status("alice-1")["reset_delay_days"], 12);
  for (const std::uint64_t days : {1u, 2u, 61u, 1'000'000u}) expect_says(set(days, key), "3 to 60 days");
  expect_says(set(3, "hello"), "no recovery key");
  expect_says(set(3, enroll("carol-1", "carol@example.org", 0)), "recovery key of another name");
  EXPECT_EQ(good(set(60, key))["reset_delay_days"], 60);
  EXPECT_EQ(good(set(0, key))["reset_delay_days"], 0);
  EXPECT_EQ(status("alice-1")["reset_delay_days"], 0);
  expect_says(reset("x-1"), "allows no reset");
  const json bad =
      village.ask("x-1", "register",
                  {{"name", "dora@example.org"}, {"policy", village.server.policy_text()}, {"reset_delay_days", 2}});
  expect_says(bad, "3 to 60 days");
  EXPECT_EQ(status("bob-1")["reset_delay_days"], 0);  // unless its owner wants another one
}

}  // namespace
}  // namespace cairn::client
