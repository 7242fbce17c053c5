#include "core/mls/leaf_node.h"

#include "core/mls/internal/labelled.h"

namespace cairn::mls {
namespace {

// RFC 9420 s.7.2: the proposal types that every client supports.
constexpr std::uint16_t kLastDefaultProposal = 7;

void write_origin(wire::Writer& writer, const LeafNodeOrigin& origin) {
  writer.u8(static_cast<std::uint8_t>(origin.index() + 1));
  if (const auto* lifetime = std::get_if<Lifetime>(&origin)) {
    writer.u64(lifetime->not_before);
    writer.u64(lifetime->not_after);
  } else if (const auto* parent_hash = std::get_if<ParentHash>(&origin)) {
    parent_hash->write(writer);
  }
}

Result<LeafNodeOrigin> read_origin(wire::Reader& reader) {
  switch (static_cast<LeafNodeSource>(TRY(reader.u8()))) {
    case LeafNodeSource::key_package: {
      Lifetime lifetime;
      lifetime.not_before = TRY(reader.u64());
      lifetime.not_after = TRY(reader.u64());
      return lifetime;
    }
    case LeafNodeSource::update: return FromUpdate{};
    case LeafNodeSource::commit: return TRY(ParentHash::read(reader));
  }
  return fail(ErrorCode::malformed, "leaf node source");
}

// RFC 9420 s.5.1.1, 7.2, 7.3: what a leaf promises by being what it is.
Status check_consistency(const CipherSuite& suite, const LeafNode& leaf) {
  TRY(crypto::kem_check_public_key(suite.hpke.kem, leaf.encryption_key));
  const auto credential = static_cast<std::uint16_t>(leaf.credential.type());
  REQUIRE(lists(leaf.capabilities.credentials, credential), ErrorCode::invalid_tree, "leaf's own credential type");
  for (const Extension& extension : leaf.extensions.items()) {
    REQUIRE(extension_type::is_default(extension.type) || lists(leaf.capabilities.extensions, extension.type),
            ErrorCode::invalid_tree, "leaf's own extension type");
  }
  REQUIRE(lists(leaf.capabilities.versions, kVersionMls10), ErrorCode::unsupported, "leaf's protocol version");
  REQUIRE(lists(leaf.capabilities.cipher_suites, suite.number()), ErrorCode::unsupported, "leaf's cipher suite");
  return ok();
}

}  // namespace

bool lists(const std::vector<std::uint16_t>& list, std::uint16_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool Capabilities::cover(const RequiredCapabilities& required) const {
  const auto all_of = [](const std::vector<std::uint16_t>& types, auto&& supported) {
    return std::all_of(types.begin(), types.end(), supported);
  };
  return all_of(required.extension_types,
                [&](std::uint16_t type) { return extension_type::is_default(type) || lists(extensions, type); }) &&
         all_of(required.proposal_types,
                [&](std::uint16_t type) {
                  return (type >= 1 && type <= kLastDefaultProposal) || lists(proposals, type);
                }) &&
         all_of(required.credential_types, [&](std::uint16_t type) { return lists(credentials, type); });
}

void Capabilities::write(wire::Writer& writer) const {
  writer.u16_vector(versions);
  writer.u16_vector(cipher_suites);
  writer.u16_vector(extensions);
  writer.u16_vector(proposals);
  writer.u16_vector(credentials);
}

Result<Capabilities> Capabilities::read(wire::Reader& reader) {
  Capabilities out;
  out.versions = TRY(reader.u16_vector(kMaxCapabilities));
  out.cipher_suites = TRY(reader.u16_vector(kMaxCapabilities));
  out.extensions = TRY(reader.u16_vector(kMaxCapabilities));
  out.proposals = TRY(reader.u16_vector(kMaxCapabilities));
  out.credentials = TRY(reader.u16_vector(kMaxCapabilities));
  return out;
}

void LeafNode::write_content(wire::Writer& writer) const {
  encryption_key.write(writer);
  signature_key.write(writer);
  credential.write(writer);
  capabilities.write(writer);
  write_origin(writer, origin);
  extensions.write(writer);
}

void LeafNode::write(wire::Writer& writer) const {
  write_content(writer);
  signature.write(writer);
}

Result<LeafNode> LeafNode::read(wire::Reader& reader) {
  LeafNode out;
  out.encryption_key = TRY(HpkePublicKey::read(reader));
  out.signature_key = TRY(SignaturePublicKey::read(reader));
  out.credential = TRY(Credential::read(reader));
  out.capabilities = TRY(Capabilities::read(reader));
  out.origin = TRY(read_origin(reader));
  out.extensions = TRY(ExtensionList::read(reader));
  out.signature = TRY(SignatureBytes::read(reader));
  return out;
}

// RFC 9420 s.7.2.
Bytes LeafNode::to_be_signed(const std::optional<LeafPosition>& position) const {
  wire::Writer writer;
  write_content(writer);
  if (source() != LeafNodeSource::key_package) {
    CHECK(position.has_value());
    writer.opaque(position->group_id);
    position->index.write(writer);
  }
  return writer.take();
}

// RFC 9420 s.7.2, 7.3.
Status verify_leaf_node(const CipherSuite& suite, const LeafNode& leaf, const std::optional<LeafPosition>& position) {
  TRY(check_consistency(suite, leaf));
  const Bytes content = leaf.to_be_signed(position);
  REQUIRE(content.size() <= kMaxLeafNodeSize, ErrorCode::over_limit, "size of a leaf");
  return internal::verify_with_label(suite, leaf.signature_key, kSignLeafNode, content, leaf.signature);
}

Result<VerifiedLeafNode> VerifiedLeafNode::from_key_package(const CipherSuite& suite, LeafNode leaf) {
  REQUIRE(leaf.source() == LeafNodeSource::key_package, ErrorCode::invalid_tree, "source of a key package's leaf");
  TRY(verify_leaf_node(suite, leaf, std::nullopt));
  return VerifiedLeafNode(std::move(leaf));
}

Result<VerifiedLeafNode> VerifiedLeafNode::from_update(const CipherSuite& suite, LeafNode leaf,
                                                       const LeafPosition& position) {
  REQUIRE(leaf.source() == LeafNodeSource::update, ErrorCode::invalid_tree, "source of an update's leaf");
  TRY(verify_leaf_node(suite, leaf, position));
  return VerifiedLeafNode(std::move(leaf));
}

Result<VerifiedLeafNode> VerifiedLeafNode::from_commit(const CipherSuite& suite, LeafNode leaf,
                                                       const LeafPosition& position) {
  REQUIRE(leaf.source() == LeafNodeSource::commit, ErrorCode::invalid_tree, "source of a commit's leaf");
  TRY(verify_leaf_node(suite, leaf, position));
  return VerifiedLeafNode(std::move(leaf));
}

Result<VerifiedLeafNode> VerifiedLeafNode::sign(const crypto::SignatureKey& key, LeafNode leaf,
                                                const std::optional<LeafPosition>& position) {
  const Bytes content = leaf.to_be_signed(position);
  REQUIRE(content.size() <= kMaxLeafNodeSize, ErrorCode::over_limit, "size of a leaf");
  leaf.signature = TRY(internal::sign_with_label(key, kSignLeafNode, content));
  return VerifiedLeafNode(std::move(leaf));
}

Result<VerifiedLeafNode> VerifiedLeafNode::sign(const CipherSuite& suite, const crypto::SignaturePrivateKey& key,
                                                LeafNode leaf, const std::optional<LeafPosition>& position) {
  const crypto::SignatureKey ready = TRY(crypto::SignatureKey::from(suite.signature, key.clone()));
  return sign(ready, std::move(leaf), position);
}

}  // namespace cairn::mls
