// Devices of alice's that hear of another domain, and bob, who is there.
#pragma once

#include "core/client/domain_sharing.h"
#include "core/client/domain_tables.h"
#include "core/client/invitation.h"
#include "core/client/own_fixture.h"
#include "tests/support/test_domain.h"

namespace cairn::client {

inline constexpr const char* kSharedDomain = "two.example";
inline constexpr const char* kBobOfTwo = "bob@two.example";

class DomainSharingTest : public OwnDevicesTest {
 protected:
  void SetUp() override {
    OwnDevicesTest::SetUp();
    village.found_other_domain();
    good(village.register_person("bob-2", kBobOfTwo));
    right = plain_policy(village.other->policy_text());
    wrong = plain_policy(testing::TestDomain(kSharedDomain, 77).policy_text);
  }
  void two() {
    link("alice-2");
    ASSERT_TRUE(comes_to_an_end("alice-2"));
  }
  json add(const std::string& device, const std::string& policy, const std::string& url = {}) {
    return good(
        village.ask(device, "domain.add", {{"domain", kSharedDomain}, {"policy", policy}, {"server_url", url}}));
  }
  json list(const std::string& device) { return good(village.ask(device, "domain.list")); }
  std::string policy_here(const std::string& device) {
    const auto& store = village.device(device).store();
    return plain_policy(policy_of(store, *load_account(store), kSharedDomain));
  }
  bool has(const std::string& device, const std::string& policy) {
    return !list(device)["domains"].empty() && policy_here(device) == policy;
  }
  bool comes_to_have(const std::string& device, const std::string& policy) {
    return village.until([&] { return has(device, policy); }, 5 * kMinuteMs);
  }
  json questions(const std::string& device) { return list(device)["questions"]; }
  bool is_asked(const std::string& device, const std::string& kind) {
    return village.until([&] {
      const json all = questions(device);
      return all.size() == 1 && all[0]["kind"] == kind;
    });
  }
  json answer(const std::string& device, const std::string& method) {
    const json all = questions(device);
    if (all.size() != 1) return all;
    const std::string digest = all[0]["digest"];
    if (method == "domain.keep") return good(village.ask(device, method, {{"domain", kSharedDomain}}));
    return good(village.ask(device, method, {{"domain", kSharedDomain}, {"digest", digest}}));
  }

  void forget(const std::string& device, const std::vector<Table>& tables) {
    auto& store = village.device(device).store();
    std::vector<Write> writes;
    for (const Table table : tables) {
      for (const Row& row : store.scan(table, {}, {}, 100)) writes.push_back({table, row.key, std::nullopt});
    }
    ASSERT_TRUE(store.apply(writes));
  }

  std::string right;
  std::string wrong;
};

}  // namespace cairn::client
