// A backup in a folder, read by this process itself: where no mind reads it, for no directory answers.
#pragma once

#include <string>
#include <vector>

#include "core/vault/chunk_index.h"
#include "core/vault/keys.h"
#include "shell/folder/folder_storage.h"

namespace cairn::apps {

/// Reads, and changes nothing. Errors: `not_found` for what is not there, `malformed` for what cannot be.
class FolderReader {
 public:
  /// The URL of a folder, as folder_url() makes it.
  explicit FolderReader(std::string url);

  /// By its id, which lies in the folder (docs/spec/backup.md s.1).
  Result<vault::StorageIdentity> identity() const;
  /// The body of a key box: nothing of it has been checked.
  Result<Bytes> key_box(const vault::KeyBoxId& id) const;
  /// The objects of a vault, each with its size.
  Result<vault::StoredObjects> list(const vault::VaultId& id) const;
  /// All bytes of an object, at most `most`: what is larger is `not_found`.
  Result<Bytes> object(const vault::VaultId& id, const vault::ObjectId& object, std::size_t most) const;

 private:
  Result<Bytes> ask(std::string_view path, Bytes body) const;

  std::string url_;
  folder::FolderStorage storage_;
};

}  // namespace cairn::apps
