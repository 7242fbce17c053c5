#include "core/vault/manifest.h"

#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::vault {
namespace {

using cairn::testing::accepted;
using cairn::testing::refused;
using cairn::testing::SeededEntropy;

struct Manifests : ::testing::Test {
  SeededEntropy entropy{1};
  VaultKeys keys{random_secret<DataKey>(entropy)};
  crypto::SigningKey device = crypto::SigningKey::generate(entropy);
  crypto::SigningKey stranger = crypto::SigningKey::generate(entropy);
  std::vector<PublicKey> signers{device.public_key()};
  ManifestContent content;

  void SetUp() override {
    content.generation = 3;
    content.vault = random_value<VaultId>(entropy);
    content.counter = 5;
    content.previous = crypto::sha256(as_bytes("the one before"));
    content.created = {1'700'000'000'000};
    content.chain = to_bytes("count and head");
    content.entry_count = 2;
    content.entries = {0, 100, Reference{random_value<ChunkId>(entropy), 100}};
    content.own = {1, 3'000'000, Reference{random_value<ChunkId>(entropy), 720}};
    content.indexes = {{new_object_id(ObjectKind::index, entropy), 1'088, crypto::sha256(as_bytes("an index"))}};
  }

  Result<ManifestContent> verify(const Object& object, std::uint64_t newest = 0) {
    return TRY(UnverifiedManifest::open(keys, object.id, object.bytes))
    .verify({content.generation, content.vault, signers, newest});
  }
  Object seal(const ManifestContent& what) { return seal_manifest(keys, what, device, entropy); }
  Object seal_text(ByteView text) {
    const ObjectId id = new_object_id(ObjectKind::manifest, entropy);
    return {id, internal::seal(keys.object_key(kSealManifest, id), {}, text, entropy)};
  }
  Bytes signed_text(ByteView encoded) {
    return concat({encoded, device.public_key(), crypto::sign_labelled(device, crypto::kSignManifest, encoded)});
  }
};

TEST_F(Manifests, OpenToWhatWasSealed) {
  const auto opened = verify(seal(content));
  ASSERT_TRUE(accepted(opened));
  EXPECT_EQ(wire::encode(*opened), wire::encode(content));
  EXPECT_EQ(opened->head(), content.head());
}

TEST_F(Manifests, OfAnotherSignerVaultGenerationOrOlderAreRefused) {
  EXPECT_TRUE(refused(verify(seal_manifest(keys, content, stranger, entropy)), "manifest: signer"));
  EXPECT_TRUE(accepted(verify(seal(content), 5)));
  EXPECT_TRUE(refused(verify(seal(content), 6), "manifest: an older snapshot"));
  ManifestContent other = content;
  other.vault = random_value<VaultId>(entropy);
  EXPECT_TRUE(refused(verify(seal(other)), "manifest: of another vault"));
  other = content;
  other.generation = 4;
  EXPECT_TRUE(refused(verify(seal(other)), "manifest: of another vault"));
}

TEST_F(Manifests, UnderAnotherIdKeyOrKindAreRefused) {
  Object object = seal(content);
  const VaultKeys other(random_secret<DataKey>(entropy));
  EXPECT_TRUE(refused(UnverifiedManifest::open(other, object.id, object.bytes), "aead open"));
  const ObjectId another = new_object_id(ObjectKind::manifest, entropy);
  EXPECT_TRUE(refused(UnverifiedManifest::open(keys, another, object.bytes), "aead open"));
  const ObjectId pack = new_object_id(ObjectKind::pack, entropy);
  EXPECT_TRUE(refused(UnverifiedManifest::open(keys, pack, object.bytes), "manifest: kind of object"));
  EXPECT_TRUE(refused(UnverifiedManifest::open(keys, object.id, Bytes(kMaxManifestSize + 1)), "manifest: size"));
}

TEST_F(Manifests, AnyFlippedBitAndAnyTruncationIsFound) {
  Object object = seal(content);
  for (std::size_t i = 0; i < object.bytes.size(); ++i) {
    object.bytes[i] ^= 1;
    EXPECT_FALSE(verify(object)) << i;
    object.bytes[i] ^= 1;
  }
  while (!object.bytes.empty()) {
    object.bytes.pop_back();
    EXPECT_FALSE(verify(object)) << object.bytes.size();
  }
}

TEST_F(Manifests, ASignatureOfSomethingElseDoesNotCount) {
  const Bytes encoded = wire::encode(content);
  Bytes text = signed_text(encoded);
  text.resize(1'024);
  EXPECT_TRUE(accepted(verify(seal_text(text))));
  text[10] ^= 1;
  const auto result = verify(seal_text(text));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_signature);
}

TEST_F(Manifests, PaddingThatIsNotTheOneEncodingIsRefused) {
  Bytes text = signed_text(wire::encode(content));
  text.resize(1'024);
  text.back() = 1;
  EXPECT_TRUE(refused(verify(seal_text(text)), "vault: padding"));
  text.back() = 0;
  text.resize(2'048);
  EXPECT_TRUE(refused(verify(seal_text(text)), "manifest: padding"));
  text.resize(1'023);
  EXPECT_TRUE(refused(verify(seal_text(text)), "manifest: padding"));
}

TEST_F(Manifests, OfTheFormatBeforeAreRefused) {
  Bytes encoded = wire::encode(content);
  EXPECT_EQ(encoded[0], 2);
  encoded[0] = 1;
  EXPECT_TRUE(refused(wire::decode<ManifestContent>(encoded), "manifest: format"));
}

TEST_F(Manifests, ContentThatBreaksARuleIsRefused) {
  const auto result = [&](const auto& change) {
    ManifestContent wrong = content;
    change(wrong);
    return wire::decode<ManifestContent>(wire::encode(wrong));
  };
  EXPECT_TRUE(accepted(result([](ManifestContent&) {})));
  EXPECT_TRUE(refused(result([](auto& c) { c.counter = 0; }), "manifest: counter"));
  EXPECT_TRUE(refused(result([](auto& c) { c.counter = 1; }), "manifest: counter"));
  EXPECT_TRUE(refused(result([](auto& c) { c.previous = {}; }), "manifest: counter"));
  EXPECT_TRUE(refused(result([](auto& c) { c.entry_count = 0; }), "manifest: entries"));
  EXPECT_TRUE(refused(result([](auto& c) { c.chain.resize(kMaxChainBytes + 1); }), "vector size"));
  EXPECT_TRUE(refused(result([](auto& c) { c.own.depth = kMaxTreeDepth + 1; }), "tree: depth"));
  EXPECT_TRUE(refused(result([](auto& c) { c.own.root.reset(); }), "tree: root"));
  EXPECT_TRUE(refused(result([](auto& c) { c.own.root->plain_size = 0; }), "tree: size of a chunk"));
  EXPECT_TRUE(refused(result([](auto& c) { c.batched.depth = 1; }), "tree: depth"));
  EXPECT_TRUE(refused(result([](auto& c) { c.entries.size = 99; }), "tree: size"));
}

TEST_F(Manifests, NameIndexesThatCanBeAndNotTooManyBytesOfThem) {
  const auto result = [&](const auto& change) {
    ManifestContent wrong = content;
    change(wrong.indexes);
    return wire::decode<ManifestContent>(wire::encode(wrong));
  };
  const auto many = [&](std::size_t count, std::uint32_t size) {
    return [this, count, size](auto& all) {
      all.clear();
      for (std::size_t i = 0; i < count; ++i) all.push_back({new_object_id(ObjectKind::index, entropy), size, {}});
    };
  };
  EXPECT_TRUE(accepted(result(many(0, 0))));
  EXPECT_TRUE(refused(result([](auto& all) { all[0].id.mutable_view()[0] = 1; }), "index: kind of object"));
  EXPECT_TRUE(refused(result([](auto& all) { all.push_back(all[0]); }), "manifest: an index twice"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{64}, std::size_t{1'087}, std::size_t{1'089},
                                 std::size_t{512 * 1024}, kMaxIndexSize + 1}) {
    EXPECT_TRUE(refused(result([&](auto& all) { all[0].size = static_cast<std::uint32_t>(size); }), "index: size"))
        << size;
  }
  constexpr std::uint32_t kHalfMiB = 512 * 1024 + 64;
  constexpr std::size_t kFit = kMaxIndexBytesOfManifest / kHalfMiB;
  EXPECT_TRUE(accepted(result(many(kFit, kHalfMiB))));
  EXPECT_TRUE(refused(result(many(kFit + 1, kHalfMiB)), "manifest: size of all indexes"));
  EXPECT_TRUE(accepted(result(many(kMaxIndexesOfManifest, 1'088))));
  EXPECT_TRUE(refused(result(many(kMaxIndexesOfManifest + 1, 1'088)), "vector size"));
  // The largest that there can be is still a manifest.
  many(kMaxIndexesOfManifest, 1'088)(content.indexes);
  EXPECT_TRUE(accepted(verify(seal(content))));
}

}  // namespace
}  // namespace cairn::vault
