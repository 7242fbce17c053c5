// Blobs: bytes under random ids that whoever knows the id may read, for a time (docs/spec/relay.md s.6). What they are
// is not known here.
//
// Parts, room and erasing are as with vaults: room for the whole is charged with the first part, and what is deleted
// or has run out loses its row at once and is erased afterwards, in steps.
#pragma once

#include "core/relay/config.h"
#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// On whose account a part comes; the caller has seen to it that it may.
struct BlobAccount {
  BlobPayer payer = BlobPayer::name;
  std::string name;
};

struct Blobs {
  const RelayLimits& limits;

  /// `unavailable` while a blob of this id, or what the room is needed from, is erased.
  Result<Answer> put(Turn& turn, const BlobAccount& account, const proto::BlobPut& request) const;
  /// `not_found` unless the blob is whole and in its time, `over_limit` for a range that begins at or beyond its end.
  static Result<proto::BlobPart> get(const StoreView& rows, Time now, const proto::BlobGet& request);
  /// `conflict` for what is held.
  static Status remove(Turn& turn, const proto::BlobDelete& request);
  /// Where the envelopes of a commit may wait: in mailboxes of this server, or before that in the queue to another one
  /// and then in its mailboxes.
  enum class Wait : std::uint8_t { here, here_and_elsewhere };
  /// Keeps what a commit or welcome lies in for as long as its envelopes may wait. `not_found` unless it is whole, of
  /// this size and digest, and on the account for channels of `creator`.
  Status hold(Turn& turn, std::string_view creator, const proto::BlobRef& ref, Wait wait) const;

 private:
  std::uint64_t quota(BlobPayer payer) const {
    return payer == BlobPayer::name ? limits.blob_bytes : limits.channel_blob_bytes;
  }
};

/// Deletes a blob that has run out; `key` is a key of kBlobs.
void expire_blob(Turn& turn, ByteView key);

/// Erases some parts of what is deleted, at most 8 MiB, and gives the room back. Whether there is more.
bool erase_dying_blobs(Turn& turn);

}  // namespace cairn::relay
