#include "core/tlog/witness_request.h"

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/tlog/internal/text.h"

namespace cairn::tlog {

// tlog-witness, "add-checkpoint".
std::string AddCheckpoint::encode() const {
  CHECK(proof.hashes.size() <= kMaxRequestProofLines);
  std::string out = "old " + std::to_string(old_size) + "\n";
  for (const Hash& hash : proof.hashes) out += to_base64(hash) + "\n";
  return out + "\n" + checkpoint.encode();
}

Result<AddCheckpoint> AddCheckpoint::parse(std::string_view body, ExtensionLines extensions) {
  constexpr std::string_view kOld = "old ";
  REQUIRE(body.size() <= kMaxAddCheckpointBytes, ErrorCode::over_limit, "add-checkpoint size");
  const std::string_view first = TRY(internal::take_line(body));
  REQUIRE(first.starts_with(kOld), ErrorCode::malformed, "add-checkpoint: old size");
  const std::uint64_t old_size = TRY(internal::parse_decimal(first.substr(kOld.size()), kMaxTreeSize));
  ConsistencyProof proof;
  for (;;) {
    const std::string_view line = TRY(internal::take_line(body));
    if (line.empty()) break;
    REQUIRE(proof.hashes.size() < kMaxRequestProofLines, ErrorCode::over_limit, "add-checkpoint: proof lines");
    proof.hashes.push_back(TRY(internal::parse_hash(line)));
  }
  SignedCheckpoint checkpoint = TRY(SignedCheckpoint::parse(body, extensions));
  return AddCheckpoint{old_size, std::move(proof), std::move(checkpoint)};
}

Result<AddCheckpointAnswer> parse_answer(int status, std::string_view body) {
  switch (static_cast<WitnessStatus>(status)) {
    case WitnessStatus::ok: return AddCheckpointAnswer(TRY(parse_signature_lines(body)));
    case WitnessStatus::conflict: {
      const std::string_view size = TRY(internal::take_line(body));
      REQUIRE(body.empty(), ErrorCode::malformed, "conflict: size");
      return AddCheckpointAnswer(StaleSize { TRY(internal::parse_decimal(size, kMaxTreeSize)) });
    }
    case WitnessStatus::bad_request:
    case WitnessStatus::forbidden:
    case WitnessStatus::not_found:
    case WitnessStatus::unprocessable:
    case WitnessStatus::unavailable: return AddCheckpointAnswer(static_cast<WitnessStatus>(status));
  }
  return fail(ErrorCode::unsupported, "witness status");
}

bool is_refusal(std::string_view body) {
  constexpr std::size_t kMaxRefusal = 200;
  if (body.size() < 2 || body.size() > kMaxRefusal || body.back() != '\n' || body.front() == '<') return false;
  body.remove_suffix(1);
  return std::all_of(body.begin(), body.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

WitnessReply reply_cosigned(std::span<const NoteSignature> lines) {
  WitnessReply reply;
  for (const NoteSignature& line : lines) reply.body += line.line();
  return reply;
}

WitnessReply reply_conflict(std::uint64_t size) {
  return {WitnessStatus::conflict, kTreeSizeContentType, std::to_string(size) + "\n", 1};
}

WitnessReply reply_refused(WitnessStatus status, std::string_view reason, std::uint32_t retry_after_s) {
  return {status, kNoteContentType, std::string(reason) + "\n", retry_after_s};
}

std::string checkpoint_path(std::string_view origin) {
  return to_hex(crypto::sha256(as_bytes(origin))) + "/checkpoint";
}

}  // namespace cairn::tlog
