// The log as files: C2SP tlog-tiles, and the audits (docs/spec/directory.md s.5).
#pragma once

#include "core/relay/internal/publisher.h"

namespace cairn::relay {

/// GET /log/`path`: "checkpoint", "config", "tile/...", "audit/N", "prefix/OLDER/NEWER". `not_found` for anything that
/// is not there.
Result<Answer> get_log_file(const StoreView& rows, const directory::DirectoryConfig& config, const Publisher& publisher,
                            std::string_view path);

}  // namespace cairn::relay
