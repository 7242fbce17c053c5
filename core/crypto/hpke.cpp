#include "core/crypto/hpke.h"

#include "core/crypto/internal/labelled.h"

namespace cairn::crypto {

namespace {

constexpr std::uint64_t kMaxMessages = std::uint64_t{1} << 32;

/// RFC 9180 s.7.2.
std::uint8_t kdf_id(HashAlgorithm algorithm) { return static_cast<std::uint8_t>(1 + static_cast<int>(algorithm)); }
static_assert(static_cast<int>(HashAlgorithm::sha256) == 0 && static_cast<int>(HashAlgorithm::sha512) == 2);

/// RFC 9180 s.7.3; a suite with an AEAD that has no number there is a bug of ours.
std::uint8_t aead_id(AeadAlgorithm algorithm) {
  static_assert(static_cast<int>(AeadAlgorithm::aes_128_gcm) == 0 &&
                static_cast<int>(AeadAlgorithm::chacha20_poly1305) == 2);
  CHECK(algorithm <= AeadAlgorithm::chacha20_poly1305);
  return static_cast<std::uint8_t>(1 + static_cast<int>(algorithm));
}

/// RFC 9180 s.5.1.
internal::SuiteId suite_id(const HpkeSuite& suite) {
  const std::uint16_t kem = kem_id(suite.kem);
  const std::uint8_t bytes[10] = {'H',
                                  'P',
                                  'K',
                                  'E',
                                  static_cast<std::uint8_t>(kem >> 8),
                                  static_cast<std::uint8_t>(kem),
                                  0,
                                  kdf_id(suite.kdf),
                                  0,
                                  aead_id(suite.aead)};
  return internal::SuiteId(bytes);
}

}  // namespace

// KeySchedule of RFC 9180 s.5.1 in mode_base, so with psk = psk_id = "".
HpkeContext::HpkeContext(const HpkeSuite& suite, ByteView shared_secret, ByteView info)
    : suite_(suite),
      key_(aead_key_size(suite.aead)),
      base_nonce_(aead_nonce_size(suite.aead)),
      exporter_secret_(hash_size(suite.kdf)) {
  const HashAlgorithm hash = suite.kdf;
  const std::size_t size = hash_size(hash);
  const internal::SuiteId id = suite_id(suite);
  const std::uint8_t mode_base = 0;
  Digest psk_id_hash(size), info_hash(size);
  internal::labelled_extract(hash, id, {}, "psk_id_hash", {}, psk_id_hash.mutable_view());
  internal::labelled_extract(hash, id, {}, "info_hash", info, info_hash.mutable_view());
  ShortSecret<struct HpkeSecretTag> secret(size);
  internal::labelled_extract(hash, id, shared_secret, "secret", {}, secret.expose_mutable());

  const auto expand = [&](std::string_view label, MutableByteView out) {
    internal::labelled_expand(hash, id, secret.expose(), label, {ByteView(&mode_base, 1), psk_id_hash, info_hash}, out);
  };
  expand("key", key_.expose_mutable());
  expand("base_nonce", base_nonce_.expose_mutable());
  expand("exp", exporter_secret_.expose_mutable());
}

Result<HpkeContext::Sender> HpkeContext::setup_sender(const HpkeSuite& suite, ByteView public_key, ByteView info,
                                                      Entropy& entropy) {
  KemOutput kem = TRY(kem_encapsulate(suite.kem, public_key, entropy));
  return Sender{std::move(kem.ciphertext), HpkeContext(suite, kem.shared_secret.expose(), info)};
}

Result<HpkeContext::Sender> HpkeContext::setup_sender_deterministic(const HpkeSuite& suite, ByteView public_key,
                                                                    ByteView info, ByteView randomness) {
  KemOutput kem = TRY(kem_encapsulate_deterministic(suite.kem, public_key, randomness));
  return Sender{std::move(kem.ciphertext), HpkeContext(suite, kem.shared_secret.expose(), info)};
}

Result<HpkeContext> HpkeContext::setup_receiver(const HpkeSuite& suite, const KemPrivateKey& key, ByteView enc,
                                                ByteView info) {
  const KemSharedSecret shared_secret = TRY(kem_decapsulate(suite.kem, key, enc));
  return HpkeContext(suite, shared_secret.expose(), info);
}

// ComputeNonce of RFC 9180 s.5.2: base_nonce XOR I2OSP(seq, Nn).
HpkeContext::Nonce HpkeContext::next_nonce() const {
  Nonce nonce(base_nonce_.expose());
  const MutableByteView bytes = nonce.mutable_view();
  for (std::size_t i = 0; i < sizeof(sequence_); ++i) {
    bytes[bytes.size() - 1 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  }
  return nonce;
}

Result<Bytes> HpkeContext::seal(ByteView aad, ByteView plaintext) {
  REQUIRE(sequence_ < kMaxMessages, ErrorCode::over_limit, "hpke messages");
  Bytes out = aead_seal(suite_.aead, key_.expose(), next_nonce(), aad, plaintext);
  ++sequence_;
  return out;
}

Result<SecretBytes> HpkeContext::open(ByteView aad, ByteView ciphertext) {
  REQUIRE(sequence_ < kMaxMessages, ErrorCode::over_limit, "hpke messages");
  SecretBytes out = TRY(aead_open(suite_.aead, key_.expose(), next_nonce(), aad, ciphertext));
  ++sequence_;
  return out;
}

void HpkeContext::export_secret(ByteView exporter_context, MutableByteView out) const {
  internal::labelled_expand(suite_.kdf, suite_id(suite_), exporter_secret_.expose(), "sec", {exporter_context}, out);
}

Result<HpkeCiphertext> hpke_seal(const HpkeSuite& suite, ByteView public_key, ByteView info, ByteView aad,
                                 ByteView plaintext, Entropy& entropy) {
  auto sender = TRY(HpkeContext::setup_sender(suite, public_key, info, entropy));
  Bytes ciphertext = TRY(sender.context.seal(aad, plaintext));
  return HpkeCiphertext{std::move(sender.enc), std::move(ciphertext)};
}

Result<SecretBytes> hpke_open(const HpkeSuite& suite, const KemPrivateKey& key, const HpkeCiphertext& sealed,
                              ByteView info, ByteView aad) {
  HpkeContext context = TRY(HpkeContext::setup_receiver(suite, key, sealed.kem_output, info));
  return context.open(aad, sealed.ciphertext);
}

Result<HpkeExport> hpke_send_export(const HpkeSuite& suite, ByteView public_key, ByteView info,
                                    ByteView exporter_context, std::size_t size, Entropy& entropy) {
  auto sender = TRY(HpkeContext::setup_sender(suite, public_key, info, entropy));
  HpkeExportedSecret secret(size);
  sender.context.export_secret(exporter_context, secret.expose_mutable());
  return HpkeExport{std::move(sender.enc), std::move(secret)};
}

Result<HpkeExportedSecret> hpke_receive_export(const HpkeSuite& suite, const KemPrivateKey& key, ByteView kem_output,
                                               ByteView info, ByteView exporter_context, std::size_t size) {
  const HpkeContext context = TRY(HpkeContext::setup_receiver(suite, key, kem_output, info));
  HpkeExportedSecret secret(size);
  context.export_secret(exporter_context, secret.expose_mutable());
  return secret;
}

}  // namespace cairn::crypto
