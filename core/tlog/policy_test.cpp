#include "core/tlog/policy.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"

namespace cairn::tlog {
namespace {

constexpr std::uint64_t kNow_s = 1'700'000'000;
constexpr Time kNow{kNow_s * kSecondMs + 999};

crypto::SigningKey signing_key(std::uint64_t seed) {
  testing::SeededEntropy entropy(seed);
  return crypto::SigningKey::generate(entropy);
}
KeyName key_name(std::uint64_t seed) { return *KeyName::from("cosigner" + std::to_string(seed) + ".example"); }
PublicKey key(std::uint64_t seed) { return signing_key(seed).public_key(); }
std::string vkey(std::uint64_t seed, SignatureType type = SignatureType::cosignature_v1) {
  return VerifierKey(key_name(seed), type, key(seed)).to_text();
}
std::string witness(std::string_view name, std::uint64_t seed) {
  return "witness " + std::string(name) + " " + vkey(seed) + "\n";
}

/// Witnesses W1, W2 (seeds 11, 12) and auditors A1 to A4 (seeds 1 to 4).
std::string cosigners() {
  return witness("W1", 11) + witness("W2", 12) + witness("A1", 1) + witness("A2", 2) + witness("A3", 3) +
         witness("A4", 4);
}
std::string recommended() {
  return cosigners() +
         "group witnesses any W1 W2\ngroup auditors 3 A1 A2 A3 A4\ngroup all all witnesses auditors\nquorum all\n";
}

// The example of tlog-policy, its keys filled in.
TEST(Policy, OfTheSpecificationIsEvaluated) {
  std::string text = "log " + vkey(50, SignatureType::ed25519) + "\n\n";
  for (std::uint64_t i = 1; i <= 3; ++i) text += witness("X" + std::to_string(i), i);
  text += "group X-witnesses 2 X1 X2 X3\n\n";
  for (std::uint64_t i = 4; i <= 6; ++i) text += witness("Y" + std::to_string(i - 3), i);
  text += "group Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
  const auto policy = Policy::parse(text);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->logs().size(), 1u);
  EXPECT_EQ(policy->witnesses().size(), 6u);
  for (unsigned set = 0; set < 64; ++set) {
    std::vector<PublicKey> signers;
    for (unsigned i = 0; i < 6; ++i) {
      if ((set >> i & 1) != 0) signers.push_back(key(i + 1));
    }
    const int x = __builtin_popcount(set & 7);
    const int y = __builtin_popcount(set & 56);
    EXPECT_EQ(policy->satisfied(signers), x >= 2 && y >= 1) << set;
  }
}

TEST(Policy, AllowsBlanksCommentsAndUrls) {
  const auto policy =
      Policy::parse("# comment\n\t # another\n \t\n  witness\tw  " + vkey(1) + " \thttps://w.example/ \n" + "log " +
                    vkey(2, SignatureType::ed25519) + " https://log.example\n\xc3\xa9#\n");
  EXPECT_FALSE(policy);  // the last line is no comment
  const auto good = Policy::parse("# \xc3\xa9\n witness\tw\xff  " + vkey(1) + " \thttps://w.example/ \nquorum w\xff\n");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->witnesses()[0].url, "https://w.example/");
  EXPECT_TRUE(good->satisfied({{key(1)}}));
  EXPECT_FALSE(good->satisfied({{key(2)}}));
}

TEST(Policy, WithQuorumNoneAcceptsAnything) {
  const auto policy = Policy::parse("quorum none\n");
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->accepts_anything());
  EXPECT_TRUE(policy->satisfied({}));
  EXPECT_FALSE(policy->latest_time_s({}));
}

TEST(Policy, MayNameItsGroupsLikeTheKeywords) {
  const auto policy = Policy::parse(witness("any", 1) + witness("2", 2) + "group all all any 2\nquorum all\n");
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->satisfied({{key(1)}}));
  EXPECT_TRUE(policy->satisfied({{key(1), key(2)}}));
}

TEST(Policy, RefusesEveryOtherText) {
  const std::string w = witness("w", 1) + witness("v", 2);
  ASSERT_TRUE(Policy::parse(w + "group g 2 w v\nquorum g\n"));
  const std::string cases[] = {
      "",
      w,
      "quorum none",
      "quorum none\nquorum none\n",
      w + "quorum\n",
      w + "quorum w v\n",
      w + "quorum x\n",
      "quorum w\n" + w,
      w + "quorum g\ngroup g 2 w v\n",
      w + "group g 0 w v\nquorum g\n",
      w + "group g 01 w v\nquorum g\n",
      w + "group g some w v\nquorum g\n",
      w + "group g any\nquorum w\n",
      w + "group g\nquorum w\n",
      w + "group g any w w\nquorum g\n",
      w + "group g any w\ngroup h any w\nquorum h\n",
      w + "group g any g\nquorum w\n",
      w + "group g any none\nquorum g\n",
      w + "group none any w\nquorum w\n",
      w + "group w any v\nquorum w\n",
      w + "group g any w\ngroup g any v\nquorum g\n",
      w + witness("w", 3) + "quorum w\n",
      w + witness("u", 1) + "quorum w\n",
      witness("none", 1) + "quorum none\n",
      "witness w\nquorum none\n",
      "witness w " + vkey(1) + " url more\nquorum w\n",
      "witness w junk\nquorum w\n",
      "log\nquorum none\n",
      "log " + vkey(1, SignatureType::ed25519) + " url more\nquorum none\n",
      "log " + vkey(1, SignatureType::ed25519) + "\nlog " + vkey(1, SignatureType::ed25519) + "\nquorum none\n",
      "Quorum none\n",
      "quorum none # comment\n",
      "quorum none\r\n",
      std::string("quorum none\n#\0\n", 15),
      "quorum none\n# \x7f\n",
      w + "quorum\vw\n",
      w + "quorum\xc2\xa0w\n",
  };
  for (const std::string& text : cases) EXPECT_EQ(Policy::parse(text).error().code, ErrorCode::malformed) << text;
  EXPECT_EQ(Policy::parse(w + "group g 3 w v\nquorum g\n").error().code, ErrorCode::over_limit);
}

TEST(Policy, RefusesKeysOfAnotherType) {
  EXPECT_EQ(Policy::parse("witness w " + vkey(1, SignatureType::ed25519) + "\nquorum w\n").error().code,
            ErrorCode::unsupported);
  EXPECT_EQ(Policy::parse("log " + vkey(1) + "\nquorum none\n").error().code, ErrorCode::unsupported);
}

TEST(Policy, IsBoundedButLargerThanTheStandardDemands) {
  std::string witnesses;
  for (std::uint64_t i = 0; i < kMaxPolicyWitnesses; ++i) witnesses += witness("w" + std::to_string(i), i);
  EXPECT_TRUE(Policy::parse(witnesses + "quorum w0\n"));
  EXPECT_EQ(Policy::parse(witnesses + witness("x", 1000) + "quorum w0\n").error().code, ErrorCode::over_limit);
  std::string groups = witnesses;
  for (std::uint64_t i = 0; i < kMaxPolicyGroups; ++i) {
    groups += "group g" + std::to_string(i) + " any w" + std::to_string(i) + "\n";
  }
  EXPECT_TRUE(Policy::parse(groups + "quorum g9\n"));
  EXPECT_EQ(Policy::parse(groups + "group more any g1\nquorum g9\n").error().code, ErrorCode::over_limit);
  std::string logs;
  for (std::uint64_t i = 0; i < kMaxPolicyLogs; ++i) logs += "log " + vkey(i, SignatureType::ed25519) + "\n";
  EXPECT_TRUE(Policy::parse(logs + "quorum none\n"));
  logs += "log " + vkey(1000, SignatureType::ed25519) + "\n";
  EXPECT_EQ(Policy::parse(logs + "quorum none\n").error().code, ErrorCode::over_limit);
  EXPECT_EQ(Policy::parse("#" + std::string(kMaxPolicyBytes, 'x')).error().code, ErrorCode::over_limit);
}

TEST(Policy, TellsTheGreatestTimeAtWhichItWasSatisfied) {
  const Policy policy = *Policy::parse(recommended());
  const auto time = [&](std::vector<CosignatureTime> times) { return policy.latest_time_s(times); };
  EXPECT_FALSE(time({}));
  EXPECT_FALSE(time({{key(1), 10}, {key(2), 10}, {key(3), 10}}));
  EXPECT_FALSE(time({{key(11), 10}, {key(1), 10}, {key(2), 10}}));
  EXPECT_EQ(time({{key(11), 10}, {key(1), 20}, {key(2), 30}, {key(3), 40}}), 10u);
  EXPECT_EQ(time({{key(11), 50}, {key(1), 20}, {key(2), 30}, {key(3), 40}}), 20u);
  EXPECT_EQ(time({{key(4), 25}, {key(11), 50}, {key(1), 20}, {key(2), 30}, {key(3), 40}}), 25u);
  EXPECT_EQ(time({{key(11), 50}, {key(1), 20}, {key(2), 30}, {key(3), 40}, {key(1), 35}}), 30u);  // A1 signed again
  EXPECT_FALSE(time({{key(11), 50}, {key(1), 20}, {key(1), 30}, {key(1), 40}}));
  EXPECT_FALSE(time({{key(11), 50}, {key(99), 20}, {key(98), 30}, {key(97), 40}}));
}

TEST(ClientPolicy, TellsItsStrength) {
  const auto policy = ClientPolicy::parse(recommended());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->auditors_needed(), 3u);
  EXPECT_EQ(policy->auditors_named(), 4u);
  EXPECT_EQ(policy->strength(), 2u);
  EXPECT_TRUE(policy->is_auditor(key(4)));
  EXPECT_FALSE(policy->is_auditor(key(11)));
}

TEST(ClientPolicy, MayRequireTheAuditorsAloneOrDeepInside) {
  for (const char* rest :
       {"group auditors all A1\nquorum auditors\n", "group auditors 2 A1 A2 A3\ngroup one any auditors\nquorum one\n",
        "group auditors 3 A1 A2 A3 A4\ngroup deep all W1 auditors\ngroup deeper all W2 deep\nquorum deeper\n"}) {
    EXPECT_TRUE(ClientPolicy::parse(cosigners() + rest)) << rest;
  }
}

TEST(ClientPolicy, RefusesWhatIsTooWeak) {
  for (const char* rest : {
           "quorum none\n", "quorum W1\n", "quorum A1\n",
           "group others 3 A1 A2 A3\nquorum others\n",                                             // no auditors
           "group auditors 2 A1 A2 A3 A4\nquorum auditors\n",                                      // 2m = q
           "group auditors any A1 A2 A3 A4\nquorum auditors\n",                                    // 2m < q
           "group auditors 3 A1 A2 A3 A4\nquorum W1\n",                                            // not in the quorum
           "group auditors 3 A1 A2 A3 A4\ngroup g any W1 auditors\nquorum g\n",                    // not needed
           "group auditors 3 A1 A2 A3 A4\ngroup g 2 W1 W2 auditors\nquorum g\n",                   // not needed
           "group auditors 3 A1 A2 A3 A4\ngroup g any W1 auditors\ngroup h all W2 g\nquorum h\n",  // not needed
           "group pair any A1 A2\ngroup auditors 2 pair A3 A4\nquorum auditors\n",                 // a group in it
       }) {
    EXPECT_EQ(ClientPolicy::parse(cosigners() + rest).error().code, ErrorCode::not_authorised) << rest;
  }
  const std::string log = "log " + vkey(50, SignatureType::ed25519) + "\n";
  EXPECT_EQ(ClientPolicy::parse(log + recommended()).error().code, ErrorCode::malformed);
  EXPECT_EQ(ClientPolicy::parse(cosigners() + "witness auditors " + vkey(40) + "\nquorum auditors\n").error().code,
            ErrorCode::not_authorised);
}

/// A checkpoint that the cosigners of these seeds signed, each at its time.
SignedCheckpoint cosigned(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& seed_and_time) {
  SignedCheckpoint out = SignedCheckpoint::sign({"example.org/cairn", {7, leaf_hash({})}, {}}, signing_key(100));
  for (const auto& [seed, time_s] : seed_and_time) {
    EXPECT_TRUE(out.add(cosign(key_name(seed), signing_key(seed), time_s, out.note().text)));
  }
  return out;
}

TEST(CosignedCheckpoint, NeedsTheQuorum) {
  const ClientPolicy policy = *ClientPolicy::parse(recommended());
  const auto good = CosignedCheckpoint::verify(cosigned({{11, kNow_s}, {1, 5}, {2, 6}, {3, 7}, {77, 8}}), policy, kNow);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->time_s(), 5u);
  EXPECT_EQ(good->cosignatures().size(), 4u);
  EXPECT_EQ(good->tree().size, 7u);
  for (const auto& some :
       {cosigned({}), cosigned({{1, 5}, {2, 6}, {3, 7}, {4, 8}}), cosigned({{11, 5}, {12, 5}, {1, 6}, {2, 7}}),
        cosigned({{11, 5}, {77, 6}, {78, 7}, {79, 8}})}) {
    EXPECT_EQ(CosignedCheckpoint::verify(some, policy, kNow).error().code, ErrorCode::no_quorum);
  }
}

TEST(CosignedCheckpoint, LeavesOutCosignaturesFromTheFuture) {
  const ClientPolicy policy = *ClientPolicy::parse(recommended());
  EXPECT_TRUE(CosignedCheckpoint::verify(cosigned({{11, 5}, {1, kNow_s + 300}, {2, 6}, {3, 7}}), policy, kNow));
  const SignedCheckpoint early = cosigned({{11, 5}, {1, kNow_s + 301}, {2, 6}, {3, 7}});
  EXPECT_EQ(CosignedCheckpoint::verify(early, policy, kNow).error().code, ErrorCode::no_quorum);
}

TEST(CosignedCheckpoint, IsSpoiltByABadLineOfAKnownCosigner) {
  const ClientPolicy policy = *ClientPolicy::parse(recommended());
  SignedCheckpoint checkpoint = cosigned({{11, 5}, {1, 5}, {2, 6}, {3, 7}});
  NoteSignature bad = cosign(key_name(4), signing_key(4), 9, "another text\n");
  ASSERT_TRUE(checkpoint.add(bad));
  EXPECT_EQ(CosignedCheckpoint::verify(checkpoint, policy, kNow).error().code, ErrorCode::invalid_signature);
}

}  // namespace
}  // namespace cairn::tlog
