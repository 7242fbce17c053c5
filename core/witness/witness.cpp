#include "core/witness/witness.h"

#include "core/witness/internal/server.h"

namespace cairn::witness {

class Witness::State : public Server {
 public:
  using Server::Server;
};

Witness::Witness(WitnessConfig config) : config_(std::move(config)), state_(std::make_unique<State>(config_)) {}
Witness::~Witness() = default;

proto::Effects Witness::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  return state_->rebuild(store, now, entropy);
}

proto::Effects Witness::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  return state_->handle(input, store, now, entropy);
}

Time Witness::next_deadline() const { return state_->next_deadline(); }

}  // namespace cairn::witness
