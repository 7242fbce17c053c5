// external_senders (RFC 9420 s.12.1.8.1): who may propose from outside of a group.
#pragma once

#include "core/mls/credential.h"
#include "core/mls/extension.h"

namespace cairn::mls {

/// One of them: who it is, for the Membership to judge, and what it signs with.
struct ExternalSender {
  SignaturePublicKey signature_key;
  Credential credential;

  void write(wire::Writer& writer) const {
    signature_key.write(writer);
    credential.write(writer);
  }
  static Result<ExternalSender> read(wire::Reader& reader) {
    ExternalSender out;
    out.signature_key = TRY(SignaturePublicKey::read(reader));
    out.credential = TRY(Credential::read(reader));
    return out;
  }
  friend bool operator==(const ExternalSender&, const ExternalSender&) = default;
};

/// Those that a GroupContext names; none when the extension is absent. `malformed` when it cannot be read, `over_limit`
/// above kMaxExternalSenders.
inline Result<std::vector<ExternalSender>> external_senders_of(const ExtensionList& extensions) {
  const auto data = extensions.find(extension_type::kExternalSenders);
  if (!data) return std::vector<ExternalSender>{};
  wire::Reader reader(*data);
  auto out = TRY(reader.vector<ExternalSender>(kMaxMessageSize, kMaxExternalSenders));
  TRY(reader.finish());
  return out;
}

}  // namespace cairn::mls
