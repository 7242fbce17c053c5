// What a mind asks of the files of the machine that it runs on, as calls to `local-file:` URLs that the shell answers
// (shell/files): a mind opens no file itself. They never leave the machine, so there is no other end to agree with.
//
// Paths are absolute. A reply is the struct named with status 200, or an ErrorAnswer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/types.h"
#include "core/proto/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::proto {

inline constexpr std::string_view kFileScheme = "local-file:";
inline constexpr std::string_view kUrlFileRead = "local-file:read";
inline constexpr std::string_view kUrlFileWrite = "local-file:write";
inline constexpr std::string_view kUrlFileFinish = "local-file:finish";
inline constexpr std::string_view kUrlFileDrop = "local-file:drop";

constexpr std::size_t kMaxPath = 4096;                 ///< bytes
constexpr std::size_t kMaxFilePiece = 15 * 64 * 1024;  ///< bytes read or written at once

/// Which file it is and when it last changed: another one after every change of content that the system tells.
using FileStamp = FixedBytes<struct FileStampTag, 40>;
/// Of a file that is being written and is not at its place yet.
using FileId = FixedBytes<struct FileIdTag, 16>;

/// Bytes of a plain file -> FilePiece. `not_found`, `conflict` when the file is not the one of `stamp` any more.
struct FileRead {
  std::string path;
  std::optional<FileStamp> stamp;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  ///< at most kMaxFilePiece; 0: only its stamp and size

  void write(wire::Writer&) const;
  static Result<FileRead> read(wire::Reader&);
};
struct FilePiece {
  FileStamp stamp;
  std::uint64_t size = 0;  ///< of the whole file
  Bytes data;              ///< shorter than asked for only at the file's end

  void write(wire::Writer&) const;
  static Result<FilePiece> read(wire::Reader&);
};

/// Where the bytes of a file gather that is to stand at `path` when it is whole, beside it, mode 0600 -> FileHave.
struct FileWrite {
  std::string path;
  FileId id;
  std::uint64_t offset = 0;  ///< what is there behind it goes
  Bytes data;                ///< at most kMaxFilePiece; nothing: changes nothing, tells how much is there

  void write(wire::Writer&) const;
  static Result<FileWrite> read(wire::Reader&);
};
struct FileHave {
  std::uint64_t size = 0;       ///< bytes that have gathered
  std::string part;             ///< path of the file in which they did
  bool place_is_taken = false;  ///< something stands at `path`

  void write(wire::Writer&) const;
  static Result<FileHave> read(wire::Reader&);
};

/// Puts what has gathered, durably, at its path -> empty. `conflict` when something stands there: nothing is ever
/// overwritten. A repeat after it was done is `conflict` too.
struct FileFinish {
  std::string path;
  FileId id;
  std::uint64_t size = 0;  ///< that it must have

  void write(wire::Writer&) const;
  static Result<FileFinish> read(wire::Reader&);
};

/// Forgets what has gathered -> empty.
struct FileDrop {
  std::string path;
  FileId id;

  void write(wire::Writer&) const;
  static Result<FileDrop> read(wire::Reader&);
};

}  // namespace cairn::proto
