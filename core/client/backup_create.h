// Making a snapshot: the key box first, then what this device has, then the manifest (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_files.h"
#include "core/client/backup_prune.h"
#include "core/vault/snapshot_writer.h"

namespace cairn::client {

/// In one round, or in two where files are to come that no snapshot has: the first one costs no room for files, so that
/// they keep nothing else from being backed up.
class CreateJob final : public PruningJob {
 public:
  using PruningJob::PruningJob;

 private:
  JobKind kind() const override { return JobKind::create; }
  bool makes_backup() const override { return true; }
  void unlocked(Context& context) override;
  bool work(Context& context) override;

  void pin_lost(Context& context);
  void begin_snapshot(Context& context);
  void entered(Context& context);
  /// The realms have erased the token of the generation in force: another one begins.
  void begin_after_erasure(Context& context);
  /// The indexes of the newest, and of this device's own newest, say what is stored already: another device may have
  /// little of what this one has.
  void take_newest(Context& context, const std::vector<Found>& found);
  /// The storage shows an older state than this device knows: what it makes now must not hide that.
  void tell_of_rollback(Context& context, const std::string& sentence);
  /// `shown`: the highest counter in this generation; what this device knew is there, or not.
  void look_for_rollback(Context& context, bool shows_known, std::uint64_t shown);
  /// Packs of a run of this device that was interrupted.
  void take_left_behind(Context& context, std::vector<vault::ObjectId> packs);
  /// Files of this device's own newest snapshot: they stay without being read.
  void read_former(Context& context);
  void begin_writing(Context& context);

  bool write_some(Context& context);
  bool write_files(Context& context);
  bool write_conversation(Context& context);
  /// What was said about these, and their files.
  void write_said(Context& context, const ChannelId& home, const std::vector<Conversations::Numbered>& messages);
  void write_entry(const std::string& path, ByteView data);
  void write_settings(Context& context);
  /// The next of what devices share.
  void write_shared(Context& context);
  void finish(Context& context);
  void put_objects(Context& context);
  /// Lists the vault once more; the manifest is put when all is there.
  void confirm(Context& context);
  void end(Context& context);
  void tell_realms(Context& context, const Then& then);
  void begin_files_round(Context& context);
  /// The storage is full: what files of this round have taken of it is given back.
  void give_room_back(Context& context, const Error& error, std::size_t at);
  void tell_of_files();
  /// What goes wrong with files, or behind a snapshot, is a warning.
  void fail_with(ErrorCode code, std::string sentence) override;
  /// Once the snapshot is there nothing takes that back.
  void refused_by_storage(const Error& error) override;
  void cut_short(Context& context, ErrorCode code, std::string sentence) override;
  void conclude();
  bool goes_on(Context& context) override;
  /// Where packs of this device's are remembered until a snapshot needs them.
  Bytes pack_key(const vault::ObjectId& id) const;

  vault::SnapshotHead newest_;
  std::optional<vault::SnapshotWriter> writer_;
  SettingsCursor shared_;           ///< how far what devices share is written
  std::size_t shared_entries_ = 0;  ///< of that
  std::vector<Conversation> conversations_;
  std::size_t at_ = 0;                 ///< conversation
  std::optional<std::uint64_t> next_;  ///< its next message; nothing before its own entry is written
  Time listed_;                        ///< when the vault was, before anything was written
  bool finished_ = false;
  bool confirming_ = false;
  bool seen_whole_ = false;                    ///< in the vault as listed after the manifest was put
  std::optional<vault::ManifestContent> own_;  ///< the newest that this device has made
  std::optional<FormerFiles> former_;
  std::shared_ptr<BackupFiles> files_;  ///< null where none are wanted
  bool files_round_ = false;
  bool is_put_ = false;                       ///< the snapshot of this round
  std::vector<vault::ObjectId> round_packs_;  ///< that were put in it
  nlohmann::json first_made_;                 ///< the result of the round before
  std::uint64_t messages_ = 0;
  std::uint32_t generation_ = 0;
  std::optional<vault::PinKeys> lost_pin_;  ///< whose copy of the key box is to go
  std::uint64_t last_ms_before_ = 0;        ///< of its set-up, as it was before this snapshot
  std::vector<vault::ObjectId> manifests_;  ///< the ids of its own
  nlohmann::json made_;                     ///< when the snapshot is there: the result
};

}  // namespace cairn::client
