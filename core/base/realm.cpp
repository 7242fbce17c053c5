#include "core/base/realm.h"

namespace cairn {
namespace {

ByteView byte(const std::uint8_t& value) { return {&value, 1}; }

std::array<std::uint8_t, 8> big_endian(std::uint64_t value) {
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value);
  return out;
}

/// Takes fixed parts off the front of bytes whose size was checked.
class Parts {
 public:
  explicit Parts(ByteView whole) : rest_(whole) {}
  template <class Fixed>
  Fixed take() {
    auto out = Fixed::from(take_raw(Fixed::kSize));
    CHECK(out.has_value());
    return std::move(*out);
  }
  std::uint8_t take_byte() { return take_raw(1)[0]; }

 private:
  ByteView take_raw(std::size_t size) {
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  ByteView rest_;
};

}  // namespace

Result<PinPublic> PinPublic::from(ByteView encoded) {
  REQUIRE(encoded.size() == kSize, ErrorCode::malformed, "fixed size");
  Parts parts(encoded);
  PinPublic out;
  out.version = parts.take<PinVersion>();
  out.threshold = parts.take_byte();
  out.realms = parts.take_byte();
  out.index = parts.take_byte();
  out.public_share = parts.take<EncodedElement>();
  out.verifying_key = parts.take<PublicKey>();
  out.signature = parts.take<Signature>();
  out.commitment = parts.take<PinCommitment>();
  return out;
}

Bytes PinPublic::encode() const {
  return concat(
      {version, byte(threshold), byte(realms), byte(index), public_share, verifying_key, signature, commitment});
}

Bytes PinPublic::content(const RealmId& realm, const RegistrationId& registration) const {
  return concat({registration, version, byte(threshold), byte(realms), byte(index), realm, public_share, commitment});
}

Result<PinShare> PinShare::from(ByteView encoded) {
  static_assert(kSize == PinPublic::kSize + 32 + 3 * 32 + SealedPinSecret::kSize + 32);
  REQUIRE(encoded.size() == kSize, ErrorCode::malformed, "fixed size");
  Parts parts(encoded);
  PinShare out;
  out.shown = parts.take<PinPublic>();
  out.auth_key = parts.take<PublicKey>();
  out.key_share = parts.take<EncodedScalar>();
  out.tag = parts.take<PinTag>();
  out.scalar_share = parts.take<EncodedScalar>();
  out.sealed = parts.take<SealedPinSecret>();
  out.mac = parts.take<PinMac>();
  return out;
}

SecretBytes PinShare::encode() const {
  return SecretBytes(
      concat({shown.encode(), auth_key, key_share.expose(), tag.expose(), scalar_share.expose(), sealed, mac}));
}

Bytes pin_owner_content(const RealmId& realm, const RegistrationId& registration, const PinVersion& version,
                        PinOwnerAction action, std::uint64_t sequence) {
  const auto which = static_cast<std::uint8_t>(action);
  return concat({realm, registration, version, byte(which), big_endian(sequence)});
}

Bytes pin_replace_content(const RealmId& realm, const RegistrationId& registration, const PinVersion& replaced,
                          const Hash& digest) {
  return concat({realm, registration, replaced, digest});
}

Bytes token_request_content(const RealmId& realm, const TokenRecordId& record, TokenAction action, TokenKeyKind by,
                            std::uint64_t change) {
  const auto which = static_cast<std::uint8_t>(action);
  const auto whose = static_cast<std::uint8_t>(by);
  return concat({realm, record, byte(which), byte(whose), big_endian(change)});
}

Bytes token_note_content(const RealmId& realm, const TokenRecordId& record, ByteView note) {
  return concat({realm, record, note});
}

Bytes ErasureReceipt::content() const { return concat({realm, record, big_endian(time_ms)}); }

}  // namespace cairn
