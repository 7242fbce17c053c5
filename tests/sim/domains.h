// A run with people of two domains, whose servers bring each other what is theirs.
#pragma once

#include "tests/sim/world.h"

namespace cairn::sim {

struct DomainsResult {
  std::vector<std::string> violations;
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t simulated_ms = 0;
  std::size_t texts = 0;       ///< that their senders were told to be sent
  std::size_t outages = 0;     ///< times that one of the servers was gone, for up to half a day
  std::size_t partitions = 0;  ///< times that some did not hear the others, likewise
  std::size_t losses = 0;      ///< devices that lost groups, or were put back from a copy

  bool good() const { return violations.empty(); }
};

/// alice and carol of one domain, bob with two devices of the other, in a group at each domain and in pairs. They talk
/// `actions` times while one server or the other is killed and stays away, domains, a server or the cosigners are cut
/// off from the rest, and what is under way gets lost. One device of them, in most runs, loses what it knows and is let
/// in again, at either domain.
DomainsResult run_domains(std::uint64_t seed, WorldOptions options, std::uint64_t actions = 30);

}  // namespace cairn::sim
