// What the operator of a realm decides (docs/spec/realm.md s.8).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/realm.h"
#include "core/tlog/note.h"

namespace cairn::witness {

constexpr std::size_t kMaxIssuers = 64;

/// Another realm, which is told our log's head and tells it back.
struct RealmPeer {
  RealmId key;
  std::string url;  ///< where it takes requests, without a slash at the end
};

/// The operator's list.
struct RealmList {
  std::map<std::string, PublicKey> issuers;  ///< by domain: whose account tokens are good
  std::vector<RealmPeer> peers;

  /// `malformed` or `over_limit` unless every line is as the specification says and nothing is there twice.
  static Result<RealmList> parse(std::string_view text);
};

struct RealmConfig {
  tlog::KeyName name;  ///< of our key; best a URL without scheme: realm.example.org/r1
  RealmList list;
  bool accept_rollback = false;  ///< go on from what the peers know when our database turns out to be an old one
};

}  // namespace cairn::witness
