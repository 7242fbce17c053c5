// The bytes of files out of snapshots, behind everything else of a restore (docs/spec/client.md s.9): each is looked at
// by itself, and what is not what its message says is named and passed over.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/client/backup_files.h"

namespace cairn::client {

class BackupFileReader {
 public:
  /// Outlives it.
  explicit BackupFileReader(const Conversations& conversations) : conversations_(conversations) {}

  /// Looks at the next messages with files; false when there are no more. What was begun before goes.
  bool look_at_some(Context& context);
  bool wants_any() const { return !wanted_.empty(); }

  /// From here on out of this snapshot; all outlive that.
  void begin_snapshot(const vault::ManifestContent& manifest, const vault::VaultKeys& keys,
                      const vault::ChunkIndex& index);
  enum class Step : std::uint8_t { more, want_pack, end };
  /// Of at most one chunk.
  Step step(Context& context);
  vault::StoredChunks& chunks() { return *chunks_; }

  std::size_t restored() const { return restored_; }
  std::size_t all() const { return restored_ + wanted_.size(); }
  bool lost_names() const { return lost_names_; }
  /// Names of files that some snapshot has and none has sound.
  std::vector<std::string> damaged(const StoreView& store) const;

 private:
  struct Wanted {
    Hash hash;
    std::uint64_t size = 0;
    std::vector<std::pair<ChannelId, std::uint64_t>> messages;  ///< that name it
  };
  struct Reading {
    SealedFileId id;
    crypto::Hasher hasher = crypto::Hasher(crypto::HashAlgorithm::sha256);
    Bytes rest = {};                                      ///< of a piece
    std::uint64_t written = 0;                            ///< of pieces
    std::optional<vault::Reference> next = std::nullopt;  ///< chunk that is to be fetched
  };

  void want(Context& context, const ChannelId& home, std::uint64_t index);
  void begin_entry(Context& context);
  Step fetch(Context& context);
  void keep_pieces(Context& context);
  void end_entry(Context& context);
  void pass_over(Context& context);

  const Conversations& conversations_;
  Bytes from_;  ///< next key of tables::kAttachments
  bool has_begun_ = false;
  std::map<SealedFileId, Wanted> wanted_;
  std::set<SealedFileId> damaged_;
  std::optional<vault::StoredChunks> chunks_;
  std::optional<vault::SnapshotReader> reader_;
  std::optional<Reading> reading_;
  std::size_t restored_ = 0;
  bool lost_names_ = false;
};

}  // namespace cairn::client
