// alice and bob, who have said something, and the backups of alice's devices.
#pragma once

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/backup_keys.h"
#include "core/client/backup_records.h"
#include "core/client/tables.h"
#include "core/crypto/labels.h"
#include "core/vault/types.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {

class BackupFixture : public ::testing::Test {
 protected:
  using json = nlohmann::json;
  static constexpr const char* kAlice = testing::kAlice;
  static constexpr const char* kBob = testing::kBob;
  static constexpr const char* kRestored = testing::kRestored;
  inline static const std::string kSecret = "the treasure lies under the third stone";

  BackupFixture() {
    key = village.register_person("alice-1", kAlice).at("result").at("recovery_key").get<std::string>();
    EXPECT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    say("alice-1", kBob, kSecret);
    EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice).size() == 1; }));
  }

  void say(const std::string& device, const std::string& to, const std::string& text) {
    const json answer = village.ask(device, "send", {{"to", to}, {"text", text}});
    EXPECT_TRUE(answer.contains("result")) << answer.dump();
  }
  std::vector<std::string> texts(const std::string& device, const std::string& conversation) {
    std::vector<std::string> out;
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    if (!answer.contains("result")) return out;
    for (const json& message : answer["result"]["messages"]) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  /// Begins and waits: {"result": ...} or {"error": ...} of the job.
  json backup(const std::string& device, const std::string& verb, json params = json::object()) {
    json answer = village.ask(device, "backup." + verb, std::move(params));
    while (answer.contains("result") && answer["result"].value("running", false)) {
      answer = village.ask(device, "backup.status", {{"wait_ms", 1000}});
    }
    return answer;
  }
  json with_key() const { return {{"recovery_key", key}}; }
  static std::string sentence(const json& answer) {
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "no error: " + answer.dump();
  }
  json recover(const std::string& device) {
    return village.ask(
        device, "recover",
        {{"name", kAlice}, {"recovery_key", key}, {"policy", village.server.policy_text()}, {"remove_others", true}});
  }

  /// Messages that do not compress: a pack of more than one part.
  void say_much(const std::string& device, std::size_t messages) {
    testing::SeededEntropy entropy(9);
    for (std::size_t i = 0; i < messages; ++i) {
      Bytes noise(11'000);
      entropy.fill(noise);
      say(device, kBob, to_base64(noise));
    }
  }
  /// How many objects of a kind the server's vaults have.
  std::size_t count(vault::ObjectKind kind) {
    std::size_t out = 0;
    for (const auto& [id, objects] : vaults()) {
      for (const auto& [object, upload] : objects) out += object.view()[0] == static_cast<std::uint8_t>(kind) ? 1 : 0;
    }
    return out;
  }

  testing::ClientVillage village;
  std::string key;

  using Vaults = std::map<proto::VaultId, testing::FakeVault::Objects>;
  Vaults& vaults() { return village.server.vault.vaults; }
};

}  // namespace cairn::client
