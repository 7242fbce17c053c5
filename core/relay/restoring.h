// What becomes of a store that is put back from a backup (docs/spec/relay.md s.8).
//
// Since the backup was made the server has answered people, and what it told them is not in it. So that nothing which
// is told anew is taken for what was told then:
//   mailboxes      go on 2^32 numbers later: a device passes over numbers that it has had
//   key packages   those for one use are dropped, for they may be used up; devices bring new ones
//   logins         all end: there is another token key, and no nonce is good any more
//   the log        nothing is signed before every cosigner has said that it knows no more of it (standing.h)
#pragma once

#include <vector>

#include "core/base/environment.h"
#include "core/base/store.h"

namespace cairn::relay {

/// By how much the numbers of every mailbox jump.
constexpr std::uint64_t kRestoredJump = std::uint64_t{1} << 32;

/// Whether cosigners are to be asked. `skip` is for a domain that has none, or whose operator knows that no epoch came
/// after the backup: if one did, the log has two for one size, and everybody who saw the first refuses the domain.
enum class AskCosigners : std::uint8_t { yes, skip };

/// Everything that changes, for one transaction. `internal` when the store cannot be understood, `not_found` when it
/// has no log.
Result<std::vector<Write>> make_restored(const StoreView& store, AskCosigners ask, Time now, Entropy& entropy);

}  // namespace cairn::relay
