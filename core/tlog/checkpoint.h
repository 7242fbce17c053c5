// Checkpoints: the signed head of a log (C2SP tlog-checkpoint).
//
// Three types, so that what nobody has checked cannot be taken for what somebody has:
//   Checkpoint          what a checkpoint says
//   SignedCheckpoint    as it came, with signatures that nobody has looked at
//   VerifiedCheckpoint  the log's own key signed it (verify is the only way in)
// A fourth, CosignedCheckpoint in policy.h, is what a client goes by: its quorum cosigned it.
#pragma once

#include "core/tlog/note.h"
#include "core/tlog/proof.h"

namespace cairn::tlog {

/// An origin of ours is a domain (at most 253 bytes) and "/cairn".
constexpr std::size_t kMaxOriginBytes = 259;
constexpr std::size_t kMaxCheckpointLines = 64;

/// Lines after the third. Our logs have none and we refuse them; as a witness of other people's logs we let them pass.
enum class ExtensionLines : std::uint8_t { refuse, tolerate };

/// What a checkpoint says.
struct Checkpoint {
  std::string origin;
  TreeHead tree;
  std::vector<std::string> extensions;

  /// The note's text. The members must be such that parse_body accepts it (CHECKed).
  std::string body() const;
  /// `malformed` or `over_limit` unless `body` is exactly a checkpoint's text.
  static Result<Checkpoint> parse_body(std::string_view body, ExtensionLines extensions);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// A checkpoint as read: a claim.
class SignedCheckpoint {
 public:
  static Result<SignedCheckpoint> parse(std::string_view note, ExtensionLines extensions);
  /// Our own, signed by the log's key under the origin's name. The origin must be a key name (CHECKed).
  static SignedCheckpoint sign(const Checkpoint& checkpoint, const crypto::SigningKey& log_key);

  /// What it claims.
  const Checkpoint& claim() const { return claim_; }
  const Note& note() const { return note_; }
  std::string encode() const { return note_.encode(); }

  /// Adds a signature line in place of those of the same name and key id; `over_limit` when there are too many.
  Status add(const NoteSignature& line);

 private:
  SignedCheckpoint(Note note, Checkpoint claim) : note_(std::move(note)), claim_(std::move(claim)) {}
  Note note_;
  Checkpoint claim_;
};

/// A checkpoint that the log's own key signed.
class VerifiedCheckpoint {
 public:
  /// `not_found` when no line names `log_key`, `invalid_signature` when one does and does not verify.
  static Result<VerifiedCheckpoint> verify(const SignedCheckpoint& checkpoint, const VerifierKey& log_key,
                                           crypto::Verified* verified = nullptr);

  const std::string& origin() const { return checkpoint_.claim().origin; }
  const TreeHead& tree() const { return checkpoint_.claim().tree; }
  /// As it came: other lines of it are still unverified.
  const SignedCheckpoint& as_signed() const { return checkpoint_; }

 private:
  explicit VerifiedCheckpoint(const SignedCheckpoint& checkpoint) : checkpoint_(checkpoint) {}
  SignedCheckpoint checkpoint_;
};

}  // namespace cairn::tlog
