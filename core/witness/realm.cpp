#include "core/witness/realm.h"

#include "core/witness/internal/realm_server.h"

namespace cairn::witness {

Realm::Realm(RealmConfig config, ErasableKeys& keys)
    : server_(std::make_unique<RealmServer>(std::move(config), keys)) {}
Realm::~Realm() = default;

proto::Effects Realm::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  return server_->rebuild(store, now, entropy);
}

proto::Effects Realm::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  return server_->handle(input, store, now, entropy);
}

Time Realm::next_deadline() const { return server_->next_deadline(); }

std::string Realm::vkey() const { return server_->vkey(); }

}  // namespace cairn::witness
