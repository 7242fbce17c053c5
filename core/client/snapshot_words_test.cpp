// A storage that was set back, before somebody who has nothing to compare with: the realms keep the word of a device
// about the newest snapshot (docs/spec/client.md s.9).
#include "core/client/pin_fixture.h"
#include "core/vault/pack.h"

namespace cairn::client {
namespace {

class Words : public PinVillage {
 protected:
  using Vaults = std::map<proto::VaultId, testing::FakeVault::Objects>;
  Vaults& vaults() { return village.server.vault.vaults; }

  /// Snapshot 1 of generation 1; what it left is the older state. Then there is a second one.
  Words() {
    set_pin();
    older_ = vaults();
    say_later();
    EXPECT_EQ(create("alice-1")["result"]["snapshot"], 2);
    newer_ = vaults();
  }
  void say_later() {
    EXPECT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", "later"}}).contains("result"));
  }
  json create(const std::string& device, const testing::Params& params = {}) {
    const json created = job(device, "backup.create", params);
    EXPECT_TRUE(created.contains("result")) << created.dump();
    return created;
  }
  /// The name comes to an empty machine, with the recovery key.
  void come_back_on(const std::string& device, bool remove_others) {
    const json back = village.ask(device, "recover",
                                  {{"name", kAlice},
                                   {"recovery_key", key},
                                   {"policy", village.server.policy_text()},
                                   {"remove_others", remove_others}});
    ASSERT_TRUE(back.contains("result")) << back.dump();
  }
  /// What is kept of this generation beside the shares of these realms is lost.
  void forget_words_at(const std::vector<std::size_t>& realms) {
    for (const std::size_t i : realms) {
      for (auto& [record, share] : net.places[i]->shares) share.note.clear();
    }
  }
  /// From now on: once a manifest has come, `then` answers what else is asked of the storage's lists.
  void after_a_manifest(std::function<std::optional<Result<proto::CallReply>>()> then) {
    village.server.elsewhere =
        [this, then, is_put = false](const proto::Call& call) mutable -> std::optional<Result<proto::CallReply>> {
      if (call.url.ends_with(proto::kPathVaultPut)) {
        const auto put = wire::decode<proto::VaultPut>(call.body);
        const auto kind = static_cast<std::uint8_t>(vault::ObjectKind::manifest);
        is_put = is_put || (put && put->object.view()[0] == kind);
      }
      if (is_put && call.url.ends_with(proto::kPathVaultList)) return then();
      return net.answer(call);
    };
  }
  void realms_alone() {
    village.server.elsewhere = [this](const proto::Call& call) { return net.answer(call); };
  }
  static std::string warnings(const json& answer) {
    return answer.value("result", json::object()).value("warnings", json::array()).dump();
  }

  Vaults older_;
  Vaults newer_;
};

TEST_F(Words, AnEmptyMachineIsShownNoOlderState) {
  vaults() = older_;
  come_back_on("alice-2", true);
  const json refused = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  EXPECT_EQ(code(refused), "stale") << refused.dump();
  EXPECT_NE(sentence(refused).find("snapshot 2 of generation 1"), std::string::npos) << refused.dump();
  EXPECT_NE(sentence(refused).find("the newest that is shown is --snapshot 1."), std::string::npos) << refused.dump();
  EXPECT_TRUE(texts("alice-2").empty());
  vaults() = newer_;
  const json restored = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(warnings(restored).find("set back"), std::string::npos) << restored.dump();
  EXPECT_EQ(texts("alice-2").size(), 2u);
}

TEST_F(Words, NorIsOneThatHasThePin) {
  vaults() = older_;
  EXPECT_EQ(code(recover("alice-2", kPin)), "stale");
  const json none = job("alice-2", "recover.pin",
                        {{"name", kAlice},
                         {"pin", kPin},
                         {"realms", net.list()},
                         {"policy", village.server.policy_text()},
                         {"snapshot", 0}});
  EXPECT_EQ(code(none), "malformed") << none.dump();
  const json older = job("alice-2", "recover.pin",
                         {{"name", kAlice},
                          {"pin", kPin},
                          {"realms", net.list()},
                          {"policy", village.server.policy_text()},
                          {"snapshot", 1}});
  ASSERT_TRUE(older.contains("result")) << older.dump();
  EXPECT_EQ(texts("alice-2").size(), 1u);
  vaults() = newer_;
  EXPECT_TRUE(recover("alice-3", kPin).contains("result"));
  EXPECT_EQ(texts("alice-3").size(), 2u);
}

TEST_F(Words, WhereNothingIsShownItIsNoEmptyBackup) {
  for (auto& [id, objects] : vaults()) objects.clear();
  come_back_on("alice-2", true);
  EXPECT_EQ(code(job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}})), "stale");
}

TEST_F(Words, AnOlderOneIsReadWhenItIsNamed) {
  vaults() = older_;
  come_back_on("alice-2", true);
  const json restored =
      job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}, {"snapshot", 1}});
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_NE(warnings(restored).find("was set back"), std::string::npos) << restored.dump();
  EXPECT_EQ(texts("alice-2").size(), 1u);
}

TEST_F(Words, OneRealmIsEnoughToTell) {
  vaults() = older_;
  forget_words_at({0, 2});
  realm(0).alive = false;
  come_back_on("alice-2", true);
  EXPECT_EQ(code(job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}})), "stale");
}

/// It is no more than that: the storage and all realms together can show an older state to who knows nothing.
TEST_F(Words, WhereNoRealmTellsNothingIsRefused) {
  vaults() = older_;
  forget_words_at({0, 1, 2});
  come_back_on("alice-2", true);
  EXPECT_TRUE(job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}}).contains("result"));
}

TEST_F(Words, AnOlderKeyBoxHidesNoGeneration) {
  const auto boxes = village.server.vault.key_boxes;
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  EXPECT_EQ(create("alice-1")["result"]["generation"], 2);
  village.server.vault.key_boxes = boxes;
  vaults() = newer_;
  come_back_on("alice-2", true);
  const json refused = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  EXPECT_EQ(code(refused), "stale") << refused.dump();
  EXPECT_NE(sentence(refused).find("snapshot 1 of generation 2"), std::string::npos) << refused.dump();
}

/// A PIN that was changed begins a generation, and stores no snapshot.
TEST_F(Words, AGenerationWithoutASnapshotHidesNoOlderState) {
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  vaults() = older_;
  come_back_on("alice-2", true);
  const json refused = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  EXPECT_EQ(code(refused), "stale") << refused.dump();
  EXPECT_NE(sentence(refused).find("snapshot 2 of generation 1"), std::string::npos) << refused.dump();
}

TEST_F(Words, RealmsThatWereAwayAtTheFirstOfAGenerationHearOfItWithTheNext) {
  const auto boxes = village.server.vault.key_boxes;
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (call.url.ends_with(proto::kPathTokenNote)) {
      return Result<proto::CallReply>(fail(ErrorCode::unavailable, "away"));
    }
    return net.answer(call);
  };
  EXPECT_EQ(create("alice-1")["result"]["generation"], 2);
  realms_alone();
  say_later();
  EXPECT_EQ(create("alice-1")["result"]["snapshot"], 2);
  village.server.vault.key_boxes = boxes;
  vaults() = newer_;
  come_back_on("alice-2", true);
  const json refused = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  EXPECT_EQ(code(refused), "stale") << refused.dump();
  // That there is one, and not how many: who was put out of the name has these roots.
  EXPECT_NE(sentence(refused).find("snapshot 1 of generation 2"), std::string::npos) << refused.dump();
}

/// Beside the shares of the first generation stands that there was a second one.
TEST_F(Words, WhatItsOwnerDeletedIsMissedByNobody) {
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  EXPECT_EQ(create("alice-1")["result"]["generation"], 2);
  const json deleted = job("alice-1", "backup.delete", {{"generation", 2}, {"recovery_key", key}});
  ASSERT_TRUE(deleted.contains("result")) << deleted.dump();
  EXPECT_EQ(deleted["result"]["deleted"], json::parse("[2]")) << deleted.dump();
  come_back_on("alice-2", true);
  const json restored = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(texts("alice-2").size(), 2u);
}

/// It has the snapshot, and its answers to what comes afterwards would keep the realms from hearing of it.
TEST_F(Words, AStorageThatAnswersNothingAfterwardsIsToldOfAllTheSame) {
  after_a_manifest([]() -> std::optional<Result<proto::CallReply>> {
    return Result<proto::CallReply>(testing::FakePost::refusal(ErrorCode::over_limit, "no"));
  });
  say_later();
  const json created = create("alice-1");
  EXPECT_EQ(created["result"]["snapshot"], 3) << created.dump();
  EXPECT_NE(warnings(created).find("could not be looked at"), std::string::npos) << created.dump();
  realms_alone();
  vaults() = newer_;
  come_back_on("alice-2", true);
  const json refused = job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}});
  EXPECT_EQ(code(refused), "stale") << refused.dump();
  EXPECT_NE(sentence(refused).find("snapshot 3 of generation 1"), std::string::npos) << refused.dump();
}

TEST_F(Words, OfASnapshotThatWasTakenBackAreTakenBack) {
  auto list = [](const proto::VaultList&, proto::VaultListAnswer& answer) {
    const auto pack = static_cast<std::uint8_t>(vault::ObjectKind::pack);
    std::erase_if(answer.items, [&](const proto::VaultItem& item) { return item.object.view()[0] == pack; });
  };
  after_a_manifest([this, list]() -> std::optional<Result<proto::CallReply>> {
    village.server.vault.spoil_list = list;
    return std::nullopt;
  });
  say_later();
  EXPECT_TRUE(job("alice-1", "backup.create").contains("error"));
  realms_alone();
  village.server.vault.spoil_list = nullptr;
  vaults() = newer_;
  come_back_on("alice-2", true);
  EXPECT_TRUE(job("alice-2", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}}).contains("result"));
}

TEST_F(Words, OfADeviceThatIsOutCountWhereItsSnapshotsDo) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  EXPECT_EQ(create("alice-2", {{"recovery_key", key}})["result"]["snapshot"], 3);
  const json second = village.ask("alice-2", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", second}}).contains("result"));
  vaults() = newer_;
  come_back_on("alice-3", false);
  EXPECT_TRUE(job("alice-3", "backup.restore", {{"recovery_key", key}}).contains("result"));
  EXPECT_EQ(code(job("alice-3", "backup.restore", {{"recovery_key", key}, {"accept_removed", true}})), "stale");
}

TEST_F(Words, AFurtherDeviceTellsOfItInItsListAndWhenItBacksUp) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  vaults() = older_;
  const json listed = job("alice-2", "backup.list", {{"recovery_key", key}});
  EXPECT_NE(warnings(listed).find("was set back"), std::string::npos) << listed.dump();
  const json created = create("alice-2", {{"recovery_key", key}});
  EXPECT_NE(warnings(created).find("was set back"), std::string::npos) << created.dump();
  EXPECT_EQ(warnings(create("alice-2")).find("was set back"), std::string::npos);
}

}  // namespace
}  // namespace cairn::client
