// The auditor's rules 7 to 9: for each a directory that lies in just that about a reset.
#include "tests/support/audit_fixture.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using cairn::testing::NaiveMap;
using cairn::testing::refused;
using cairn::testing::TestPerson;
using fixtures::Audit;
using fixtures::restored;
using fixtures::state_of;

constexpr std::uint64_t kAuditedDelayMs = kDefaultResetDelayS * kSecondMs;

// ---- rule 7 ----

class ResetAudit : public Audit {
 protected:
  ResetNotice request() const {
    return make_request_notice(alice.state, key, domain.now.ms, domain.config.min_reset_delay_s, {}).request;
  }
  EpochAudit forge_request(const ResetNotice& request, std::optional<ResetNotice> vetoed = {}) const {
    NameLeaf leaf = extended(update());
    leaf.pending = request.hash();
    return forge(leaf, {{RequestNotice{request, std::move(vetoed)}}});
  }
  EpochAudit forge_veto(const VetoNotice& veto) const {
    NameLeaf leaf = extended(update());
    leaf.pending = veto_mark(veto.request.hash());
    return forge(leaf, {{veto}});
  }
  EpochAudit forge_completion(const ResetNotice& request) const {
    NameLeaf leaf = extended(update());
    leaf.pending = {};
    leaf.resets = extend_resets(leaf.resets, request.hash());
    return forge(leaf, {{CompleteNotice{request}}});
  }
  /// The delay passes for the domain and for the auditor's own clock, which has cosigned the request.
  void wait(std::uint64_t ms) {
    domain.now = after(domain.now, ms);
    auditor.add_elapsed(ms);
  }
};

TEST_F(ResetAudit, RefusesAWrongHashOfTheNotices) {
  EpochAudit epoch = honest();
  epoch.record.notices = Hash{};
  EXPECT_TRUE(refuses(epoch, "rule 7: hash of the notices"));
  epoch = forge_request(request());
  epoch.record.notices = notices_hash({});
  EXPECT_TRUE(refuses(epoch, "rule 7: hash of the notices"));
}

TEST_F(ResetAudit, RefusesANoticeWithoutItsUpdate) {
  ResetNotice astray = request();
  astray.key = hash_of(99);
  NameLeaf leaf = extended(update());
  EXPECT_TRUE(refuses(forge(leaf, {{RequestNotice{astray, {}}}}), "rule 7: a notice without its update"));
}

TEST_F(ResetAudit, RefusesTwoNoticesOfOneName) {
  const ResetNotice notice = request();
  NameLeaf leaf = extended(update());
  leaf.pending = veto_mark(notice.hash());
  EXPECT_TRUE(refuses(forge(leaf, {{RequestNotice{notice, {}}}, {veto_as_device(notice, device.key)}}),
                      "rule 7: a notice without its update"));
}

TEST_F(ResetAudit, RefusesNoticesOutOfOrder) {
  TestPerson* people[] = {&alice, &bob};
  std::vector<Update> updates;
  std::vector<Notice> notices;
  NaiveMap now = old;
  for (TestPerson* person : people) {
    const Hash at = domain.key_of(person->name());
    Update one{at, old.leaves.at(at), {hash_of(1)}};
    const RequestNotice notice =
        make_request_notice(person->state, at, domain.now.ms, domain.config.min_reset_delay_s, {});
    now.leaves[at] = extended(one);
    now.leaves[at].pending = notice.request.hash();
    updates.push_back(one);
    notices.push_back({notice});
  }
  if (updates[1].key < updates[0].key) {
    std::swap(updates[0], updates[1]);
    std::swap(notices[0], notices[1]);
  }
  EXPECT_TRUE(accepted(Auditor(auditor).audit(forge(updates, now, notices), domain.now)));
  std::swap(notices[0], notices[1]);
  EXPECT_TRUE(refuses(forge(updates, now, notices), "rule 7: a notice without its update"));
}

TEST_F(ResetAudit, RefusesANoticeWithSeveralStatements) {
  Update two = update();
  two.commitments.push_back(hash_of(2));
  NaiveMap now = old;
  now.leaves[key] = extended(two);
  now.leaves[key].pending = request().hash();
  EXPECT_TRUE(refuses(forge({two}, now, {{RequestNotice{request(), {}}}}), "rule 7: a notice with several statements"));
}

// ---- rule 8 ----

TEST_F(ResetAudit, RefusesPendingOrResetsThatMoveWithoutANotice) {
  NameLeaf leaf = extended(update());
  leaf.pending = request().hash();
  EXPECT_TRUE(refuses(forge(leaf), "rule 6: another new map"));
  leaf = extended(update());
  leaf.resets = hash_of(1);
  EXPECT_TRUE(refuses(forge(leaf), "rule 6: another new map"));
  request_reset();
  leaf = extended(update());
  leaf.pending = {};
  EXPECT_TRUE(refuses(forge(leaf), "rule 6: another new map"));
}

TEST_F(ResetAudit, AcceptsAnHonestRequest) {
  EXPECT_TRUE(accepted(auditor.audit(forge_request(request()), domain.now)));
  EXPECT_EQ(auditor.open_requests().size(), 1u);
}

TEST_F(ResetAudit, RefusesARequestOfANewName) {
  ResetNotice notice = request();
  notice.key = hash_of(99);
  notice.request_sequence = 0;
  Update fresh{notice.key, {}, {hash_of(1)}};
  NaiveMap now = old;
  now.leaves[fresh.key] = extended(fresh);
  now.leaves[fresh.key].pending = notice.hash();
  EXPECT_TRUE(refuses(forge({fresh}, now, {{RequestNotice{notice, {}}}}), "rule 8: a reset of a new name"));
}

TEST_F(ResetAudit, RefusesARequestWithAnotherSequence) {
  ResetNotice notice = request();
  notice.request_sequence += 1;
  EXPECT_TRUE(refuses(forge_request(notice), "rule 8: sequence of the request"));
}

TEST_F(ResetAudit, RefusesABackdatedRequest) {
  ResetNotice notice = request();
  notice.requested_ms -= 1;
  EXPECT_TRUE(refuses(forge_request(notice), "rule 8: time of the request"));
}

TEST_F(ResetAudit, RefusesAShortDelay) {
  ResetNotice notice = request();
  notice.matures_ms = notice.requested_ms + domain.config.min_reset_delay_s * kSecondMs - 1;
  EXPECT_TRUE(refuses(forge_request(notice), "rule 8: delay too short"));
  notice.matures_ms = 0;
  EXPECT_TRUE(refuses(forge_request(notice), "rule 8: delay too short"));
}

TEST_F(ResetAudit, RefusesARequestWhileOneIsPending) {
  const ResetNotice first = request_reset();
  ResetNotice second = request();
  EXPECT_TRUE(refuses(forge_request(second), "rule 8: a request is pending or was vetoed"));
  second.after = first.hash();
  EXPECT_TRUE(refuses(forge_request(second, first), "rule 8: not the vetoed request"));
}

/// alice's request was vetoed.
class VetoedAudit : public ResetAudit {
 protected:
  VetoedAudit() {
    first = request_reset();
    alice.take(alice.by_device(VetoReset{}, device));
    domain.publish(alice, veto_as_device(first, device.key));
    follow();
    EXPECT_TRUE(auditor.open_requests().empty());
  }
  /// The next request, as of now.
  ResetNotice next() const {
    return make_request_notice(alice.state, key, domain.now.ms, domain.config.min_reset_delay_s, first).request;
  }
  ResetNotice first;
};

TEST_F(VetoedAudit, AcceptsTheNextRequestOnceTheVetoedOneWouldHaveMatured) {
  domain.now = Time{first.matures_ms};
  EXPECT_TRUE(accepted(auditor.audit(forge_request(next(), first), domain.now)));
}

TEST_F(VetoedAudit, RefusesTheNextRequestBeforeThat) {
  domain.now = Time{first.matures_ms - 1};
  EXPECT_TRUE(refuses(forge_request(next(), first), "rule 8: sooner than the vetoed one would have matured"));
}

TEST_F(VetoedAudit, RefusesARequestThatForgetsTheVetoedOne) {
  domain.now = Time{first.matures_ms};
  ResetNotice notice = next();
  notice.after.reset();
  EXPECT_TRUE(refuses(forge_request(notice), "rule 8: a request is pending or was vetoed"));
}

TEST_F(VetoedAudit, RefusesARequestAfterAnInventedOne) {
  domain.now = Time{first.matures_ms - 1};
  ResetNotice invented = first;
  invented.matures_ms = domain.now.ms;
  ResetNotice notice = next();
  notice.after = invented.hash();
  EXPECT_TRUE(refuses(forge_request(notice, invented), "rule 8: not the vetoed request"));
  EXPECT_TRUE(refuses(forge_request(next(), invented), "rule 8: notice of the vetoed request"));
  EXPECT_TRUE(refuses(forge_request(next()), "rule 8: notice of the vetoed request"));
  EXPECT_FALSE(EpochAudit::decode(wire::encode(forge_request(next(), invented))));
}

TEST_F(VetoedAudit, RefusesTheCompletionOfWhatWasVetoed) {
  wait(kAuditedDelayMs);
  EXPECT_TRUE(refuses(forge_completion(first), "rule 8: completion of what is not pending"));
}

TEST_F(ResetAudit, AcceptsTheVetoesOfDeviceAndRecoveryKey) {
  const ResetNotice notice = request_reset();
  EXPECT_TRUE(accepted(Auditor(auditor).audit(forge_veto(veto_as_device(notice, device.key)), domain.now)));
  EXPECT_TRUE(accepted(Auditor(auditor).audit(forge_veto(veto_as_recovery(notice, alice.recovery())), domain.now)));
}

TEST_F(ResetAudit, RefusesAVetoByNobody) {
  const ResetNotice notice = request_reset();
  EXPECT_TRUE(refuses(forge_veto(veto_as_device(notice, stranger.key)), "veto: does not hold the veto"));
  EXPECT_TRUE(refuses(forge_veto(veto_as_recovery(notice, alice.recovery(1))), "veto: not the recovery key"));
  VetoNotice veto = veto_as_device(notice, device.key);
  veto.signature.mutable_view()[3] ^= 1;
  EXPECT_EQ(auditor.audit(forge_veto(veto), domain.now).error().code, ErrorCode::invalid_signature);
}

TEST_F(ResetAudit, RefusesAVetoOfAnotherRequest) {
  ResetNotice notice = request_reset();
  notice.matures_ms += 1;
  EXPECT_TRUE(refuses(forge_veto(veto_as_device(notice, device.key)), "rule 8: veto of what is not pending"));
}

TEST_F(ResetAudit, AcceptsACompletionAfterTheDelay) {
  const ResetNotice notice = request_reset();
  wait(kAuditedDelayMs);
  EXPECT_TRUE(cosigns(forge_completion(notice)));
  EXPECT_TRUE(accepted(auditor.audit(forge_completion(notice), domain.now)));
  EXPECT_TRUE(auditor.open_requests().empty());
}

TEST_F(ResetAudit, RefusesACompletionBeforeItMatures) {
  const ResetNotice notice = request_reset();
  wait(kAuditedDelayMs);
  EpochAudit epoch = forge_completion(notice);
  epoch.record.time_ms = notice.matures_ms - 1;
  EXPECT_TRUE(refuses(epoch, "rule 8: completed too soon"));
}

TEST_F(ResetAudit, RefusesACompletionOfNothing) {
  wait(kAuditedDelayMs);
  EXPECT_TRUE(refuses(forge_completion(request()), "rule 8: completion of what is not pending"));
}

// ---- rule 9 ----

constexpr std::string_view kNotWaited = "rule 9: a reset was completed, and this auditor has not taken vetoes";

// Record times alone prove nothing: the directory writes them.
TEST_F(ResetAudit, CosignsNoCompletionForWhichItsOwnClockHasNotWaited) {
  const ResetNotice notice = request_reset();
  domain.now = after(domain.now, kAuditedDelayMs);
  auditor.add_elapsed(kAuditedDelayMs - 1);
  EXPECT_TRUE(does_not_cosign(forge_completion(notice), kNotWaited));
  auditor.add_elapsed(1);
  EXPECT_TRUE(cosigns(forge_completion(notice)));
}

// A log that hides the request until it matures gains nothing.
TEST_F(ResetAudit, CountsFromTheFirstHeadThatItTookOver) {
  alice.take(alice.request(stranger, 8));
  domain.publish(alice);
  ASSERT_TRUE(accepted(auditor.audit(*EpochAudit::decode(domain.audits.back()), domain.now)));
  old.leaves.at(key) = *domain.map.find(key);
  const ResetNotice notice = domain.entries.at("alice@example.org").notices.back();
  wait(kAuditedDelayMs);
  EXPECT_TRUE(does_not_cosign(forge_completion(notice), kNotWaited));
  auditor.begin_waiting(auditor.not_begun());
  EXPECT_TRUE(auditor.not_begun().empty());
  wait(kAuditedDelayMs);
  EXPECT_TRUE(cosigns(forge_completion(notice)));
}

TEST_F(ResetAudit, NeverCosignsACompletionOfWhichItHoldsAVeto) {
  const ResetNotice notice = request_reset();
  EXPECT_TRUE(accepted(auditor.accept_veto(veto_as_device(notice, device.key))));
  wait(10 * kAuditedDelayMs);
  EXPECT_TRUE(does_not_cosign(forge_completion(notice), "rule 9: its owner vetoed it"));
}

// A veto key of a reset that ended long ago is nobody's to bar a new auditor with, while it reads the log for the first
// time.
TEST_F(ResetAudit, ExemptsAdoptedCompletionsFromWaitingAndVetoes) {
  const ResetNotice notice = request_reset();
  domain.now = after(domain.now, kAuditedDelayMs);
  const EpochAudit completion = forge_completion(notice);
  const auto late = [&](std::uint64_t adopted_size, bool vetoed) {
    Auditor out = *Auditor::enrol(domain.config, adopted_size);
    for (const Bytes& audit : domain.audits) EXPECT_TRUE(accepted(out.audit(*EpochAudit::decode(audit), domain.now)));
    if (vetoed) {
      EXPECT_TRUE(accepted(out.accept_veto(veto_as_device(notice, device.key))));
    }
    EXPECT_TRUE(accepted(out.audit(completion, domain.now)));
    return out.check_cosigning(domain.now);
  };
  const std::uint64_t epoch = completion.record.epoch;
  EXPECT_TRUE(refused(late(epoch, false), kNotWaited));
  EXPECT_TRUE(accepted(late(epoch + 1, false)));
  EXPECT_TRUE(refused(late(epoch, true), kNotWaited));
  EXPECT_TRUE(accepted(late(epoch + 1, true)));
}

// ---- an auditor that was away over whole resets ----

/// alice's reset was requested and completed; the auditor reads of both at once.
class AwayAudit : public ResetAudit {
 protected:
  AwayAudit() {
    alice.take(alice.request(stranger, 8));
    domain.publish(alice);
    notice = domain.entries.at("alice@example.org").notices.back();
    domain.now = after(domain.now, kAuditedDelayMs);
    alice.take(alice.by_new_device(CompleteReset{1}, stranger));
    domain.publish(alice);
    follow();
  }
  ResetNotice notice;
};

TEST_F(AwayAudit, FollowsAndCosignsNothingUntilItHasWaited) {
  EXPECT_EQ(auditor.head(), domain.log_head());
  EXPECT_EQ(auditor.cosigned_size(), domain.records.size() - 2);
  EXPECT_EQ(auditor.owed_ms(), kAuditedDelayMs);
  EXPECT_TRUE(refused(auditor.check_cosigning(domain.now), kNotWaited));
  wait(kAuditedDelayMs - 1);
  domain.publish_changes({});
  follow();
  EXPECT_EQ(auditor.owed_ms(), 1u);
  EXPECT_TRUE(refused(auditor.check_cosigning(domain.now), kNotWaited));
  EXPECT_FALSE(auditor.is_barred());
  wait(1);
  EXPECT_EQ(auditor.owed_ms(), 0u);
  EXPECT_TRUE(auditor.open_requests().empty());
  EXPECT_TRUE(accepted(auditor.check_cosigning(domain.now)));
}

TEST_F(AwayAudit, TakesVetoesMeanwhileAndThenNeverCosigns) {
  wait(kAuditedDelayMs - 1);
  const VetoNotice veto = veto_as_device(notice, device.key);
  EXPECT_TRUE(refused(auditor.accept_veto(veto_as_device(notice, stranger.key)), "veto: does not hold the veto"));
  EXPECT_TRUE(accepted(auditor.accept_veto(veto)));
  EXPECT_TRUE(refused(auditor.check_cosigning(domain.now), kNotWaited));  // nobody is told of it before its time
  EXPECT_FALSE(auditor.is_barred());
  wait(1);
  domain.publish_changes({});
  follow();
  EXPECT_TRUE(auditor.is_barred());
  EXPECT_TRUE(refused(auditor.check_cosigning(domain.now), "rule 9: its owner vetoed it"));
  EXPECT_TRUE(accepted(auditor.accept_veto(veto)));
  wait(100 * kAuditedDelayMs);
  EXPECT_TRUE(auditor.is_barred());
}

TEST_F(AwayAudit, TakesNoVetoOnceItHasWaited) {
  wait(kAuditedDelayMs);
  EXPECT_EQ(auditor.accept_veto(veto_as_device(notice, device.key)).error().code, ErrorCode::not_found);
}

TEST_F(AwayAudit, ClosesNoMailboxOfWhatIsCompleted) {
  wait(kAuditedDelayMs - 1);
  EXPECT_EQ(auditor.close(notice.hash(), domain.now).error().code, ErrorCode::not_found);
}

// It would never be done with a busy domain if it waited for one after the other.
TEST_F(AwayAudit, WaitsForAllOfThemAtOnceAndForNewOnesAsEver) {
  bob.take(bob.request(bob.new_device(), 9));
  domain.publish(bob);
  follow();
  const ResetNotice open = domain.entries.at("bob@example.org").notices.back();
  wait(kAuditedDelayMs);
  domain.publish_changes({});
  follow();
  EXPECT_TRUE(accepted(auditor.check_cosigning(domain.now)));
  EXPECT_EQ(auditor.left_ms(*auditor.find(open.hash())), 0u);
  EXPECT_TRUE(accepted(auditor.close(open.hash(), domain.now)));
}

TEST_F(AwayAudit, GoesOnAfterARestart) {
  wait(kAuditedDelayMs - 1);
  auditor = restored(auditor);
  EXPECT_EQ(auditor.owed_ms(), 1u);
  EXPECT_TRUE(accepted(auditor.accept_veto(veto_as_device(notice, device.key))));
}

// ---- veto mailbox ----

TEST_F(ResetAudit, TakesVetoesOfOpenRequestsAlone) {
  EXPECT_EQ(auditor.accept_veto(veto_as_device(request(), device.key)).error().code, ErrorCode::not_found);
  const ResetNotice notice = request_reset();
  EXPECT_TRUE(refused(auditor.accept_veto(veto_as_device(notice, stranger.key)), "veto: does not hold the veto"));
  EXPECT_FALSE(auditor.open_requests().begin()->second.veto);
  const VetoNotice veto = veto_as_recovery(notice, alice.recovery());
  EXPECT_TRUE(accepted(auditor.accept_veto(veto)));
  EXPECT_TRUE(accepted(auditor.accept_veto(veto_as_device(notice, device.key))));
  EXPECT_EQ(auditor.open_requests().begin()->second.veto, veto);
}

TEST_F(ResetAudit, VetoIsRefusedWithAnyBitFlipped) {
  const ResetNotice notice = request_reset();
  for (const VetoNotice& veto : {veto_as_device(notice, device.key), veto_as_recovery(notice, alice.recovery())}) {
    const Bytes bytes = wire::encode(veto);
    EXPECT_EQ(wire::decode<VetoNotice>(bytes), veto);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      const auto read = wire::decode<VetoNotice>(flipped);
      EXPECT_FALSE(read && auditor.accept_veto(*read)) << bit;
    }
  }
}

TEST_F(ResetAudit, GoesOnAfterARestart) {
  const ResetNotice notice = request_reset();
  auditor.add_elapsed(kAuditedDelayMs - 5);
  ASSERT_TRUE(accepted(auditor.accept_veto(veto_as_device(notice, device.key))));
  EXPECT_TRUE(auditor.take_touched().contains(notice.hash()));
  EXPECT_TRUE(auditor.take_touched().empty());
  const Bytes bytes = wire::encode(auditor);
  Auditor read = restored(auditor);
  EXPECT_EQ(state_of(read), state_of(auditor));
  EXPECT_EQ(read.head(), auditor.head());
  EXPECT_EQ(read.left_ms(read.open_requests().begin()->second), 5u);
  EXPECT_TRUE(read.open_requests().begin()->second.veto.has_value());
  EXPECT_TRUE(accepted(read.audit(honest(), domain.now)));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<Auditor>(ByteView(bytes).first(size)));
  }
}

// Rows of the format before had the requests in them, each with the time that it had waited.
TEST_F(ResetAudit, ReadsWhatTheVersionBeforeHasStored) {
  const ResetNotice notice = request_reset();
  ASSERT_TRUE(accepted(auditor.accept_veto(veto_as_device(notice, device.key))));
  wire::Writer old_row;
  old_row.u8(2);
  domain.config.write(old_row);
  old_row.u64(0);
  old_row.u64(auditor.size());
  old_row.optional(auditor.newest_record());
  tlog::RightEdge edge;
  for (const EpochRecord& record : domain.records) edge.append(record.log_leaf());
  edge.write(old_row);
  wire::Writer open;
  notice.write(open);
  open.u64(auditor.size() - 1);
  open.u8(1);
  open.u64(kAuditedDelayMs - 7);
  open.optional(auditor.find(notice.hash())->veto);
  open.u8(0);
  old_row.opaque(open.view());
  auto read = wire::decode<Auditor>(old_row.view());
  ASSERT_TRUE(accepted(read));
  EXPECT_EQ(read->head(), auditor.head());
  EXPECT_EQ(read->take_touched(), std::set<Hash>{notice.hash()});
  const OpenRequest* there = read->find(notice.hash());
  ASSERT_NE(there, nullptr);
  EXPECT_EQ(read->left_ms(*there), 7u);
  EXPECT_TRUE(there->veto.has_value());
  EXPECT_TRUE(read->not_begun().empty());
  const Bytes bytes = old_row.take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<Auditor>(ByteView(bytes).first(size)));
  }
}

}  // namespace
}  // namespace cairn::directory
