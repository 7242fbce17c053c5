// The labels under which a backup's keys are derived (docs/spec/backup.md s.1, 2).
#pragma once

#include <string_view>

namespace cairn::vault {

// KDF(BR_g, label, storage).
inline constexpr std::string_view kDeriveVaultId = "vault id";
inline constexpr std::string_view kDeriveVaultWriteKey = "vault write key";

// KDF(BR_g, label, "").
inline constexpr std::string_view kDeriveKeyBoxBody = "key box body";
inline constexpr std::string_view kDeriveSnapshotWord = "snapshot word";

// KDF(BR_g || T_g, label, "").
inline constexpr std::string_view kDeriveDataKeyWrap = "data key wrap";

// KDF(DK_g, label, "").
inline constexpr std::string_view kDeriveChunkIdKey = "chunk id key";
inline constexpr std::string_view kDeriveGearTable = "gear table";

// KDF(DK_g, label, object id).
inline constexpr std::string_view kSealChunks = "seal chunks";
inline constexpr std::string_view kSealTable = "seal table";
inline constexpr std::string_view kSealIndex = "seal index";
inline constexpr std::string_view kSealManifest = "seal manifest";

// KDF(a sealing key, label, "").
inline constexpr std::string_view kDeriveNonce = "seal nonce";

// Associated data of the end of a pack.
inline constexpr std::string_view kTrailer = "trailer";

// KDF(an opener's secret, label, storage).
inline constexpr std::string_view kDeriveKeyBoxId = "key box id";
inline constexpr std::string_view kDeriveKeyBoxWriteKey = "key box write key";

// HPKE's info: label || 0x00 || uint32 generation.
inline constexpr std::string_view kBackupRootInfo = "cairn/v1 backup root";

}  // namespace cairn::vault
