// The labels under which core/client derives keys (docs/spec/client.md).
#pragma once

#include <string_view>

namespace cairn::client {

// MLS-Exporter, context: the channel id. The seed of an epoch's write key, and the key of its signals.
inline constexpr std::string_view kExportWriteKey = "cairn channel write key";
inline constexpr std::string_view kExportSignalKey = "cairn signal key";

// KDF(one-time secret of a link, label, signature key).
inline constexpr std::string_view kDeriveLinkSlots = "link slots";
inline constexpr std::string_view kDeriveLinkSeal = "link seal";

// HPKE info of an answer to a rejoin: this || 0x00 || channel || KeyPackageRef.
inline constexpr std::string_view kSealRejoinAnswer = "cairn/v1 answer that lets in";

// KDF(a key of this device, label, channel || SHA-256 of a body): id and owner key of the blob in which it is put.
inline constexpr std::string_view kDeriveLargeBody = "large body";

// KDF(seed of a registration that was begun, label, uint64 number): what is random in it, in the order in which it is
// drawn.
inline constexpr std::string_view kDerivePinAttempt = "pin attempt";

// SHA-256(label || 0x00 || token of a link to a group): what its maker keeps of it.
inline constexpr std::string_view kHashJoinToken = "cairn/v1 join token";

// SHA-256(label || 0x00 || ...): which bytes a blob has (kept_files.h).
inline constexpr std::string_view kHashSealedFile = "cairn/v1 sealed file";

// HMAC(a key of this device, label || 0x00 || a row of what another own device said): by what its owner names it.
inline constexpr std::string_view kMacDomainQuestion = "cairn/v1 domain question";

// HPKE info of the key of a piece of history: label || 0x00 || from || to || number.
inline constexpr std::string_view kHistoryKeyInfo = "cairn/v1 history piece";

}  // namespace cairn::client
