// Settings that the devices of a name share, in a backup: which of several snapshots' words counts, and how they come
// back (docs/spec/client.md s.9).
#pragma once

#include <map>

#include "core/client/sharing.h"
#include "core/vault/retention.h"

namespace cairn::client {

/// Entry "shared/NUMBER".
struct BackedUpShared {
  static constexpr std::uint8_t kFormat = 1;
  std::vector<SharedRecord> records;  ///< at most kMaxSharedRecords

  void write(wire::Writer&) const;
  static Result<BackedUpShared> read(wire::Reader&);
};

/// What all snapshots of a restore say, until they are all read: whatever order they come in, of one setting an active
/// device's word counts before that of one that is out, then the greater stamp.
class RestoredSettings {
 public:
  void begin_snapshot(vault::SignerState signer) { signer_ = signer; }
  /// An entry "shared/NUMBER". `over_limit` when that is more than settings ever are; nothing of it was taken then.
  Status take(ByteView data);
  /// Sets a bounded number of them, and forgets these; false when none are left. `most`: of_former_device where nobody
  /// can say which devices are out by now.
  bool put_some(Context& context, const Account& account, Sharing& sharing,
                Sharing::Backup most = Sharing::Backup::of_device);
  /// How many were set.
  std::uint64_t count() const { return count_; }

 private:
  struct Kept {
    vault::SignerState signer = vault::SignerState::active;
    SharedRecord record;
  };
  std::map<Bytes, Kept, BytesLess> kept_;  ///< by field and what it is of
  std::size_t bytes_ = 0;                  ///< of entries that were taken
  std::uint64_t count_ = 0;
  vault::SignerState signer_ = vault::SignerState::active;
};

}  // namespace cairn::client
