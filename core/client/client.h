// The client's mind: one device of one name. Driven like every mind (core/proto/mind.h).
//
// Towards its owner it speaks JSON-RPC 2.0, one object a frame, on sockets that the shell accepts at target "/rpc"
// (docs/spec/client-rpc.md); the command line is one speaker of it. Towards servers it makes calls and one stream.
#pragma once

#include <memory>

#include "core/proto/mind.h"

namespace cairn::client {

/// What a folder's owner decided outside of the store.
struct ClientConfig {
  std::string default_policy_text;  ///< of the release or of the person: witness, group and quorum lines
};

/// Whether a mind can go on with what is in a store, to be asked before it does; else the sentence for its owner:
/// `unsupported` when another version wrote it, `malformed` when the account in it is none. A mind that was given such
/// a store would take the device for a new one.
Status check_store(const StoreView& store);

/// Makes the mind. It knows nothing of disk, network or terminal.
std::unique_ptr<proto::Mind> make_client(ClientConfig config);

}  // namespace cairn::client
