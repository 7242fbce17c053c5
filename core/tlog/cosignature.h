// Cosignatures: a witness's or auditor's word, with its time (C2SP tlog-cosignature, Ed25519 form, type 0x04).
//
// Signed: "cosignature/v1\n" "time N\n" and the checkpoint's text. In the line: uint64 time || Ed25519 signature.
#pragma once

#include "core/tlog/checkpoint.h"

namespace cairn::tlog {

/// Times are POSIX seconds, from 1 to 2^63 - 1.
constexpr std::uint64_t kMaxCosignatureTime = (std::uint64_t{1} << 63) - 1;

/// A cosignature line that verified.
struct VerifiedCosignature {
  PublicKey cosigner;
  std::uint64_t time_s = 0;
  NoteSignature line;
};

/// Cosigns a checkpoint's text; `time_s` is in range (CHECKed).
NoteSignature cosign(const KeyName& name, const crypto::SigningKey& key, std::uint64_t time_s, std::string_view body);

/// One line that names the key: `invalid_signature` unless it verifies, `malformed` for a wrong size or time.
Result<VerifiedCosignature> verify_cosignature(const NoteSignature& line, const VerifierKey& key, std::string_view body,
                                               crypto::Verified* verified = nullptr);

/// All lines of the known cosigners `keys` (type cosignature_v1), in the order of the keys; others are ignored. As
/// signed-note says, one that names a known key and does not verify spoils the whole note: `invalid_signature`.
Result<std::vector<VerifiedCosignature>> verify_cosignatures(const Note& note, std::span<const VerifierKey> keys,
                                                             crypto::Verified* verified = nullptr);

}  // namespace cairn::tlog
