// Epoch records, the entries of a directory's log, and the config that all of them name (docs/spec/directory.md s.4).
#pragma once

#include "core/crypto/vrf.h"
#include "core/directory/name.h"

namespace cairn::directory {

constexpr std::uint8_t kEpochRecordVersion = 1;

struct EpochRecord {
  std::uint64_t epoch = 0;    ///< its index in the log
  std::uint64_t time_ms = 0;  ///< the directory's clock
  Hash map_root;
  std::uint64_t names = 0;  ///< leaves in the map
  Hash config;              ///< DirectoryConfig::hash()
  Hash notices;             ///< notices_hash()

  /// The leaf hash of the log's tree (RFC 6962 s.2.1).
  Hash log_leaf() const;
  /// With the version in front.
  void write(wire::Writer& writer) const;
  static Result<EpochRecord> read(wire::Reader& reader);
  friend bool operator==(const EpochRecord&, const EpochRecord&) = default;
};

/// What a log says once and for all.
struct DirectoryConfig {
  std::string origin;  ///< origin_of(domain)
  PublicKey log_key;
  crypto::VrfPublicKey vrf_key;
  std::uint32_t min_reset_delay_s = 0;  ///< kMinResetDelayS to kMaxResetDelayS

  /// H(0x08 || DirectoryConfig).
  Hash hash() const;
  /// `malformed` unless origin and delay are as said. read() has seen to it.
  Status check() const;
  void write(wire::Writer& writer) const;
  static Result<DirectoryConfig> read(wire::Reader& reader);
  friend bool operator==(const DirectoryConfig&, const DirectoryConfig&) = default;
};

}  // namespace cairn::directory
