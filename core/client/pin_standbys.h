// Copies of the key box that were put for a PIN before a realm heard of it (docs/spec/client.md s.13).
#pragma once

#include "core/base/realm.h"
#include "core/client/context.h"
#include "core/vault/key_box.h"

namespace cairn::client {

/// tables::kPinStandbys. What becomes of its PIN is not known until the key box has that one, or another.
struct PinStandby {
  /// Of those at one storage.
  static constexpr std::size_t kMostKept = 8;

  vault::KeyBoxId box;
  Bytes storage;  ///< storage_key() of where it lies
  crypto::Ed25519Seed key;
  std::uint64_t since_ms = 0;
  std::optional<PinVersion> version;  ///< of its registration; nothing in rows of earlier builds

  SecretBytes encode() const;  ///< without `box`, by which it is kept
  static Result<PinStandby> decode(ByteView bytes);
};

/// The oldest first.
std::vector<PinStandby> pin_standbys(const StoreView& store);
/// The oldest of these whose version is none of `standing`, which realms have, else the oldest of which no version is
/// known; null when there is neither. Where a threshold of the realms has said what they have, those that have not are
/// too few to open anything else.
const PinStandby* spare_standby(const std::vector<PinStandby>& standbys, std::span<const PinVersion> standing);
void save_pin_standby(Context& context, const PinStandby& standby);

}  // namespace cairn::client
