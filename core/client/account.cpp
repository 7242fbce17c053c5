#include "core/client/account.h"

#include "core/client/account_key.h"
#include "core/client/domain_tables.h"
#include "core/client/identity.h"
#include "core/client/invitation_tables.h"
#include "core/client/schema.h"
#include "core/client/tables.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/directory/chain.h"
#include "core/proto/limits.h"

namespace cairn::client {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kMaxForgotten = 100'000;

Result<Account> decode_row(ByteView bytes, std::optional<crypto::SigningKey> known) {
  wire::Reader r(bytes);
  REQUIRE(TRY(r.u8()) == kVersion, ErrorCode::unsupported, "account version");
  const std::uint8_t state = TRY(r.u8());
  REQUIRE(state >= 1 && state <= 6, ErrorCode::malformed, "account state");
  directory::Name name = TRY(directory::Name::read(r));
  std::string server_url = TRY(r.opaque_text(kMaxServerUrl));
  std::string policy_text = TRY(r.opaque_text(tlog::kMaxPolicyBytes));
  std::string invitation = TRY(r.opaque_text(proto::kMaxInvitationSize));
  crypto::Ed25519Seed seed = TRY(r.fixed<crypto::Ed25519Seed>());
  const MailboxId mailbox = TRY(r.fixed<MailboxId>());
  Account::NameKeyKey key = TRY(r.fixed<Account::NameKeyKey>());
  TRY(r.finish());
  const bool is_known = known && crypto::ct_equal(known->seed().expose(), seed.expose());
  return Account{static_cast<AccountState>(state),
                 std::move(name),
                 std::move(server_url),
                 std::move(policy_text),
                 std::move(invitation),
                 is_known ? std::move(*known) : crypto::SigningKey::from_seed(std::move(seed)),
                 mailbox,
                 std::move(key)};
}

}  // namespace

Account Account::create(directory::Name name, std::string server_url, std::string policy_text, Entropy& entropy) {
  return {AccountState::registering,
          std::move(name),
          std::move(server_url),
          std::move(policy_text),
          {},
          crypto::SigningKey::generate(entropy),
          random_value<MailboxId>(entropy),
          random_secret<NameKeyKey>(entropy)};
}

SecretBytes Account::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.u8(kVersion);
  w.u8(static_cast<std::uint8_t>(state));
  name.write(w);
  w.opaque(server_url);
  w.opaque(policy_text);
  w.opaque(invitation);
  w.raw(signing_key.seed().expose());
  w.raw(mailbox);
  w.raw(name_key_key.expose());
  return w.take_secret();
}

Result<Account> Account::decode(ByteView bytes) { return decode_row(bytes, std::nullopt); }

directory::Device Account::device() const {
  return {signing_key.public_key(), mailbox, {static_cast<std::uint16_t>(mls::kDefaultSuite)}};
}

mls::SigningIdentity Account::signing_identity() const {
  return mls::SigningIdentity::from(mls::Credential::basic(identity_of(name, device_id())), signing_key);
}

std::optional<Account> load_account(const StoreView& store) { return load_account(store, std::nullopt); }

std::optional<Account> load_account(const StoreView& store, std::optional<crypto::SigningKey> known) {
  const auto row = store.get(tables::kAccount, {});
  if (!row) return std::nullopt;
  auto account = decode_row(*row, std::move(known));
  if (!account) return std::nullopt;
  return std::move(*account);
}

void forget_account(Context& context, const Account& account) {
  for (const std::string& about : {account.name.text(), account.domain()}) {
    const Bytes key = name_key(account, about);
    for (const Table table : {tables::kDomains, tables::kContacts, tables::kEvidence, tables::kAdmittedResets}) {
      context.store.erase(table, key);
    }
  }
  for (const Table table : {tables::kDomainPins, tables::kDomainOrigins, tables::kDomainWords, tables::kDomainSources,
                            tables::kDomainMarks, tables::kDomainsAsked, tables::kDomainsWanted}) {
    for (const Row& row : context.store.scan(table, {}, {}, kMaxForgotten)) context.store.erase(table, row.key);
  }
  for (const Row& row : context.store.scan(tables::kOwnStatements, {}, {}, directory::kMaxStatements)) {
    context.store.erase(tables::kOwnStatements, row.key);
  }
  // What stands under keys of names, which the next account has others of; and whose it was.
  for (const Table table : {tables::kVetoes, tables::kVetoPosts, tables::kContactSettings, tables::kSharedStamps,
                            tables::kSharedMarks, tables::kSharedWaiting, tables::kSharedWaitingSince}) {
    for (const Row& row : context.store.scan(table, {}, {}, kMaxForgotten)) context.store.erase(table, row.key);
  }
  context.store.erase(tables::kAccount, {});
}

void forget_account(Context& context, const Account& account, const std::string& why) {
  forget_account(context, account);
  context.store.put(tables::kFarewell, {}, to_bytes(why));
}

std::string farewell(const StoreView& store) {
  const auto row = store.get(tables::kFarewell, {});
  return row ? as_text(*row) : std::string();
}

void save_account(Context& context, const Account& account) {
  context.store.erase(tables::kFarewell, {});
  context.store.put(tables::kAccount, {}, to_bytes(account.encode().expose()));
  wire::Writer w;
  w.u64(kSchema);
  context.store.put(tables::kSchemaVersion, {}, w.take());
}

Bytes name_key(const Account& account, std::string_view name) {
  return to_bytes(crypto::hmac(crypto::HashAlgorithm::sha256, account.name_key_key.expose(), {as_bytes(name)}).view());
}

}  // namespace cairn::client
