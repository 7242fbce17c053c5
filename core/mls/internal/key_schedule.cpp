#include "core/mls/internal/key_schedule.h"

#include "core/crypto/ct.h"
#include "core/crypto/kdf.h"

namespace cairn::mls::internal {

// RFC 9420 s.8, figure 22.
JoinerSecret derive_joiner(const CipherSuite& suite, InitSecret&& init, CommitSecret&& commit, ByteView group_context) {
  const InitSecret consumed_init = std::move(init);
  const CommitSecret consumed_commit = std::move(commit);
  const auto extracted =
      crypto::hkdf_extract<struct ExtractedTag>(suite.hash, consumed_init.expose(), consumed_commit.expose());
  return expand_with_label<JoinerSecret>(suite, extracted.expose(), kDeriveJoiner, group_context, suite.hash_size());
}

MemberSecret derive_member(const CipherSuite& suite, JoinerSecret&& joiner, PskSecret&& psk) {
  const JoinerSecret consumed_joiner = std::move(joiner);
  const PskSecret consumed_psk = std::move(psk);
  return crypto::hkdf_extract<struct MemberSecretTag>(suite.hash, consumed_joiner.expose(), consumed_psk.expose());
}

WelcomeSecret derive_welcome(const CipherSuite& suite, const MemberSecret& member) {
  return derive_secret<WelcomeSecret>(suite, member.expose(), kDeriveWelcome);
}

EpochSecret derive_epoch(const CipherSuite& suite, MemberSecret&& member, ByteView group_context) {
  const MemberSecret consumed = std::move(member);
  return expand_with_label<EpochSecret>(suite, consumed.expose(), kDeriveEpoch, group_context, suite.hash_size());
}

// RFC 9420 s.8, table 4; the last one is s.8.7.
EpochSecrets derive_epoch_secrets(const CipherSuite& suite, EpochSecret&& epoch) {
  const EpochSecret consumed = std::move(epoch);
  const ByteView secret = consumed.expose();
  EpochSecrets out;
  out.sender_data = derive_secret<SenderDataSecret>(suite, secret, kDeriveSenderData);
  out.encryption = derive_secret<EncryptionSecret>(suite, secret, kDeriveEncryption);
  out.exporter = derive_secret<ExporterSecret>(suite, secret, kDeriveExporter);
  out.external = derive_secret<ExternalSecret>(suite, secret, kDeriveExternal);
  out.confirmation = derive_secret<ConfirmationKey>(suite, secret, kDeriveConfirm);
  out.membership = derive_secret<MembershipKey>(suite, secret, kDeriveMembership);
  out.resumption = derive_secret<ResumptionSecret>(suite, secret, kDeriveResumption);
  out.init = derive_secret<InitSecret>(suite, secret, kDeriveInit);
  out.authenticator = Digest(suite.hash_size());
  expand_with_label(suite, secret, kDeriveAuthentication, {}, out.authenticator.mutable_view());
  return out;
}

EpochSecret random_epoch_secret(const CipherSuite& suite, Entropy& entropy) {
  EpochSecret out(suite.hash_size());
  entropy.fill(out.expose_mutable());
  return out;
}

// RFC 9420 s.8: external_priv, external_pub = KEM.DeriveKeyPair(external_secret).
Result<crypto::KemKeyPair> derive_external_key(const CipherSuite& suite, const ExternalSecret& external) {
  return crypto::kem_derive_key_pair(suite.hpke.kem, external.expose());
}

// RFC 9420 s.8.5.
SecretBytes export_secret(const CipherSuite& suite, const ExporterSecret& exporter, std::string_view label,
                          ByteView context, std::size_t size) {
  const auto derived = derive_secret<ExporterSecret>(suite, exporter.expose(), label);
  SecretBytes out(size);
  expand_with_label(suite, derived.expose(), kDeriveExported, crypto::hash(suite.hash, context), out.expose_mutable());
  return out;
}

// RFC 9420 s.8.1; MAC is HMAC with the suite's hash (s.5.1).
ConfirmationTag confirmation_tag(const CipherSuite& suite, const ConfirmationKey& key,
                                 const ConfirmedTranscriptHash& hash) {
  return {crypto::hmac(suite.hash, key.expose(), {hash.view()})};
}

Status check_confirmation_tag(const CipherSuite& suite, const ConfirmationKey& key, const ConfirmedTranscriptHash& hash,
                              const ConfirmationTag& tag) {
  REQUIRE(crypto::ct_equal(confirmation_tag(suite, key, hash), tag), ErrorCode::crypto_failed, "confirmation tag");
  return ok();
}

// RFC 9420 s.8.4.
PskSecret derive_psk_secret(const CipherSuite& suite, std::span<const PskInput> psks) {
  CHECK(psks.size() <= kMaxPsks);
  const Bytes zero(suite.hash_size());
  PskSecret out{ByteView(zero)};
  for (std::size_t i = 0; i < psks.size(); ++i) {
    wire::Writer label;  // PSKLabel
    psks[i].id.write(label);
    label.u16(static_cast<std::uint16_t>(i));
    label.u16(static_cast<std::uint16_t>(psks.size()));
    const auto extracted = crypto::hkdf_extract<struct PskExtractedTag>(suite.hash, zero, psks[i].psk.expose());
    const auto input = expand_with_label<ShortSecret<struct PskInputTag>>(suite, extracted.expose(), kDerivePsk,
                                                                          label.view(), suite.hash_size());
    out = crypto::hkdf_extract<struct PskSecretTag>(suite.hash, input.expose(), out.expose());
  }
  return out;
}

WelcomeKey derive_welcome_key(const CipherSuite& suite, WelcomeSecret&& welcome) {
  const WelcomeSecret consumed = std::move(welcome);
  WelcomeKey out;
  out.key = expand_with_label<decltype(out.key)>(suite, consumed.expose(), kDeriveKey, {}, suite.key_size());
  out.nonce = expand_with_label<decltype(out.nonce)>(suite, consumed.expose(), kDeriveNonce, {}, suite.nonce_size());
  return out;
}

}  // namespace cairn::mls::internal
