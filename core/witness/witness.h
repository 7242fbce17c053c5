// The mind of `cairn-witness` in one of its two roles (docs/spec/witness.md).
#pragma once

#include <memory>

#include "core/proto/mind.h"
#include "core/witness/config.h"

namespace cairn::witness {

/// Cosigns checkpoints of the listed logs. Its tables stand in tables.h; all that it must not forget follows from them.
class Witness final : public proto::Mind {
 public:
  explicit Witness(WitnessConfig config);
  ~Witness() override;

  /// A store that has no key (key.h), or cannot be understood, is answered with 500 to every request, and an error
  /// event says so.
  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy) override;
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) override;
  Time next_deadline() const override;

 private:
  class State;
  WitnessConfig config_;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::witness
