#include "core/vault/opener.h"

#include "core/crypto/hpke.h"
#include "core/crypto/labels.h"
#include "core/vault/labels.h"

namespace cairn::vault {
namespace {

constexpr auto kKem = crypto::KemAlgorithm::xwing_shake;
constexpr crypto::HpkeSuite kSuite{kKem, crypto::HashAlgorithm::sha256, crypto::AeadAlgorithm::chacha20_poly1305};

Bytes info_of(std::uint32_t generation) {
  wire::Writer writer;
  writer.raw(as_bytes(kBackupRootInfo));
  writer.u8(0);
  writer.u32(generation);
  return writer.take();
}

Bytes to_be_signed(const Opener& opener) {
  wire::Writer writer;
  writer.u8(static_cast<std::uint8_t>(opener.kind));
  writer.raw(opener.key);
  writer.opaque(opener.context);
  writer.u64(opener.since);
  return writer.take();
}

}  // namespace

Opener Opener::make(OpenerKind kind, Bytes public_key, Bytes context, std::uint64_t since,
                    const crypto::SigningKey& signer) {
  CHECK(context.size() <= kMaxOpenerContext);
  const Hash key = crypto::sha256(public_key);
  Opener out{kind, key, std::move(context), since, std::move(public_key), signer.public_key(), {}};
  out.signature = crypto::sign_labelled(signer, crypto::kSignOpener, to_be_signed(out));
  return out;
}

Status Opener::check() const {
  return crypto::verify_labelled(signer, crypto::kSignOpener, to_be_signed(*this), signature);
}

void Opener::write(wire::Writer& writer) const {
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.raw(key);
  writer.opaque(context);
  writer.u64(since);
  writer.opaque(public_key);
  writer.raw(signer);
  writer.raw(signature);
}

Result<Opener> Opener::read(wire::Reader& reader) {
  Opener out;
  out.kind = static_cast<OpenerKind>(TRY(reader.u8()));
  REQUIRE(out.kind >= OpenerKind::recovery && out.kind <= OpenerKind::device, ErrorCode::unsupported, "opener: kind");
  out.key = TRY(reader.fixed<Hash>());
  out.context = TRY(reader.opaque_bytes(kMaxOpenerContext));
  out.since = TRY(reader.u64());
  out.public_key = TRY(reader.opaque_bytes(crypto::kem_public_key_size(kKem)));
  out.signer = TRY(reader.fixed<PublicKey>());
  out.signature = TRY(reader.fixed<Signature>());
  if (out.public_key.empty()) return out;
  REQUIRE(crypto::kem_check_public_key(kKem, out.public_key).has_value(), ErrorCode::malformed, "opener: public key");
  REQUIRE(crypto::sha256(out.public_key) == out.key, ErrorCode::malformed, "opener: another public key");
  return out;
}

void SealedRoot::write(wire::Writer& writer) const {
  writer.raw(kem_output);
  writer.raw(sealed);
}

Result<SealedRoot> SealedRoot::read(wire::Reader& reader) {
  SealedRoot out;
  out.kem_output = TRY(reader.fixed<decltype(out.kem_output)>());
  out.sealed = TRY(reader.fixed<decltype(out.sealed)>());
  return out;
}

// RFC 9180 s.6.1, base mode.
Result<SealedRoot> seal_root(const BackupRoot& root, std::uint32_t generation, ByteView public_key, Entropy& entropy) {
  const auto sealed = TRY(crypto::hpke_seal(kSuite, public_key, info_of(generation), {}, root.expose(), entropy));
  SealedRoot out;
  out.kem_output = TRY(decltype(out.kem_output)::from(sealed.kem_output));
  out.sealed = TRY(decltype(out.sealed)::from(sealed.ciphertext));
  return out;
}

Result<BackupRoot> open_root(const SealedRoot& sealed, std::uint32_t generation, const crypto::KemPrivateKey& key) {
  const crypto::HpkeCiphertext ciphertext{to_bytes(sealed.kem_output), to_bytes(sealed.sealed)};
  const SecretBytes root = TRY(crypto::hpke_open(kSuite, key, ciphertext, info_of(generation), {}));
  return BackupRoot::from(root.expose());
}

}  // namespace cairn::vault
