// What the owner of this device has decided of a conversation and of a name: rows that others never see
// (docs/spec/client.md s.10).
#pragma once

#include "core/client/account.h"
#include "core/client/conversation.h"
#include "core/client/shared_field.h"

namespace cairn::client {

constexpr std::size_t kMaxDraftSize = 16 * 1024;
constexpr std::size_t kMaxPetnameSize = 256;

/// tables::kSettings. Without a row: all as it is here.
struct ConversationSettings {
  bool is_request = false;    ///< somebody unknown began it, and its owner has not said yes yet
  bool is_hidden = false;     ///< its owner deleted it; whatever comes shows it again, as a request
  bool is_muted = false;      ///< for who shows messages: without a sound
  bool is_archived = false;   ///< likewise: out of sight
  bool is_pinned = false;     ///< likewise: first
  bool no_receipts = false;   ///< nothing is said of what arrived and was read
  bool is_leaving = false;    ///< its owner asked to be let out of the group
  std::uint32_t life_s = 0;   ///< what is said here is forgotten so many seconds after it was read; 0: it is kept
  std::uint64_t read_to = 0;  ///< messages with a smaller index were read
  std::string draft;          ///< at most kMaxDraftSize bytes

  void write(wire::Writer&) const;
  static Result<ConversationSettings> read(wire::Reader&);
};

/// tables::kContactSettings.
struct ContactSettings {
  std::string name;
  std::string petname;       ///< what its owner calls them; at most kMaxPetnameSize bytes
  bool is_accepted = false;  ///< written to from here, or let in
  bool is_blocked = false;
  bool no_receipts = false;

  void write(wire::Writer&) const;
  static Result<ContactSettings> read(wire::Reader&);
};

ConversationSettings settings_of(const StoreView& store, const ChannelId& home);
/// Its owner decided something here: what of it is shared is marked, and the other devices are told (sharing.h).
void save_settings(Context& context, const ChannelId& home, const ConversationSettings& settings);
/// Likewise, of what another device has said: nothing is marked.
void put_settings(Context& context, const ChannelId& home, const ConversationSettings& settings);
/// Marks one field; `subject` is the home, or name_key() of a name.
void mark_shared(Context& context, SharedField field, ByteView subject);

/// Without a row: what a stranger is. `name` is set in any case.
ContactSettings contact_of(const StoreView& store, const Account& account, const std::string& name);
/// As save_settings() and put_settings().
void save_contact(Context& context, const Account& account, const ContactSettings& contact);
void put_contact(Context& context, const Account& account, const ContactSettings& contact);
/// All that there are rows of.
std::vector<ContactSettings> contacts_with_settings(const StoreView& store);

/// The other name of a pair; empty for everything else.
std::string other_of_pair(const Account& account, const Conversation& conversation);

}  // namespace cairn::client
