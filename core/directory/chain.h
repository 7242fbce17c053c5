// Chains: what the statements of one name amount to. NameState::apply is the one function by which servers and
// clients decide (docs/spec/directory.md s.2).
#pragma once

#include "core/directory/statement.h"

namespace cairn::directory {

constexpr std::size_t kMaxActiveDevices = 32;
constexpr std::size_t kMaxVetoHolders = 64;
constexpr std::uint32_t kMaxStatements = 4096;
/// From here on only what an owner with a recovery key, or a reset, needs.
constexpr std::uint32_t kReservedStatements = 3584;
constexpr std::uint32_t kMinResetDelayS = 259'200;    ///< 3 days
constexpr std::uint32_t kMaxResetDelayS = 5'184'000;  ///< 60 days
constexpr std::uint32_t kDefaultResetDelayS = 1'209'600;

/// `malformed` unless 0 (never) or within the limits above.
Status check_reset_delay(std::uint32_t reset_delay_s);

/// A device that the owner authorised at some time.
struct AuthorisedDevice {
  Device device;
  DeviceId id;                           ///< device.id()
  std::uint32_t added = 0;               ///< sequence of the statement that did it
  std::optional<std::uint32_t> removed;  ///< sequence of the statement that ended it

  bool active() const { return !removed; }
  friend bool operator==(const AuthorisedDevice&, const AuthorisedDevice&) = default;
};

/// A reset that was requested and neither vetoed nor completed.
struct OpenReset {
  std::uint32_t sequence = 0;  ///< of the request
  RequestReset request;
  friend bool operator==(const OpenReset&, const OpenReset&) = default;
};

struct CompletedReset {
  std::uint32_t request_sequence = 0;
  std::uint32_t sequence = 0;  ///< of the completion
  friend bool operator==(const CompletedReset&, const CompletedReset&) = default;
};

class NameState {
 public:
  /// The empty chain of `name`.
  explicit NameState(Name name) : name_(std::move(name)) {}

  /// Takes a statement over if it is valid here, signatures included; otherwise nothing changes. `stale` or
  /// `conflict` when it stands at another place of a chain, `not_authorised` when the signer may not,
  /// `invalid_signature`, `over_limit`, `duplicate`, `invalid_state`, `malformed`; `where` names the rule.
  Status apply(const Statement& statement);

  const Name& name() const { return name_; }
  std::uint32_t count() const { return count_; }
  /// Zeros when the chain is empty.
  const Hash& head() const { return head_; }
  const Hash& recovery_commitment() const { return recovery_commitment_; }
  std::uint32_t reset_delay_s() const { return reset_delay_s_; }

  /// All that were ever authorised, in the order of their adding.
  const std::vector<AuthorisedDevice>& devices() const { return devices_; }
  std::vector<Device> active_devices() const;
  std::size_t active_count() const;
  /// The newest entry of that id, active or not; nullptr when it was never authorised.
  const AuthorisedDevice* find(const DeviceId& id) const;
  const AuthorisedDevice* find_by_key(const PublicKey& signature_key) const;
  bool is_active(const DeviceId& id) const;

  const std::optional<OpenReset>& open_reset() const { return open_reset_; }
  const std::vector<CompletedReset>& completed_resets() const { return completed_resets_; }
  /// The keys that may veto, ascending.
  std::vector<PublicKey> veto_holders() const;

  /// For one's own store: every size is bounded, the rest is believed.
  void write(wire::Writer& writer) const;
  static Result<NameState> read(wire::Reader& reader);
  friend bool operator==(const NameState&, const NameState&) = default;

 private:
  friend class ChainRules;

  Name name_;
  std::uint32_t count_ = 0;
  Hash head_;
  std::vector<AuthorisedDevice> devices_;
  Hash recovery_commitment_;
  std::vector<Hash> spent_commitments_;     ///< every recovery commitment before the present one
  std::vector<DeviceId> requested_ids_;     ///< of devices in requests, ever
  std::vector<PublicKey> removed_holders_;  ///< removed by devices since the last signature of a recovery key
  std::uint32_t reset_delay_s_ = 0;
  std::optional<OpenReset> open_reset_;
  std::vector<CompletedReset> completed_resets_;
};

/// A copy with the statement applied.
Result<NameState> apply(const NameState& state, const Statement& statement);

/// The device that a remove_device ends: to be obeyed as soon as it is seen on any path, logged or not. `statement`
/// must apply to `state`; `invalid_state` when it is of another type.
Result<DeviceId> obey_removal(const NameState& state, const Statement& statement);

}  // namespace cairn::directory
