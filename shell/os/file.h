// Small private files: configuration, keys, tokens.
#pragma once

#include <string>

#include "core/base/bytes.h"

namespace cairn::os {

/// What is said of one that was mounted so, or that the kernel stopped writing to.
inline constexpr const char* kReadOnlyDisk =
    "the disk can only be read: check it, and mount it so that it can be written";

/// The one failure after which the new content is what is read.
inline constexpr const char* kNotSynced =
    "it was replaced, but its folder cannot be synced: after a loss of power the old content may be there again";

/// The whole content. Errors: not_found, over_limit above `most` bytes, storage_failed.
Result<Bytes> read_file(const std::string& path, std::size_t most);

/// Replaces or makes the file with mode 0600: whoever reads it meanwhile sees the old or the new content, whole, and so
/// does who comes after a power cut. Errors: storage_full, storage_failed; then the old content stands, unless it
/// is kNotSynced.
Status write_file(const std::string& path, ByteView content);

/// The same for a file whose old content was secret: when the new one is durable, zeros are written over where the old
/// one lay, if the file system writes in place; copies that it, the disk or somebody made are out of reach.
/// A file that may not be written over is not replaced. What else names the old one, a hard link say, has zeros then.
Status write_over_secret(const std::string& path, ByteView content);

/// Does that to what write_file() left beside `path` when its process was killed; nobody else may be writing to it.
void wipe_leftovers(const std::string& path);

/// Makes the file with mode 0600, whole and durable, or not at all. `duplicate` if anything has that name already:
/// nothing is ever replaced. Else as write_file.
Status create_file(const std::string& path, ByteView content);

/// Makes a folder with mode 0700, and those above it that are missing. One that exists stays as it is.
Status make_folder(const std::string& path);

}  // namespace cairn::os
