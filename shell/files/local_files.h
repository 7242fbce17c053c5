// Reads and writes files piece by piece, by their paths (core/proto/files.h).
#pragma once

#include "core/proto/transport.h"

namespace cairn::files {

/// Answers one call to a `local-file:` URL; 404 for one that names no request. Has no state: all of it is in the files.
proto::CallReply answer_file_call(const proto::Call& call);

}  // namespace cairn::files
