// One thing that is done with a backup: it opens the key box, enters the vault, and goes on in small steps
// (docs/spec/client.md s.9). Nothing of it outlives a restart but what it has put or stored.
#pragma once

#include <nlohmann/json.hpp>

#include "core/client/backup_keys.h"
#include "core/client/backup_records.h"
#include "core/client/backup_storage.h"
#include "core/client/backup_trust.h"
#include "core/client/conversations.h"
#include "core/client/printed_token.h"
#include "core/client/realm_owner.h"
#include "core/client/search.h"
#include "core/client/sharing.h"
#include "core/vault/chunk_index.h"
#include "core/vault/snapshot_word.h"

namespace cairn::client {

/// Rooms that jobs work with; all outlive them.
struct BackupRooms {
  Calls& calls;
  Session& session;
  Views& views;
  Conversations& conversations;
  Sharing& sharing;
  Search& search;
};

/// A PIN by which somebody opens a backup, and how its realms are reached.
struct TypedPin {
  SecretBytes text;
  std::uint8_t number = 0;  ///< of the registration
  std::string invitation;   ///< for account tokens, where the domain asks for one
};

/// After so long a job ends: a storage may answer as slowly as it likes, and only one job runs at a time. What was put
/// is not put again.
constexpr std::uint64_t kLongestJobMs = kDayMs;

/// What of a job its owner is told when it was begun without being asked for, and failed (backup_troubles.h).
enum class JobKind : std::uint8_t { other = 0, create = 1, verify = 2 };

inline constexpr const char* kNoBackup = "There is no backup here; backup create makes one.";

/// What a job is begun with.
struct BackupTask {
  directory::NameState state;  ///< of the own name, as just verified, or as of `last_word`
  std::string storage;         ///< URL
  std::optional<BackupSetup> setup;
  std::shared_ptr<directory::RecoverySecret> secret;  ///< null unless typed
  std::string server_url;                             ///< of the own domain, which gives account tokens
  std::optional<RealmList> realms = {};               ///< that are to be used from now on; else as it was
  std::shared_ptr<PrintedToken> token = {};           ///< null unless typed
  std::shared_ptr<TypedPin> pin = {};                 ///< null unless it opens: needs `realms`
  bool print_token = false;                           ///< its owner wants the token on paper
  std::optional<std::uint32_t> files_mib = {};        ///< of a snapshot, as its owner has just said; else as it was
  /// Of when `state` is, where the directory could not be reached: of jobs that read alone. Who signed may be out
  /// since, so what is read sets nothing here that is set already, and is not remembered as the newest.
  std::optional<Time> last_word = {};
};

class BackupJob : public std::enable_shared_from_this<BackupJob> {
 public:
  BackupJob(const BackupRooms& rooms, BackupTask task);
  virtual ~BackupJob() = default;
  BackupJob(const BackupJob&) = delete;
  BackupJob& operator=(const BackupJob&) = delete;

  /// Finds out which storage it is, then asks for the key box.
  void begin(Context& context);
  /// Does a bounded part of what can be done now; true when there is more of it.
  bool step(Context& context);
  Time next_deadline() const {
    return std::min({storage_->next_deadline(), domain_->next_deadline(), after(began_, kLongestJobMs)});
  }
  /// Ends it where it is: nothing more is sent or done, and what was put or stored stays.
  void stop(Context& context, ErrorCode code, std::string sentence);

  virtual JobKind kind() const { return JobKind::other; }
  /// Whether it guesses at the PIN itself: then nobody else may read of those guesses first.
  virtual bool guesses() const { return false; }
  const BackupTask& task() const { return task_; }

  bool is_over() const { return over_; }
  struct Failure {
    ErrorCode code = ErrorCode::internal;
    std::string sentence;
  };
  /// When it is over: why it failed, or result().
  const std::optional<Failure>& failure() const { return failure_; }
  const nlohmann::json& result() const { return result_; }
  /// A printed token is shown once, and kept no longer.
  void forget_printed_token();
  /// For a person who waits: what is done, how many of how many, how many bytes went over, since when.
  nlohmann::json progress(Time now) const;

 protected:
  /// A snapshot whose signature is that of some key.
  struct Found {
    std::vector<vault::ObjectId> ids;  ///< of its copies
    vault::UnverifiedManifest manifest;
  };
  using ThenFound = std::function<void(Context&, std::vector<Found>)>;
  using ThenIndex = std::function<void(Context&)>;
  using Then = std::function<void(Context&)>;
  using ThenHouse = std::function<void(Context&, std::shared_ptr<const RealmHouse>)>;

  /// Whether a backup is begun where there is none; without a key box in unlocked() otherwise.
  virtual bool makes_backup() const { return false; }
  /// The key box is open and its signer was a device of the name; box_ is null where there is no key box.
  virtual void unlocked(Context& context) = 0;
  /// As step().
  virtual bool work(Context& context) = 0;

  /// By default that is its end.
  virtual void fail_with(ErrorCode code, std::string sentence);
  /// It is stopped: by default it fails.
  virtual void cut_short(Context&, ErrorCode code, std::string sentence) { fail_with(code, std::move(sentence)); }
  /// With what the storage said.
  virtual void refused_by_storage(const Error& error) { fail_with(error.code, storage_->refusal()); }
  void succeed(nlohmann::json result);

  /// From here on keys_ and the storage are those of this generation, and `then` goes on; fails if its keys do not
  /// open. A token that lies behind realms is asked of them, each time anew: it is kept nowhere. When they have erased
  /// it, `erased` goes on; when it does not open now, `unreachable`, with a warning, if there is one.
  void enter(Context& context, const vault::Generation& generation, Then then, Then erased, Then unreachable = {});
  /// Likewise; what was erased ends the job.
  void enter(Context& context, const vault::Generation& generation, Then then);
  /// With this token.
  void enter_with(Context& context, const vault::Generation& generation, const vault::BackupToken& token,
                  const Then& then, const Then& unreachable = {});
  /// What the realms of the generation in force keep of how new the newest snapshot is: in word_, by one of these
  /// devices; where they have nothing, those of the generation before, and so on. Asked of none where the token is
  /// here.
  void ask_for_word(Context& context, Signers whose, Then then);
  /// What a person is told where the storage shows none as new as word_ says; nothing where it does, or nobody said it.
  std::optional<std::string> behind_word(const std::optional<vault::SnapshotWord>& shown) const;
  /// Account tokens for these realms, of the own domain.
  void ask_tokens(Context& context, const RealmList& list, proto::TokenPurpose purpose, std::uint8_t number,
                  ThenHouse then);
  /// Realms that a job spoke to are told of in its result: who lied, and in a sentence.
  void told_of(const RealmList& list, const std::vector<vault::RealmFate>& fates);
  vault::VaultId vault_of(const vault::Generation& generation) const {
    return vault::vault_id(generation.root, *identity_);
  }
  void open_vault(const vault::Generation& generation);
  /// All snapshots of the vault that was entered that some device of the name, as it is or was, has signed, by counter;
  /// none when the vault is not there.
  void find_snapshots(Context& context, ThenFound then);
  /// What was last listed.
  vault::StoredObjects stored_objects() const;
  /// Reads the indexes of a manifest into index_; where one is damaged or gone, the tables of all packs instead.
  void fetch_indexes(Context& context, const std::vector<vault::IndexReference>& named, ThenIndex then);

  template <class Derived>
  std::shared_ptr<Derived> self_as() {
    return std::static_pointer_cast<Derived>(shared_from_this());
  }

  BackupRooms rooms_;
  BackupTask task_;
  std::shared_ptr<BackupStorage> storage_;
  std::shared_ptr<BackupStorage> domain_;  ///< the own domain's server, for account tokens
  std::optional<vault::StorageIdentity> identity_;
  std::optional<crypto::SigningKey> box_key_;  ///< write key of the key box
  proto::KeyBoxId box_id_;
  std::optional<vault::KeyBox> box_;
  Bytes box_bytes_;                                  ///< as it lies there
  std::optional<RegistrationId> registration_;       ///< that the domain has named for this PIN
  bool box_was_mended_ = false;                      ///< box_ has what was known here in the place of another word
  bool pin_is_known_ = false;                        ///< the box has the PIN that this device knew before
  std::optional<vault::PinKeys> doubted_pin_;        ///< what a device that is out has left of one; see judge_pin()
  std::optional<vault::SnapshotWord> word_;          ///< the newest that realms told
  std::optional<std::string> held_back_;             ///< another device knows a newer one than the vault shows
  bool deletion_waits_ = false;                      ///< of the generation that was entered last
  std::vector<std::string> warnings_;                ///< sentences; they stand in the result
  std::optional<vault::BackupToken> entered_token_;  ///< of the generation that was entered, if it is to be printed
  std::optional<vault::VaultKeys> keys_;
  vault::ChunkIndex index_;
  bool other_format_ = false;            ///< of items_ some manifest is of a format that this program does not read
  std::vector<proto::VaultItem> items_;  ///< of the vault, as last listed
  std::string doing_ = "opening the backup";
  std::uint64_t done_ = 0;
  std::uint64_t all_ = 0;

 private:
  void take_folder_id(Context& context, const Bytes& bytes);
  void make_folder_id(Context& context);
  void identified(Context& context, vault::StorageIdentity identity);
  void find_setup(Context& context);
  void take_key_box(Context& context, const Bytes& bytes);
  void fetch_key_box(Context& context);
  Result<vault::UnverifiedKeyBox> open_box(ByteView body) const;
  /// By the PIN: its secret gives place and key of a copy of the key box.
  void ask_for_pin_secret(Context& context);
  void pin_answered(Context& context, const RealmHouse& house, vault::PinRecovery& recovery);
  void check_registration();
  /// The keys of the PIN count by whose word they come.
  void judge_pin_keys();
  /// Those of generations that are known here do not change; what somebody took out is asked about, and put back.
  void judge_generations(Context& context);
  /// Of who signed the box, and ignored: "keys of the PIN".
  void warn_of_other(std::string_view what);
  void token_came(Context& context, const vault::Generation& generation, const RealmList& list,
                  vault::TokenRecovery& recovery, const Then& then, const Then& erased, const Then& unreachable);
  /// Beside the shares of the generations before this place in the box, the newest first.
  void ask_for_word_before(Context& context, std::size_t end, Signers whose, const Then& then);
  enum class WordSearch : std::uint8_t { over, goes_on };
  WordSearch take_words(std::size_t at, Signers whose, const RealmReplies& replies);
  void tell_of_deletion(const vault::Generation& generation, const RealmList& list,
                        const vault::TokenRecovery& recovery);
  void cannot_enter(Context& context, const vault::Generation& generation, ErrorCode code, std::string sentence,
                    const Then& unreachable);
  /// What was found so far, and the place of each in it.
  struct Finding {
    std::vector<Found> found;
    std::map<std::pair<Hash, PublicKey>, std::size_t> places;
    std::vector<PublicKey> signers;  ///< whose are taken
  };
  void fetch_manifests(Context& context, const std::shared_ptr<Finding>& finding, std::size_t at,
                       const ThenFound& then);
  /// Compares what the vault shows with what other devices of the name have told.
  void look_for_held_back(const StoreView& store, const std::vector<Found>& found);
  void take_manifest(Finding& finding, const vault::ObjectId& id, ByteView sealed);
  void fetch_index(Context& context, const std::vector<vault::IndexReference>& named, std::size_t at,
                   const ThenIndex& then);
  void fetch_tables(Context& context, std::size_t at, const ThenIndex& then);

  Time began_;
  vault::VaultId entered_vault_;  ///< that open_vault() opened last
  bool index_lost_ = false;
  std::optional<vault::PinSecret> pin_secret_;
  nlohmann::json realms_ = nullptr;              ///< that were spoken to last, and how each behaved
  std::optional<std::uint64_t> deletion_at_ms_;  ///< some realm says that a deletion is waiting
  bool over_ = false;
  std::optional<Failure> failure_;
  nlohmann::json result_;
};

}  // namespace cairn::client
