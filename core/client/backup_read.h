// What reads a backup: list, verify, restore (docs/spec/client.md s.9).
#pragma once

#include "core/client/backups.h"
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
  std::uint64_t bytes_ = 0;
};

/// Finds the newest snapshot that counts, and its indexes.
class NewestJob : public BackupJob {
 public:
  using BackupJob::BackupJob;

 protected:
  /// manifest_ and index_ are there.
  virtual void chosen(Context& context) = 0;

  std::optional<vault::ManifestContent> manifest_;
  bool signer_is_active_ = true;
  RemovedSigner removed_ = RemovedSigner::accept;

 private:
  void unlocked(Context& context) override;
  /// In this generation, else in the one before.
  void look_in(Context& context, std::size_t at);
  void choose(Context& context, std::size_t at, const std::vector<Found>& found);

  bool erased_ = false;  ///< the realms have erased the token of a generation
};

/// VerifyJob reads every pack.
constexpr std::uint32_t kAllPacks = 1000;

class VerifyJob final : public NewestJob {
 public:
  /// Reads so many of 1000 packs, drawn at random.
  VerifyJob(const BackupRooms& rooms, BackupTask task, std::uint32_t share)
      : NewestJob(rooms, std::move(task)), share_(share) {}

 private:
  void chosen(Context& context) override;
  bool work(Context& context) override;
  void end();

  std::uint32_t share_;
  std::optional<vault::SnapshotVerifier> verifier_;
  bool waits_ = false;
  std::vector<std::string> packs_;    ///< that are bad
  std::vector<std::string> damaged_;  ///< entries that are
};

class RestoreJob final : public NewestJob {
 public:
  RestoreJob(const BackupRooms& rooms, BackupTask task, RemovedSigner removed) : NewestJob(rooms, std::move(task)) {
    removed_ = removed;
  }

 private:
  void chosen(Context& context) override;
  bool work(Context& context) override;
  void take_step(Context& context, vault::ReadStep step);
  void take_entry(Context& context);
  Status take_contacts(Context& context);
  Status take_conversation(Context& context, std::string_view home);
  Status take_messages(Context& context, std::string_view home);
  void keep_pin(Context& context);
  void end(Context& context);

  std::optional<Account> account_;
  std::optional<vault::StoredChunks> chunks_;
  std::optional<vault::SnapshotReader> reader_;
  bool waits_ = false;
  Bytes data_;  ///< of the entry
  bool sound_ = true;
  std::vector<std::string> damaged_;
  std::uint64_t conversations_ = 0;
  std::uint64_t contacts_ = 0;
};

}  // namespace cairn::client
