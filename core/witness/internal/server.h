// Takes each input to the part that deals with it.
#pragma once

#include "core/witness/internal/cosigner.h"
#include "core/witness/internal/enrolment.h"
#include "core/witness/internal/peers.h"

namespace cairn::witness {

class Server {
 public:
  /// `config` must outlive this.
  explicit Server(const WitnessConfig& config);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy);
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy);
  Time next_deadline() const;

 private:
  Status read_store(Turn& turn);
  void request(Turn& turn, const proto::RequestArrived& request);
  void get(Turn& turn, const proto::RequestArrived& request) const;
  void veto(Turn& turn, const proto::RequestArrived& request);
  void close(Turn& turn, const proto::RequestArrived& request);
  void call_done(Turn& turn, const proto::CallDone& call);
  void timer(Turn& turn, std::uint64_t uptime_ms);
  void count_elapsed(Turn& turn, std::uint64_t uptime_ms);

  const WitnessConfig& config_;
  std::uint64_t next_call_ = 1;
  std::optional<Cosigner> cosigner_;  ///< nothing when the store cannot be understood
  Logs logs_;
  Enrolment enrolment_;
  Peers peers_;
  Time next_round_;
  std::optional<std::uint64_t> uptime_ms_;  ///< when the last round was
  bool was_full_ = false;                   ///< the disk, then or since: no veto could be taken all the time
};

}  // namespace cairn::witness
