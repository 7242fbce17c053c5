#include "core/mls/welcome.h"

namespace cairn::mls {

void GroupInfo::write_content(wire::Writer& writer) const {
  group_context.write(writer);
  extensions.write(writer);
  confirmation_tag.write(writer);
  signer.write(writer);
}

void GroupInfo::write(wire::Writer& writer) const {
  write_content(writer);
  signature.write(writer);
}

Result<GroupInfo> GroupInfo::read(wire::Reader& reader) {
  GroupInfo out;
  out.group_context = TRY(GroupContext::read(reader));
  out.extensions = TRY(ExtensionList::read(reader));
  out.confirmation_tag = TRY(ConfirmationTag::read(reader));
  out.signer = TRY(LeafIndex::read(reader));
  out.signature = TRY(SignatureBytes::read(reader));
  return out;
}

Bytes GroupInfo::to_be_signed() const {
  wire::Writer writer;
  write_content(writer);
  return writer.take();
}

void EncryptedGroupSecrets::write(wire::Writer& writer) const {
  new_member.write(writer);
  encrypted_group_secrets.write(writer);
}

Result<EncryptedGroupSecrets> EncryptedGroupSecrets::read(wire::Reader& reader) {
  EncryptedGroupSecrets out;
  out.new_member = TRY(KeyPackageRef::read(reader));
  out.encrypted_group_secrets = TRY(HpkeCiphertext::read(reader));
  return out;
}

void Welcome::write(wire::Writer& writer) const {
  writer.u16(cipher_suite);
  writer.vector(secrets);
  writer.opaque(encrypted_group_info);
}

Result<Welcome> Welcome::read(wire::Reader& reader) {
  Welcome out;
  out.cipher_suite = TRY(reader.u16());
  out.secrets = TRY(reader.vector<EncryptedGroupSecrets>(kMaxMessageSize, kMaxLeaves));
  out.encrypted_group_info = TRY(reader.opaque_bytes(kMaxMessageSize));
  return out;
}

}  // namespace cairn::mls
