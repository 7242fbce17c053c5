#include "core/client/kept_files.h"

#include <algorithm>

#include "core/client/labels.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kMaxSealedSize = proto::kMaxBlob;
constexpr std::size_t kMostUnfinished = 64;

Bytes piece_key(const SealedFileId& id, std::uint64_t offset) {
  wire::Writer w;
  w.raw(id);
  w.u64(offset);
  return w.take();
}

std::optional<KeptFile> kept_row(const StoreView& store, const SealedFileId& id) {
  const auto row = store.get(tables::kKeptFiles, id);
  auto kept = row ? wire::decode<KeptFile>(*row) : Result<KeptFile>(fail(ErrorCode::not_found, "not kept"));
  return kept ? std::optional(*kept) : std::nullopt;
}

}  // namespace

SealedFileId sealed_file_id(const Attachment& file) {
  wire::Writer w;
  w.raw(as_bytes(kHashSealedFile));
  w.u8(0);
  w.raw(file.blob);
  w.raw(file.hash);
  w.u64(file.sealed_size());
  return *SealedFileId::from(crypto::sha256(w.view()));
}

void KeptFile::write(wire::Writer& w) const {
  w.u64(size);
  w.u8(is_whole ? 1 : 0);
}
Result<KeptFile> KeptFile::read(wire::Reader& r) {
  KeptFile out;
  out.size = TRY(r.u64());
  REQUIRE(out.size > 0 && out.size <= kMaxSealedSize, ErrorCode::over_limit, "size of a kept file");
  out.is_whole = TRY(r.presence());
  return out;
}

void FileTry::write(wire::Writer& w) const {
  w.u64(last_ms);
  w.u32(count);
}
Result<FileTry> FileTry::read(wire::Reader& r) {
  FileTry out;
  out.last_ms = TRY(r.u64());
  out.count = TRY(r.u32());
  return out;
}

bool is_kept(const StoreView& store, const SealedFileId& id) {
  const auto kept = kept_row(store, id);
  return kept && kept->is_whole;
}

std::optional<Bytes> kept_bytes(const StoreView& store, const SealedFileId& id, std::uint64_t offset) {
  const auto kept = kept_row(store, id);
  if (!kept || !kept->is_whole || offset >= kept->size) return std::nullopt;
  auto piece = store.get(tables::kKeptPieces, piece_key(id, offset / kSealedPiece * kSealedPiece));
  const auto skipped = static_cast<std::size_t>(offset % kSealedPiece);
  if (!piece || piece->size() <= skipped) return std::nullopt;
  piece->erase(piece->begin(), piece->begin() + static_cast<std::ptrdiff_t>(skipped));
  return piece;
}

void begin_keeping(Context& context, const SealedFileId& id, std::uint64_t size) {
  drop_kept(context, id);
  context.store.put(tables::kKeptFiles, to_bytes(id), wire::encode(KeptFile{size, false}));
}

void keep_piece(Context& context, const SealedFileId& id, std::uint64_t offset, Bytes piece) {
  CHECK(offset % kSealedPiece == 0 && piece.size() <= kSealedPiece);
  context.store.put(tables::kKeptPieces, piece_key(id, offset), std::move(piece));
}

void keep_whole(Context& context, const SealedFileId& id) {
  auto kept = kept_row(context.store, id);
  CHECK(kept.has_value());
  kept->is_whole = true;
  context.store.put(tables::kKeptFiles, to_bytes(id), wire::encode(*kept));
}

void drop_kept(Context& context, const SealedFileId& id) {
  const auto kept = kept_row(context.store, id);
  if (!kept) return;
  // By their places: they need not be read for that.
  for (std::uint64_t at = 0; at < kept->size; at += kSealedPiece) {
    context.store.erase(tables::kKeptPieces, piece_key(id, at));
  }
  context.store.erase(tables::kKeptFiles, to_bytes(id));
}

void drop_unfinished(Context& context) {
  Bytes from;
  for (;;) {
    const auto rows = context.store.scan(tables::kKeptFiles, from, {}, kMostUnfinished);
    if (rows.empty()) return;
    for (const Row& row : rows) {
      const auto id = SealedFileId::from(row.key);
      const auto kept = wire::decode<KeptFile>(row.value);
      if (id && kept && !kept->is_whole) drop_kept(context, *id);
    }
    from = rows.back().key;
    from.push_back(0);
  }
}

void keep_for(Context& context, const SealedFileId& id, const ChannelId& home, std::uint64_t index) {
  context.store.put(tables::kKeptFor, concat({id, numbered(home, index)}), {});
}

void release_kept(Context& context, const SealedFileId& id, const ChannelId& home, std::uint64_t index) {
  Bytes key = concat({id, numbered(home, index)});
  if (!context.store.get(tables::kKeptFor, key)) return;
  context.store.erase(tables::kKeptFor, std::move(key));
  if (context.store.scan_prefix(tables::kKeptFor, id, 1).empty()) drop_kept(context, id);
}

std::optional<FileTry> file_try(const StoreView& store, const SealedFileId& id) {
  const auto row = store.get(tables::kFileTries, id);
  auto tried = row ? wire::decode<FileTry>(*row) : Result<FileTry>(fail(ErrorCode::not_found, "not tried"));
  return tried ? std::optional(*tried) : std::nullopt;
}

void note_try(Context& context, const SealedFileId& id) {
  FileTry tried = file_try(context.store, id).value_or(FileTry{});
  tried.last_ms = context.now.ms;
  tried.count += tried.count == ~std::uint32_t{0} ? 0 : 1;
  context.store.put(tables::kFileTries, to_bytes(id), wire::encode(tried));
}

}  // namespace cairn::client
