// Reads a snapshot: wants packs, gives entries in order (docs/spec/backup.md s.4). No input or output of its own.
#pragma once

#include "core/vault/entry.h"
#include "core/vault/manifest.h"
#include "core/vault/stored_chunks.h"

namespace cairn::vault {

enum class ReadMode : std::uint8_t {
  data,        ///< every byte
  references,  ///< of entries in chunks of their own the chunks, of others nothing: for the next snapshot
  places       ///< nothing but damage: whether all chunks are where they should be, as far as `chunks` knows
};

/// What next() came to.
enum class ReadStep : std::uint8_t {
  want_pack,     ///< StoredChunks::wanted() must come, or be said to be missing
  entry,         ///< entry() begins
  data,          ///< data() are its next bytes
  reference,     ///< reference() is its next chunk
  damage,        ///< damaged_size() bytes of it, from damaged_offset(), are lost
  end_entry,     ///< it was all
  lost_entries,  ///< the list of entries is lost from here on, or not what the manifest says; `end` follows
  end
};

/// `chunks` must outlive it.
class SnapshotReader {
 public:
  SnapshotReader(const ManifestContent& manifest, StoredChunks& chunks, ReadMode mode);

  ReadStep next();
  const Entry& entry() const { return entry_; }
  /// Good until the next call.
  ByteView data() const { return data_; }
  const Reference& reference() const { return reference_; }
  std::uint64_t damaged_offset() const { return damaged_offset_; }
  std::uint64_t damaged_size() const { return damaged_size_; }

 private:
  /// Where one stream of content is read.
  struct Cursor {
    TreeReader references;
    SecretBytes bytes = {};  ///< of the chunk, when it was fetched
    std::size_t size = 0;    ///< of the chunk
    std::size_t at = 0;      ///< how much of it was given
    bool fetched = false;
    bool sound = false;
    bool lost = false;  ///< where its chunks are is not known any more
  };

  ReadStep between_entries();
  ReadStep in_entry();
  std::optional<ReadStep> give(Cursor& cursor);
  ReadStep damage(std::uint64_t size);
  Got fetch(Cursor& cursor);
  Got next_chunk(Cursor& cursor);
  Got read_entries();
  bool is_spent(Cursor& cursor);
  ReadStep at_end();
  Cursor& cursor() { return entry_.layout == Layout::own ? own_ : batched_; }

  enum class State : std::uint8_t { between, inside, ended };

  StoredChunks* chunks_;
  ReadMode mode_;
  std::uint64_t entries_left_;
  TreeReader entry_list_;
  std::optional<Reference> list_chunk_;  ///< told of, not read
  Bytes list_;                           ///< of the entries, what was read last
  std::size_t list_at_ = 0;              ///< how much of it was parsed
  bool list_ended_ = false;
  bool list_lost_ = false;
  Cursor batched_;
  Cursor own_;

  State state_ = State::between;
  Entry entry_;
  std::uint64_t left_ = 0;  ///< of the entry
  ByteView data_;
  Reference reference_;
  std::uint64_t damaged_offset_ = 0;
  std::uint64_t damaged_size_ = 0;
};

}  // namespace cairn::vault
