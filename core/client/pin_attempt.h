// The registration of a PIN that was begun and not finished: the same PIN, typed again, is the same registration
// (docs/spec/client.md s.13).
#pragma once

#include "core/client/context.h"
#include "core/client/realm_talk.h"
#include "core/vault/pin.h"

namespace cairn::client {

/// The one row of tables::kPinAttempt. All that is random in the registration follows from `seed`; the PIN does not,
/// and is tried by `digest`, at the price of an Argon2id.
struct PinAttempt {
  using Seed = Secret<struct PinAttemptTag, 32>;
  /// What is typed later is a registration of its own.
  static constexpr std::uint64_t kKeptMs = 30 * kDayMs;

  Seed seed;
  Hash digest;  ///< of the shares, in the order of the realms
  std::uint64_t begun_ms = 0;

  SecretBytes encode() const;
  static Result<PinAttempt> decode(ByteView bytes);
};

struct BegunPin {
  PinAttempt attempt;
  vault::PinSecret secret;
  vault::PinRegistration made;
};

/// The registration that is kept, where the PIN, its id and the realms are those of that; else a new one. Errors as
/// vault::register_pin().
Result<BegunPin> begin_pin(const Context& context, const RealmHouse& house, std::string_view pin);

void save_pin_attempt(Context& context, const PinAttempt& attempt);
void forget_pin_attempt(Context& context);
/// One whose time is over goes.
void drop_old_pin_attempt(Context& context);

}  // namespace cairn::client
