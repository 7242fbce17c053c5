#include "core/directory/view.h"

#include "core/directory/lookup.h"
#include "core/tlog/policy.h"

namespace cairn::directory {
namespace {

constexpr std::uint8_t kDomainFormat = 2;
constexpr std::uint8_t kViewFormat = 1;

}  // namespace

void DomainState::write(wire::Writer& writer) const {
  writer.u8(kDomainFormat);
  edge.write(writer);
  newest_record.write(writer);
  writer.opaque(checkpoint);
  config.write(writer);
  writer.u64(greatest_time_s);
}

Result<DomainState> DomainState::read(wire::Reader& reader) {
  REQUIRE(TRY(reader.u8()) == kDomainFormat, ErrorCode::unsupported, "domain state: format");
  DomainState out;
  out.edge = TRY(tlog::RightEdge::read(reader));
  out.newest_record = TRY(EpochRecord::read(reader));
  REQUIRE(out.edge.size() != 0, ErrorCode::malformed, "domain state: empty tree");
  out.checkpoint = TRY(reader.opaque_text(kMaxLookupCheckpointBytes));
  out.config = TRY(DirectoryConfig::read(reader));
  out.greatest_time_s = TRY(reader.u64());
  REQUIRE(out.greatest_time_s <= tlog::kMaxCosignatureTime / kSecondMs, ErrorCode::malformed, "domain state: time");
  return out;
}

void VerifiedView::write(wire::Writer& writer) const {
  writer.u8(kViewFormat);
  state_.write(writer);
  writer.raw(pending_);
  writer.raw(resets_);
  writer.optional(newest_reset_);
  checkpoint_.write(writer);
  writer.u64(time_s_);
  const std::size_t mark = writer.begin_vector();
  for (const PublicKey& key : quorum_) writer.raw(key);
  writer.end_vector(mark);
}

Result<VerifiedView> VerifiedView::read(wire::Reader& reader) {
  REQUIRE(TRY(reader.u8()) == kViewFormat, ErrorCode::unsupported, "verified view: format");
  VerifiedView out(TRY(NameState::read(reader)));
  out.pending_ = TRY(reader.fixed<Hash>());
  out.resets_ = TRY(reader.fixed<Hash>());
  out.newest_reset_ = TRY(reader.optional<ResetNotice>());
  out.checkpoint_ = TRY(Gossip::read(reader));
  out.time_s_ = TRY(reader.u64());
  REQUIRE(out.time_s_ <= tlog::kMaxCosignatureTime / kSecondMs, ErrorCode::malformed, "verified view: time");
  wire::Reader quorum = TRY(reader.nested(tlog::kMaxPolicyWitnesses * PublicKey::kSize));
  while (!quorum.done()) out.quorum_.push_back(TRY(quorum.fixed<PublicKey>()));
  return out;
}

}  // namespace cairn::directory
