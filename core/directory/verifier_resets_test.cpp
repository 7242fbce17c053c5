// Condition 7 of a lookup: answers that lie about resets in one thing.
#include "tests/support/lookup_fixture.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using cairn::testing::refused;
using fixtures::Verifier;

constexpr std::uint64_t kDelayMs = kDefaultResetDelayS * kSecondMs;

// ---- condition 7 ----

class ResetVerifier : public Verifier {
 protected:
  /// alice's reset is requested by the device `second`.
  void request() {
    alice.take(alice.request(second, 8));
    domain.publish(alice);
  }
  void complete() {
    domain.now = after(domain.now, kDelayMs);
    alice.take(alice.by_new_device(CompleteReset{alice.state.open_reset()->sequence}, second));
    domain.publish(alice);
  }
  void veto() {
    alice.take(alice.by_device(VetoReset{}, device));
    domain.publish(alice, veto_as_device(notice(), device.key));
  }
  const ResetNotice& notice() const { return domain.entries.at("alice@example.org").notices.back(); }

  /// The answer of a directory whose notice, and leaf, say something else of the open request.
  LookupResponse answer_with_notice(const ResetNotice& lie) {
    domain.entries.at("alice@example.org").notices.back() = lie;
    NameLeaf lying = leaf();
    lying.pending = lie.hash();
    return answer_with_leaf(lying);
  }
};

TEST_F(ResetVerifier, Condition7AcceptsAResetFromRequestToCompletion) {
  learn();
  request();
  learn();
  ASSERT_TRUE(pinned->state().open_reset());
  EXPECT_EQ(pinned->newest_reset(), notice());
  EXPECT_EQ(pinned->completed_resets(), 0u);
  complete();
  learn();
  EXPECT_EQ(pinned->completed_resets(), 1u);
  EXPECT_EQ(pinned->devices(), std::vector<Device>{second.device});
  // And seen from the beginning it is the same.
  const VerifiedView step_by_step = *pinned;
  domain_state.reset();
  pinned.reset();
  learn();
  EXPECT_EQ(*pinned, step_by_step);
}

TEST_F(ResetVerifier, Condition7AcceptsAVetoAndTheNextRequest) {
  request();
  learn();
  veto();
  learn();
  EXPECT_FALSE(pinned->state().open_reset());
  domain.now = Time{notice().matures_ms};
  second = alice.new_device();
  request();
  EXPECT_TRUE(notice().after.has_value());
  learn();
  complete();
  learn();
  EXPECT_EQ(pinned->completed_resets(), 1u);
  domain_state.reset();
  pinned.reset();
  learn();
}

TEST_F(ResetVerifier, Condition7WantsTheNoticeOfEachRequestAndNoOther) {
  request();
  LookupResponse response = answer();
  response.notices.clear();
  EXPECT_TRUE(refused(verify(response), "condition 7: a reset without its notice"));
  response = answer();
  response.notices.push_back(notice());
  EXPECT_TRUE(refused(verify(response), "condition 7: a notice without its reset"));
}

TEST_F(ResetVerifier, Condition7RefusesTheNoticeOfAnotherNameOrRequest) {
  request();
  ResetNotice lie = notice();
  lie.key = domain.key_of(bob.name());
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: the notice of another request"));
  lie = notice();
  lie.key = domain.key_of(alice.name());
  lie.request_sequence += 1;
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: the notice of another request"));
}

// Otherwise auditors would take the veto of keys that the owner does not have.
TEST_F(ResetVerifier, Condition7RefusesOtherVetoKeys) {
  grow();
  request();
  const ResetNotice honest = notice();
  ResetNotice lie = honest;
  lie.veto_keys.pop_back();
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: not the owner's veto keys"));
  lie = honest;
  lie.veto_keys[0] = second.device.signature_key;
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: not the owner's veto keys"));
  lie = honest;
  lie.veto_recovery = alice.recovery(8).commitment();
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: not the owner's veto keys"));
  EXPECT_TRUE(accepted(verify(answer_with_notice(honest))));
}

TEST_F(ResetVerifier, Condition7RefusesAShorterDelayThanTheChains) {
  request();
  const ResetNotice honest = notice();
  ResetNotice lie = honest;
  lie.matures_ms -= 1;  // more than the directory's minimum, less than alice's own
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: delay too short"));
  lie.matures_ms += 2;
  EXPECT_TRUE(accepted(verify(answer_with_notice(lie))));
}

TEST_F(ResetVerifier, Condition7RefusesARequestAfterAnotherVeto) {
  request();
  veto();
  domain.now = Time{notice().matures_ms};
  second = alice.new_device();
  request();
  ResetNotice lie = notice();
  lie.after.reset();
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: not after the vetoed request"));
  lie.after = Hash{};
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: not after the vetoed request"));
}

TEST_F(ResetVerifier, Condition7RefusesAnInventedAfter) {
  request();
  ResetNotice lie = notice();
  lie.after = Hash{};
  EXPECT_TRUE(refused(verify(answer_with_notice(lie)), "condition 7: not after the vetoed request"));
}

TEST_F(ResetVerifier, Condition7RefusesPendingAndResetsThatAreNotTheChains) {
  NameLeaf lie = leaf();
  lie.pending = Hash(lie.head);
  EXPECT_TRUE(refused(verify(answer_with_leaf(lie)), "condition 7: the map's resets are not the chain's"));
  lie.pending = {};
  lie.resets = Hash(lie.head);
  EXPECT_TRUE(refused(verify(answer_with_leaf(lie)), "condition 7: the map's resets are not the chain's"));
}

// The chain says completed; the map, that auditors checked, does not.
TEST_F(ResetVerifier, Condition7RefusesACompletionThatAuditorsNeverSaw) {
  request();
  learn();
  const NameLeaf before = leaf();
  complete();
  NameLeaf lie = leaf();
  lie.pending = before.pending;
  lie.resets = before.resets;
  EXPECT_TRUE(refused(verify(answer_with_leaf(lie)), "condition 7: the map's resets are not the chain's"));
}

TEST_F(ResetVerifier, Condition7RefusesAVetoThatAuditorsNeverSaw) {
  request();
  learn();
  const NameLeaf before = leaf();
  veto();
  NameLeaf lie = leaf();
  lie.pending = before.pending;
  EXPECT_TRUE(refused(verify(answer_with_leaf(lie)), "condition 7: the map's resets are not the chain's"));
}

TEST_F(ResetVerifier, Condition7RefusesACompletionBeforeItMatures) {
  request();
  complete();
  EpochRecord record = domain.records.back();
  record.time_ms = notice().matures_ms - 1;
  EXPECT_TRUE(refused(verify(answer_with(record)), "condition 7: completed too soon"));
}

TEST_F(ResetVerifier, Condition7RefusesACompletionOfWhichItHoldsAVeto) {
  request();
  learn();
  const VetoNotice veto = veto_as_device(notice(), device.key);
  complete();
  VetoNotice invalid = veto;
  invalid.signature.mutable_view()[0] ^= 1;
  vetoes = {invalid};
  EXPECT_TRUE(accepted(verify(answer())));
  vetoes = {invalid, veto};
  EXPECT_TRUE(refused(verify(answer()), "condition 7: its owner vetoed it"));
  vetoes = {veto_as_recovery(notice(), alice.recovery(0))};
  EXPECT_TRUE(refused(verify(answer()), "condition 7: its owner vetoed it"));
}

}  // namespace
}  // namespace cairn::directory
