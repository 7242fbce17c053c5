// The message envelope of 2014, as the iOS Security Guide of October 2014 and Quarkslab (2013) describe it.
//
//   02 | u16 length of ct | ct | u8 length of sig | sig
//   ct  = RSA-OAEP(K || first 100 bytes of c) || the rest of c,   c = AES-128-CTR(K, counter 0^15 01, body)
//   sig = ECDSA over SHA-1(ct): of neither sender, nor recipient, nor time
#pragma once

#include "apps/lab/legacy/ecdsa.h"
#include "apps/lab/legacy/rsa.h"

namespace cairn::lab::legacy {

constexpr std::uint8_t kEnvelopeVersion = 0x02;
constexpr std::size_t kMessageKeyBytes = 16;
constexpr std::size_t kInsideBlock = 100;

/// The outer parts; what an attacker takes apart and puts together again.
struct Envelope {
  Bytes ct;
  Bytes signature;

  Bytes encode() const;
  /// `malformed` for anything but the one encoding.
  static Result<Envelope> parse(ByteView wire);
};

/// Signs `ct` as it is.
Envelope sign_envelope(Bytes ct, const EcdsaKey& sender);

/// ct for a body under a message key of 16 bytes.
Result<Bytes> encrypt_body(ByteView key, ByteView body, ByteView recipient_modulus);
struct Opened {
  Bytes key;  ///< K
  Bytes body;
};
/// `crypto_failed`.
Result<Opened> decrypt_body(ByteView ct, const RsaKey& recipient);

/// A body for one device: a fresh K each time.
Result<Bytes> seal_2014(ByteView body, ByteView recipient_modulus, const EcdsaKey& sender);
/// `invalid_signature` unless `sender_point` signed it, `crypto_failed`, `malformed`.
Result<Bytes> open_2014(ByteView wire, const RsaKey& recipient, ByteView sender_point);

}  // namespace cairn::lab::legacy
