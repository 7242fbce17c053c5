// What the owner of a PIN says to the realms that hold it, by the registration's auth key (docs/spec/realm.md s.5).
#pragma once

#include "core/client/pin_records.h"
#include "core/client/realm_talk.h"

namespace cairn::client {

/// The keys that may be a registration's.
struct PinAuths {
  std::vector<PinAuth> known;                ///< by version
  std::optional<crypto::SigningKey> common;  ///< of any other version: what the key box has

  const crypto::SigningKey* of(const PinVersion& version) const;
  PinAuths clone() const;
  /// Whether of() has nothing better for it than the common one.
  bool is_common(const PinVersion& version) const;
};

/// Of one realm. `state` is `good` when it did what was asked.
struct OwnerReply {
  vault::RealmFate state = vault::RealmFate::waiting;
  std::uint8_t guesses_left = 0;
  bool not_ours = false;  ///< it was refused: the key is not that of what stands there
  proto::PinOwnerAnswer answer;
  PinVersion version;  ///< that it has; zeros where it did not say so
};
/// Whether a realm refuses for what a signature was not.
inline bool is_not_ours(ErrorCode code) {
  return code == ErrorCode::invalid_signature || code == ErrorCode::not_authorised;
}
using ThenOwner = std::function<void(Context&, std::vector<OwnerReply>)>;

/// Asks every realm for its version and its guess log, then, unless `action` is log, for that.
void ask_as_owner(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
                  std::shared_ptr<const PinAuths> auths, PinOwnerAction action, ThenOwner then);

/// How many guesses somebody has: a guess takes an answer of `threshold` realms.
std::uint8_t guesses_left(const RealmList& list, const std::vector<OwnerReply>& replies);

/// Writes down what the logs of that registration say that is new: `own` guesses of it at each realm are this device's,
/// and known.
/// `told_by`: another device of the name, by whose word alone the registration is known.
void take_logs(Context& context, const RealmHouse& house, const std::vector<OwnerReply>& replies, std::uint32_t own,
               const std::optional<DeviceId>& told_by = {});
/// The owner knows of all guesses at it so far.
void know_guesses(Context& context, const RegistrationId& registration, const RealmList& list,
                  const std::optional<DeviceId>& told_by = {});

}  // namespace cairn::client
