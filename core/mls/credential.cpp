#include "core/mls/credential.h"

namespace cairn::mls {

Credential Credential::basic(Bytes identity) {
  CHECK(identity.size() <= kMaxCredentialSize);
  Credential out;
  out.body_ = std::move(identity);
  return out;
}

Result<ByteView> Credential::identity() const {
  REQUIRE(type_ == CredentialType::basic, ErrorCode::unsupported, "credential type");
  return ByteView(body_);
}

void Credential::write(wire::Writer& writer) const {
  writer.u16(static_cast<std::uint16_t>(type_));
  writer.opaque(body_);
}

Result<Credential> Credential::read(wire::Reader& reader) {
  Credential out;
  out.type_ = static_cast<CredentialType>(TRY(reader.u16()));
  if (out.type_ == CredentialType::basic) {
    out.body_ = TRY(reader.opaque_bytes(kMaxCredentialSize));
    return out;
  }
  REQUIRE(out.type_ == CredentialType::x509, ErrorCode::unsupported, "credential type");
  out.body_ = TRY(reader.opaque_bytes(kMaxCertificates * kMaxCredentialSize));
  wire::Reader certificates(out.body_);
  for (std::size_t count = 0; !certificates.done(); ++count) {
    REQUIRE(count < kMaxCertificates, ErrorCode::over_limit, "certificates");
    TRY(certificates.opaque(kMaxCredentialSize));
  }
  return out;
}

}  // namespace cairn::mls
