// For each rule a directory that lies in just that, and is otherwise consistent: its proofs and roots fit its lie.
// What concerns resets stands in auditor_resets_test.cpp.
#include "tests/support/audit_fixture.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using cairn::testing::NaiveMap;
using cairn::testing::refused;
using cairn::testing::TestDomain;
using fixtures::Audit;

TEST_F(Audit, AcceptsAnHonestEpoch) {
  EXPECT_TRUE(accepted(auditor.audit(honest(), domain.now)));
  EXPECT_EQ(auditor.size(), 4u);
}

TEST_F(Audit, AcceptsWhatItReadsBack) {
  const Bytes bytes = wire::encode(honest());
  const auto read = EpochAudit::decode(bytes);
  ASSERT_TRUE(accepted(read));
  EXPECT_EQ(wire::encode(*read), bytes);
  EXPECT_TRUE(accepted(auditor.audit(*read, domain.now)));
}

TEST_F(Audit, AcceptsAnEpochThatRenewsTheTimeAlone) {
  domain.now = after(domain.now, 10 * kMinuteMs);
  domain.publish_changes({});
  EXPECT_EQ(domain.records.back().map_root, domain.records[2].map_root);
  follow();
}

TEST_F(Audit, AcceptsALogThatBeginsWithAnEmptyEpoch) {
  TestDomain fresh;
  fresh.publish_changes({});
  fresh.publish(alice);
  Auditor other = *Auditor::enrol(fresh.config, 0);
  for (const Bytes& audit : fresh.audits) EXPECT_TRUE(accepted(other.audit(*EpochAudit::decode(audit), fresh.now)));
  EXPECT_TRUE(fresh.records[0].map_root.is_zero());
  EXPECT_EQ(fresh.records[1].names, 1u);
}

// ---- rule 1 ----

TEST_F(Audit, RefusesAnEpochOutOfTurn) {
  EpochAudit epoch = honest();
  epoch.record.epoch += 1;
  EXPECT_TRUE(refuses(epoch, "rule 1: not the next epoch"));
  epoch.record.epoch -= 2;
  EXPECT_TRUE(refuses(epoch, "rule 1: not the next epoch"));
}

TEST_F(Audit, RefusesAnotherConfig) {
  EpochAudit epoch = honest();
  DirectoryConfig other = domain.config;
  other.vrf_key.mutable_view()[0] ^= 1;
  epoch.record.config = other.hash();
  EXPECT_TRUE(refuses(epoch, "rule 1: another config"));
}

TEST_F(Audit, RefusesAnotherVersion) {
  Bytes bytes = wire::encode(honest());
  bytes[0] = 2;
  EXPECT_EQ(EpochAudit::decode(bytes).error().code, ErrorCode::unsupported);
}

// ---- rule 2 ----

TEST_F(Audit, RefusesTimeThatRunsBack) {
  EpochAudit epoch = honest();
  epoch.record.time_ms = domain.records.back().time_ms - 1;
  EXPECT_TRUE(refuses(epoch, "rule 2: time runs back"));
}

TEST_F(Audit, RefusesTimeAheadOfItsClock) {
  EpochAudit epoch = honest();
  epoch.record.time_ms = domain.now.ms + kMaxRecordSkewMs + 1;
  EXPECT_TRUE(refuses(epoch, "rule 2: ahead of our clock"));
  epoch.record.time_ms -= 1;
  EXPECT_TRUE(accepted(auditor.audit(epoch, domain.now)));
}

// ---- rule 3 ----

TEST_F(Audit, RefusesUpdatesOutOfOrderOrTwice) {
  const Hash other = domain.key_of(bob.name());
  Update second{other, old.leaves.at(other), {hash_of(2)}};
  NaiveMap now = old;
  now.leaves[key] = extended(update());
  now.leaves[other] = extended(second);
  std::vector<Update> updates = {update(), second};
  if (other < key) std::swap(updates[0], updates[1]);
  EpochAudit epoch = forge(updates, now);
  EXPECT_TRUE(accepted(Auditor(auditor).audit(epoch, domain.now)));
  std::swap(epoch.updates[0], epoch.updates[1]);
  EXPECT_TRUE(refuses(epoch, "rule 3: updates out of order"));
  epoch = honest();
  epoch.updates.push_back(epoch.updates[0]);
  EXPECT_TRUE(refuses(epoch, "rule 3: updates out of order"));
}

TEST_F(Audit, RefusesAnUpdateWithoutStatements) {
  Update empty = update();
  empty.commitments.clear();
  const EpochAudit epoch = forge({empty}, old);
  EXPECT_TRUE(refuses(epoch, "rule 3: number of statements"));
  EXPECT_TRUE(refused(EpochAudit::decode(wire::encode(epoch)), "rule 3: an update without statements"));
}

// ---- rule 4 ----

// A leaf was changed between two epochs: the lie fits together but for the root that the auditor knows.
TEST_F(Audit, RefusesAnotherOldMap) {
  old.leaves.at(domain.key_of(bob.name())).head = hash_of(66);
  EXPECT_TRUE(refuses(honest(), "rule 4: another old map"));
}

TEST_F(Audit, RefusesAnOldLeafThatWasNotThere) {
  old.leaves.at(key).count -= 1;
  EXPECT_TRUE(refuses(honest(), "rule 4: another old map"));
}

TEST_F(Audit, RefusesAPresentNameAsNew) {
  Update fresh = update();
  fresh.old.reset();
  NaiveMap now = old;
  now.leaves[key] = extended(fresh);
  EpochAudit epoch = forge({fresh}, now);
  EXPECT_TRUE(refuses(epoch, "tree proof: a leaf of no update"));
  old.leaves.erase(key);  // and hidden in the proof, too
  epoch = forge({fresh}, now);
  EXPECT_TRUE(refuses(epoch, "rule 4: another old map"));
}

TEST_F(Audit, RefusesANewNameAsPresent) {
  const Hash fresh = hash_of(99);
  Update lie{fresh, NameLeaf{1, hash_of(1), {}, {}}, {hash_of(2)}};
  NaiveMap now = old;
  now.leaves[fresh] = extended(lie);
  EXPECT_TRUE(refuses(forge({lie}, now), "tree proof: an old leaf that is not there"));
}

// ---- rule 5 ----

TEST_F(Audit, RefusesAHeadThatDoesNotExtendTheOldOne) {
  NameLeaf leaf = extended(update());
  leaf.head = hash_of(77);
  EXPECT_TRUE(refuses(forge(leaf), "rule 6: another new map"));
}

TEST_F(Audit, RefusesAHistoryThatIsReplaced) {
  Update replaced = update();
  replaced.old->head = {};
  NameLeaf leaf = extended(replaced);  // a new chain under the old name
  EXPECT_TRUE(refuses(forge(leaf), "rule 6: another new map"));
}

TEST_F(Audit, RefusesAWrongCount) {
  for (const std::uint64_t wrong : {0ull, 1ull, 3ull}) {
    NameLeaf leaf = extended(update());
    leaf.count = wrong;
    EXPECT_TRUE(refuses(forge(leaf), "rule 6: another new map"));
  }
}

TEST_F(Audit, RefusesCommitmentsInAnotherOrder) {
  Update two = update();
  two.commitments = {hash_of(1), hash_of(2)};
  NaiveMap now = old;
  now.leaves[key] = extended(two);
  std::swap(two.commitments[0], two.commitments[1]);
  EXPECT_TRUE(refuses(forge({two}, now), "rule 6: another new map"));
}

// ---- rule 6 ----

TEST_F(Audit, RefusesASilentChangeOfAnotherName) {
  NaiveMap now = old;
  now.leaves[key] = extended(update());
  now.leaves[domain.key_of(bob.name())].head = hash_of(66);
  EXPECT_TRUE(refuses(forge({update()}, now), "rule 6: another new map"));
}

TEST_F(Audit, RefusesANameThatDisappears) {
  NaiveMap now = old;
  now.leaves[key] = extended(update());
  now.leaves.erase(domain.key_of(bob.name()));
  EpochAudit epoch = forge({update()}, now);
  EXPECT_TRUE(refuses(epoch, "rule 6: another new map"));
}

TEST_F(Audit, RefusesANameThatAppearsSilently) {
  NaiveMap now = old;
  now.leaves[key] = extended(update());
  now.leaves[hash_of(99)] = NameLeaf{1, hash_of(1), {}, {}};
  EXPECT_TRUE(refuses(forge({update()}, now), "rule 6: another new map"));
}

TEST_F(Audit, RefusesAChangeInAnEpochWithoutUpdates) {
  NaiveMap now = old;
  now.leaves[key].head = hash_of(1);
  EXPECT_TRUE(refuses(forge({}, now), "rule 6: another new map"));
}

TEST_F(Audit, RefusesAWrongNumberOfNames) {
  EpochAudit epoch = honest();
  epoch.record.names += 1;
  EXPECT_TRUE(refuses(epoch, "rule 6: number of names"));
  Update fresh{hash_of(99), {}, {hash_of(1)}};
  NaiveMap now = old;
  now.leaves[fresh.key] = extended(fresh);
  epoch = forge({fresh}, now);
  epoch.record.names -= 1;
  EXPECT_TRUE(refuses(epoch, "rule 6: number of names"));
}

// ---- cosigning ----

TEST_F(Audit, CosignsItsOwnResultAlone) {
  tlog::TreeHead head = auditor.head();
  head.root.mutable_view()[0] ^= 1;
  EXPECT_TRUE(refused(auditor.check_checkpoint(head, domain.now), "cosign: another root"));
  head = auditor.head();
  head.size += 1;
  EXPECT_TRUE(refused(auditor.check_checkpoint(head, domain.now), "cosign: epochs that we have not checked"));
  head.size -= 2;
  EXPECT_TRUE(refused(auditor.check_checkpoint(head, domain.now), "cosign: smaller than what we have checked"));
  EXPECT_TRUE(refused(Auditor::enrol(domain.config, 0)->check_checkpoint({0, tlog::empty_root()}, domain.now),
                      "cosign: no epoch yet"));
}

TEST_F(Audit, CosignsOldRecordsOnlyAgain) {
  ASSERT_TRUE(accepted(auditor.audit(honest(), domain.now)));
  const Time late = after(domain.now, kMaxRecordSkewMs + 1);
  EXPECT_TRUE(refused(auditor.check_checkpoint(auditor.head(), late), "cosign: the newest record is too old"));
  EXPECT_TRUE(accepted(auditor.check_checkpoint(auditor.head(), Time{late.ms - 1})));
  auditor.record_cosigned();
  EXPECT_TRUE(accepted(auditor.check_checkpoint(auditor.head(), late)));
}

TEST_F(Audit, RefusesAConfigThatIsNone) {
  DirectoryConfig config = domain.config;
  config.min_reset_delay_s = kMinResetDelayS - 1;
  EXPECT_FALSE(Auditor::enrol(config, 0));
  EXPECT_FALSE(wire::decode<DirectoryConfig>(wire::encode(config)));
  for (const char* origin : {"example.org", "example.org/cairns", "/cairn", "Example.org/cairn", "a/b.org/cairn"}) {
    config = domain.config;
    config.origin = origin;
    EXPECT_FALSE(Auditor::enrol(config, 0)) << origin;
  }
}

}  // namespace
}  // namespace cairn::directory
