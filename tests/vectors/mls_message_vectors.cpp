#include "tests/vectors/mls_message_vectors.h"

#include "core/mls/internal/group_secrets.h"
#include "core/mls/internal/message_protection.h"
#include "core/mls/internal/ratchet_tree.h"
#include "tests/support/seeded_entropy.h"
#include "tests/vectors/mls_suite.h"

namespace cairn::testing {
namespace {

using nlohmann::json;
using namespace mls;
using namespace mls::internal;

Status deserialization_case(const json& c) {
  const Bytes header = hex_bytes(c.at("vlbytes_header"));
  const auto length = c.at("length").get<std::size_t>();
  wire::Writer writer;
  writer.length(length);
  REQUIRE(equal(writer.view(), header), kWrong, "header written");
  // A reader wants the bytes to be there; so it is asked only where that costs little.
  if (length > kMaxMessageSize) return ok();
  Bytes whole = header;
  whole.resize(header.size() + length);
  wire::Reader reader(whole);
  REQUIRE(TRY(reader.length(kMaxMessageSize)) == length, kWrong, "length");
  return ok();
}

template <class T>
Status round_trip(const json& hex) {
  const Bytes bytes = hex_bytes(hex);
  const auto value = TRY(wire::decode<T>(bytes));
  REQUIRE(wire::encode(value) == bytes, kWrong, "written again");
  return ok();
}

Status proposal_round_trip(std::uint16_t type, const json& hex) {
  const Bytes bytes = hex_bytes(hex);
  wire::Reader reader(bytes);
  const Proposal proposal = TRY(Proposal::read_body(type, reader));
  TRY(reader.finish());
  wire::Writer writer;
  proposal.write_body(writer);
  REQUIRE(equal(writer.view(), bytes), kWrong, "proposal written again");
  return ok();
}

Status messages_case(const json& c) {
  for (const char* name : {"mls_welcome", "mls_group_info", "mls_key_package", "public_message_application",
                           "public_message_proposal", "public_message_commit", "private_message"}) {
    TRY(round_trip<MlsMessage>(c.at(name)));
  }
  TRY(round_trip<GroupSecrets>(c.at("group_secrets")));
  TRY(round_trip<Commit>(c.at("commit")));
  const auto nodes = wire::decode<TreeNodes>(hex_bytes(c.at("ratchet_tree")));
  REQUIRE(nodes.has_value(), kWrong, "ratchet_tree");
  const std::pair<const char*, std::uint16_t> proposals[] = {
      {"add_proposal", proposal_type::kAdd},
      {"update_proposal", proposal_type::kUpdate},
      {"remove_proposal", proposal_type::kRemove},
      {"pre_shared_key_proposal", proposal_type::kPreSharedKey},
      {"re_init_proposal", proposal_type::kReInit},
      {"external_init_proposal", proposal_type::kExternalInit},
      {"group_context_extensions_proposal", proposal_type::kGroupContextExtensions}};
  for (const auto& [name, type] : proposals) TRY(proposal_round_trip(type, c.at(name)));
  return ok();
}

// The two-member group of a message-protection case; leaf 1 sends.
struct Protection {
  const CipherSuite& suite;
  const json& c;
  Bytes context;
  MembershipKey membership_key;
  SenderDataSecret sender_data_secret;
  SecretTree tree;

  Status check(const VerifiedContent& content, const json& expected) const {
    wire::Writer writer(wire::Sensitivity::is_secret);
    REQUIRE(content->sender == Sender::member({1}), kWrong, "sender");
    if (const auto* data = std::get_if<SecretBytes>(&content->content)) {
      REQUIRE(equal(data->expose(), hex_bytes(expected)), kWrong, "application data");
      return ok();
    }
    content->write_content(writer);
    REQUIRE(equal(writer.view(), hex_bytes(expected)), kWrong, "content");
    return ok();
  }

  Status open(ByteView message, const json& expected) {
    MlsMessage decoded = TRY(MlsMessage::decode(message));
    const Bytes key = hex_bytes(c.at("signature_pub"));
    if (auto* open_message = std::get_if<PublicMessage>(&decoded.body)) {
      AuthenticatedContent opened = TRY(open_public(suite, std::move(*open_message), membership_key, context));
      return check(TRY(verify_content(suite, std::move(opened), key, context)), expected);
    }
    OpenedMessage opened = TRY(open_private(suite, std::get<PrivateMessage>(decoded.body), tree, sender_data_secret));
    const VerifiedContent content = TRY(verify_content(suite, std::move(opened.content), key, context));
    TRY(check(content, expected));
    tree.accept(std::move(opened.key));
    REQUIRE(!open_private(suite, std::get<PrivateMessage>(decoded.body), tree, sender_data_secret), kWrong,
            "a message was read twice");
    return ok();
  }

  Result<AuthenticatedContent> sign(WireFormat format, ContentType type, const json& content) const {
    FramedContent framed;
    framed.group_id.bytes = hex_bytes(c.at("group_id"));
    framed.epoch = c.at("epoch").get<std::uint64_t>();
    framed.sender = Sender::member({1});
    const Bytes bytes = hex_bytes(content);
    wire::Reader reader(bytes);
    if (type == ContentType::application) {
      framed.content = SecretBytes(Bytes(bytes));
    } else {
      TRY(FramedContent::read_content(type, reader, framed));
    }
    crypto::SignaturePrivateKey private_key(hex_bytes(c.at("signature_priv")));
    const auto key = TRY(crypto::SignatureKey::from(suite.signature, std::move(private_key)));
    AuthenticatedContent out = TRY(sign_content(format, std::move(framed), key, context));
    if (type == ContentType::commit) out.auth.confirmation_tag = ConfirmationTag{Digest(suite.hash_size())};
    return out;
  }
};

Result<Protection> start_protection(const CipherSuite& suite, const json& c) {
  GroupContext context;
  context.cipher_suite = suite.number();
  context.group_id.bytes = hex_bytes(c.at("group_id"));
  context.epoch = c.at("epoch").get<std::uint64_t>();
  context.tree_hash.digest = Digest(hex_bytes(c.at("tree_hash")));
  context.confirmed_transcript_hash.digest = Digest(hex_bytes(c.at("confirmed_transcript_hash")));
  return Protection{suite,
                    c,
                    wire::encode(context),
                    MembershipKey(hex_bytes(c.at("membership_key"))),
                    SenderDataSecret(hex_bytes(c.at("sender_data_secret"))),
                    SecretTree(suite, EncryptionSecret(hex_bytes(c.at("encryption_secret"))), TreeSize::holding({1}))};
}

Status message_protection_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  SeededEntropy entropy(3);
  const std::pair<const char*, ContentType> kinds[] = {
      {"proposal", ContentType::proposal}, {"commit", ContentType::commit}, {"application", ContentType::application}};
  for (const auto& [name, type] : kinds) {
    const std::string kind = name;
    Protection given = TRY(start_protection(suite, c));
    Protection sender = TRY(start_protection(suite, c));
    Protection receiver = TRY(start_protection(suite, c));
    TRY(given.open(hex_bytes(c.at(kind + "_priv")), c.at(kind)));
    const AuthenticatedContent closed = TRY(sender.sign(WireFormat::private_message, type, c.at(kind)));
    const auto sealed = TRY(protect_private(suite, closed, sender.tree, sender.sender_data_secret, entropy));
    TRY(receiver.open(encode_message(sealed), c.at(kind)));

    AuthenticatedContent content = TRY(sender.sign(WireFormat::public_message, type, c.at(kind)));
    auto open = protect_public(suite, std::move(content), sender.membership_key, sender.context);
    if (type == ContentType::application) {
      REQUIRE(!open, kWrong, "application data went out in the open");
      continue;
    }
    TRY(given.open(hex_bytes(c.at(kind + "_pub")), c.at(kind)));
    const PublicMessage message = TRY(std::move(open));
    TRY(receiver.open(encode_message(message), c.at(kind)));
  }
  return ok();
}

Status welcome_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  const MlsMessage package_message = TRY(MlsMessage::decode(hex_bytes(c.at("key_package"))));
  const MlsMessage welcome_message = TRY(MlsMessage::decode(hex_bytes(c.at("welcome"))));
  const auto& package = std::get<KeyPackage>(package_message.body);
  const auto& welcome = std::get<Welcome>(welcome_message.body);
  const VerifiedKeyPackage verified = TRY(VerifiedKeyPackage::verify(suite, package));
  GroupSecrets secrets = TRY(
      open_group_secrets(suite, welcome, verified.reference(), crypto::KemPrivateKey(hex_bytes(c.at("init_priv")))));
  MemberSecret member = derive_member(suite, std::move(secrets.joiner_secret), derive_psk_secret(suite, {}));
  const GroupInfo info = TRY(open_group_info(suite, welcome.encrypted_group_info, derive_welcome(suite, member)));
  TRY(verify_with_label(suite, hex_bytes(c.at("signer_pub")), kSignGroupInfo, info.to_be_signed(), info.signature));
  const EpochSecrets epoch =
      derive_epoch_secrets(suite, derive_epoch(suite, std::move(member), wire::encode(info.group_context)));
  return check_confirmation_tag(suite, epoch.confirmation, info.group_context.confirmed_transcript_hash,
                                info.confirmation_tag);
}

}  // namespace

VectorCount run_deserialization(const json& cases) { return run_cases(cases, deserialization_case); }
VectorCount run_messages(const json& cases) { return run_cases(cases, messages_case); }
VectorCount run_message_protection(const json& cases) { return run_cases(cases, message_protection_case); }
VectorCount run_welcome(const json& cases) { return run_cases(cases, welcome_case); }

}  // namespace cairn::testing
