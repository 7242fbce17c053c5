// Which version of the tables a store has.
#pragma once

#include "core/base/store.h"

namespace cairn::client {

/// Of the tables as they stand. A store without a record of it is of 1, too.
inline constexpr std::uint64_t kSchema = 1;

namespace tables {
inline constexpr Table kSchemaVersion{141};  ///< "" -> uint64
}  // namespace tables

}  // namespace cairn::client
