// A generation's token on paper: with it, and an opener, a backup is restored without realms; while it lies there that
// generation cannot be deleted (docs/spec/client.md s.9).
#pragma once

#include <string>
#include <string_view>

#include "core/vault/keys.h"

namespace cairn::client {

struct PrintedToken {
  std::uint32_t generation = 0;
  vault::BackupToken token;
};

/// Groups of five characters: base32 of uint32 generation || token || the first 5 bytes of SHA-256 of both.
std::string printed_token_text(const PrintedToken& token);
/// `malformed` unless the checksum fits; spaces and dashes do not matter.
Result<PrintedToken> parse_printed_token(std::string_view text);

}  // namespace cairn::client
