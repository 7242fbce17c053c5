// A device that is active, and somebody else's, takes generations out of the key box: who knew them notices, says so,
// and keeps what it takes to have them deleted (docs/spec/client.md s.9).
#include "core/client/lost_generations.h"

#include <functional>

#include "core/base/encoding.h"
#include "core/client/pin_fixture.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

class Lost : public PinVillage {
 protected:
  /// Two generations behind realms, and two devices that know them.
  Lost() {
    set_pin();
    EXPECT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
    EXPECT_TRUE(job("alice-1", "backup.create").contains("result"));
    EXPECT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    EXPECT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
    EXPECT_EQ(numbers("alice-1"), (std::vector<std::uint32_t>{1, 2}));
    first_ = setup("alice-1").content.generations[0].clone();
  }
  BackupSetup setup(const std::string& device) { return std::move(*load_backup_setup(village.device(device).store())); }
  std::vector<std::uint32_t> numbers(const std::string& device) {
    std::vector<std::uint32_t> out;
    for (const auto& one : setup(device).content.generations) out.push_back(one.number);
    return out;
  }
  /// As the second device, of whose store somebody has a copy, writes it.
  void write_box(const std::function<void(vault::KeyBoxContent&)>& change) {
    const BackupSetup stolen = setup("alice-2");
    const auto account = load_account(village.device("alice-2").store());
    proto::KeyBoxPut& put = village.server.vault.key_boxes.at(stolen.key_box);
    const auto stands = open_with_device(put.body, stolen.content.current().root, stolen.device_key);
    ASSERT_TRUE(stands);
    vault::KeyBoxContent forged = stolen.content.clone();
    forged.previous = stands->head().hash;
    forged.version = stands->head().version + 1;
    change(forged);
    put.version = forged.version;
    put.body = *seal_to_openers(forged, account->signing_key, entropy);
    put.signature = crypto::sign_labelled(stolen.write_key, crypto::kSignKeyBoxPut, put.content());
  }
  /// Without the first generation.
  void take_out() {
    write_box([](vault::KeyBoxContent& box) {
      std::erase_if(box.generations, [](const vault::Generation& one) { return one.number == 1; });
    });
  }
  /// With it again, as `change` leaves it.
  void bring_back(const std::function<void(vault::Generation&)>& change) {
    write_box([&](vault::KeyBoxContent& box) {
      vault::Generation one = first_->clone();
      change(one);
      box.generations.insert(box.generations.begin(), std::move(one));
    });
  }
  std::vector<json> alarms() {
    std::vector<json> out;
    const json all = village.ask("alice-1", "status")["result"]["alarms"];
    for (const json& one : all) {
      if (one["kind"] == "backup") out.push_back(one);
    }
    return out;
  }
  std::vector<LostGeneration> lost() { return lost_generations(village.device("alice-1").store()); }
  /// The first generation's part of the key at a realm.
  TokenState& share(std::size_t place) {
    const auto record = vault::token_record_id(first_->root, realm(place).id());
    return net.places[place]->shares.at(record).state;
  }
  void set_alive(bool alive) {
    for (const std::size_t i : {1u, 2u}) realm(i).alive = alive;
  }

  testing::SeededEntropy entropy{41};
  std::optional<vault::Generation> first_;
};

TEST_F(Lost, AGenerationThatRealmsStillHoldIsAnAlarmThatNamesTheDevice) {
  take_out();
  village.pass_all(kHourMs);
  ASSERT_EQ(alarms().size(), 1u);
  EXPECT_EQ(alarms()[0]["what"], "generation");
  EXPECT_EQ(alarms()[0]["device"], village.ask("alice-2", "status")["result"]["device"]);
  const std::string sentence = alarms()[0]["sentence"];
  EXPECT_NE(sentence.find("generation 1"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("still hold"), std::string::npos) << sentence;
  village.device("alice-1").restart();
  EXPECT_EQ(alarms().size(), 1u);
  EXPECT_EQ(village.ask("alice-1", "backup.seen")["result"]["seen"], 1);
  EXPECT_TRUE(alarms().empty());
  EXPECT_EQ(lost().size(), 1u);
}

TEST_F(Lost, ItIsPutBackWithTheNextSnapshot) {
  take_out();
  village.pass_all(kHourMs);
  ASSERT_EQ(numbers("alice-1"), std::vector<std::uint32_t>{2});
  const json created = job("alice-1", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_NE(created.dump().find("puts it back"), std::string::npos) << created.dump();
  EXPECT_EQ(numbers("alice-1"), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_TRUE(lost().empty());
  EXPECT_TRUE(alarms().empty());
  village.pass_all(kHourMs);
  EXPECT_EQ(numbers("alice-2"), (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(Lost, OneThatComesBackAlteredHasTheKeysThatWereKnown) {
  take_out();
  village.pass_all(kHourMs);
  ASSERT_EQ(lost().size(), 1u);
  bring_back([](vault::Generation& one) {
    one.data_key = *vault::WrappedDataKey::from(Bytes(vault::WrappedDataKey::kSize, 7));
  });
  village.pass_all(kHourMs);
  ASSERT_EQ(numbers("alice-1"), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(setup("alice-1").content.generations[0].data_key, first_->data_key);
  EXPECT_TRUE(lost().empty());
}

TEST_F(Lost, OneThatComesBackAlteredIsMendedByAJobToo) {
  take_out();
  ASSERT_TRUE(job("alice-1", "backup.list").contains("result"));  // it saves nothing
  ASSERT_EQ(lost().size(), 1u);
  village.pass_all(kHourMs);
  bring_back([&](vault::Generation& one) {
    one.realms.clear();
    one.token.emplace();
  });
  const json seen = job("alice-1", "backup.list");
  ASSERT_TRUE(seen.contains("result")) << seen.dump();
  EXPECT_NE(seen.dump().find("keys or realms of a generation"), std::string::npos) << seen.dump();
  // The job saves nothing: until a look at the key box has, the row alone has its keys.
  EXPECT_TRUE(!lost().empty() || setup("alice-1").content.generations[0].data_key == first_->data_key);
  const json created = job("alice-1", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_FALSE(setup("alice-1").content.generations[0].token);
  EXPECT_EQ(setup("alice-1").content.generations[0].realms, first_->realms);
  EXPECT_TRUE(lost().empty());
  village.pass_all(kHourMs);
  EXPECT_EQ(setup("alice-2").content.generations[0].data_key, first_->data_key);
}

TEST_F(Lost, OneThatIsToBeErasedIsAnAlarmAndCanBeKept) {
  const json asked = job("alice-2", "backup.delete", {{"generation", 1}});
  ASSERT_EQ(asked["result"]["waiting"], json::parse("[1]")) << asked.dump();
  take_out();
  village.pass_all(kHourMs);
  ASSERT_EQ(alarms().size(), 1u);
  const std::string sentence = alarms()[0]["sentence"];
  EXPECT_NE(sentence.find("is to be deleted on"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("delete --cancel --from domain --generation 1"), std::string::npos) << sentence;
  const json kept = job("alice-1", "backup.delete", {{"cancel", true}, {"generation", 1}});
  ASSERT_TRUE(kept.contains("result")) << kept.dump();
  EXPECT_EQ(kept["result"]["kept"], json::parse("[1]")) << kept.dump();
  EXPECT_EQ(share(0).erase_at_ms, 0u);
  village.pass_all(2 * kHourMs);
  ASSERT_EQ(alarms().size(), 1u);
  EXPECT_NE(alarms()[0]["sentence"].get<std::string>().find("still hold"), std::string::npos);
}

TEST_F(Lost, DeletingAllDeletesWhatWasTakenOutBeforeRealmsWereAsked) {
  take_out();
  const json done = job("alice-1", "backup.delete", {{"recovery_key", key}});
  ASSERT_TRUE(done.contains("result")) << done.dump();
  EXPECT_EQ(done["result"]["deleted"], json::parse("[1,2]")) << done.dump();
  EXPECT_TRUE(share(0).receipt && share(1).receipt && share(2).receipt);
  EXPECT_TRUE(lost().empty());
}

TEST_F(Lost, NoCommandIsGivenThatWouldDeleteAnother) {
  write_box([](vault::KeyBoxContent& box) { box.generations[0].root.expose_mutable()[0] ^= 1; });
  village.pass_all(kHourMs);
  ASSERT_EQ(alarms().size(), 1u);
  const std::string sentence = alarms()[0]["sentence"];
  EXPECT_EQ(sentence.find("--generation"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("its place is taken"), std::string::npos) << sentence;
}

TEST_F(Lost, ItCanStillBeDeleted) {
  take_out();
  village.pass_all(kHourMs);
  const json done = job("alice-1", "backup.delete", {{"generation", 1}, {"recovery_key", key}});
  ASSERT_TRUE(done.contains("result")) << done.dump();
  EXPECT_EQ(done["result"]["deleted"], json::parse("[1]")) << done.dump();
  EXPECT_TRUE(share(0).receipt && share(1).receipt && share(2).receipt);
  EXPECT_TRUE(lost().empty());
  EXPECT_TRUE(alarms().empty());
}

TEST_F(Lost, OneThatAnotherDeviceHasDeletedIsNoAlarm) {
  const json done = job("alice-2", "backup.delete", {{"generation", 1}, {"recovery_key", key}});
  ASSERT_TRUE(done.contains("result")) << done.dump();
  ASSERT_EQ(done["result"]["deleted"], json::parse("[1]")) << done.dump();
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(numbers("alice-1"), std::vector<std::uint32_t>{2});
  EXPECT_TRUE(alarms().empty());
  EXPECT_TRUE(lost().empty());
}

TEST_F(Lost, RealmsThatDoNotAnswerAreAnAlarmAfterADayAndNoneWhenTheySayThatItIsGone) {
  set_alive(false);
  take_out();
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(alarms().empty());
  village.pass_all(kDayMs);
  ASSERT_EQ(alarms().size(), 1u);
  EXPECT_NE(alarms()[0]["sentence"].get<std::string>().find("Too few of its realms"), std::string::npos);
  set_alive(true);
  for (const auto& place : net.places) {
    testing::RealmNet::erase(*place, vault::token_record_id(first_->root, place->realm.id()));
  }
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(alarms().empty());
  EXPECT_TRUE(lost().empty());
}

TEST_F(Lost, ADeletionThatWasNotConfirmedGoesOnAllTheSame) {
  set_alive(false);
  village.server.vault.vaults.clear();
  const json said = job("alice-1", "backup.delete", {{"generation", 1}});
  ASSERT_TRUE(said.contains("result")) << said.dump();
  ASSERT_EQ(said["result"]["unconfirmed"], json::parse("[1]"));
  take_out();
  village.pass_all(2 * kHourMs);
  ASSERT_EQ(numbers("alice-1"), std::vector<std::uint32_t>{2});
  set_alive(true);
  village.pass_all(2 * kHourMs);
  EXPECT_NE(share(1).erase_at_ms, 0u);
  EXPECT_NE(share(2).erase_at_ms, 0u);
  EXPECT_TRUE(alarms().empty());  // it comes
  net.erase_all_that_wait();
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(lost().empty());
  EXPECT_TRUE(village.device("alice-1").store().scan(tables::kUnconfirmed, {}, {}, 1).empty());
}

}  // namespace
}  // namespace cairn::client
