// Somebody's backup as whoever stores it has it, and a program of the attacker's own that opens it with whatever keys
// he has: it checks no signature and asks nobody's leave.
#pragma once

#include <set>

#include "apps/lab/cairn/operator.h"
#include "apps/lab/cairn/realms.h"
#include "core/crypto/kem.h"
#include "core/vault/key_box.h"
#include "core/vault/types.h"

namespace cairn::lab {

struct StolenBackup {
  std::vector<Bytes> key_boxes;
  std::vector<vault::Object> objects;
};
/// In a folder, as shell/folder lays it out.
StolenBackup stolen_from_folder(const std::string& folder);
/// At the domain's server: these key boxes, and the objects of all vaults.
StolenBackup stolen_from_server(const Operator& server, const std::set<Bytes>& boxes);

/// What a recovery key opens with, in its first generations.
std::vector<crypto::KemPrivateKey> keys_of_paper(const std::string& recovery_key, const std::string& name);

/// The generations of keys in one of the key boxes.
using OpenedBox = std::optional<vault::KeyBoxContent>;
OpenedBox open_with_keys(const StolenBackup& backup, const std::vector<crypto::KemPrivateKey>& keys);
/// As in 2014, when the key lay beside what it opens: each run of 32 bytes of what is stored is tried as the root.
OpenedBox open_with_what_lies_beside(const StolenBackup& backup);

/// A generation's token out of the shares of two realms or more; nothing when they are too few.
std::optional<vault::BackupToken> token_from_disks(const vault::RealmSet& set, const vault::Generation& generation,
                                                   const std::vector<const RealmDisk*>& disks);
/// The same, asked of the realms that run, as the holder of the generation's root.
std::optional<vault::BackupToken> token_from_realms(const Realms& realms, const vault::Generation& generation);

/// Which of these sentences are read in the packs, with a generation's root and token.
std::set<std::string> read_packs(const StolenBackup& backup, const vault::Generation& generation,
                                 const vault::BackupToken& token, const std::vector<std::string>& sentences);
/// The same with every generation of a box whose token lies in it.
std::set<std::string> read_packs(const StolenBackup& backup, const OpenedBox& box,
                                 const std::vector<std::string>& sentences);

}  // namespace cairn::lab
