#include "core/directory/record.h"

#include "core/directory/chain.h"
#include "core/directory/internal/tags.h"
#include "core/tlog/merkle.h"

namespace cairn::directory {
namespace {

constexpr std::string_view kOriginEnd = "/cairn";

Status check_origin(std::string_view origin) {
  REQUIRE(origin.ends_with(kOriginEnd), ErrorCode::malformed, "directory config: origin");
  REQUIRE(check_domain(origin.substr(0, origin.size() - kOriginEnd.size())), ErrorCode::malformed,
          "directory config: origin");
  return ok();
}

}  // namespace

Hash EpochRecord::log_leaf() const { return tlog::leaf_hash(wire::encode(*this)); }

void EpochRecord::write(wire::Writer& writer) const {
  writer.u8(kEpochRecordVersion);
  writer.u64(epoch);
  writer.u64(time_ms);
  writer.raw(map_root);
  writer.u64(names);
  writer.raw(config);
  writer.raw(notices);
}

Result<EpochRecord> EpochRecord::read(wire::Reader& reader) {
  REQUIRE(TRY(reader.u8()) == kEpochRecordVersion, ErrorCode::unsupported, "epoch record: version");
  EpochRecord out;
  out.epoch = TRY(reader.u64());
  out.time_ms = TRY(reader.u64());
  out.map_root = TRY(reader.fixed<Hash>());
  out.names = TRY(reader.u64());
  out.config = TRY(reader.fixed<Hash>());
  out.notices = TRY(reader.fixed<Hash>());
  return out;
}

Hash DirectoryConfig::hash() const { return internal::tagged_hash(internal::Tag::config, wire::encode(*this)); }

Status DirectoryConfig::check() const {
  TRY(check_origin(origin));
  REQUIRE(min_reset_delay_s >= kMinResetDelayS && min_reset_delay_s <= kMaxResetDelayS, ErrorCode::malformed,
          "directory config: reset delay");
  return ok();
}

void DirectoryConfig::write(wire::Writer& writer) const {
  writer.opaque(origin);
  writer.raw(log_key);
  writer.raw(vrf_key);
  writer.u32(min_reset_delay_s);
}

Result<DirectoryConfig> DirectoryConfig::read(wire::Reader& reader) {
  DirectoryConfig out;
  out.origin = TRY(reader.opaque_text(kMaxDomainBytes + kOriginEnd.size()));
  out.log_key = TRY(reader.fixed<PublicKey>());
  out.vrf_key = TRY(reader.fixed<crypto::VrfPublicKey>());
  out.min_reset_delay_s = TRY(reader.u32());
  TRY(out.check());
  return out;
}

}  // namespace cairn::directory
