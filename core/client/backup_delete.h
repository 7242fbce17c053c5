// Ending what was backed up: the realms erase their parts of a generation's key, then its vault goes
// (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_box.h"

namespace cairn::client {

/// tables::kErasures: a realm's word that it has erased its part of a generation's key, and the generation.
struct KeptReceipt {
  std::uint32_t generation = 0;
  std::string realm;  ///< its name
  ErasureReceipt receipt;

  void write(wire::Writer&) const;
  static Result<KeptReceipt> read(wire::Reader&);
};
void keep_receipts(Context& context, std::uint32_t generation, const RealmList& list,
                   const std::vector<ErasureReceipt>& receipts);
/// `{ generation, realm, time_ms, receipt }` each, the last in base64.
nlohmann::json receipts_json(const StoreView& store);

/// One generation or all of them. What lies behind realms is deleted when n - t + 1 of them have erased: at once by the
/// recovery key, else after three days, in which any device calls it off.
class DeleteJob final : public KeyBoxJob {
 public:
  /// `only`: the vault of that generation, where no person says which storage it is about: folders are exchanged, and
  /// what lies there may be another backup. Then nothing is asked.
  DeleteJob(const BackupRooms& rooms, BackupTask task, std::uint32_t generation,
            std::optional<vault::VaultId> only = std::nullopt)
      : KeyBoxJob(rooms, std::move(task)), generation_(generation), only_(only) {}

 private:
  void unlocked(Context& context) override;
  bool work(Context&) override { return false; }
  /// The chosen generations from this place on, one after the other.
  void erase_from(Context& context, std::size_t at);
  /// Asks the realms; `empty`: the storage says that there is nothing in it.
  void erase_token(Context& context, std::size_t at, bool empty);
  void erasure_answered(Context& context, std::size_t at, bool empty, const RealmList& list,
                        const vault::TokenChange& change);
  void delete_vaults(Context& context, std::size_t at);
  void change_key_box(Context& context);
  void delete_key_box(Context& context);
  void forget_pin(Context& context, const vault::PinKeys& pin);
  void end(Context& context);

  std::uint32_t generation_;
  std::optional<vault::VaultId> only_;
  std::set<std::uint32_t> gone_;         ///< generations whose vault goes now
  std::set<std::uint32_t> waiting_;      ///< that the realms will erase
  std::set<std::uint32_t> idle_;         ///< those of them in which the storage has nothing
  std::set<std::uint32_t> unconfirmed_;  ///< of which the storage says that they are gone, and too few realms anything
  std::uint64_t erase_at_ms_ = 0;        ///< the last of them
  bool all_gone_ = false;
};

/// A generation that is gone by its storage's word alone.
struct Unconfirmed {
  std::string storage;  ///< URL
  std::uint32_t generation = 0;
  vault::VaultId vault;
};
/// Those that realms have still to be asked about, by what this device was told.
std::vector<Unconfirmed> unconfirmed_generations(const StoreView& store);

bool is_unconfirmed(const StoreView& store, const vault::VaultId& vault);

/// Calls waiting deletions off: of one generation, or of all.
class CancelJob final : public BackupJob {
 public:
  CancelJob(const BackupRooms& rooms, BackupTask task, std::uint32_t generation)
      : BackupJob(rooms, std::move(task)), generation_(generation) {}

 private:
  void unlocked(Context& context) override;
  bool work(Context&) override { return false; }
  void cancel_from(Context& context, std::size_t at);
  void answered(Context& context, std::size_t at, const RealmList& list, const vault::TokenChange& change);

  std::uint32_t generation_;
  nlohmann::json kept_ = nlohmann::json::array();
  nlohmann::json erased_ = nlohmann::json::array();
};

}  // namespace cairn::client
