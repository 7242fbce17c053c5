// Invitation codes, for domains where not everybody may begin a name.
#pragma once

#include "core/base/environment.h"
#include "core/base/overlay.h"

namespace cairn::relay {

inline constexpr std::uint32_t kMaxInvitationUses = 1'000'000;
inline constexpr std::uint32_t kMaxInvitationDays = 3650;

struct Invitation {
  std::string code;  ///< "1a2b-3c4d-5e6f-7g8h", 80 random bits
  Write row;         ///< to be committed before the code is given to anybody
};

/// A code that is good for `uses` names until `expires`.
Invitation make_invitation(std::uint32_t uses, Time expires, Entropy& entropy);

/// Takes one use of a code, in any case and with or without its hyphens. `not_authorised` when it is none of ours, used
/// up or too old.
Status use_invitation(Overlay& rows, std::string_view code, Time now);

}  // namespace cairn::relay
