// Pre-shared keys that are mixed into an epoch (RFC 9420 s.8.4).
#pragma once

#include <variant>

#include "core/base/secret.h"
#include "core/mls/types.h"

namespace cairn::mls {

/// What the application calls a key of its own; at most kMaxIdSize bytes.
using PskId = OpaqueValue<struct PskIdTag, kMaxIdSize>;
/// A pre-shared key itself: whatever both sides agreed on, or the resumption_psk of an epoch (s.8.6).
using Psk = SecretBytes;

/// What a resumption PSK is used for.
enum class ResumptionUsage : std::uint8_t { application = 1, reinit = 2, branch = 3 };

/// A PSK that the application handed out.
struct ExternalPsk {
  PskId id;
  friend bool operator==(const ExternalPsk&, const ExternalPsk&) = default;
};
/// The resumption_psk of an epoch of this or another group (s.8.6).
struct ResumptionPsk {
  ResumptionUsage usage = ResumptionUsage::application;
  GroupId group_id;
  std::uint64_t epoch = 0;
  friend bool operator==(const ResumptionPsk&, const ResumptionPsk&) = default;
};

/// PreSharedKeyID: which key, and a nonce of KDF.Nh bytes that makes each use of it another.
struct PreSharedKeyId {
  std::variant<ExternalPsk, ResumptionPsk> key;
  Bytes nonce;

  void write(wire::Writer& writer) const;
  static Result<PreSharedKeyId> read(wire::Reader& reader);
  friend bool operator==(const PreSharedKeyId&, const PreSharedKeyId&) = default;
};

/// Where PSKs of the application come from, and the resumption PSKs of groups other than the one at work, which
/// finds its own. Asked by every operation that meets a PSK.
class PskSource {
 public:
  virtual ~PskSource() = default;
  /// `not_found` refuses the commit or Welcome that names the key; other errors are passed on.
  virtual Result<Psk> external(const PskId& id) const = 0;
  virtual Result<Psk> resumption(const ResumptionPsk& key) const = 0;
};

/// Has no keys: what uses one is refused.
class NoPsks final : public PskSource {
 public:
  Result<Psk> external(const PskId&) const override { return fail(ErrorCode::not_found, "external psk"); }
  Result<Psk> resumption(const ResumptionPsk&) const override { return fail(ErrorCode::not_found, "resumption psk"); }
};

}  // namespace cairn::mls
