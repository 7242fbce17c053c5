// The client's eight conditions (docs/spec/directory.md s.6): the only way from a LookupResponse to a VerifiedView.
#pragma once

#include <span>

#include "core/directory/lookup.h"
#include "core/directory/view.h"
#include "core/tlog/policy.h"

namespace cairn::directory {

/// What the client knew before. Nothing is owned: all must outlive the call.
struct Known {
  const DomainState* domain = nullptr;      ///< of the name's domain; nullptr when it never verified anything there
  const VerifiedView* pinned = nullptr;     ///< of this name; nullptr at first contact
  std::span<const VetoNotice> vetoes = {};  ///< that the client holds; those that do not verify are ignored
  crypto::Verified* verified = nullptr;     ///< what was verified before; nullptr when nobody remembers
};

/// What to ask, and what to compare the answer with.
LookupRequest make_lookup(const Name& name, const Known& known);

/// To be stored both, in one transaction.
struct Lookup {
  DomainState domain;
  VerifiedView view;
};

/// Two refusals that a wrong clock of this device causes too: the client says so to its owner.
inline constexpr const char* kAheadOfClock = "condition 2: cosigned ahead of this clock";
inline constexpr const char* kNotFresh = "condition 2: not fresh";  ///< and all else holds

/// The view, if all eight conditions hold. Otherwise nothing is to change, and the error's `where` names the condition
/// that failed ("condition 2: not fresh"). `now` is the local clock. Costs six Ed25519 and one VRF verification
/// for a name of one device under four cosigners, less what `known.verified` remembers.
Result<Lookup> verify_lookup(const Name& name, const Known& known, const tlog::ClientPolicy& policy,
                             const LookupResponse& response, Time now);

}  // namespace cairn::directory
