// The envelope after the repair of 2016 (Bellare and Stepanovs 2020): the wire is that of 2014, the key is not.
//
//   K = r || h,  r 11 random bytes,  h = first 5 bytes of HMAC-SHA256(r, body || 02 || idhash(sender) ||
//   idhash(recipient)) idhash = SHA-256 of a public identity
#pragma once

#include <set>

#include "apps/lab/legacy/envelope_2014.h"
#include "apps/lab/legacy/identity.h"

namespace cairn::lab::legacy {

constexpr unsigned kTagBits = 40;

Bytes identity_hash(const PublicIdentity& identity);

/// Who writes to whom: what h binds.
struct Parties {
  PublicIdentity sender;
  PublicIdentity recipient;
};

/// K for this body. `tag_bits` below 40 zeroes the rest of h: the lab's reduced size, in no device.
Bytes message_key_2016(ByteView r, ByteView body, const Parties& parties, unsigned tag_bits = kTagBits);

Result<Bytes> seal_2016(ByteView body, const Parties& parties, const EcdsaKey& sender, unsigned tag_bits = kTagBits);

/// What a receiving device of 2016 keeps: which ciphertexts it has seen.
class Receiver2016 {
 public:
  explicit Receiver2016(unsigned tag_bits = kTagBits) : tag_bits_(tag_bits) {}
  /// `invalid_signature`, `crypto_failed` (also when h does not fit), `malformed`, `duplicate`.
  Result<Bytes> open(ByteView wire, const RsaKey& recipient, const Parties& parties);

 private:
  unsigned tag_bits_;
  std::set<Bytes> seen_;  ///< SHA-256 of ct
};

}  // namespace cairn::lab::legacy
