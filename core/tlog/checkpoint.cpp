#include "core/tlog/checkpoint.h"

#include "core/base/encoding.h"
#include "core/tlog/internal/text.h"

namespace cairn::tlog {

// tlog-checkpoint, "Note text".
Result<Checkpoint> Checkpoint::parse_body(std::string_view body, ExtensionLines extensions) {
  REQUIRE(body.size() <= kMaxNoteBytes, ErrorCode::over_limit, "checkpoint size");
  REQUIRE(internal::is_note_text(body), ErrorCode::malformed, "checkpoint is not plain UTF-8");
  Checkpoint out;
  out.origin = TRY(internal::take_line(body));
  REQUIRE(!out.origin.empty(), ErrorCode::malformed, "checkpoint without an origin");
  REQUIRE(out.origin.size() <= kMaxOriginBytes, ErrorCode::over_limit, "origin");
  const std::string_view size = TRY(internal::take_line(body));
  out.tree.size = TRY(internal::parse_decimal(size, kMaxTreeSize));
  const std::string_view root = TRY(internal::take_line(body));
  out.tree.root = TRY(internal::parse_hash(root));
  while (!body.empty()) {
    REQUIRE(extensions == ExtensionLines::tolerate, ErrorCode::malformed, "checkpoint with an extension line");
    REQUIRE(out.extensions.size() < kMaxCheckpointLines, ErrorCode::over_limit, "extension lines");
    const std::string_view line = TRY(internal::take_line(body));
    REQUIRE(!line.empty(), ErrorCode::malformed, "empty extension line");
    out.extensions.emplace_back(line);
  }
  return out;
}

std::string Checkpoint::body() const {
  std::string out = origin + "\n" + std::to_string(tree.size) + "\n" + to_base64(tree.root) + "\n";
  for (const std::string& line : extensions) out += line + "\n";
  const auto read = parse_body(out, ExtensionLines::tolerate);
  CHECK(read && *read == *this);
  return out;
}

Result<SignedCheckpoint> SignedCheckpoint::parse(std::string_view bytes, ExtensionLines extensions) {
  Note note = TRY(Note::parse(bytes));
  Checkpoint claim = TRY(Checkpoint::parse_body(note.text, extensions));
  return SignedCheckpoint(std::move(note), std::move(claim));
}

SignedCheckpoint SignedCheckpoint::sign(const Checkpoint& checkpoint, const crypto::SigningKey& log_key) {
  const auto name = KeyName::from(checkpoint.origin);
  CHECK(name.has_value());
  Note note{checkpoint.body(), {}};
  note.signatures.push_back(sign_note(*name, log_key, note.text));
  return {std::move(note), checkpoint};
}

Status SignedCheckpoint::add(const NoteSignature& line) {
  Note next = note_;
  std::erase_if(next.signatures,
                [&](const NoteSignature& old) { return old.key_name == line.key_name && old.key_id == line.key_id; });
  next.signatures.push_back(line);
  REQUIRE(next.signatures.size() <= kMaxNoteSignatures && next.encoded_size() <= kMaxNoteBytes, ErrorCode::over_limit,
          "checkpoint signatures");
  note_ = std::move(next);
  return ok();
}

Result<VerifiedCheckpoint> VerifiedCheckpoint::verify(const SignedCheckpoint& checkpoint, const VerifierKey& log_key,
                                                      crypto::Verified* verified) {
  TRY(verify_note(checkpoint.note(), log_key, verified));
  return VerifiedCheckpoint(checkpoint);
}

}  // namespace cairn::tlog
