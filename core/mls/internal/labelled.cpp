#include "core/mls/internal/labelled.h"

#include "core/crypto/kdf.h"

namespace cairn::mls::internal {
namespace {

// A <V> header in place (RFC 9420 s.2.1.2), so that a derivation allocates nothing.
struct VectorHeader {
  std::array<std::uint8_t, 4> bytes{};
  std::size_t size = 0;

  explicit VectorHeader(std::size_t length) {
    CHECK(length <= wire::kMaxVectorSize);
    if (length < 0x40) {
      bytes[0] = static_cast<std::uint8_t>(length);
      size = 1;
    } else if (length < 0x4000) {
      bytes[0] = static_cast<std::uint8_t>(0x40 | (length >> 8));
      bytes[1] = static_cast<std::uint8_t>(length);
      size = 2;
    } else {
      bytes[0] = static_cast<std::uint8_t>(0x80 | (length >> 24));
      bytes[1] = static_cast<std::uint8_t>(length >> 16);
      bytes[2] = static_cast<std::uint8_t>(length >> 8);
      bytes[3] = static_cast<std::uint8_t>(length);
      size = 4;
    }
  }
  ByteView view() const { return {bytes.data(), size}; }
};

// SignContent and EncryptContext have the same shape: { opaque label<V>; opaque content<V>; }. What is signed may be
// what people say, so the copy is wiped.
SecretBytes labelled_content(std::string_view label, ByteView content) {
  const VectorHeader label_header(kLabelPrefix.size() + label.size());
  const VectorHeader content_header(content.size());
  return SecretBytes(
      concat({label_header.view(), as_bytes(kLabelPrefix), as_bytes(label), content_header.view(), content}));
}

}  // namespace

// RFC 9420 s.5.2: RefHashInput { opaque label<V>; opaque value<V>; }.
Digest ref_hash(crypto::HashAlgorithm algorithm, std::string_view label, ByteView value) {
  const VectorHeader label_header(label.size());
  const VectorHeader value_header(value.size());
  return crypto::hash(algorithm, {label_header.view(), as_bytes(label), value_header.view(), value});
}

Result<SignatureBytes> sign_with_label(const crypto::SignatureKey& key, std::string_view label, ByteView content) {
  return SignatureBytes { TRY(key.sign(labelled_content(label, content).expose())) };
}

Result<SignatureBytes> sign_with_label(const CipherSuite& suite, const crypto::SignaturePrivateKey& key,
                                       std::string_view label, ByteView content) {
  return SignatureBytes { TRY(crypto::sign(suite.signature, key, labelled_content(label, content).expose())) };
}

Status verify_with_label(const CipherSuite& suite, ByteView public_key, std::string_view label, ByteView content,
                         ByteView signature) {
  const Status verified =
      crypto::verify(suite.signature, public_key, labelled_content(label, content).expose(), signature);
  REQUIRE(verified.has_value(), ErrorCode::invalid_signature, "signature");
  return ok();
}

// RFC 9420 s.8: KDFLabel { uint16 length; opaque label<V>; opaque context<V>; }.
void expand_with_label(const CipherSuite& suite, ByteView secret, std::string_view label, ByteView context,
                       MutableByteView out) {
  CHECK(out.size() <= 0xFFFF);
  const std::array<std::uint8_t, 2> length = {static_cast<std::uint8_t>(out.size() >> 8),
                                              static_cast<std::uint8_t>(out.size())};
  const VectorHeader label_header(kLabelPrefix.size() + label.size());
  const VectorHeader context_header(context.size());
  crypto::hkdf_expand(
      suite.hash, secret,
      {length, label_header.view(), as_bytes(kLabelPrefix), as_bytes(label), context_header.view(), context}, out);
}

Result<HpkeCiphertext> encrypt_with_label(const CipherSuite& suite, ByteView public_key, std::string_view label,
                                          ByteView context, ByteView plaintext, Entropy& entropy) {
  crypto::HpkeCiphertext sealed =
      TRY(crypto::hpke_seal(suite.hpke, public_key, labelled_content(label, context).expose(), {}, plaintext, entropy));
  return HpkeCiphertext{std::move(sealed.kem_output), std::move(sealed.ciphertext)};
}

Result<SecretBytes> decrypt_with_label(const CipherSuite& suite, const crypto::KemPrivateKey& key,
                                       std::string_view label, ByteView context, const HpkeCiphertext& sealed) {
  auto opened = crypto::hpke_open(suite.hpke, key, {sealed.kem_output, sealed.ciphertext},
                                  labelled_content(label, context).expose(), {});
  REQUIRE(opened.has_value(), ErrorCode::crypto_failed, "decrypt with label");
  return opened;
}

}  // namespace cairn::mls::internal
