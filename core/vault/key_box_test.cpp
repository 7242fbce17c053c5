#include "core/vault/key_box.h"

#include <gtest/gtest.h>

#include "core/base/padding.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"
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
using crypto::SigningKey;

constexpr auto kKem = crypto::KemAlgorithm::xwing_shake;

/// What is wrong with a box.
struct Bend {
  std::uint8_t last_byte = 0;
  std::size_t more_padding = 0;
  std::string_view other_roots = "";
};

/// A name with a recovery key, a PIN and a device, and its first key box.
struct KeyBoxes : ::testing::Test {
  SeededEntropy entropy{1};
  SigningKey device = SigningKey::generate(entropy);
  SigningKey recovery = SigningKey::generate(entropy);
  SigningKey stranger = SigningKey::generate(entropy);
  crypto::KemKeyPair recovery_kem = crypto::kem_generate(kKem, entropy);
  crypto::KemKeyPair pin_kem = crypto::kem_generate(kKem, entropy);
  crypto::KemKeyPair device_kem = crypto::kem_generate(kKem, entropy);
  std::vector<PublicKey> signers{device.public_key(), recovery.public_key()};
  KeyBoxContent content;
  std::vector<SealedRoot> roots;

  void SetUp() override {
    content.version = 1;
    content.written = {1'700'000'000'000};
    content.openers.push_back(Opener::make(OpenerKind::recovery, recovery_kem.public_key, {}, 1, recovery));
    content.openers.push_back(Opener::make(OpenerKind::pin, pin_kem.public_key, to_bytes("registration"), 1, device));
    content.openers.push_back(Opener::make(OpenerKind::device, device_kem.public_key, to_bytes("device"), 1, device));
    content.openers[2].public_key.clear();
    begin_generation(1);
  }

  void begin_generation(std::uint32_t number) {
    Generation next;
    next.number = number;
    next.created = content.written;
    next.chain_count = number;
    next.root = random_secret<BackupRoot>(entropy);
    const auto token = random_secret<BackupToken>(entropy);
    next.data_key = wrap_data_key(next.root, token, number, random_secret<DataKey>(entropy), entropy);
    if (number % 2 == 0) {
      next.token = token.clone();
    } else {
      next.realms = {{to_bytes("realm one")}, {to_bytes("realm two")}, {to_bytes("realm three")}};
    }
    content.generations.push_back(std::move(next));
    roots.clear();
    for (const auto* pair : {&recovery_kem, &pin_kem, &device_kem}) {
      roots.push_back(*seal_root(content.current().root, number, pair->public_key, entropy));
    }
  }

  Bytes seal() { return *seal_key_box(content, roots, device, entropy); }
  Result<UnverifiedKeyBox> open(ByteView bytes) { return UnverifiedKeyBox::open(bytes, recovery_kem.private_key); }
  Result<KeyBox> verify(ByteView bytes, std::optional<KeyBoxHead> newest = std::nullopt) {
    return TRY(open(bytes))
    .verify({signers, newest});
  }

  /// A box with any content, sealed to the openers as it should be but for the bend.
  Bytes with_body(const KeyBoxContent& what, const Bend& bend = {}) {
    wire::Writer outside;
    outside.u8(1);
    outside.u32(content.current().number);
    outside.vector(roots);
    const Bytes encoded = wire::encode(what);
    const ByteView signed_roots = bend.other_roots.empty() ? outside.view() : as_bytes(bend.other_roots);
    const Bytes text = concat({crypto::sha256(signed_roots), encoded});
    Bytes body = concat({encoded, device.public_key(), crypto::sign_labelled(device, crypto::kSignKeyBox, text)});
    body.resize(padme(std::max(body.size(), kLeastPaddedSize)) + bend.more_padding);
    body.back() |= bend.last_byte;
    const auto key = crypto::kdf<SealKey>(content.current().root.expose(), kDeriveKeyBoxBody, {});
    wire::Writer out;
    out.raw(outside.view());
    out.opaque(internal::seal(key, outside.view(), body, entropy));
    return out.take();
  }
};

TEST_F(KeyBoxes, OpenToEachOfTheirOpenersAndToTheRoot) {
  const Bytes box = seal();
  EXPECT_LE(box.size(), kMaxKeyBoxSize);
  for (const auto* pair : {&recovery_kem, &pin_kem, &device_kem}) {
    const auto opened = UnverifiedKeyBox::open(box, pair->private_key);
    ASSERT_TRUE(accepted(opened));
    EXPECT_EQ(opened->signer(), device.public_key());
  }
  EXPECT_TRUE(accepted(UnverifiedKeyBox::open(box, content.current().root)));
  const auto verified = verify(box);
  ASSERT_TRUE(accepted(verified));
  EXPECT_EQ(wire::encode(verified->content), wire::encode(content));
  EXPECT_EQ(verified->roots, roots);
  EXPECT_EQ(verified->head, (KeyBoxHead{1, crypto::sha256(box)}));
}

TEST_F(KeyBoxes, OpenToNobodyElse) {
  const Bytes box = seal();
  EXPECT_TRUE(refused(UnverifiedKeyBox::open(box, crypto::kem_generate(kKem, entropy).private_key),
                      "key box: not sealed to this key"));
  EXPECT_TRUE(refused(UnverifiedKeyBox::open(box, random_secret<BackupRoot>(entropy)), "aead open"));
}

TEST_F(KeyBoxes, TheNewestRootOpensWhatIsKeptAndAnOldOneNothingNewer) {
  const BackupRoot old = content.current().root.clone();
  begin_generation(2);
  content.version = 2;
  content.previous = crypto::sha256(as_bytes("the box before"));
  const Bytes box = seal();
  EXPECT_TRUE(refused(UnverifiedKeyBox::open(box, old), "aead open"));
  const auto verified = verify(box);
  ASSERT_TRUE(accepted(verified));
  ASSERT_EQ(verified->content.generations.size(), 2U);
  EXPECT_TRUE(equal(verified->content.generations[0].root.expose(), old.expose()));
  EXPECT_FALSE(verified->content.generations[0].token);
  ASSERT_TRUE(verified->content.generations[1].token);
  EXPECT_TRUE(verified->content.generations[1].realms.empty());
}

TEST_F(KeyBoxes, WithoutItsTokenARootOpensNoData) {
  // What is left when the realms have erased: a copy of the box, and every opener.
  const KeyBox box = std::move(*verify(seal()));
  const Generation& current = box.content.current();
  ASSERT_FALSE(current.token);
  EXPECT_FALSE(unwrap_data_key(current.root, BackupToken(), current.number, current.data_key));
  EXPECT_FALSE(unwrap_data_key(current.root, random_secret<BackupToken>(entropy), current.number, current.data_key));
}

TEST_F(KeyBoxes, OneThatAStorageForgesIsNotTaken) {
  // Openers' keys are public: a storage seals a root of its own to them, and signs with a key of its own.
  begin_generation(2);
  const Bytes box = *seal_key_box(content, roots, stranger, entropy);
  EXPECT_TRUE(accepted(open(box)));
  EXPECT_TRUE(refused(verify(box), "key box: signer"));
}

TEST_F(KeyBoxes, ASealedRootOfAnotherGenerationIsNoUse) {
  const auto sealed = *seal_root(content.current().root, 1, pin_kem.public_key, entropy);
  EXPECT_TRUE(accepted(open_root(sealed, 1, pin_kem.private_key)));
  EXPECT_FALSE(open_root(sealed, 2, pin_kem.private_key));
  EXPECT_FALSE(open_root(sealed, 1, device_kem.private_key));
}

TEST_F(KeyBoxes, RollingBackIsSeenByWhoKnowsANewerOne) {
  const Bytes first = seal();
  const KeyBoxHead head = verify(first)->head;
  content.version = 2;
  content.previous = head.hash;
  const Bytes second = seal();
  const auto newer = verify(second, head);
  ASSERT_TRUE(accepted(newer));
  EXPECT_TRUE(refused(verify(first, newer->head), "key box: an older version"));
  EXPECT_TRUE(accepted(verify(second, newer->head)));
  EXPECT_TRUE(refused(verify(seal(), newer->head), "key box: another box of this version"));
  content.previous = crypto::sha256(as_bytes("?"));
  EXPECT_TRUE(refused(verify(seal(), head), "key box: does not follow the one before"));
  content.version = 3;
  EXPECT_TRUE(accepted(verify(seal(), head)));  // what lies between was not seen
}

TEST_F(KeyBoxes, AreOutdatedWhenTheirSignerOrThatOfAnOpenerIsNotActive) {
  const KeyBox box = std::move(*verify(seal()));
  EXPECT_FALSE(box.is_outdated({signers, 9, 0}));
  EXPECT_TRUE(box.is_outdated({std::span(signers).first(1), 9, 0}));
  EXPECT_TRUE(box.is_outdated({std::span(signers).last(1), 9, 0}));
  EXPECT_TRUE(box.is_outdated({{}, 9, 0}));
}

/// A device that is a thief's begins a generation whose root it knows, and stays out of its openers; another device
/// signs the box again; the thief's is removed. Nothing that is signed says so any more but the count.
TEST_F(KeyBoxes, AreOutdatedWhenTheirGenerationBeganBeforeSomebodyWasRemoved) {
  content.generations.back().chain_count = 5;
  const KeyBox box = std::move(*verify(seal()));
  EXPECT_FALSE(box.is_outdated({signers, 5, 0}));
  EXPECT_FALSE(box.is_outdated({signers, 6, 5}));  // the removal was known
  EXPECT_TRUE(box.is_outdated({signers, 6, 6}));
  EXPECT_TRUE(box.is_outdated({signers, 9, 6}));
  EXPECT_TRUE(box.is_outdated({signers, 4, 0}));  // what it says of later it cannot know
}

TEST_F(KeyBoxes, OfThatTheGenerationInForceDecides) {
  content.generations.back().chain_count = 5;
  begin_generation(2);
  content.generations.back().chain_count = 6;
  EXPECT_FALSE(verify(seal())->is_outdated({signers, 6, 6}));
}

/// An opener of a PIN that was changed is still one that an active device signed.
TEST_F(KeyBoxes, AnOlderPinDoesNotComeBack) {
  content.version = 7;
  content.previous = crypto::sha256(as_bytes("the box before"));
  const auto verify_knowing = [&](std::uint64_t newest_pin) {
    return std::move(*open(seal())).verify({signers, std::nullopt, newest_pin});
  };
  EXPECT_EQ(content.newest_pin(), 1U);
  EXPECT_TRUE(accepted(verify_knowing(0)));
  EXPECT_TRUE(accepted(verify_knowing(1)));
  EXPECT_TRUE(refused(verify_knowing(2), "key box: an older PIN"));
  content.openers[1] = Opener::make(OpenerKind::pin, pin_kem.public_key, to_bytes("registration"), 6, device);
  EXPECT_EQ(content.newest_pin(), 6U);
  EXPECT_TRUE(accepted(verify_knowing(6)));
  content.openers[1].since = 7;  // not what was signed
  EXPECT_FALSE(open(seal()));
  content.openers[1] = Opener::make(OpenerKind::pin, pin_kem.public_key, {}, 8, device);
  EXPECT_TRUE(refused(seal_key_box(content, roots, device, entropy), "key box: an opener of later"));
  content.openers.erase(content.openers.begin() + 1);
  roots.erase(roots.begin() + 1);
  EXPECT_TRUE(accepted(verify_knowing(6)));  // none is no older one
}

TEST_F(KeyBoxes, AnyFlippedBitIsFound) {
  Bytes box = seal();
  // All bytes but those of the roots of others, of which every eleventh.
  for (std::size_t i = 0; i<box.size(); i += i> 16 && i < 3 * 1168 ? 11 : 1) {
    box[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_FALSE(UnverifiedKeyBox::open(box, content.current().root)) << i;
    box[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
  }
}

TEST_F(KeyBoxes, TruncatedExtendedOrTooLargeOnesAreRefused) {
  const Bytes box = seal();
  for (std::size_t size = 0; size < box.size(); size += 37) {
    EXPECT_FALSE(UnverifiedKeyBox::open(ByteView(box).first(size), content.current().root)) << size;
  }
  Bytes longer = box;
  longer.push_back(0);
  EXPECT_FALSE(UnverifiedKeyBox::open(longer, content.current().root));
  EXPECT_TRUE(refused(UnverifiedKeyBox::open(Bytes(kMaxKeyBoxSize + 1), content.current().root), "key box: size"));
  Bytes other_format = box;
  other_format[0] = 2;
  EXPECT_TRUE(refused(UnverifiedKeyBox::open(other_format, content.current().root), "key box: format"));
}

TEST_F(KeyBoxes, BodiesThatBreakARuleAreRefused) {
  const auto result = [&](const KeyBoxContent& what) { return open(with_body(what)); };
  EXPECT_TRUE(accepted(result(content)));
  EXPECT_TRUE(refused(open(with_body(content, {.last_byte = 1})), "vault: padding"));
  EXPECT_TRUE(refused(open(with_body(content, {.more_padding = 128})), "key box: padding"));

  KeyBoxContent wrong = content.clone();
  wrong.version = 0;
  EXPECT_TRUE(refused(result(wrong), "key box: version"));
  wrong = content.clone();
  wrong.previous = crypto::sha256(as_bytes("x"));
  EXPECT_TRUE(refused(result(wrong), "key box: version"));
  wrong = content.clone();
  wrong.openers.pop_back();
  EXPECT_TRUE(refused(result(wrong), "key box: number of openers"));
  wrong = content.clone();
  wrong.openers.clear();
  EXPECT_TRUE(refused(result(wrong), "key box: no openers"));
  wrong = content.clone();
  wrong.openers[1].context = to_bytes("another");
  EXPECT_FALSE(result(wrong));
  wrong = content.clone();
  wrong.openers[0].public_key = pin_kem.public_key;
  EXPECT_TRUE(refused(result(wrong), "opener: another public key"));
  wrong = content.clone();
  wrong.openers[0].public_key.pop_back();
  EXPECT_TRUE(refused(result(wrong), "opener: public key"));
  wrong = content.clone();
  wrong.openers[0].since = 0;
  EXPECT_TRUE(refused(result(wrong), "key box: an opener of later"));
  wrong = content.clone();
  wrong.openers[0].kind = static_cast<OpenerKind>(4);
  EXPECT_TRUE(refused(result(wrong), "opener: kind"));
  wrong = content.clone();
  wrong.generations.push_back(wrong.current().clone());
  EXPECT_TRUE(refused(result(wrong), "key box: order of generations"));
  wrong = content.clone();
  wrong.generations[0].realms.clear();
  EXPECT_TRUE(refused(result(wrong), "key box: no realms"));
  wrong = content.clone();
  wrong.generations[0].realms.assign(kMaxRealmEntries + 1, {});
  EXPECT_TRUE(refused(result(wrong), "vector count"));
}

TEST_F(KeyBoxes, KeepTheKeysOfAPinBesideItsOpenerAlone) {
  content.pin = PinKeys{random_value<RegistrationId>(entropy), 7, random_secret<crypto::Ed25519Seed>(entropy),
                        random_value<KeyBoxId>(entropy), random_secret<crypto::Ed25519Seed>(entropy)};
  const auto opened = verify(seal());
  ASSERT_TRUE(accepted(opened));
  ASSERT_TRUE(opened->content.pin.has_value());
  EXPECT_EQ(wire::encode(opened->content), wire::encode(content));
  EXPECT_EQ(wire::encode(opened->content.clone()), wire::encode(content));
  KeyBoxContent wrong = content.clone();
  wrong.openers.erase(wrong.openers.begin() + 1);
  EXPECT_TRUE(refused(open(with_body(wrong)), "key box: keys of a PIN that opens nothing"));
}

TEST_F(KeyBoxes, ABodyOfAnotherGenerationThanSaidOutsideIsRefused) {
  KeyBoxContent wrong = content.clone();
  wrong.generations[0].root = random_secret<BackupRoot>(entropy);
  EXPECT_TRUE(refused(open(with_body(wrong)), "key box: another generation inside"));
  wrong = content.clone();
  wrong.generations[0].number = 2;
  EXPECT_TRUE(refused(open(with_body(wrong)), "key box: another generation inside"));
}

TEST_F(KeyBoxes, ASignatureOfOtherRootsDoesNotCount) {
  const auto result = open(with_body(content, {.other_roots = "other roots"}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_signature);
}

TEST_F(KeyBoxes, AsLargeAsTheLimitsOfANameFit) {
  content.openers.resize(1);
  roots.resize(1);
  while (content.openers.size() < kMaxOpeners) {
    content.openers.push_back(content.openers[0]);
    content.openers.back().public_key.clear();
    roots.push_back(roots[0]);
  }
  for (std::uint32_t number = 2; number <= kMaxGenerations; ++number) {
    content.generations.push_back(content.current().clone());
    content.generations.back().number = number;
  }
  EXPECT_TRUE(accepted(seal_key_box(content, roots, device, entropy)));
  for (Opener& opener : content.openers) opener.public_key = recovery_kem.public_key;
  EXPECT_TRUE(refused(seal_key_box(content, roots, device, entropy), "key box: size"));
  content.openers.push_back(content.openers[0]);
  roots.push_back(roots[0]);
  EXPECT_TRUE(refused(seal_key_box(content, roots, device, entropy), "vector count"));
}

}  // namespace
}  // namespace cairn::vault
