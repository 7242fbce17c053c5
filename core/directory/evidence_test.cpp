#include "core/directory/evidence.h"

#include <gtest/gtest.h>

#include "tests/support/refused.h"
#include "tests/support/test_domain.h"

namespace cairn::directory {
namespace {

using testing::accepted;
using testing::refused;
using testing::TestDomain;

/// A log whose key and cosigners sign whatever the test asks for.
class EvidenceTest : public ::testing::Test {
 protected:
  EvidenceTest() {
    for (int i = 0; i < 9; ++i) {
      honest.entries.push_back(to_bytes("entry" + std::to_string(i)));
      forked.entries.push_back(to_bytes(i == 3 ? "another" : "entry" + std::to_string(i)));
    }
  }

  std::string note(const tlog::TreeHead& head, const std::vector<std::size_t>& who = {}) const {
    return domain.cosign(tlog::SignedCheckpoint::sign({domain.config.origin, head, {}}, domain.log_key), who);
  }
  std::string note_of_others() const {
    const TestDomain other("other.example", 7);
    return other.cosign(tlog::SignedCheckpoint::sign({other.config.origin, forked.head(9), {}}, other.log_key));
  }
  Evidence two_notes(std::string first, std::string second) const {
    return {domain.config.log_key, domain.policy_text, std::move(first), std::move(second), std::nullopt};
  }
  /// The fork at `size`, against the honest log at 9.
  Evidence of_sizes(std::uint64_t size) const {
    Evidence out = two_notes(note(forked.head(size)), note(honest.head(9)));
    out.prefix = *tlog::prove_prefix(honest, size, 9);
    return out;
  }
  static Result<EvidenceFinding> verify(const Evidence& evidence) {
    return verify_evidence(evidence, std::nullopt, nullptr);
  }

  TestDomain domain;
  testing::NaiveLog honest, forked;
};

TEST_F(EvidenceTest, OfTwoRootsAtOneSizeNamesKeyRootsAndCosigners) {
  const Evidence evidence = two_notes(note(honest.head(9)), note(forked.head(9), {0, 1}));
  const auto read = Evidence::decode(evidence.encode());
  ASSERT_TRUE(accepted(read));
  EXPECT_EQ(*read, evidence);
  const auto finding = verify(*read);
  ASSERT_TRUE(accepted(finding));
  EXPECT_EQ(finding->log_key.key(), domain.config.log_key);
  EXPECT_EQ(finding->first.cosigners, (std::vector<std::string>{"witness", "auditor1", "auditor2", "auditor3"}));
  EXPECT_TRUE(finding->first.quorum);
  EXPECT_EQ(finding->second.cosigners, (std::vector<std::string>{"witness", "auditor1"}));
  EXPECT_FALSE(finding->second.quorum);
  const std::string sentence = evidence_sentence(*finding);
  EXPECT_NE(sentence.find("example.org/cairn+"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("witness, auditor1 (no quorum"), std::string::npos) << sentence;
}

TEST_F(EvidenceTest, OfASmallerTreeIsConclusiveByTheLargerOnesOwnBeginning) {
  for (std::uint64_t size = 4; size < 9; ++size) {
    const auto read = Evidence::decode(of_sizes(size).encode());
    ASSERT_TRUE(accepted(read)) << size;
    const auto finding = verify(*read);
    ASSERT_TRUE(accepted(finding)) << size;
    EXPECT_EQ(finding->first_in_second, honest.head(size).root);
  }
}

TEST_F(EvidenceTest, OfOneHistoryIsNone) {
  EXPECT_TRUE(refused(verify(of_sizes(3)), "the two notes do not contradict each other"));
  EXPECT_TRUE(refused(verify(two_notes(note(honest.head(9)), note(honest.head(9)))), "the two notes do not"));
}

TEST_F(EvidenceTest, WithAProofThatDoesNotGiveTheLargerRootIsRefused) {
  Evidence evidence = of_sizes(6);
  evidence.prefix = *tlog::prove_prefix(forked, 6, 9);
  EXPECT_TRUE(refused(verify(evidence), "the proof does not give"));
  evidence.prefix = *tlog::prove_prefix(honest, 7, 9);
  EXPECT_FALSE(verify(evidence));
  for (std::size_t i = 0; i < evidence.prefix->older.size(); ++i) {
    Evidence bad = of_sizes(6);
    bad.prefix->older.at(i % bad.prefix->older.size()).mutable_view()[i] ^= 1;
    EXPECT_TRUE(refused(verify(bad), "the proof does not give"));
  }
  evidence.prefix.reset();
  EXPECT_TRUE(refused(verify(evidence), "two sizes, and no proof"));
}

TEST_F(EvidenceTest, WithANoteOfAnotherLogOrKeyIsRefused) {
  EXPECT_TRUE(refused(verify(two_notes(note(honest.head(9)), note_of_others())), "a note is of another log"));
  Evidence evidence = two_notes(note(honest.head(9)), note(forked.head(9)));
  evidence.log_key = TestDomain("example.org", 8).config.log_key;
  EXPECT_TRUE(refused(verify(evidence), "a note is not signed by the log's key"));
  evidence.log_key = domain.config.log_key;
  EXPECT_TRUE(refused(verify_evidence(evidence, TestDomain("example.org", 8).config.log_key, nullptr),
                      "the evidence is of another key"));
  EXPECT_TRUE(accepted(verify_evidence(evidence, domain.config.log_key, nullptr)));
}

TEST_F(EvidenceTest, WithABadSignatureIsRefused) {
  const std::string good = note(forked.head(9));
  auto parsed = *tlog::Note::parse(good);
  for (std::size_t line = 0; line < parsed.signatures.size(); ++line) {
    tlog::Note bad = parsed;
    bad.signatures[line].signature.back() ^= 1;
    EXPECT_FALSE(verify(two_notes(note(honest.head(9)), bad.encode()))) << line;
  }
  // What nobody named is not looked at.
  Evidence bare = two_notes(note(honest.head(9)), good);
  bare.policy.clear();
  const auto finding = verify(bare);
  ASSERT_TRUE(accepted(finding));
  EXPECT_TRUE(finding->first.cosigners.empty());
  EXPECT_NE(evidence_sentence(*finding).find("nobody whose key is known here"), std::string::npos);
}

TEST_F(EvidenceTest, OfAWitnessNeedsTheLogsKeyFromWhoeverChecks) {
  wire::Writer body;
  body.opaque(note(forked.head(9)));
  body.opaque(note(honest.head(9)));
  const auto evidence = Evidence::decode(body.view());
  ASSERT_TRUE(accepted(evidence));
  EXPECT_TRUE(refused(verify(*evidence), "the log's key is needed"));
  EXPECT_TRUE(accepted(verify_evidence(*evidence, domain.config.log_key, &*domain.policy)));
  wire::Writer mixed;  // of two sizes there is nothing but its word
  mixed.opaque(note(honest.head(9)));
  mixed.opaque(note(forked.head(5)));
  const auto sizes = Evidence::decode(mixed.view());
  ASSERT_TRUE(accepted(sizes));
  EXPECT_TRUE(refused(verify_evidence(*sizes, domain.config.log_key, nullptr), "two sizes, and no proof"));
}

TEST_F(EvidenceTest, HasOneEncodingAndBounds) {
  const Bytes file = of_sizes(6).encode();
  for (std::size_t size = 0; size < file.size(); ++size) EXPECT_FALSE(Evidence::decode(ByteView(file).first(size)));
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_FALSE(Evidence::decode(longer));
  Bytes later = file;
  later[9] = 2;
  EXPECT_EQ(Evidence::decode(later).error().code, ErrorCode::unsupported);
  EXPECT_EQ(Evidence::decode(Bytes(kMaxEvidenceBytes + 1)).error().code, ErrorCode::over_limit);
  Evidence turned = of_sizes(6);
  std::swap(turned.first, turned.second);
  EXPECT_TRUE(refused(Evidence::decode(turned.encode()), "evidence: order"));
  Evidence idle = two_notes(note(honest.head(9)), note(forked.head(9)));
  idle.prefix = *tlog::prove_prefix(honest, 6, 9);
  EXPECT_TRUE(refused(Evidence::decode(idle.encode()), "evidence: a proof where none belongs"));
}

}  // namespace
}  // namespace cairn::directory
