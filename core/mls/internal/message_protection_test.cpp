#include "core/mls/internal/message_protection.h"

#include <gtest/gtest.h>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

// Leaf 1 of a tree of two sends, everybody holds the same secrets.
struct Sender {
  explicit Sender(SuiteId id) : suite(cipher_suite(id)) { public_key = key.public_key(); }

  AuthenticatedContent sign(std::string_view text) {
    FramedContent content;
    content.group_id.bytes = to_bytes("group");
    content.epoch = 3;
    content.sender = mls::Sender::member({1});
    content.authenticated_data = to_bytes("for all to see");
    content.content = SecretBytes(to_bytes(text));
    return must(sign_content(WireFormat::private_message, std::move(content), key, context));
  }
  PrivateMessage protect(std::string_view text) {
    const AuthenticatedContent content = sign(text);
    return must(protect_private(suite, content, tree, sender_data, entropy));
  }
  // What a receiver makes of it that holds the secrets from the start.
  Result<std::string> read(const PrivateMessage& message) const {
    SecretTree fresh(suite, EncryptionSecret{ByteView(root)}, TreeSize::holding({1}));
    OpenedMessage opened = TRY(open_private(suite, message, fresh, sender_data));
    const VerifiedContent verified = TRY(verify_content(suite, std::move(opened.content), public_key, context));
    return as_text(std::get<SecretBytes>(verified->content).expose());
  }

  const CipherSuite& suite;
  testing::SeededEntropy entropy{6};
  Bytes context = to_bytes("the group context");
  Bytes root = Bytes(suite.hash_size(), 3);
  SenderDataSecret sender_data{ByteView(root)};
  SecretTree tree{suite, EncryptionSecret{ByteView(root)}, TreeSize::holding({1})};
  crypto::SignatureKey key = must(crypto::SignatureKey::from(
      suite.signature, crypto::generate_signature_key(suite.signature, entropy).private_key));
  Bytes public_key;
};

TEST(MessageProtection, ReadsWhatWasSentInEverySuite) {
  for (const CipherSuite& suite : cipher_suites()) {
    Sender sender(suite.id);
    EXPECT_EQ(*sender.read(sender.protect("first")), "first");
    EXPECT_EQ(*sender.read(sender.protect("")), "");
    EXPECT_EQ(*sender.read(sender.protect(std::string(1000, 'x'))), std::string(1000, 'x'));
  }
}

TEST(MessageProtection, RefusesAMessageWithAnyOneBitFlipped) {
  Sender sender(SuiteId::x25519_aes128);
  const Bytes good = wire::encode(sender.protect("text"));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto message = wire::decode<PrivateMessage>(bad);
    ASSERT_FALSE(message && sender.read(*message)) << bit;
  }
}

TEST(MessageProtection, PadsToSizesThatLeakLittle) {
  EXPECT_EQ(padded_size(0), 256u);
  EXPECT_EQ(padded_size(256), 256u);
  EXPECT_EQ(padded_size(257), 272u);
  EXPECT_EQ(padded_size(1000), 1024u);
  EXPECT_EQ(padded_size(100'000), 100'352u);
  for (std::size_t size = 257; size < 300'000; size += 97) {
    EXPECT_GE(padded_size(size), size);
    EXPECT_LE(padded_size(size), size + size / 8);
    EXPECT_EQ(padded_size(padded_size(size)), padded_size(size));
  }
  Sender sender(SuiteId::x25519_aes128);
  const std::size_t empty = sender.protect("").ciphertext.size();
  EXPECT_EQ(empty, 256u + 16u);
  EXPECT_EQ(sender.protect("a short text").ciphertext.size(), empty);
}

// RFC 9420 s.6.3.1.
TEST(MessageProtection, RefusesPaddingThatIsNotZero) {
  Sender sender(SuiteId::x25519_aes128);
  const AuthenticatedContent content = sender.sign("text");
  for (const std::uint8_t octet : Bytes{0, 1}) {
    PrivateMessage message = sender.protect("template");
    wire::Writer plaintext;
    content.content.write_content(plaintext);
    content.auth.write(plaintext);
    plaintext.raw(Bytes{0, octet, 0});
    wire::Writer aad;
    message.group_id.write(aad);
    aad.u64(message.epoch);
    aad.u8(static_cast<std::uint8_t>(message.content_type));
    const Bytes sender_data_aad = to_bytes(aad.view());
    aad.opaque(message.authenticated_data);
    SecretTree fresh(sender.suite, EncryptionSecret{ByteView(sender.root)}, TreeSize::holding({1}));
    const auto next = must(fresh.next_key({1}, RatchetKind::application));
    message.ciphertext = crypto::aead_seal(sender.suite.hpke.aead, next.key.key.expose(), next.key.nonce.expose(),
                                           aad.view(), plaintext.view());
    wire::Writer sender_data;  // leaf 1, generation 0, a reuse guard of zeros
    sender_data.u32(1);
    sender_data.u64(0);
    const MessageKey key = derive_sender_data_key(sender.suite, sender.sender_data, message.ciphertext);
    message.encrypted_sender_data = crypto::aead_seal(sender.suite.hpke.aead, key.key.expose(), key.nonce.expose(),
                                                      sender_data_aad, sender_data.view());
    const auto read = sender.read(message);
    EXPECT_EQ(read.has_value(), octet == 0);
    if (!read) {
      EXPECT_STREQ(read.error().where, "padding");
    }
  }
}

TEST(MessageProtection, NeverSendsApplicationDataInTheOpen) {
  Sender sender(SuiteId::x25519_aes128);
  EXPECT_EQ(protect_public(sender.suite, sender.sign("text"), MembershipKey(), sender.context).error().code,
            ErrorCode::invalid_state);
}

TEST(MessageProtection, BindsASignatureToTheGroupContextAndTheWayItTravels) {
  Sender sender(SuiteId::x25519_aes128);
  EXPECT_TRUE(verify_content(sender.suite, sender.sign("text"), sender.public_key, sender.context).has_value());
  EXPECT_FALSE(verify_content(sender.suite, sender.sign("text"), sender.public_key, as_bytes("other")).has_value());
  AuthenticatedContent moved = sender.sign("text");
  moved.wire_format = WireFormat::public_message;
  EXPECT_FALSE(verify_content(sender.suite, std::move(moved), sender.public_key, sender.context).has_value());
}

}  // namespace
}  // namespace cairn::mls::internal
