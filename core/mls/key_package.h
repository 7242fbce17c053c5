// Key packages (RFC 9420 s.10): what a device leaves behind so that others can add it while it is away.
#pragma once

#include "core/base/environment.h"
#include "core/mls/leaf_node.h"

namespace cairn::mls {

/// A key package as it travels: nothing in it is verified.
struct KeyPackage {
  std::uint16_t cipher_suite = 0;
  HpkePublicKey init_key;
  LeafNode leaf_node;
  ExtensionList extensions;
  SignatureBytes signature;

  void write(wire::Writer& writer) const;
  static Result<KeyPackage> read(wire::Reader& reader);
  friend bool operator==(const KeyPackage&, const KeyPackage&) = default;

  /// Whether who sends this package now may (s.7.3): `stale` when its leaf is not in its time.
  Status check_lifetime(Time now) const;

  /// KeyPackageTBS.
  Bytes to_be_signed() const;
  /// KeyPackageRef (s.5.2); `unsupported` when the suite is none of ours.
  Result<KeyPackageRef> reference() const;
  /// Whether its owner marked it as the one to use when no other is left (s.16.8): all others are used once.
  bool is_last_resort() const { return extensions.has(extension_type::kLastResort); }

 private:
  void write_content(wire::Writer& writer) const;
};

/// A key package that passed s.10.1 (all but lifetime and what depends on the group).
class VerifiedKeyPackage {
 public:
  /// Suite, leaf, init key, signature. `unsupported`, `malformed`, `invalid_tree` or `invalid_signature`.
  static Result<VerifiedKeyPackage> verify(const CipherSuite& suite, KeyPackage package);

  /// One that was verified before it went into our own storage; `unsupported` when its suite is none of ours.
  static Result<VerifiedKeyPackage> trusted(KeyPackage package);

  const KeyPackage& package() const { return package_; }
  const VerifiedLeafNode& leaf() const { return leaf_; }
  KeyPackageRef reference() const { return reference_; }

 private:
  VerifiedKeyPackage(KeyPackage package, VerifiedLeafNode leaf, KeyPackageRef reference)
      : package_(std::move(package)), leaf_(std::move(leaf)), reference_(reference) {}

  KeyPackage package_;
  VerifiedLeafNode leaf_;
  KeyPackageRef reference_;
};

/// Who a device is in its groups: a credential, and the signature key that the credential speaks of.
class SigningIdentity {
 public:
  /// `malformed` when `key` is no private key of the algorithm.
  static Result<SigningIdentity> from(crypto::SignatureAlgorithm algorithm, Credential credential,
                                      crypto::SignaturePrivateKey key);
  /// Of an Ed25519 key.
  static SigningIdentity from(Credential credential, const crypto::SigningKey& key) {
    return SigningIdentity(std::move(credential), crypto::SignatureKey::from(key));
  }

  const Credential& credential() const { return credential_; }
  const SignaturePublicKey& public_key() const { return public_key_; }
  const crypto::SignatureKey& key() const { return key_; }
  const crypto::SignaturePrivateKey& private_key() const { return key_.private_key(); }
  SigningIdentity clone() const { return SigningIdentity(credential_, key_.clone()); }

 private:
  SigningIdentity(Credential credential, crypto::SignatureKey key)
      : credential_(std::move(credential)), public_key_{key.public_key()}, key_(std::move(key)) {}

  Credential credential_;
  SignaturePublicKey public_key_;
  crypto::SignatureKey key_;
};

/// What we say of ourselves in a leaf.
struct LeafOptions {
  Capabilities capabilities;
  /// Of key packages; how long others may use them.
  Lifetime lifetime;
  ExtensionList extensions;

  /// Version mls10, this one suite, basic credentials, and the extension types given.
  static LeafOptions basic(SuiteId suite, Lifetime lifetime, std::vector<std::uint16_t> extension_types = {});
};

/// Our own key package with its private keys, kept until a Welcome uses it. Move-only; wiped when it goes.
class PrivateKeyPackage {
 public:
  /// Fresh init and encryption keys, signed by `identity`. `extensions` are those of the package, as last_resort.
  static Result<PrivateKeyPackage> create(SuiteId suite, const SigningIdentity& identity, const LeafOptions& options,
                                          Entropy& entropy, ExtensionList extensions = {});
  /// One whose keys came from elsewhere. `malformed` unless each private key belongs to its public one.
  static Result<PrivateKeyPackage> from(KeyPackage package, crypto::KemPrivateKey init_key,
                                        crypto::KemPrivateKey encryption_key,
                                        crypto::SignaturePrivateKey signature_key);

  /// What others get.
  const KeyPackage& package() const { return package_; }
  /// Under which a Welcome names it, and under which it is stored.
  const KeyPackageRef& reference() const { return reference_; }
  SuiteId suite() const { return suite_; }

  const crypto::KemPrivateKey& init_key() const { return init_key_; }
  const crypto::KemPrivateKey& encryption_key() const { return encryption_key_; }
  const SigningIdentity& identity() const { return identity_; }

  /// For storing, and back; restore() checks as from() does.
  SecretBytes serialise() const;
  static Result<PrivateKeyPackage> restore(ByteView serialised);

 private:
  PrivateKeyPackage(SuiteId suite, KeyPackage package, KeyPackageRef reference, crypto::KemPrivateKey init_key,
                    crypto::KemPrivateKey encryption_key, SigningIdentity identity);

  SuiteId suite_;
  KeyPackage package_;
  KeyPackageRef reference_;
  crypto::KemPrivateKey init_key_;
  crypto::KemPrivateKey encryption_key_;
  SigningIdentity identity_;
};

}  // namespace cairn::mls
