// What people say: draft-ietf-mimi-content (CBOR) inside Cairn's application plaintext (docs/spec/client.md s.1).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/environment.h"
#include "core/base/secret.h"
#include "core/directory/gossip.h"
#include "core/directory/notice.h"

namespace cairn::client {

constexpr std::size_t kMaxContentSize = 48 * 1024;
constexpr std::size_t kMaxTextSize = 16 * 1024;

/// A MimiContent of one text, as far as we make them ourselves.
struct TextContent {
  std::array<std::uint8_t, 16> salt{};
  std::string media_type = "text/markdown;variant=GFM-MIMI";
  std::string text;
};

/// What devices say to each other and people do not see (docs/spec/client.md s.7): "show the signed note of the
/// checkpoint that this device said it had verified", and the note.
struct NoteRequest {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.note-request";
  DeviceId device;  ///< that said it
  directory::Gossip gossip;

  void write(wire::Writer&) const;
  static Result<NoteRequest> read(wire::Reader&);
  friend bool operator==(const NoteRequest&, const NoteRequest&) = default;
};
struct NoteAnswer {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.note";
  std::string note;  ///< a claim

  void write(wire::Writer&) const;
  static Result<NoteAnswer> read(wire::Reader&);
  friend bool operator==(const NoteAnswer&, const NoteAnswer&) = default;
};
/// The owner of a name says no to a reset of it (docs/spec/client.md s.8).
struct VetoTold {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.veto";
  directory::VetoNotice notice;  ///< a claim

  void write(wire::Writer& w) const { notice.write(w); }
  static Result<VetoTold> read(wire::Reader& r);
  friend bool operator==(const VetoTold&, const VetoTold&) = default;
};
using Control = std::variant<NoteRequest, NoteAnswer, VetoTold>;

/// A received content: text, or something well formed that this version does not show.
///
/// Of parts to choose from it is the first one with text. Of parts that belong together it is all texts, one a line,
/// with "[media type]" where a part is none; if they make sense only together and one is no text, there is none. A
/// reaction reads "Reaction: " before its text, as the draft proposes.
struct Content {
  std::optional<TextContent> text;
  /// When there is no text: the media type of the (first) part, or "deletion", "empty", "external", "text too long to
  /// be shown"; to be shown, never dropped. Valid UTF-8 of at most kMaxMediaTypeSize bytes.
  std::string unknown_type;
  /// A single part of one of its types; unknown_type names that type.
  std::optional<Control> control;
};

constexpr std::size_t kMaxMediaTypeSize = 255;
constexpr std::size_t kMaxParts = 1024;        ///< of a message; the draft's bound
constexpr std::size_t kMaxPartDepth = 4;       ///< likewise
constexpr std::size_t kMaxExtensionDepth = 4;  ///< likewise
constexpr std::size_t kMaxTopicIdSize = 4096;  ///< likewise
constexpr std::size_t kMaxGossips = 16;        ///< checkpoints that one message carries

/// The CBOR of a MimiContent, deterministic (RFC 8949 s.4.2.1).
Bytes encode_content(const TextContent& content);
/// Likewise; a version that does not know the type tells its reader so.
Bytes encode_content(const std::array<std::uint8_t, 16>& salt, const Control& control);
/// Strict: `malformed` for what is not a MimiContent in its one encoding, `over_limit` beyond the bounds above.
Result<Content> decode_content(ByteView bytes);

/// Application plaintext: struct { Gossip gossip<V>; opaque content<V>; }. Of more than kMaxGossips checkpoints the
/// first ones: how many domains a conversation has is for its members to say, not for us.
SecretBytes encode_plaintext(const std::vector<directory::Gossip>& gossip, ByteView content);

struct Plaintext {
  std::vector<directory::Gossip> gossip;
  Content content;
  Hash content_hash;  ///< SHA-256 of its bytes; the salt in them makes every message one of its own
};
/// Strict and bounded; `malformed` when it is no application plaintext at all.
Result<Plaintext> decode_plaintext(ByteView bytes);

}  // namespace cairn::client
