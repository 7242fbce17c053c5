// Small public values that every MLS struct is made of (RFC 9420 s.5.1, 5.2, 6).
//
// What travels has write() and read() throughout core/mls. read() takes one encoding of each value: `malformed` when
// the bytes are no such struct, `over_limit` beyond a size or count of limits.h; what it took of the reader is
// undefined then. It verifies nothing. write() gives back the bytes that read() would take.
#pragma once

#include "core/mls/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::mls {

/// The only protocol version there is (s.6): mls10.
constexpr std::uint16_t kVersionMls10 = 1;

/// Reads a protocol version; `unsupported` unless it is mls10.
inline Status read_version(wire::Reader& reader) {
  const std::uint16_t version = TRY(reader.u16());
  REQUIRE(version == kVersionMls10, ErrorCode::unsupported, "protocol version");
  return ok();
}

/// The n-th leaf from the left (s.4.1, 6).
struct LeafIndex {
  std::uint32_t value = 0;

  void write(wire::Writer& writer) const { writer.u32(value); }
  static Result<LeafIndex> read(wire::Reader& reader) {
    return LeafIndex { TRY(reader.u32()) };
  }
  friend auto operator<=>(const LeafIndex&, const LeafIndex&) = default;
};

/// opaque x<V> of at most Max bytes that means `Tag`: ids and keys whose size depends on suite or application.
template <class Tag, std::size_t Max>
struct OpaqueValue {
  Bytes bytes;

  ByteView view() const { return bytes; }
  operator ByteView() const { return bytes; }
  void write(wire::Writer& writer) const { writer.opaque(bytes); }
  static Result<OpaqueValue> read(wire::Reader& reader) {
    return OpaqueValue { TRY(reader.opaque_bytes(Max)) };
  }
  friend bool operator==(const OpaqueValue&, const OpaqueValue&) = default;
  friend bool operator<(const OpaqueValue& a, const OpaqueValue& b) { return less(a.bytes, b.bytes); }
};

/// opaque x<V> of at most 64 bytes that means `Tag`, in place: hashes and MACs of a suite.
template <class Tag>
struct DigestValue {
  Digest digest;

  ByteView view() const { return digest.view(); }
  operator ByteView() const { return digest.view(); }
  void write(wire::Writer& writer) const { writer.opaque(digest.view()); }
  static Result<DigestValue> read(wire::Reader& reader) {
    return DigestValue { Digest(TRY(reader.opaque(kMaxDigestSize))) };
  }
  friend bool operator==(const DigestValue&, const DigestValue&) = default;
  friend bool operator<(const DigestValue& a, const DigestValue& b) { return a.digest < b.digest; }
};

/// HPKEPublicKey, SignaturePublicKey (s.5.1) and a signature as it is sent.
using HpkePublicKey = OpaqueValue<struct HpkePublicKeyTag, kMaxPublicKeySize>;
using SignaturePublicKey = OpaqueValue<struct SignaturePublicKeyTag, kMaxPublicKeySize>;
using SignatureBytes = OpaqueValue<struct SignatureBytesTag, kMaxSignatureSize>;
using GroupId = OpaqueValue<struct GroupIdTag, kMaxIdSize>;

/// KeyPackageRef and ProposalRef (s.5.2).
using KeyPackageRef = DigestValue<struct KeyPackageRefTag>;
using ProposalRef = DigestValue<struct ProposalRefTag>;
/// Hashes of the tree (s.7.8, 7.9) and the transcript (s.8.2).
using TreeHash = DigestValue<struct TreeHashTag>;
using ParentHash = DigestValue<struct ParentHashTag>;
using ConfirmedTranscriptHash = DigestValue<struct ConfirmedTranscriptHashTag>;
using InterimTranscriptHash = DigestValue<struct InterimTranscriptHashTag>;
/// MACs of s.6.2 and 8.1; compared with crypto::ct_equal.
using ConfirmationTag = DigestValue<struct ConfirmationTagTag>;
using MembershipTag = DigestValue<struct MembershipTagTag>;

/// HPKECiphertext (s.7.6); the bound of `ciphertext` is its owner's.
struct HpkeCiphertext {
  Bytes kem_output;
  Bytes ciphertext;

  void write(wire::Writer& writer) const {
    writer.opaque(kem_output);
    writer.opaque(ciphertext);
  }
  static Result<HpkeCiphertext> read(wire::Reader& reader) {
    HpkeCiphertext out;
    out.kem_output = TRY(reader.opaque_bytes(kMaxKemOutputSize));
    out.ciphertext = TRY(reader.opaque_bytes(kMaxGroupSecretsSize));
    return out;
  }
  friend bool operator==(const HpkeCiphertext&, const HpkeCiphertext&) = default;
};

/// Values that peers mix in so that nobody comes to rely on unknown ones being absent (s.13.5): 0x0A0A, 0x1A1A and so
/// on to 0xEAEA.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF) && value != 0xFAFA;
}

}  // namespace cairn::mls
