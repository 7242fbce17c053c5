// The envelope of everything that MLS sends (RFC 9420 s.6).
#pragma once

#include "core/mls/commit.h"
#include "core/mls/welcome.h"

namespace cairn::mls {

/// What an MLSMessage holds (s.6, 17.2).
enum class WireFormat : std::uint16_t {
  public_message = 1,
  private_message = 2,
  welcome = 3,
  group_info = 4,
  key_package = 5
};

/// What a PublicMessage or PrivateMessage holds.
enum class ContentType : std::uint8_t { application = 1, proposal = 2, commit = 3 };

/// From where it was sent; what each may send says s.6.1.
enum class SenderType : std::uint8_t { member = 1, external = 2, new_member_proposal = 3, new_member_commit = 4 };

/// Who sent it. `index` is the leaf of a member, or the place in external_senders; zero for the other two.
struct Sender {
  SenderType type = SenderType::member;
  std::uint32_t index = 0;

  static Sender member(LeafIndex leaf) { return {SenderType::member, leaf.value}; }
  /// The leaf of a member (CHECKed).
  LeafIndex leaf() const {
    CHECK(type == SenderType::member);
    return {index};
  }

  void write(wire::Writer& writer) const;
  static Result<Sender> read(wire::Reader& reader);
  friend bool operator==(const Sender&, const Sender&) = default;
};

/// What is said, and by whom. Move-only, since application data is secret until it is encrypted.
struct FramedContent {
  GroupId group_id;
  std::uint64_t epoch = 0;
  Sender sender;
  Bytes authenticated_data;
  /// In the order of ContentType.
  std::variant<SecretBytes, Proposal, Commit> content;

  ContentType content_type() const { return static_cast<ContentType>(content.index() + 1); }

  void write(wire::Writer& writer) const;
  static Result<FramedContent> read(wire::Reader& reader);
  /// The content without its type.
  void write_content(wire::Writer& writer) const;
  static Status read_content(ContentType type, wire::Reader& reader, FramedContent& out);
};

/// Reads a ContentType; `malformed` for any other number.
Result<ContentType> read_content_type(wire::Reader& reader);

/// The tag is there in commits alone.
struct FramedContentAuthData {
  SignatureBytes signature;
  std::optional<ConfirmationTag> confirmation_tag;

  void write(wire::Writer& writer) const;
  static Result<FramedContentAuthData> read(ContentType type, wire::Reader& reader);
  friend bool operator==(const FramedContentAuthData&, const FramedContentAuthData&) = default;
};

/// A content with the way it travelled and what authenticates it: what is signed, hashed into the transcript and
/// named by a ProposalRef.
struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::private_message;
  FramedContent content;
  FramedContentAuthData auth;

  void write(wire::Writer& writer) const;
  static Result<AuthenticatedContent> read(wire::Reader& reader);
};

/// Content that its carriers can read (s.6.2). Nothing in it is verified.
struct PublicMessage {
  FramedContent content;
  FramedContentAuthData auth;
  std::optional<MembershipTag> membership_tag;  ///< there when a member sent it

  void write(wire::Writer& writer) const;
  static Result<PublicMessage> read(wire::Reader& reader);
};

/// Encrypted content (s.6.3).
struct PrivateMessage {
  GroupId group_id;
  std::uint64_t epoch = 0;
  ContentType content_type = ContentType::application;
  Bytes authenticated_data;
  Bytes encrypted_sender_data;
  Bytes ciphertext;

  void write(wire::Writer& writer) const;
  static Result<PrivateMessage> read(wire::Reader& reader);
  friend bool operator==(const PrivateMessage&, const PrivateMessage&) = default;
};

/// Any of them, with version and format in front.
struct MlsMessage {
  /// In the order of WireFormat.
  std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage> body;

  WireFormat wire_format() const { return static_cast<WireFormat>(body.index() + 1); }

  void write(wire::Writer& writer) const;
  static Result<MlsMessage> read(wire::Reader& reader);
  /// The whole of `bytes`; `over_limit` above kMaxMessageSize.
  static Result<MlsMessage> decode(ByteView bytes);
};

/// The encoding of an MLSMessage around one body.
Bytes encode_message(const PublicMessage& body);
Bytes encode_message(const PrivateMessage& body);
Bytes encode_message(const Welcome& body);
Bytes encode_message(const GroupInfo& body);
Bytes encode_message(const KeyPackage& body);

}  // namespace cairn::mls
