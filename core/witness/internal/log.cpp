#include "core/witness/internal/log.h"

namespace cairn::witness {

Result<Log> Log::load(Turn& turn, LogRow row) {
  Log log{log_id(row.key.name().text()), std::move(row), {}, false, {}, {}};
  if (const auto note = turn.rows.get(table::kCosigned, log.id)) {
    auto checkpoint = tlog::SignedCheckpoint::parse(as_text(*note), tlog::ExtensionLines::tolerate);
    REQUIRE(checkpoint && checkpoint->claim().origin == log.origin(), ErrorCode::internal,
            "a cosigned row is no checkpoint");
    log.cosigned = std::move(*checkpoint);
  }
  log.contradicted = turn.rows.get(table::kEvidence, log.id).has_value();
  log.replay = TRY(Replay::load(turn, log.id, log.row.url));
  return log;
}

void compare(Turn& turn, Log& log, const tlog::VerifiedCheckpoint& checkpoint) {
  const std::uint64_t settled_size = log.replay ? log.replay->settled().size() : 0;
  if (log.contradicted || checkpoint.tree().size > std::max(log.head().size, settled_size)) return;
  const auto row = turn.load<RootRow>(table::kRoots, root_key(log.id, checkpoint.tree().size));
  if (!row || !*row || (*row)->root == checkpoint.tree().root) return;
  // Beyond what is cosigned there is a note only of the sizes at which we settled.
  if ((*row)->note.empty() && checkpoint.tree().size > log.head().size) return;
  log.contradicted = true;
  const Evidence evidence{(*row)->note.empty() ? log.cosigned->encode() : (*row)->note,
                          with_line_of(checkpoint.as_signed(), log.row.key).encode()};
  turn.save(table::kEvidence, to_bytes(log.id), evidence);
  turn.event(proto::Event::Level::error, "a log has contradicted itself: both notes are kept, it is cosigned no more");
}

tlog::SignedCheckpoint with_line_of(const tlog::SignedCheckpoint& checkpoint, const tlog::VerifierKey& key) {
  tlog::Note note{checkpoint.note().text, {}};
  for (const tlog::NoteSignature& line : checkpoint.note().signatures) {
    if (line.names(key) && note.signatures.empty()) note.signatures.push_back(line);
  }
  auto out = tlog::SignedCheckpoint::parse(note.encode(), tlog::ExtensionLines::tolerate);
  CHECK(out.has_value());
  return std::move(*out);
}

}  // namespace cairn::witness
