// Who this device is: its name, keys, mailbox, server, and the policy that its owner pinned.
#pragma once

#include <optional>
#include <string>

#include "core/client/context.h"
#include "core/crypto/signature.h"
#include "core/directory/device.h"
#include "core/directory/name.h"
#include "core/tlog/policy.h"

namespace cairn::client {

/// How far this device has come.
enum class AccountState : std::uint8_t {
  registering = 1,  ///< genesis made and stored; not yet seen in a verified view
  linking = 2,      ///< waits for another device's approval
  active = 3,       ///< seen active in a verified view of the own name
  removed = 4       ///< a verified view says so
};

/// The one row of tables::kAccount. Move-only, for it holds the signature key.
struct Account {
  AccountState state = AccountState::registering;
  std::string name;
  std::string server_url;    ///< of the own domain, without a path
  std::string policy_text;   ///< C2SP tlog-policy: witness, group and quorum lines
  crypto::SigningKey signing_key;
  MailboxId mailbox;
  Secret<struct NameKeyKeyTag, 32> name_key_key;  ///< keys the rows that belong to names
  Bytes pending_statement;   ///< the genesis while registering: sent again until it is seen

  SecretBytes encode() const;
  static Result<Account> decode(ByteView bytes);

  directory::Device device() const;
  DeviceId device_id() const;
};

/// The stored account, or nothing before `register` or `link`.
std::optional<Account> load_account(const StoreView& store);
void save_account(Context& context, const Account& account);

/// Under which key rows of `name` (or a domain) stand.
Bytes name_key(const Account& account, std::string_view name);

/// The server of a name's domain: the account's own, or by rule https://<domain>; http only to loopback.
std::string server_url_of(const Account& account, const directory::Name& name);

}  // namespace cairn::client
