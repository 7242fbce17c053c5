// What reads a backup: list, verify, restore (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_archive.h"
#include "core/client/backup_file_reader.h"
#include "core/client/backup_reader.h"
#include "core/client/backup_settings.h"
#include "core/vault/verifier.h"

namespace cairn::client {

/// All snapshots of all generations.
class ListJob final : public BackupJob {
 public:
  using BackupJob::BackupJob;

 private:
  void unlocked(Context& context) override;
  bool work(Context&) override { return false; }
  void list_from(Context& context, std::size_t at);
  void show(std::size_t at, const std::vector<Found>& found);

  nlohmann::json snapshots_ = nlohmann::json::array();
  nlohmann::json erased_ = nlohmann::json::array();  ///< generations
  std::optional<vault::SnapshotWord> shown_;         ///< the newest
  std::uint64_t bytes_ = 0;
};

/// VerifyJob reads every pack.
/// Asks the realms for the token of the generation in force, for its owner who wants it on paper.
class TokenJob final : public BackupJob {
 public:
  using BackupJob::BackupJob;

 private:
  void unlocked(Context& context) override;
  bool work(Context&) override { return false; }
};

constexpr std::uint32_t kAllPacks = 1000;

class VerifyJob final : public ReaderJob {
 public:
  /// Reads so many of 1000 packs of each snapshot, drawn at random; a sample looks into no older generation.
  VerifyJob(const BackupRooms& rooms, BackupTask task, std::uint32_t share, SnapshotChoice choice = {})
      : ReaderJob(rooms, std::move(task), std::move(choice),
                  share == kAllPacks ? Depth::all_generations : Depth::newest_generation, RemovedSigner::accept),
        share_(share) {}

 private:
  JobKind kind() const override { return JobKind::verify; }
  void opened(Context& context) override;
  bool work(Context& context) override;
  void all_read(Context& context) override;

  std::uint32_t share_;
  std::optional<vault::SnapshotVerifier> verifier_;
  bool waits_ = false;
  std::set<std::string> packs_;       ///< that are bad
  std::vector<std::string> damaged_;  ///< entries that are
};

/// Messages and all that belongs to them first, then settings, then the bytes of files: what goes wrong with those
/// undoes nothing.
class RestoreJob final : public ReaderJob {
 public:
  RestoreJob(const BackupRooms& rooms, BackupTask task, RemovedSigner removed, SnapshotChoice choice = {})
      : ReaderJob(rooms, std::move(task), std::move(choice), Depth::all_generations, removed) {}

 private:
  bool guesses() const override { return task_.pin != nullptr; }
  void opened(Context& context) override;
  bool work(Context& context) override;
  void take_step(Context& context, vault::ReadStep step);
  void want_pack(Context& context, vault::StoredChunks& chunks);
  void end_snapshot(Context& context);
  void take_entry(Context& context);
  void forget_data();
  Status take_data(Context& context, const std::string& path);
  Status take_settings(Context& context);
  Status take_contacts(Context& context);
  void keep_pin(Context& context);
  void all_read(Context& context) override;
  void read_files(Context& context);
  void read_files_of_next(Context& context);
  bool take_files(Context& context);
  /// What goes wrong with files is a warning.
  void fail_with(ErrorCode code, std::string sentence) override;
  void conclude(const StoreView& store);
  void conclude_with(std::vector<std::string> damaged_files);

  std::optional<Account> account_;
  std::optional<Archives> archives_;
  RestoredSettings settings_;  ///< are set when all is read
  bool is_read_ = false;
  std::optional<vault::StoredChunks> chunks_;
  std::optional<vault::SnapshotReader> reader_;
  bool waits_ = false;
  std::optional<BackupFileReader> files_;  ///< when all else is done
  std::vector<const Chosen*> files_of_;    ///< snapshots that have some
  std::size_t files_at_ = 0;               ///< the next of them
  bool reads_files_ = false;               ///< out of one of them
  Bytes data_;                             ///< of the entry
  bool sound_ = true;
  std::vector<std::string> damaged_;
  std::uint64_t contacts_ = 0;
};

}  // namespace cairn::client
