#include "core/client/backup_files.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/client/attachments.h"
#include "core/client/domains.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::uint32_t kPieceTimeoutMs = 30'000;
/// So long the server of one file is waited for, and as long as it takes at this pace.
constexpr std::uint64_t kMostOfFileMs = 5 * kMinuteMs;
constexpr std::uint64_t kSlowestBytesPerS = 256 * 1024;
/// And so long all of them together. After a while nothing more is begun, so that what came is in a snapshot.
constexpr std::uint64_t kMostOfJobMs = 3 * kHourMs;
constexpr std::uint64_t kLastBeginningMs = 12 * kHourMs;
constexpr std::size_t kMostFetches = 4096;
/// A domain's server that does not answer so often in a row is asked no more in this job.
constexpr unsigned kMostSilent = 3;
/// What failed is tried again after this time, which doubles up to 16 times of it.
constexpr std::uint64_t kFileAgainMs = 12 * kHourMs;
constexpr unsigned kMostFileDoublings = 4;

std::uint64_t rest_of(std::uint64_t limit, std::uint64_t spent) { return limit - std::min(limit, spent); }

}  // namespace

std::optional<SealedFileId> file_of_entry(ByteView path) {
  const std::string text = as_text(path);
  if (!text.starts_with(kFileEntry)) return std::nullopt;
  const auto bytes = from_hex(text.substr(kFileEntry.size()));
  const auto id = bytes ? SealedFileId::from(*bytes) : Result<SealedFileId>(tl::unexpected<Error>(bytes.error()));
  return id ? std::optional(*id) : std::nullopt;
}

// ---- what a snapshot has ----

bool FormerFiles::read() {
  for (;;) {
    switch (reader_.next()) {
      case vault::ReadStep::want_pack: return false;
      case vault::ReadStep::entry:
        id_ = reader_.entry().layout == vault::Layout::own ? file_of_entry(reader_.entry().path) : std::nullopt;
        file_ = {};
        break;
      case vault::ReadStep::reference:
        if (!id_) break;
        file_.chunks.push_back(reader_.reference());
        file_.size += reader_.reference().plain_size;
        break;
      case vault::ReadStep::damage: id_.reset(); break;
      case vault::ReadStep::end_entry:
        // What an interrupted run has left is shorter; another entry may have it whole.
        if (id_ && file_.size == reader_.entry().size && file_.size > files_[*id_].size)
          files_[*id_] = std::move(file_);
        break;
      case vault::ReadStep::data: break;
      case vault::ReadStep::lost_entries:
      case vault::ReadStep::end: return true;
    }
  }
}

// ---- which there are ----

void BackupFiles::take(const ChannelId& home, std::uint64_t index, const Message& message, const Attachment& file) {
  // Nothing that is to disappear is kept longer than it, and nobody makes this device fetch who was not let in.
  const bool stays = !message.unsent && message.life_s == 0 && message.expires_ms == 0;
  if (!stays || is_request_) return;
  all_.push_back({sealed_file_id(file), home, index, message.id, file.sealed_size(), message.time_ms, {}});
  if (all_.size() >= 2 * kMostFilesOfBackup) keep_newest();
}

/// Each once, whatever messages name it.
void BackupFiles::keep_newest() {
  std::ranges::sort(all_,
                    [](const One& a, const One& b) { return std::pair(a.id, b.time_ms) < std::pair(b.id, a.time_ms); });
  const auto is_same = [](const One& a, const One& b) { return a.id == b.id; };
  all_.erase(std::unique(all_.begin(), all_.end(), is_same), all_.end());
  std::ranges::stable_sort(all_, std::greater<>(), &One::time_ms);
  if (all_.size() <= kMostFilesOfBackup) return;
  left_out_ += all_.size() - kMostFilesOfBackup;
  all_.resize(kMostFilesOfBackup);
}

void BackupFiles::end_collecting(Context& context) {
  std::erase_if(all_, [this](const One& one) { return taken_back_.contains(one.message); });
  keep_newest();
  forget_tries(context);
  phase_ = Phase::former;
  at_ = 0;
}

/// Of files that no message names any more.
void BackupFiles::forget_tries(Context& context) {
  std::set<SealedFileId> named;
  for (const One& one : all_) named.insert(one.id);
  for (const Row& row : context.store.scan(tables::kFileTries, {}, {}, 2 * kMostFilesOfBackup)) {
    const auto id = SealedFileId::from(row.key);
    if (!id || !named.contains(*id)) context.store.erase(tables::kFileTries, row.key);
  }
}

BackupFiles::Step BackupFiles::write_some(Context& context, const Account& account, const BackupStorage& storage,
                                          vault::SnapshotWriter& writer) {
  switch (phase_) {
    case Phase::collecting: end_collecting(context); return Step::more;
    case Phase::former:
      if (at_ < all_.size()) {
        write_former(all_[at_++], writer);
      } else {
        end_former(context, storage);
      }
      return Step::more;
    case Phase::fetching:
      if (busy_) return Step::waits;
      if (!fetch_ && !begin_next(context, account, storage)) phase_ = Phase::over;
      if (!fetch_) return Step::more;
      if (fetch_->piece) {
        take_piece(context, storage, writer);
      } else {
        ask(context, account);
      }
      return busy_ ? Step::waits : Step::more;
    case Phase::over: return Step::done;
  }
  return Step::done;
}

// ---- what a snapshot has already: it costs no room ----

void BackupFiles::write_former(const One& one, vault::SnapshotWriter& writer) {
  const auto former = former_.find(one.id);
  if (former == former_.end() || former->second.size != one.size) return new_.push_back(one);
  if (one.size > rest_of(plan_.limit, spent_)) {
    ++left_out_;
    return;
  }
  const Status begun = writer.begin_entry(as_bytes(std::string(kFileEntry) + to_hex(one.id)), {}, vault::Layout::own);
  CHECK(begun.has_value());
  bool is_whole = true;
  for (const vault::Reference& chunk : former->second.chunks) is_whole = is_whole && writer.keep_in_place(chunk);
  writer.end_entry();
  if (!is_whole) return new_.push_back(one);  // a pack of it is gone
  spent_ += one.size;
  bytes_ += one.size;
  ++stored_;
}

bool BackupFiles::is_due(const One& one, Time now) const {
  if (one.tried.count == 0 || plan_.is_asked_for) return true;
  const unsigned doublings = std::min(one.tried.count - 1, kMostFileDoublings);
  return elapsed_ms(now, Time{one.tried.last_ms}) >= kFileAgainMs << doublings;
}

/// What failed goes behind what was not tried yet, and what failed last is the last.
void BackupFiles::end_former(Context& context, const BackupStorage& storage) {
  for (One& one : new_) one.tried = file_try(context.store, one.id).value_or(FileTry{});
  std::ranges::stable_sort(new_, {}, [](const One& one) { return one.tried.last_ms; });
  at_ = 0;
  began_ = context.now;
  phase_ = plan_.fetches ? Phase::fetching : Phase::over;
  if (plan_.fetches) return;
  for (const One& one : new_) {
    const bool may_fit = has_room(one, storage);
    wants_more_ = wants_more_ || (may_fit && is_due(one, context.now));
    ++(may_fit ? missing_ : left_out_);
  }
}

// ---- what is new ----

bool BackupFiles::has_room(const One& one, const BackupStorage& storage) const {
  return one.size <= rest_of(plan_.limit, spent_) && one.size <= rest_of(storage.left(), plan_.reserve);
}

bool BackupFiles::may_begin(Context& context, const One& one, const BackupStorage& storage) {
  const bool may_fit = has_room(one, storage);
  const bool has_time =
      waited_ms_ < kMostOfJobMs && elapsed_ms(context.now, began_) < kLastBeginningMs && begun_ < kMostFetches;
  if (may_fit && has_time && is_due(one, context.now)) return true;
  ++(may_fit ? missing_ : left_out_);
  return false;
}

bool BackupFiles::begin_next(Context& context, const Account& account, const BackupStorage& storage) {
  while (at_ < new_.size()) {
    const One& one = new_[at_++];
    if (!may_begin(context, one, storage)) continue;
    auto row = attachment_of(context.store, one.home, one.index);
    if (!row || sealed_file_id(row->file) != one.id) continue;  // it was taken back just now
    const bool here = is_kept(context.store, one.id);
    const auto message = conversations_.message(context.store, one.home, one.index);
    const bool is_foreign = !here && !is_fetched_from(row->file.domain, account, message);
    if (is_foreign) note_try(context, one.id);
    if (is_foreign || (!here && silent_[row->file.domain] >= kMostSilent)) {
      ++missing_;
      continue;
    }
    ++begun_;
    fetch_.emplace(Fetch{one, std::move(row->file), here});
    return true;
  }
  return false;
}

void BackupFiles::ask(Context& context, const Account& account) {
  Fetch& fetch = *fetch_;
  if (fetch.is_kept) {
    auto here = kept_bytes(context.store, fetch.one.id, fetch.offset);
    fetch.piece = here ? Result<Bytes>(std::move(*here)) : fail(ErrorCode::not_found, "not kept any more");
    return;
  }
  const std::uint64_t length = std::min(kSealedPiece, fetch.one.size - fetch.offset);
  proto::Call call = call_to(context.store, account, fetch.file.domain, proto::kPathBlobGet);
  call.body = wire::encode(proto::BlobGet{fetch.file.blob, fetch.offset, static_cast<std::uint32_t>(length)});
  call.timeout_ms = kPieceTimeoutMs;
  busy_ = true;
  calls_.start(context, {}, std::move(call),
               [self = shared_from_this(), length, asked = context.now](Context& later, const Answer& answer) {
                 self->busy_ = false;
                 Fetch& of = *self->fetch_;  // nothing ends it meanwhile
                 of.waited_ms += elapsed_ms(later.now, asked);
                 self->waited_ms_ += elapsed_ms(later.now, asked);
                 if (!answer.body) {
                   of.piece = Result<Bytes>(tl::unexpected<Error>(answer.body.error()));
                   return;
                 }
                 auto part = wire::decode<proto::BlobPart>(*answer.body);
                 const bool fits = part && part->size == of.one.size && part->data.size() == length;
                 of.piece = fits ? Result<Bytes>(std::move(part->data)) : fail(ErrorCode::inconsistent, "another blob");
               });
}

/// The last piece is written when all of it is what the message says: an entry is as long as the file only then.
void BackupFiles::take_piece(Context& context, const BackupStorage& storage, vault::SnapshotWriter& writer) {
  Fetch& fetch = *fetch_;
  Result<Bytes> piece = std::move(*fetch.piece);
  fetch.piece.reset();
  if (!piece) return failed(context, piece.error().code, writer);
  silent_.erase(fetch.file.domain);
  fetch.hasher.update(*piece);
  const bool is_last = fetch.offset + piece->size() == fetch.one.size;
  if (is_last && *Hash::from(fetch.hasher.finish()) != fetch.file.hash) {
    return failed(context, ErrorCode::inconsistent, writer);
  }
  if (storage.left() < plan_.reserve) {
    ++left_out_;
    return end_fetch(writer);
  }
  if (fetch.offset == 0) {
    const std::string path = std::string(kFileEntry) + to_hex(fetch.one.id);
    const Status begun = writer.begin_entry(as_bytes(path), {}, vault::Layout::own);
    CHECK(begun.has_value());
  }
  writer.write(*piece);
  fetch.offset += piece->size();
  spent_ += piece->size();
  if (is_last) {
    context.store.erase(tables::kFileTries, to_bytes(fetch.one.id));
    bytes_ += fetch.one.size;
    ++stored_;
    return end_fetch(writer);
  }
  const std::uint64_t most = kMostOfFileMs + fetch.one.size / kSlowestBytesPerS * kSecondMs;
  if (fetch.waited_ms > most) failed(context, ErrorCode::over_limit, writer);
}

void BackupFiles::end_fetch(vault::SnapshotWriter& writer) {
  if (fetch_->offset > 0) writer.end_entry();
  fetch_.reset();
}

void BackupFiles::failed(Context& context, ErrorCode code, vault::SnapshotWriter& writer) {
  if (code == ErrorCode::unavailable || code == ErrorCode::rate_limited) ++silent_[fetch_->file.domain];
  note_try(context, fetch_->one.id);
  ++missing_;
  end_fetch(writer);
}

}  // namespace cairn::client
