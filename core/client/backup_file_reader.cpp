#include "core/client/backup_file_reader.h"

#include "core/client/row_keys.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kLookedAtOnce = 256;

}  // namespace

bool BackupFileReader::look_at_some(Context& context) {
  if (!std::exchange(has_begun_, true)) drop_unfinished(context);
  const auto rows = context.store.scan(tables::kAttachments, from_, {}, kLookedAtOnce);
  for (const Row& row : rows) {
    const auto home = ChannelId::from(ByteView(row.key).first(ChannelId::kSize));
    CHECK(home.has_value());
    want(context, *home, index_of(row.key));
  }
  if (rows.empty()) return false;
  from_ = rows.back().key;
  from_.push_back(0);
  return true;
}

void BackupFileReader::want(Context& context, const ChannelId& home, std::uint64_t index) {
  const auto row = attachment_of(context.store, home, index);
  const auto message = conversations_.message(context.store, home, index);
  if (!row || !message || message->life_s != 0 || message->expires_ms != 0) return;
  const SealedFileId id = sealed_file_id(row->file);
  if (is_kept(context.store, id)) return keep_for(context, id, home, index);
  Wanted& wanted = wanted_[id];
  wanted.hash = row->file.hash;
  wanted.size = row->file.sealed_size();
  wanted.messages.emplace_back(home, index);
}

void BackupFileReader::begin_snapshot(const vault::ManifestContent& manifest, const vault::VaultKeys& keys,
                                      const vault::ChunkIndex& index) {
  reader_.reset();
  chunks_.emplace(keys, index);
  reader_.emplace(manifest, *chunks_, vault::ReadMode::references);
}

BackupFileReader::Step BackupFileReader::step(Context& context) {
  if (reading_ && reading_->next) return fetch(context);
  switch (reader_->next()) {
    case vault::ReadStep::want_pack: return Step::want_pack;
    case vault::ReadStep::entry: begin_entry(context); break;
    case vault::ReadStep::reference:
      if (reading_) reading_->next = reader_->reference();
      break;
    case vault::ReadStep::damage: pass_over(context); break;
    case vault::ReadStep::end_entry: end_entry(context); break;
    case vault::ReadStep::data: break;
    case vault::ReadStep::lost_entries: lost_names_ = true; break;
    case vault::ReadStep::end: return Step::end;
  }
  return Step::more;
}

/// What is shorter was left by a run that did not get all of it.
void BackupFileReader::begin_entry(Context& context) {
  reading_.reset();
  const vault::Entry& entry = reader_->entry();
  const auto id = entry.layout == vault::Layout::own ? file_of_entry(entry.path) : std::nullopt;
  const auto wanted = id ? wanted_.find(*id) : wanted_.end();
  if (wanted == wanted_.end() || wanted->second.size != entry.size) return;
  begin_keeping(context, *id, entry.size);
  reading_.emplace(Reading{*id});
}

BackupFileReader::Step BackupFileReader::fetch(Context& context) {
  SecretBytes bytes;
  switch (chunks_->fetch(*reading_->next, bytes)) {
    case vault::Got::wanted: return Step::want_pack;
    case vault::Got::ready:
      reading_->next.reset();
      reading_->hasher.update(bytes.expose());
      append(reading_->rest, bytes.expose());
      keep_pieces(context);
      return Step::more;
    case vault::Got::damaged:
    case vault::Got::end: pass_over(context);
  }
  return Step::more;
}

void BackupFileReader::keep_pieces(Context& context) {
  const std::uint64_t size = wanted_.at(reading_->id).size;
  for (;;) {
    const std::uint64_t count = std::min(kSealedPiece, size - reading_->written);
    if (count == 0 || reading_->rest.size() < count) return;
    const auto end = reading_->rest.begin() + static_cast<std::ptrdiff_t>(count);
    keep_piece(context, reading_->id, reading_->written, Bytes(reading_->rest.begin(), end));
    reading_->rest.erase(reading_->rest.begin(), end);
    reading_->written += count;
  }
}

void BackupFileReader::end_entry(Context& context) {
  if (!reading_) return;
  const auto wanted = wanted_.find(reading_->id);
  const bool is_whole = reading_->written == wanted->second.size && reading_->rest.empty();
  if (!is_whole || *Hash::from(reading_->hasher.finish()) != wanted->second.hash) return pass_over(context);
  keep_whole(context, reading_->id);
  for (const auto& [home, index] : wanted->second.messages) {
    // It may have been taken back while it was read.
    const auto row = attachment_of(context.store, home, index);
    if (row && sealed_file_id(row->file) == reading_->id) keep_for(context, reading_->id, home, index);
  }
  if (context.store.scan_prefix(tables::kKeptFor, reading_->id, 1).empty()) drop_kept(context, reading_->id);
  damaged_.erase(reading_->id);
  wanted_.erase(wanted);
  reading_.reset();
  ++restored_;
}

/// Another snapshot may have it.
void BackupFileReader::pass_over(Context& context) {
  if (!reading_) return;
  drop_kept(context, reading_->id);
  damaged_.insert(reading_->id);
  reading_.reset();
}

std::vector<std::string> BackupFileReader::damaged(const StoreView& store) const {
  std::vector<std::string> out;
  for (const auto& [id, wanted] : wanted_) {
    if (!damaged_.contains(id)) continue;
    for (const auto& [home, index] : wanted.messages) {
      const auto row = attachment_of(store, home, index);
      if (!row) continue;
      out.push_back(row->file.name);
      break;
    }
  }
  return out;
}

}  // namespace cairn::client
