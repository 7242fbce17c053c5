// Rows of invitation links (domains.h), beside those of tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kDomainOrigins{130};  ///< name_key(domain) -> DomainOrigin: by whose link it was pinned

}  // namespace cairn::client::tables
