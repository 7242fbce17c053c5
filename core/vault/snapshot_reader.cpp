#include "core/vault/snapshot_reader.h"

#include <algorithm>

namespace cairn::vault {

SnapshotReader::SnapshotReader(const ManifestContent& manifest, StoredChunks& chunks, ReadMode mode)
    : chunks_(&chunks),
      mode_(mode),
      entries_left_(manifest.entry_count),
      entry_list_(manifest.entries, chunks),
      batched_{TreeReader(manifest.batched, chunks)},
      own_{TreeReader(manifest.own, chunks)} {}

ReadStep SnapshotReader::next() {
  switch (state_) {
    case State::between: return between_entries();
    case State::inside: return in_entry();
    default: return ReadStep::end;
  }
}

/// Reads the list of entries until it has a whole one, or all that is to be had.
Got SnapshotReader::read_entries() {
  while (!list_ended_ && list_.size() - list_at_ < Entry::kMaxEncodedSize) {
    Got got = list_chunk_ ? Got::ready : entry_list_.next();
    if (got == Got::ready && !list_chunk_) list_chunk_ = entry_list_.reference();
    SecretBytes bytes;
    if (got == Got::ready) got = chunks_->fetch(*list_chunk_, bytes);
    if (got == Got::wanted) return got;
    list_ended_ = got != Got::ready;
    list_lost_ = got == Got::damaged;
    if (list_ended_) break;
    list_chunk_.reset();
    list_.erase(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(list_at_));
    list_at_ = 0;
    append(list_, bytes.expose());
  }
  return list_at_ == list_.size() ? Got::end : Got::ready;
}

ReadStep SnapshotReader::between_entries() {
  const Got got = read_entries();
  if (got == Got::wanted) return ReadStep::want_pack;
  if (got == Got::end) return at_end();
  wire::Reader reader(ByteView(list_).subspan(list_at_));
  auto entry = Entry::read(reader);
  if (!entry || entries_left_ == 0) {
    state_ = State::ended;
    return ReadStep::lost_entries;
  }
  entry_ = std::move(*entry);
  list_at_ = list_.size() - reader.left();
  --entries_left_;
  left_ = entry_.size;
  state_ = State::inside;
  return ReadStep::entry;
}

bool SnapshotReader::is_spent(Cursor& cursor) {
  return cursor.lost || (cursor.at == cursor.size && cursor.references.left() == 0);
}

ReadStep SnapshotReader::at_end() {
  // Of streams that are not read nothing can be said.
  const bool whole =
      !list_lost_ && entries_left_ == 0 && (mode_ == ReadMode::references || is_spent(batched_)) && is_spent(own_);
  state_ = State::ended;
  return whole ? ReadStep::end : ReadStep::lost_entries;
}

ReadStep SnapshotReader::in_entry() {
  Cursor& from = cursor();
  const bool unread = mode_ == ReadMode::references && entry_.layout == Layout::batched;
  while (left_ > 0 && !unread) {
    if (!from.lost && from.at == from.size && next_chunk(from) == Got::wanted) return ReadStep::want_pack;
    if (from.lost) return damage(left_);
    if (mode_ == ReadMode::data && !from.fetched && fetch(from) == Got::wanted) return ReadStep::want_pack;
    if (const auto step = give(from)) return *step;
  }
  // A chunk of its own ends where the entry does.
  if (entry_.layout == Layout::own && from.at != from.size) from.lost = true;
  state_ = State::between;
  return ReadStep::end_entry;
}

Got SnapshotReader::next_chunk(Cursor& cursor) {
  const Got got = cursor.references.next();
  if (got == Got::wanted) return got;
  cursor.lost = got != Got::ready;
  if (cursor.lost) return got;
  cursor.size = cursor.references.reference().plain_size;
  cursor.at = 0;
  cursor.fetched = false;
  if (mode_ != ReadMode::data) cursor.sound = chunks_->is_listed(cursor.references.reference());
  return got;
}

Got SnapshotReader::fetch(Cursor& cursor) {
  const Got got = chunks_->fetch(cursor.references.reference(), cursor.bytes);
  if (got == Got::wanted) return got;
  cursor.fetched = true;
  cursor.sound = got == Got::ready;
  return got;
}

/// What the chunk has for this entry; nothing where nothing is told of it.
std::optional<ReadStep> SnapshotReader::give(Cursor& cursor) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, cursor.size - cursor.at));
  const std::size_t at = std::exchange(cursor.at, cursor.at + size);
  if (!cursor.sound && mode_ != ReadMode::references) return damage(size);
  left_ -= size;
  if (mode_ == ReadMode::places) return std::nullopt;
  reference_ = cursor.references.reference();
  if (mode_ == ReadMode::references) return ReadStep::reference;
  data_ = cursor.bytes.expose().subspan(at, size);
  return ReadStep::data;
}

ReadStep SnapshotReader::damage(std::uint64_t size) {
  damaged_offset_ = entry_.size - left_;
  damaged_size_ = size;
  left_ -= size;
  return ReadStep::damage;
}

}  // namespace cairn::vault
