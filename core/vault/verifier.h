// Whether a snapshot could be restored: every bit of its packs, or of some of them (docs/spec/backup.md s.4).
#pragma once

#include <span>

#include "core/vault/snapshot_reader.h"

namespace cairn::vault {

/// What is wrong with one pack.
enum class PackFault : std::uint8_t { none, missing, table, chunks };

/// Every bit of one pack: table, padding and chunks, and that `index` says the same. Tells `chunks` which places are
/// bad.
PackFault check_pack(const VaultKeys& keys, const ChunkIndex& index, ChunkIndex::PackNumber pack, ByteView bytes,
                     StoredChunks& chunks);

/// Each pack of the index with a probability of share in 1000, and at least one.
std::vector<ChunkIndex::PackNumber> sample_packs(const ChunkIndex& index, std::uint32_t share, Entropy& entropy);
std::vector<ChunkIndex::PackNumber> all_packs(const ChunkIndex& index);

/// What next() came to.
enum class VerifyStep : std::uint8_t {
  want_pack,     ///< wanted() must come, or be said to be missing
  bad_pack,      ///< wanted() has fault(); what that destroys follows as damage
  damage,        ///< of reader().entry()
  lost_entries,  ///< names are lost
  end
};

/// First the packs, then the entries: so that what is bad has a name. Keys, index and manifest must outlive it.
class SnapshotVerifier {
 public:
  SnapshotVerifier(const VaultKeys& keys, const ChunkIndex& index, const ManifestContent& manifest,
                   std::vector<ChunkIndex::PackNumber> packs);

  VerifyStep next();
  const ObjectId& wanted() const { return wanted_; }
  void give(const ObjectId& pack, Bytes bytes);
  void missing(const ObjectId& pack);

  PackFault fault() const { return fault_; }
  const SnapshotReader& reader() const { return reader_; }

 private:
  VerifyStep next_entry();

  const VaultKeys* keys_;
  const ChunkIndex* index_;
  std::vector<ChunkIndex::PackNumber> packs_;
  std::size_t at_ = 0;
  StoredChunks chunks_;
  SnapshotReader reader_;
  ObjectId wanted_;
  PackFault fault_ = PackFault::none;
  bool told_ = true;  ///< of the fault
};

}  // namespace cairn::vault
