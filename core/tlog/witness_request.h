// What logs and witnesses say to each other (C2SP tlog-witness): POST <prefix>/add-checkpoint,
// GET <prefix>/<origin hash>/checkpoint.
#pragma once

#include <variant>

#include "core/tlog/checkpoint.h"

namespace cairn::tlog {

constexpr std::size_t kMaxRequestProofLines = 63;
/// "old ", 19 digits and a newline, the proof, the empty line, the checkpoint.
constexpr std::size_t kMaxAddCheckpointBytes = 24 + kMaxRequestProofLines * 45 + 1 + kMaxNoteBytes;
constexpr std::string_view kTreeSizeContentType = "text/x.tlog.size";
constexpr std::string_view kNoteContentType = "text/plain; charset=utf-8";

/// The status codes of add-checkpoint, each with its one cause.
enum class WitnessStatus : int {
  ok = 200,             ///< cosigned
  bad_request = 400,    ///< not a request, or the old size exceeds the checkpoint's
  forbidden = 403,      ///< no valid signature of the log's key
  not_found = 404,      ///< the origin is not known
  conflict = 409,       ///< the old size is not the one last cosigned; the answer says which is
  unprocessable = 422,  ///< the proof does not verify, or the root is another one
  unavailable = 503     ///< not now: try again later
};

/// The body of add-checkpoint.
struct AddCheckpoint {
  std::uint64_t old_size = 0;
  ConsistencyProof proof;
  SignedCheckpoint checkpoint;

  /// The proof has at most kMaxRequestProofLines (CHECKed).
  std::string encode() const;
  /// `malformed` or `over_limit` unless it is exactly a request. That old_size <= size is for the witness to check.
  static Result<AddCheckpoint> parse(std::string_view body, ExtensionLines extensions);
};

/// The witness's state is at another size: send a proof from there.
struct StaleSize {
  std::uint64_t size = 0;
};
/// Cosigned; lines that nobody has verified yet.
using SignatureLines = std::vector<NoteSignature>;

/// What a witness answered: signature lines (200), the size it knows (409), or any other status.
using AddCheckpointAnswer = std::variant<SignatureLines, StaleSize, WitnessStatus>;

/// What a witness says with 404, and nobody else: a proxy that stands in its place has words of its own.
constexpr std::string_view kUnknownLog = "unknown log";
/// Whether a refusal is as reply_refused() makes it: one line of printable ASCII that is no markup, of 200 bytes at
/// most.
bool is_refusal(std::string_view body);

/// Reads an HTTP answer; `malformed` when the body is not what the status promises, `unsupported` for a status that is
/// none of WitnessStatus. The content type says nothing more and is not looked at.
Result<AddCheckpointAnswer> parse_answer(int status, std::string_view body);

/// An HTTP answer as a witness gives it.
struct WitnessReply {
  WitnessStatus status = WitnessStatus::ok;
  std::string_view content_type = kNoteContentType;
  std::string body;
  std::uint32_t retry_after_s = 1;  ///< of `unavailable`
};
WitnessReply reply_cosigned(std::span<const NoteSignature> lines);
WitnessReply reply_conflict(std::uint64_t size);
/// Any other: one line for people; `reason` is without a newline.
WitnessReply reply_refused(WitnessStatus status, std::string_view reason, std::uint32_t retry_after_s = 1);

/// "<sha256 hex of origin>/checkpoint", without a slash in front.
std::string checkpoint_path(std::string_view origin);

}  // namespace cairn::tlog
