// The group ristretto255 (RFC 9496) with its scalars, and hashing to both (RFC 9380, RFC 9497 s.4.1).
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/base/environment.h"

namespace cairn::crypto {

/// An element that is not the identity, in its one encoding.
class RistrettoElement {
 public:
  static constexpr std::size_t kSize = 32;

  /// DeserializeElement (RFC 9497 s.4.1): `malformed` for another size, an encoding that is none, and the identity.
  static Result<RistrettoElement> from(ByteView encoded);
  /// The generator.
  static RistrettoElement base();

  ByteView view() const { return value_; }
  operator ByteView() const { return value_; }
  friend bool operator==(const RistrettoElement&, const RistrettoElement&) = default;

 private:
  friend class RistrettoScalar;
  friend Result<RistrettoElement> add(const RistrettoElement&, const RistrettoElement&);
  friend Result<RistrettoElement> hash_to_element(ByteView, std::string_view);
  RistrettoElement() = default;
  std::array<std::uint8_t, kSize> value_{};
};

/// A secret number below the order of the group, and not 0. Move-only; wiped when it goes.
class RistrettoScalar {
 public:
  static constexpr std::size_t kSize = 32;

  /// DeserializeScalar (RFC 9497 s.4.1): `malformed` for another size, a number that is not reduced, and 0. Its time
  /// does not depend on the number.
  static Result<RistrettoScalar> from(ByteView encoded);
  static RistrettoScalar random(Entropy& entropy);
  /// A small public number, at least 1 (CHECKed).
  static RistrettoScalar small(std::uint8_t number);

  /// For storing and sending.
  ByteView expose() const { return value_.expose(); }
  RistrettoScalar clone() const { return RistrettoScalar(value_.clone()); }

  /// this * element, this * G; neither is ever the identity.
  RistrettoElement times(const RistrettoElement& element) const;
  RistrettoElement times_base() const;
  /// this * other, never 0; 1 / this.
  RistrettoScalar times(const RistrettoScalar& other) const;
  RistrettoScalar inverse() const;
  /// `crypto_failed` when the result is 0.
  Result<RistrettoScalar> plus(const RistrettoScalar& other) const;
  Result<RistrettoScalar> minus(const RistrettoScalar& other) const;

 private:
  using Value = Secret<struct RistrettoScalarTag, 32>;
  friend Result<RistrettoScalar> hash_to_scalar(std::initializer_list<ByteView>, std::string_view);
  RistrettoScalar() = default;
  explicit RistrettoScalar(Value value) : value_(std::move(value)) {}
  static Result<RistrettoScalar> reduce(ByteView wide);
  Value value_;
};

/// The sum; `crypto_failed` when it is the identity.
Result<RistrettoElement> add(const RistrettoElement& a, const RistrettoElement& b);

/// expand_message_xmd with SHA-512 (RFC 9380 s.5.3.1) of the concatenation of `parts`. `out` has at most 64 bytes and
/// the tag at most 255 (both CHECKed). The message may be secret.
void expand_message_xmd(std::initializer_list<ByteView> parts, std::string_view tag, MutableByteView out);

/// HashToGroup (RFC 9497 s.4.1): expand to 64 bytes, then the one-way map of RFC 9496 s.4.3.4. `crypto_failed` when
/// that is the identity, for which nobody knows an input.
Result<RistrettoElement> hash_to_element(ByteView message, std::string_view tag);

/// HashToScalar (RFC 9497 s.4.1): 64 bytes, little-endian, reduced. `crypto_failed` when that is 0.
Result<RistrettoScalar> hash_to_scalar(std::initializer_list<ByteView> parts, std::string_view tag);

}  // namespace cairn::crypto
