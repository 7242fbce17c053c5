// The secrets of a domain, made at its first start and kept in the store for ever.
#pragma once

#include "core/crypto/signature.h"
#include "core/directory/record.h"
#include "core/relay/config.h"
#include "core/relay/internal/turn.h"

namespace cairn::relay {

/// Authenticates tokens and nonces.
using TokenKey = Secret<struct TokenKeyTag, 32>;

struct Keys {
  crypto::SigningKey log;
  crypto::VrfSecretKey vrf;
  TokenKey token;
  crypto::SigningKey server;  ///< for other domains' servers (docs/spec/relay.md s.10)
  directory::DirectoryConfig directory;

  /// The stored ones; new ones, written in this turn, when the store has none. `invalid_state` when the store belongs
  /// to another domain, `internal` when only a part of them is there.
  static Result<Keys> load_or_make(Turn& turn, const RelayConfig& config);
};

}  // namespace cairn::relay
