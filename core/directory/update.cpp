#include "core/directory/update.h"

namespace cairn::directory {
namespace {

/// Rule 8: what a notice does to pending and resets. `leaf` is the old one.
struct NoticeRules {
  NameLeaf& leaf;
  bool is_new;
  std::uint64_t record_time_ms;
  std::uint32_t min_reset_delay_s;

  Status operator()(const RequestNotice& notice) const {
    const ResetNotice& request = notice.request;
    REQUIRE(!is_new, ErrorCode::not_authorised, "rule 8: a reset of a new name");
    REQUIRE(request.request_sequence == leaf.count, ErrorCode::inconsistent, "rule 8: sequence of the request");
    REQUIRE(request.requested_ms == record_time_ms, ErrorCode::inconsistent, "rule 8: time of the request");
    REQUIRE(request.delay_ms() >= min_reset_delay_s * kSecondMs, ErrorCode::not_authorised, "rule 8: delay too short");
    REQUIRE(notice.vetoed.has_value() == request.after.has_value() &&
                (!notice.vetoed || notice.vetoed->hash() == *request.after),
            ErrorCode::malformed, "rule 8: notice of the vetoed request");
    if (request.after) {
      REQUIRE(leaf.pending == veto_mark(*request.after), ErrorCode::inconsistent, "rule 8: not the vetoed request");
      REQUIRE(notice.vetoed->key == request.key, ErrorCode::inconsistent, "rule 8: a vetoed request of another name");
      // One request a delay, however often the owner has to say no.
      REQUIRE(record_time_ms >= notice.vetoed->matures_ms, ErrorCode::not_authorised,
              "rule 8: sooner than the vetoed one would have matured");
    } else {
      REQUIRE(leaf.pending.is_zero(), ErrorCode::inconsistent, "rule 8: a request is pending or was vetoed");
    }
    leaf.pending = request.hash();
    return ok();
  }

  Status operator()(const VetoNotice& notice) const {
    const Hash request = notice.request.hash();
    REQUIRE(request == leaf.pending, ErrorCode::inconsistent, "rule 8: veto of what is not pending");
    TRY(notice.verify());
    leaf.pending = veto_mark(request);
    return ok();
  }

  Status operator()(const CompleteNotice& notice) const {
    const Hash request = notice.request.hash();
    REQUIRE(request == leaf.pending, ErrorCode::inconsistent, "rule 8: completion of what is not pending");
    REQUIRE(record_time_ms >= notice.request.matures_ms, ErrorCode::not_authorised, "rule 8: completed too soon");
    leaf.pending = {};
    leaf.resets = extend_resets(leaf.resets, request);
    return ok();
  }
};

}  // namespace

void Update::write(wire::Writer& writer) const {
  writer.raw(key);
  writer.optional(old);
  const std::size_t mark = writer.begin_vector();
  for (const Hash& commitment : commitments) writer.raw(commitment);
  writer.end_vector(mark);
}

Result<Update> Update::read(wire::Reader& reader) {
  Update out;
  out.key = TRY(reader.fixed<Hash>());
  out.old = TRY(reader.optional<NameLeaf>());
  wire::Reader commitments = TRY(reader.nested(kMaxUpdateCommitments * Hash::kSize));
  REQUIRE(!commitments.done(), ErrorCode::malformed, "rule 3: an update without statements");
  while (!commitments.done()) out.commitments.push_back(TRY(commitments.fixed<Hash>()));
  return out;
}

void EpochAudit::write(wire::Writer& writer) const {
  record.write(writer);
  writer.vector(updates);
  writer.vector(notices);
  proof.write(writer);
}

Result<EpochAudit> EpochAudit::read(wire::Reader& reader) {
  EpochAudit out;
  out.record = TRY(EpochRecord::read(reader));
  out.updates = TRY(reader.vector<Update>(kMaxAuditBytes, kMaxEpochUpdates));
  out.notices = TRY(reader.vector<Notice>(kMaxAuditBytes, kMaxEpochUpdates));
  out.proof = TRY(TreeProof::read(reader));
  return out;
}

Result<EpochAudit> EpochAudit::decode(ByteView bytes) {
  REQUIRE(bytes.size() <= kMaxAuditBytes, ErrorCode::over_limit, "audit: size");
  return wire::decode<EpochAudit>(bytes);
}

Result<NameLeaf> next_leaf(const Update& update, const Notice* notice, std::uint64_t record_time_ms,
                           std::uint32_t min_reset_delay_s) {
  REQUIRE(!update.commitments.empty() && update.commitments.size() <= kMaxUpdateCommitments, ErrorCode::malformed,
          "rule 3: number of statements");
  NameLeaf leaf = update.old.value_or(NameLeaf{});
  if (notice != nullptr) {
    REQUIRE(notice->key() == update.key, ErrorCode::malformed, "rule 7: a notice of another name");
    REQUIRE(update.commitments.size() == 1, ErrorCode::malformed, "rule 7: a notice with several statements");
    const NoticeRules rules{leaf, !update.old, record_time_ms, min_reset_delay_s};
    TRY(std::visit(rules, notice->body));
  }
  leaf.count += update.commitments.size();
  for (const Hash& commitment : update.commitments) leaf.head = extend_head(leaf.head, commitment);
  return leaf;
}

Result<std::vector<LeafUpdate>> next_leaves(std::span<const Update> updates, std::span<const Notice> notices,
                                            std::uint64_t record_time_ms, std::uint32_t min_reset_delay_s) {
  std::vector<LeafUpdate> out;
  out.reserve(updates.size());
  auto notice = notices.begin();
  for (const Update& update : updates) {
    REQUIRE(out.empty() || out.back().key < update.key, ErrorCode::malformed, "rule 3: updates out of order");
    // Both lists ascend, so that a notice without its update, or a second one, is never consumed.
    const bool has_notice = notice != notices.end() && notice->key() == update.key;
    const NameLeaf after = TRY(next_leaf(update, has_notice ? &*notice : nullptr, record_time_ms, min_reset_delay_s));
    if (has_notice) ++notice;
    out.push_back({update.key, update.old, after});
  }
  REQUIRE(notice == notices.end(), ErrorCode::malformed, "rule 7: a notice without its update");
  return out;
}

}  // namespace cairn::directory
