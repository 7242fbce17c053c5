// Copies of the key box that were put for a PIN before a realm heard of it (docs/spec/client.md s.13).
#pragma once

#include "core/client/context.h"
#include "core/vault/key_box.h"

namespace cairn::client {

/// tables::kPinStandbys. What becomes of its PIN is not known until the key box has that one, or another.
struct PinStandby {
  /// Of those at one storage: the oldest makes room.
  static constexpr std::size_t kMostKept = 8;

  vault::KeyBoxId box;
  Bytes storage;  ///< storage_key() of where it lies
  crypto::Ed25519Seed key;
  std::uint64_t since_ms = 0;

  SecretBytes encode() const;  ///< without `box`, by which it is kept
  static Result<PinStandby> decode(ByteView bytes);
};

/// The oldest first.
std::vector<PinStandby> pin_standbys(const StoreView& store);
void save_pin_standby(Context& context, const PinStandby& standby);

}  // namespace cairn::client
