#include "apps/lab/legacy/device.h"

#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab::legacy {

Device::Device(std::string title)
    : title_(std::move(title)),
      uid_key_(random_bytes(32)),
      token_(random_bytes(kTokenBytes)),
      encryption_key_(RsaKey::generate()),
      signing_key_(EcdsaKey::generate()) {
  keychain["message encryption key"] = encryption_key_.to_der();
  keychain["message signing key"] = signing_key_.to_der();
}

Bytes Device::bound_key(std::string_view purpose) const { return hmac_sha256(uid_key_, as_bytes(purpose)); }

}  // namespace cairn::lab::legacy
