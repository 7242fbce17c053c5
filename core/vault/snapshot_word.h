// A device's word of how new the newest snapshot is, kept by realms beside their shares: who knows nothing yet learns
// from it that a storage shows an older state (docs/spec/realm.md s.6).
#pragma once

#include <compare>
#include <span>

#include "core/crypto/signature.h"
#include "core/vault/keys.h"
#include "core/vault/realms.h"
#include "core/vault/types.h"

namespace cairn::vault {

struct SnapshotWord {
  static constexpr std::size_t kSealedSize = 64 + 4 + 8 + 32 + 64;

  std::uint32_t generation = 0;
  std::uint64_t counter = 0;

  friend auto operator<=>(const SnapshotWord&, const SnapshotWord&) = default;
};

/// Signed by a device, and sealed to whoever has the root: kSealedSize bytes.
Bytes seal_snapshot_word(const SnapshotWord& word, const BackupRoot& root, const StorageIdentity& storage,
                         const crypto::SigningKey& signer, Entropy& entropy);
/// `crypto_failed` where it is none of this root, `not_authorised` for another signer than the caller accepts,
/// `invalid_signature`.
Result<SnapshotWord> open_snapshot_word(ByteView sealed, const BackupRoot& root, const StorageIdentity& storage,
                                        std::span<const PublicKey> signers);

/// One request to keep a note beside a realm's share of this generation, or, with an empty one, for what lies there.
struct TokenNoteAsk {
  TokenRecordId record;
  Signature signature;
};
TokenNoteAsk ask_token_note(const BackupRoot& root, const RealmId& realm, ByteView note);

}  // namespace cairn::vault
