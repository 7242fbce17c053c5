#include "core/directory/auditor.h"

namespace cairn::directory {
namespace {

constexpr std::uint8_t kAuditorFormat = 2;
constexpr const char* kVetoTooLate =
    "Too late: the delay of this reset is over, and no veto of it is taken here any more.";
constexpr std::size_t kMaxOpenBytes = std::size_t{1} << 29;

}  // namespace

Result<Auditor> Auditor::enrol(DirectoryConfig config, std::uint64_t adopted_size) {
  TRY(config.check());
  Auditor out(std::move(config));
  out.adopted_size_ = adopted_size;
  return out;
}

Status Auditor::check_record(const EpochRecord& record, Time now) const {
  REQUIRE(record.epoch == size(), ErrorCode::inconsistent, "rule 1: not the next epoch");
  REQUIRE(record.config == config_hash_, ErrorCode::inconsistent, "rule 1: another config");
  REQUIRE(!newest_ || record.time_ms >= newest_->time_ms, ErrorCode::inconsistent, "rule 2: time runs back");
  REQUIRE(record.time_ms <= after(now, kMaxRecordSkewMs).ms, ErrorCode::not_authorised, "rule 2: ahead of our clock");
  return ok();
}

Status Auditor::check_changes(const EpochAudit& epoch) const {
  const auto leaves = TRY(next_leaves(epoch.updates, epoch.notices, epoch.record.time_ms, config_.min_reset_delay_s));
  const RootChange roots = TRY(epoch.proof.evaluate(leaves));
  REQUIRE(roots.before == (newest_ ? newest_->map_root : Hash{}), ErrorCode::inconsistent, "rule 4: another old map");
  REQUIRE(roots.after == epoch.record.map_root, ErrorCode::inconsistent, "rule 6: another new map");
  std::uint64_t names = newest_ ? newest_->names : 0;
  for (const LeafUpdate& leaf : leaves) names += leaf.before ? 0 : 1;
  REQUIRE(epoch.record.names == names, ErrorCode::inconsistent, "rule 6: number of names");
  REQUIRE(epoch.record.notices == notices_hash(epoch.notices), ErrorCode::inconsistent, "rule 7: hash of the notices");
  return ok();
}

Status Auditor::check_completion(const Hash& request, std::uint64_t epoch) const {
  const auto found = open_.find(request);
  REQUIRE(found != open_.end(), ErrorCode::invalid_state, "rule 9: a request that is not open");
  const OpenRequest& open = found->second;
  REQUIRE(!open.veto, ErrorCode::not_authorised, "rule 9: its owner vetoed it");
  if (epoch < adopted_size_) return ok();
  REQUIRE(open.has_waited(), ErrorCode::unavailable, "rule 9: not long enough since we cosigned the request");
  return ok();
}

Status Auditor::check_waiting(const EpochAudit& epoch) const {
  REQUIRE(open_.size() + epoch.notices.size() <= kMaxOpenRequests, ErrorCode::over_limit, "audit: open requests");
  for (const Notice& notice : epoch.notices) {
    if (!std::holds_alternative<CompleteNotice>(notice.body)) continue;
    TRY(check_completion(notice.request().hash(), epoch.record.epoch));
  }
  return ok();
}

Status Auditor::audit(const EpochAudit& epoch, Time now) {
  TRY(check_record(epoch.record, now));
  TRY(check_changes(epoch));
  TRY(check_waiting(epoch));
  REQUIRE(size() < tlog::kMaxTreeSize, ErrorCode::over_limit, "audit: log size");

  follow_notices(epoch);
  edge_.append(epoch.record.log_leaf());
  newest_ = epoch.record;
  return ok();
}

void Auditor::follow_notices(const EpochAudit& epoch) {
  for (const Notice& notice : epoch.notices) {
    const Hash request = notice.request().hash();
    if (std::holds_alternative<RequestNotice>(notice.body)) {
      OpenRequest open;
      open.notice = notice.request();
      open.epoch = epoch.record.epoch;
      open_.emplace(request, std::move(open));
    } else {
      open_.erase(request);
    }
  }
}

Status Auditor::check_checkpoint(const tlog::TreeHead& head, Time now) const {
  REQUIRE(head.size >= size(), ErrorCode::stale, "cosign: smaller than what we have checked");
  REQUIRE(head.size == size(), ErrorCode::invalid_state, "cosign: epochs that we have not checked");
  REQUIRE(head.root == edge_.root(), ErrorCode::inconsistent, "cosign: another root");
  REQUIRE(newest_, ErrorCode::stale, "cosign: no epoch yet");
  // A size that is cosigned already is only renewed: an idle log has an old newest record.
  REQUIRE(size() == cosigned_size_ || elapsed_ms(now, Time{newest_->time_ms}) <= kMaxRecordSkewMs, ErrorCode::stale,
          "cosign: the newest record is too old");
  return ok();
}

void Auditor::record_cosigned() {
  cosigned_size_ = size();
  for (auto& [request, open] : open_) open.cosigned = true;
}

void Auditor::add_elapsed(std::uint64_t ms, const std::set<Hash>& except) {
  for (auto& [request, open] : open_) {
    if (open.cosigned && !except.contains(request)) open.waited_ms = after(Time{open.waited_ms}, ms).ms;
  }
}

Status Auditor::accept_veto(const VetoNotice& veto) {
  const auto found = open_.find(veto.request.hash());
  REQUIRE(found != open_.end(), ErrorCode::not_found, "veto: no such open request");
  TRY(veto.verify());
  REQUIRE(!found->second.closed, ErrorCode::stale, kVetoTooLate);
  if (!found->second.veto) found->second.veto = veto;
  return ok();
}

Result<std::optional<VetoNotice>> Auditor::close(const Hash& request, Time now) {
  const auto found = open_.find(request);
  REQUIRE(found != open_.end(), ErrorCode::not_found, "close: no such open request");
  OpenRequest& open = found->second;
  if (open.veto) return open.veto;
  REQUIRE(open.has_waited() && now.ms >= open.notice.matures_ms, ErrorCode::unavailable,
          "close: the delay of this request is not over yet");
  open.closed = true;
  return std::optional<VetoNotice>{};
}

void OpenRequest::write(wire::Writer& writer) const {
  notice.write(writer);
  writer.u64(epoch);
  writer.u8(cosigned ? 1 : 0);
  writer.u64(waited_ms);
  writer.optional(veto);
  writer.u8(closed ? 1 : 0);
}

Result<OpenRequest> OpenRequest::read(wire::Reader& reader) {
  OpenRequest out;
  out.notice = TRY(ResetNotice::read(reader));
  out.epoch = TRY(reader.u64());
  out.cosigned = TRY(reader.presence());
  out.waited_ms = TRY(reader.u64());
  out.veto = TRY(reader.optional<VetoNotice>());
  out.closed = TRY(reader.presence());
  REQUIRE(!out.closed || !out.veto, ErrorCode::malformed, "auditor: a veto in a closed mailbox");
  return out;
}

void Auditor::write(wire::Writer& writer) const {
  writer.u8(kAuditorFormat);
  config_.write(writer);
  writer.u64(adopted_size_);
  writer.u64(cosigned_size_);
  writer.optional(newest_);
  edge_.write(writer);
  const std::size_t mark = writer.begin_vector();
  for (const auto& [request, open] : open_) open.write(writer);
  writer.end_vector(mark);
}

Result<Auditor> Auditor::read(wire::Reader& reader) {
  REQUIRE(TRY(reader.u8()) == kAuditorFormat, ErrorCode::unsupported, "auditor: format");
  Auditor out(TRY(DirectoryConfig::read(reader)));
  out.adopted_size_ = TRY(reader.u64());
  out.cosigned_size_ = TRY(reader.u64());
  out.newest_ = TRY(reader.optional<EpochRecord>());
  out.edge_ = TRY(tlog::RightEdge::read(reader));
  REQUIRE(out.newest_.has_value() == (out.size() != 0) && (!out.newest_ || out.newest_->epoch + 1 == out.size()),
          ErrorCode::malformed, "auditor: size");
  wire::Reader open = TRY(reader.nested(kMaxOpenBytes));
  while (!open.done()) {
    OpenRequest request = TRY(OpenRequest::read(open));
    const Hash hash = request.notice.hash();
    REQUIRE(out.open_.empty() || out.open_.rbegin()->first < hash, ErrorCode::malformed, "auditor: order of requests");
    out.open_.emplace_hint(out.open_.end(), hash, std::move(request));
  }
  return out;
}

}  // namespace cairn::directory
