// Makes a snapshot: takes entries, gives objects to put. No input or output of its own (docs/spec/backup.md s.4).
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <span>

#include "core/vault/chunk_index.h"
#include "core/vault/entry.h"
#include "core/vault/manifest.h"
#include "core/vault/pack.h"

namespace cairn::vault {

/// A snapshot that takes longer is begun anew: what it builds on may be gone by then (kUnneededGraceMs is longer).
constexpr std::uint64_t kLongestSnapshotMs = 3 * kDayMs;

/// What the manifest says beyond the entries.
struct SnapshotInfo {
  std::uint32_t generation = 0;
  VaultId vault;
  std::optional<SnapshotHead> previous;  ///< the newest snapshot that is known
  Time created;
  Bytes chain;  ///< at most kMaxChainBytes
};

/// The caller goes round: while may_write(), it gives entries; it takes every object, has it stored durably, and says
/// stored(). After finish() it goes on until done(): when all others are stored, and confirm() has seen them in a new
/// listing, the last objects are the manifest, under two ids: one may be damaged. Whatever happens in between, no
/// snapshot is there that is not whole. `keys` and `entropy` must outlive it.
class SnapshotWriter : private ChunkSink {
 public:
  /// `index` knows what is stored already: of the newest snapshot, and of packs that an interrupted run left. Of that
  /// only counts what `stored`, the vault as listed at `began`, has with its size.
  SnapshotWriter(const VaultKeys& keys, ChunkIndex index, const StoredObjects& stored, Time began, Entropy& entropy);
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  /// Whether the objects that wait are few enough. They stay few whatever the caller does: what is written while this
  /// is false goes beyond the bound by its own size.
  bool may_write() const { return queue_.size() + under_way_.size() < kMaxWaiting; }

  /// `over_limit` for a path or attributes too long, `malformed` for an empty path; nothing was begun then.
  Status begin_entry(ByteView path, ByteView attributes, Layout layout);
  /// The next bytes of the entry, at most kMaxPiece (CHECKed).
  void write(ByteView data);
  /// For an entry of layout own (CHECKed): its next bytes are that chunk, which a former snapshot had. False if it is
  /// not stored, or must move: then the bytes must be written.
  bool keep(const Reference& reference) { return keep_of(reference, ChunkIndex::SparsePacks::are_left); }
  /// Likewise, and false only if it is not stored: for bytes that the caller could not write any more.
  bool keep_in_place(const Reference& reference) { return keep_of(reference, ChunkIndex::SparsePacks::are_used); }
  void end_entry();

  /// Ends the snapshot. `over_limit` if it is too large for a manifest, or if nothing is higher than the counter of the
  /// one before; `malformed` for what no reader would take. It is never done then.
  Status finish(const SnapshotInfo& info, const crypto::SigningKey& signer);

  std::optional<Object> take_object();
  void stored(const ObjectId& id);
  /// Whether nothing but the manifest is left, and the vault must be listed for confirm().
  bool wants_listing() const { return finished_ && !confirmed_ && queue_.empty() && under_way_.empty(); }
  /// The manifest may be put. `stale` if kLongestSnapshotMs have passed since the beginning; `not_found` if the listing
  /// lacks an index or pack that the snapshot needs, or has it with another size. Then the snapshot must be begun anew.
  Status confirm(const StoredObjects& stored, Time now);
  /// After finish(): whether a listing has every index and pack that the snapshot needs.
  Status is_whole(const StoredObjects& stored) const;
  bool done() const { return finished_ && confirmed_ && queue_.empty() && under_way_.empty(); }

  /// After finish().
  const SnapshotHead& head() const { return head_; }

 private:
  static constexpr std::size_t kMaxWaiting = 3;
  struct OpenPack {
    std::optional<PackBuilder> builder;
    ChunkIndex::PackNumber number = 0;
  };

  Reference put(ByteView plain, Purpose purpose) override;
  bool keep_of(const Reference& reference, ChunkIndex::SparsePacks sparse);
  void add(OpenPack& pack, const ChunkId& id, ByteView plain);
  void close(OpenPack& pack);
  TreeWriter& content() { return entry_->layout == Layout::own ? own_ : batched_; }
  std::vector<IndexReference> finish_indexes();

  const VaultKeys* keys_;
  ChunkIndex index_;
  Entropy* entropy_;
  ChunkSealer sealer_;
  OpenPack data_;
  OpenPack lists_;
  TreeWriter entries_;
  TreeWriter batched_;
  TreeWriter own_;
  std::optional<Entry> entry_;
  std::uint64_t entry_count_ = 0;
  std::deque<Object> queue_;
  std::set<ObjectId> under_way_;
  std::vector<IndexReference> indexes_;  ///< of the manifest
  std::deque<Object> manifests_;         ///< the same one under two ids
  SnapshotHead head_;
  Time began_;
  bool finished_ = false;
  bool confirmed_ = false;
};

}  // namespace cairn::vault
