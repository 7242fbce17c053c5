// Generations whose token went to realms before a key box had them: a program that ends in between, or a storage that
// does not take the box, leaves shares behind that no box knows of (docs/spec/client.md s.9). So they are written down
// first; the same are taken up again, and what comes to nothing is erased.
#pragma once

#include "core/client/backup_records.h"
#include "core/client/calls.h"
#include "core/directory/chain.h"

namespace cairn::client {

/// tables::kBegunGenerations, by its vault.
struct BegunGeneration {
  static constexpr std::size_t kMostKept = 64;  ///< as many shares as a realm keeps of one registration

  vault::StorageIdentity identity;
  vault::Generation generation;
  std::uint64_t version = 0;   ///< of the key box that it was made for
  Hash openers;                ///< SHA-256 of those of that box: who may have seen its root
  std::uint64_t asked_ms = 0;  ///< when its realms last answered to that; 0: never
  bool is_unwanted = false;    ///< it stands in no key box, and never will: its realms are to erase what they have

  vault::VaultId vault() const { return vault::vault_id(generation.root, identity); }
  SecretBytes encode() const;
  static Result<BegunGeneration> decode(ByteView bytes);
};

std::vector<BegunGeneration> begun_generations(const StoreView& store);

/// The generation in force of a box that is to be put: before a realm hears of it. The oldest row gives way where
/// kMostKept are kept.
void note_begun(Context& context, const vault::StorageIdentity& identity, const vault::KeyBoxContent& next);
/// What was begun before for such a box: same version, openers, realms and count of statements. Nothing if nothing was.
std::optional<vault::Generation> begun_before(const StoreView& store, const vault::StorageIdentity& identity,
                                              const vault::KeyBoxContent& next);
/// What this box has is begun no more. What it could have and has not, never will: it is unwanted. For a box that is
/// put, or signed by a device that is the name's now.
void settle_begun(Context& context, const vault::StorageIdentity& identity, const vault::KeyBoxContent& content);
/// It is put into no box.
void give_up_begun(Context& context, const vault::VaultId& vault);
/// The whole backup was deleted: no box has any of them.
void give_up_all_begun(Context& context, const vault::StorageIdentity& identity);

/// Whether realms have to be asked now and then.
bool has_unwanted_begun(const StoreView& store);
/// Asks the realms of what is unwanted to erase it, each once an hour until all of them have, or say that they will, or
/// that they have nothing. Realms that do not answer within a year are not waited for.
void ask_about_begun(Context& context, Calls& calls);

}  // namespace cairn::client
