// One epoch as auditors see it (docs/spec/directory.md s.5).
#pragma once

#include "core/directory/notice.h"
#include "core/directory/record.h"
#include "core/directory/tree_proof.h"

namespace cairn::directory {

constexpr std::size_t kMaxEpochUpdates = 131'072;
constexpr std::size_t kMaxUpdateCommitments = 4096;
constexpr std::size_t kMaxAuditBytes = std::size_t{64} << 20;

/// What happened to one name.
struct Update {
  Hash key;
  std::optional<NameLeaf> old;
  std::vector<Hash> commitments;  ///< 1 to kMaxUpdateCommitments, in the order of the chain

  void write(wire::Writer& writer) const;
  static Result<Update> read(wire::Reader& reader);
  friend bool operator==(const Update&, const Update&) = default;
};

struct EpochAudit {
  EpochRecord record;
  std::vector<Update>
      updates;  ///< ascending by key, at most kMaxEpochUpdates; none renews the time of the newest record alone
  std::vector<Notice> notices;  ///< ascending by key
  TreeProof proof;

  void write(wire::Writer& writer) const;
  static Result<EpochAudit> read(wire::Reader& reader);
  /// The whole of `bytes`; `over_limit` beyond kMaxAuditBytes.
  static Result<EpochAudit> decode(ByteView bytes);
};

/// The leaf after an update, by the rules 5 and 8 of the audit; `notice` is the one of that key, or nullptr. The
/// publisher makes leaves with it and the auditor checks them with it.
Result<NameLeaf> next_leaf(const Update& update, const Notice* notice, std::uint64_t record_time_ms,
                           std::uint32_t min_reset_delay_s);

/// All of them, in order: rules 3, 5, 7 (but for the hash) and 8.
Result<std::vector<LeafUpdate>> next_leaves(std::span<const Update> updates, std::span<const Notice> notices,
                                            std::uint64_t record_time_ms, std::uint32_t min_reset_delay_s);

}  // namespace cairn::directory
