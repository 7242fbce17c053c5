// What people say: draft-ietf-mimi-content (CBOR) inside Cairn's application plaintext (docs/spec/client.md s.1).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/base/environment.h"
#include "core/base/types.h"

namespace cairn::client {

constexpr std::size_t kMaxContentSize = 48 * 1024;
constexpr std::size_t kMaxTextSize = 16 * 1024;

/// The sender's newest verified checkpoint of a log (1-directory s.8).
struct Gossip {
  std::string origin;
  std::uint64_t size = 0;
  Hash root;
};

/// A MimiContent of one part, as far as we make them ourselves.
struct TextContent {
  std::array<std::uint8_t, 16> salt{};
  std::string media_type = "text/markdown;variant=GFM-MIMI";
  std::string text;
};

/// A received content: text, or something well formed that this version does not show.
struct Content {
  std::optional<TextContent> text;
  std::string unknown_type;  ///< when there is no text: what it is, to be shown, never dropped
};

/// Application plaintext.
SecretBytes encode_plaintext(const std::vector<Gossip>& gossip, const TextContent& content);

struct Plaintext {
  std::vector<Gossip> gossip;
  Content content;
};
/// Strict and bounded; `malformed` when it is no application plaintext at all.
Result<Plaintext> decode_plaintext(ByteView bytes);

}  // namespace cairn::client
