// Statements of ours about the own name: written down before the first is sent, and kept until the chain has decided
// about each of them (docs/spec/client.md s.2).
#pragma once

#include "core/client/context.h"
#include "core/directory/chain.h"

namespace cairn::client {

/// The next statement of this chain, not signed yet.
directory::Statement statement_after(Context& context, const directory::NameState& chain,
                                     directory::StatementBody body);

/// Makes it the recovery key's: commits to the next generation, and signs with this one. Gives the next one.
directory::RecoveryKey sign_by_recovery(directory::Statement& statement, const directory::RecoverySecret& secret,
                                        const directory::RecoveryKey& key);

/// The generation of `secret` that the chain has now; `not_found` when it is not this name's.
Result<directory::RecoveryKey> recovery_key_of(const directory::NameState& chain,
                                               const directory::RecoverySecret& secret);

/// Whether the genesis, or the request of a reset, that waits commits to the first generation of `secret`.
bool signed_with(const StoreView& store, const directory::Name& name, const directory::RecoverySecret& secret);

void save_statement(Context& context, const directory::Statement& statement);

/// The first of ours after this sequence (of all: nothing), by their places in the chain.
std::optional<directory::Statement> next_own_statement(const StoreView& store, std::optional<std::uint32_t> after);

/// Those before the end of the chain are decided: they stand in it, or another one does. Where the next one does not
/// follow its head none ever will.
void forget_statements(Context& context, const directory::NameState& chain);

}  // namespace cairn::client
