// What a client asks of a realm, and what it is answered, as data: core/vault makes and judges it, core/proto encodes
// it, core/witness answers (docs/spec/realm.md). Nothing here has been checked.
#pragma once

#include <optional>

#include "core/base/secret.h"
#include "core/base/types.h"

namespace cairn {

/// A realm's Ed25519 public key, which names it.
using RealmId = PublicKey;
constexpr std::size_t kMaxRealms = 15;

/// Names a PIN's registration at every realm; given by its domain.
using RegistrationId = FixedBytes<struct RegistrationIdTag, 16>;
/// Tells one registration from the one that replaced it; random.
using PinVersion = FixedBytes<struct PinVersionTag, 16>;
/// Names a token's share at one realm.
using TokenRecordId = FixedBytes<struct TokenRecordIdTag, 16>;

/// Bytes that claim to be an element of ristretto255.
using EncodedElement = FixedBytes<struct EncodedElementTag, 32>;
/// Bytes that claim to be a scalar of ristretto255, secret.
using EncodedScalar = Secret<struct EncodedScalarTag, 32>;
using EncodedDleqProof = FixedBytes<struct EncodedDleqProofTag, 64>;
using PinCommitment = FixedBytes<struct PinCommitmentTag, 32>;
using PinTag = Secret<struct PinTagTag, 32>;
using PinMac = FixedBytes<struct PinMacTag, 32>;
using SealedPinSecret = FixedBytes<struct SealedPinSecretTag, 48>;
using TokenCheck = FixedBytes<struct TokenCheckTag, 32>;
using TokenMac = FixedBytes<struct TokenMacTag, 32>;

/// What a realm may show of a registration to who guesses.
struct PinPublic {
  static constexpr std::size_t kSize = PinVersion::kSize + 3 + 32 + 32 + 64 + 32;

  PinVersion version;
  std::uint8_t threshold = 0;  ///< t
  std::uint8_t realms = 0;     ///< n
  std::uint8_t index = 0;      ///< of this realm, 1 to n
  EncodedElement public_share;
  PublicKey verifying_key;
  Signature signature;
  PinCommitment commitment;

  static Result<PinPublic> from(ByteView encoded);
  Bytes encode() const;
  /// What `signature` is over: label "pin share".
  Bytes content(const RealmId& realm, const RegistrationId& registration) const;
};

/// A registration at one realm.
struct PinShare {
  static constexpr std::size_t kSize = 387;

  PinPublic shown;
  PublicKey auth_key;
  EncodedScalar key_share;
  PinTag tag;
  EncodedScalar scalar_share;
  SealedPinSecret sealed;
  PinMac mac;

  static Result<PinShare> from(ByteView encoded);
  SecretBytes encode() const;
};

struct PinEvaluation {
  PinPublic shown;
  EncodedElement element;
  EncodedDleqProof proof;
  std::uint8_t guesses_left = 0;
};

/// What a right tag brings.
struct PinRelease {
  EncodedScalar scalar_share;
  SealedPinSecret sealed;
  PinMac mac;
};

enum class PinOwnerAction : std::uint8_t { log = 1, unlock = 2, erase = 3 };
/// What the signature of a registration's auth key is over: label "pin owner".
Bytes pin_owner_content(const RealmId& realm, const RegistrationId& registration, const PinVersion& version,
                        PinOwnerAction action, std::uint64_t sequence);
/// Label "pin replace"; `digest` is SHA-256 of the new PinShare.
Bytes pin_replace_content(const RealmId& realm, const RegistrationId& registration, const PinVersion& replaced,
                          const Hash& digest);

struct TokenShare {
  std::uint8_t index = 0;
  EncodedScalar share;
  TokenCheck check;  ///< of the sharing: the same at every realm
  TokenMac mac;
};

enum class TokenAction : std::uint8_t { status = 1, release = 2, erase = 3, cancel = 4 };
/// Whose signature stands under a request.
enum class TokenKeyKind : std::uint8_t { release = 1, erase = 2 };
/// Label "token request".
Bytes token_request_content(const RealmId& realm, const TokenRecordId& record, TokenAction action, TokenKeyKind by,
                            std::uint64_t change);

/// Label "token note".
Bytes token_note_content(const RealmId& realm, const TokenRecordId& record, ByteView note);

/// A realm's word that it has erased a share.
struct ErasureReceipt {
  RealmId realm;
  TokenRecordId record;
  std::uint64_t time_ms = 0;
  Signature signature;

  /// Label "receipt of erasure".
  Bytes content() const;
};

struct TokenState {
  std::uint64_t change = 0;       ///< changes that the record has seen
  std::uint64_t erase_at_ms = 0;  ///< by the realm's clock; 0: no deletion is waiting
  std::optional<TokenShare> share;
  std::optional<ErasureReceipt> receipt;
};

}  // namespace cairn
