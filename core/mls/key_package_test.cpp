#include "core/mls/key_package.h"

#include <gtest/gtest.h>

#include "core/mls/group_fixture.h"
#include "core/mls/internal/labelled.h"

namespace cairn::mls {
namespace {

using namespace fixture;

class KeyPackages : public ::testing::TestWithParam<SuiteId> {
 protected:
  const CipherSuite& suite() const { return cipher_suite(GetParam()); }
  // The package with a change, signed again by its owner: leaf and package.
  KeyPackage signed_again(KeyPackage package, const SigningIdentity& who) const {
    package.leaf_node = *must(VerifiedLeafNode::sign(suite(), who.private_key(), package.leaf_node, std::nullopt));
    package.signature =
        must(internal::sign_with_label(suite(), who.private_key(), kSignKeyPackage, package.to_be_signed()));
    return package;
  }
  World world{GetParam(), 31};
};

TEST_P(KeyPackages, AreVerifiedAndKnownByTheirReference) {
  const PrivateKeyPackage package = world.key_package("somebody");
  const VerifiedKeyPackage verified = must(VerifiedKeyPackage::verify(suite(), package.package()));
  EXPECT_EQ(verified.reference(), package.reference());
  EXPECT_EQ(wire::encode(*wire::decode<KeyPackage>(wire::encode(package.package()))), wire::encode(package.package()));
}

// RFC 9420 s.10.1, one broken rule each.
TEST_P(KeyPackages, AreRefusedWhenOneThingIsWrong) {
  const SigningIdentity who = world.identity("somebody");
  const PrivateKeyPackage own = world.key_package(who);
  const auto code = [&](const KeyPackage& package) {
    return VerifiedKeyPackage::verify(suite(), package).error().code;
  };

  KeyPackage bad = own.package();
  bad.signature.bytes[4] ^= 1;
  EXPECT_EQ(code(bad), ErrorCode::invalid_signature);
  bad = own.package();
  bad.leaf_node.signature.bytes[4] ^= 1;
  EXPECT_EQ(code(bad), ErrorCode::invalid_signature);
  bad = own.package();
  bad.extensions.set(0xFF00, {});
  EXPECT_EQ(code(bad), ErrorCode::invalid_signature);
  bad = own.package();
  bad.cipher_suite = 0x0007;
  EXPECT_EQ(code(bad), ErrorCode::unsupported);
  bad = own.package();
  bad.init_key = bad.leaf_node.encryption_key;
  EXPECT_EQ(code(signed_again(bad, who)), ErrorCode::invalid_tree);
  bad = own.package();
  bad.init_key.bytes.pop_back();
  EXPECT_FALSE(VerifiedKeyPackage::verify(suite(), signed_again(bad, who)).has_value());
  bad = own.package();
  bad.leaf_node.origin = FromUpdate{};
  EXPECT_FALSE(VerifiedKeyPackage::verify(suite(), bad).has_value());
  EXPECT_TRUE(VerifiedKeyPackage::verify(suite(), signed_again(own.package(), who)).has_value());
}

TEST_P(KeyPackages, AreStoredWithTheirPrivateKeys) {
  const PrivateKeyPackage own = world.key_package("somebody");
  const SecretBytes stored = own.serialise();
  const PrivateKeyPackage again = must(PrivateKeyPackage::restore(stored.expose()));
  EXPECT_TRUE(equal(again.serialise().expose(), stored.expose()));
  EXPECT_EQ(again.reference(), own.reference());
  for (std::size_t size = 0; size < stored.size(); size += 3) {
    EXPECT_FALSE(PrivateKeyPackage::restore(stored.expose().first(size)).has_value());
  }
  const PrivateKeyPackage other = world.key_package("somebody");
  EXPECT_FALSE(PrivateKeyPackage::from(own.package(), other.init_key().clone(), own.encryption_key().clone(),
                                       own.identity().private_key().clone())
                   .has_value());
  EXPECT_FALSE(PrivateKeyPackage::from(own.package(), own.init_key().clone(), other.encryption_key().clone(),
                                       own.identity().private_key().clone())
                   .has_value());
  EXPECT_FALSE(PrivateKeyPackage::from(own.package(), own.init_key().clone(), own.encryption_key().clone(),
                                       other.identity().private_key().clone())
                   .has_value());
}

TEST_P(KeyPackages, SayWhenTheyAreTheLastResort) {
  ExtensionList extensions;
  extensions.set(extension_type::kLastResort, {});
  const PrivateKeyPackage own = must(PrivateKeyPackage::create(GetParam(), world.identity("somebody"),
                                                               world.leaf_options(), world.entropy, extensions));
  EXPECT_TRUE(own.package().is_last_resort());
  EXPECT_FALSE(world.key_package("somebody").package().is_last_resort());
}

INSTANTIATE_TEST_SUITE_P(AllSuites, KeyPackages,
                         ::testing::Values(SuiteId::x25519_aes128, SuiteId::p256_aes128, SuiteId::x25519_chacha,
                                           SuiteId::xwing_interop, SuiteId::xwing),
                         [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace cairn::mls
