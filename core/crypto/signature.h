// Signatures: Ed25519 (RFC 8032) everywhere; ECDSA P-256 for MLS suite 2 alone.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/environment.h"
#include "core/base/types.h"

namespace cairn::crypto {

/// An Ed25519 seed, from which the key pair follows.
using Ed25519Seed = Secret<struct Ed25519SeedTag, 32>;

/// An Ed25519 key pair. Move-only; wiped when it goes. For one thread.
class SigningKey {
 public:
  static SigningKey generate(Entropy& entropy);
  /// Costs nothing: the public key is worked out when it, or a signature, is asked for first.
  static SigningKey from_seed(Ed25519Seed seed);

  const PublicKey& public_key() const;
  Signature sign(ByteView message) const;
  /// For storing.
  const Ed25519Seed& seed() const { return seed_; }
  SigningKey clone() const { return SigningKey(seed_.clone(), public_key_); }

 private:
  SigningKey(Ed25519Seed seed, std::optional<PublicKey> public_key) : seed_(std::move(seed)), public_key_(public_key) {}

  Ed25519Seed seed_;
  mutable std::optional<PublicKey> public_key_;  ///< of that seed, as soon as it is known
};

/// RFC 8032 s.5.1.7; refuses non-canonical encodings, and keys and commitments of small order: `invalid_signature`.
/// Whether the group equation is checked with the cofactor is libsodium's choice (1.0.22 does not; later ones may):
/// only who holds a key can make a signature of it on which the two differ.
Status verify(const PublicKey& key, ByteView message, const Signature& signature);

/// Cairn's own signatures: Ed25519 over "cairn/v1 " || label || 0x00 || content. Labels stand in labels.h.
Signature sign_labelled(const SigningKey& key, std::string_view label, ByteView content);
Status verify_labelled(const PublicKey& key, std::string_view label, ByteView content, const Signature& signature);

/// The signature schemes of MLS suites, on opaque keys (RFC 9420 s.5.1): Ed25519 keys are 32 bytes and signatures
/// 64; ECDSA P-256 keys are uncompressed points of 65 bytes, private keys 32-byte scalars, signatures DER.
enum class SignatureAlgorithm : std::uint8_t { ed25519, ecdsa_p256_sha256 };

using SignaturePrivateKey = ShortSecret<struct SignaturePrivateKeyTag>;
struct SignatureKeyPair {
  SignaturePrivateKey private_key;
  Bytes public_key;
};

/// A private key whose public half was worked out once, for who signs often: with Ed25519 that is half the cost of a
/// signature. Move-only; wiped when it goes.
class SignatureKey {
 public:
  /// `malformed` when it is no private key of the algorithm.
  static Result<SignatureKey> from(SignatureAlgorithm algorithm, SignaturePrivateKey key);
  /// The same Ed25519 key: nothing is worked out anew.
  static SignatureKey from(const SigningKey& key);

  const Bytes& public_key() const { return public_key_; }
  const SignaturePrivateKey& private_key() const { return private_key_; }
  Result<Bytes> sign(ByteView message) const;
  SignatureKey clone() const { return SignatureKey(algorithm_, private_key_.clone(), public_key_); }

 private:
  SignatureKey(SignatureAlgorithm algorithm, SignaturePrivateKey private_key, Bytes public_key)
      : algorithm_(algorithm), private_key_(std::move(private_key)), public_key_(std::move(public_key)) {}

  SignatureAlgorithm algorithm_;
  SignaturePrivateKey private_key_;
  Bytes public_key_;
};

SignatureKeyPair generate_signature_key(SignatureAlgorithm algorithm, Entropy& entropy);
/// The public key of a private one; `malformed` if it is none.
Result<Bytes> signature_public_key(SignatureAlgorithm algorithm, const SignaturePrivateKey& key);
/// `malformed` when the private key is none of this algorithm.
Result<Bytes> sign(SignatureAlgorithm algorithm, const SignaturePrivateKey& key, ByteView message);
Status verify(SignatureAlgorithm algorithm, ByteView public_key, ByteView message, ByteView signature);

}  // namespace cairn::crypto
