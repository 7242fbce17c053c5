#include "core/mls/message.h"

namespace cairn::mls {
namespace {

template <class Body>
Bytes encode_as(WireFormat format, const Body& body) {
  wire::Writer writer;
  writer.u16(kVersionMls10);
  writer.u16(static_cast<std::uint16_t>(format));
  body.write(writer);
  return writer.take();
}

}  // namespace

// RFC 9420 s.6.
void Sender::write(wire::Writer& writer) const {
  writer.u8(static_cast<std::uint8_t>(type));
  if (type == SenderType::member || type == SenderType::external) writer.u32(index);
}

Result<Sender> Sender::read(wire::Reader& reader) {
  const std::uint8_t type = TRY(reader.u8());
  REQUIRE(type >= 1 && type <= 4, ErrorCode::malformed, "sender type");
  Sender out{static_cast<SenderType>(type), 0};
  if (out.type == SenderType::member || out.type == SenderType::external) out.index = TRY(reader.u32());
  return out;
}

Result<ContentType> read_content_type(wire::Reader& reader) {
  const std::uint8_t type = TRY(reader.u8());
  REQUIRE(type >= 1 && type <= 3, ErrorCode::malformed, "content type");
  return static_cast<ContentType>(type);
}

void FramedContent::write_content(wire::Writer& writer) const {
  if (const auto* data = std::get_if<SecretBytes>(&content)) {
    writer.opaque(data->expose());
  } else if (const auto* proposal = std::get_if<Proposal>(&content)) {
    proposal->write(writer);
  } else {
    std::get<Commit>(content).write(writer);
  }
}

Status FramedContent::read_content(ContentType type, wire::Reader& reader, FramedContent& out) {
  switch (type) {
    case ContentType::application: out.content = SecretBytes(TRY(reader.opaque_bytes(kMaxMessageSize))); break;
    case ContentType::proposal: out.content = TRY(Proposal::read(reader)); break;
    case ContentType::commit: out.content = TRY(Commit::read(reader)); break;
  }
  return ok();
}

void FramedContent::write(wire::Writer& writer) const {
  group_id.write(writer);
  writer.u64(epoch);
  sender.write(writer);
  writer.opaque(authenticated_data);
  writer.u8(static_cast<std::uint8_t>(content_type()));
  write_content(writer);
}

Result<FramedContent> FramedContent::read(wire::Reader& reader) {
  FramedContent out;
  out.group_id = TRY(GroupId::read(reader));
  out.epoch = TRY(reader.u64());
  out.sender = TRY(Sender::read(reader));
  out.authenticated_data = TRY(reader.opaque_bytes(kMaxAuthenticatedDataSize));
  const ContentType type = TRY(read_content_type(reader));
  TRY(read_content(type, reader, out));
  return out;
}

void FramedContentAuthData::write(wire::Writer& writer) const {
  signature.write(writer);
  if (confirmation_tag) confirmation_tag->write(writer);
}

Result<FramedContentAuthData> FramedContentAuthData::read(ContentType type, wire::Reader& reader) {
  FramedContentAuthData out;
  out.signature = TRY(SignatureBytes::read(reader));
  if (type == ContentType::commit) out.confirmation_tag = TRY(ConfirmationTag::read(reader));
  return out;
}

void AuthenticatedContent::write(wire::Writer& writer) const {
  writer.u16(static_cast<std::uint16_t>(wire_format));
  content.write(writer);
  auth.write(writer);
}

Result<AuthenticatedContent> AuthenticatedContent::read(wire::Reader& reader) {
  AuthenticatedContent out;
  const std::uint16_t format = TRY(reader.u16());
  REQUIRE(format == 1 || format == 2, ErrorCode::malformed, "wire format of a content");
  out.wire_format = static_cast<WireFormat>(format);
  out.content = TRY(FramedContent::read(reader));
  out.auth = TRY(FramedContentAuthData::read(out.content.content_type(), reader));
  return out;
}

// RFC 9420 s.6.2.
void PublicMessage::write(wire::Writer& writer) const {
  content.write(writer);
  auth.write(writer);
  if (membership_tag) membership_tag->write(writer);
}

Result<PublicMessage> PublicMessage::read(wire::Reader& reader) {
  PublicMessage out;
  out.content = TRY(FramedContent::read(reader));
  out.auth = TRY(FramedContentAuthData::read(out.content.content_type(), reader));
  if (out.content.sender.type == SenderType::member) out.membership_tag = TRY(MembershipTag::read(reader));
  return out;
}

// RFC 9420 s.6.3.
void PrivateMessage::write(wire::Writer& writer) const {
  group_id.write(writer);
  writer.u64(epoch);
  writer.u8(static_cast<std::uint8_t>(content_type));
  writer.opaque(authenticated_data);
  writer.opaque(encrypted_sender_data);
  writer.opaque(ciphertext);
}

Result<PrivateMessage> PrivateMessage::read(wire::Reader& reader) {
  PrivateMessage out;
  out.group_id = TRY(GroupId::read(reader));
  out.epoch = TRY(reader.u64());
  out.content_type = TRY(read_content_type(reader));
  out.authenticated_data = TRY(reader.opaque_bytes(kMaxAuthenticatedDataSize));
  out.encrypted_sender_data = TRY(reader.opaque_bytes(kMaxDigestSize));
  out.ciphertext = TRY(reader.opaque_bytes(kMaxMessageSize));
  return out;
}

void MlsMessage::write(wire::Writer& writer) const {
  writer.u16(kVersionMls10);
  writer.u16(static_cast<std::uint16_t>(wire_format()));
  std::visit([&](const auto& value) { value.write(writer); }, body);
}

Result<MlsMessage> MlsMessage::read(wire::Reader& reader) {
  TRY(read_version(reader));
  switch (static_cast<WireFormat>(TRY(reader.u16()))) {
    case WireFormat::public_message: return MlsMessage { TRY(PublicMessage::read(reader))
      };
    case WireFormat::private_message: return MlsMessage { TRY(PrivateMessage::read(reader))
      };
    case WireFormat::welcome: return MlsMessage { TRY(Welcome::read(reader))
      };
    case WireFormat::group_info: return MlsMessage { TRY(GroupInfo::read(reader))
      };
    case WireFormat::key_package: return MlsMessage { TRY(KeyPackage::read(reader))
      };
  }
  return fail(ErrorCode::unsupported, "wire format");
}

Result<MlsMessage> MlsMessage::decode(ByteView bytes) {
  REQUIRE(bytes.size() <= kMaxMessageSize, ErrorCode::over_limit, "message size");
  return wire::decode<MlsMessage>(bytes);
}

Bytes encode_message(const PublicMessage& body) { return encode_as(WireFormat::public_message, body); }
Bytes encode_message(const PrivateMessage& body) { return encode_as(WireFormat::private_message, body); }
Bytes encode_message(const Welcome& body) { return encode_as(WireFormat::welcome, body); }
Bytes encode_message(const GroupInfo& body) { return encode_as(WireFormat::group_info, body); }
Bytes encode_message(const KeyPackage& body) { return encode_as(WireFormat::key_package, body); }

}  // namespace cairn::mls
