// What people say: draft-ietf-mimi-content (CBOR) inside Cairn's application plaintext (docs/spec/client.md s.1).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/environment.h"
#include "core/base/secret.h"
#include "core/client/attachment.h"
#include "core/client/join_words.h"
#include "core/client/message_id.h"
#include "core/directory/gossip.h"
#include "core/directory/notice.h"

namespace cairn::client {

constexpr std::size_t kMaxContentSize = 48 * 1024;
constexpr std::size_t kMaxTextSize = 16 * 1024;

/// When a message is to be forgotten ("expires"): so long after it was read, or at a moment.
struct Expiration {
  bool relative = false;
  std::uint32_t seconds = 0;  ///< after reading, or since 1970

  friend bool operator==(const Expiration&, const Expiration&) = default;
};

/// A MimiContent of one text, as far as we make them ourselves.
struct TextContent {
  std::array<std::uint8_t, 16> salt{};
  std::string media_type = "text/markdown;variant=GFM-MIMI";
  std::string text;
  std::optional<MessageId> replaces = std::nullopt;  ///< a new version of that message
  std::optional<MessageId> in_reply_to = std::nullopt;
  std::optional<Expiration> expires = std::nullopt;
};

/// An emoji about a message.
struct ReactionContent {
  std::array<std::uint8_t, 16> salt{};
  MessageId in_reply_to;
  std::string text;  ///< 1 to kMaxReactionSize bytes
};

/// A file, and what its sender says of it: an ExternalPart. With a preview: a MultiPart of both, to process all.
struct AttachmentContent {
  std::array<std::uint8_t, 16> salt{};
  Attachment file;
  std::string description;  ///< at most kMaxTextSize bytes, perhaps none
  Bytes preview = {};       ///< a JPEG that preview_extent() takes (CHECKed), or nothing
  std::optional<Expiration> expires = std::nullopt;
};

/// Takes a message or a reaction back: a NullPart.
struct RetractionContent {
  std::array<std::uint8_t, 16> salt{};
  MessageId replaces;
  std::optional<MessageId> in_reply_to;  ///< of a reaction: what it was about
  bool of_reaction = false;
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
/// What became of messages, as one member says (draft-mahy-mimi-message-status; docs/spec/client.md s.11).
struct StatusReport {
  static constexpr std::string_view kMediaType = "application/mimi-message-status";
  struct One {
    MessageId message;
    std::uint8_t status = 0;
    friend bool operator==(const One&, const One&) = default;
  };
  static constexpr std::uint8_t kDelivered = 1;
  static constexpr std::uint8_t kRead = 2;
  std::vector<One> statuses;  ///< at most kMaxStatuses

  /// As CBOR.
  Bytes encode() const;
  static Result<StatusReport> decode(ByteView bytes);
  friend bool operator==(const StatusReport&, const StatusReport&) = default;
};
/// From now on what is said here is forgotten so many seconds after it was read; 0: it is kept.
struct ExpirySet {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.expiry";
  std::uint32_t seconds = 0;

  void write(wire::Writer& w) const { w.u32(seconds); }
  static Result<ExpirySet> read(wire::Reader& r);
  friend bool operator==(const ExpirySet&, const ExpirySet&) = default;
};
/// Its sender wants to be out of the group; a member who may removes the name.
struct LeaveRequest {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.leave";

  void write(wire::Writer&) const {}
  static Result<LeaveRequest> read(wire::Reader&) { return LeaveRequest{}; }
  friend bool operator==(const LeaveRequest&, const LeaveRequest&) = default;
};
/// What the devices of one name say to each other in the conversation that is theirs alone (self_words.h).
struct SelfWord {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.self";
  static constexpr std::size_t kMaxBody = 40 * 1024;
  Bytes body;

  void write(wire::Writer& w) const { w.raw(body); }
  static Result<SelfWord> read(wire::Reader& r);
  friend bool operator==(const SelfWord&, const SelfWord&) = default;
};
using Control = std::variant<NoteRequest, NoteAnswer, VetoTold, StatusReport, ExpirySet, LeaveRequest, SelfWord,
                             JoinRequest, JoinAnswer>;

/// A received content: text, or something well formed that this version does not show.
///
/// Of parts to choose from it is the first one with text. Of parts that belong together it is all texts, one a line,
/// with "[media type]" where a part is none; if they make sense only together and one is no text, there is none. A
/// reaction reads "Reaction: " before its text, as the draft proposes.
struct Content {
  std::array<std::uint8_t, 16> salt{};
  std::optional<MessageId> replaces;
  std::optional<MessageId> in_reply_to;
  std::optional<Expiration> expires;
  /// The body is one text of disposition "reaction", of at most kMaxReactionSize bytes; `text` shows it too.
  std::optional<std::string> reaction;
  bool is_null = false;  ///< the body is a NullPart: with `replaces` it takes that back
  std::optional<TextContent> text;
  /// When there is no text: the media type of the (first) part, or "deletion", "empty", "external", "text too long to
  /// be shown"; to be shown, never dropped. Valid UTF-8 of at most kMaxMediaTypeSize bytes.
  std::string unknown_type;
  /// A single part of one of its types; unknown_type names that type.
  std::optional<Control> control;
  /// The body is one ExternalPart that this version can fetch, or such a one and one part of disposition "preview";
  /// unknown_type names the file's type.
  std::optional<Attachment> attachment;
  std::string description;  ///< of the attachment: at most kMaxTextSize bytes
  Bytes preview;            ///< of the attachment: a JPEG that preview_extent() takes; nothing for any other preview
};

constexpr std::size_t kMaxMediaTypeSize = 255;
constexpr std::size_t kMaxReactionSize = 64;
constexpr std::size_t kMaxStatuses = 512;      ///< of one report
constexpr std::size_t kMaxParts = 1024;        ///< of a message; the draft's bound
constexpr std::size_t kMaxPartDepth = 4;       ///< likewise
constexpr std::size_t kMaxExtensionDepth = 4;  ///< likewise
constexpr std::size_t kMaxTopicIdSize = 4096;  ///< likewise
constexpr std::size_t kMaxGossips = 16;        ///< checkpoints that one message carries

/// The CBOR of a MimiContent, deterministic (RFC 8949 s.4.2.1).
Bytes encode_content(const TextContent& content);
Bytes encode_content(const ReactionContent& content);
Bytes encode_content(const RetractionContent& content);
Bytes encode_content(const AttachmentContent& content);
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
  Bytes encoded;      ///< the content's bytes, of which its MessageId is made
  Hash content_hash;  ///< their SHA-256; the salt in them makes every message one of its own
};
/// Strict and bounded; `malformed` when it is no application plaintext at all.
Result<Plaintext> decode_plaintext(ByteView bytes);

}  // namespace cairn::client
