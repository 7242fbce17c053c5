#include "core/vault/snapshot_writer.h"

#include "core/vault/internal/listing.h"

namespace cairn::vault {

SnapshotWriter::SnapshotWriter(const VaultKeys& keys, ChunkIndex index, const StoredObjects& stored, Time began,
                               Entropy& entropy)
    : keys_(&keys),
      index_(std::move(index)),
      entropy_(&entropy),
      entries_(keys.gear(), Purpose::list, *this),
      batched_(keys.gear(), Purpose::data, *this),
      own_(keys.gear(), Purpose::data, *this),
      began_(began) {
  index_.mark_sparse();
  index_.mark_lost(stored);
}

Status SnapshotWriter::begin_entry(ByteView path, ByteView attributes, Layout layout) {
  CHECK(!entry_ && !finished_);
  REQUIRE(!path.empty(), ErrorCode::malformed, "snapshot: empty path");
  REQUIRE(path.size() <= kMaxPathSize, ErrorCode::over_limit, "snapshot: path");
  REQUIRE(attributes.size() <= kMaxAttributesSize, ErrorCode::over_limit, "snapshot: attributes");
  entry_ = Entry{to_bytes(path), to_bytes(attributes), layout, 0};
  return ok();
}

void SnapshotWriter::write(ByteView data) {
  CHECK(entry_ && data.size() <= kMaxPiece);
  entry_->size += data.size();
  content().write(data);
}

bool SnapshotWriter::keep_of(const Reference& reference, ChunkIndex::SparsePacks sparse) {
  CHECK(entry_ && entry_->layout == Layout::own);
  own_.cut();
  if (index_.use(reference.id, reference.plain_size, sparse) == 0) return false;
  own_.keep(reference);
  entry_->size += reference.plain_size;
  return true;
}

void SnapshotWriter::end_entry() {
  CHECK(entry_);
  if (entry_->layout == Layout::own) own_.cut();
  entries_.write(wire::encode(*entry_));
  ++entry_count_;
  entry_.reset();
}

Reference SnapshotWriter::put(ByteView plain, Purpose purpose) {
  const Reference reference{keys_->chunk_id(plain), static_cast<std::uint32_t>(plain.size())};
  const std::size_t wanted = purpose == Purpose::list ? 2 : 1;
  const std::size_t found = index_.use(reference.id, plain.size());
  if (found >= wanted) return reference;
  // The one that is found may be in the open pack of data, but not in that of lists.
  if (found == 0) add(data_, reference.id, plain);
  if (purpose == Purpose::list) add(lists_, reference.id, plain);
  CHECK(index_.use(reference.id, plain.size()) >= wanted);
  return reference;
}

void SnapshotWriter::add(OpenPack& pack, const ChunkId& id, ByteView plain) {
  if (pack.builder && !pack.builder->fits(plain.size())) close(pack);
  if (!pack.builder) {
    pack.builder.emplace(*keys_, *entropy_);
    pack.number = index_.begin_pack(pack.builder->id());
  }
  index_.add_chunk(pack.number, pack.builder->add(sealer_, id, plain));
}

void SnapshotWriter::close(OpenPack& pack) {
  if (!pack.builder) return;
  queue_.push_back({pack.builder->id(), pack.builder->finish(*entropy_)});
  index_.end_pack(pack.number, queue_.back().bytes.size());
  pack.builder.reset();
}

std::vector<IndexReference> SnapshotWriter::finish_indexes() {
  internal::IndexPlan plan = internal::plan_indexes(index_);
  for (Object& object : seal_indexes(*keys_, plan.listings, *entropy_)) {
    plan.kept.push_back(IndexReference::to(object));
    queue_.push_back(std::move(object));
  }
  return std::move(plan.kept);
}

Status SnapshotWriter::finish(const SnapshotInfo& info, const crypto::SigningKey& signer) {
  CHECK(!entry_ && !finished_);
  REQUIRE(info.chain.size() <= kMaxChainBytes, ErrorCode::over_limit, "snapshot: chain");
  REQUIRE(!info.previous || info.previous->counter < ~std::uint64_t{0}, ErrorCode::over_limit, "snapshot: counter");
  ManifestContent content;
  content.generation = info.generation;
  content.vault = info.vault;
  content.counter = info.previous ? info.previous->counter + 1 : 1;
  if (info.previous) content.previous = info.previous->hash;
  content.created = info.created;
  content.chain = info.chain;
  content.entry_count = entry_count_;
  content.batched = batched_.finish();
  content.own = own_.finish();
  content.entries = entries_.finish();
  close(data_);
  close(lists_);
  content.indexes = finish_indexes();
  REQUIRE(content.indexes.size() <= kMaxIndexesOfManifest, ErrorCode::over_limit, "snapshot: indexes");
  // What no reader would take is not written.
  TRY(wire::decode<ManifestContent>(wire::encode(content)));
  indexes_ = content.indexes;
  head_ = content.head();
  for (int i = 0; i < 2; ++i) manifests_.push_back(seal_manifest(*keys_, content, signer, *entropy_));
  finished_ = true;
  return ok();
}

std::optional<Object> SnapshotWriter::take_object() {
  if (queue_.empty()) return std::nullopt;
  Object out = std::move(queue_.front());
  queue_.pop_front();
  under_way_.insert(out.id);
  return out;
}

Status SnapshotWriter::confirm(const StoredObjects& stored, Time now) {
  CHECK(wants_listing());
  REQUIRE(elapsed_ms(now, began_) <= kLongestSnapshotMs, ErrorCode::stale, "snapshot: took too long");
  TRY(is_whole(stored));
  confirmed_ = true;
  queue_ = std::move(manifests_);
  return ok();
}

Status SnapshotWriter::is_whole(const StoredObjects& stored) const {
  CHECK(finished_);
  for (const IndexReference& index : indexes_) {
    const auto at = stored.find(index.id);
    REQUIRE(at != stored.end() && at->second == index.size, ErrorCode::not_found, "snapshot: an index that is gone");
  }
  for (const ChunkIndex::Pack& pack : index_.packs()) {
    if (!pack.used) continue;
    const auto at = stored.find(pack.id);
    REQUIRE(at != stored.end() && at->second == pack.size, ErrorCode::not_found, "snapshot: a pack that is gone");
  }
  return ok();
}

void SnapshotWriter::stored(const ObjectId& id) { CHECK(under_way_.erase(id) == 1); }

}  // namespace cairn::vault
