// Rows of invitation links and of how groups come here (domains.h, invites.h, requests.h), beside those of tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kDomainOrigins{130};  ///< name_key(domain) -> DomainOrigin: by whose link it was pinned
inline constexpr Table kGroupLinks{131};     ///< token_hash() -> GroupLink: made on this device
inline constexpr Table kAskedJoins{132};     ///< token_hash() -> AskedJoin: taken up on this device
inline constexpr Table kBroughtBy{160};      ///< home of a group -> name: of whose device its Welcome was

}  // namespace cairn::client::tables
