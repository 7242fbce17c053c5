// The tables of a witness and what stands in their rows. A log's rows begin with the SHA-256 of its origin.
#pragma once

#include "core/base/store.h"
#include "core/directory/auditor.h"
#include "core/tlog/checkpoint.h"
#include "core/witness/key.h"

namespace cairn::witness {

namespace table {
inline constexpr Table kKey = kKeyTable;  ///< key.h
inline constexpr Table kLogs{2};          ///< log: LogRow
inline constexpr Table kCosigned{3};      ///< log: the newest checkpoint that we cosigned, as GET checkpoint tells it
inline constexpr Table kSettled{4};       ///< log: directory::Auditor at the newest size whose root the log has signed
inline constexpr Table kWorking{5};       ///< log: directory::Auditor as far as audits were read; none when as settled
inline constexpr Table kOpen{9};          ///< log || R: directory::OpenRequest, as settled
inline constexpr Table kOpenWorking{10};  ///< log || R: WorkingRequest, where working differs from settled
inline constexpr Table kRoots{6};         ///< log || u64 size: RootRow, of the newest kKeptRoots sizes
inline constexpr Table kVetoes{7};        ///< R, in whatever log it stood: VetoNotice, for ever
inline constexpr Table kEvidence{8};      ///< log: Evidence
}  // namespace table

/// SHA-256 of an origin.
using LogId = Hash;
LogId log_id(std::string_view origin);

/// log || u64 size.
Bytes root_key(const LogId& log, std::uint64_t size);

/// log || R.
Bytes request_key(const LogId& log, const Hash& request);

/// A request as far as audits were read; nothing when it is not open there.
struct WorkingRequest {
  std::optional<directory::OpenRequest> open;

  void write(wire::Writer& writer) const { writer.optional(open); }
  static Result<WorkingRequest> read(wire::Reader& reader) {
    return WorkingRequest { TRY(reader.optional<directory::OpenRequest>()) };
  }
};

/// How a log was admitted.
struct LogRow {
  tlog::VerifierKey key;
  std::string url;
  std::uint64_t adopted_size = 0;
  std::optional<directory::DirectoryConfig> config;  ///< auditors, once it was fetched

  void write(wire::Writer& writer) const;
  static Result<LogRow> read(wire::Reader& reader);
};

/// How many sizes behind the newest we still compare with what peers saw.
constexpr std::uint64_t kKeptRoots = 4096;

/// What we hold a peer's checkpoint against.
struct RootRow {
  Hash root;
  std::string note;  ///< with the log's line, that it signed and we cosigned or settled at; empty when only replayed

  void write(wire::Writer& writer) const;
  static Result<RootRow> read(wire::Reader& reader);
};

/// Two notes that one key signed and that contradict each other: another root for the same size, or, when an auditor
/// found it, another than what lies under the larger of the two.
struct Evidence {
  std::string first;
  std::string second;

  void write(wire::Writer& writer) const;
  static Result<Evidence> read(wire::Reader& reader);
};

}  // namespace cairn::witness
