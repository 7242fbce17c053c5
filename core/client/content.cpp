// draft-ietf-mimi-content.
#include "core/client/content.h"

#include <limits>

#include "core/base/utf8.h"
#include "core/client/cbor.h"
#include "core/client/file_name.h"
#include "core/client/preview.h"
#include "core/crypto/hash.h"
#include "core/directory/lookup.h"

namespace cairn::client {
namespace {

constexpr std::size_t kContentFields = 7;
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kMaxExtensions = 256;
constexpr std::size_t kMaxExtensionKeySize = 255;
constexpr std::size_t kMaxGossipSize = 16 * 1024;
constexpr std::string_view kReactionPrefix = "Reaction: ";
constexpr std::string_view kPlainText = "text/plain;charset=utf-8";

enum Disposition : std::uint8_t { kUnspecified = 0, kRender = 1, kReaction = 2, kAttachment = 6, kPreview = 8 };
enum Cardinality : std::uint8_t { kNullPart = 0, kSinglePart = 1, kExternalPart = 2, kMultiPart = 3 };
enum class PartSemantics : std::uint8_t { choose_one = 0, single_unit = 1, process_all = 2 };

/// Items of a NestedPart's array, by cardinality.
constexpr std::size_t kPartFields[] = {3, 5, 15, 5};

/// Of one part, or of all parts below one: what is shown.
struct ShownContent {
  bool is_text = false;
  std::string words;  // the text, or in brackets what it is
  std::string type;   // (the first one's) media type, or what it is when it has none
};

/// A MultiPart whose parts are being read.
struct OpenMultiPart {
  PartSemantics semantics = PartSemantics::choose_one;
  std::size_t left = 0;
  std::optional<ShownContent> so_far;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// Whether a part of this media type is text that can be shown as it stands. Markdown may be ("Support for Specific
/// Media Types": "it is acceptable to render [it] as plain text").
bool is_plain_reading(std::string_view media_type) {
  const std::string type = lower(media_type);
  const std::string_view essence = std::string_view(type).substr(0, type.find(';'));
  if (essence == "text/markdown") return true;
  return type == "text/plain" || type == "text/plain;charset=utf-8" || type == "text/plain; charset=utf-8";
}

ShownContent not_text(std::string_view type) { return {false, "[" + std::string(type) + "]", std::string(type)}; }

/// What a MultiPart shows after one more of its parts.
ShownContent merged(PartSemantics semantics, ShownContent a, ShownContent b) {
  if (semantics == PartSemantics::choose_one) return !a.is_text && b.is_text ? b : a;
  if (semantics == PartSemantics::single_unit && a.is_text != b.is_text) return a.is_text ? b : a;
  std::string type = !a.is_text && b.is_text ? b.type : a.type;
  if (a.is_text && b.is_text && a.type != b.type) type = kPlainText;
  return {a.is_text || b.is_text, a.words + "\n" + b.words, std::move(type)};
}

class ContentReader {
 public:
  explicit ContentReader(ByteView bytes) : in_(bytes) {}

  Result<Content> read();

 private:
  /// MessageId or null.
  Result<std::optional<MessageId>> message_id();
  Result<std::optional<Expiration>> expiration();
  Status extensions();
  Result<ShownContent> parts();
  /// A NullPart, SinglePart or ExternalPart, or the head of a MultiPart, which is then the innermost of open_.
  Result<std::optional<ShownContent>> part();
  Result<ShownContent> single_part(std::uint64_t disposition);
  Result<ShownContent> external_part();
  /// Where the body is a file and its preview, the file; nothing of either where it is not.
  void keep_file(Content& out, const ShownContent& shown);

  CborReader in_;
  bool replaces_ = false;
  std::array<OpenMultiPart, kMaxPartDepth> open_;
  std::size_t depth_ = 0;
  std::size_t part_count_ = 0;
  std::optional<Control> control_;
  std::optional<std::string> reaction_;
  std::optional<Attachment> attachment_;  // the outermost part, or one of the parts in that
  std::string description_;
  std::string file_type_;
  bool has_preview_ = false;  // likewise
  Bytes preview_;
  bool is_null_ = false;
};

template <class One>
Result<One> decode_control(ByteView content) {
  return wire::decode<One>(content);
}
template <>
Result<StatusReport> decode_control<StatusReport>(ByteView content) {
  return StatusReport::decode(content);
}

template <class One>
Bytes encode_control(const One& one) {
  return wire::encode(one);
}
template <>
Bytes encode_control<StatusReport>(const StatusReport& one) {
  return one.encode();
}

template <class One>
bool take_control(std::string_view media_type, ByteView content, std::optional<Control>& out) {
  if (media_type != One::kMediaType) return false;
  auto one = decode_control<One>(content);
  if (one) out.emplace(std::move(*one));
  return true;
}

template <class... Ones>
std::optional<Control> control_among(std::string_view media_type, ByteView content, const std::variant<Ones...>*) {
  std::optional<Control> out;
  (void)(take_control<Ones>(media_type, content, out) || ...);
  return out;
}

/// What devices say to each other, if that is what this is.
std::optional<Control> control_of(std::string_view media_type, ByteView content) {
  return control_among(media_type, content, static_cast<const Control*>(nullptr));
}

// Appendix "MIMI Content": the array mimiContent.
Result<Content> ContentReader::read() {
  REQUIRE(TRY(in_.array(kContentFields)) == kContentFields, ErrorCode::malformed, "content fields");
  const ByteView salt = TRY(in_.bytes(kSaltSize));
  REQUIRE(salt.size() == kSaltSize, ErrorCode::malformed, "content salt");
  Content out;
  std::copy(salt.begin(), salt.end(), out.salt.begin());
  out.replaces = TRY(message_id());
  replaces_ = out.replaces.has_value();
  TRY(in_.bytes(kMaxTopicIdSize));
  out.expires = TRY(expiration());
  out.in_reply_to = TRY(message_id());
  TRY(extensions());
  ShownContent shown = TRY(parts());
  TRY(in_.finish());
  out.reaction = std::move(reaction_);
  out.is_null = is_null_;
  keep_file(out, shown);
  if (shown.is_text && shown.words.size() <= kMaxTextSize) {
    out.text.emplace();
    out.text->salt = out.salt;
    out.text->replaces = out.replaces;
    out.text->in_reply_to = out.in_reply_to;
    out.text->expires = out.expires;
    out.text->media_type = std::move(shown.type);
    out.text->text = std::move(shown.words);
  } else {
    out.unknown_type = shown.is_text    ? "text too long to be shown"
                       : out.attachment ? std::move(file_type_)
                                        : std::move(shown.type);
    out.control = std::move(control_);
  }
  return out;
}

void ContentReader::keep_file(Content& out, const ShownContent& shown) {
  // Three parts with a file and a preview right in the outermost: that holds nothing else.
  const bool has_both = has_preview_ && part_count_ == 3 && open_[0].semantics != PartSemantics::choose_one;
  if (!attachment_ || shown.is_text || (part_count_ != 1 && !has_both)) return;
  out.attachment = std::move(attachment_);
  out.description = std::move(description_);
  out.preview = std::move(preview_);
}

/// A MessageId: of no other hash than SHA-256 so far.
Result<MessageId> read_message_id(CborReader& in) {
  const ByteView id = TRY(in.bytes(MessageId::kSize));
  REQUIRE(id.size() == MessageId::kSize && id[0] == kMessageIdSha256, ErrorCode::malformed, "message id");
  return MessageId::from(id);
}

Result<std::optional<MessageId>> ContentReader::message_id() {
  if (in_.take_null()) return std::optional<MessageId>{};
  return std::optional(TRY(read_message_id(in_)));
}

Result<std::optional<Expiration>> ContentReader::expiration() {
  if (in_.take_null()) return std::optional<Expiration>{};
  REQUIRE(TRY(in_.array(2)) == 2, ErrorCode::malformed, "content expiration");
  Expiration out;
  out.relative = TRY(in_.boolean());
  out.seconds = static_cast<std::uint32_t>(TRY(in_.unsigned_integer(std::numeric_limits<std::uint32_t>::max())));
  return std::optional(out);
}

// "Extension Fields" and "Depth restrictions": the map itself is the first level.
Status ContentReader::extensions() {
  const std::size_t count = TRY(in_.map(kMaxExtensions));
  ByteView last;
  for (std::size_t i = 0; i < count; ++i) {
    last = TRY(in_.map_key(last));
    const unsigned major = last[0] >> 5;
    REQUIRE(major != 2, ErrorCode::malformed, "extension key type");
    if (major == 3) {
      CborReader key(last);
      const std::string_view text = TRY(key.text(kMaxExtensionKeySize));
      REQUIRE(!text.empty(), ErrorCode::malformed, "extension key");
    }
    TRY(in_.item(kMaxExtensionDepth - 1));
  }
  return ok();
}

// "Message Bodies". Parts nest at most kMaxPartDepth deep, the outermost included.
Result<ShownContent> ContentReader::parts() {
  for (;;) {
    std::optional<ShownContent> done = TRY(part());
    while (done) {
      if (depth_ == 0) return std::move(*done);
      OpenMultiPart& parent = open_[depth_ - 1];
      parent.so_far =
          parent.so_far ? merged(parent.semantics, std::move(*parent.so_far), std::move(*done)) : std::move(*done);
      done.reset();
      if (--parent.left == 0) {
        done = std::move(parent.so_far);
        --depth_;
      }
    }
  }
}

Result<std::optional<ShownContent>> ContentReader::part() {
  REQUIRE(depth_ < kMaxPartDepth && ++part_count_ <= kMaxParts, ErrorCode::over_limit, "content parts");
  const std::size_t fields = TRY(in_.array(kPartFields[kExternalPart]));
  const std::uint64_t disposition = TRY(in_.unsigned_integer(std::numeric_limits<std::uint8_t>::max()));
  TRY(in_.text(kMaxContentSize));  // language
  const std::uint64_t cardinality = TRY(in_.unsigned_integer(kMultiPart));
  REQUIRE(fields == kPartFields[cardinality], ErrorCode::malformed, "content part fields");
  if (cardinality == kNullPart) {
    is_null_ = depth_ == 0;
    return not_text(replaces_ ? "deletion" : "empty");
  }
  if (cardinality == kSinglePart) return TRY(single_part(disposition));
  if (cardinality == kExternalPart) return TRY(external_part());
  const auto semantics = static_cast<PartSemantics>(TRY(in_.unsigned_integer(2)));
  const std::size_t count = TRY(in_.array(kMaxParts));
  REQUIRE(count >= 2, ErrorCode::malformed, "content multipart");
  open_[depth_++] = OpenMultiPart{semantics, count, {}};
  return std::optional<ShownContent>{};
}

Result<ShownContent> ContentReader::single_part(std::uint64_t disposition) {
  const std::string_view media_type = TRY(in_.text(kMaxMediaTypeSize));
  const ByteView content = TRY(in_.bytes(kMaxContentSize));
  if (depth_ == 0) control_ = control_of(media_type, content);
  if (depth_ == 1 && disposition == kPreview) {
    has_preview_ = true;
    if (media_type == kPreviewType && preview_extent(content)) preview_ = to_bytes(content);
  }
  const std::string text = as_text(content);
  if (!is_plain_reading(media_type) || text.empty() || !is_utf8(text)) {
    return not_text(media_type.empty() ? "empty" : media_type);
  }
  if (depth_ == 0 && disposition == kReaction && text.size() <= kMaxReactionSize) reaction_ = text;
  return ShownContent{true, (disposition == kReaction ? std::string(kReactionPrefix) : "") + text,
                      std::string(media_type)};
}

/// The fields of an ExternalPart, in the draft's order.
struct ExternalFields {
  std::string_view media_type;
  std::string_view url;
  std::uint64_t expires = 0;
  std::uint64_t size = 0;
  std::uint64_t algorithm = 0;
  ByteView key;
  ByteView nonce;
  ByteView aad;
  std::uint64_t hash_algorithm = 0;
  ByteView hash;
  std::string_view description;
  std::string_view filename;
};

// "External Content"
Result<ExternalFields> read_external_fields(CborReader& in) {
  ExternalFields out;
  out.media_type = TRY(in.text(kMaxMediaTypeSize));
  out.url = TRY(in.text(kMaxContentSize));
  out.expires = TRY(in.unsigned_integer(std::numeric_limits<std::uint32_t>::max()));
  out.size = TRY(in.unsigned_integer(std::numeric_limits<std::uint64_t>::max()));
  out.algorithm = TRY(in.unsigned_integer(std::numeric_limits<std::uint16_t>::max()));
  out.key = TRY(in.bytes(kMaxContentSize));
  out.nonce = TRY(in.bytes(kMaxContentSize));
  out.aad = TRY(in.bytes(kMaxContentSize));
  out.hash_algorithm = TRY(in.unsigned_integer(std::numeric_limits<std::uint8_t>::max()));
  out.hash = TRY(in.bytes(kMaxContentSize));
  out.description = TRY(in.text(kMaxContentSize));
  out.filename = TRY(in.text(kMaxContentSize));
  return out;
}

/// What this version can fetch and open; any other one is shown by its type.
Result<Attachment> attachment_in(const ExternalFields& fields) {
  REQUIRE(fields.algorithm == kStreamAlgorithm && fields.aad.empty() && fields.hash_algorithm == kHashSha256,
          ErrorCode::unsupported, "algorithms of a file");
  REQUIRE(fields.size <= kMaxFileSize && fields.description.size() <= kMaxTextSize, ErrorCode::over_limit,
          "size of a file");
  Attachment out;
  BlobAddress address = TRY(parse_blob_url(fields.url));
  out.domain = std::move(address.domain);
  out.blob = address.blob;
  out.key = TRY(crypto::StreamKey::from(fields.key));
  out.nonce = TRY(crypto::StreamNonce::from(fields.nonce));
  out.hash = TRY(Hash::from(fields.hash));
  out.name = clean_file_name(fields.filename);
  out.media_type = std::string(fields.media_type);
  out.size = fields.size;
  out.expires_s = static_cast<std::uint32_t>(fields.expires);
  return out;
}

Result<ShownContent> ContentReader::external_part() {
  const ExternalFields fields = TRY(read_external_fields(in_));
  auto attachment = attachment_in(fields);
  ShownContent shown = not_text(fields.media_type.empty() ? "external" : fields.media_type);
  if (attachment && depth_ <= 1) {
    attachment_ = std::move(*attachment);
    description_ = std::string(fields.description);
    file_type_ = shown.type;
  }
  return shown;
}

/// What stands before the body.
struct Behaviour {
  ByteView salt;
  std::optional<MessageId> replaces = std::nullopt;
  std::optional<Expiration> expires = std::nullopt;
  std::optional<MessageId> in_reply_to = std::nullopt;
};

CborWriter begin_content(const Behaviour& behaviour) {
  CborWriter w;
  const auto id = [&w](const std::optional<MessageId>& value) { value ? w.bytes(*value) : w.null(); };
  w.array(kContentFields);
  w.bytes(behaviour.salt);
  id(behaviour.replaces);
  w.bytes({});  // topicId
  if (behaviour.expires) {
    w.array(2);
    w.boolean(behaviour.expires->relative);
    w.unsigned_integer(behaviour.expires->seconds);
  } else {
    w.null();
  }
  id(behaviour.in_reply_to);
  w.empty_map();  // mimiExtensions
  return w;
}

void write_single(CborWriter& w, Disposition disposition, std::string_view media_type, ByteView content) {
  w.array(kPartFields[kSinglePart]);
  w.unsigned_integer(disposition);
  w.text({});  // language
  w.unsigned_integer(kSinglePart);
  w.text(media_type);
  w.bytes(content);
}

Bytes encode_single(const Behaviour& behaviour, Disposition disposition, std::string_view media_type,
                    ByteView content) {
  CborWriter w = begin_content(behaviour);
  write_single(w, disposition, media_type, content);
  return w.take();
}

void write_external(CborWriter& w, const Attachment& file, std::string_view description) {
  w.array(kPartFields[kExternalPart]);
  w.unsigned_integer(kAttachment);
  w.text({});  // language
  w.unsigned_integer(kExternalPart);
  w.text(file.media_type);
  w.text(blob_url({file.domain, file.blob}));
  w.unsigned_integer(file.expires_s);
  w.unsigned_integer(file.size);
  w.unsigned_integer(kStreamAlgorithm);
  w.bytes(file.key.expose());
  w.bytes(file.nonce);
  w.bytes({});  // aad
  w.unsigned_integer(kHashSha256);
  w.bytes(file.hash);
  w.text(description);
  w.text(file.name);
}

}  // namespace

void NoteRequest::write(wire::Writer& w) const {
  w.raw(device);
  gossip.write(w);
}

Result<NoteRequest> NoteRequest::read(wire::Reader& r) {
  NoteRequest out;
  out.device = TRY(r.fixed<DeviceId>());
  out.gossip = TRY(directory::Gossip::read(r));
  return out;
}

void NoteAnswer::write(wire::Writer& w) const { w.opaque(note); }

Result<VetoTold> VetoTold::read(wire::Reader& r) {
  return VetoTold { TRY(directory::VetoNotice::read(r)) };
}

Result<NoteAnswer> NoteAnswer::read(wire::Reader& r) {
  return NoteAnswer { TRY(r.opaque_text(directory::kMaxLookupCheckpointBytes)) };
}

Bytes StatusReport::encode() const {
  CborWriter out;
  out.array(statuses.size());
  for (const One& one : statuses) {
    out.array(2);
    out.bytes(one.message);
    out.unsigned_integer(one.status);
  }
  return out.take();
}

Result<StatusReport> StatusReport::decode(ByteView bytes) {
  CborReader in(bytes);
  StatusReport out;
  const std::size_t count = TRY(in.array(kMaxStatuses));
  for (std::size_t i = 0; i < count; ++i) {
    REQUIRE(TRY(in.array(2)) == 2, ErrorCode::malformed, "message status");
    One one;
    one.message = TRY(read_message_id(in));
    one.status = static_cast<std::uint8_t>(TRY(in.unsigned_integer(std::numeric_limits<std::uint8_t>::max())));
    out.statuses.push_back(one);
  }
  TRY(in.finish());
  return out;
}

Result<ExpirySet> ExpirySet::read(wire::Reader& r) {
  return ExpirySet { TRY(r.u32()) };
}
Result<SelfWord> SelfWord::read(wire::Reader& r) {
  REQUIRE(r.left() <= kMaxBody, ErrorCode::over_limit, "what own devices say");
  return SelfWord { to_bytes(TRY(r.raw(r.left()))) };
}

Bytes encode_content(const TextContent& content) {
  return encode_single({content.salt, content.replaces, content.expires, content.in_reply_to}, kRender,
                       content.media_type, as_bytes(content.text));
}

Bytes encode_content(const ReactionContent& content) {
  CHECK(!content.text.empty() && content.text.size() <= kMaxReactionSize);
  return encode_single({content.salt, {}, {}, content.in_reply_to}, kReaction, kPlainText, as_bytes(content.text));
}

Bytes encode_content(const RetractionContent& content) {
  CborWriter w = begin_content({content.salt, content.replaces, {}, content.in_reply_to});
  w.array(kPartFields[kNullPart]);
  w.unsigned_integer(content.of_reaction ? kReaction : kRender);
  w.text({});  // language
  w.unsigned_integer(kNullPart);
  return w.take();
}

Bytes encode_content(const AttachmentContent& content) {
  CHECK(content.description.size() <= kMaxTextSize);
  CborWriter w = begin_content({content.salt, {}, content.expires, {}});
  if (content.preview.empty()) {
    write_external(w, content.file, content.description);
    return w.take();
  }
  CHECK(preview_extent(content.preview).has_value());
  w.array(kPartFields[kMultiPart]);
  w.unsigned_integer(kRender);
  w.text({});  // language
  w.unsigned_integer(kMultiPart);
  w.unsigned_integer(static_cast<std::uint64_t>(PartSemantics::process_all));
  w.array(2);
  write_external(w, content.file, content.description);
  write_single(w, kPreview, kPreviewType, content.preview);
  return w.take();
}

Bytes encode_content(const std::array<std::uint8_t, 16>& salt, const Control& control) {
  return std::visit(
      [&](const auto& one) { return encode_single({salt}, kUnspecified, one.kMediaType, encode_control(one)); },
      control);
}

Result<Content> decode_content(ByteView bytes) {
  REQUIRE(bytes.size() <= kMaxContentSize, ErrorCode::over_limit, "content size");
  return ContentReader(bytes).read();
}

SecretBytes encode_plaintext(const std::vector<directory::Gossip>& gossip, ByteView content) {
  CHECK(content.size() <= kMaxContentSize);
  const std::vector<directory::Gossip> first(
      gossip.begin(), gossip.begin() + static_cast<std::ptrdiff_t>(std::min(gossip.size(), kMaxGossips)));
  wire::Writer w(wire::Sensitivity::is_secret);
  w.vector(first);
  w.opaque(content);
  return w.take_secret();
}

Result<Plaintext> decode_plaintext(ByteView bytes) {
  wire::Reader r(bytes);
  Plaintext out;
  out.gossip = TRY(r.vector<directory::Gossip>(kMaxGossipSize, kMaxGossips));
  const ByteView content = TRY(r.opaque(kMaxContentSize));
  TRY(r.finish());
  out.content = TRY(decode_content(content));
  out.encoded = to_bytes(content);
  out.content_hash = crypto::sha256(content);
  return out;
}

}  // namespace cairn::client
