// What a mind may ask of storage: ordered tables of bytes, read synchronously.
//
// A mind (client, relay, witness) reads through a StoreView and hands its writes back as data; the
// shell commits all writes of a batch in one transaction before anything is sent. Every backend
// (memory, SQLite, later PostgreSQL) keeps one contract, and one test of it (shell/store).
#pragma once

#include <optional>
#include <vector>

#include "core/base/bytes.h"

namespace cairn {

/// One ordered table. Numbers are for ever: each mind lists its own in its tables.h, from 1 to 255.
enum class Table : std::uint8_t {};

/// A row as stored. Keys order as byte strings.
struct Row {
  Bytes key;
  Bytes value;
};

/// Sets a row, or deletes it when `value` is absent (deleting what is not there is allowed).
struct Write {
  Table table;
  Bytes key;
  std::optional<Bytes> value;
};

enum class Order { ascending, descending };

/// Committed rows plus the writes pending in the current batch. Never fails on absence; a broken
/// disk ends the batch in the shell, so a mind sees no storage errors while reading.
class StoreView {
 public:
  virtual ~StoreView() = default;

  /// The row's value, or nothing.
  virtual std::optional<Bytes> get(Table table, ByteView key) const = 0;

  /// At most `limit` rows with first <= key < end, in `order`; an empty `end` means no upper bound.
  virtual std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                                Order order = Order::ascending) const = 0;

  /// True while the disk is full. A mind then answers storage_full to whatever makes the store larger, before it
  /// changes anything, and goes on with what shrinks it or keeps its size (deliveries, acknowledgements, logins): a
  /// commit that the store has to refuse costs the whole batch and every socket.
  virtual bool full() const { return false; }

  /// Rows whose key begins with `prefix`, ascending, at most `limit`.
  std::vector<Row> scan_prefix(Table table, ByteView prefix, std::size_t limit) const;
};

/// The least key that is greater than every key beginning with `prefix`; empty when there is none.
Bytes prefix_end(ByteView prefix);

}  // namespace cairn
