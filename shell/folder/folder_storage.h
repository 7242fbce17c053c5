// A folder that answers for vaults and key boxes (docs/spec/relay.md s.5) by files.
#pragma once

#include <functional>
#include <string>

#include "core/base/environment.h"
#include "core/proto/transport.h"

namespace cairn::folder {

inline constexpr std::string_view kScheme = "file://";

/// "file:///..." of an absolute path, to which a request's path is appended; what is no letter, digit or one of "/-._~"
/// is percent-encoded (RFC 3986 s.2.1).
std::string url_of(std::string_view folder);

struct FolderOptions {
  std::function<Time()> clock;  ///< of this machine: when an upload is old
  std::function<std::uint64_t(const std::string&)>
      free_bytes{};  ///< on a folder's disk; empty: the file system is asked
};

/// Has no state: all of it is in the files. Not thread-safe; several processes may use one folder.
class FolderStorage {
 public:
  explicit FolderStorage(FolderOptions options) : options_(std::move(options)) {}

  /// The answer that a server would give; 503 when the folder is not there, 404 for a URL that names no request.
  /// Returns after what it changed is durable.
  proto::CallReply answer(const proto::Call& call) const;

 private:
  FolderOptions options_;
};

}  // namespace cairn::folder
