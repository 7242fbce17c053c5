#include "core/relay/relay.h"

#include "core/relay/internal/server.h"

namespace cairn::relay {

Relay::Relay(RelayConfig config, LookupHook* hook) : server_(std::make_unique<Server>(std::move(config), hook)) {}
Relay::~Relay() = default;

proto::Effects Relay::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  return server_->rebuild(store, now, entropy);
}
proto::Effects Relay::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  return server_->handle(input, store, now, entropy);
}
Time Relay::next_deadline() const { return server_->next_deadline(); }

}  // namespace cairn::relay
