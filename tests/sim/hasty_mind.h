// A mind that is broken on purpose, so that it can be seen that the simulator notices.
#pragma once

#include "core/base/overlay.h"
#include "core/proto/mind.h"

namespace cairn::sim {

/// Sends before its writes are committed: they come with the next input only, and a crash in between loses them.
class HastyMind final : public proto::Mind {
 public:
  explicit HastyMind(std::unique_ptr<proto::Mind> inner) : inner_(std::move(inner)) {}

  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy) override {
    held_.clear();
    return inner_->rebuild(store, now, entropy);
  }
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) override {
    Overlay seen(store);
    seen.apply(held_);
    proto::Effects effects = inner_->handle(input, seen, now, entropy);
    std::swap(effects.writes, held_);
    return effects;
  }
  Time next_deadline() const override { return inner_->next_deadline(); }

 private:
  std::unique_ptr<proto::Mind> inner_;
  std::vector<Write> held_;
};

}  // namespace cairn::sim
