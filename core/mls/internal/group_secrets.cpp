#include "core/mls/internal/group_secrets.h"

namespace cairn::mls::internal {
namespace {

template <class SecretType>
Result<SecretType> read_secret(wire::Reader& reader) {
  return SecretType(TRY(reader.opaque(SecretType::kMaxSize)));
}

}  // namespace

void GroupSecrets::write(wire::Writer& writer) const {
  writer.opaque(joiner_secret.expose());
  writer.u8(path_secret ? 1 : 0);
  if (path_secret) writer.opaque(path_secret->expose());
  writer.vector(psks);
}

Result<GroupSecrets> GroupSecrets::read(wire::Reader& reader) {
  GroupSecrets out;
  out.joiner_secret = TRY(read_secret<JoinerSecret>(reader));
  if (TRY(reader.presence())) out.path_secret = TRY(read_secret<PathSecret>(reader));
  out.psks = TRY(reader.vector<PreSharedKeyId>(kMaxGroupSecretsSize, kMaxPsks));
  return out;
}

Result<EncryptedGroupSecrets> seal_group_secrets(const CipherSuite& suite, const GroupSecrets& secrets,
                                                 const KeyPackageRef& reference, const HpkePublicKey& init_key,
                                                 ByteView encrypted_group_info, Entropy& entropy) {
  return EncryptedGroupSecrets {
    reference, TRY(encrypt_with_label(suite, init_key, kEncryptWelcome, encrypted_group_info,
                                      wire::encode_secret(secrets).expose(), entropy))
  };
}

Result<GroupSecrets> open_group_secrets(const CipherSuite& suite, const Welcome& welcome,
                                        const KeyPackageRef& reference, const crypto::KemPrivateKey& init_key) {
  for (const EncryptedGroupSecrets& entry : welcome.secrets) {
    if (entry.new_member != reference) continue;
    const SecretBytes plaintext = TRY(decrypt_with_label(suite, init_key, kEncryptWelcome, welcome.encrypted_group_info,
                                                         entry.encrypted_group_secrets));
    GroupSecrets out = TRY(wire::decode<GroupSecrets>(plaintext.expose()));
    REQUIRE(out.joiner_secret.size() == suite.hash_size(), ErrorCode::malformed, "joiner secret's size");
    REQUIRE(!out.path_secret || out.path_secret->size() == suite.hash_size(), ErrorCode::malformed,
            "path secret's size");
    return out;
  }
  return fail(ErrorCode::not_found, "welcome for another key package");
}

Bytes seal_group_info(const CipherSuite& suite, const GroupInfo& info, WelcomeSecret&& secret) {
  const WelcomeKey key = derive_welcome_key(suite, std::move(secret));
  return crypto::aead_seal(suite.hpke.aead, key.key.expose(), key.nonce.expose(), {}, wire::encode(info));
}

Result<GroupInfo> open_group_info(const CipherSuite& suite, ByteView sealed, WelcomeSecret&& secret) {
  const WelcomeKey key = derive_welcome_key(suite, std::move(secret));
  const SecretBytes plaintext =
      TRY(crypto::aead_open(suite.hpke.aead, key.key.expose(), key.nonce.expose(), {}, sealed));
  return wire::decode<GroupInfo>(plaintext.expose());
}

}  // namespace cairn::mls::internal
