#include "core/crypto/hpke.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"
#include "tests/support/vectors.h"

namespace cairn::crypto {
namespace {

using nlohmann::json;
using testing::hex_bytes;

/// Our name for the numbers of a case, or nothing when we have no such suite.
std::optional<HpkeSuite> suite_of(const json& v) {
  HpkeSuite suite{};
  switch (v["kem_id"].get<int>()) {
    case 0x10: suite.kem = KemAlgorithm::dhkem_p256; break;
    case 0x20: suite.kem = KemAlgorithm::dhkem_x25519; break;
    case 0x647a: suite.kem = KemAlgorithm::xwing_hpke; break;
    case 0x41: suite.kem = KemAlgorithm::ml_kem_768; break;
    default: return std::nullopt;
  }
  const int kdf = v["kdf_id"], aead = v["aead_id"];
  if (kdf < 1 || kdf > 3 || aead < 1 || aead > 3) return std::nullopt;
  suite.kdf = static_cast<HashAlgorithm>(kdf - 1);
  suite.aead = static_cast<AeadAlgorithm>(aead - 1);
  return suite;
}

void run_case(const HpkeSuite& suite, const json& v) {
  const auto receiver_keys = kem_derive_key_pair(suite.kem, hex_bytes(v["ikmR"]));
  ASSERT_TRUE(receiver_keys);
  EXPECT_EQ(to_hex(receiver_keys->private_key.expose()), v["skRm"]);
  EXPECT_EQ(to_hex(receiver_keys->public_key), v["pkRm"]);
  if (v.contains("skEm")) {
    const auto ephemeral = kem_derive_key_pair(suite.kem, hex_bytes(v["ikmE"]));
    EXPECT_EQ(to_hex(ephemeral->private_key.expose()), v["skEm"]);
    EXPECT_EQ(to_hex(ephemeral->public_key), v["pkEm"]);
  }

  const auto kem = kem_encapsulate_deterministic(suite.kem, receiver_keys->public_key, hex_bytes(v["ikmE"]));
  ASSERT_TRUE(kem);
  EXPECT_EQ(to_hex(kem->shared_secret.expose()), v["shared_secret"]);
  const Bytes info = hex_bytes(v["info"]);
  auto sender = HpkeContext::setup_sender_deterministic(suite, receiver_keys->public_key, info, hex_bytes(v["ikmE"]));
  ASSERT_TRUE(sender);
  EXPECT_EQ(to_hex(sender->enc), v["enc"]);
  auto receiver = HpkeContext::setup_receiver(suite, receiver_keys->private_key, sender->enc, info);
  ASSERT_TRUE(receiver);

  for (const auto& message : v["encryptions"]) {
    const Bytes aad = hex_bytes(message["aad"]);
    const auto sealed = sender->context.seal(aad, hex_bytes(message["pt"]));
    ASSERT_TRUE(sealed);
    ASSERT_EQ(to_hex(*sealed), message["ct"]);
    const auto opened = receiver->open(aad, *sealed);
    ASSERT_TRUE(opened);
    ASSERT_EQ(to_hex(opened->expose()), message["pt"]);
  }
  for (const auto& exported : v["exports"]) {
    Bytes out(exported["L"].get<std::size_t>());
    sender->context.export_secret(hex_bytes(exported["exporter_context"]), out);
    EXPECT_EQ(to_hex(out), exported["exported_value"]);
    receiver->export_secret(hex_bytes(exported["exporter_context"]), out);
    EXPECT_EQ(to_hex(out), exported["exported_value"]);
  }
}

TEST(Hpke, MatchesRfc9180InBaseMode) {
  CAIRN_VECTORS_OR_SKIP(vectors, "hpke/rfc9180-x25519-p256-sha256.json");
  int run = 0, other_modes = 0;
  for (const auto& v : vectors) {
    if (v["mode"] != 0) {
      ++other_modes;
      continue;
    }
    const auto suite = suite_of(v);
    ASSERT_TRUE(suite);
    run_case(*suite, v);
    ++run;
  }
  EXPECT_EQ(run, 6);  // two KEMs with three AEADs
  std::printf("RFC 9180: %d base mode cases run, SKIPPED %d of the modes that MLS does not use\n", run, other_modes);
}

TEST(Hpke, MatchesThePostQuantumDraft) {
  CAIRN_VECTORS_OR_SKIP(vectors, "hpke/hpke-pq-draft-test-vectors.json");
  int run = 0;
  for (const auto& v : vectors) {
    const auto suite = suite_of(v);
    if (!suite) {
      std::printf("SKIPPED kem %d kdf %d aead %d: no such suite here\n", v["kem_id"].get<int>(), v["kdf_id"].get<int>(),
                  v["aead_id"].get<int>());
      continue;
    }
    run_case(*suite, v);
    ++run;
  }
  EXPECT_EQ(run, 2);  // ML-KEM-768 and X-Wing with HKDF-SHA256
}

class AnyHpke : public ::testing::TestWithParam<HpkeSuite> {
 protected:
  testing::SeededEntropy entropy_{12};
  const KemKeyPair pair_ = kem_generate(GetParam().kem, entropy_);
  const Bytes info_ = Bytes(10, 1);
  const Bytes aad_ = Bytes(5, 2);
  const Bytes plaintext_ = Bytes(40, 3);
};
INSTANTIATE_TEST_SUITE_P(
    All, AnyHpke,
    ::testing::Values(HpkeSuite{KemAlgorithm::dhkem_p256, HashAlgorithm::sha256, AeadAlgorithm::aes_128_gcm},
                      HpkeSuite{KemAlgorithm::dhkem_x25519, HashAlgorithm::sha512, AeadAlgorithm::chacha20_poly1305},
                      HpkeSuite{KemAlgorithm::xwing_hpke, HashAlgorithm::sha384, AeadAlgorithm::aes_256_gcm},
                      HpkeSuite{KemAlgorithm::xwing_shake, HashAlgorithm::sha256, AeadAlgorithm::chacha20_poly1305},
                      HpkeSuite{KemAlgorithm::ml_kem_768, HashAlgorithm::sha256, AeadAlgorithm::aes_256_gcm}));

TEST_P(AnyHpke, OpensOnlyWhatWasSealedUnderTheSameWords) {
  const auto sealed = hpke_seal(GetParam(), pair_.public_key, info_, aad_, plaintext_, entropy_);
  ASSERT_TRUE(sealed);
  const auto opened = hpke_open(GetParam(), pair_.private_key, *sealed, info_, aad_);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(equal(opened->expose(), plaintext_));

  const auto expect_refused = [&](const Result<SecretBytes>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::crypto_failed);
  };
  expect_refused(hpke_open(GetParam(), pair_.private_key, *sealed, {}, aad_));
  expect_refused(hpke_open(GetParam(), pair_.private_key, *sealed, info_, {}));
  expect_refused(hpke_open(GetParam(), kem_generate(GetParam().kem, entropy_).private_key, *sealed, info_, aad_));
  for (std::size_t i = 0; i < sealed->ciphertext.size(); ++i) {
    HpkeCiphertext bad = *sealed;
    bad.ciphertext[i] ^= 1;
    expect_refused(hpke_open(GetParam(), pair_.private_key, bad, info_, aad_));
    bad.ciphertext.resize(i);
    expect_refused(hpke_open(GetParam(), pair_.private_key, bad, info_, aad_));
  }
  for (std::size_t i = 0; i < sealed->kem_output.size(); i += 9) {
    HpkeCiphertext bad = *sealed;
    bad.kem_output[i] ^= 1;
    expect_refused(hpke_open(GetParam(), pair_.private_key, bad, info_, aad_));
    bad.kem_output.resize(i);
    expect_refused(hpke_open(GetParam(), pair_.private_key, bad, info_, aad_));
  }
}

TEST_P(AnyHpke, ExportsTheSameSecretOnBothSides) {
  const Bytes context(3, 4);
  const auto sent = hpke_send_export(GetParam(), pair_.public_key, info_, context, 48, entropy_);
  ASSERT_TRUE(sent);
  const auto received = hpke_receive_export(GetParam(), pair_.private_key, sent->kem_output, info_, context, 48);
  ASSERT_TRUE(received);
  EXPECT_EQ(to_hex(received->expose()), to_hex(sent->secret.expose()));
  const auto other = hpke_receive_export(GetParam(), pair_.private_key, sent->kem_output, info_, {}, 48);
  EXPECT_NE(to_hex(other->expose()), to_hex(sent->secret.expose()));
}

TEST_P(AnyHpke, AFailedOpenLeavesTheContextAsItWas) {
  auto sender = HpkeContext::setup_sender(GetParam(), pair_.public_key, info_, entropy_);
  ASSERT_TRUE(sender);
  auto receiver = HpkeContext::setup_receiver(GetParam(), pair_.private_key, sender->enc, info_);
  ASSERT_TRUE(receiver);
  const Bytes first = *sender->context.seal(aad_, plaintext_);
  const Bytes second = *sender->context.seal(aad_, plaintext_);
  EXPECT_NE(first, second);
  EXPECT_FALSE(receiver->open(aad_, second));  // not yet its turn
  EXPECT_FALSE(receiver->open({}, first));
  EXPECT_TRUE(receiver->open(aad_, first));
  EXPECT_FALSE(receiver->open(aad_, first));  // replayed
  EXPECT_TRUE(receiver->open(aad_, second));
}

TEST(Hpke, RefusesAnInvalidPublicKey) {
  testing::SeededEntropy entropy(13);
  const HpkeSuite suite{KemAlgorithm::dhkem_x25519, HashAlgorithm::sha256, AeadAlgorithm::aes_128_gcm};
  EXPECT_EQ(hpke_seal(suite, Bytes(32), {}, {}, {}, entropy).error().code, ErrorCode::crypto_failed);
  EXPECT_EQ(hpke_seal(suite, Bytes(31, 9), {}, {}, {}, entropy).error().code, ErrorCode::crypto_failed);
}

}  // namespace
}  // namespace cairn::crypto
