#include "core/vault/manifest.h"

#include <algorithm>
#include <set>

#include "core/base/padding.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"

namespace cairn::vault {
namespace {

constexpr std::uint8_t kManifestFormat = 2;

Result<std::vector<IndexReference>> read_indexes(wire::Reader& reader) {
  auto out =
      TRY(reader.vector<IndexReference>(kMaxIndexesOfManifest * IndexReference::kEncodedSize, kMaxIndexesOfManifest));
  std::set<ObjectId> ids;
  std::size_t total = 0;
  for (const IndexReference& one : out) {
    REQUIRE(ids.insert(one.id).second, ErrorCode::malformed, "manifest: an index twice");
    total += one.size;
  }
  REQUIRE(total <= kMaxIndexBytesOfManifest, ErrorCode::over_limit, "manifest: size of all indexes");
  return out;
}

}  // namespace

void ManifestContent::write(wire::Writer& writer) const {
  writer.u8(kManifestFormat);
  writer.u32(generation);
  writer.raw(vault);
  writer.u64(counter);
  writer.raw(previous);
  writer.u64(created.ms);
  writer.opaque(chain);
  writer.u64(entry_count);
  entries.write(writer);
  batched.write(writer);
  own.write(writer);
  writer.vector(indexes);
}

Result<ManifestContent> ManifestContent::read(wire::Reader& reader) {
  ManifestContent out;
  REQUIRE(TRY(reader.u8()) == kManifestFormat, ErrorCode::unsupported, "manifest: format");
  out.generation = TRY(reader.u32());
  out.vault = TRY(reader.fixed<VaultId>());
  out.counter = TRY(reader.u64());
  out.previous = TRY(reader.fixed<Hash>());
  out.created = { TRY(reader.u64()) };
  out.chain = TRY(reader.opaque_bytes(kMaxChainBytes));
  out.entry_count = TRY(reader.u64());
  out.entries = TRY(Tree::read(reader));
  out.batched = TRY(Tree::read(reader));
  out.own = TRY(Tree::read(reader));
  out.indexes = TRY(read_indexes(reader));
  REQUIRE(out.counter > 0 && (out.counter == 1) == out.previous.is_zero(), ErrorCode::malformed, "manifest: counter");
  REQUIRE((out.entry_count > 0) == (out.entries.size > 0), ErrorCode::malformed, "manifest: entries");
  return out;
}

SnapshotHead ManifestContent::head() const { return {counter, crypto::sha256(wire::encode(*this))}; }

Object seal_manifest(const VaultKeys& keys, const ManifestContent& content, const crypto::SigningKey& signer,
                     Entropy& entropy) {
  CHECK(content.indexes.size() <= kMaxIndexesOfManifest && content.chain.size() <= kMaxChainBytes);
  wire::Writer writer;
  content.write(writer);
  const Signature signature = crypto::sign_labelled(signer, crypto::kSignManifest, writer.view());
  writer.raw(signer.public_key());
  writer.raw(signature);
  writer.raw(Bytes(padme(std::max(writer.size(), kLeastPaddedSize)) - writer.size()));
  const ObjectId id = new_object_id(ObjectKind::manifest, entropy);
  return {id, internal::seal(keys.object_key(kSealManifest, id), {}, writer.view(), entropy)};
}

Result<UnverifiedManifest> UnverifiedManifest::open(const VaultKeys& keys, const ObjectId& id, ByteView sealed) {
  REQUIRE(is_kind(id, ObjectKind::manifest), ErrorCode::malformed, "manifest: kind of object");
  REQUIRE(sealed.size() <= kMaxManifestSize, ErrorCode::over_limit, "manifest: size");
  const SecretBytes opened = TRY(internal::open(keys.object_key(kSealManifest, id), {}, sealed));
  wire::Reader reader(opened.expose());
  ManifestContent content = TRY(ManifestContent::read(reader));
  const ByteView signed_bytes = opened.expose().first(opened.size() - reader.left());
  const auto signer = TRY(reader.fixed<PublicKey>());
  const auto signature = TRY(reader.fixed<Signature>());
  const std::size_t size = opened.size() - reader.left();
  REQUIRE(padme(std::max(size, kLeastPaddedSize)) == opened.size(), ErrorCode::malformed, "manifest: padding");
  TRY(internal::check_zeros(reader.rest()));
  TRY(crypto::verify_labelled(signer, crypto::kSignManifest, signed_bytes, signature));
  return UnverifiedManifest(std::move(content), signer);
}

Result<ManifestContent> UnverifiedManifest::verify(const ManifestRules& rules) const {
  REQUIRE(content_.vault == rules.vault && content_.generation == rules.generation, ErrorCode::wrong_group,
          "manifest: of another vault");
  REQUIRE(std::find(rules.signers.begin(), rules.signers.end(), signer_) != rules.signers.end(),
          ErrorCode::not_authorised, "manifest: signer");
  REQUIRE(content_.counter >= rules.newest_counter, ErrorCode::stale, "manifest: an older snapshot");
  return content_;
}

}  // namespace cairn::vault
