// The bytes of files in a snapshot, behind everything else in it (docs/spec/client.md s.9): which ones, from where, and
// what is spent on them at most.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/client/backup_storage.h"
#include "core/client/conversations.h"
#include "core/client/kept_files.h"
#include "core/client/settings.h"
#include "core/crypto/hash.h"
#include "core/vault/snapshot_reader.h"
#include "core/vault/snapshot_writer.h"

namespace cairn::client {

constexpr std::string_view kFileEntry = "file/";  ///< and SealedFileId in hex
/// So many files go into a snapshot, at most.
constexpr std::size_t kMostFilesOfBackup = 50'000;

/// A file that some snapshot has whole: in which chunks.
struct FormerFile {
  std::uint64_t size = 0;
  std::vector<vault::Reference> chunks;
};
using FormerFileMap = std::map<SealedFileId, FormerFile>;

/// Finds the files of a snapshot, without reading them. All that it is given outlives it.
class FormerFiles {
 public:
  FormerFiles(const vault::ManifestContent& manifest, const vault::VaultKeys& keys, const vault::ChunkIndex& index)
      : chunks_(keys, index), reader_(manifest, chunks_, vault::ReadMode::references) {}

  /// Goes on until all is read (true), or a pack must come.
  bool read();
  vault::StoredChunks& chunks() { return chunks_; }
  FormerFileMap take() { return std::move(files_); }

 private:
  vault::StoredChunks chunks_;
  vault::SnapshotReader reader_;
  FormerFileMap files_;
  std::optional<SealedFileId> id_;  ///< of the entry, while it is sound
  FormerFile file_;
};

/// The id in the path of an entry, if it is that of a file.
std::optional<SealedFileId> file_of_entry(ByteView path);

/// Held by shared_ptr: answers that are under way keep it.
class BackupFiles : public std::enable_shared_from_this<BackupFiles> {
 public:
  struct Plan {
    std::uint64_t limit = 0;    ///< bytes of all files together, as they are sealed
    std::uint64_t reserve = 0;  ///< bytes that are to be left of the storage's room
    bool fetches = false;       ///< also what no snapshot has; else nothing goes in that costs room
    bool is_asked_for = false;  ///< its owner wants it now: what failed a while ago is tried again
  };
  /// Rooms outlive it.
  BackupFiles(Calls& calls, const Conversations& conversations, Plan plan, FormerFileMap former)
      : calls_(calls), conversations_(conversations), plan_(plan), former_(std::move(former)) {}

  // ---- while messages are written ----

  void begin_conversation(const ConversationSettings& settings) { is_request_ = settings.is_request; }
  /// Nothing of it is to be there for another message's sake, as one in an archive.
  void taken_back(const MessageId& id) { taken_back_.insert(id); }
  /// A message with a file.
  void take(const ChannelId& home, std::uint64_t index, const Message& message, const Attachment& file);

  // ---- when all else is written ----

  enum class Step : std::uint8_t { more, waits, done };
  Step write_some(Context& context, const Account& account, const BackupStorage& storage,
                  vault::SnapshotWriter& writer);
  /// When done: whether there is something that could be fetched.
  bool wants_more() const { return wants_more_; }

  std::size_t stored() const { return stored_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t left_out() const { return left_out_; }  ///< for want of room
  std::size_t missing() const { return missing_; }    ///< not to be had, or not in time

 private:
  struct One {
    SealedFileId id;
    ChannelId home;
    std::uint64_t index = 0;
    MessageId message;
    std::uint64_t size = 0;  ///< sealed
    std::uint64_t time_ms = 0;
    FileTry tried;
  };
  /// The one that is being fetched.
  struct Fetch {
    One one;
    Attachment file;
    bool is_kept = false;
    std::uint64_t offset = 0;
    std::uint64_t waited_ms = 0;  ///< for its server
    crypto::Hasher hasher = crypto::Hasher(crypto::HashAlgorithm::sha256);
    std::optional<Result<Bytes>> piece = std::nullopt;  ///< that came
  };
  enum class Phase : std::uint8_t { collecting, former, fetching, over };

  void keep_newest();
  void end_collecting(Context& context);
  void forget_tries(Context& context);
  void write_former(const One& one, vault::SnapshotWriter& writer);
  void end_former(Context& context, const BackupStorage& storage);
  bool has_room(const One& one, const BackupStorage& storage) const;
  bool is_due(const One& one, Time now) const;
  bool begin_next(Context& context, const Account& account, const BackupStorage& storage);
  bool may_begin(Context& context, const One& one, const BackupStorage& storage);
  void ask(Context& context, const Account& account);
  void take_piece(Context& context, const BackupStorage& storage, vault::SnapshotWriter& writer);
  void end_fetch(vault::SnapshotWriter& writer);
  void failed(Context& context, ErrorCode code, vault::SnapshotWriter& writer);

  Calls& calls_;
  const Conversations& conversations_;
  Plan plan_;
  FormerFileMap former_;
  bool is_request_ = false;
  Phase phase_ = Phase::collecting;
  std::set<MessageId> taken_back_;
  std::vector<One> all_;
  std::vector<One> new_;  ///< of all, what no snapshot has
  std::size_t at_ = 0;    ///< of all, then of those
  std::optional<Fetch> fetch_;
  bool busy_ = false;
  Time began_;                              ///< with fetching
  std::uint64_t waited_ms_ = 0;             ///< for servers
  std::size_t begun_ = 0;                   ///< fetches
  std::map<std::string, unsigned> silent_;  ///< by domain: fetches in a row that nobody answered
  std::uint64_t spent_ = 0;                 ///< bytes that were written, also of what came to nothing
  std::uint64_t bytes_ = 0;
  std::size_t stored_ = 0;
  std::size_t left_out_ = 0;
  std::size_t missing_ = 0;
  bool wants_more_ = false;
};

}  // namespace cairn::client
