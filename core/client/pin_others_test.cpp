// Guesses at the PIN are told on every device of the name, whether it backs up or not (docs/spec/client.md s.13).
#include "core/client/pin_others.h"

#include "core/base/encoding.h"
#include "core/client/pin_fixture.h"
#include "core/client/self_words.h"

namespace cairn::client {
namespace {

class PinOthers : public PinVillage {
 protected:
  /// A device that backs nothing up, and has heard of the PIN.
  void second_device() {
    EXPECT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    ASSERT_TRUE(village.until([&] { return !other_pins(village.device("alice-2").store()).empty(); }, 3 * kHourMs));
    ASSERT_TRUE(load_backup_setups(village.device("alice-2").store()).empty());
  }
  /// Alarms of kind `pin`.
  std::vector<json> told(const std::string& device) {
    std::vector<json> out;
    const json all = village.ask(device, "status")["result"]["alarms"];
    for (const json& one : all) {
      if (one["kind"] == "pin") out.push_back(one);
    }
    return out;
  }
  json status(const std::string& device) { return job(device, "pin.status")["result"]; }
};

TEST_F(PinOthers, ADeviceWithoutABackupTellsGuessesToo) {
  set_pin();
  second_device();
  EXPECT_EQ(status("alice-2")["elsewhere"], true);
  EXPECT_EQ(status("alice-2")["guesses_unseen"], 0);
  EXPECT_TRUE(told("alice-2").empty());
  EXPECT_EQ(code(recover("thief", kWrong)), "not_authorised");
  village.set_online("alice-1", false);  // nobody else says it
  village.pass_all(kHourMs);
  ASSERT_EQ(told("alice-2").size(), 1u) << status("alice-2");
  EXPECT_EQ(told("alice-2")[0]["guesses"], 1);
  EXPECT_EQ(told("alice-2")[0]["guesses_left"], 9);
  EXPECT_NE(told("alice-2")[0]["sentence"].get<std::string>().find("on a device that backs up"), std::string::npos);
  EXPECT_EQ(status("alice-2")["guesses_unseen"], 1);
  ASSERT_TRUE(job("alice-2", "pin.status", {{"seen", true}}).contains("result"));
  EXPECT_TRUE(told("alice-2").empty());
  // It could not have unlocked it, nor changed it.
  EXPECT_EQ(realm(0).guesses, 1u);
  EXPECT_FALSE(job("alice-2", "pin.unlock").contains("result"));
}

TEST_F(PinOthers, ItHearsOfAChangeAndOfTheEnd) {
  set_pin();
  second_device();
  const auto before = other_pins(village.device("alice-2").store());
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  ASSERT_TRUE(village.until(
      [&] {
        const auto now = other_pins(village.device("alice-2").store());
        return now.size() == 1 && now[0].word.logs[0].version != before[0].word.logs[0].version;
      },
      3 * kHourMs));
  EXPECT_EQ(code(recover("thief", kPin)), "not_authorised");
  village.pass_all(kHourMs);
  ASSERT_EQ(told("alice-2").size(), 1u);
  ASSERT_TRUE(job("alice-1", "pin.remove").contains("result"));
  ASSERT_TRUE(village.until([&] { return status("alice-2")["set"] == false; }, 3 * kHourMs));
  EXPECT_TRUE(told("alice-2").empty());
}

TEST_F(PinOthers, WhatADeviceSaidIsForgottenWhenItIsRemoved) {
  set_pin();
  second_device();
  const json id = village.ask("alice-1", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-2", "device.remove", {{"device", id}}).contains("result"));
  village.pass_all(kHourMs);
  EXPECT_TRUE(other_pins(village.device("alice-2").store()).empty());
}

TEST_F(PinOthers, ARealmThatWasAwayIsNamedWhenItIsBack) {
  realm(2).alive = false;
  set_pin();
  second_device();
  EXPECT_TRUE(other_pins(village.device("alice-2").store())[0].word.logs[2].version.is_zero());
  realm(2).alive = true;
  EXPECT_TRUE(village.until(
      [&] { return !other_pins(village.device("alice-2").store())[0].word.logs[2].version.is_zero(); }, 6 * kHourMs));
}

TEST(PinWord, HasOneEncodingAndALogForEachRealm) {
  testing::RealmNet net;
  PinToWatch word{*RegistrationId::from(Bytes(16, 3)), *RealmList::parse(net.list()), {}};
  for (std::uint8_t i = 1; i <= 3; ++i) {
    word.logs.push_back({*PinVersion::from(Bytes(16, i)), *Signature::from(Bytes(64, i))});
  }
  for (const PinToWatch& one : {word, PinToWatch{word.registration, std::nullopt, {}}}) {
    const SelfWord said = encode_self_words(one);
    const auto heard = decode_self_words(said);
    ASSERT_TRUE(heard);
    EXPECT_EQ(std::get<PinToWatch>(*heard), one);
    SelfWord shorter{to_bytes(ByteView(said.body).first(said.body.size() - 1))};
    EXPECT_FALSE(decode_self_words(shorter));
    SelfWord longer = said;
    longer.body.push_back(0);
    EXPECT_FALSE(decode_self_words(longer));
  }
}

}  // namespace
}  // namespace cairn::client
