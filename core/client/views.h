// What this client knows of names: pinned chains, how fresh they are, and looking them up again.
//
// The only room of the client that asks the directory. Everybody else asks here, and gets either a view that the
// eight conditions held for (docs/spec/directory.md), or the sentence that says which one did not.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/directory/chain.h"
#include "core/directory/verifier.h"

namespace cairn::client {

/// Views at most this old admit devices never sent to before, and old ones (1-directory s.7, "Send").
constexpr std::uint64_t kFreshForNewMs = 15 * kMinuteMs;
constexpr std::uint64_t kFreshForKnownMs = 24 * kHourMs;
/// A refused or failed look-up is not repeated sooner, unless a person asks.
constexpr std::uint64_t kLookupPauseMs = 5 * kSecondMs;
/// Own-name monitoring at the least.
constexpr std::uint64_t kOwnNameEveryMs = 12 * kHourMs;

class Views {
 public:
  explicit Views(Calls& calls) : calls_(calls) {}

  /// The pinned state of `name`: the last view that was accepted, however old.
  std::optional<directory::NameState> pinned(const StoreView& store, const Account& account,
                                             const std::string& name) const;
  /// When the pinned view was vouched for (the cosignatures' time, never the server's clock); 0 if never.
  Time vouched(const StoreView& store, const Account& account, const std::string& name) const;
  bool fresh(const Context& context, const Account& account, const std::string& name, std::uint64_t max_age_ms) const;

  /// Sees to it that a view at most `max_age_ms` old is asked for; at once, once, and not again within
  /// kLookupPauseMs after a failure. Nothing to do when it is fresh.
  void want(Context& context, const Account& account, const std::string& name, std::uint64_t max_age_ms);
  /// Looks up whatever the age; for a person's request, the own name at connect, and epoch notices.
  void look_up_now(Context& context, const Account& account, const std::string& name);

  /// The last refusal or failure for `name` since its last accepted view, one sentence; empty if none.
  std::string trouble(const std::string& name) const;
  /// Whether the trouble is a refusal of a condition (true) or mere unreachability (false).
  bool refused(const std::string& name) const;
  /// Looked up with a fresh verified answer that it does not exist.
  bool absent(const std::string& name) const;

  /// What `contact show` tells: sizes, times and who vouched, of the last accepted view.
  struct Evidence {
    std::uint64_t log_size = 0;
    Time vouched;
    std::vector<std::string> cosigners;  ///< names of the policy's that cosigned
    std::size_t answer_size = 0;         ///< bytes
    std::size_t devices = 0;
  };
  std::optional<Evidence> evidence(const StoreView& store, const Account& account, const std::string& name) const;

  /// Names whose pinned view changed since the last call: conversations with them must be reconciled.
  std::vector<std::string> take_changed();

  void forget_all();
  /// When a wanted look-up that was paused is due again.
  Time next_deadline() const;
  /// Repeats paused look-ups that are due.
  void step(Context& context, const Account& account);

 private:
  struct Memory {
    std::string trouble;
    bool refused = false;
    bool absent = false;
    Time retry_at = Time::never();
  };
  Calls& calls_;
  std::map<std::string, Memory> memory_;
  std::vector<std::string> changed_;
};

}  // namespace cairn::client
