// What went wrong with a backup while nobody watched (docs/spec/client.md s.9): kept until it goes well again, or its
// owner has seen it.
#pragma once

#include <vector>

#include "core/client/backup_job.h"

namespace cairn::client {

/// tables::kBackupTroubles, of each storage one of each kind.
struct BackupTrouble {
  enum class Kind : std::uint8_t {
    create = 1,      ///< a snapshot that was due failed
    verify = 2,      ///< a sample found damage, or an older state of the storage
    rolled_back = 3  ///< the storage did not show the newest snapshot that was known, when the next was made
  };
  static constexpr std::size_t kMaxSentence = 4096;

  Kind kind = Kind::create;
  std::string storage;         ///< URL
  std::uint64_t since_ms = 0;  ///< when it was first so
  std::string sentence;        ///< of that first time

  void write(wire::Writer&) const;
  static Result<BackupTrouble> read(wire::Reader&);
};

/// By kind and storage.
std::vector<BackupTrouble> backup_troubles(const StoreView& store);
/// Keeps what stands there already: it is the first.
void note_trouble(Context& context, const vault::StorageIdentity& storage, BackupTrouble trouble);
void settle_trouble(Context& context, const vault::StorageIdentity& storage, BackupTrouble::Kind kind);
/// Its owner has seen them all; how many there were.
std::size_t forget_troubles(Context& context);
/// Of a storage that this device does not back up to any more.
void forget_troubles_of(Context& context, const vault::StorageIdentity& storage);

}  // namespace cairn::client
