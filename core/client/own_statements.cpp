#include "core/client/own_statements.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

Bytes sequence_key(std::uint32_t sequence) {
  wire::Writer key;
  key.u32(sequence);
  return key.take();
}

}  // namespace

directory::Statement statement_after(Context& context, const directory::NameState& chain,
                                     directory::StatementBody body) {
  return {{chain.name(), chain.count(), chain.head(), context.now.ms, random_value<Nonce16>(context.entropy),
           std::nullopt, std::move(body)},
          {}};
}

directory::RecoveryKey sign_by_recovery(directory::Statement& statement, const directory::RecoverySecret& secret,
                                        const directory::RecoveryKey& key) {
  auto next = directory::RecoveryKey::derive(secret, statement.content.name, key.generation() + 1);
  statement.content.next_recovery = next.commitment();
  statement.signatures.push_back(directory::sign_as_recovery(statement.content, key));
  return next;
}

Result<directory::RecoveryKey> recovery_key_of(const directory::NameState& chain,
                                               const directory::RecoverySecret& secret) {
  return directory::find_recovery_key(secret, chain.name(), chain.recovery_commitment(), chain.count() + 1);
}

void save_statement(Context& context, const directory::Statement& statement) {
  context.store.put(tables::kOwnStatements, sequence_key(statement.content.sequence), wire::encode(statement));
}

std::optional<directory::Statement> next_own_statement(const StoreView& store, std::optional<std::uint32_t> after) {
  const Bytes first = after ? sequence_key(*after + 1) : Bytes();
  const auto rows = store.scan(tables::kOwnStatements, first, {}, 1);
  if (rows.empty()) return std::nullopt;
  auto statement = directory::Statement::decode(rows.front().value);
  CHECK(statement.has_value());
  return std::move(*statement);
}

bool signed_with(const StoreView& store, const directory::Name& name, const directory::RecoverySecret& secret) {
  const auto statement = next_own_statement(store, std::nullopt);
  if (!statement) return false;
  const Hash commitment = directory::RecoveryKey::derive(secret, name, 0).commitment();
  const auto* genesis = std::get_if<directory::Genesis>(&statement->content.body);
  const auto* request = std::get_if<directory::RequestReset>(&statement->content.body);
  return (genesis != nullptr && genesis->recovery_commitment == commitment) ||
         (request != nullptr && request->recovery_commitment == commitment);
}

void forget_statements(Context& context, const directory::NameState& chain) {
  const Bytes next = sequence_key(chain.count());
  const auto row = context.store.get(tables::kOwnStatements, next);
  const auto statement =
      row ? directory::Statement::decode(*row) : Result<directory::Statement>(fail(ErrorCode::not_found, ""));
  const bool follows = statement && statement->content.previous == chain.head();
  const Bytes end = follows ? next : Bytes();
  for (const Row& old : context.store.scan(tables::kOwnStatements, {}, end, directory::kMaxStatements)) {
    context.store.erase(tables::kOwnStatements, old.key);
  }
}

}  // namespace cairn::client
