// The mind of `cairn-witness` as a realm: holds shares of PINs and tokens for who cannot be trusted with a whole one
// (docs/spec/realm.md).
#pragma once

#include <memory>

#include "core/base/erasable_keys.h"
#include "core/proto/mind.h"
#include "core/witness/realm_config.h"

namespace cairn::witness {

class RealmServer;

/// Its tables stand in realm_tables.h; all that it must not forget follows from them and from the keys.
class Realm final : public proto::Mind {
 public:
  /// `keys` must outlive this, and belong to the same data folder as the store.
  Realm(RealmConfig config, ErasableKeys& keys);
  ~Realm() override;

  /// A store that has no key (key.h), or cannot be understood, is answered with 500 to every request, and an error
  /// event says so.
  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy) override;
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) override;
  Time next_deadline() const override;

  /// "name+id+base64": the key that names this realm; after rebuild().
  std::string vkey() const;

 private:
  std::unique_ptr<RealmServer> server_;
};

}  // namespace cairn::witness
