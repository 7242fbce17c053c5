// What a client asks about a name and what it gets: a claim until verify_lookup has looked (docs/spec/directory.md
// s.6).
#pragma once

#include "core/directory/map_proof.h"
#include "core/directory/notice.h"
#include "core/directory/record.h"
#include "core/tlog/proof.h"

namespace cairn::directory {

constexpr std::size_t kMaxLookupCheckpointBytes = 32 * 1024;
constexpr std::size_t kMaxLookupStatementsBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxLookupNoticesBytes = std::size_t{8} << 20;

struct LookupRequest {
  Name name;
  std::uint64_t known_count = 0;  ///< statements that the client has verified
  Hash known_head;
  std::uint64_t known_size = 0;  ///< of the newest checkpoint that it has verified; then it knows the config too

  void write(wire::Writer& writer) const;
  static Result<LookupRequest> read(wire::Reader& reader);
  friend bool operator==(const LookupRequest&, const LookupRequest&) = default;
};

struct LookupResponse {
  std::string checkpoint;                 ///< signed note, with cosignatures
  EpochRecord record;                     ///< the newest, at index size - 1
  tlog::GrowthProof growth;               ///< from known_size to it; empty when nothing grew
  std::optional<DirectoryConfig> config;  ///< present iff known_size is 0
  crypto::VrfProof vrf_proof;
  MapProof map_proof;
  std::vector<Statement> statements;  ///< from known_count on
  std::vector<ResetNotice> notices;   ///< one for each request_reset among them

  void write(wire::Writer& writer) const;
  static Result<LookupResponse> read(wire::Reader& reader);
  friend bool operator==(const LookupResponse&, const LookupResponse&) = default;
};

}  // namespace cairn::directory
