#include "core/mls/psk.h"

namespace cairn::mls {
namespace {
// PSKType of RFC 9420 s.8.4.
constexpr std::uint8_t kExternal = 1;
constexpr std::uint8_t kResumption = 2;
}  // namespace

void PreSharedKeyId::write(wire::Writer& writer) const {
  if (const auto* external = std::get_if<ExternalPsk>(&key)) {
    writer.u8(kExternal);
    external->id.write(writer);
  } else {
    const auto& resumption = std::get<ResumptionPsk>(key);
    writer.u8(kResumption);
    writer.u8(static_cast<std::uint8_t>(resumption.usage));
    resumption.group_id.write(writer);
    writer.u64(resumption.epoch);
  }
  writer.opaque(nonce);
}

Result<PreSharedKeyId> PreSharedKeyId::read(wire::Reader& reader) {
  PreSharedKeyId out;
  const std::uint8_t type = TRY(reader.u8());
  if (type == kExternal) {
    out.key = ExternalPsk { TRY(PskId::read(reader)) };
  } else {
    REQUIRE(type == kResumption, ErrorCode::malformed, "psk type");
    ResumptionPsk resumption;
    const std::uint8_t usage = TRY(reader.u8());
    REQUIRE(usage >= 1 && usage <= 3, ErrorCode::malformed, "resumption psk usage");
    resumption.usage = static_cast<ResumptionUsage>(usage);
    resumption.group_id = TRY(GroupId::read(reader));
    resumption.epoch = TRY(reader.u64());
    out.key = std::move(resumption);
  }
  out.nonce = TRY(reader.opaque_bytes(kMaxPskSize));
  return out;
}

}  // namespace cairn::mls
