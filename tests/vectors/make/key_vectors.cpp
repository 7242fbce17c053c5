// Vectors about keys and frames: crypto-basics, key-schedule, message-protection.
#include "core/mls/internal/message_protection.h"
#include "core/mls/internal/tree_fixture.h"
#include "tests/vectors/make/maker.h"

namespace cairn::testing {

using namespace mls;
using namespace mls::internal;

namespace {

using AnySecret = ShortSecret<struct MadeSecretTag>;

template <class Tag>
std::string hex(const ShortSecret<Tag>& secret) {
  return to_hex(secret.expose());
}
using cairn::testing::hex;

Json derivations(Maker& m, Json out) {
  const Bytes value = m.random(100);
  out["ref_hash"] = {
      {"label", "RefHash"}, {"value", hex(value)}, {"out", hex(ref_hash(m.suite.hash, "RefHash", value).view())}};
  const Bytes secret = m.secret();
  const Bytes context = m.secret();
  constexpr std::size_t kLength = 16;
  out["expand_with_label"] = {
      {"secret", hex(secret)},
      {"label", "ExpandWithLabel"},
      {"context", hex(context)},
      {"length", kLength},
      {"out", hex(expand_with_label<AnySecret>(m.suite, secret, "ExpandWithLabel", context, kLength))}};
  const Bytes derive = m.secret();
  out["derive_secret"] = {{"secret", hex(derive)},
                          {"label", "DeriveSecret"},
                          {"out", hex(derive_secret<AnySecret>(m.suite, derive, "DeriveSecret"))}};
  const Bytes tree = m.secret();
  const auto generation = static_cast<std::uint32_t>(m.entropy.next());
  out["derive_tree_secret"] = {
      {"secret", hex(tree)},
      {"label", "DeriveTreeSecret"},
      {"generation", generation},
      {"length", kLength},
      {"out", hex(derive_tree_secret<AnySecret>(m.suite, tree, "DeriveTreeSecret", generation, kLength))}};
  return out;
}

}  // namespace

Json make_crypto_basics(Maker& m) {
  Json out;
  out["cipher_suite"] = m.suite.number();
  out = derivations(m, std::move(out));
  const auto signer = crypto::generate_signature_key(m.suite.signature, m.entropy);
  const Bytes content = m.random(64);
  const SignatureBytes signature = must(sign_with_label(m.suite, signer.private_key, "SignWithLabel", content));
  out["sign_with_label"] = {{"priv", hex(signer.private_key)},
                            {"pub", hex(signer.public_key)},
                            {"content", hex(content)},
                            {"label", "SignWithLabel"},
                            {"signature", hex(signature.view())}};
  const crypto::KemKeyPair pair = crypto::kem_generate(m.suite.hpke.kem, m.entropy);
  const Bytes context = m.random(64);
  const Bytes plaintext = m.random(64);
  const HpkeCiphertext sealed =
      must(encrypt_with_label(m.suite, pair.public_key, "EncryptWithLabel", context, plaintext, m.entropy));
  out["encrypt_with_label"] = {{"priv", hex(pair.private_key)},       {"pub", hex(pair.public_key)},
                               {"label", "EncryptWithLabel"},         {"context", hex(context)},
                               {"plaintext", hex(plaintext)},         {"kem_output", hex(sealed.kem_output)},
                               {"ciphertext", hex(sealed.ciphertext)}};
  return out;
}

namespace {

Json made_epoch(Maker& m, const EpochSecrets& secrets) {
  Json out;
  out["init_secret"] = hex(secrets.init);
  out["sender_data_secret"] = hex(secrets.sender_data);
  out["encryption_secret"] = hex(secrets.encryption);
  out["exporter_secret"] = hex(secrets.exporter);
  out["epoch_authenticator"] = hex(secrets.authenticator.view());
  out["external_secret"] = hex(secrets.external);
  out["confirmation_key"] = hex(secrets.confirmation);
  out["membership_key"] = hex(secrets.membership);
  out["resumption_psk"] = hex(secrets.resumption);
  out["external_pub"] = hex(must(derive_external_key(m.suite, secrets.external)).public_key);
  const std::string label = hex(m.random(32));
  const Bytes context = m.random(32);
  const std::size_t length = 32 + m.entropy.below(32);
  out["exporter"] = {{"label", label},
                     {"context", hex(context)},
                     {"length", length},
                     {"secret", hex(export_secret(m.suite, secrets.exporter, label, context, length).expose())}};
  return out;
}

}  // namespace

Json make_key_schedule(Maker& m) {
  Json out;
  out["cipher_suite"] = m.suite.number();
  GroupContext context;
  context.cipher_suite = m.suite.number();
  context.group_id.bytes = m.random(32);
  InitSecret init(m.secret());
  out["group_id"] = hex(context.group_id);
  out["initial_init_secret"] = hex(init);
  out["epochs"] = Json::array();
  constexpr std::uint64_t kEpochs = 5;
  for (; context.epoch < kEpochs; ++context.epoch) {
    context.tree_hash.digest = Digest(m.secret());
    context.confirmed_transcript_hash.digest = Digest(m.secret());
    const Bytes commit_secret = m.secret();
    const Bytes psk_secret = m.secret();
    const Bytes encoded = wire::encode(context);
    JoinerSecret joiner = derive_joiner(m.suite, std::move(init), CommitSecret(commit_secret), encoded);
    Json epoch = {
        {"tree_hash", hex(context.tree_hash)}, {"commit_secret", hex(commit_secret)},
        {"psk_secret", hex(psk_secret)},       {"confirmed_transcript_hash", hex(context.confirmed_transcript_hash)},
        {"group_context", hex(encoded)},       {"joiner_secret", hex(joiner)}};
    MemberSecret member = derive_member(m.suite, std::move(joiner), PskSecret(psk_secret));
    epoch["welcome_secret"] = hex(derive_welcome(m.suite, member));
    EpochSecrets secrets = derive_epoch_secrets(m.suite, derive_epoch(m.suite, std::move(member), encoded));
    epoch.update(made_epoch(m, secrets));
    out["epochs"].push_back(std::move(epoch));
    init = std::move(secrets.init);
  }
  return out;
}

namespace {

// The two-member group of a message-protection case; leaf 1 sends.
struct Sending {
  GroupContext context;
  Bytes encoded;
  crypto::SignatureKey key;
  MembershipKey membership_key;
  SenderDataSecret sender_data_secret;
  Bytes encryption_secret;

  AuthenticatedContent sign(Maker& m, WireFormat format, std::variant<SecretBytes, Proposal, Commit> content) const {
    FramedContent framed;
    framed.group_id = context.group_id;
    framed.epoch = context.epoch;
    framed.sender = Sender::member({1});
    framed.authenticated_data = m.random(16);
    framed.content = std::move(content);
    AuthenticatedContent out = must(sign_content(format, std::move(framed), key, encoded));
    if (out.content.content_type() == ContentType::commit)
      out.auth.confirmation_tag = ConfirmationTag{Digest(m.secret())};
    return out;
  }
  std::string sealed(Maker& m, std::variant<SecretBytes, Proposal, Commit> content) const {
    SecretTree tree(m.suite, EncryptionSecret(encryption_secret), TreeSize::holding({1}));
    const AuthenticatedContent made = sign(m, WireFormat::private_message, std::move(content));
    return hex(encode_message(must(protect_private(m.suite, made, tree, sender_data_secret, m.entropy))));
  }
  std::string open(Maker& m, std::variant<SecretBytes, Proposal, Commit> content) const {
    AuthenticatedContent made = sign(m, WireFormat::public_message, std::move(content));
    return hex(encode_message(must(protect_public(m.suite, std::move(made), membership_key, encoded))));
  }
};

Commit some_commit(Maker& m) {
  Commit out;
  out.proposals.push_back({ProposalRef{Digest(m.secret())}});
  return out;
}

}  // namespace

Json make_message_protection(Maker& m) {
  GroupContext context;
  context.cipher_suite = m.suite.number();
  context.group_id.bytes = m.random(32);
  context.epoch = m.entropy.below(1 << 20);
  context.tree_hash.digest = Digest(m.secret());
  context.confirmed_transcript_hash.digest = Digest(m.secret());
  auto signer = crypto::generate_signature_key(m.suite.signature, m.entropy);
  Json out = {{"cipher_suite", m.suite.number()},
              {"group_id", hex(context.group_id)},
              {"epoch", context.epoch},
              {"tree_hash", hex(context.tree_hash)},
              {"confirmed_transcript_hash", hex(context.confirmed_transcript_hash)},
              {"signature_priv", hex(signer.private_key)},
              {"signature_pub", hex(signer.public_key)}};
  Bytes encoded = wire::encode(context);
  const Sending group{std::move(context),
                      std::move(encoded),
                      must(crypto::SignatureKey::from(m.suite.signature, std::move(signer.private_key))),
                      MembershipKey(m.secret()),
                      SenderDataSecret(m.secret()),
                      m.secret()};
  out["encryption_secret"] = hex(group.encryption_secret);
  out["sender_data_secret"] = hex(group.sender_data_secret);
  out["membership_key"] = hex(group.membership_key);
  const Proposal proposal{Remove{{2}}};
  out["proposal"] = hex(wire::encode(proposal));
  out["proposal_priv"] = group.sealed(m, proposal);
  out["proposal_pub"] = group.open(m, proposal);
  const Commit commit = some_commit(m);
  out["commit"] = hex(wire::encode(commit));
  out["commit_priv"] = group.sealed(m, commit);
  out["commit_pub"] = group.open(m, commit);
  const Bytes text = m.random(40);
  out["application"] = hex(text);
  out["application_priv"] = group.sealed(m, SecretBytes(Bytes(text)));
  return out;
}

}  // namespace cairn::testing
