// Rows of what one's devices say to each other of other domains (domain_words.h, domain_sharing.h), beside those of
// tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kDomainWords{180};    ///< DeviceId || name_key(domain) -> HeardDomain: what that one said
inline constexpr Table kDomainSources{181};  ///< name_key(domain) -> DomainSource: whose word it is that counts
inline constexpr Table kDomainMarks{182};    ///< name_key(domain) -> uint8: to be told to the other devices
inline constexpr Table kDomainsAsked{183};   ///< "" -> "": this device has asked the others, and told them, everything
inline constexpr Table kDomainsWanted{184};  ///< DeviceId -> "": it wants to hear everything, and was not told yet

}  // namespace cairn::client::tables
