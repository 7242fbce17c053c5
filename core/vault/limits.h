// Every limit of backups (docs/spec/backup.md s.5), in bytes unless it says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::vault {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

constexpr std::size_t kMaxKeyBoxSize = 64 * kKiB;
constexpr std::size_t kMaxOpeners = 34;  ///< 32 devices, a recovery key, a PIN
constexpr std::size_t kMaxOpenerContext = 64;
constexpr std::size_t kMaxGenerations = 16;
constexpr std::size_t kMaxRealmEntries = 16;
constexpr std::size_t kMaxRealmEntry = 512;

constexpr std::size_t kMaxChunkSize = kMiB;  ///< of plain bytes
constexpr std::size_t kMaxPackSize = 4 * kMiB;
constexpr std::size_t kMaxChunksInPack = 2048;
constexpr std::size_t kMaxIndexSize = kMiB;
constexpr std::size_t kMaxManifestSize = 128 * kKiB;
constexpr std::size_t kMaxIndexesOfManifest = 2048;
constexpr std::size_t kMaxIndexBytesOfManifest = 128 * kMiB;  ///< all of them, sealed
constexpr std::size_t kMaxChainBytes = 64;
constexpr std::size_t kMaxTreeDepth = 8;
constexpr std::size_t kMaxPathSize = 4096;
constexpr std::size_t kMaxAttributesSize = 4096;

/// What a writer takes at once, so that what it has to put stays bounded.
constexpr std::size_t kMaxPiece = kMiB;

/// Small objects are padded to Padme sizes of at least this.
constexpr std::size_t kLeastPaddedSize = 1024;

}  // namespace cairn::vault
