// Bytes that come in parts: objects of vaults, and blobs. Each part is a row of its own, in the order in which it came.
#pragma once

#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// What one step erases. A part that is small counts as a sixteenth of one that is whole.
constexpr std::uint64_t kEraseAtOnce = 8 * proto::kVaultPart;
constexpr std::uint64_t kEraseLeast = proto::kVaultPart / 16;
constexpr std::size_t kEraseRowsAtOnce = kEraseAtOnce / kEraseLeast;

/// The parts of one thing: rows of `table` under numbered_key(key, number).
struct Parts {
  Table table;
  ByteView key;

  /// Of the first `have` bytes.
  static std::uint64_t count(std::uint64_t have) { return (have + proto::kVaultPart - 1) / proto::kVaultPart; }

  /// `have` bytes are there.
  void append(Turn& turn, std::uint64_t have, Bytes part) const {
    turn.rows.put(table, numbered_key(key, count(have)), std::move(part));
  }
  /// `internal` when it is not there.
  Result<Bytes> load(const StoreView& rows, std::uint64_t number) const;
  /// Bytes [offset, end).
  Result<Bytes> read(const StoreView& rows, std::uint64_t offset, std::uint64_t end) const;
  /// Erases from the last part on, while `most` lasts, and takes off `have` what is gone. Whether all are.
  bool erase(Turn& turn, std::uint64_t& have, std::uint64_t& most) const;
};

}  // namespace cairn::relay
