#include "core/crypto/internal/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include <memory>

namespace cairn::crypto::internal {

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using Point = std::unique_ptr<EC_POINT, Deleter<EC_POINT_clear_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

/// n, the order of the group.
constexpr std::array<std::uint8_t, kP256ScalarSize> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/// Read only after it was made, so threads may share it. Never freed.
const EC_GROUP* group() {
  static const EC_GROUP* const curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  CHECK(curve != nullptr);
  return curve;
}

NumberContext number_context() {
  NumberContext context(BN_CTX_secure_new());
  CHECK(context != nullptr);
  return context;
}

Number secret_number(ByteView scalar) {
  Number number(BN_secure_new());
  CHECK(number != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  CHECK(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), number.get()) != nullptr);
  return number;
}

Point new_point() {
  Point point(EC_POINT_new(group()));
  CHECK(point != nullptr);
  return point;
}

Result<Point> decode(ByteView encoded, BN_CTX* context) {
  REQUIRE(encoded.size() == kP256PointSize && encoded[0] == 0x04, ErrorCode::malformed, "p256 point");
  Point point = new_point();
  // Refuses coordinates over the modulus and points off the curve.
  REQUIRE(EC_POINT_oct2point(group(), point.get(), encoded.data(), encoded.size(), context) == 1, ErrorCode::malformed,
          "p256 point");
  return point;
}

/// `scalar` may be empty, for a key that only verifies; so may `point`, for one that only signs.
Key make_key(ByteView scalar, ByteView point) {
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  CHECK(builder != nullptr);
  CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) == 1);
  Number number;
  if (!scalar.empty()) {
    number = secret_number(scalar);
    CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1);
  }
  if (!point.empty()) {
    CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1);
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  CHECK(params != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  const int selection = scalar.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  return EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) == 1 ? Key(key) : nullptr;
}

}  // namespace

bool p256_is_scalar(ByteView scalar) {
  if (scalar.size() != kP256ScalarSize) return false;
  unsigned borrow = 0;  // of scalar - n
  unsigned any = 0;
  for (std::size_t i = kP256ScalarSize; i-- > 0;) {
    borrow = ((unsigned{scalar[i]} - unsigned{kOrder[i]} - borrow) >> 8) & 1;
    any |= scalar[i];
  }
  const unsigned not_zero = ((any + 0xff) >> 8) & 1;
  return (borrow & not_zero) == 1;
}

Result<Bytes> p256_public_key(ByteView scalar) {
  REQUIRE(p256_is_scalar(scalar), ErrorCode::malformed, "p256 scalar");
  const NumberContext context = number_context();
  const Number number = secret_number(scalar);
  const Point point = new_point();
  CHECK(EC_POINT_mul(group(), point.get(), number.get(), nullptr, nullptr, context.get()) == 1);
  Bytes out(kP256PointSize);
  CHECK(EC_POINT_point2oct(group(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                           context.get()) == out.size());
  return out;
}

Status p256_check_point(ByteView point) {
  const NumberContext context = number_context();
  TRY(decode(point, context.get()));
  return ok();
}

Status p256_diffie_hellman(ByteView scalar, ByteView point, MutableByteView out) {
  CHECK(out.size() == kP256ScalarSize);
  REQUIRE(p256_is_scalar(scalar), ErrorCode::malformed, "p256 scalar");
  const NumberContext context = number_context();
  const Point other = TRY(decode(point, context.get()));
  const Number number = secret_number(scalar);
  const Point shared = new_point();
  CHECK(EC_POINT_mul(group(), shared.get(), nullptr, other.get(), number.get(), context.get()) == 1);
  // Not at infinity: the group's order is prime, the point is not its zero and the scalar is below the order.
  const Number x(BN_secure_new());
  CHECK(x != nullptr);
  CHECK(EC_POINT_get_affine_coordinates(group(), shared.get(), x.get(), nullptr, context.get()) == 1);
  CHECK(BN_bn2binpad(x.get(), out.data(), static_cast<int>(out.size())) == static_cast<int>(out.size()));
  return ok();
}

Result<Bytes> p256_sign(ByteView scalar, ByteView message) {
  REQUIRE(p256_is_scalar(scalar), ErrorCode::malformed, "p256 scalar");
  const Key key = make_key(scalar, {});
  const DigestContext context(EVP_MD_CTX_new());
  CHECK(key != nullptr && context != nullptr);
  CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) == 1);
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  Bytes out(size);
  CHECK(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1);
  out.resize(size);
  return out;
}

Status p256_verify(ByteView point, ByteView message, ByteView signature) {
  REQUIRE(p256_check_point(point), ErrorCode::invalid_signature, "ecdsa key");
  const Key key = make_key({}, point);
  const DigestContext context(EVP_MD_CTX_new());
  CHECK(key != nullptr && context != nullptr);
  CHECK(EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) == 1);
  REQUIRE(EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1,
          ErrorCode::invalid_signature, "ecdsa");
  return ok();
}

}  // namespace cairn::crypto::internal
