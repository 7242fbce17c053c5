#include "core/mls/key_package.h"

#include "core/mls/internal/labelled.h"

namespace cairn::mls {

void KeyPackage::write_content(wire::Writer& writer) const {
  writer.u16(kVersionMls10);
  writer.u16(cipher_suite);
  init_key.write(writer);
  leaf_node.write(writer);
  extensions.write(writer);
}

void KeyPackage::write(wire::Writer& writer) const {
  write_content(writer);
  signature.write(writer);
}

Result<KeyPackage> KeyPackage::read(wire::Reader& reader) {
  KeyPackage out;
  TRY(read_version(reader));
  out.cipher_suite = TRY(reader.u16());
  out.init_key = TRY(HpkePublicKey::read(reader));
  out.leaf_node = TRY(LeafNode::read(reader));
  out.extensions = TRY(ExtensionList::read(reader));
  out.signature = TRY(SignatureBytes::read(reader));
  return out;
}

// RFC 9420 s.7.3: "the client MUST verify that the current time is within the range of the lifetime field".
Status KeyPackage::check_lifetime(Time now) const {
  const auto* lifetime = std::get_if<Lifetime>(&leaf_node.origin);
  REQUIRE(lifetime != nullptr && lifetime->contains(now), ErrorCode::stale, "lifetime of a key package");
  return ok();
}

Bytes KeyPackage::to_be_signed() const {
  wire::Writer writer;
  write_content(writer);
  return writer.take();
}

Result<KeyPackageRef> KeyPackage::reference() const {
  const CipherSuite& suite = mls::cipher_suite(TRY(find_suite(cipher_suite)));
  return KeyPackageRef{internal::ref_hash(suite.hash, kRefKeyPackage, wire::encode(*this))};
}

// RFC 9420 s.10.1.
Result<VerifiedKeyPackage> VerifiedKeyPackage::verify(const CipherSuite& suite, KeyPackage package) {
  REQUIRE(package.cipher_suite == suite.number(), ErrorCode::unsupported, "key package of another suite");
  VerifiedLeafNode leaf = TRY(VerifiedLeafNode::from_key_package(suite, package.leaf_node));
  TRY(internal::verify_with_label(suite, leaf->signature_key, kSignKeyPackage, package.to_be_signed(),
                                  package.signature));
  REQUIRE(package.init_key != leaf->encryption_key, ErrorCode::invalid_tree, "init key is the leaf's key");
  TRY(crypto::kem_check_public_key(suite.hpke.kem, package.init_key));
  const KeyPackageRef reference = TRY(package.reference());
  return VerifiedKeyPackage(std::move(package), std::move(leaf), reference);
}

Result<VerifiedKeyPackage> VerifiedKeyPackage::trusted(KeyPackage package) {
  const KeyPackageRef reference = TRY(package.reference());
  VerifiedLeafNode leaf = VerifiedLeafNode::trusted(package.leaf_node);
  return VerifiedKeyPackage(std::move(package), std::move(leaf), reference);
}

Result<SigningIdentity> SigningIdentity::from(crypto::SignatureAlgorithm algorithm, Credential credential,
                                              crypto::SignaturePrivateKey key) {
  crypto::SignatureKey ready = TRY(crypto::SignatureKey::from(algorithm, std::move(key)));
  return SigningIdentity(std::move(credential), std::move(ready));
}

LeafOptions LeafOptions::basic(SuiteId suite, Lifetime lifetime, std::vector<std::uint16_t> extension_types) {
  LeafOptions out;
  out.capabilities.versions = {kVersionMls10};
  out.capabilities.cipher_suites = {static_cast<std::uint16_t>(suite)};
  out.capabilities.extensions = std::move(extension_types);
  out.capabilities.credentials = {static_cast<std::uint16_t>(CredentialType::basic)};
  out.lifetime = lifetime;
  return out;
}

PrivateKeyPackage::PrivateKeyPackage(SuiteId suite, KeyPackage package, KeyPackageRef reference,
                                     crypto::KemPrivateKey init_key, crypto::KemPrivateKey encryption_key,
                                     SigningIdentity identity)
    : suite_(suite),
      package_(std::move(package)),
      reference_(reference),
      init_key_(std::move(init_key)),
      encryption_key_(std::move(encryption_key)),
      identity_(std::move(identity)) {}

Result<PrivateKeyPackage> PrivateKeyPackage::create(SuiteId id, const SigningIdentity& identity,
                                                    const LeafOptions& options, Entropy& entropy,
                                                    ExtensionList extensions) {
  const CipherSuite& suite = cipher_suite(id);
  crypto::KemKeyPair init = crypto::kem_generate(suite.hpke.kem, entropy);
  crypto::KemKeyPair encryption = crypto::kem_generate(suite.hpke.kem, entropy);

  LeafNode leaf;
  leaf.encryption_key.bytes = std::move(encryption.public_key);
  leaf.signature_key = identity.public_key();
  leaf.credential = identity.credential();
  leaf.capabilities = options.capabilities;
  leaf.origin = options.lifetime;
  leaf.extensions = options.extensions;

  KeyPackage package;
  package.cipher_suite = suite.number();
  package.init_key.bytes = std::move(init.public_key);
  package.leaf_node = *TRY(VerifiedLeafNode::sign(identity.key(), std::move(leaf), std::nullopt));
  package.extensions = std::move(extensions);
  package.signature = TRY(internal::sign_with_label(identity.key(), kSignKeyPackage, package.to_be_signed()));
  const KeyPackageRef reference = TRY(package.reference());
  return PrivateKeyPackage(id, std::move(package), reference, std::move(init.private_key),
                           std::move(encryption.private_key), identity.clone());
}

Result<PrivateKeyPackage> PrivateKeyPackage::from(KeyPackage package, crypto::KemPrivateKey init_key,
                                                  crypto::KemPrivateKey encryption_key,
                                                  crypto::SignaturePrivateKey signature_key) {
  const SuiteId id = TRY(find_suite(package.cipher_suite));
  const CipherSuite& suite = cipher_suite(id);
  const Bytes init_public = TRY(crypto::kem_public_key(suite.hpke.kem, init_key));
  const Bytes encryption_public = TRY(crypto::kem_public_key(suite.hpke.kem, encryption_key));
  REQUIRE(equal(init_public, package.init_key), ErrorCode::malformed, "init key of another key package");
  REQUIRE(equal(encryption_public, package.leaf_node.encryption_key), ErrorCode::malformed,
          "encryption key of another key package");
  SigningIdentity identity =
      TRY(SigningIdentity::from(suite.signature, package.leaf_node.credential, std::move(signature_key)));
  REQUIRE(identity.public_key() == package.leaf_node.signature_key, ErrorCode::malformed,
          "signature key of another key package");
  const KeyPackageRef reference = TRY(package.reference());
  return PrivateKeyPackage(id, std::move(package), reference, std::move(init_key), std::move(encryption_key),
                           std::move(identity));
}

SecretBytes PrivateKeyPackage::serialise() const {
  wire::Writer writer(wire::Sensitivity::is_secret);
  package_.write(writer);
  writer.opaque(init_key_.expose());
  writer.opaque(encryption_key_.expose());
  writer.opaque(identity_.private_key().expose());
  return writer.take_secret();
}

Result<PrivateKeyPackage> PrivateKeyPackage::restore(ByteView serialised) {
  wire::Reader reader(serialised);
  KeyPackage package = TRY(KeyPackage::read(reader));
  crypto::KemPrivateKey init_key(TRY(reader.opaque(crypto::KemPrivateKey::kMaxSize)));
  crypto::KemPrivateKey encryption_key(TRY(reader.opaque(crypto::KemPrivateKey::kMaxSize)));
  crypto::SignaturePrivateKey signature_key(TRY(reader.opaque(crypto::SignaturePrivateKey::kMaxSize)));
  TRY(reader.finish());
  return from(std::move(package), std::move(init_key), std::move(encryption_key), std::move(signature_key));
}

}  // namespace cairn::mls
