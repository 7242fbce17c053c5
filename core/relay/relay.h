// The server of a domain (docs/spec/relay.md): directory, log, key packages, channels, mailboxes, rendezvous.
//
// It orders and keeps, and reads nothing: it is built without mls and vault, so there is no code in it that could.
#pragma once

#include <memory>

#include "core/proto/mind.h"
#include "core/relay/config.h"
#include "core/relay/lookup_hook.h"

namespace cairn::relay {

class Server;

/// The mind of cairnd. Its tables stand in tables.h; all of its state but rate limits follows from them.
class Relay final : public proto::Mind {
 public:
  /// `hook` is null in every honest server; if there is one it must outlive this.
  explicit Relay(RelayConfig config, LookupHook* hook = nullptr);
  ~Relay() override;

  /// At the first start on an empty store it makes the log's key, the VRF key and the token key.
  /// A store that cannot be understood is answered with 500 to every request, and an error event says so.
  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy) override;
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) override;
  Time next_deadline() const override;

 private:
  std::unique_ptr<Server> server_;
};

}  // namespace cairn::relay
