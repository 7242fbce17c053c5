// Framing (RFC 9420 s.6): signing content, and carrying it as PublicMessage or PrivateMessage.
//
//   sign_content() --> AuthenticatedContent --+--> protect_public()  - - >  open_public()  --+--> verify_content()
//                                             \--> protect_private() - - >  open_private() --/    --> VerifiedContent
#pragma once

#include "core/mls/internal/secret_tree.h"
#include "core/mls/message.h"

namespace cairn::mls::internal {

/// Signs `content` (s.6.1). `group_context` is the encoded one of the content's epoch. A commit still lacks its
/// confirmation tag then.
Result<AuthenticatedContent> sign_content(WireFormat format, FramedContent content, const crypto::SignatureKey& key,
                                          ByteView group_context);

/// Content whose signature holds under the key of who it says sent it.
class VerifiedContent {
 public:
  const FramedContent& operator*() const { return content_.content; }
  const FramedContent* operator->() const { return &content_.content; }
  const AuthenticatedContent& authenticated() const { return content_; }
  FramedContent take() && { return std::move(content_.content); }

 private:
  friend Result<VerifiedContent> verify_content(const CipherSuite&, AuthenticatedContent, ByteView, ByteView);
  explicit VerifiedContent(AuthenticatedContent content) : content_(std::move(content)) {}

  AuthenticatedContent content_;
};

/// `invalid_signature` unless `signature_key`, which the caller found by content.sender, signed it.
Result<VerifiedContent> verify_content(const CipherSuite& suite, AuthenticatedContent content, ByteView signature_key,
                                       ByteView group_context);

/// ProposalRef (s.5.2).
ProposalRef proposal_reference(const CipherSuite& suite, const AuthenticatedContent& content);

/// `invalid_state` for application data, which is never sent in the open (s.6.2).
Result<PublicMessage> protect_public(const CipherSuite& suite, AuthenticatedContent content, const MembershipKey& key,
                                     ByteView group_context);
/// Checks the membership tag of what a member sent, `crypto_failed`; and refuses application data, `malformed`.
Result<AuthenticatedContent> open_public(const CipherSuite& suite, PublicMessage message, const MembershipKey& key,
                                         ByteView group_context);

/// Spends a key of the sender's own ratchet. Application data is padded to padded_size(). `over_limit` when the
/// generations have run out.
Result<PrivateMessage> protect_private(const CipherSuite& suite, const AuthenticatedContent& content, SecretTree& tree,
                                       const SenderDataSecret& secret, Entropy& entropy);

/// A PrivateMessage whose encryption is authentic: a member sent it, and its signature says which. `accept` it in the
/// tree when it is verified.
struct OpenedMessage {
  AuthenticatedContent content;
  SecretTree::Incoming key;
};
/// `crypto_failed` when it cannot be decrypted or its padding is not zero, `duplicate` and `over_limit` as
/// SecretTree::find_key. Changes nothing.
Result<OpenedMessage> open_private(const CipherSuite& suite, const PrivateMessage& message, const SecretTree& tree,
                                   const SenderDataSecret& secret);

/// What application data of `size` bytes is padded to: at least 256, with no more than the top bits of a length of
/// log2(log2(size)) + 1 bits in use (Padme), which costs at most 12 percent.
std::size_t padded_size(std::size_t size);

/// Key and nonce for the sender data that goes with this ciphertext (s.6.3.2).
MessageKey derive_sender_data_key(const CipherSuite& suite, const SenderDataSecret& secret, ByteView ciphertext);

}  // namespace cairn::mls::internal
