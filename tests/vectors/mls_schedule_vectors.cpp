#include "tests/vectors/mls_schedule_vectors.h"

#include "core/mls/internal/message_protection.h"
#include "core/mls/internal/transcript.h"
#include "tests/support/seeded_entropy.h"
#include "tests/vectors/mls_suite.h"

namespace cairn::testing {
namespace {

using nlohmann::json;
using namespace mls;
using namespace mls::internal;

using AnySecret = ShortSecret<struct VectorSecretTag>;

bool matches(const json& expected, ByteView actual) { return equal(hex_bytes(expected), actual); }
template <class Tag>
bool matches(const json& expected, const ShortSecret<Tag>& actual) {
  return matches(expected, actual.expose());
}

Status derivations_case(const CipherSuite& suite, const json& c) {
  const json& ref = c.at("ref_hash");
  REQUIRE(matches(ref.at("out"), ref_hash(suite.hash, ref.at("label").get<std::string>(), hex_bytes(ref.at("value")))),
          kWrong, "ref_hash");
  const json& expand = c.at("expand_with_label");
  REQUIRE(matches(expand.at("out"), expand_with_label<AnySecret>(
                                        suite, hex_bytes(expand.at("secret")), expand.at("label").get<std::string>(),
                                        hex_bytes(expand.at("context")), expand.at("length").get<std::size_t>())),
          kWrong, "expand_with_label");
  const json& derive = c.at("derive_secret");
  REQUIRE(matches(derive.at("out"), derive_secret<AnySecret>(suite, hex_bytes(derive.at("secret")),
                                                             derive.at("label").get<std::string>())),
          kWrong, "derive_secret");
  const json& tree = c.at("derive_tree_secret");
  REQUIRE(
      matches(tree.at("out"), derive_tree_secret<AnySecret>(
                                  suite, hex_bytes(tree.at("secret")), tree.at("label").get<std::string>(),
                                  tree.at("generation").get<std::uint32_t>(), tree.at("length").get<std::size_t>())),
      kWrong, "derive_tree_secret");
  return ok();
}

Status signature_case(const CipherSuite& suite, const json& c) {
  const Bytes public_key = hex_bytes(c.at("pub"));
  const Bytes content = hex_bytes(c.at("content"));
  const auto label = c.at("label").get<std::string>();
  TRY(verify_with_label(suite, public_key, label, content, hex_bytes(c.at("signature"))));
  const crypto::SignaturePrivateKey key(hex_bytes(c.at("priv")));
  const SignatureBytes own = TRY(sign_with_label(suite, key, label, content));
  TRY(verify_with_label(suite, public_key, label, content, own));
  REQUIRE(!verify_with_label(suite, public_key, label + "x", content, own), kWrong, "label is not signed");
  return ok();
}

Status encryption_case(const CipherSuite& suite, const json& c) {
  const crypto::KemPrivateKey key(hex_bytes(c.at("priv")));
  const Bytes context = hex_bytes(c.at("context"));
  const auto label = c.at("label").get<std::string>();
  const HpkeCiphertext given{hex_bytes(c.at("kem_output")), hex_bytes(c.at("ciphertext"))};
  const SecretBytes opened = TRY(decrypt_with_label(suite, key, label, context, given));
  REQUIRE(matches(c.at("plaintext"), opened.expose()), kWrong, "decrypt_with_label");
  SeededEntropy entropy(1);
  const HpkeCiphertext own =
      TRY(encrypt_with_label(suite, hex_bytes(c.at("pub")), label, context, opened.expose(), entropy));
  const SecretBytes again = TRY(decrypt_with_label(suite, key, label, context, own));
  REQUIRE(matches(c.at("plaintext"), again.expose()), kWrong, "encrypt_with_label");
  return ok();
}

Status crypto_basics_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  TRY(derivations_case(suite, c));
  TRY(signature_case(suite, c.at("sign_with_label")));
  return encryption_case(suite, c.at("encrypt_with_label"));
}

Status check_epoch(const CipherSuite& suite, const json& epoch, const EpochSecrets& secrets) {
  REQUIRE(matches(epoch.at("sender_data_secret"), secrets.sender_data), kWrong, "sender_data_secret");
  REQUIRE(matches(epoch.at("encryption_secret"), secrets.encryption), kWrong, "encryption_secret");
  REQUIRE(matches(epoch.at("exporter_secret"), secrets.exporter), kWrong, "exporter_secret");
  REQUIRE(matches(epoch.at("external_secret"), secrets.external), kWrong, "external_secret");
  REQUIRE(matches(epoch.at("confirmation_key"), secrets.confirmation), kWrong, "confirmation_key");
  REQUIRE(matches(epoch.at("membership_key"), secrets.membership), kWrong, "membership_key");
  REQUIRE(matches(epoch.at("resumption_psk"), secrets.resumption), kWrong, "resumption_psk");
  REQUIRE(matches(epoch.at("init_secret"), secrets.init), kWrong, "init_secret");
  REQUIRE(matches(epoch.at("epoch_authenticator"), secrets.authenticator.view()), kWrong, "epoch_authenticator");
  REQUIRE(matches(epoch.at("external_pub"), TRY(derive_external_key(suite, secrets.external)).public_key), kWrong,
          "external_pub");
  const json& exporter = epoch.at("exporter");
  const SecretBytes exported =
      export_secret(suite, secrets.exporter, exporter.at("label").get<std::string>(), hex_bytes(exporter.at("context")),
                    exporter.at("length").get<std::size_t>());
  REQUIRE(matches(exporter.at("secret"), exported.expose()), kWrong, "exporter");
  return ok();
}

Status key_schedule_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  InitSecret init(hex_bytes(c.at("initial_init_secret")));
  GroupContext context;
  context.cipher_suite = suite.number();
  context.group_id.bytes = hex_bytes(c.at("group_id"));
  for (const json& epoch : c.at("epochs")) {
    context.tree_hash.digest = Digest(hex_bytes(epoch.at("tree_hash")));
    context.confirmed_transcript_hash.digest = Digest(hex_bytes(epoch.at("confirmed_transcript_hash")));
    const Bytes encoded = wire::encode(context);
    REQUIRE(matches(epoch.at("group_context"), encoded), kWrong, "group_context");
    JoinerSecret joiner =
        derive_joiner(suite, std::move(init), CommitSecret(hex_bytes(epoch.at("commit_secret"))), encoded);
    REQUIRE(matches(epoch.at("joiner_secret"), joiner), kWrong, "joiner_secret");
    MemberSecret member = derive_member(suite, std::move(joiner), PskSecret(hex_bytes(epoch.at("psk_secret"))));
    REQUIRE(matches(epoch.at("welcome_secret"), derive_welcome(suite, member)), kWrong, "welcome_secret");
    EpochSecrets secrets = derive_epoch_secrets(suite, derive_epoch(suite, std::move(member), encoded));
    TRY(check_epoch(suite, epoch, secrets));
    init = std::move(secrets.init);
    ++context.epoch;
  }
  return ok();
}

Status psk_secret_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  std::vector<PskInput> inputs;
  for (const json& psk : c.at("psks")) {
    inputs.push_back(
        {{ExternalPsk{{hex_bytes(psk.at("psk_id"))}}, hex_bytes(psk.at("psk_nonce"))}, Psk(hex_bytes(psk.at("psk")))});
  }
  REQUIRE(matches(c.at("psk_secret"), derive_psk_secret(suite, inputs)), kWrong, "psk_secret");
  return ok();
}

// The key of a generation, by both ways to it: in the order of the file, and accepted so that it cannot come again.
Status ratchet_case(SecretTree& tree, LeafIndex leaf, RatchetKind kind, const json& entry, const std::string& name) {
  const auto generation = entry.at("generation").get<std::uint32_t>();
  SecretTree::Incoming incoming = TRY(tree.find_key(leaf, kind, generation));
  REQUIRE(matches(entry.at(name + "_key"), incoming.key().key), kWrong, "ratchet key");
  REQUIRE(matches(entry.at(name + "_nonce"), incoming.key().nonce), kWrong, "ratchet nonce");
  tree.accept(std::move(incoming));
  REQUIRE(!tree.find_key(leaf, kind, generation), kWrong, "a key was given twice");
  return ok();
}

Status secret_tree_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  const json& data = c.at("sender_data");
  const MessageKey key = derive_sender_data_key(suite, SenderDataSecret(hex_bytes(data.at("sender_data_secret"))),
                                                hex_bytes(data.at("ciphertext")));
  REQUIRE(matches(data.at("key"), key.key) && matches(data.at("nonce"), key.nonce), kWrong, "sender data key");
  const json& leaves = c.at("leaves");
  SecretTree tree(suite, EncryptionSecret(hex_bytes(c.at("encryption_secret"))),
                  TreeSize::holding({static_cast<std::uint32_t>(leaves.size() - 1)}));
  for (std::uint32_t i = 0; i < leaves.size(); ++i) {
    for (const json& entry : leaves[i]) {
      TRY(ratchet_case(tree, {i}, RatchetKind::handshake, entry, "handshake"));
      TRY(ratchet_case(tree, {i}, RatchetKind::application, entry, "application"));
    }
  }
  return ok();
}

Status transcript_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  const auto commit = TRY(wire::decode<AuthenticatedContent>(hex_bytes(c.at("authenticated_content"))));
  const InterimTranscriptHash before{Digest(hex_bytes(c.at("interim_transcript_hash_before")))};
  const ConfirmedTranscriptHash confirmed = confirmed_hash(suite, before, commit);
  REQUIRE(matches(c.at("confirmed_transcript_hash_after"), confirmed), kWrong, "confirmed_transcript_hash");
  REQUIRE(commit.auth.confirmation_tag.has_value(), kWrong, "a commit has a tag");
  TRY(check_confirmation_tag(suite, ConfirmationKey(hex_bytes(c.at("confirmation_key"))), confirmed,
                             *commit.auth.confirmation_tag));
  REQUIRE(matches(c.at("interim_transcript_hash_after"), interim_hash(suite, confirmed, *commit.auth.confirmation_tag)),
          kWrong, "interim_transcript_hash");
  return ok();
}

}  // namespace

VectorCount run_crypto_basics(const json& cases) { return run_cases(cases, crypto_basics_case); }
VectorCount run_key_schedule(const json& cases) { return run_cases(cases, key_schedule_case); }
VectorCount run_psk_secret(const json& cases) { return run_cases(cases, psk_secret_case); }
VectorCount run_secret_tree(const json& cases) { return run_cases(cases, secret_tree_case); }
VectorCount run_transcript_hashes(const json& cases) { return run_cases(cases, transcript_case); }

}  // namespace cairn::testing
