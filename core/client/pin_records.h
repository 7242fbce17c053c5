// What this device keeps of its name's PIN, and of the guesses that realms tell of (docs/spec/client.md s.13).
#pragma once

#include "core/client/context.h"
#include "core/client/realm_list.h"

namespace cairn::client {

/// The auth key of a registration that may stand at a realm.
struct PinAuth {
  PinVersion version;
  crypto::SigningKey key;
};

/// The one row of tables::kPin. What all devices need of the PIN stands in the key box (vault::PinKeys).
struct PinRow {
  /// Of what this device has sent to realms and cannot know the fate of, oldest first; the last is the newest.
  static constexpr std::size_t kMaxSent = 8;
  std::vector<PinAuth> sent;
  /// The oldest makes room of those whose version is none of `standing`, which realms have.
  void add_sent(PinAuth auth, std::span<const PinVersion> standing);
  bool finished = true;          ///< the key box has the opener of the newest
  std::uint64_t checked_ms = 0;  ///< when the right PIN was last typed here
  std::uint32_t check_days = 1;  ///< until it is asked for again; doubles each time, up to kMaxCheckDays

  static constexpr std::uint32_t kMaxCheckDays = 32;
  bool check_due(Time now) const { return elapsed_ms(now, Time{checked_ms}) >= check_days * kDayMs; }
  SecretBytes encode() const;
  static Result<PinRow> decode(ByteView bytes);
};

std::optional<PinRow> load_pin_row(const StoreView& store);
void save_pin_row(Context& context, const PinRow& row);

/// What the guess log of one realm is kept by: the realm's key, or its SHA-256 with the id of the device by whose word
/// alone the realm is known. So no device's word touches what was read by another's.
Hash guess_place(const RealmId& realm, const std::optional<DeviceId>& told_by);

/// tables::kGuesses, by registration and guess_place(): the guess log, as far as this device has read it.
struct GuessRow {
  std::uint64_t newest = 0;     ///< number of the newest entry that was read
  std::uint64_t newest_ms = 0;  ///< and its time: a registration that was deleted and made again counts anew
  std::uint64_t asked_ms = 0;
  std::uint64_t last_ms = 0;  ///< when the last guess was, by the realm's clock; 0: none
  std::uint8_t counter = 0;   ///< guesses since the last right PIN
  std::uint32_t unseen = 0;   ///< guesses that its owner was not told of, or has not said to know
  std::uint32_t right = 0;    ///< how many of them were the right PIN

  void write(wire::Writer&) const;
  static Result<GuessRow> read(wire::Reader&);
};

GuessRow load_guesses(const StoreView& store, const RegistrationId& registration, const RealmId& realm,
                      const std::optional<DeviceId>& told_by = {});
void save_guesses(Context& context, const RegistrationId& registration, const RealmId& realm, const GuessRow& row,
                  const std::optional<DeviceId>& told_by = {});
void forget_guesses(Context& context, const RegistrationId& registration, const RealmId& realm);

}  // namespace cairn::client
