// Epochs that no honest auditor cosigns, in the log that a server offers to its cosigners.
//
// They stand in the server's own store as epochs do, so that it signs them, offers them, and goes on with them; what
// auditors are to read of them, and what clients are to be shown, stands beside.
#pragma once

#include <span>
#include <string>

#include "core/tlog/note.h"
#include "tests/lying/liar.h"

namespace cairn::lying {

enum class FalseEpoch : std::uint8_t {
  none,
  flash,              ///< the attacker's chain in the place of the name's
  taken_back,         ///< and in the next epoch the name's own again
  silent_request,     ///< the attacker asks for the name, and auditors hear nothing of it
  backdated_request,  ///< likewise, and it is said to have asked an hour longer ago than the delay takes
  completion          ///< its request is completed, whatever time it is and whoever has vetoed it
};

/// "epoch-flash", as a file says it; none for what is no such word.
FalseEpoch false_epoch_named(std::string_view word);

/// What an honest auditor says.
struct Refusal {
  std::string_view word;      ///< of the epoch
  std::string_view sentence;  ///< what the server does
  std::string_view rule;      ///< in the auditor's words
};
/// One for each, and for the completion one before its delay is over and one behind a veto; in the order of the
/// specification, which shows them (docs/spec/directory.md s.10).
std::span<const Refusal> refusals();
std::string refusal_table_text();

/// The rows of such an epoch about the liar's victim; none while an epoch waits for its quorum (but for taken_back,
/// which follows on a flash), or when nothing is served yet.
std::vector<Write> forge(FalseEpoch what, Liar& liar, const StoreView& store, Time now);

/// What an auditor is given to read of an epoch, where that is not what stands in the log's own rows.
std::optional<Bytes> false_audit(const StoreView& store, std::string_view target);

/// The answer about the victim as of the false epoch, with these lines of cosigners; `honest` while there is none.
Bytes show_false_epoch(ByteView request, Bytes honest, const directory::Name& victim, const StoreView& store,
                       const std::vector<tlog::NoteSignature>& lines);
/// The size of the log with the false epoch that is shown; 0 while there is none.
std::uint64_t false_size(const StoreView& store);

}  // namespace cairn::lying
