#include "core/client/realm_debts.h"

#include "core/client/backup_records.h"
#include "core/client/pin_attempt.h"
#include "core/client/realm_calls.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kDebtsEveryMs = 30 * kMinuteMs;
constexpr std::uint64_t kAfterWatchMs = kMinuteMs;  ///< so that the key box is looked at first (pin_watch.h)
/// A realm that was away for so long is not waited for.
constexpr std::uint64_t kMaxDebtAgeMs = 365 * kDayMs;
constexpr std::size_t kMaxDebts = 256;
constexpr int kMostDoublings = 7;

Bytes debt_key(const RegistrationId& registration, const RealmId& realm) { return concat({registration, realm}); }

void add_auth(std::vector<PinAuth>& to, const PinVersion& version, const crypto::SigningKey& key) {
  for (const PinAuth& one : to) {
    if (one.version == version && one.key.public_key() == key.public_key()) return;
  }
  to.push_back({version, key.clone()});
  if (to.size() > RealmDebt::kMaxAuths) to.erase(to.begin());
}

std::optional<RealmDebt> load_debt(const StoreView& store, const RegistrationId& registration, const RealmId& realm) {
  auto row = store.get(tables::kRealmDebts, debt_key(registration, realm));
  if (!row) return std::nullopt;
  const SecretBytes bytes(std::move(*row));
  auto debt = RealmDebt::decode(bytes.expose());
  if (!debt) return std::nullopt;
  return std::move(*debt);
}

void save_debt(Context& context, const RealmDebt& debt) {
  context.store.put(tables::kRealmDebts, debt_key(debt.registration, debt.realm().id()),
                    to_bytes(debt.encode().expose()));
}

/// What was owed before is owed no more, but its keys may still be those of what stands there.
RealmDebt begin_debt(Context& context, const RealmHouse& house, std::size_t realm, const PinAuths& auths) {
  RealmDebt out;
  out.registration = house.who.registration;
  out.place = {{house.list.realms[realm]}, 1};
  out.since_ms = context.now.ms;
  if (auto before = load_debt(context.store, out.registration, out.realm().id())) out.auths = std::move(before->auths);
  for (const PinAuth& one : auths.known) add_auth(out.auths, one.version, one.key);
  if (auths.common) add_auth(out.auths, PinVersion{}, *auths.common);
  return out;
}

/// One debt that is being paid.
struct Payment {
  Calls& calls;
  RealmDebt debt;
  proto::RealmWho who;
  std::string name;        ///< of this device's owner
  std::string server_url;  ///< of the own domain
  std::string bearer;
};
using Paying = std::shared_ptr<const Payment>;

/// What a debt is of: zeros where something is to be forgotten.
PinVersion owed_version(const RealmDebt& debt) { return debt.share ? debt.share->shown.version : PinVersion{}; }

/// The debt as it stands now, if it is still the one that is being paid: a newer one may have taken its place.
std::optional<RealmDebt> still_owed(Context& context, const Paying& payment) {
  auto stands = load_debt(context.store, payment->debt.registration, payment->debt.realm().id());
  if (stands && owed_version(*stands) != owed_version(payment->debt)) return std::nullopt;
  return stands;
}

void paid(Context& context, const Paying& payment) {
  if (!still_owed(context, payment)) return;
  settle_debt(context, payment->debt.registration, payment->debt.realm().id());
}

PinAuths auths_of(const RealmDebt& debt) {
  PinAuths out;
  for (const PinAuth& one : debt.auths) {
    if (one.version.is_zero()) {
      out.common = one.key.clone();
    } else {
      out.known.push_back({one.version, one.key.clone()});
    }
  }
  return out;
}

void forget_there(Context& context, const Paying& payment) {
  const auto house = std::make_shared<const RealmHouse>(RealmHouse{payment->debt.place, payment->who, {}});
  ask_as_owner(context, payment->calls, house, std::make_shared<const PinAuths>(auths_of(payment->debt)),
               PinOwnerAction::erase, [payment](Context& later, const std::vector<OwnerReply>& replies) {
                 // Of another version there is no key here, or not the right one: another device has registered anew,
                 // and answers for it.
                 const vault::RealmFate state = replies[0].state;
                 const bool over = state == vault::RealmFate::good || state == vault::RealmFate::nothing_here ||
                                   state == vault::RealmFate::other_version || replies[0].not_ours;
                 if (over) paid(later, payment);
               });
}

void give_share(Context& context, const Paying& payment, ByteView token, const std::optional<Signature>& replaces) {
  auto call = pin_register_call(payment->debt.realm().url, payment->who, *payment->debt.share, token, replaces);
  ask_all(context, payment->calls, {std::move(call)}, [payment](Context& later, const RealmReplies& replies) {
    if (realm_done(replies[0])) paid(later, payment);
  });
}

/// A realm that takes no share would use up the tokens that the domain gives in a day (docs/spec/realm.md s.7).
std::uint64_t token_wait_ms(std::uint8_t tokens) {
  return tokens == 0 ? 0 : std::min(kDebtsEveryMs << (tokens - 1), kDayMs);
}

/// Where nothing stands the domain has to permit it.
void give_with_token(Context& context, const Paying& payment) {
  auto stands = still_owed(context, payment);
  if (!stands || elapsed_ms(context.now, Time{stands->token_ms}) < token_wait_ms(stands->tokens)) return;
  stands->token_ms = context.now.ms;
  stands->tokens = static_cast<std::uint8_t>(std::min(stands->tokens + 1, kMostDoublings));
  save_debt(context, *stands);
  proto::Call call;
  call.method = proto::Method::post;
  call.url = payment->server_url + std::string(proto::kPathRealmTokens);
  call.bearer = payment->bearer;
  call.timeout_ms = kRealmTimeoutMs;
  call.body = wire::encode(proto::RealmTokensRequest{
      payment->name, payment->debt.number, proto::TokenPurpose::register_pin, {payment->debt.realm().id()}, {}});
  payment->calls.start(context, {}, std::move(call), [payment](Context& later, const Answer& answer) {
    const auto given = answer.body ? wire::decode<proto::RealmTokensAnswer>(*answer.body)
                                   : Result<proto::RealmTokensAnswer>(tl::unexpected<Error>(answer.body.error()));
    const bool ours = given && given->tokens.size() == 1 && given->registration == payment->debt.registration;
    if (ours) give_share(later, payment, given->tokens[0].token, std::nullopt);
  });
}

void give_there(Context& context, const Paying& payment) {
  ask_all(context, payment->calls, {pin_version_call(payment->debt.realm().url, payment->who)},
          [payment](Context& later, const RealmReplies& replies) {
            const RealmDebt& debt = payment->debt;
            const auto stands = pin_version_reply(replies[0]);
            if (!stands) {
              if (stands.error().code == ErrorCode::not_found) give_with_token(later, payment);
              return;
            }
            if (stands->version == debt.share->shown.version) return paid(later, payment);
            const PinAuths auths = auths_of(debt);
            const auto* key = auths.of(stands->version);
            if (key == nullptr) return paid(later, payment);  // another device has registered anew
            give_share(
                later, payment, {},
                vault::sign_pin_replacement(*key, debt.realm().id(), debt.registration, stands->version, *debt.share));
          });
}

}  // namespace

SecretBytes RealmDebt::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.raw(registration);
  w.u8(number);
  place.write(w);
  w.u8(static_cast<std::uint8_t>(auths.size()));
  for (const PinAuth& one : auths) {
    w.raw(one.version);
    w.raw(one.key.seed().expose());
  }
  w.u8(share ? 1 : 0);
  if (share) w.raw(share->encode().expose());
  w.u64(since_ms);
  w.u64(token_ms);
  w.u8(tokens);
  return w.take_secret();
}

Result<RealmDebt> RealmDebt::decode(ByteView bytes) {
  wire::Reader r(bytes);
  RealmDebt out;
  out.registration = TRY(r.fixed<RegistrationId>());
  out.number = TRY(r.u8());
  out.place = TRY(RealmList::read(r));
  REQUIRE(out.place.realms.size() == 1, ErrorCode::malformed, "debt: realms");
  const std::uint8_t count = TRY(r.u8());
  REQUIRE(count <= kMaxAuths, ErrorCode::over_limit, "debt: keys");
  for (std::uint8_t i = 0; i < count; ++i) {
    const auto version = TRY(r.fixed<PinVersion>());
    auto seed = TRY(r.fixed<crypto::Ed25519Seed>());
    out.auths.push_back({version, crypto::SigningKey::from_seed(std::move(seed))});
  }
  if (TRY(r.presence())) {
    const ByteView share = TRY(r.raw(PinShare::kSize));
    out.share = TRY(PinShare::from(share));
  }
  out.since_ms = TRY(r.u64());
  out.token_ms = TRY(r.u64());
  out.tokens = TRY(r.u8());
  REQUIRE(out.tokens <= kMostDoublings, ErrorCode::over_limit, "debt: tokens");
  TRY(r.finish());
  return out;
}

std::vector<RealmDebt> realm_debts(const StoreView& store) {
  std::vector<RealmDebt> out;
  for (Row& row : store.scan(tables::kRealmDebts, {}, {}, kMaxDebts)) {
    const SecretBytes bytes(std::move(row.value));
    if (auto debt = RealmDebt::decode(bytes.expose())) out.push_back(std::move(*debt));
  }
  return out;
}

void add_owed_auths(const StoreView& store, const RegistrationId& registration, PinAuths& auths) {
  for (RealmDebt& debt : realm_debts(store)) {
    if (debt.registration != registration) continue;
    for (PinAuth& one : debt.auths) {
      if (!one.version.is_zero()) auths.known.push_back(std::move(one));
    }
  }
}

void owe_share(Context& context, const RealmHouse& house, std::uint8_t number, std::size_t realm, const PinAuths& auths,
               const PinShare& share) {
  RealmDebt debt = begin_debt(context, house, realm, auths);
  debt.number = number;
  debt.share = std::move(*PinShare::from(share.encode().expose()));
  save_debt(context, debt);
}

void owe_removal(Context& context, const RealmHouse& house, const PinAuths& auths) {
  for (std::size_t i = 0; i < house.list.realms.size(); ++i) save_debt(context, begin_debt(context, house, i, auths));
}

void settle_debt(Context& context, const RegistrationId& registration, const RealmId& realm) {
  context.store.erase(tables::kRealmDebts, debt_key(registration, realm));
}

void settle_removals(Context& context, const RealmHouse& house, const std::vector<OwnerReply>& replies) {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const bool over = replies[i].state == vault::RealmFate::good || replies[i].state == vault::RealmFate::nothing_here;
    if (over) settle_debt(context, house.who.registration, house.list.realms[i].id());
  }
}

namespace {

/// A share of a PIN that another device has taken out of the key box is given to nobody. Of one that it has changed it
/// is: by that device's keys the realm then comes to the newest.
bool is_of_no_pin(const StoreView& store, const RealmDebt& debt) {
  const auto is_its = [&](const BackupSetup& one) {
    return one.content.pin && one.content.pin->registration == debt.registration;
  };
  return debt.share && std::ranges::none_of(load_backup_setups(store), is_its);
}

}  // namespace

void RealmDebts::step(Context& context, const Account& account) {
  const bool connected = account.state == AccountState::active && session_.connected();
  if (!std::exchange(connected_, connected) && connected) due_ = after(context.now, kAfterWatchMs);
  if (!connected) due_ = Time::never();
  if (!connected || context.now < due_) return;
  drop_old_pin_attempt(context);
  auto debts = realm_debts(context.store);
  due_ = debts.empty() ? Time::never() : after(context.now, kDebtsEveryMs);
  const auto row = load_pin_row(context.store);
  const bool changing = row && !row->finished;
  for (RealmDebt& debt : debts) {
    if (is_of_no_pin(context.store, debt)) {
      // While a change is not finished its keys may be needed to finish it.
      if (!changing) settle_debt(context, debt.registration, debt.realm().id());
      continue;
    }
    if (elapsed_ms(context.now, Time{debt.since_ms}) > kMaxDebtAgeMs) {
      settle_debt(context, debt.registration, debt.realm().id());
      continue;
    }
    const proto::RealmWho who{account.domain(), debt.registration};
    const bool gives = debt.share.has_value();
    const auto payment = std::make_shared<const Payment>(
        Payment{calls_, std::move(debt), who, account.name.text(), account.server_url, session_.token()});
    if (gives) {
      give_there(context, payment);
    } else {
      forget_there(context, payment);
    }
  }
}

}  // namespace cairn::client
