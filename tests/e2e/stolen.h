// What a thief makes of disks that he has copied, or of one that is his own, by a program of his that checks no
// signature and asks nobody's leave (apps/lab/cairn/stolen_backup.h). The programs whose disks these are do not run.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "apps/lab/cairn/stolen_backup.h"
#include "core/client/backup_records.h"
#include "core/client/realm_list.h"
#include "core/client/tables.h"
#include "core/crypto/aead.h"
#include "core/relay/tables.h"
#include "core/witness/realm_tables.h"
#include "shell/os/entropy.h"
#include "shell/os/slot_file.h"

namespace cairn::e2e {

inline constexpr std::size_t kAllRows = ~std::size_t{0};

/// What a domain's server keeps of backups: all key boxes, and the objects of all vaults.
inline lab::StolenBackup stolen_from_disk_of_server(const std::string& folder) {
  constexpr std::uint32_t kServersStore = 0x63726e64;  // cairnd's SQLite application_id
  constexpr std::size_t kObjectKey = proto::VaultId::kSize + vault::ObjectId::kSize;
  const auto rows = lab::open_store(folder + "/store.sqlite", kServersStore);
  lab::StolenBackup out;
  for (const Row& row : rows->scan(relay::table::kKeyBoxes, {}, {}, kAllRows)) {
    auto box = wire::decode<relay::KeyBoxRow>(row.value);
    if (box) out.key_boxes.push_back(std::move(box->last.body));
  }
  std::map<Bytes, Bytes> whole;
  for (const Row& part : rows->scan(relay::table::kVaultParts, {}, {}, kAllRows)) {
    if (part.key.size() > kObjectKey) append(whole[to_bytes(ByteView(part.key).first(kObjectKey))], part.value);
  }
  for (auto& [key, bytes] : whole) {
    out.objects.push_back({*vault::ObjectId::from(ByteView(key).subspan(proto::VaultId::kSize)), std::move(bytes)});
  }
  return out;
}

// ---- devices: their rows, opened with the key that lies beside ----

inline std::vector<Row> rows_of_device(const std::string& folder, const std::vector<Table>& tables) {
  os::SystemEntropy entropy;
  const auto store = lab::open_stolen(folder, entropy);
  std::vector<Row> out;
  for (const Table table : tables) {
    for (Row& row : store->scan(table, {}, {}, kAllRows)) out.push_back(std::move(row));
  }
  return out;
}
inline std::vector<Row> rows_of_device(const std::string& folder) {
  std::vector<Table> all;
  for (int number = 1; number < 256; ++number) all.push_back(Table{static_cast<std::uint8_t>(number)});
  return rows_of_device(folder, all);
}
/// Whether the text stands in any row.
inline bool device_holds(const std::string& folder, const std::string& text) {
  for (const Row& row : rows_of_device(folder)) {
    if (as_text(row.value).find(text) != std::string::npos) return true;
  }
  return false;
}
/// What a device keeps of its backups, keys and all.
inline std::vector<client::BackupSetup> backups_of_device(const std::string& folder) {
  os::SystemEntropy entropy;
  return client::load_backup_setups(*lab::open_stolen(folder, entropy));
}

/// Whether any 32 bytes of these rows open a key box, tried as the root of its generation.
inline bool opens_with_a_root_in(const std::vector<Row>& rows, const Bytes& box) {
  for (const Row& row : rows) {
    for (std::size_t at = 0; at + vault::BackupRoot::kSize <= row.value.size(); ++at) {
      const auto root = vault::BackupRoot::from(ByteView(row.value).subspan(at, vault::BackupRoot::kSize));
      if (vault::UnverifiedKeyBox::open(box, *root)) return true;
    }
  }
  return false;
}
/// Likewise, tried as an opener's private key; that takes much longer.
inline bool opens_with_an_opener_in(const std::vector<Row>& rows, const Bytes& box) {
  constexpr std::size_t kSeed = 32;
  for (const Row& row : rows) {
    for (std::size_t at = 0; at + kSeed <= row.value.size(); ++at) {
      const crypto::KemPrivateKey key(ByteView(row.value).subspan(at, kSeed));
      if (vault::UnverifiedKeyBox::open(box, key)) return true;
    }
  }
  return false;
}

// ---- realms ----

/// Whether the sentence is read in a backup by whoever has this key of its owner's paper, and these realms' disks as
/// they are now.
inline bool opens_with_paper_and_disks(const lab::StolenBackup& backup, const std::string& recovery_key,
                                       const std::string& name, const std::vector<std::string>& realms,
                                       const std::string& sentence) {
  const auto box = lab::open_with_keys(backup, lab::keys_of_paper(recovery_key, name));
  EXPECT_TRUE(box.has_value()) << "nothing was tried";
  if (!box) return false;
  std::vector<lab::RealmDisk> disks;
  for (const std::string& folder : realms) disks.emplace_back(folder);
  std::vector<const lab::RealmDisk*> all;
  for (const lab::RealmDisk& disk : disks) all.push_back(&disk);
  for (const vault::Generation& generation : box->generations) {
    const auto list = client::RealmList::from(generation.realms);
    if (!list) continue;
    const auto token = lab::token_from_disks(list->set(), generation, all);
    if (token && !lab::read_packs(backup, generation, *token, {sentence}).empty()) return true;
  }
  return false;
}

/// How many shares of tokens a realm holds that nobody has erased, or asked it to erase.
inline std::size_t shares_that_stay(const std::string& realm) {
  constexpr std::uint32_t kRealmsStore = 0x63726e77;  // cairn-witness's SQLite application_id
  const auto rows = lab::open_store(realm + "/store.sqlite", kRealmsStore);
  std::size_t out = 0;
  for (const Row& row : rows->scan(witness::realm_table::kTokens, {}, {}, kAllRows)) {
    const auto token = wire::decode<witness::TokenRow>(row.value);
    EXPECT_TRUE(token.has_value());
    out += token && !token->receipt && token->erase_at_ms == 0 ? 1 : 0;
  }
  return out;
}

/// Whoever runs a realm puts another share in the place of each share of a token that it holds, under the key that lies
/// beside (docs/spec/realm.md s.6). How many it did.
inline std::size_t spoil_token_shares(const std::string& realm) {
  constexpr std::uint32_t kRealmsStore = 0x63726e77;  // cairn-witness's SQLite application_id
  constexpr auto kAead = crypto::AeadAlgorithm::xchacha20_poly1305;
  const std::size_t nonce_size = crypto::aead_nonce_size(kAead);
  const auto rows = lab::open_store(realm + "/store.sqlite", kRealmsStore);
  const auto keys = os::SlotFile::open(realm + "/keys");
  if (!keys) return 0;
  std::vector<Write> writes;
  for (const Row& row : rows->scan(witness::realm_table::kTokens, {}, {}, kAllRows)) {
    auto token = wire::decode<witness::TokenRow>(row.value);
    if (!token || token->receipt) continue;
    const auto slot = (*keys)->read(token->slot);
    if (!slot || !*slot) continue;
    const ByteView key = (*slot)->expose().subspan(TokenRecordId::kSize);
    const Bytes nonce = to_bytes(ByteView(token->sealed).first(nonce_size));
    const auto plain = crypto::aead_open(kAead, key, nonce, row.key, ByteView(token->sealed).subspan(nonce_size));
    if (!plain) continue;
    Bytes other = to_bytes(plain->expose());
    other[1] ^= 1;  // the lowest byte of the share, behind its index: still a scalar
    token->sealed = concat({nonce, crypto::aead_seal(kAead, key, nonce, row.key, other)});
    writes.push_back({witness::realm_table::kTokens, row.key, wire::encode(*token)});
  }
  return rows->commit(writes) ? writes.size() : 0;
}

}  // namespace cairn::e2e
