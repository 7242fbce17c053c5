// What a device that knows the name's PIN says to the other devices of the name, so that each of them looks for guesses
// at it (docs/spec/client.md s.13, s.16).
#pragma once

#include <optional>

#include "core/client/realm_list.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {

/// It opens nothing, and lets nobody unlock, replace or delete the registration: with it a guess log is read.
struct PinToWatch {
  static constexpr std::uint8_t kTag = 20;  ///< among SelfWords

  /// By which one realm shows the log of what it has: a signature of "pin owner" for its version (docs/spec/realm.md
  /// s.5).
  struct Log {
    PinVersion version;  ///< zeros: not known
    Signature signature;
    friend bool operator==(const Log&, const Log&) = default;
  };

  RegistrationId registration;
  std::optional<RealmList> list;  ///< none: there is no PIN any more
  std::vector<Log> logs;          ///< in the order of the realms

  void write(wire::Writer&) const;
  static Result<PinToWatch> read(wire::Reader&);
  friend bool operator==(const PinToWatch&, const PinToWatch&) = default;
};

}  // namespace cairn::client
