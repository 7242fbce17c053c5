// The key schedule (RFC 9420 s.8). Every secret has a type, and what derives from it consumes it.
//
//   InitSecret, CommitSecret --> JoinerSecret --(PskSecret)--> MemberSecret --> EpochSecret --> EpochSecrets
//                                      \--> Welcome                  \--> WelcomeSecret
#pragma once

#include "core/mls/group_context.h"
#include "core/mls/internal/labelled.h"
#include "core/mls/internal/tree_kem.h"
#include "core/mls/psk.h"

namespace cairn::mls::internal {

using InitSecret = ShortSecret<struct InitSecretTag>;
using JoinerSecret = ShortSecret<struct JoinerSecretTag>;
using PskSecret = ShortSecret<struct PskSecretTag>;
/// What joiner_secret and psk_secret give together; the RFC has no name for it.
using MemberSecret = ShortSecret<struct MemberSecretTag>;
using WelcomeSecret = ShortSecret<struct WelcomeSecretTag>;
using EpochSecret = ShortSecret<struct EpochSecretTag>;
using SenderDataSecret = ShortSecret<struct SenderDataSecretTag>;
using EncryptionSecret = ShortSecret<struct EncryptionSecretTag>;
using ExporterSecret = ShortSecret<struct ExporterSecretTag>;
using ExternalSecret = ShortSecret<struct ExternalSecretTag>;
using ConfirmationKey = ShortSecret<struct ConfirmationKeyTag>;
using MembershipKey = ShortSecret<struct MembershipKeyTag>;
using ResumptionSecret = ShortSecret<struct ResumptionSecretTag>;

/// Table 4. `encryption` goes into the SecretTree; the others live as long as their epoch.
struct EpochSecrets {
  SenderDataSecret sender_data;
  EncryptionSecret encryption;
  ExporterSecret exporter;
  ExternalSecret external;
  ConfirmationKey confirmation;
  MembershipKey membership;
  ResumptionSecret resumption;
  InitSecret init;
  Digest authenticator;  ///< epoch_authenticator, which members may compare in the open
};

/// joiner_secret; `group_context` is the encoded one of the new epoch.
JoinerSecret derive_joiner(const CipherSuite& suite, InitSecret&& init, CommitSecret&& commit, ByteView group_context);
MemberSecret derive_member(const CipherSuite& suite, JoinerSecret&& joiner, PskSecret&& psk);
/// Before derive_epoch(), which consumes.
WelcomeSecret derive_welcome(const CipherSuite& suite, const MemberSecret& member);
EpochSecret derive_epoch(const CipherSuite& suite, MemberSecret&& member, ByteView group_context);
EpochSecrets derive_epoch_secrets(const CipherSuite& suite, EpochSecret&& epoch);

/// The epoch_secret of a group's first epoch (s.11).
EpochSecret random_epoch_secret(const CipherSuite& suite, Entropy& entropy);

/// The key pair of which external commits use the public half (s.8.3).
Result<crypto::KemKeyPair> derive_external_key(const CipherSuite& suite, const ExternalSecret& external);

/// MLS-Exporter (s.8.5).
SecretBytes export_secret(const CipherSuite& suite, const ExporterSecret& exporter, std::string_view label,
                          ByteView context, std::size_t size);

/// confirmation_tag (s.8.1), and whether one is right; `crypto_failed` otherwise.
ConfirmationTag confirmation_tag(const CipherSuite& suite, const ConfirmationKey& key,
                                 const ConfirmedTranscriptHash& hash);
Status check_confirmation_tag(const CipherSuite& suite, const ConfirmationKey& key, const ConfirmedTranscriptHash& hash,
                              const ConfirmationTag& tag);

/// psk_secret (s.8.4) of these keys in order; Nh zeros when there is none. At most kMaxPsks (CHECKed).
struct PskInput {
  PreSharedKeyId id;
  Psk psk;
};
PskSecret derive_psk_secret(const CipherSuite& suite, std::span<const PskInput> psks);

/// What GroupInfo is encrypted with (s.12.4.3.1).
struct WelcomeKey {
  ShortSecret<struct WelcomeKeyTag> key;
  ShortSecret<struct WelcomeNonceTag> nonce;
};
WelcomeKey derive_welcome_key(const CipherSuite& suite, WelcomeSecret&& welcome);

}  // namespace cairn::mls::internal
