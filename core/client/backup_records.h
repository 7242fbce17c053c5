// What a backup's entries hold, and what this device remembers of its backup (docs/spec/client.md s.9).
#pragma once

#include "core/client/account.h"
#include "core/client/conversation.h"
#include "core/client/said_about.h"
#include "core/client/settings.h"
#include "core/proto/storage.h"
#include "core/vault/key_box.h"
#include "core/vault/manifest.h"

namespace cairn::client {

constexpr std::size_t kMessagesOfEntry = 256;
constexpr std::uint32_t kMaxFilesMib = 1 << 20;  ///< that a snapshot's owner may allow to files

/// In a manifest: what its signer knew of the name's chain.
struct KnownChain {
  std::uint32_t count = 0;  ///< of statements
  Hash head;

  void write(wire::Writer& w) const {
    w.u32(count);
    w.raw(head);
  }
  static Result<KnownChain> read(wire::Reader& r) {
    KnownChain out;
    out.count = TRY(r.u32());
    out.head = TRY(r.fixed<Hash>());
    return out;
  }
};

/// Entry "settings": what its owner decided for this device as a whole.
struct BackedUpSettings {
  std::string policy;
  bool tells_typing = true;  ///< as it always is in snapshots of earlier builds

  void write(wire::Writer&) const;
  static Result<BackedUpSettings> read(wire::Reader&);
};

/// Entry "contacts": whom this device knew, and which resets of theirs its owner has admitted.
struct BackedUpContact {
  std::string name;
  std::uint32_t admitted_resets = 0;

  void write(wire::Writer&) const;
  static Result<BackedUpContact> read(wire::Reader&);
};

/// Entry "conversation/HOME". What follows is of it: "about/HOME", and of its messages, kMessagesOfEntry at a time,
/// "messages/HOME/FIRST" and "said/HOME/FIRST". In snapshots of earlier builds there are messages alone.
struct BackedUpConversation {
  ConversationKind kind = ConversationKind::pair;
  std::string title;
  std::vector<std::string> names;
  std::uint64_t created_ms = 0;

  void write(wire::Writer&) const;
  static Result<BackedUpConversation> read(wire::Reader&);
};

struct BackedUpMessage {
  /// A device's own indexes begin at a multiple of 2^32 (first_own_index); none is ever as large as this.
  static constexpr std::uint64_t kLastIndex = std::uint64_t{1} << 63;

  std::uint64_t index = 0;  ///< at most kLastIndex
  Message message;

  void write(wire::Writer&) const;
  static Result<BackedUpMessage> read(wire::Reader&);
};

/// Entry "about/HOME": what its owner decided there, and what the group is beside its title and names.
struct BackedUpAbout {
  static constexpr std::uint8_t kFormat = 1;
  ConversationSettings settings;
  std::vector<std::string> admins;  ///< of a group: sorted, at most kMaxAdmins; none: all are equal
  Bytes picture;                    ///< likewise: at most kMaxPictureSize bytes, or empty

  void write(wire::Writer&) const;
  static Result<BackedUpAbout> read(wire::Reader&);
};

/// Entry "said/HOME/FIRST": of the messages with first <= index < end all about which something was said, or that have
/// a file, ascending. Of one that is not in it nothing was said.
struct BackedUpSaid {
  static constexpr std::uint8_t kFormat = 1;
  struct One {
    std::uint64_t index = 0;
    SaidAbout said;

    void write(wire::Writer&) const;
    static Result<One> read(wire::Reader&);
  };
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::vector<One> all;

  void write(wire::Writer&) const;
  static Result<BackedUpSaid> read(wire::Reader&);
};

/// The home under which a conversation of a backup is readable: never that of one that lives.
ChannelId archive_home(const ChannelId& home);
/// The title of what was restored, by which it is read: without an @, so that it stands for nobody's name.
std::string archive_title(const Account& account, const BackedUpConversation& conversation);

/// A row of tables::kBackup: how this device backs up to one storage. Move-only, for it holds keys.
struct BackupSetup {
  std::string storage;  ///< URL
  vault::StorageIdentity identity;
  proto::KeyBoxId key_box;
  crypto::SigningKey write_key;  ///< of the key box
  crypto::KemPrivateKey device_key;
  vault::KeyBoxContent content;  ///< as it was last written or verified
  vault::KeyBoxHead head;
  vault::SnapshotHead newest;           ///< that this device knows; counter 0: none
  std::uint32_t newest_generation = 0;  ///< of newest; each counts from 1
  std::uint64_t last_ms = 0;            ///< when the last snapshot was whole
  bool daily = false;                   ///< whether one is made every day without being asked for
  std::uint64_t newest_pin = 0;         ///< that this device has seen in a key box (vault::KeyBoxRules)
  std::uint32_t files_mib = 0;          ///< so many MiB of files go into a snapshot, at most; 0: none do

  SecretBytes encode() const { return encode_with(daily); }
  SecretBytes encode_with(bool is_daily) const;
  static Result<BackupSetup> decode(ByteView bytes);
};

/// By which rows about one storage are told apart: empty for the domain's server, else the folder's id.
Bytes storage_key(const vault::StorageIdentity& identity);

/// All of them: the domain's server first, then folders by their ids.
std::vector<BackupSetup> load_backup_setups(const StoreView& store);
/// The one that has the PIN, of which there is one at most; else the first.
std::optional<BackupSetup> load_backup_setup(const StoreView& store);
/// `daily` stays as it stands in its row, if it has one: its owner may have changed it while a job ran.
void save_backup_setup(Context& context, const BackupSetup& setup);
/// With `daily` as it is here.
void save_schedule(Context& context, const BackupSetup& setup);
/// This device has learned of that snapshot: its set-up of that storage knows it, if it has one and knows no newer.
void know_newest(Context& context, const vault::StorageIdentity& identity, std::uint32_t generation,
                 const vault::SnapshotHead& head);
void forget_backup_setup(Context& context, const vault::StorageIdentity& identity);

/// As a person names a storage: "domain", or the folder's path.
std::string storage_label(std::string_view url);

}  // namespace cairn::client
