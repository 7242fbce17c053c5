#include "apps/lab/cairn/stolen_backup.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/base/encoding.h"
#include "core/client/own_name.h"
#include "core/directory/recovery.h"
#include "core/proto/realm.h"
#include "core/vault/labels.h"
#include "core/vault/pack.h"
#include "core/vault/token.h"
#include "shell/os/file.h"

namespace cairn::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxStolenFile = std::size_t{8} << 20;
constexpr std::uint32_t kGenerationsOfPaper = 4;  // one more each time that a recovery key is used

/// What the box says, whoever signed it.
OpenedBox believed(Result<vault::UnverifiedKeyBox> opened) {
  if (!opened) return std::nullopt;
  const std::vector<PublicKey> signers = {opened->signer()};
  auto box = std::move(*opened).verify({signers, std::nullopt, 0});
  return box ? OpenedBox(std::move(box->content)) : std::nullopt;
}

template <class Take>
std::optional<vault::BackupToken> recover_token(const vault::RealmSet& set, const vault::Generation& generation,
                                                Take state_of) {
  auto recovery = vault::TokenRecovery::begin(set, generation.root);
  if (!recovery) return std::nullopt;
  for (const vault::TokenAsk& ask : recovery->take_asks()) recovery->take(ask.realm, state_of(ask));
  if (recovery->state() != vault::TokenRecovery::State::recovered) return std::nullopt;
  return recovery->take_token();
}

}  // namespace

StolenBackup stolen_from_folder(const std::string& folder) {
  StolenBackup out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto bytes =
        entry.is_regular_file() ? os::read_file(entry.path().string(), kMaxStolenFile) : Result<Bytes>(Bytes{});
    if (!bytes) continue;
    const std::string name = entry.path().filename().string();
    const auto put = wire::decode<proto::KeyBoxPut>(*bytes);
    if (name.starts_with("key-box-") && put) out.key_boxes.push_back(put->body);
    const auto id = from_hex(name);
    if (id && id->size() == vault::ObjectId::kSize) out.objects.push_back({*vault::ObjectId::from(*id), *bytes});
  }
  return out;
}

StolenBackup stolen_from_server(const Operator& server, const std::set<Bytes>& boxes) {
  StolenBackup out;
  for (const Row& row : server.rows(relay::table::kKeyBoxes)) {
    const auto box = wire::decode<relay::KeyBoxRow>(row.value);
    if (box && boxes.contains(row.key)) out.key_boxes.push_back(box->last.body);
  }
  constexpr std::size_t kObjectKey = proto::VaultId::kSize + vault::ObjectId::kSize;
  std::map<Bytes, Bytes> whole;
  for (const Row& part : server.rows(relay::table::kVaultParts)) {
    if (part.key.size() > kObjectKey) append(whole[to_bytes(ByteView(part.key).first(kObjectKey))], part.value);
  }
  for (auto& [key, bytes] : whole)
    out.objects.push_back({*vault::ObjectId::from(ByteView(key).subspan(proto::VaultId::kSize)), std::move(bytes)});
  return out;
}

std::vector<crypto::KemPrivateKey> keys_of_paper(const std::string& recovery_key, const std::string& name) {
  std::vector<crypto::KemPrivateKey> out;
  const auto secret = client::parse_recovery_text(recovery_key);
  const auto whose = directory::Name::parse(name);
  for (std::uint32_t i = 0; secret && whose && i < kGenerationsOfPaper; ++i)
    out.emplace_back(directory::RecoveryKey::derive(*secret, *whose, i).kem_private_key().expose());
  return out;
}

OpenedBox open_with_keys(const StolenBackup& backup, const std::vector<crypto::KemPrivateKey>& keys) {
  for (const Bytes& box : backup.key_boxes) {
    for (const crypto::KemPrivateKey& key : keys) {
      if (auto opened = believed(vault::UnverifiedKeyBox::open(box, key))) return opened;
    }
  }
  return std::nullopt;
}

OpenedBox open_with_what_lies_beside(const StolenBackup& backup) {
  for (const Bytes& box : backup.key_boxes) {
    for (std::size_t at = 0; at + vault::BackupRoot::kSize <= box.size(); ++at) {
      const auto root = vault::BackupRoot::from(ByteView(box).subspan(at, vault::BackupRoot::kSize));
      if (auto opened = believed(vault::UnverifiedKeyBox::open(box, *root))) return opened;
    }
  }
  return std::nullopt;
}

std::optional<vault::BackupToken> token_from_disks(const vault::RealmSet& set, const vault::Generation& generation,
                                                   const std::vector<const RealmDisk*>& disks) {
  return recover_token(set, generation, [&](const vault::TokenAsk& ask) -> Result<TokenState> {
    for (const RealmDisk* disk : disks) {
      auto share = disk->token(ask.record);
      if (share) return TokenState{0, 0, std::move(share), std::nullopt};
    }
    return fail(ErrorCode::unavailable, "on none of the disks");
  });
}

std::optional<vault::BackupToken> token_from_realms(const Realms& realms, const vault::Generation& generation) {
  return recover_token(realms.set(), generation, [&](const vault::TokenAsk& ask) -> Result<TokenState> {
    const proto::TokenRequest request{ask.record, ask.action, ask.by, ask.change, ask.signature};
    const auto answer = realms.ask(ask.realm, proto::kPathTokenRequest, wire::encode(request));
    REQUIRE(answer.status == 200, ErrorCode::unavailable, "refused");
    return std::move(TRY(wire::decode<proto::TokenAnswer>(as_bytes(answer.body))).value);
  });
}

std::set<std::string> read_packs(const StolenBackup& backup, const vault::Generation& generation,
                                 const vault::BackupToken& token, const std::vector<std::string>& sentences) {
  auto key = vault::unwrap_data_key(generation.root, token, generation.number, generation.data_key);
  std::set<std::string> out;
  if (!key) return out;
  const vault::VaultKeys keys(std::move(*key));
  vault::ChunkOpener opener;
  for (const vault::Object& object : backup.objects) {
    if (!vault::is_kind(object.id, vault::ObjectKind::pack)) continue;
    const auto table = vault::open_table(keys, object.id, object.bytes.size(), object.bytes);
    if (!table) continue;
    const auto pack_key = keys.object_key(vault::kSealChunks, object.id);
    for (const vault::Chunk& chunk : *table) {
      SecretBytes plain;
      const ByteView stored = ByteView(object.bytes).subspan(chunk.offset, chunk.stored_size);
      if (!opener.open(keys, pack_key, chunk, stored, plain)) continue;
      const std::string text = as_text(plain.expose());
      std::copy_if(sentences.begin(), sentences.end(), std::inserter(out, out.end()),
                   [&](const std::string& one) { return text.find(one) != std::string::npos; });
    }
  }
  return out;
}

std::set<std::string> read_packs(const StolenBackup& backup, const OpenedBox& box,
                                 const std::vector<std::string>& sentences) {
  std::set<std::string> out;
  for (std::size_t i = 0; box && i < box->generations.size(); ++i) {
    const vault::Generation& one = box->generations[i];
    if (one.token) out.merge(read_packs(backup, one, *one.token, sentences));
  }
  return out;
}

}  // namespace cairn::lab
