#include "core/witness/realm_config.h"

#include <gtest/gtest.h>

#include "core/crypto/signature.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::witness {
namespace {

using testing::refused;

std::string seeded_vkey(std::string_view name, std::uint64_t seed = 1,
                        tlog::SignatureType type = tlog::SignatureType::ed25519) {
  testing::SeededEntropy entropy(seed);
  return tlog::VerifierKey(*tlog::KeyName::from(name), type, crypto::SigningKey::generate(entropy).public_key())
      .to_text();
}

TEST(RealmList, HasIssuersAndPeers) {
  const auto list = RealmList::parse("# our list\n\nissuer " + seeded_vkey("example.org") + "\n  peer\t" +
                                     seeded_vkey("realm.example/r2", 2) + "  https://realm.example/ \n");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->issuers.size(), 1u);
  EXPECT_EQ(list->issuers.begin()->first, "example.org");
  ASSERT_EQ(list->peers.size(), 1u);
  EXPECT_EQ(list->peers[0].url, "https://realm.example");
  EXPECT_TRUE(RealmList::parse("")->issuers.empty());
}

TEST(RealmList, RefusesWhatItDoesNotUnderstandOrHasTwice) {
  const std::string issuer = "issuer " + seeded_vkey("example.org") + "\n";
  const std::string peer = "peer " + seeded_vkey("realm.example/r2") + " https://realm.example\n";
  EXPECT_TRUE(refused(RealmList::parse(issuer + issuer), "list: issuer twice"));
  EXPECT_TRUE(refused(RealmList::parse(peer + peer), "list: peer twice"));
  EXPECT_TRUE(refused(RealmList::parse("realm x\n"), "list: unknown line"));
  EXPECT_TRUE(refused(RealmList::parse("issuer\n"), "list: issuer line"));
  EXPECT_TRUE(refused(RealmList::parse("issuer a b\n"), "list: issuer line"));
  EXPECT_TRUE(refused(RealmList::parse("peer " + seeded_vkey("r") + "\n"), "list: peer line"));
  EXPECT_TRUE(refused(RealmList::parse("peer " + seeded_vkey("r") + " ftp://x\n"), "url"));
  EXPECT_TRUE(refused(RealmList::parse("issuer " + std::string("a b") + "\n"), "list: issuer line"));
  EXPECT_TRUE(refused(RealmList::parse("issuer " + seeded_vkey("no/domain") + "\n"), "list: domain of an issuer"));
  EXPECT_TRUE(refused(RealmList::parse("issuer " + seeded_vkey("a.b", 1, tlog::SignatureType::cosignature_v1) + "\n"),
                      "list: type of a key"));
  EXPECT_TRUE(refused(RealmList::parse(issuer + "peer"), "list: line without a newline"));
  EXPECT_FALSE(RealmList::parse("issuer example.org+00000000+AAAA\n"));
}

TEST(RealmList, IsBounded) {
  std::string many;
  for (std::size_t i = 0; i <= kMaxIssuers; ++i)
    many += "issuer " + seeded_vkey("d" + std::to_string(i) + ".example") + "\n";
  EXPECT_TRUE(refused(RealmList::parse(many), "list: issuers"));
  many.clear();
  for (std::size_t i = 0; i <= kMaxRealms; ++i) many += "peer " + seeded_vkey("r", i) + " https://r.example\n";
  EXPECT_TRUE(refused(RealmList::parse(many), "list: peers"));
  EXPECT_TRUE(refused(RealmList::parse(std::string((1 << 20) + 1, '\n')), "list"));
}

}  // namespace
}  // namespace cairn::witness
