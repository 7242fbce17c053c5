// Which realms hold this name's PIN and the tokens of its backups (docs/spec/client.md s.13).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/vault/key_box.h"
#include "core/vault/realms.h"

namespace cairn::client {

constexpr std::size_t kMaxRealmListText = 16 * 1024;  ///< bytes of a file
constexpr std::size_t kMaxRealmUrl = 200;
constexpr std::size_t kMaxRealmVkey = 240;

/// One realm, and where it takes requests.
struct RealmPlace {
  std::string vkey;  ///< a note's vkey of type Ed25519: its name, by which it is told, and its key
  std::string url;   ///< http(s)://host[:port][/path], without a slash at the end

  std::string name() const;
  RealmId id() const;
  friend bool operator==(const RealmPlace&, const RealmPlace&) = default;
};

/// In the order of their shares. Made by parse(), from() and read() alone, so its set() is always one.
struct RealmList {
  std::vector<RealmPlace> realms;
  std::uint8_t threshold = 2;

  /// Lines `realm VKEY URL`, and perhaps one `threshold N`: else more than half. `malformed` or `over_limit`.
  static Result<RealmList> parse(std::string_view text);
  /// As a generation of the key box has them: `struct { uint8 threshold; opaque vkey<V>; opaque url<V>; }` each.
  static Result<RealmList> from(const std::vector<vault::RealmEntry>& entries);
  std::vector<vault::RealmEntry> entries() const;
  vault::RealmSet set() const;

  /// As a row: the entries as a vector.
  void write(wire::Writer&) const;
  static Result<RealmList> read(wire::Reader&);
  friend bool operator==(const RealmList&, const RealmList&) = default;
};

}  // namespace cairn::client
