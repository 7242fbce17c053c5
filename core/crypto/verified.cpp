#include "core/crypto/verified.h"

#include <utility>

#include "core/crypto/hash.h"

namespace cairn::crypto {

template <class Value>
const Value* Verified::Newest<Value>::find(const Hash& what) {
  if (const auto found = newer_.find(what); found != newer_.end()) return &found->second;
  const auto found = older_.find(what);
  if (found == older_.end()) return nullptr;
  const Value value = found->second;
  put(what, value);
  return &newer_.find(what)->second;
}

template <class Value>
void Verified::Newest<Value>::put(const Hash& what, const Value& value) {
  if (newer_.size() >= least_) older_ = std::exchange(newer_, {});
  newer_.insert_or_assign(what, value);
}

template <class Value>
void Verified::Newest<Value>::clear() {
  newer_.clear();
  older_.clear();
}

// Of what is hashed, the one part whose size varies comes last: no two that differ give the same bytes.
Status Verified::verify(const PublicKey& key, ByteView message, const Signature& signature) {
  const Hash what = sha256({key, signature, message});
  if (signatures_.find(what) != nullptr) return ok();
  TRY(crypto::verify(key, message, signature));
  signatures_.put(what, {});
  return ok();
}

Result<VrfOutput> Verified::vrf_verify(const VrfPublicKey& key, ByteView alpha, const VrfProof& proof) {
  const Hash what = sha256({key, proof, alpha});
  if (const VrfOutput* known = proofs_.find(what)) return *known;
  const VrfOutput output = TRY(crypto::vrf_verify(key, alpha, proof));
  proofs_.put(what, output);
  return output;
}

void Verified::forget_all() {
  signatures_.clear();
  proofs_.clear();
}

}  // namespace cairn::crypto
