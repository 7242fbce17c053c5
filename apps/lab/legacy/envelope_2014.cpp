#include "apps/lab/legacy/envelope_2014.h"

#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab::legacy {

Bytes Envelope::encode() const {
  CHECK(ct.size() <= 0xffff && signature.size() <= 0xff);
  const std::uint8_t head[] = {kEnvelopeVersion, static_cast<std::uint8_t>(ct.size() >> 8),
                               static_cast<std::uint8_t>(ct.size())};
  const std::uint8_t length[] = {static_cast<std::uint8_t>(signature.size())};
  return concat({head, ct, length, signature});
}

Result<Envelope> Envelope::parse(ByteView wire) {
  REQUIRE(wire.size() >= 4 && wire[0] == kEnvelopeVersion, ErrorCode::malformed, "envelope");
  const std::size_t size = (std::size_t{wire[1]} << 8) | wire[2];
  REQUIRE(wire.size() >= 4 + size && wire.size() == 4 + size + wire[3 + size], ErrorCode::malformed, "envelope");
  return Envelope{to_bytes(wire.subspan(3, size)), to_bytes(wire.subspan(4 + size))};
}

Envelope sign_envelope(Bytes ct, const EcdsaKey& sender) {
  Bytes signature = sender.sign(ct);
  return {std::move(ct), std::move(signature)};
}

Result<Bytes> encrypt_body(ByteView key, ByteView body, ByteView recipient_modulus) {
  CHECK(key.size() == kMessageKeyBytes);
  const Bytes c = aes_ctr(key, first_counter(), body);
  const std::size_t inside = std::min(c.size(), kInsideBlock);
  const Bytes block = TRY(rsa_encrypt(recipient_modulus, concat({key, ByteView(c).first(inside)})));
  REQUIRE(block.size() + c.size() - inside <= 0xffff, ErrorCode::over_limit, "body");
  return concat({block, ByteView(c).subspan(inside)});
}

Result<Opened> decrypt_body(ByteView ct, const RsaKey& recipient) {
  const std::size_t block_size = recipient.modulus().size();
  REQUIRE(ct.size() >= block_size, ErrorCode::crypto_failed, "ciphertext");
  const Bytes block = TRY(recipient.decrypt(ct.first(block_size)));
  const std::size_t inside = block.size() < kMessageKeyBytes ? 0 : block.size() - kMessageKeyBytes;
  const bool fits =
      block.size() >= kMessageKeyBytes && inside <= kInsideBlock && (ct.size() == block_size || inside == kInsideBlock);
  REQUIRE(fits, ErrorCode::crypto_failed, "ciphertext");
  Opened out;
  out.key = to_bytes(ByteView(block).first(kMessageKeyBytes));
  const Bytes c = concat({ByteView(block).subspan(kMessageKeyBytes), ct.subspan(block_size)});
  out.body = aes_ctr(out.key, first_counter(), c);
  return out;
}

Result<Bytes> seal_2014(ByteView body, ByteView recipient_modulus, const EcdsaKey& sender) {
  return sign_envelope(TRY(encrypt_body(random_bytes(kMessageKeyBytes), body, recipient_modulus)), sender).encode();
}

Result<Bytes> open_2014(ByteView wire, const RsaKey& recipient, ByteView sender_point) {
  const Envelope envelope = TRY(Envelope::parse(wire));
  TRY(ecdsa_verify(sender_point, envelope.ct, envelope.signature));
  return TRY(decrypt_body(envelope.ct, recipient))
  .body;
}

}  // namespace cairn::lab::legacy
