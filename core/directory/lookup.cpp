#include "core/directory/lookup.h"

namespace cairn::directory {

void LookupRequest::write(wire::Writer& writer) const {
  name.write(writer);
  writer.u64(known_count);
  writer.raw(known_head);
  writer.u64(known_size);
}

Result<LookupRequest> LookupRequest::read(wire::Reader& reader) {
  LookupRequest out {
    TRY(Name::read(reader))
    , 0, {}, 0
  };
  out.known_count = TRY(reader.u64());
  out.known_head = TRY(reader.fixed<Hash>());
  out.known_size = TRY(reader.u64());
  REQUIRE((out.known_count == 0) == out.known_head.is_zero(), ErrorCode::malformed, "lookup: head of what is known");
  return out;
}

void LookupResponse::write(wire::Writer& writer) const {
  writer.opaque(checkpoint);
  record.write(writer);
  growth.write(writer);
  writer.optional(config);
  writer.raw(vrf_proof);
  map_proof.write(writer);
  writer.vector(statements);
  writer.vector(notices);
}

Result<LookupResponse> LookupResponse::read(wire::Reader& reader) {
  LookupResponse out;
  out.checkpoint = TRY(reader.opaque_text(kMaxLookupCheckpointBytes));
  out.record = TRY(EpochRecord::read(reader));
  out.growth = TRY(tlog::GrowthProof::read(reader));
  out.config = TRY(reader.optional<DirectoryConfig>());
  out.vrf_proof = TRY(reader.fixed<crypto::VrfProof>());
  out.map_proof = TRY(MapProof::read(reader));
  out.statements = TRY(reader.vector<Statement>(kMaxLookupStatementsBytes, kMaxStatements));
  out.notices = TRY(reader.vector<ResetNotice>(kMaxLookupNoticesBytes, kMaxStatements));
  return out;
}

}  // namespace cairn::directory
