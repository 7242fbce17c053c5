// Welcome and GroupInfo (RFC 9420 s.12.4.3): how newcomers learn of a group.
#pragma once

#include "core/mls/group_context.h"

namespace cairn::mls {

/// What a group looks like to who is about to enter; signed by a member. Nothing in it is verified.
struct GroupInfo {
  GroupContext group_context;
  ExtensionList extensions;
  ConfirmationTag confirmation_tag;
  LeafIndex signer;
  SignatureBytes signature;

  void write(wire::Writer& writer) const;
  static Result<GroupInfo> read(wire::Reader& reader);
  /// GroupInfoTBS.
  Bytes to_be_signed() const;
  friend bool operator==(const GroupInfo&, const GroupInfo&) = default;

 private:
  void write_content(wire::Writer& writer) const;
};

/// GroupSecrets, sealed to the init key of one key package; at most kMaxGroupSecretsSize bytes.
struct EncryptedGroupSecrets {
  KeyPackageRef new_member;
  HpkeCiphertext encrypted_group_secrets;

  void write(wire::Writer& writer) const;
  static Result<EncryptedGroupSecrets> read(wire::Reader& reader);
  friend bool operator==(const EncryptedGroupSecrets&, const EncryptedGroupSecrets&) = default;
};

/// For one newcomer or several: what all learn is encrypted once, with a secret that each finds in its own part.
struct Welcome {
  std::uint16_t cipher_suite = 0;
  std::vector<EncryptedGroupSecrets> secrets;
  Bytes encrypted_group_info;

  void write(wire::Writer& writer) const;
  /// At most kMaxLeaves secrets.
  static Result<Welcome> read(wire::Reader& reader);
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

}  // namespace cairn::mls
