#include "apps/lab/legacy/identity.h"

#include "apps/lab/legacy/ecdsa.h"
#include "apps/lab/legacy/rsa.h"

namespace cairn::lab::legacy {
namespace {

constexpr std::uint8_t kBefore[] = {0x30, 0x81, 0xf6, 0x81, 0x43, 0x00, 0x41};
constexpr std::uint8_t kBetween[] = {0x82, 0x81, 0xae, 0x00, 0xac, 0x30, 0x81, 0xa9, 0x02, 0x81, 0xa1, 0x00};
constexpr std::uint8_t kAfter[] = {0x02, 0x03, 0x01, 0x00, 0x01};
static_assert(sizeof kBefore + kPointBytes + sizeof kBetween + kRsaBytes + sizeof kAfter == kIdentityBytes);

/// Takes `part` from the front of `rest`.
bool take(ByteView& rest, ByteView part) {
  if (rest.size() < part.size() || !equal(rest.first(part.size()), part)) return false;
  rest = rest.subspan(part.size());
  return true;
}

}  // namespace

Bytes PublicIdentity::encode() const {
  CHECK(signing_point.size() == kPointBytes && rsa_modulus.size() == kRsaBytes);
  return concat({kBefore, signing_point, kBetween, rsa_modulus, kAfter});
}

Result<PublicIdentity> PublicIdentity::parse(ByteView der) {
  REQUIRE(der.size() == kIdentityBytes && take(der, kBefore), ErrorCode::malformed, "public identity");
  PublicIdentity out;
  out.signing_point = to_bytes(der.first(kPointBytes));
  der = der.subspan(kPointBytes);
  REQUIRE(out.signing_point[0] == 0x04 && take(der, kBetween), ErrorCode::malformed, "public identity");
  out.rsa_modulus = to_bytes(der.first(kRsaBytes));
  der = der.subspan(kRsaBytes);
  REQUIRE((out.rsa_modulus[0] & 0x80) != 0 && take(der, kAfter), ErrorCode::malformed, "public identity");
  return out;
}

}  // namespace cairn::lab::legacy
