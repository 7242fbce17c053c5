// Rows of invitation links, of how groups come here, and of what comes to be heard again (domains.h, invites.h,
// requests.h, settings.h), beside those of tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kDomainOrigins{130};  ///< name_key(domain) -> DomainOrigin: by whose link it was pinned
inline constexpr Table kGroupLinks{131};     ///< token_hash() -> GroupLink: made on this device
inline constexpr Table kAskedJoins{132};     ///< token_hash() -> AskedJoin: taken up on this device
inline constexpr Table kBroughtBy{160};      ///< home of a group -> name: of whose device its Welcome was
inline constexpr Table kDeletedTo{162};      ///< home -> id of the last message that its owner deleted there, or zeros
/// home -> "", name_key(name) -> the name: its owner wants to hear it, and did not before; gone once that was looked at
inline constexpr Table kHeardAgain{161};

}  // namespace cairn::client::tables
