#include "tests/lying/false_epoch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/base/overlay.h"
#include "core/directory/auditor.h"
#include "tests/lying/own_store.h"
#include "tests/support/refused.h"
#include "tests/support/relay_people.h"
#include "tests/support/source_dir.h"
#include "tests/support/test_cosigner.h"

namespace cairn::lying {
namespace {

/// A server with alice and bob in its log, and an auditor who reads it.
class FalseEpochTest : public ::testing::Test {
 protected:
  FalseEpochTest() {
    publish(alice, alice.genesis(alice.new_device()));
    publish(bob, bob.genesis(bob.new_device()));
  }
  void publish(testing::TestPerson& person, const directory::Statement& statement) {
    person.take(statement);
    EXPECT_EQ(testing::submit(driver, statement).status, 202);
    cosigners.pass(driver, 2000);
  }
  /// The false epoch as rows over the store.
  void put(FalseEpoch what) { rows.apply(forge(what, liar, rows, driver.now)); }
  directory::EpochAudit audit(std::uint64_t epoch) const {
    auto bytes = false_audit(rows, "/log/audit/" + std::to_string(epoch));
    if (!bytes) bytes = rows.get(relay::table::kAudits, relay::u64_key(epoch));
    CHECK(bytes.has_value());
    return *directory::EpochAudit::decode(*bytes);
  }
  /// What the auditor says of the first epoch that it does not take.
  Status read_on(directory::Auditor& auditor) const {
    while (rows.get(relay::table::kRecords, relay::u64_key(auditor.size()))) {
      TRY(auditor.audit(audit(auditor.size()), driver.now));
    }
    return ok();
  }
  directory::Auditor enrol() const {
    const auto config = need<directory::DirectoryConfig>(rows, relay::table::kKeys, as_bytes(relay::kConfigRow));
    return *directory::Auditor::enrol(config, 0);
  }

  testing::SeededEntropy entropy{3};
  testing::TestPerson alice{"alice@example.org", 2};
  testing::TestPerson bob{"bob@example.org", 1};
  Liar liar{bob.name(), entropy};
  testing::TestCosigners cosigners;
  testing::RelayDriver driver{cosigners.config(), 7};
  Overlay rows{driver.store};
};

TEST_F(FalseEpochTest, BreaksOneRuleEach) {
  for (const Refusal& row : refusals()) {
    const FalseEpoch what = false_epoch_named(row.word);
    if (what == FalseEpoch::taken_back || what == FalseEpoch::completion) continue;  // of these below
    put(what);
    auto auditor = enrol();
    EXPECT_TRUE(testing::refused(read_on(auditor), row.rule)) << row.sentence;
    EXPECT_EQ(auditor.size() + 1, false_size(rows));  // all before it was in order
    put(what);
    EXPECT_EQ(auditor.size() + 1, false_size(rows));  // it stands there once
    (void)rows.take_writes();
  }
}

TEST_F(FalseEpochTest, OfAFlashIsNotMendedByTheNextOne) {
  put(FalseEpoch::flash);
  put(FalseEpoch::taken_back);
  auto auditor = enrol();
  EXPECT_TRUE(testing::refused(read_on(auditor), "rule 6: another new map"));
  EXPECT_EQ(auditor.size() + 2, false_size(rows));
  put(FalseEpoch::taken_back);
  EXPECT_EQ(auditor.size() + 2, false_size(rows));
}

TEST_F(FalseEpochTest, ThatCompletesAResetIsRefusedBeforeItsDelayAndBehindAVeto) {
  const directory::Statement request = liar.request_reset(bob.state);
  publish(bob, request);
  auto auditor = enrol();
  ASSERT_TRUE(testing::accepted(read_on(auditor)));
  auditor.begin_waiting(auditor.not_begun());

  put(FalseEpoch::completion);
  EXPECT_TRUE(testing::refused(read_on(auditor), "rule 8: completed too soon"));
  (void)rows.take_writes();

  const Chain chain = chain_of(rows, bob.name(), 2);
  ASSERT_EQ(chain.notices.size(), 1u);
  const directory::ResetNotice& notice = chain.notices.front();
  ASSERT_TRUE(testing::accepted(auditor.accept_veto(directory::veto_as_recovery(notice, bob.recovery()))));
  driver.now = after(driver.now, notice.delay_ms() + kHourMs);
  auditor.add_elapsed(notice.delay_ms() + kHourMs);
  put(FalseEpoch::completion);
  ASSERT_TRUE(testing::accepted(read_on(auditor)));  // of that alone nothing is wrong with it
  EXPECT_TRUE(testing::refused(auditor.check_cosigning(driver.now), "rule 9: its owner vetoed it"));
}

TEST(Refusals, AreWhatTheSpecificationSays) {
  std::ifstream in(std::string(testing::source_dir()) + "/docs/spec/directory.md");
  const std::string specification(std::istreambuf_iterator<char>(in), {});
  EXPECT_NE(specification.find(refusal_table_text()), std::string::npos) << "docs/spec/directory.md s.10 lacks:\n"
                                                                         << refusal_table_text();
}

}  // namespace
}  // namespace cairn::lying
