#include "core/directory/publisher.h"

namespace cairn::directory {
namespace {

Status sort_changes(std::vector<NameChange>& changes) {
  REQUIRE(changes.size() <= kMaxEpochUpdates, ErrorCode::over_limit, "publish: too many names");
  std::size_t statements = 0;
  for (const NameChange& change : changes) statements += change.commitments.size();
  REQUIRE(statements <= kMaxAuditBytes / Hash::kSize, ErrorCode::over_limit, "publish: too many statements");
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  for (std::size_t i = 1; i < changes.size(); ++i) {
    REQUIRE(changes[i - 1].key != changes[i].key, ErrorCode::malformed, "publish: two changes of one name");
  }
  return ok();
}

Bytes encode_audit(const EpochAudit& audit) {
  constexpr std::size_t kUsualUpdateBytes = 32 + 1 + 104 + 1 + 32;
  wire::Writer writer;
  writer.reserve(1024 + audit.proof.nodes.size() + audit.updates.size() * kUsualUpdateBytes);
  audit.write(writer);
  return writer.take();
}

}  // namespace

std::uint64_t next_record_time_ms(const std::optional<EpochRecord>& previous, Time now) {
  return previous ? std::max(previous->time_ms, now.ms) : now.ms;
}

Result<NextEpoch> publish(const Map& map, const std::optional<EpochRecord>& previous, const DirectoryConfig& config,
                          std::vector<NameChange> changes, std::uint64_t record_time_ms) {
  const Hash old_root = previous ? previous->map_root : Hash{};
  CHECK(changes.empty() || map.root() == old_root);
  CHECK(!previous || record_time_ms >= previous->time_ms);
  TRY(sort_changes(changes));

  EpochAudit audit;
  audit.updates.reserve(changes.size());
  for (NameChange& change : changes) {
    audit.updates.push_back({change.key, map.find(change.key), std::move(change.commitments)});
    if (change.notice) audit.notices.push_back(std::move(*change.notice));
  }
  const std::vector<LeafUpdate> leaves =
      TRY(next_leaves(audit.updates, audit.notices, record_time_ms, config.min_reset_delay_s));

  NextEpoch out;
  out.leaves.reserve(leaves.size());
  for (const LeafUpdate& leaf : leaves) out.leaves.push_back({leaf.key, leaf.after});
  audit.proof = leaves.empty() ? TreeProof::of_root(old_root) : map.prove_all(out.leaves);
  REQUIRE(audit.proof.nodes.size() <= kMaxTreeProofBytes, ErrorCode::over_limit, "publish: proof too large");
  const RootChange roots = TRY(audit.proof.evaluate(leaves));
  CHECK(roots.before == old_root);

  audit.record.epoch = previous ? previous->epoch + 1 : 0;
  audit.record.time_ms = record_time_ms;
  audit.record.map_root = roots.after;
  audit.record.names = previous ? previous->names : 0;
  for (const LeafUpdate& leaf : leaves) audit.record.names += leaf.before ? 0 : 1;
  audit.record.config = config.hash();
  audit.record.notices = notices_hash(audit.notices);
  out.record = audit.record;
  out.audit = encode_audit(audit);
  REQUIRE(out.audit.size() <= kMaxAuditBytes, ErrorCode::over_limit, "publish: audit too large");
  return out;
}

}  // namespace cairn::directory
