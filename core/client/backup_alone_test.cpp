// What backups do while nobody watches: what fails is told, no job lasts for ever, and none hides a guess.
#include "core/client/backup_fixture.h"
#include "core/client/pin_fixture.h"

namespace cairn::client {
namespace {

using nlohmann::json;

class BackupAlone : public BackupFixture {
 protected:
  void daily() {
    ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
    ASSERT_TRUE(village.ask("alice-1", "backup.schedule", {{"daily", true}}).contains("result"));
  }
  std::vector<std::string> troubles() {
    std::vector<std::string> out;
    const json status = village.ask("alice-1", "status");
    for (const json& one : status["result"]["alarms"]) {
      if (one["kind"] == "backup") out.push_back(one["what"]);
    }
    return out;
  }
  using Words = std::vector<std::string>;
};

TEST_F(BackupAlone, ADailyOneThatFailsIsAnAlarmUntilOneSucceeds) {
  daily();
  EXPECT_EQ(troubles(), Words{});
  village.server.vault.parts_left = 0;
  say("alice-1", kBob, "something new");
  village.pass_all(26 * kHourMs);
  ASSERT_EQ(troubles(), Words{"create"});
  const json alarm = village.ask("alice-1", "status")["result"]["alarms"][0];
  EXPECT_NE(alarm["sentence"].get<std::string>().find("The room is used up."), std::string::npos) << alarm.dump();
  const auto since = alarm["seen_ms"];
  village.device("alice-1").restart();
  village.pass_all(5 * kHourMs);
  EXPECT_EQ(village.ask("alice-1", "status")["result"]["alarms"][0]["seen_ms"], since);  // of the first time
  village.server.vault.parts_left.reset();
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(troubles(), Words{});
}

TEST_F(BackupAlone, DamageThatASampleFindsIsAnAlarm) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  for (auto& [id, upload] : vaults().begin()->second) {
    if (id.view()[0] == 1) upload.bytes[3] ^= 1;
  }
  ASSERT_TRUE(village.ask("alice-1", "backup.schedule", {{"daily", true}}).contains("result"));
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(troubles(), Words{"verify"});
  EXPECT_EQ(village.ask("alice-1", "backup.seen")["result"]["seen"], 1);
  EXPECT_EQ(troubles(), Words{});
}

TEST_F(BackupAlone, WhatItsOwnerWaitedForIsNoAlarm) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  village.server.vault.parts_left = 0;
  say("alice-1", kBob, "something new");
  ASSERT_TRUE(backup("alice-1", "create").contains("error"));
  EXPECT_EQ(troubles(), Words{});
}

TEST_F(BackupAlone, TheNextSnapshotDoesNotHideThatTheStorageWasSetBack) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  const Vaults old = vaults();
  say("alice-1", kBob, "lost");
  ASSERT_TRUE(backup("alice-1", "create").contains("result"));
  vaults() = old;
  const json next = backup("alice-1", "create");
  ASSERT_TRUE(next.contains("result")) << next.dump();
  EXPECT_NE(next["result"]["warnings"].dump().find("does not show snapshot 2"), std::string::npos) << next.dump();
  EXPECT_EQ(troubles(), Words{"rolled_back"});
  const json clean = backup("alice-1", "create");
  EXPECT_EQ(clean["result"]["warnings"].dump().find("does not show"), std::string::npos) << clean.dump();
  EXPECT_EQ(troubles(), Words{"rolled_back"});  // that it went well since says nothing of then
  EXPECT_EQ(village.ask("alice-1", "backup.seen")["result"]["seen"], 1);
  EXPECT_EQ(troubles(), Words{});
}

TEST_F(BackupAlone, AListOfEmptyPagesComesToAnEnd) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  std::size_t pages = 0;
  std::uint64_t next = 0;
  village.server.vault.spoil_list = [&](const proto::VaultList&, proto::VaultListAnswer& answer) {
    ++pages;
    answer.items.clear();
    wire::Writer w;
    w.u64(++next);
    w.u64(0);
    answer.next = *proto::ObjectId::from(w.take());
  };
  const json refused = backup("alice-1", "verify");
  EXPECT_EQ(refused["error"]["data"]["code"], "malformed") << refused.dump();
  EXPECT_EQ(pages, proto::kMaxVaultObjects / proto::kMaxVaultList + 2);
  village.server.vault.spoil_list = nullptr;
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupAlone, EmptyPagesAreNoLie) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  // One object a page, and every other page without one.
  village.server.vault.spoil_list = [&](const proto::VaultList& request, proto::VaultListAnswer& answer) {
    std::erase_if(answer.items, [&](const auto& one) { return request.after && one.object <= *request.after; });
    if (answer.items.empty()) return;
    proto::ObjectId before = answer.items.front().object;
    auto& last = before.mutable_view()[proto::ObjectId::kSize - 1];
    const bool gap = last > 0 && (!request.after || *request.after < before);
    answer.items.resize(1);
    answer.next = answer.items.front().object;
    if (!gap) return;
    --last;
    if (request.after && !(*request.after < before)) return;
    answer.items.clear();
    answer.next = before;
  };
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupAlone, AJobEndsWithinADayHoweverSlowTheStorageIs) {
  ASSERT_TRUE(backup("alice-1", "create", with_key()).contains("result"));
  village.device("alice-1").hold_answers_to(proto::kPathVaultList);
  ASSERT_TRUE(village.ask("alice-1", "backup.verify").contains("result"));
  village.pass_all(23 * kHourMs);
  EXPECT_TRUE(village.ask("alice-1", "backup.status")["result"]["running"]);
  village.pass_all(2 * kHourMs);
  const json over = village.ask("alice-1", "backup.status");
  EXPECT_NE(sentence(over).find("within a day"), std::string::npos) << over.dump();
  village.device("alice-1").release_answers();
  EXPECT_TRUE(backup("alice-1", "verify").contains("result"));
}

TEST_F(BackupAlone, WhatIsStoppedSendsNothingMoreAndIsGoneOnWith) {
  EXPECT_EQ(village.ask("alice-1", "backup.stop")["result"]["stopped"], false);
  village.device("alice-1").hold_answers_to(proto::kPathVaultCreate);
  ASSERT_TRUE(village.ask("alice-1", "backup.create", with_key()).contains("result"));
  village.pass_all(kSecondMs);
  EXPECT_EQ(village.ask("alice-1", "backup.stop")["result"]["stopped"], true);
  std::size_t asked = 0;
  village.server.overhear = [&](const proto::Call& call) { asked += call.url.find("/v1/vault/") != std::string::npos; };
  village.device("alice-1").release_answers();
  village.pass_all(kHourMs);
  EXPECT_EQ(asked, 0u);
  EXPECT_NE(sentence(village.ask("alice-1", "backup.status")).find("stopped"), std::string::npos);
  EXPECT_EQ(village.ask("alice-1", "backup.stop")["result"]["stopped"], false);
  EXPECT_EQ(backup("alice-1", "create")["result"]["snapshot"], 1);
}

class PinAlone : public PinVillage {
 protected:
  std::size_t pin_alarms() {
    std::size_t out = 0;
    const json status = village.ask("alice-1", "status");
    for (const json& one : status["result"]["alarms"]) out += one["kind"] == "pin" ? 1 : 0;
    return out;
  }
};

/// The domain's server is the storage: with it a thief who has the domain would guess unseen.
TEST_F(PinAlone, AJobThatDoesNotEndHidesNoGuess) {
  set_pin();
  village.device("alice-1").hold_answers_to(proto::kPathVaultList);
  ASSERT_TRUE(village.ask("alice-1", "backup.verify").contains("result"));
  village.pass_all(kMinuteMs);
  EXPECT_EQ(code(recover("thief", kWrong)), "not_authorised");
  EXPECT_EQ(pin_alarms(), 0u);
  village.pass_all(kHourMs);
  EXPECT_TRUE(village.ask("alice-1", "backup.status")["result"]["running"]);
  EXPECT_EQ(pin_alarms(), 1u);
}

}  // namespace
}  // namespace cairn::client
