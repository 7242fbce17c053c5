// What every message carries about the logs of its conversation (docs/spec/directory.md s.4).
#pragma once

#include <string>

#include "core/tlog/proof.h"

namespace cairn::directory {

/// The newest checkpoint of a log that the sender has verified.
struct Gossip {
  std::string origin;  ///< origin_of some domain
  tlog::TreeHead tree;

  void write(wire::Writer& writer) const;
  static Result<Gossip> read(wire::Reader& reader);
  friend bool operator==(const Gossip&, const Gossip&) = default;
};

}  // namespace cairn::directory
