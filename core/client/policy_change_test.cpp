// A policy of another domain that its owner corrects: what was judged by the former one, and what was pinned under it.
#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/client/domains.h"
#include "core/client/suspicions.h"
#include "core/client/tables.h"
#include "core/client/views.h"
#include "tests/support/example_names.h"
#include "tests/support/test_domain.h"
#include "tests/support/test_person.h"

namespace cairn::client {
namespace {

using testing::kAlice;
using testing::TestDomain;
using testing::TestPerson;

constexpr const char* kTwo = "two.example";

/// A view of one name, and the log of a domain that two say they are.
class PolicyChange : public ::testing::Test {
 protected:
  testing::SeededEntropy entropy{1};
  MemoryView below;
  Overlay overlay{below};
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, Time{1'750'000'000'000}, entropy, sends, events};
  Account account = Account::create(*directory::Name::from(kAlice), "http://localhost", "", entropy);
  Calls calls;
  Views views{calls};
  TestDomain two{kTwo, 55};
  TestDomain liar{kTwo, 77};  ///< another log, other cosigners
  TestPerson carol{"carol@two.example", 56};
  TestPerson dave{"dave@two.example", 57};
  TestPerson forged{"carol@two.example", 666};

  void SetUp() override {
    account.state = AccountState::active;
    save_account(context, account);
    carol.take(carol.genesis(carol.new_device()));
    dave.take(dave.genesis(dave.new_device()));
    forged.take(forged.genesis(forged.new_device()));
    for (TestDomain* domain : {&two, &liar}) {
      domain->now = context.now;
      domain->publish(dave);
      domain->publish(domain == &two ? carol : forged);
    }
  }
  void pin(const std::string& policy, const std::string& url = {}) {
    ASSERT_TRUE(pin_domain(context, account, {kTwo, policy, url}));
  }
  directory::LookupRequest asked() const {
    return *wire::decode<directory::LookupRequest>(std::get<proto::Call>(sends.back()).body);
  }
  void answer(const TestDomain& domain) {
    const proto::CallId id = std::get<proto::Call>(sends.back()).id;
    calls.done(context, proto::CallDone{id, proto::CallReply{200, wire::encode(domain.answer(asked())), {}}});
  }
  void look_up(const TestPerson& who, const TestDomain& domain) {
    views.look_up_now(context, account, who.name());
    answer(domain);
  }
  bool fresh(const TestPerson& who) const { return views.fresh(context, account, who.name(), kFreshForKnownMs); }
  Claim suspicion() const {
    Claim claim;
    claim.gossip = {"two.example/cairn", {7, Hash{}}};
    claim.about = claim.name = "dave@two.example";
    claim.state = ClaimState::unproved;
    return claim;
  }
};

TEST_F(PolicyChange, NothingIsSentByAViewOfAFormerPolicyUntilItWasLookedUpAgain) {
  pin(two.policy_text);
  look_up(carol, two);
  look_up(dave, two);
  EXPECT_TRUE(fresh(carol));
  pin(liar.policy_text);
  EXPECT_FALSE(fresh(carol));
  EXPECT_FALSE(fresh(dave));
  look_up(carol, two);
  EXPECT_TRUE(views.outcome(carol.name()).refused);
  EXPECT_FALSE(fresh(carol));
  pin(two.policy_text);  // back again: what is pinned counts, and the views have to be looked up
  EXPECT_FALSE(fresh(carol));
  look_up(carol, two);
  EXPECT_TRUE(fresh(carol));
  EXPECT_FALSE(fresh(dave));
}

TEST_F(PolicyChange, APolicyThatWasTakenBackCountsNoMore) {
  pin(two.policy_text);
  look_up(carol, two);
  ASSERT_TRUE(unpin_domain(context, account, kTwo));
  EXPECT_FALSE(fresh(carol));
}

TEST_F(PolicyChange, AnotherAddressIsNoOtherPolicy) {
  pin(two.policy_text);
  look_up(carol, two);
  pin(two.policy_text, "https://cairn.two.example");
  EXPECT_TRUE(fresh(carol));
}

TEST_F(PolicyChange, WhatIsPinnedStaysWhereTheNewPolicyVouchesForIt) {
  pin(two.policy_text);
  look_up(carol, two);
  pin(two.policy_text + "# another text of the same policy\n");
  EXPECT_FALSE(fresh(carol));
  views.look_up_now(context, account, carol.name());
  EXPECT_EQ(asked().known_size, two.log.size());
  EXPECT_EQ(asked().known_count, 1u);
  answer(two);
  EXPECT_TRUE(fresh(carol));
}

TEST_F(PolicyChange, WhatWasPinnedUnderAWrongPolicyStandsInNobodysWay) {
  pin(liar.policy_text);
  look_up(carol, liar);
  look_up(dave, liar);
  ASSERT_TRUE(fresh(carol));
  EXPECT_EQ(views.domain(overlay, account, kTwo)->config.log_key, liar.config.log_key);
  pin(two.policy_text);
  look_up(carol, two);
  EXPECT_TRUE(fresh(carol));
  EXPECT_EQ(views.view(overlay, account, carol.name())->head(), carol.state.head());
  EXPECT_EQ(views.domain(overlay, account, kTwo)->config.log_key, two.config.log_key);
  // What is there of others is for reading alone: commits are followed by it, nothing is sent, no look-up starts there.
  EXPECT_TRUE(views.view(overlay, account, dave.name()));
  EXPECT_FALSE(fresh(dave));
  pin(two.policy_text + "# once more\n");
  EXPECT_FALSE(fresh(dave));
  views.look_up_now(context, account, dave.name());
  EXPECT_EQ(asked().known_size, two.log.size());
  EXPECT_EQ(asked().known_count, 0u);
  answer(two);
  EXPECT_TRUE(fresh(dave));
}

TEST_F(PolicyChange, ARefusalUnderTheNewPolicyLosesNothingOfWhatIsPinned) {
  pin(liar.policy_text);
  look_up(carol, liar);
  pin(two.policy_text);
  look_up(carol, liar);
  EXPECT_TRUE(views.outcome(carol.name()).refused);
  pin(liar.policy_text);
  views.look_up_now(context, account, carol.name());
  EXPECT_EQ(asked().known_size, liar.log.size());
}

TEST_F(PolicyChange, AnAnswerToALookUpUnderTheFormerPolicyIsNotJudgedByTheNewOne) {
  pin(liar.policy_text);
  look_up(dave, liar);
  views.look_up_now(context, account, carol.name());
  pin(two.policy_text);
  const std::size_t before = sends.size();
  answer(liar);
  ASSERT_EQ(sends.size(), before + 1);
  EXPECT_EQ(asked().known_size, 0u);
  EXPECT_TRUE(views.outcome(carol.name()).trouble.empty());
  answer(two);
  EXPECT_TRUE(fresh(carol));
}

TEST_F(PolicyChange, WhatWasSaidOfTheFormerLogStopsNoFirstContacts) {
  pin(liar.policy_text);
  look_up(dave, liar);
  const Bytes domain = name_key(account, kTwo);
  context.store.put(tables::kGossips, concat({domain, Bytes(33, 1)}), wire::encode(suspicion()));
  directory::Evidence evidence{liar.config.log_key, "", liar.checkpoint(), liar.checkpoint(), {}};
  const TwoHistories found{1, kTwo, "dave@two.example", evidence.encode()};
  context.store.put(tables::kTwoHistories, domain, wire::encode(found));
  ASSERT_TRUE(no_first_contacts(overlay, account, kTwo));
  pin(two.policy_text);
  look_up(carol, two);
  EXPECT_TRUE(fresh(carol));
  EXPECT_FALSE(no_first_contacts(overlay, account, kTwo));
  EXPECT_TRUE(two_histories(overlay, account, kTwo));  // evidence stays, against that log alone
  // Of the log that counts now it would stop them.
  evidence.log_key = two.config.log_key;
  context.store.put(tables::kTwoHistories, domain, wire::encode(TwoHistories{1, kTwo, "x", evidence.encode()}));
  EXPECT_TRUE(no_first_contacts(overlay, account, kTwo));
}

TEST_F(PolicyChange, ALogThatEvidenceConvictsGetsNoFirstContactAfterACorrectionEither) {
  pin(liar.policy_text);
  look_up(dave, liar);
  const directory::Evidence evidence{two.config.log_key, "", two.checkpoint(), two.checkpoint(), {}};
  context.store.put(tables::kTwoHistories, name_key(account, kTwo),
                    wire::encode(TwoHistories{1, kTwo, "x", evidence.encode()}));
  pin(two.policy_text);
  look_up(carol, two);
  EXPECT_TRUE(views.outcome(carol.name()).refused);
  EXPECT_FALSE(fresh(carol));
  look_up(dave, two);  // whom this device knows
  EXPECT_TRUE(fresh(dave));
}

}  // namespace
}  // namespace cairn::client
