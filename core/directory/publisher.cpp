#include "core/directory/publisher.h"

namespace cairn::directory {
namespace {

/// By key. A change is large: what is sorted is where they stand.
Result<std::vector<NameChange*>> sort_changes(std::vector<NameChange>& changes) {
  REQUIRE(changes.size() <= kMaxEpochUpdates, ErrorCode::over_limit, "publish: too many names");
  std::size_t statements = 0;
  std::vector<NameChange*> out;
  out.reserve(changes.size());
  for (NameChange& change : changes) {
    statements += change.commitments.size();
    out.push_back(&change);
  }
  REQUIRE(statements <= kMaxAuditBytes / Hash::kSize, ErrorCode::over_limit, "publish: too many statements");
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  for (std::size_t i = 1; i < out.size(); ++i) {
    REQUIRE(out[i - 1]->key != out[i]->key, ErrorCode::malformed, "publish: two changes of one name");
  }
  return out;
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
  const std::vector<NameChange*> sorted = TRY(sort_changes(changes));

  EpochAudit audit;
  std::vector<Hash> keys;
  keys.reserve(sorted.size());
  for (const NameChange* change : sorted) keys.push_back(change->key);
  Map::Excerpt before = sorted.empty() ? Map::Excerpt{{}, TreeProof::of_root(old_root)} : map.excerpt(keys);
  audit.proof = std::move(before.proof);
  audit.updates.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    audit.updates.push_back({keys[i], std::move(before.leaves[i]), std::move(sorted[i]->commitments)});
    if (sorted[i]->notice) audit.notices.push_back(std::move(*sorted[i]->notice));
  }
  const std::vector<LeafUpdate> leaves =
      TRY(next_leaves(audit.updates, audit.notices, record_time_ms, config.min_reset_delay_s));

  NextEpoch out;
  out.leaves.reserve(leaves.size());
  for (const LeafUpdate& leaf : leaves) out.leaves.push_back({leaf.key, leaf.after});
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
