#include "core/client/pin_records.h"

#include <algorithm>

#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

Bytes guess_key(const RegistrationId& registration, const RealmId& realm, const std::optional<DeviceId>& told_by) {
  return concat({registration, guess_place(realm, told_by)});
}

}  // namespace

void PinRow::add_sent(PinAuth auth, std::span<const PinVersion> standing) {
  std::erase_if(sent, [&](const PinAuth& one) {
    return one.version == auth.version && one.key.public_key() == auth.key.public_key();
  });
  if (sent.size() >= kMaxSent) {
    const auto spare = std::ranges::find_if(
        sent, [&](const PinAuth& one) { return std::ranges::find(standing, one.version) == standing.end(); });
    sent.erase(spare == sent.end() ? sent.begin() : spare);
  }
  sent.push_back(std::move(auth));
}

SecretBytes PinRow::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.u8(static_cast<std::uint8_t>(sent.size()));
  for (const PinAuth& one : sent) {
    w.raw(one.version);
    w.raw(one.key.seed().expose());
  }
  w.u8(finished ? 1 : 0);
  w.u64(checked_ms);
  w.u32(check_days);
  return w.take_secret();
}

Result<PinRow> PinRow::decode(ByteView bytes) {
  wire::Reader r(bytes);
  PinRow out;
  const std::uint8_t count = TRY(r.u8());
  REQUIRE(count <= kMaxSent, ErrorCode::over_limit, "row of a PIN: registrations");
  for (std::uint8_t i = 0; i < count; ++i) {
    const auto version = TRY(r.fixed<PinVersion>());
    auto seed = TRY(r.fixed<crypto::Ed25519Seed>());
    out.sent.push_back({version, crypto::SigningKey::from_seed(std::move(seed))});
  }
  out.finished = TRY(r.presence());
  out.checked_ms = TRY(r.u64());
  out.check_days = TRY(r.u32());
  REQUIRE(out.check_days > 0 && out.check_days <= kMaxCheckDays, ErrorCode::malformed, "row of a PIN: days");
  TRY(r.finish());
  return out;
}

std::optional<PinRow> load_pin_row(const StoreView& store) {
  auto row = store.get(tables::kPin, {});
  if (!row) return std::nullopt;
  const SecretBytes bytes(std::move(*row));
  auto out = PinRow::decode(bytes.expose());
  if (!out) return std::nullopt;
  return std::move(*out);
}

void save_pin_row(Context& context, const PinRow& row) {
  context.store.put(tables::kPin, {}, to_bytes(row.encode().expose()));
}

void GuessRow::write(wire::Writer& w) const {
  w.u64(newest);
  w.u64(newest_ms);
  w.u64(asked_ms);
  w.u64(last_ms);
  w.u8(counter);
  w.u32(unseen);
  w.u32(right);
}

Result<GuessRow> GuessRow::read(wire::Reader& r) {
  GuessRow out;
  out.newest = TRY(r.u64());
  out.newest_ms = TRY(r.u64());
  out.asked_ms = TRY(r.u64());
  out.last_ms = TRY(r.u64());
  out.counter = TRY(r.u8());
  out.unseen = TRY(r.u32());
  out.right = TRY(r.u32());
  return out;
}

Hash guess_place(const RealmId& realm, const std::optional<DeviceId>& told_by) {
  return told_by ? crypto::sha256({*told_by, realm}) : *Hash::from(realm);
}

GuessRow load_guesses(const StoreView& store, const RegistrationId& registration, const RealmId& realm,
                      const std::optional<DeviceId>& told_by) {
  const auto row = store.get(tables::kGuesses, guess_key(registration, realm, told_by));
  const auto out = row ? wire::decode<GuessRow>(*row) : Result<GuessRow>(GuessRow{});
  return out ? *out : GuessRow{};
}

void save_guesses(Context& context, const RegistrationId& registration, const RealmId& realm, const GuessRow& row,
                  const std::optional<DeviceId>& told_by) {
  context.store.put(tables::kGuesses, guess_key(registration, realm, told_by), wire::encode(row));
}

void forget_guesses(Context& context, const RegistrationId& registration, const RealmId& realm) {
  context.store.erase(tables::kGuesses, guess_key(registration, realm, std::nullopt));
}

}  // namespace cairn::client
