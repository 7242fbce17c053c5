// Who this device is: its name, keys, mailbox, server, and the policy that its owner pinned.
#pragma once

#include <optional>
#include <string>

#include "core/client/context.h"
#include "core/crypto/signature.h"
#include "core/directory/device.h"
#include "core/directory/name.h"
#include "core/mls/key_package.h"
#include "core/tlog/policy.h"

namespace cairn::client {

/// How far this device has come.
enum class AccountState : std::uint8_t {
  registering = 1,  ///< genesis made and stored; not yet seen in a verified view
  linking = 2,      ///< waits for another device's approval
  active = 3,       ///< seen active in a verified view of the own name
  removed = 4,      ///< a verified view says so
  recovering = 5,   ///< adds itself with the recovery key; not yet seen in a verified view
  resetting = 6     ///< has asked for a reset of the name, or is about to; it is the name's when that is completed
};

/// The one row of tables::kAccount. Move-only, for it holds the signature key.
struct Account {
  using NameKeyKey = Secret<struct NameKeyKeyTag, 32>;

  AccountState state;
  directory::Name name;
  std::string server_url;   ///< of the own domain: http(s)://host[:port], no path
  std::string policy_text;  ///< C2SP tlog-policy: witness, group and quorum lines
  std::string invitation;   ///< to be sent with the genesis or the request of a reset; else empty
  crypto::SigningKey signing_key;
  MailboxId mailbox;
  NameKeyKey name_key_key;  ///< keys the rows that belong to names

  /// A new device of `name`, with fresh keys.
  static Account create(directory::Name name, std::string server_url, std::string policy_text, Entropy& entropy);

  SecretBytes encode() const;
  static Result<Account> decode(ByteView bytes);

  directory::Device device() const;
  DeviceId device_id() const { return directory::device_id(signing_key.public_key()); }
  mls::SigningIdentity signing_identity() const;
  std::string domain() const { return std::string(name.domain()); }
};

/// Bytes of Account::server_url at most.
constexpr std::size_t kMaxServerUrl = 512;

/// The stored account, or nothing before `register` or `link`.
std::optional<Account> load_account(const StoreView& store);
void save_account(Context& context, const Account& account);

/// Erases the account of a device that came to nothing, and the rows that stand under a key of it.
void forget_account(Context& context, const Account& account);
/// Likewise, and keeps the sentence that says why for whoever asks later.
void forget_account(Context& context, const Account& account, const std::string& why);
/// That sentence; empty when there is none.
std::string farewell(const StoreView& store);

/// Under which key rows of `name` (or a domain) stand.
Bytes name_key(const Account& account, std::string_view name);

}  // namespace cairn::client
