#include "core/crypto/ristretto.h"

#include "core/crypto/ct.h"
#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {
namespace {

bool all_zero(ByteView bytes) { return sodium_is_zero(bytes.data(), bytes.size()) == 1; }

void update(crypto_hash_sha512_state& state, ByteView part) {
  CHECK(crypto_hash_sha512_update(&state, part.data(), part.size()) == 0);
}

}  // namespace

Result<RistrettoElement> RistrettoElement::from(ByteView encoded) {
  internal::require_sodium();
  REQUIRE(encoded.size() == kSize && crypto_core_ristretto255_is_valid_point(encoded.data()) == 1, ErrorCode::malformed,
          "group element");
  REQUIRE(!all_zero(encoded), ErrorCode::malformed, "group element: the identity");
  RistrettoElement out;
  std::copy(encoded.begin(), encoded.end(), out.value_.begin());
  return out;
}

RistrettoElement RistrettoElement::base() { return RistrettoScalar::small(1).times_base(); }

Result<RistrettoScalar> RistrettoScalar::from(ByteView encoded) {
  REQUIRE(encoded.size() == kSize, ErrorCode::malformed, "scalar");
  auto reduced = reduce(encoded);
  REQUIRE(reduced && ct_equal(reduced->expose(), encoded), ErrorCode::malformed, "scalar");
  return reduced;
}

RistrettoScalar RistrettoScalar::random(Entropy& entropy) {
  // RandomScalar (RFC 9497 s.4.7.2): 64 bytes leave no bias that could be seen.
  const auto wide = random_secret<Secret<struct RistrettoWideTag, 64>>(entropy);
  auto out = reduce(wide.expose());
  CHECK(out.has_value());
  return std::move(*out);
}

RistrettoScalar RistrettoScalar::small(std::uint8_t number) {
  CHECK(number != 0);
  internal::require_sodium();
  RistrettoScalar out;
  out.value_.expose_mutable()[0] = number;
  return out;
}

/// The number mod the order of the group, from at most 64 bytes; `crypto_failed` for 0.
Result<RistrettoScalar> RistrettoScalar::reduce(ByteView wide) {
  internal::require_sodium();
  Secret<struct RistrettoUnreducedTag, crypto_core_ristretto255_NONREDUCEDSCALARBYTES> number;
  CHECK(wide.size() <= number.size());
  std::copy(wide.begin(), wide.end(), number.expose_mutable().begin());
  RistrettoScalar out;
  crypto_core_ristretto255_scalar_reduce(out.value_.expose_mutable().data(), number.expose().data());
  REQUIRE(!all_zero(out.expose()), ErrorCode::crypto_failed, "scalar: 0");
  return out;
}

// These two hold nothing but the call: the group has prime order, so with our scalars and elements neither is ever the
// identity. oprf_ct.supp lets them see that.
RistrettoElement RistrettoScalar::times(const RistrettoElement& element) const {
  RistrettoElement out;
  CHECK(crypto_scalarmult_ristretto255(out.value_.data(), value_.expose().data(), element.value_.data()) == 0);
  return out;
}

RistrettoElement RistrettoScalar::times_base() const {
  internal::require_sodium();
  RistrettoElement out;
  CHECK(crypto_scalarmult_ristretto255_base(out.value_.data(), value_.expose().data()) == 0);
  return out;
}

RistrettoScalar RistrettoScalar::times(const RistrettoScalar& other) const {
  RistrettoScalar out;
  crypto_core_ristretto255_scalar_mul(out.value_.expose_mutable().data(), value_.expose().data(),
                                      other.value_.expose().data());
  return out;
}

RistrettoScalar RistrettoScalar::inverse() const {
  RistrettoScalar out;
  CHECK(crypto_core_ristretto255_scalar_invert(out.value_.expose_mutable().data(), value_.expose().data()) == 0);
  return out;
}

Result<RistrettoScalar> RistrettoScalar::plus(const RistrettoScalar& other) const {
  // The sum is made here, because libsodium's addition leaves its arguments on its stack.
  Secret<struct RistrettoSumTag, 33> sum;
  const MutableByteView bytes = sum.expose_mutable();
  std::copy_n(value_.expose().begin(), kSize, bytes.begin());
  sodium_add(bytes.data(), other.value_.expose().data(), kSize);  // both below 2^253: no carry out
  return reduce(sum.expose());
}

Result<RistrettoScalar> RistrettoScalar::minus(const RistrettoScalar& other) const {
  RistrettoScalar negated;
  crypto_core_ristretto255_scalar_negate(negated.value_.expose_mutable().data(), other.value_.expose().data());
  return plus(negated);
}

Result<RistrettoElement> add(const RistrettoElement& a, const RistrettoElement& b) {
  RistrettoElement out;
  CHECK(crypto_core_ristretto255_add(out.value_.data(), a.value_.data(), b.value_.data()) == 0);
  REQUIRE(!all_zero(out.value_), ErrorCode::crypto_failed, "sum of elements");
  return out;
}

// RFC 9380 s.5.3.1 with ell = 1, which is what 64 bytes of SHA-512 take:
//   msg_prime = Z_pad(128) || msg || u16 length || 0x00 || DST_prime,  DST_prime = DST || u8 size of DST
//   b_0 = H(msg_prime), b_1 = H(b_0 || 0x01 || DST_prime)
void expand_message_xmd(std::initializer_list<ByteView> parts, std::string_view tag, MutableByteView out) {
  internal::require_sodium();
  CHECK(out.size() <= crypto_hash_sha512_BYTES && tag.size() <= 255);
  static constexpr std::array<std::uint8_t, 128> kPad{};
  const std::array<std::uint8_t, 3> length_and_zero = {0, static_cast<std::uint8_t>(out.size()), 0};
  const std::array<std::uint8_t, 1> tag_size = {static_cast<std::uint8_t>(tag.size())};
  static constexpr std::array<std::uint8_t, 1> kFirst = {1};
  Secret<struct ExpandTag, crypto_hash_sha512_BYTES> block;

  crypto_hash_sha512_state state;
  CHECK(crypto_hash_sha512_init(&state) == 0);
  update(state, kPad);
  for (const ByteView part : parts) update(state, part);
  update(state, length_and_zero);
  update(state, as_bytes(tag));
  update(state, tag_size);
  CHECK(crypto_hash_sha512_final(&state, block.expose_mutable().data()) == 0);  // which wipes the state

  CHECK(crypto_hash_sha512_init(&state) == 0);
  update(state, block.expose());
  update(state, kFirst);
  update(state, as_bytes(tag));
  update(state, tag_size);
  CHECK(crypto_hash_sha512_final(&state, block.expose_mutable().data()) == 0);
  std::copy_n(block.expose().begin(), out.size(), out.begin());
}

Result<RistrettoElement> hash_to_element(ByteView message, std::string_view tag) {
  Secret<struct HashToElementTag, crypto_core_ristretto255_HASHBYTES> uniform;
  expand_message_xmd({message}, tag, uniform.expose_mutable());
  RistrettoElement out;
  CHECK(crypto_core_ristretto255_from_hash(out.value_.data(), uniform.expose().data()) == 0);
  REQUIRE(!all_zero(out.value_), ErrorCode::crypto_failed, "hash to the identity");
  return out;
}

Result<RistrettoScalar> hash_to_scalar(std::initializer_list<ByteView> parts, std::string_view tag) {
  Secret<struct HashToScalarTag, 64> uniform;
  expand_message_xmd(parts, tag, uniform.expose_mutable());
  return RistrettoScalar::reduce(uniform.expose());
}

}  // namespace cairn::crypto
