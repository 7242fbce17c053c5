// Hybrid public key encryption, base mode (RFC 9180 s.5.1.1; draft-ietf-hpke-pq for the post-quantum KEMs).
#pragma once

#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/crypto/kem.h"

namespace cairn::crypto {

/// One suite; kdf is HKDF with this hash; aead is one that RFC 9180 s.7.3 numbers (CHECKed).
struct HpkeSuite {
  KemAlgorithm kem;
  HashAlgorithm kdf;
  AeadAlgorithm aead;
};

/// An encryption context (RFC 9180 s.5.2). One side uses it: the nonce counts up.
class HpkeContext {
 public:
  /// SetupBaseS; `crypto_failed` if the public key is not valid.
  struct Sender;
  static Result<Sender> setup_sender(const HpkeSuite& suite, ByteView public_key, ByteView info, Entropy& entropy);
  /// SetupBaseS with the KEM randomness given, for vectors.
  static Result<Sender> setup_sender_deterministic(const HpkeSuite& suite, ByteView public_key, ByteView info,
                                                   ByteView randomness);
  /// SetupBaseR.
  static Result<HpkeContext> setup_receiver(const HpkeSuite& suite, const KemPrivateKey& key, ByteView enc,
                                            ByteView info);

  /// The next message; `over_limit` after 2^32 of them.
  Result<Bytes> seal(ByteView aad, ByteView plaintext);
  /// `crypto_failed`, and the context as it was, when the message is not the next one sealed.
  Result<SecretBytes> open(ByteView aad, ByteView ciphertext);
  /// Context.Export (RFC 9180 s.5.3); out.size() <= 255 * hash_size(suite.kdf) (CHECKed).
  void export_secret(ByteView exporter_context, MutableByteView out) const;

 private:
  HpkeContext(const HpkeSuite& suite, ByteView shared_secret, ByteView info);
  using Nonce = ShortBytes<16>;
  Nonce next_nonce() const;

  HpkeSuite suite_;
  ShortSecret<struct HpkeKeyTag> key_;
  ShortSecret<struct HpkeNonceTag> base_nonce_;
  ShortSecret<struct HpkeExporterTag> exporter_secret_;
  std::uint64_t sequence_ = 0;
};

struct HpkeContext::Sender {
  Bytes enc;
  HpkeContext context;
};

struct HpkeCiphertext {
  Bytes kem_output;
  Bytes ciphertext;
};

/// Single-shot forms (RFC 9180 s.6.1).
Result<HpkeCiphertext> hpke_seal(const HpkeSuite& suite, ByteView public_key, ByteView info, ByteView aad,
                                 ByteView plaintext, Entropy& entropy);
Result<SecretBytes> hpke_open(const HpkeSuite& suite, const KemPrivateKey& key, const HpkeCiphertext& sealed,
                              ByteView info, ByteView aad);

/// SendExport and ReceiveExport of base mode (RFC 9180 s.6.2), which MLS needs for external init (RFC 9420 s.8.3).
using HpkeExportedSecret = ShortSecret<struct HpkeExportedTag>;
struct HpkeExport {
  Bytes kem_output;
  HpkeExportedSecret secret;
};
Result<HpkeExport> hpke_send_export(const HpkeSuite& suite, ByteView public_key, ByteView info,
                                    ByteView exporter_context, std::size_t size, Entropy& entropy);
Result<HpkeExportedSecret> hpke_receive_export(const HpkeSuite& suite, const KemPrivateKey& key, ByteView kem_output,
                                               ByteView info, ByteView exporter_context, std::size_t size);

}  // namespace cairn::crypto
