// Who a member says it is (RFC 9420 s.5.3).
#pragma once

#include "core/mls/types.h"

namespace cairn::mls {

/// The types that can be read (s.17.5). Others are `unsupported`: without knowing the type nobody can tell where
/// such a credential ends.
enum class CredentialType : std::uint16_t { basic = 1, x509 = 2 };

/// A credential. Basic ones are used; an x509 one is carried as it came, so that foreign messages parse, and is
/// refused wherever a member is to be recognised by it.
class Credential {
 public:
  /// The empty basic identity.
  Credential() = default;
  /// A basic credential; `identity` has at most kMaxCredentialSize bytes (CHECKed).
  static Credential basic(Bytes identity);

  CredentialType type() const { return type_; }
  /// The identity of a basic credential; `unsupported` for any other.
  Result<ByteView> identity() const;

  void write(wire::Writer& writer) const;
  static Result<Credential> read(wire::Reader& reader);
  friend bool operator==(const Credential&, const Credential&) = default;

 private:
  CredentialType type_ = CredentialType::basic;
  Bytes body_;  // the identity, or what stands inside certificates<V>
};

}  // namespace cairn::mls
