// What the operator of a witness decides (docs/spec/witness.md s.1).
#pragma once

#include <string>
#include <vector>

#include "core/tlog/note.h"

namespace cairn::witness {

constexpr std::size_t kMaxListBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxListedLogs = 1024;
constexpr std::size_t kMaxPeers = 64;
constexpr std::size_t kMaxUrlBytes = 1024;

/// What its signature says.
enum class Role : std::uint8_t {
  witness = 1,  ///< this log only ever grew
  auditor = 2   ///< and every change to its map followed the rules
};

/// A log whose key is known from the start.
struct ListedLog {
  tlog::VerifierKey key;  ///< of type ed25519; its name is the origin
  std::string url;        ///< where the log's files lie, without a slash at the end
  std::uint64_t adopted_size = 0;

  const std::string& origin() const { return key.name().text(); }
};

/// A directory whose key is taken from its domain, once.
struct ListedDomain {
  std::string domain;
  std::uint64_t adopted_size = 0;
};

/// The operator's list.
struct LogList {
  std::vector<ListedLog> logs;
  std::vector<ListedDomain> domains;
  std::vector<std::string>
      peers;  ///< other witnesses and auditors: where they take requests, without a slash at the end

  /// `malformed` or `over_limit` unless every line is as the specification says and nothing is there twice.
  static Result<LogList> parse(std::string_view text);
};

struct WitnessConfig {
  Role role = Role::witness;
  tlog::KeyName name;  ///< of our key; best a URL without scheme: witness.example.org/w1
  LogList list;
};

/// The answer of https://<domain>/.well-known/cairn, as far as a witness reads it; `malformed` unless origin, key and
/// path are such as a directory of this domain has.
Result<ListedLog> parse_well_known(std::string_view json, std::string_view domain);

}  // namespace cairn::witness
