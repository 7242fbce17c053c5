#include "apps/lab/legacy/envelope_2016.h"

#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab::legacy {
namespace {

constexpr std::size_t kRandomBytes = 11;
constexpr std::size_t kHashBytes = 5;

}  // namespace

Bytes identity_hash(const PublicIdentity& identity) { return sha256(identity.encode()); }

Bytes message_key_2016(ByteView r, ByteView body, const Parties& parties, unsigned tag_bits) {
  CHECK(r.size() == kRandomBytes && tag_bits <= kTagBits);
  const std::uint8_t version[] = {kEnvelopeVersion};
  Bytes h = hmac_sha256(r, concat({body, version, identity_hash(parties.sender), identity_hash(parties.recipient)}));
  h.resize(kHashBytes);
  for (unsigned bit = tag_bits; bit < kTagBits; ++bit)
    h[bit / 8] = static_cast<std::uint8_t>(h[bit / 8] & ~(0x80U >> (bit % 8)));
  return concat({r, h});
}

Result<Bytes> seal_2016(ByteView body, const Parties& parties, const EcdsaKey& sender, unsigned tag_bits) {
  const Bytes key = message_key_2016(random_bytes(kRandomBytes), body, parties, tag_bits);
  return sign_envelope(TRY(encrypt_body(key, body, parties.recipient.rsa_modulus)), sender).encode();
}

Result<Bytes> Receiver2016::open(ByteView wire, const RsaKey& recipient, const Parties& parties) {
  const Envelope envelope = TRY(Envelope::parse(wire));
  TRY(ecdsa_verify(parties.sender.signing_point, envelope.ct, envelope.signature));
  const Bytes hash = sha256(envelope.ct);
  REQUIRE(!seen_.contains(hash), ErrorCode::duplicate, "ciphertext");
  Opened opened = TRY(decrypt_body(envelope.ct, recipient));
  const Bytes expected = message_key_2016(ByteView(opened.key).first(kRandomBytes), opened.body, parties, tag_bits_);
  REQUIRE(equal(expected, opened.key), ErrorCode::crypto_failed, "message key");
  seen_.insert(hash);
  return std::move(opened.body);
}

}  // namespace cairn::lab::legacy
