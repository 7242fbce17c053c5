// What realms that were away have still to be told of a PIN: a share of the newest one, or that it is not used any more
// (docs/spec/client.md s.13). Kept until each has answered.
#pragma once

#include "core/client/account.h"
#include "core/client/pin_records.h"
#include "core/client/realm_owner.h"
#include "core/client/session.h"

namespace cairn::client {

/// tables::kRealmDebts, by registration and realm.
struct RealmDebt {
  static constexpr std::size_t kMaxAuths = 16;

  RegistrationId registration;
  std::uint8_t number = 0;
  RealmList place;                ///< of that realm alone
  std::vector<PinAuth> auths;     ///< of what may stand there, the newest last; a version of zeros: whichever it is
  std::optional<PinShare> share;  ///< that it is to have; absent: it is to forget what it has
  std::uint64_t since_ms = 0;
  std::uint64_t token_ms = 0;  ///< when the domain was last asked for a token to pay it with
  std::uint8_t tokens = 0;     ///< how often; each time it is waited twice as long, up to a day

  const RealmPlace& realm() const { return place.realms[0]; }
  SecretBytes encode() const;
  static Result<RealmDebt> decode(ByteView bytes);
};

std::vector<RealmDebt> realm_debts(const StoreView& store);

/// The keys that a device has of one registration: those in `auths` and those of debts.
void add_owed_auths(const StoreView& store, const RegistrationId& registration, PinAuths& auths);
/// `realm` did not take its share of a PIN that enough others took. What it has may be of any of `auths`.
void owe_share(Context& context, const RealmHouse& house, std::uint8_t number, std::size_t realm, const PinAuths& auths,
               const PinShare& share);
/// The realms of the house are not used for this registration any more.
void owe_removal(Context& context, const RealmHouse& house, const PinAuths& auths);
/// Of what was owed so, what these realms have done just now.
void settle_removals(Context& context, const RealmHouse& house, const std::vector<OwnerReply>& replies);
/// It has taken its share, or forgotten.
void settle_debt(Context& context, const RegistrationId& registration, const RealmId& realm);

/// Tells them, whenever this device comes on line, and every half an hour.
class RealmDebts {
 public:
  RealmDebts(Calls& calls, Session& session) : calls_(calls), session_(session) {}

  void step(Context& context, const Account& account);
  Time next_deadline() const { return due_; }
  void look_soon() { due_ = {}; }

 private:
  Calls& calls_;
  Session& session_;
  Time due_;
  bool connected_ = false;  ///< as it was when last looked at
};

}  // namespace cairn::client
