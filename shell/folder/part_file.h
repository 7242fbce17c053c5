// The files of one vault's objects: an upload grows in a file of its own, and becomes the object by a rename.
#pragma once

#include <optional>
#include <string>

#include "core/base/environment.h"
#include "core/base/types.h"
#include "core/proto/storage.h"

namespace cairn::folder {

/// An error of the system as ours: storage_full, not_found, storage_failed.
Error error_of(int cause);

/// The size of a regular file; nothing when there is none.
std::optional<std::uint64_t> size_of(const std::string& path);

/// Makes renames and removals in a folder survive a loss of power.
Status sync_folder(const std::string& path);

/// At most `length` bytes from `offset` on; fewer at the end.
Result<Bytes> read_range(const std::string& path, std::uint64_t offset, std::size_t length);

/// Whether SHA-256 of the whole file is `digest`.
Result<bool> has_digest(const std::string& path, const Hash& digest);

/// Names of a folder's entries, sorted, without "." and "..".
Result<std::vector<std::string>> entries_of(const std::string& path);

/// Removes the files of a folder whose names are `ours`, and the folder too unless something else is in it. What is not
/// there, or is no folder, is passed over; no symbolic link is followed.
Status remove_folder(const std::string& path, bool (*ours)(std::string_view name));

/// Whether `text` is `bytes` bytes in lower-case hex.
bool is_hex(std::string_view text, std::size_t bytes);

/// Whether os::write_file, when it was interrupted, left this name beside the file `wanted`.
bool is_unfinished(std::string_view name, std::string_view wanted);

class PartFile {
 public:
  /// Of an object in the folder of its vault, whole under `object_path`.
  PartFile(const std::string& object_path, const Hash& digest);

  /// Bytes that are there: a number of whole parts.
  std::uint64_t have() const;
  /// Adds a part behind have(). When it cannot, what was there stays.
  Status append(ByteView part) const;
  /// What is there is all: becomes the object, durably. `inconsistent`, and removed, when its digest is another.
  Status finish() const;

  /// Whether a name in a vault's folder is that of an upload; `object` empty: of any object.
  static bool is_name(std::string_view name, std::string_view object);

 private:
  std::string object_path_;
  std::string path_;
  Hash digest_;
};

}  // namespace cairn::folder
