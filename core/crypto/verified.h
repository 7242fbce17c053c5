// What was verified before and need not be again: a directory's answers bring the same proofs and cosignatures over and
// over, and a hash costs a hundredth of them.
#pragma once

#include <map>

#include "core/crypto/signature.h"
#include "core/crypto/vrf.h"

namespace cairn::crypto {

/// Answers as the functions of its name, and remembers what was good under a SHA-256 of all that was verified, the key
/// included: whoever asks the same again hears the same. What was bad is not remembered. Bounded: the oldest goes.
/// For public data.
class Verified {
 public:
  /// Remembers at least the last `signatures` and `proofs`, and at most twice as many.
  Verified(std::size_t signatures, std::size_t proofs) : signatures_(signatures), proofs_(proofs) {}

  /// crypto::verify.
  Status verify(const PublicKey& key, ByteView message, const Signature& signature);
  /// crypto::vrf_verify.
  Result<VrfOutput> vrf_verify(const VrfPublicKey& key, ByteView alpha, const VrfProof& proof);

  void forget_all();
  /// How many it remembers.
  std::size_t size() const { return signatures_.size() + proofs_.size(); }

 private:
  /// In two halves: when the newer one is full, the older one is forgotten.
  template <class Value>
  class Newest {
   public:
    explicit Newest(std::size_t least) : least_(least) {}
    const Value* find(const Hash& what);
    void put(const Hash& what, const Value& value);
    void clear();
    std::size_t size() const { return newer_.size() + older_.size(); }

   private:
    std::size_t least_;
    std::map<Hash, Value> newer_, older_;
  };
  struct Good {};

  Newest<Good> signatures_;
  Newest<VrfOutput> proofs_;
};

}  // namespace cairn::crypto
