// What one's devices are called, and how an alarm names one that this device did not let in.
#include "core/client/device_names.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
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

class DeviceNames : public ::testing::Test {
 protected:
  void SetUp() override { key = good(village.register_person("alice-1", kAlice))["recovery_key"].get<std::string>(); }

  json status(const std::string& device) { return good(village.ask(device, "status")); }
  std::string id_of(const std::string& device) { return status(device)["device"]; }
  json alarms(const std::string& device) { return status(device)["alarms"]; }
  /// The one that alice-1 has, when it has looked its name up.
  json alarm() {
    EXPECT_TRUE(village.until([&] { return alarms("alice-1").size() == 1; }, 13 * kHourMs));
    const json all = alarms("alice-1");
    return all.empty() ? json::object() : all[0];
  }
  json call(const std::string& device, const std::string& name) {
    return village.ask("alice-1", "device.name", {{"device", device}, {"name", name}});
  }
  static std::string code(const json& answer) {
    return answer.contains("error") ? answer["error"]["data"]["code"].get<std::string>() : "none: " + answer.dump();
  }
  static std::string short_of(const std::string& id) { return id.substr(0, kLeastDeviceDigits); }
  static void expect_says(const json& one, const std::string& words) {
    EXPECT_NE(one.value("sentence", "").find(words), std::string::npos) << words << "\n" << one;
  }
  /// With the key of alice-1, and not by it.
  std::string add_with_the_key_of_alice_1() {
    const Account own = *load_account(village.device("alice-1").store());
    auto& person = village.server.people.at(kAlice);
    person.entropy = testing::SeededEntropy(77);
    const testing::TestDevice added = person.new_device();
    person.take(person.add(added, testing::TestDevice{own.signing_key.clone(), own.device()}));
    village.server.publish_all();
    return to_hex(added.device.id());
  }

  testing::ClientVillage village;
  std::string key;
};

TEST_F(DeviceNames, AnAlarmSaysByWhichDeviceItCame) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  good(village.link_device("alice-3", kAlice, "alice-2"));
  const std::string second = id_of("alice-2"), third = id_of("alice-3");
  json one = alarm();
  EXPECT_EQ(one["kind"], "device");
  EXPECT_EQ(one["device"], third);
  EXPECT_EQ(one["added_by"], second);
  EXPECT_FALSE(one.contains("name"));
  EXPECT_EQ(one["sentence"], "The device " + short_of(third) + " was added to your name by your device " +
                                 short_of(second) + ", and not by this one; if you did not add it there, remove both.");
  EXPECT_EQ(alarms("alice-2"), json::array());  // it let the third in
  EXPECT_EQ(alarms("alice-3"), json::array());

  // The names are those that the reader gave, whatever others call their devices.
  good(village.ask("alice-2", "device.name", {{"device", third}, {"name", "Alice's own laptop"}}));
  good(village.ask("alice-3", "device.name", {{"device", third}, {"name", "Alice's own laptop"}}));
  village.pass_all(kMinuteMs);
  EXPECT_EQ(alarm(), one);
  good(call(second, "the old phone"));
  good(call(third, "who is that?"));
  village.device("alice-1").restart();
  one = alarm();
  EXPECT_EQ(one["name"], "who is that?");
  expect_says(one, "The device \"who is that?\" (" + short_of(third) + ") was added to your name by your device \"" +
                       "the old phone\" (" + short_of(second) + ")");
}

TEST_F(DeviceNames, AnAlarmSaysThatTheRecoveryKeyLetItIn) {
  good(village.ask("alice-2", "recover",
                   {{"name", kAlice}, {"recovery_key", key}, {"policy", village.server.policy_text()}}));
  const json one = alarm();
  EXPECT_EQ(one["device"], id_of("alice-2"));
  EXPECT_EQ(one["added_by"], "recovery key");
  expect_says(one, "The device " + short_of(id_of("alice-2")) + " was added to your name with your recovery key");
}

TEST_F(DeviceNames, AnAlarmSaysThatThisDevicesKeyWasCopied) {
  const std::string added = add_with_the_key_of_alice_1();
  const json one = alarm();
  EXPECT_EQ(one["device"], added);
  EXPECT_EQ(one["added_by"], id_of("alice-1"));
  expect_says(one, "The device " + short_of(added) + " was added to your name with the key of this device");
  expect_says(one, "--remove-others");
}

TEST_F(DeviceNames, AnAlarmComesWithTheNoticeOfTheEpochThatAddedTheDevice) {
  village.pass_all(kMinuteMs);
  const std::string added = add_with_the_key_of_alice_1();
  EXPECT_EQ(alarms("alice-1"), json::array());
  village.notify_of_epoch("alice-1");
  village.settle();
  const json all = alarms("alice-1");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["device"], added);
  expect_says(all[0], "The device " + short_of(added) + " was added to your name");
}

TEST_F(DeviceNames, AnAlarmOfAnEarlierBuildDoesNotSayByWhom) {
  const std::string added = add_with_the_key_of_alice_1();
  alarm();
  auto& store = village.device("alice-1").store();
  const DeviceId device = *DeviceId::from(*from_hex(added));
  const Bytes row = *store.get(tables::kAlarms, device);
  Alarm old = *wire::decode<Alarm>(row);
  old.by.reset();
  const Bytes bytes = wire::encode(old);
  EXPECT_EQ(bytes.size(), DeviceId::kSize + 8 + 4);
  ASSERT_TRUE(store.apply({{tables::kAlarms, to_bytes(device), bytes}}));
  const json one = alarm();
  EXPECT_FALSE(one.contains("added_by"));
  EXPECT_EQ(one["sentence"], "The device " + short_of(added) +
                                 " was added to your name, and not by this device; if you did not add it, remove it.");
  Bytes strange = bytes;
  strange.push_back(4);  // no kind of signer
  EXPECT_FALSE(wire::decode<Alarm>(strange).has_value());
  strange.back() = 0;
  EXPECT_FALSE(wire::decode<Alarm>(strange).has_value());
}

TEST_F(DeviceNames, AreListedAndTakenAway) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  const std::string second = id_of("alice-2");
  const json said = good(call(short_of(second), "phone"));
  EXPECT_EQ(said["device"], second);
  EXPECT_EQ(said["name"], "phone");
  EXPECT_EQ(good(village.ask("alice-1", "device.list"))["devices"][1]["name"], "phone");
  EXPECT_FALSE(good(village.ask("alice-2", "device.list"))["devices"][1].contains("name"));
  good(call(second, "phone"));  // the same again
  EXPECT_EQ(code(call(id_of("alice-1"), "phone")), "duplicate");
  good(village.ask("alice-1", "device.name", {{"device", second}}));
  EXPECT_FALSE(good(village.ask("alice-1", "device.list"))["devices"][1].contains("name"));
  good(call(id_of("alice-1"), "phone"));
}

TEST_F(DeviceNames, AreTextOfOneLine) {
  const std::string own = id_of("alice-1");
  good(call(own, std::string(kMaxDeviceNameSize, 'x')));
  EXPECT_EQ(code(call(own, std::string(kMaxDeviceNameSize + 1, 'x'))), "over_limit");
  for (const char* text : {"a\nb", "a\x1b[2J", "\x7f",
                           "a\xc2\x9b"
                           "b"}) {
    EXPECT_EQ(code(call(own, text)), "malformed") << text;
  }
  EXPECT_FALSE(check_device_name("\xff").has_value());
  good(call(own, "Gerät im Büro"));
}

TEST_F(DeviceNames, LiftNoAlarm) {
  village.set_online("alice-1", false);
  const std::string added = add_with_the_key_of_alice_1();
  EXPECT_EQ(code(call(added, "my tablet")), "not_found");
  village.set_online("alice-1", true);
  EXPECT_EQ(alarm()["device"], added);
  good(call(added, "my tablet"));
  EXPECT_EQ(alarm()["device"], added);
}

TEST_F(DeviceNames, RemovesByTheFirstDigitsOfAnId) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  const std::string second = id_of("alice-2");
  const auto remove = [&](const std::string& device) {
    return village.ask("alice-1", "device.remove", {{"device", device}});
  };
  EXPECT_EQ(code(remove(second.substr(0, kLeastDeviceDigits - 1))), "malformed");
  EXPECT_EQ(code(remove("00000000")), "malformed");
  EXPECT_EQ(good(remove(short_of(second)))["device"], second);
}

TEST_F(DeviceNames, AShortIdIsLongEnoughToMeanOneDevice) {
  const directory::NameState& chain = village.server.people.at(kAlice).state;
  const DeviceId own = chain.devices().front().id;
  EXPECT_EQ(short_device_id(chain, own), to_hex(own).substr(0, kLeastDeviceDigits));
  DeviceId alike = own;
  alike.mutable_view()[6] ^= 1;  // of whoever makes keys until one begins like that
  EXPECT_EQ(short_device_id(chain, alike), to_hex(alike).substr(0, 14));
  alike = own;
  alike.mutable_view()[DeviceId::kSize - 1] ^= 1;
  EXPECT_EQ(short_device_id(chain, alike), to_hex(alike));
}

}  // namespace
}  // namespace cairn::client
