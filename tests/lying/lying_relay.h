// A server that lies to its auditors too: it puts false epochs into its log when it starts, keeps vetoes back, and says
// what its cosigners answered; and it tells what passes through it, as any operator can see.
#pragma once

#include <functional>

#include "core/relay/relay.h"
#include "tests/lying/false_epoch.h"

namespace cairn::lying {

class LyingRelay final : public proto::Mind {
 public:
  /// `word`: what to do, asked again and again: "none" is honest; with anything else no veto of the victim's is
  /// published; the word of a false epoch puts it into the log at the next start. The others outlive this.
  LyingRelay(relay::RelayConfig config, relay::LookupHook& hook, Liar& liar, std::function<std::string()> word)
      : relay_(std::move(config), &hook), liar_(liar), word_(std::move(word)) {}

  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy) override;
  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) override;
  Time next_deadline() const override { return relay_.next_deadline(); }

  /// The lines under the log of this size that cosigners have given since the start.
  std::vector<tlog::NoteSignature> lines(std::uint64_t size) const;

 private:
  struct Asked {
    std::string url;
    std::uint64_t size = 0;
  };

  static void tell_of(const proto::RequestArrived& request);
  std::optional<proto::Effects> lie_to(const proto::RequestArrived& request, const StoreView& store) const;
  bool keeps_back(const proto::RequestArrived& request) const;
  proto::Effects watched(proto::Effects effects);
  void hear(const proto::CallDone& call);

  relay::Relay relay_;
  Liar& liar_;
  std::function<std::string()> word_;
  std::map<proto::CallId, Asked> asked_;
  std::map<std::uint64_t, std::map<tlog::KeyName, tlog::NoteSignature>> lines_;  ///< by size
  std::map<std::string, std::string> said_;                                      ///< last, by address
};

}  // namespace cairn::lying
