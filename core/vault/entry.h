// What a snapshot is made of (docs/spec/backup.md s.4).
#pragma once

#include "core/vault/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::vault {

/// How an entry's data is kept: many small ones together, or one in chunks of its own, which can be kept unread.
enum class Layout : std::uint8_t { batched = 1, own = 2 };

struct Entry {
  Bytes path;        ///< 1 to kMaxPathSize bytes that the caller understands
  Bytes attributes;  ///< at most kMaxAttributesSize
  Layout layout = Layout::batched;
  std::uint64_t size = 0;

  static constexpr std::size_t kMaxEncodedSize = 2 + kMaxPathSize + 2 + kMaxAttributesSize + 9;
  void write(wire::Writer& writer) const;
  static Result<Entry> read(wire::Reader& reader);
  friend bool operator==(const Entry&, const Entry&) = default;
};

}  // namespace cairn::vault
