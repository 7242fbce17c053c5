// Which snapshots are read, and one after the other their indexes (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_job.h"
#include "core/vault/retention.h"

namespace cairn::client {

/// What a restore does about snapshots whose signer is no longer a device of the name.
enum class RemovedSigner : std::uint8_t { refuse, accept };
/// Generation 0: all of them.
constexpr std::uint32_t kAllGenerations = 0;

/// Which snapshots are to be read; what is not said is open.
struct SnapshotChoice {
  std::string device;                          ///< first digits of the id of who made it, in lower case
  std::uint64_t snapshot = 0;                  ///< its counter; 0: the newest of each device
  std::uint32_t generation = kAllGenerations;  ///< in which it lies
  bool with_files = true;                      ///< the bytes of files too

  bool is_open() const { return device.empty() && snapshot == 0 && generation == kAllGenerations; }
};

/// A snapshot holds what one device had. So what is read is the newest one of each device, in whichever generation it
/// lies, or what was chosen; the device that came to the name first is read first.
class ReaderJob : public BackupJob {
 public:
  /// Looks for devices in all generations, or no further than in the newest that has a snapshot.
  enum class Depth : std::uint8_t { all_generations, newest_generation };
  ReaderJob(const BackupRooms& rooms, BackupTask task, SnapshotChoice choice, Depth depth, RemovedSigner removed)
      : BackupJob(rooms, std::move(task)), choice_(std::move(choice)), depth_(depth), removed_(removed) {}

 protected:
  struct Chosen {
    std::size_t generation = 0;  ///< place in the key box
    vault::ManifestContent manifest;
    DeviceId device;
    std::uint32_t added = 0;  ///< when the device came to the name: sequence of that statement
    vault::SignerState state = vault::SignerState::active;
  };

  /// snapshot() is to be read: keys_ and index_ are its own.
  virtual void opened(Context& context) = 0;
  /// All were read.
  virtual void all_read(Context& context) = 0;
  const Chosen& snapshot() const { return chosen_[at_]; }
  /// Goes on with the next one. Nothing may hold on to keys_ or index_.
  void read_next(Context& context);
  /// What may have files of messages that were read: those snapshots, then of each older generation the newest of each
  /// device, for a new generation begins without what no server has any more.
  std::vector<const Chosen*> with_files() const;
  /// keys_ and index_ are this one's, and `then` goes on. Nothing may hold on to them.
  void open_snapshot(Context& context, const Chosen& one, ThenIndex then);
  /// `{ snapshot, generation, created_ms, device, device_active }` each, and of the newest of them the first three.
  nlohmann::json snapshots_json() const;
  const Chosen& newest() const;

 private:
  struct Opened {
    std::optional<vault::VaultKeys> keys;
    std::vector<proto::VaultItem> items;
  };
  void unlocked(Context& context) override;
  /// In this generation, then in the one before.
  void look_in(Context& context, std::size_t at);
  void choose(Context& context, std::size_t at, const std::vector<Found>& found);
  bool is_wanted(const Chosen& one) const;
  /// A signer knew more of the name than this job's view of it, or other statements: that is said.
  void compare_chains();
  void all_found(Context& context);
  void fail_without_any();
  bool leave_out_removed();

  SnapshotChoice choice_;
  Depth depth_;
  RemovedSigner removed_;
  std::vector<Chosen> chosen_;
  std::vector<Chosen> older_;              ///< that have files, of signers of which there is a newer one
  std::set<PublicKey> signers_;            ///< of those
  std::map<std::size_t, Opened> entered_;  ///< by place; of the one that is read they are in keys_ and items_
  std::optional<std::size_t> reading_;     ///< that one
  std::optional<std::pair<std::uint32_t, std::uint64_t>> shown_;  ///< the newest that the storage shows
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  bool erased_ = false;  ///< the realms have erased the token of a generation
};

}  // namespace cairn::client
