// Bytes of files that this device has by itself: what came out of a backup, sealed as it lay on the server
// (docs/spec/client.md s.9, s.14). They go with the last message that names them.
#pragma once

#include "core/client/attachment.h"
#include "core/proto/files.h"

namespace cairn::client {

/// Which bytes a blob has: SHA-256(kHashSealedFile || 0x00 || its id || SHA-256 of it || uint64 size). Its id alone
/// does not say: whoever sends a file chooses it.
using SealedFileId = FixedBytes<struct SealedFileIdTag, 32>;
SealedFileId sealed_file_id(const Attachment& file);

/// Bytes of each piece but the last: whole chunks, as a server is asked for at once.
constexpr std::uint64_t kSealedPiece = proto::kMaxFilePiece / crypto::kStreamChunk * crypto::kStreamSealedChunk;

/// tables::kKeptFiles. Until it is whole nothing of it is used.
struct KeptFile {
  std::uint64_t size = 0;
  bool is_whole = false;

  void write(wire::Writer&) const;
  static Result<KeptFile> read(wire::Reader&);
};

/// tables::kFileTries: bytes that a backup was to take and did not get.
struct FileTry {
  std::uint64_t last_ms = 0;
  std::uint32_t count = 0;  ///< at least 1 in a row

  void write(wire::Writer&) const;
  static Result<FileTry> read(wire::Reader&);
};

bool is_kept(const StoreView& store, const SealedFileId& id);
/// From `offset` on, to the end of the piece in which that lies; nothing when they are not here.
std::optional<Bytes> kept_bytes(const StoreView& store, const SealedFileId& id, std::uint64_t offset);

/// Whatever there is of it goes; then its pieces may come.
void begin_keeping(Context& context, const SealedFileId& id, std::uint64_t size);
/// The piece that begins at `offset`, a multiple of kSealedPiece.
void keep_piece(Context& context, const SealedFileId& id, std::uint64_t offset, Bytes piece);
/// All pieces are there, and are what `id` says.
void keep_whole(Context& context, const SealedFileId& id);
void drop_kept(Context& context, const SealedFileId& id);
/// What was begun and is not whole.
void drop_unfinished(Context& context);
/// This message names it.
void keep_for(Context& context, const SealedFileId& id, const ChannelId& home, std::uint64_t index);
/// This message does not any more: what no other one names goes.
void release_kept(Context& context, const SealedFileId& id, const ChannelId& home, std::uint64_t index);

std::optional<FileTry> file_try(const StoreView& store, const SealedFileId& id);
void note_try(Context& context, const SealedFileId& id);

}  // namespace cairn::client
