// Takes each input of a realm to the part that deals with it, and answers.
#pragma once

#include <memory>

#include "core/witness/internal/pins.h"
#include "core/witness/internal/token_shares.h"

namespace cairn::witness {

class RealmServer {
 public:
  RealmServer(RealmConfig config, ErasableKeys& keys);
  RealmServer(const RealmServer&) = delete;
  RealmServer& operator=(const RealmServer&) = delete;

  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy);
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy);
  Time next_deadline() const;
  std::string vkey() const;

 private:
  /// The parts that exist once the key is known.
  struct Parts {
    Parts(const RealmConfig& config, ErasableKeys& keys, RealmLog& log, crypto::SigningKey signing)
        : key(std::move(signing)),
          us(key.public_key()),
          pins(config.list, log, us),
          shares(config.list, keys, log, key) {}
    crypto::SigningKey key;
    RealmId us;
    Pins pins;
    TokenShares shares;
  };

  Status read_store(Turn& turn);
  void timer(Turn& turn, std::uint64_t uptime_ms);
  void request(Turn& turn, const proto::RequestArrived& request);
  Result<Bytes> post(Turn& turn, const proto::RequestArrived& request);
  Result<proto::Respond> get(Turn& turn, const proto::RequestArrived& request) const;
  Status check_open(const Turn& turn, std::string_view target) const;
  std::string health() const;

  const RealmConfig config_;
  ErasableKeys& keys_;
  std::uint64_t next_call_ = 1;
  RealmLog log_;
  std::unique_ptr<Parts> parts_;  ///< nothing when the store cannot be understood
  Time next_sweep_;
};

}  // namespace cairn::witness
