#include "core/mls/internal/message_protection.h"

#include "core/base/padding.h"
#include "core/crypto/ct.h"

namespace cairn::mls::internal {
namespace {

constexpr std::size_t kReuseGuardSize = 4;
constexpr std::size_t kLeastPaddedSize = 256;

// FramedContentTBS (s.6.1).
void write_to_be_signed(wire::Writer& writer, WireFormat format, const FramedContent& content, ByteView group_context) {
  writer.u16(kVersionMls10);
  writer.u16(static_cast<std::uint16_t>(format));
  content.write(writer);
  const bool inside = content.sender.type == SenderType::member || content.sender.type == SenderType::new_member_commit;
  if (inside) writer.raw(group_context);
}

wire::Sensitivity sensitivity_of(const FramedContent& content) {
  return content.content_type() == ContentType::application ? wire::Sensitivity::is_secret
                                                            : wire::Sensitivity::is_public;
}

// AuthenticatedContentTBM (s.6.2).
Digest membership_mac(const CipherSuite& suite, const AuthenticatedContent& content, const MembershipKey& key,
                      ByteView group_context) {
  wire::Writer writer;
  write_to_be_signed(writer, content.wire_format, content.content, group_context);
  content.auth.write(writer);
  return crypto::hmac(suite.hash, key.expose(), {writer.view()});
}

// SenderData (s.6.3.2).
struct SenderData {
  LeafIndex leaf_index;
  std::uint32_t generation = 0;
  std::array<std::uint8_t, kReuseGuardSize> reuse_guard{};

  void write(wire::Writer& writer) const {
    leaf_index.write(writer);
    writer.u32(generation);
    writer.raw(reuse_guard);
  }
  static Result<SenderData> read(wire::Reader& reader) {
    SenderData out;
    out.leaf_index = TRY(LeafIndex::read(reader));
    out.generation = TRY(reader.u32());
    const ByteView guard = TRY(reader.raw(kReuseGuardSize));
    std::copy(guard.begin(), guard.end(), out.reuse_guard.begin());
    return out;
  }
};

// SenderDataAAD, and PrivateContentAAD, which begins with it (s.6.3.1, 6.3.2).
void write_aad(wire::Writer& writer, const PrivateMessage& message) {
  message.group_id.write(writer);
  writer.u64(message.epoch);
  writer.u8(static_cast<std::uint8_t>(message.content_type));
}

Bytes sender_data_aad(const PrivateMessage& message) {
  wire::Writer writer;
  write_aad(writer, message);
  return writer.take();
}

Bytes content_aad(const PrivateMessage& message) {
  wire::Writer writer;
  write_aad(writer, message);
  writer.opaque(message.authenticated_data);
  return writer.take();
}

// s.6.3.1: the guard keeps a key and nonce from being used twice by a sender that lost state.
void apply_guard(MessageKey& key, ByteView guard) {
  const MutableByteView nonce = key.nonce.expose_mutable();
  for (std::size_t i = 0; i < kReuseGuardSize; ++i) nonce[i] ^= guard[i];
}

RatchetKind ratchet_of(ContentType type) {
  return type == ContentType::application ? RatchetKind::application : RatchetKind::handshake;
}

// PrivateMessageContent (s.6.3.1).
SecretBytes encode_content(const AuthenticatedContent& content) {
  wire::Writer writer(wire::Sensitivity::is_secret);
  content.content.write_content(writer);
  content.auth.write(writer);
  if (content.content.content_type() == ContentType::application) {
    const Bytes padding(padded_size(writer.size()) - writer.size());
    writer.raw(padding);
  }
  return writer.take_secret();
}

Result<AuthenticatedContent> decode_content(const PrivateMessage& message, LeafIndex sender, ByteView plaintext) {
  AuthenticatedContent out;
  out.wire_format = WireFormat::private_message;
  out.content.group_id = message.group_id;
  out.content.epoch = message.epoch;
  out.content.sender = Sender::member(sender);
  out.content.authenticated_data = message.authenticated_data;
  wire::Reader reader(plaintext);
  TRY(FramedContent::read_content(message.content_type, reader, out.content));
  out.auth = TRY(FramedContentAuthData::read(message.content_type, reader));
  for (const std::uint8_t octet : reader.rest()) {
    REQUIRE(octet == 0, ErrorCode::malformed, "padding");  // s.6.3.1: the padding is all zero
  }
  return out;
}

Result<SenderData> open_sender_data(const CipherSuite& suite, const PrivateMessage& message,
                                    const SenderDataSecret& secret) {
  const MessageKey key = derive_sender_data_key(suite, secret, message.ciphertext);
  const SecretBytes plaintext = TRY(crypto::aead_open(suite.hpke.aead, key.key.expose(), key.nonce.expose(),
                                                      sender_data_aad(message), message.encrypted_sender_data));
  return wire::decode<SenderData>(plaintext.expose());
}

}  // namespace

Result<AuthenticatedContent> sign_content(WireFormat format, FramedContent content, const crypto::SignatureKey& key,
                                          ByteView group_context) {
  wire::Writer writer(sensitivity_of(content));
  write_to_be_signed(writer, format, content, group_context);
  AuthenticatedContent out;
  out.auth.signature = TRY(sign_with_label(key, kSignFramedContent, writer.view()));
  out.wire_format = format;
  out.content = std::move(content);
  return out;
}

Result<VerifiedContent> verify_content(const CipherSuite& suite, AuthenticatedContent content, ByteView signature_key,
                                       ByteView group_context) {
  wire::Writer writer(sensitivity_of(content.content));
  write_to_be_signed(writer, content.wire_format, content.content, group_context);
  TRY(verify_with_label(suite, signature_key, kSignFramedContent, writer.view(), content.auth.signature));
  return VerifiedContent(std::move(content));
}

ProposalRef proposal_reference(const CipherSuite& suite, const AuthenticatedContent& content) {
  return {ref_hash(suite.hash, kRefProposal, wire::encode(content))};
}

Result<PublicMessage> protect_public(const CipherSuite& suite, AuthenticatedContent content, const MembershipKey& key,
                                     ByteView group_context) {
  REQUIRE(content.content.content_type() != ContentType::application, ErrorCode::invalid_state,
          "application data in the open");
  PublicMessage out;
  if (content.content.sender.type == SenderType::member) {
    out.membership_tag = MembershipTag{membership_mac(suite, content, key, group_context)};
  }
  out.content = std::move(content.content);
  out.auth = std::move(content.auth);
  return out;
}

Result<AuthenticatedContent> open_public(const CipherSuite& suite, PublicMessage message, const MembershipKey& key,
                                         ByteView group_context) {
  AuthenticatedContent out{WireFormat::public_message, std::move(message.content), std::move(message.auth)};
  REQUIRE(out.content.content_type() != ContentType::application, ErrorCode::malformed, "application data in the open");
  if (out.content.sender.type == SenderType::member) {
    REQUIRE(message.membership_tag &&
                crypto::ct_equal(*message.membership_tag, membership_mac(suite, out, key, group_context)),
            ErrorCode::crypto_failed, "membership tag");
  }
  return out;
}

// RFC 9420 s.15.1.
std::size_t padded_size(std::size_t size) { return padme(std::max(size, kLeastPaddedSize)); }

// RFC 9420 s.6.3.2.
MessageKey derive_sender_data_key(const CipherSuite& suite, const SenderDataSecret& secret, ByteView ciphertext) {
  const ByteView sample = ciphertext.first(std::min(ciphertext.size(), suite.hash_size()));
  MessageKey out;
  out.key = expand_with_label<decltype(out.key)>(suite, secret.expose(), kDeriveKey, sample, suite.key_size());
  out.nonce = expand_with_label<decltype(out.nonce)>(suite, secret.expose(), kDeriveNonce, sample, suite.nonce_size());
  return out;
}

Result<PrivateMessage> protect_private(const CipherSuite& suite, const AuthenticatedContent& content, SecretTree& tree,
                                       const SenderDataSecret& secret, Entropy& entropy) {
  CHECK(content.wire_format == WireFormat::private_message);
  const FramedContent& framed = content.content;
  PrivateMessage out;
  out.group_id = framed.group_id;
  out.epoch = framed.epoch;
  out.content_type = framed.content_type();
  out.authenticated_data = framed.authenticated_data;

  SecretTree::Outgoing next = TRY(tree.next_key(framed.sender.leaf(), ratchet_of(out.content_type)));
  SenderData sender_data{framed.sender.leaf(), next.generation, {}};
  entropy.fill(sender_data.reuse_guard);
  apply_guard(next.key, sender_data.reuse_guard);
  out.ciphertext = crypto::aead_seal(suite.hpke.aead, next.key.key.expose(), next.key.nonce.expose(), content_aad(out),
                                     encode_content(content).expose());

  const MessageKey key = derive_sender_data_key(suite, secret, out.ciphertext);
  out.encrypted_sender_data = crypto::aead_seal(suite.hpke.aead, key.key.expose(), key.nonce.expose(),
                                                sender_data_aad(out), wire::encode(sender_data));
  return out;
}

Result<OpenedMessage> open_private(const CipherSuite& suite, const PrivateMessage& message, const SecretTree& tree,
                                   const SenderDataSecret& secret) {
  const auto sender = open_sender_data(suite, message, secret);
  REQUIRE(sender.has_value(), ErrorCode::crypto_failed, "sender data");
  SecretTree::Incoming incoming =
      TRY(tree.find_key(sender->leaf_index, ratchet_of(message.content_type), sender->generation));
  MessageKey key = incoming.key().clone();
  apply_guard(key, sender->reuse_guard);
  auto plaintext = crypto::aead_open(suite.hpke.aead, key.key.expose(), key.nonce.expose(), content_aad(message),
                                     message.ciphertext);
  REQUIRE(plaintext.has_value(), ErrorCode::crypto_failed, "private message");
  return OpenedMessage {
    TRY(decode_content(message, sender->leaf_index, plaintext->expose()))
    , std::move(incoming)
  };
}

}  // namespace cairn::mls::internal
