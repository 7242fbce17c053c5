// Generations that this device knows, and that somebody has taken out of the key box: whether they were deleted only
// their realms know (docs/spec/client.md s.9). Until these say so they are kept here, with what it takes to ask.
#pragma once

#include "core/client/account.h"
#include "core/client/backup_records.h"
#include "core/client/realm_talk.h"
#include "core/directory/chain.h"

namespace cairn::client {

/// tables::kLostGenerations, by its vault.
struct LostGeneration {
  enum class State : std::uint8_t {
    unknown = 0,  ///< the realms were not asked yet
    unheard = 1,  ///< too few of them have answered
    held = 2,     ///< they have what opens it: it was not deleted
    ending = 3    ///< they are about to erase it, and can still be told not to
  };

  std::string storage;  ///< URL
  vault::StorageIdentity identity;
  vault::Generation generation;
  DeviceId by;  ///< that signed the first box without it; zeros: of no device of the name
  std::uint64_t since_ms = 0;
  std::uint64_t asked_ms = 0;  ///< 0: never
  State state = State::unknown;
  std::uint64_t ends_at_ms = 0;  ///< `ending`: when, by the realms' clocks
  bool is_wanted = false;        ///< this device has asked for that itself
  bool is_seen = false;          ///< its owner was told

  vault::VaultId vault() const { return vault::vault_id(generation.root, identity); }
  SecretBytes encode() const;
  static Result<LostGeneration> decode(ByteView bytes);
};

std::vector<LostGeneration> lost_generations(const StoreView& store);

/// Compares a box that is believed with what this device kept of the backup, null if nothing: what lies behind realms
/// and is missing is written down, and what has come back is in the box now as it was when it left. True when it had
/// come back otherwise. The row stays until what this device keeps of the backup has it: forget_lost_in().
bool review_generations(Context& context, vault::KeyBox& box, const directory::NameState& state,
                        const BackupSetup* before);
/// What realms hold, and nobody here wants deleted, is in the box again, as far as there is room and its number is
/// free: whoever writes it next puts it there. So is `named`, whatever realms say of it (kAllGenerations: each). True
/// when something was put back.
bool put_back_lost(const StoreView& store, const vault::StorageIdentity& identity, vault::KeyBoxContent& content,
                   std::optional<std::uint32_t> named = std::nullopt);
/// All of the backup is to be deleted: what could not be put into the box is asked to be erased from now on
/// (tables::kUnconfirmed). The numbers of that.
std::vector<std::uint32_t> want_lost_erased(Context& context, const vault::StorageIdentity& identity,
                                            const vault::KeyBoxContent& content);

/// Asks the realms of each once an hour: whether they have erased it, or, where its owner wanted that and they have
/// never confirmed it (tables::kUnconfirmed), to erase it. `then` when something was learned.
void ask_about_lost(Context& context, Calls& calls, const std::function<void()>& then);

/// One sentence: who took what out, and what to do about it. Nothing where there is nothing to tell.
std::optional<std::string> lost_sentence(const StoreView& store, const LostGeneration& lost);
/// One sentence, where so many were taken out that no more are kept.
std::optional<std::string> lost_flood_sentence(const StoreView& store);
/// Its owner has seen them; how many there were to see.
std::size_t see_lost_generations(Context& context);
/// These are in the key box, as this device has saved it.
void forget_lost_in(Context& context, const vault::StorageIdentity& identity, const vault::KeyBoxContent& content);
/// Its realms have erased it, as they have confirmed.
void settle_lost(Context& context, const vault::VaultId& vault);

}  // namespace cairn::client
