#include "core/mls/leaf_node.h"

#include <gtest/gtest.h>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls {
namespace {

const CipherSuite& suite() { return cipher_suite(SuiteId::x25519_aes128); }

class LeafNodes : public ::testing::Test {
 protected:
  LeafNodes() {
    auto pair = crypto::generate_signature_key(suite().signature, random_);
    key_ = std::move(pair.private_key);
    leaf_.signature_key = {std::move(pair.public_key)};
    leaf_.encryption_key = {crypto::kem_generate(suite().hpke.kem, random_).public_key};
    leaf_.credential = Credential::basic(to_bytes("a device"));
    leaf_.capabilities = {{kVersionMls10}, {0x0A0A, suite().number()}, {0x1A1A, 0xF001}, {0x2A2A}, {1, 0x3A3A}};
    leaf_.extensions.set(0xF001, to_bytes("something"));
    leaf_.extensions.set(extension_type::kApplicationId, to_bytes("id"));
  }

  LeafNode signed_as(LeafNodeOrigin origin, const std::optional<LeafPosition>& position) {
    leaf_.origin = std::move(origin);
    auto out = VerifiedLeafNode::sign(suite(), key_, leaf_, position);
    CHECK(out.has_value());
    return **out;
  }
  LeafNode in_key_package() { return signed_as(Lifetime{1, 2}, std::nullopt); }
  LeafNode in_update() { return signed_as(FromUpdate{}, position_); }
  LeafNode in_commit() { return signed_as(ParentHash{Digest(as_bytes("parent hash"))}, position_); }

  testing::SeededEntropy random_{41};
  crypto::SignaturePrivateKey key_;
  LeafNode leaf_;
  const LeafPosition position_{as_bytes("group"), {7}};
};

TEST_F(LeafNodes, HoldAtThePlaceTheyWereSignedFor) {
  EXPECT_TRUE(VerifiedLeafNode::from_key_package(suite(), in_key_package()));
  EXPECT_TRUE(VerifiedLeafNode::from_update(suite(), in_update(), position_));
  EXPECT_TRUE(VerifiedLeafNode::from_commit(suite(), in_commit(), position_));
}

TEST_F(LeafNodes, AreRefusedFromAnySourceButTheExpectedOne) {
  for (const LeafNode& leaf : {in_update(), in_commit()}) {
    EXPECT_EQ(VerifiedLeafNode::from_key_package(suite(), leaf).error().code, ErrorCode::invalid_tree);
  }
  for (const LeafNode& leaf : {in_key_package(), in_commit()}) {
    EXPECT_EQ(VerifiedLeafNode::from_update(suite(), leaf, position_).error().code, ErrorCode::invalid_tree);
  }
  for (const LeafNode& leaf : {in_key_package(), in_update()}) {
    EXPECT_EQ(VerifiedLeafNode::from_commit(suite(), leaf, position_).error().code, ErrorCode::invalid_tree);
  }
}

TEST_F(LeafNodes, AreRefusedAtAnotherPlace) {
  for (const LeafPosition& other : {LeafPosition{as_bytes("group"), {8}}, LeafPosition{as_bytes("groups"), {7}}}) {
    EXPECT_EQ(VerifiedLeafNode::from_update(suite(), in_update(), other).error().code, ErrorCode::invalid_signature);
    EXPECT_EQ(VerifiedLeafNode::from_commit(suite(), in_commit(), other).error().code, ErrorCode::invalid_signature);
  }
}

TEST_F(LeafNodes, AreRefusedWhenAnySignedByteIsAnother) {
  for (const LeafNode& leaf : {in_key_package(), in_update(), in_commit()}) {
    Bytes bytes = wire::encode(leaf);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] ^= 1;
      const auto changed = wire::decode<LeafNode>(bytes);
      EXPECT_FALSE(changed && verify_leaf_node(suite(), *changed, position_)) << i;
      bytes[i] ^= 1;
    }
    EXPECT_TRUE(verify_leaf_node(suite(), leaf, position_));
  }
}

TEST_F(LeafNodes, AreReadBackAsTheyWereWrittenAndInNoOtherWay) {
  for (const LeafNode& leaf : {in_key_package(), in_update(), in_commit()}) {
    Bytes bytes = wire::encode(leaf);
    EXPECT_EQ(*wire::decode<LeafNode>(bytes), leaf);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(wire::decode<LeafNode>(ByteView(bytes).first(size)));
    }
    bytes.push_back(0);
    EXPECT_FALSE(wire::decode<LeafNode>(bytes));
  }
}

TEST_F(LeafNodes, AreRefusedWhenTheirCapabilitiesDenyThem) {
  const LeafNode good = leaf_;
  const auto refusal = [&] { return VerifiedLeafNode::from_key_package(suite(), in_key_package()).error().code; };
  leaf_.capabilities.credentials = {2};
  EXPECT_EQ(refusal(), ErrorCode::invalid_tree);
  leaf_ = good;
  leaf_.capabilities.extensions = {0xF002};
  EXPECT_EQ(refusal(), ErrorCode::invalid_tree);
  leaf_ = good;
  leaf_.capabilities.versions = {2};
  EXPECT_EQ(refusal(), ErrorCode::unsupported);
  leaf_ = good;
  leaf_.capabilities.cipher_suites = {0x0A0A};
  EXPECT_EQ(refusal(), ErrorCode::unsupported);
  leaf_ = good;
  leaf_.encryption_key.bytes.pop_back();
  EXPECT_FALSE(VerifiedLeafNode::from_key_package(suite(), in_key_package()));
}

// All members keep every leaf, and restore it: one that fills a message would make their trees too large to read.
TEST_F(LeafNodes, AreRefusedWhenTheyAreTooLarge) {
  const auto refusal = [&](LeafNodeOrigin origin) {
    leaf_.origin = std::move(origin);
    const std::optional<LeafPosition> position = position_;
    const auto made = VerifiedLeafNode::sign(suite(), key_, leaf_, position);
    EXPECT_EQ(made.error().code, ErrorCode::over_limit);
    return verify_leaf_node(suite(), leaf_, position).error().code;
  };
  leaf_.extensions.set(0xF001, Bytes(kMaxLeafNodeSize));
  EXPECT_EQ(refusal(Lifetime{1, 2}), ErrorCode::over_limit);
  EXPECT_EQ(refusal(FromUpdate{}), ErrorCode::over_limit);
  EXPECT_EQ(refusal(ParentHash{}), ErrorCode::over_limit);
  leaf_.extensions.set(0xF001, Bytes(kMaxLeafNodeSize - 1024));
  EXPECT_TRUE(VerifiedLeafNode::from_commit(suite(), in_commit(), position_));
}

TEST_F(LeafNodes, HaveALifetimeThatIncludesBothEnds) {
  const Lifetime lifetime{100, 200};
  EXPECT_FALSE(lifetime.contains({99'999}));
  EXPECT_TRUE(lifetime.contains({100'000}));
  EXPECT_TRUE(lifetime.contains({200'999}));
  EXPECT_FALSE(lifetime.contains({201'000}));
  EXPECT_EQ(lifetime.total_seconds(), 100u);
  EXPECT_EQ((Lifetime{200, 100}).total_seconds(), 0u);
}

TEST(Credential, OfX509IsCarriedButIdentifiesNobody) {
  const Bytes bytes = {0, 2, 4, 3, 'c', 'e', 'r'};
  const auto credential = wire::decode<Credential>(bytes);
  ASSERT_TRUE(credential);
  EXPECT_EQ(wire::encode(*credential), bytes);
  EXPECT_EQ(credential->identity().error().code, ErrorCode::unsupported);
}

TEST(Credential, OfBasicTypeHasAnIdentity) {
  const auto credential = wire::decode<Credential>(wire::encode(Credential::basic({1, 2})));
  ASSERT_TRUE(credential);
  EXPECT_EQ(to_bytes(*credential->identity()), (Bytes{1, 2}));
}

TEST(Credential, OfAnUnknownTypeOrTooLargeIsRefused) {
  EXPECT_EQ(wire::decode<Credential>(Bytes{0, 3, 0}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(wire::decode<Credential>(Bytes{0x0A, 0x0A, 0}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(wire::decode<Credential>(Bytes{0, 2, 2, 2, 0}).error().code, ErrorCode::malformed);
  wire::Writer large;
  large.u16(1);
  large.opaque(Bytes(kMaxCredentialSize + 1));
  EXPECT_EQ(wire::decode<Credential>(large.view()).error().code, ErrorCode::over_limit);
  wire::Writer many;
  many.u16(2);
  many.opaque(Bytes(kMaxCertificates + 1));
  EXPECT_EQ(wire::decode<Credential>(many.view()).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::mls
