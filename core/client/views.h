// What this client knows of names: pinned chains, how fresh they are, and looking them up again.
//
// The only room of the client that asks the directory. Everybody else asks here, and gets either a view that the
// eight conditions held for (docs/spec/directory.md s.6), or the sentence that says which one did not.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/directory/verifier.h"

namespace cairn::client {

/// Views at most this old admit devices never sent to before, and old ones.
constexpr std::uint64_t kFreshForNewMs = directory::kMaxViewAgeNewDeviceMs;
constexpr std::uint64_t kFreshForKnownMs = directory::kMaxViewAgeMs;
/// A refused or failed look-up is not repeated sooner, unless a person asks.
constexpr std::uint64_t kLookupPauseMs = 5 * kSecondMs;
/// Nor is one that was accepted and came too late for a new device.
constexpr std::uint64_t kLatePauseMs = 30 * kSecondMs;
/// Own-name monitoring at the least.
constexpr std::uint64_t kOwnNameEveryMs = 12 * kHourMs;

/// Of answers that are verified, what comes again with the next: the signatures of a checkpoint that all names of a
/// domain have in common, and the proof of a name's place in the map, which stays the same for years.
constexpr std::size_t kSignaturesRemembered = 64;
constexpr std::size_t kProofsRemembered = 1024;

/// Beside each stored view: what `contact show` tells of the look-up.
struct LookupEvidence {
  Time verified;                       ///< local clock, when it was verified
  std::vector<std::string> cosigners;  ///< names in the policy of those that had cosigned
  std::uint64_t answer_bytes = 0;
  std::uint64_t statement_bytes = 0;  ///< of the answer, how much was statements

  void write(wire::Writer&) const;
  static Result<LookupEvidence> read(wire::Reader&);
};

/// Whose signature let a device into the own chain.
struct Adder {
  directory::SignerKind kind = directory::SignerKind::device;  ///< new_device: its own, at the end of a reset
  DeviceId device;                                             ///< of kind device: whose key it was
};

class Views {
 public:
  explicit Views(Calls& calls) : calls_(calls) {}

  /// The last view of `name` that was accepted, however old; nothing if there was none.
  std::optional<directory::VerifiedView> view(const StoreView& store, const Account& account,
                                              const directory::Name& name) const;
  std::optional<directory::DomainState> domain(const StoreView& store, const Account& account,
                                               std::string_view domain) const;
  std::optional<LookupEvidence> evidence(const StoreView& store, const Account& account,
                                         const directory::Name& name) const;
  /// Of when the last view of `name` is, where the last look-up of it reached nobody. Nothing where that was refused,
  /// and where fresh() would not take the view however new it was. Something may be read by it, with a warning; nothing
  /// is sent by it.
  std::optional<Time> last_word(const StoreView& store, const Account& account, const directory::Name& name) const;

  /// Whether the name was reset since it became a contact, and the person has not said yet that it is one all the same:
  /// until then nothing is sent to it (docs/spec/directory.md s.6). Never of the own name.
  bool awaits_admission(const StoreView& store, const Account& account, const directory::Name& name) const;
  /// The person says so, of the name as it is now.
  void admit(Context& context, const Account& account, const directory::Name& name);

  /// Whether there is a view of an existing name at most `max_age_ms` old by the trusted clock, and no removal of one
  /// of its devices was seen that is not in that view yet (docs/spec/directory.md s.2).
  bool fresh(const Context& context, const Account& account, const directory::Name& name,
             std::uint64_t max_age_ms) const;

  /// Sees to it that a view at most `max_age_ms` old is asked for: once, and not again within kLookupPauseMs after a
  /// failure. Nothing to do when it is fresh.
  void want(Context& context, const Account& account, const directory::Name& name, std::uint64_t max_age_ms);
  /// How many look-ups of `name` were accepted in this process.
  std::uint64_t accepted(const directory::Name& name) const;
  /// Sees to it that one more is accepted than `count`: for what cannot be judged by any older view.
  void want_newer(Context& context, const Account& account, const directory::Name& name, std::uint64_t count);
  /// Looks up whatever the age; for a person's request, the own name at connect, and epoch notices.
  void look_up_now(Context& context, const Account& account, const directory::Name& name);
  bool looking_up(const directory::Name& name) const;
  /// Names of that domain whose last look-up in this process was refused or failed; each is asked for as if it were the
  /// first time.
  std::set<directory::Name> refused_of(std::string_view domain);

  /// What became of the last look-up of a name in this process.
  struct Outcome {
    std::string trouble;   ///< one sentence; empty when the last one was accepted or none was made
    bool refused = false;  ///< a condition failed; false: nobody could be reached
    bool stale = false;    ///< of those: only the auditors' word is too old, which mends itself
    bool absent = false;   ///< vouched for: there is no such name
    bool late = false;     ///< accepted, and too old for a device that was never sent to
    std::uint64_t attempts = 0;
    Time retry_at = Time::never();
  };
  Outcome outcome(const directory::Name& name) const;

  /// By whom a device was added to the own name, if that came in an answer that was accepted in this process.
  std::optional<Adder> added_by(const DeviceId& device) const;

  /// Names whose stored view changed since the last call: conversations with them are to be looked at again.
  std::vector<directory::Name> take_changed();
  /// Repeats wanted look-ups that are due again.
  void step(Context& context, const Account& account);
  Time next_deadline() const;
  void forget_all();

 private:
  /// What a look-up of a name starts from: nothing of a log of a former policy.
  struct Pinned {
    std::optional<directory::DomainState> log;
    std::optional<directory::VerifiedView> view;
  };
  Pinned pinned(const StoreView& store, const Account& account, const directory::Name& name) const;
  /// `policy` is the text under which it was asked.
  void answered(Context& context, const directory::Name& name, const std::string& policy, const Answer& answer);
  void check(Context& context, const Account& account, const directory::Name& name, const Answer& answer);
  /// Obeys removals in an answer that was refused: whoever signed them, it was the owner.
  void obey_removals(Context& context, const Account& account, const directory::VerifiedView& pinned,
                     const std::vector<directory::Statement>& statements);
  void remember_adders(const std::vector<directory::Statement>& verified);
  enum class Failed : std::uint8_t { unreached, refused, stale };
  void failed(Context& context, const directory::Name& name, std::string trouble, Failed how);
  /// Whether the server of its domain has asked for patience: then the name is looked up when that is over.
  bool must_wait(const Context& context, const directory::Name& name);
  /// Whether this would be a first contact and those of its domain are stopped (suspicions.h): then that is the
  /// outcome.
  bool stopped(Context& context, const Account& account, const directory::Name& name);
  void accept(Context& context, const Account& account, const directory::Lookup& lookup,
              const LookupEvidence& evidence);

  Calls& calls_;
  std::set<directory::Name> asked_;    ///< calls under way, at most one a domain
  std::set<directory::Name> waiting_;  ///< for the call of another name of their domain
  std::map<directory::Name, Outcome> outcomes_;
  std::map<std::string, Time> not_before_;  ///< by domain, as its server said
  std::map<directory::Name, std::uint64_t> accepted_;
  std::vector<directory::Name> changed_;
  std::map<DeviceId, Adder> adders_;  ///< of devices of the own name
  crypto::Verified verified_{kSignaturesRemembered, kProofsRemembered};
};

/// Why nothing is sent to a name that awaits_admission().
std::string reset_sentence(const directory::Name& name);
/// The sentence for a view that is too old for a first message: `age_ms` by the clock of this device.
std::string late_sentence(const Account& account, const directory::Name& name, std::uint64_t age_ms);
/// The sentence for a domain for which the policy of the own one is no quorum, and no other is known.
std::string no_policy_sentence(std::string_view domain);
/// The sentence for a refusal of the directory's answer about `name`; `where` is the error's.
std::string refusal_sentence(const Account& account, const directory::Name& name, const Error& error);

}  // namespace cairn::client
