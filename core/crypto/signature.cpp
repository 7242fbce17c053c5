#include "core/crypto/signature.h"

#include "core/crypto/internal/edwards.h"
#include "core/crypto/internal/p256.h"
#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {

namespace {

Bytes labelled(std::string_view label, ByteView content) {
  constexpr std::uint8_t kSeparator = 0;
  return concat({as_bytes(std::string_view("cairn/v1 ")), as_bytes(label), ByteView(&kSeparator, 1), content});
}

Result<SigningKey> ed25519_key(const SignaturePrivateKey& key) {
  return SigningKey::from_seed(TRY(Ed25519Seed::from(key.expose())));
}

// `public_key` must be that of `seed`: two signatures under different ones would give the seed away.
Signature sign_ed25519(ByteView seed, ByteView public_key, ByteView message) {
  internal::require_sodium();
  CHECK(seed.size() == Ed25519Seed::kSize && public_key.size() == PublicKey::kSize);
  // libsodium's secret key is seed || public key.
  Secret<struct SodiumSecretKeyTag, crypto_sign_SECRETKEYBYTES> pair;
  std::memcpy(pair.expose_mutable().data(), seed.data(), Ed25519Seed::kSize);
  std::memcpy(pair.expose_mutable().data() + Ed25519Seed::kSize, public_key.data(), PublicKey::kSize);
  Signature out;
  CHECK(crypto_sign_detached(out.mutable_view().data(), nullptr, message.data(), message.size(),
                             pair.expose().data()) == 0);
  return out;
}

}  // namespace

SigningKey SigningKey::generate(Entropy& entropy) { return from_seed(random_secret<Ed25519Seed>(entropy)); }

SigningKey SigningKey::from_seed(Ed25519Seed seed) { return SigningKey(std::move(seed), std::nullopt); }

const PublicKey& SigningKey::public_key() const {
  if (public_key_) return *public_key_;
  internal::require_sodium();
  PublicKey out;
  Secret<struct SodiumSecretKeyTag, crypto_sign_SECRETKEYBYTES> pair;
  CHECK(crypto_sign_seed_keypair(out.mutable_view().data(), pair.expose_mutable().data(), seed_.expose().data()) == 0);
  return public_key_.emplace(out);
}

Signature SigningKey::sign(ByteView message) const { return sign_ed25519(seed_.expose(), public_key(), message); }

Status verify(const PublicKey& key, ByteView message, const Signature& signature) {
  internal::require_sodium();
  // RFC 8032 s.5.1.3 wants R canonical too; libsodium checks only that of the key and of S.
  REQUIRE(internal::is_canonical_point(signature.view().first(32)), ErrorCode::invalid_signature, "ed25519");
  REQUIRE(crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0,
          ErrorCode::invalid_signature, "ed25519");
  return ok();
}

Signature sign_labelled(const SigningKey& key, std::string_view label, ByteView content) {
  return key.sign(labelled(label, content));
}

Status verify_labelled(const PublicKey& key, std::string_view label, ByteView content, const Signature& signature) {
  return verify(key, labelled(label, content), signature);
}

SignatureKeyPair generate_signature_key(SignatureAlgorithm algorithm, Entropy& entropy) {
  SignaturePrivateKey key(std::size_t{32});
  do {  // A P-256 scalar is drawn again with a probability of 2^-32.
    entropy.fill(key.expose_mutable());
  } while (algorithm == SignatureAlgorithm::ecdsa_p256_sha256 && !internal::p256_is_scalar(key.expose()));
  auto public_key = signature_public_key(algorithm, key);
  CHECK(public_key.has_value());
  return {std::move(key), std::move(*public_key)};
}

Result<Bytes> signature_public_key(SignatureAlgorithm algorithm, const SignaturePrivateKey& key) {
  if (algorithm == SignatureAlgorithm::ecdsa_p256_sha256) return internal::p256_public_key(key.expose());
  return to_bytes(TRY(ed25519_key(key)).public_key());
}

Result<Bytes> sign(SignatureAlgorithm algorithm, const SignaturePrivateKey& key, ByteView message) {
  if (algorithm == SignatureAlgorithm::ecdsa_p256_sha256) return internal::p256_sign(key.expose(), message);
  return to_bytes(TRY(ed25519_key(key)).sign(message));
}

Result<SignatureKey> SignatureKey::from(SignatureAlgorithm algorithm, SignaturePrivateKey key) {
  Bytes public_key = TRY(signature_public_key(algorithm, key));
  return SignatureKey(algorithm, std::move(key), std::move(public_key));
}

SignatureKey SignatureKey::from(const SigningKey& key) {
  return SignatureKey(SignatureAlgorithm::ed25519, SignaturePrivateKey(key.seed().expose()),
                      to_bytes(key.public_key()));
}

Result<Bytes> SignatureKey::sign(ByteView message) const {
  if (algorithm_ == SignatureAlgorithm::ecdsa_p256_sha256) return internal::p256_sign(private_key_.expose(), message);
  return to_bytes(sign_ed25519(private_key_.expose(), public_key_, message));
}

Status verify(SignatureAlgorithm algorithm, ByteView public_key, ByteView message, ByteView signature) {
  if (algorithm == SignatureAlgorithm::ecdsa_p256_sha256) return internal::p256_verify(public_key, message, signature);
  const auto key = PublicKey::from(public_key);
  const auto value = Signature::from(signature);
  REQUIRE(key && value, ErrorCode::invalid_signature, "ed25519 sizes");
  return verify(*key, message, *value);
}

}  // namespace cairn::crypto
