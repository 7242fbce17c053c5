// GroupSecrets (RFC 9420 s.12.4.3.1): what one newcomer is told under its init key.
#pragma once

#include "core/mls/internal/key_schedule.h"
#include "core/mls/welcome.h"

namespace cairn::mls::internal {

struct GroupSecrets {
  JoinerSecret joiner_secret;
  std::optional<PathSecret> path_secret;
  std::vector<PreSharedKeyId> psks;

  /// Into a writer that wipes.
  void write(wire::Writer& writer) const;
  static Result<GroupSecrets> read(wire::Reader& reader);
};

/// Seals to the owner of `key_package`; `encrypted_group_info` is the context.
Result<EncryptedGroupSecrets> seal_group_secrets(const CipherSuite& suite, const GroupSecrets& secrets,
                                                 const KeyPackageRef& reference, const HpkePublicKey& init_key,
                                                 ByteView encrypted_group_info, Entropy& entropy);
/// `not_found` when no entry of the Welcome names `reference`, `crypto_failed`, `malformed`.
Result<GroupSecrets> open_group_secrets(const CipherSuite& suite, const Welcome& welcome,
                                        const KeyPackageRef& reference, const crypto::KemPrivateKey& init_key);

/// Encrypts and decrypts a GroupInfo under welcome_secret; `crypto_failed`.
Bytes seal_group_info(const CipherSuite& suite, const GroupInfo& info, WelcomeSecret&& secret);
Result<GroupInfo> open_group_info(const CipherSuite& suite, ByteView sealed, WelcomeSecret&& secret);

}  // namespace cairn::mls::internal
