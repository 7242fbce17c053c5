// The own name: registering it, watching its chain, and saying so when a device stands there that nobody here added.
#pragma once

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/client/own_statements.h"
#include "core/client/views.h"

namespace cairn::client {

/// tables::kAlarms: a device in one's own chain that this device did not see being added.
struct Alarm {
  DeviceId device;
  std::uint64_t seen_ms = 0;
  std::uint32_t sequence = 0;  ///< of the statement that added it
  std::optional<Adder> by;     ///< who signed that; nothing in a row of an earlier build

  void write(wire::Writer&) const;
  static Result<Alarm> read(wire::Reader&);
};

/// A reset of the own name that is open: an alarm, unless this device waits for it.
struct PendingReset {
  Hash request;     ///< R
  DeviceId device;  ///< that would be the name's only one
  Time requested;   ///< both by the directory's record
  Time matures;

  /// This device waits for it itself. One to an active device is never its own: whoever has a copy of its key may ask.
  bool is_of(const Account& account) const {
    return account.state == AccountState::resetting && device == account.device_id();
  }
};

/// How long after a reset has matured it can be completed at the earliest: servers wait for auditors' clocks.
constexpr std::uint64_t kCompletionMarginMs = kHourMs;

/// Eight groups of five characters: the 20 bytes and a checksum of 5, in base32.
std::string recovery_text(const directory::RecoverySecret& secret);
/// `malformed` unless the checksum fits; spaces, dashes and case do not matter.
Result<directory::RecoverySecret> parse_recovery_text(std::string_view text);

class OwnName {
 public:
  OwnName(Calls& calls, Views& views) : calls_(calls), views_(views) {}

  /// Makes the account with its genesis, and stores both. The recovery key is kept nowhere: its owner was shown it
  /// before. `not_found` when there is none but all else is well, `invalid_state` when this device already has a name,
  /// `not_authorised` for a policy that is too weak, `invalid_name`.
  Status begin(Context& context, const std::string& name, const std::string& server_url, const std::string& policy_text,
               const std::string& invitation, std::uint32_t reset_delay_s, const directory::RecoverySecret* secret);
  /// Sends the genesis of this account, which is registering, to this server from now on, the very same bytes; with
  /// this invitation, unless it is empty. Fails as begin() does.
  Status begin_again(Context& context, Account account, const std::string& server_url, const std::string& policy_text,
                     const std::string& invitation);
  /// The delay for resets in the genesis that waits; nothing when none does.
  static std::optional<std::uint32_t> signed_delay(const StoreView& store);
  /// The server said that it has a statement of this account's; since this mind began.
  bool is_taken(const Account& account) const { return taken_ && taken_->first == account.device_id(); }

  /// Makes the account of a further device of a name that exists: one that is to add itself with the recovery key, or
  /// to ask for a reset. It sends nothing before recover() or request_reset(). Fails as begin() does.
  Status begin_recovery(Context& context, const std::string& name, const std::string& server_url,
                        const std::string& policy_text);
  Status begin_reset(Context& context, const std::string& name, const std::string& server_url,
                     const std::string& policy_text, const std::string& invitation);
  /// Signs the addition of this device to the chain as it was verified, and the removal of all others if they are to
  /// go, with the next generations of the recovery key; before that a veto, if a reset is open. `not_found` when the
  /// secret is not this name's, `invalid_state` when that was done already, `over_limit` and others of
  /// NameState::apply.
  Status recover(Context& context, const Account& account, const directory::RecoverySecret& secret, bool remove_others);
  /// Signs the request of a reset at the end of the chain as it was verified; this is the recovery key that the name
  /// has after it. `invalid_state` when that was done already; else why NameState::apply refuses it.
  Status request_reset(Context& context, const Account& account, const directory::RecoverySecret& secret);
  /// What was signed for a recovery, or for a reset, of this name is sent at once again, the very same bytes; with this
  /// invitation, unless it is empty. False when nothing of that state and name waits.
  bool send_again(Context& context, AccountState state, const directory::Name& name, const std::string& invitation);
  /// Why the server does not take what was signed; nothing unless that was its last answer.
  /// What was signed is kept and sent again all the same: the server may have published it.
  const std::optional<std::string>& refusal() const { return refusal_; }
  /// Forgets a recovery, or a reset, that has signed nothing: this device has no name again.
  void abandon_unsigned(Context& context);

  /// Signs the veto of the reset that the verified chain has open, and keeps it, by this device's key, or by the
  /// recovery key. `invalid_state` when none is open, `not_found` when the secret is not this name's, `not_authorised`
  /// when this device does not hold the veto.
  Status veto(Context& context, const Account& account, const directory::RecoverySecret* recovery);
  /// Signs another delay for resets. `not_found` as above; else why NameState::apply refuses it.
  Status change_reset_delay(Context& context, const Account& account, const directory::RecoverySecret& recovery,
                            std::uint32_t reset_delay_s);
  /// In the newest verified view.
  std::optional<PendingReset> pending_reset(const StoreView& store, const Account& account) const;
  /// Statements of ours are not all in the chain yet.
  static bool statements_wait(const StoreView& store);

  /// Sends our statements until they are seen, and looks the own name up when that is due. `waits`: something of ours
  /// is expected in the chain, so look often.
  void step(Context& context, const Account& account, bool waits);
  /// At every connect and epoch notice.
  void look_soon() { asked_ = {}; }
  /// The view of the own name changed: moves the account's state, and raises alarms.
  void changed(Context& context, Account& account);
  /// This device signed the addition of that one, or will: no alarm.
  static void expect_device(Context& context, const DeviceId& device);

  std::vector<Alarm> alarms(const StoreView& store) const;
  /// Grows whenever the own name was looked at again: alarms may have changed.
  std::uint64_t looks() const { return looks_; }
  /// Why registering does not get on, one sentence; empty while it does.
  const std::string& trouble() const { return trouble_; }
  Time next_deadline() const { return std::min(due_, retry_); }
  void forget_all();

 private:
  Status begin_unsigned(Context& context, const std::string& name, const std::string& server_url,
                        const std::string& policy_text, const std::string& invitation, AccountState state);
  std::optional<Adder> adder_of(const directory::NameState& chain, const directory::AuthorisedDevice& device) const;
  void follow_reset(Context& context, const Account& account, const directory::VerifiedView& view);
  void complete_reset(Context& context, const Account& account, const directory::VerifiedView& view);
  void submit(Context& context, const Account& account);
  enum class Sent { once, again };
  void refused(Context& context, const Account& account, Sent sent, directory::StatementType type,
               const Answer& answer);

  Calls& calls_;
  Views& views_;
  Time asked_{};
  Time due_ = Time::never();
  Time retry_ = Time::never();
  /// The newest statement of ours that the server said it has, by device and sequence.
  std::optional<std::pair<DeviceId, std::uint32_t>> taken_;
  bool begins_ = true;
  std::uint64_t polls_ = 0;  ///< for what is expected in the chain, since something is
  std::uint64_t looks_ = 0;
  std::string trouble_;
  std::optional<std::string> refusal_;
};

}  // namespace cairn::client
