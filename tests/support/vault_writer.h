// Somebody who holds the write key of a vault and a key box: makes the requests of docs/spec/relay.md s.5.
#pragma once

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/proto/storage.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

class VaultWriter {
 public:
  explicit VaultWriter(std::uint64_t seed)
      : entropy(seed),
        vault(random_value<proto::VaultId>(entropy)),
        key_box(random_value<proto::KeyBoxId>(entropy)),
        key(crypto::SigningKey::generate(entropy)) {}

  SeededEntropy entropy;
  proto::VaultId vault;
  proto::KeyBoxId key_box;
  crypto::SigningKey key;

  /// An object of `size` random bytes.
  Bytes make_object(std::size_t size) {
    Bytes out(size);
    entropy.fill(out);
    return out;
  }
  static proto::ObjectId id(std::uint8_t last) {
    proto::ObjectId out;
    out.mutable_view()[15] = last;
    return out;
  }

  proto::VaultCreate create() const {
    proto::VaultCreate out{vault, key.public_key(), {}};
    out.signature = crypto::sign_labelled(key, crypto::kSignVaultCreate, out.content());
    return out;
  }
  /// The part of `object` that begins at `offset`; an empty one when none does.
  proto::VaultPut put(const proto::ObjectId& object_id, ByteView object, std::uint64_t offset) const {
    const std::size_t size = proto::vault_part_size(object.size(), offset);
    const ByteView data = size == 0 ? ByteView{} : object.subspan(offset, size);
    return sign({vault, object_id, object.size(), crypto::sha256(object), offset, to_bytes(data), {}});
  }
  proto::VaultPut sign(proto::VaultPut out) const {
    out.signature = crypto::sign_labelled(key, crypto::kSignVaultPut, out.content(crypto::sha256(out.data)));
    return out;
  }
  proto::VaultPrune prune(std::vector<proto::ObjectId> objects) const {
    proto::VaultPrune out{vault, std::move(objects), {}};
    out.signature = crypto::sign_labelled(key, crypto::kSignVaultPrune, out.content());
    return out;
  }
  proto::VaultDelete remove() const {
    proto::VaultDelete out{vault, {}};
    out.signature = crypto::sign_labelled(key, crypto::kSignVaultDelete, out.content());
    return out;
  }
  proto::KeyBoxPut put_key_box(std::uint64_t version, std::string_view body) const {
    proto::KeyBoxPut out{key_box, key.public_key(), version, to_bytes(body), {}};
    out.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxPut, out.content());
    return out;
  }
  proto::KeyBoxDelete delete_key_box(std::uint64_t version) const {
    proto::KeyBoxDelete out{key_box, version, {}};
    out.signature = crypto::sign_labelled(key, crypto::kSignKeyBoxDelete, out.content());
    return out;
  }
};

}  // namespace cairn::testing
