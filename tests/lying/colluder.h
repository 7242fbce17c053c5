// A server that shows two histories of its directory, and whose clients' cosigners all sign both: what no policy can
// refuse, and only gossip can show.
#pragma once

#include "core/directory/lookup.h"
#include "core/relay/lookup_hook.h"
#include "core/tlog/cosignature.h"

namespace cairn::lying {

/// The second one differs in its newest epoch.
enum class History : std::uint8_t { first, second };
/// Whether one of them has not signed it.
enum class Missing : std::uint8_t { nobody, the_last };

class Colluder : public relay::LookupHook {
 public:
  /// The cosigners' keys are made from `entropy`.
  explicit Colluder(Entropy& entropy);

  /// The policy of the clients that are lied to: two auditors, both in league with the server.
  std::string policy_text() const;
  /// To whoever asks from now on.
  void show(History history, Missing missing = Missing::nobody) {
    history_ = history;
    missing_ = missing;
  }

  /// `said`: the truth, or whatever a liar has made of it; `now`: when they say that they cosigned it.
  Bytes answer(ByteView request, Bytes said, const StoreView& store, Time now) override;

 private:
  struct Cosigner {
    std::string name;
    crypto::SigningKey key;
  };
  std::vector<Cosigner> cosigners_;
  History history_ = History::first;
  Missing missing_ = Missing::nobody;
};

}  // namespace cairn::lying
