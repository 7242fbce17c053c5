#include "core/directory/auditor.h"

#include <algorithm>
#include <utility>

namespace cairn::directory {
namespace {

constexpr std::uint8_t kAuditorFormat = 3;
constexpr std::uint8_t kAuditorFormatWithRequests = 2;
constexpr const char* kVetoTooLate =
    "Too late: the delay of this reset is over, and no veto of it is taken here any more.";
constexpr const char* kWaitingOwed =
    "rule 9: a reset was completed, and this auditor has not taken vetoes of it for its whole delay yet";
constexpr std::size_t kMaxOpenRequestBytes = std::size_t{1} << 29;

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

Status Auditor::check_completions(const EpochAudit& epoch) const {
  REQUIRE(open_.size() + epoch.notices.size() <= kMaxOpenRequests, ErrorCode::over_limit, "audit: open requests");
  for (const Notice& notice : epoch.notices) {
    if (!std::holds_alternative<CompleteNotice>(notice.body)) continue;
    const OpenRequest* open = find(notice.request().hash());
    REQUIRE(open != nullptr && !open->completed, ErrorCode::invalid_state, "rule 9: a request that is not open");
  }
  return ok();
}

Status Auditor::audit(const EpochAudit& epoch, Time now) {
  TRY(check_record(epoch.record, now));
  TRY(check_changes(epoch));
  TRY(check_completions(epoch));
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
      put(request, std::move(open));
      continue;
    }
    const OpenRequest* open = find(request);
    const bool completes = std::holds_alternative<CompleteNotice>(notice.body);
    const bool is_exempt = epoch.record.epoch < adopted_size_;
    // Nor from vetoes: any old key of a reset that ended could bar a new auditor while it reads the log again.
    if (completes && !is_exempt && (open->veto || left_ms(*open) != 0)) {
      OpenRequest owed = *open;
      owed.completed = true;
      put(request, std::move(owed));
    } else {
      put(request, std::nullopt);
    }
  }
}

const OpenRequest* Auditor::find(const Hash& request) const {
  const auto found = open_.find(request);
  return found == open_.end() ? nullptr : &found->second;
}

std::uint64_t Auditor::left_ms(const OpenRequest& open) const {
  const std::uint64_t delay_ms = std::max<std::uint64_t>(open.notice.delay_ms(), 1);
  const std::uint64_t waited_ms = elapsed_ms_ - std::min(elapsed_ms_, open.since_ms.value_or(elapsed_ms_));
  return waited_ms < delay_ms ? delay_ms - waited_ms : 0;
}

void Auditor::put(const Hash& request, std::optional<OpenRequest> open) {
  touched_.insert(request);
  not_begun_.erase(request);
  owed_.erase(request);
  if (!open) {
    open_.erase(request);
    return;
  }
  if (!open->since_ms) not_begun_.insert(request);
  if (open->completed) owed_.insert(request);
  open_.insert_or_assign(request, std::move(*open));
}

void Auditor::follow(const Auditor& ahead, const std::set<Hash>& changed) {
  cosigned_size_ = ahead.cosigned_size_;
  elapsed_ms_ = ahead.elapsed_ms_;
  newest_ = ahead.newest_;
  edge_ = ahead.edge_;
  for (const Hash& request : changed) {
    const OpenRequest* open = ahead.find(request);
    put(request, open != nullptr ? std::optional(*open) : std::nullopt);
  }
}

Status Auditor::check_head(const tlog::TreeHead& head) const {
  REQUIRE(head.size >= size(), ErrorCode::stale, "cosign: smaller than what we have checked");
  REQUIRE(head.size == size(), ErrorCode::invalid_state, "cosign: epochs that we have not checked");
  REQUIRE(head.root == edge_.root(), ErrorCode::inconsistent, "cosign: another root");
  REQUIRE(newest_, ErrorCode::stale, "cosign: no epoch yet");
  return ok();
}

Status Auditor::check_cosigning(Time now) const {
  REQUIRE(newest_, ErrorCode::stale, "cosign: no epoch yet");
  // A veto is told of only when the delay is over: see close().
  REQUIRE(owed_ms() == 0, ErrorCode::unavailable, kWaitingOwed);
  REQUIRE(!is_barred(), ErrorCode::not_authorised, "rule 9: its owner vetoed it");
  // A size that is cosigned already is only renewed: an idle log has an old newest record.
  REQUIRE(size() == cosigned_size_ || elapsed_ms(now, Time{newest_->time_ms}) <= kMaxRecordSkewMs, ErrorCode::stale,
          "cosign: the newest record is too old");
  return ok();
}

Status Auditor::check_checkpoint(const tlog::TreeHead& head, Time now) const {
  TRY(check_head(head));
  return check_cosigning(now);
}

std::uint64_t Auditor::owed_ms() const {
  std::uint64_t most = 0;
  for (const Hash& request : owed_) most = std::max(most, left_ms(open_.at(request)));
  return most;
}

bool Auditor::is_barred() const {
  return std::ranges::any_of(owed_, [&](const Hash& request) {
    const OpenRequest& open = open_.at(request);
    return open.veto && left_ms(open) == 0;
  });
}

void Auditor::begin_waiting(std::set<Hash> requests) {
  for (const Hash& request : requests) {
    const auto found = open_.find(request);
    if (found == open_.end() || found->second.since_ms) continue;
    found->second.since_ms = elapsed_ms_;
    not_begun_.erase(request);
    touched_.insert(request);
  }
}

void Auditor::add_elapsed(std::uint64_t ms) {
  elapsed_ms_ = after(Time{elapsed_ms_}, ms).ms;
  std::vector<Hash> paid;
  for (const Hash& request : owed_) {
    const OpenRequest& open = open_.at(request);
    if (!open.veto && left_ms(open) == 0) paid.push_back(request);
  }
  for (const Hash& request : paid) put(request, std::nullopt);
}

Status Auditor::accept_veto(const VetoNotice& veto) {
  const Hash request = veto.request.hash();
  const auto found = open_.find(request);
  REQUIRE(found != open_.end(), ErrorCode::not_found, "veto: no such open request");
  TRY(veto.verify());
  REQUIRE(!found->second.closed, ErrorCode::stale, kVetoTooLate);
  if (found->second.veto) return ok();
  found->second.veto = veto;
  touched_.insert(request);
  return ok();
}

Result<TakenVeto> accept_veto(Auditor& taken_over, Auditor& read, const VetoNotice& veto) {
  const Hash request = veto.request.hash();
  const auto lacks_veto = [&](const Auditor& auditor) {
    const OpenRequest* open = auditor.find(request);
    return open != nullptr && !open->veto;
  };
  const bool is_first = lacks_veto(taken_over) || lacks_veto(read);
  const Status in_taken_over = taken_over.accept_veto(veto);
  if (!in_taken_over && in_taken_over.error().code == ErrorCode::stale) return fail(ErrorCode::stale, kVetoTooLate);
  const Status in_read = read.accept_veto(veto);
  if (!in_taken_over && !in_read) {
    const bool is_here = in_taken_over.error().code != ErrorCode::not_found;
    TRY(is_here ? in_taken_over : in_read);
  }
  if (!is_first) return TakenVeto::known;
  return in_taken_over && !in_read ? TakenVeto::forgets : TakenVeto::first;
}

bool is_of_the_moment(ErrorCode code) { return code == ErrorCode::unavailable || code == ErrorCode::not_authorised; }

Result<std::optional<VetoNotice>> Auditor::close(const Hash& request, Time now) {
  const auto found = open_.find(request);
  REQUIRE(found != open_.end() && !found->second.completed, ErrorCode::not_found, "close: no such open request");
  OpenRequest& open = found->second;
  if (open.closed) return std::optional<VetoNotice>{};
  REQUIRE(owed_.empty(), ErrorCode::unavailable, "close: the waiting of another reset is owed");
  REQUIRE(left_ms(open) == 0 && now.ms >= open.notice.matures_ms, ErrorCode::unavailable,
          "close: the delay of this request is not over yet");
  if (open.veto) return open.veto;
  open.closed = true;
  touched_.insert(request);
  return std::optional<VetoNotice>{};
}

void OpenRequest::write(wire::Writer& writer) const {
  notice.write(writer);
  writer.u64(epoch);
  writer.u8(since_ms ? 1 : 0);
  if (since_ms) writer.u64(*since_ms);
  writer.optional(veto);
  writer.u8(closed ? 1 : 0);
  writer.u8(completed ? 1 : 0);
}

Result<OpenRequest> OpenRequest::read(wire::Reader& reader) {
  OpenRequest out;
  out.notice = TRY(ResetNotice::read(reader));
  out.epoch = TRY(reader.u64());
  if (TRY(reader.presence())) out.since_ms = TRY(reader.u64());
  out.veto = TRY(reader.optional<VetoNotice>());
  out.closed = TRY(reader.presence());
  out.completed = TRY(reader.presence());
  REQUIRE(!out.closed || (!out.veto && !out.completed), ErrorCode::malformed, "auditor: a closed mailbox");
  return out;
}

void Auditor::write(wire::Writer& writer) const {
  writer.u8(kAuditorFormat);
  config_.write(writer);
  writer.u64(adopted_size_);
  writer.u64(cosigned_size_);
  writer.u64(elapsed_ms_);
  writer.optional(newest_);
  edge_.write(writer);
}

Result<Auditor> Auditor::read(wire::Reader& reader) {
  const std::uint8_t format = TRY(reader.u8());
  REQUIRE(format == kAuditorFormat || format == kAuditorFormatWithRequests, ErrorCode::unsupported, "auditor: format");
  Auditor out(TRY(DirectoryConfig::read(reader)));
  out.adopted_size_ = TRY(reader.u64());
  out.cosigned_size_ = TRY(reader.u64());
  if (format == kAuditorFormat) out.elapsed_ms_ = TRY(reader.u64());
  out.newest_ = TRY(reader.optional<EpochRecord>());
  out.edge_ = TRY(tlog::RightEdge::read(reader));
  REQUIRE(out.newest_.has_value() == (out.size() != 0) && (!out.newest_ || out.newest_->epoch + 1 == out.size()),
          ErrorCode::malformed, "auditor: size");
  if (format == kAuditorFormatWithRequests) TRY(out.read_inline_requests(reader));
  return out;
}

/// Format 2 had for each request whether it was cosigned, and how long it had waited since.
Status Auditor::read_inline_requests(wire::Reader& reader) {
  wire::Reader rows = TRY(reader.nested(kMaxOpenRequestBytes));
  std::map<Hash, std::uint64_t> waited;
  while (!rows.done()) {
    OpenRequest open;
    open.notice = TRY(ResetNotice::read(rows));
    open.epoch = TRY(rows.u64());
    const bool cosigned = TRY(rows.presence());
    const std::uint64_t waited_ms = TRY(rows.u64());
    open.veto = TRY(rows.optional<VetoNotice>());
    open.closed = TRY(rows.presence());
    REQUIRE(!open.closed || !open.veto, ErrorCode::malformed, "auditor: a veto in a closed mailbox");
    const Hash request = open.notice.hash();
    REQUIRE(open_.empty() || open_.rbegin()->first < request, ErrorCode::malformed, "auditor: order of requests");
    if (cosigned) waited[request] = waited_ms;
    elapsed_ms_ = std::max(elapsed_ms_, waited_ms);
    put(request, std::move(open));
  }
  for (const auto& [request, waited_ms] : waited) {
    open_.at(request).since_ms = elapsed_ms_ - waited_ms;
    not_begun_.erase(request);
  }
  return ok();
}

}  // namespace cairn::directory
