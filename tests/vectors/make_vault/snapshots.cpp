// Small snapshots, all their objects, and what a reader must not take.
#include <fstream>

#include "core/crypto/labels.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/vault/pack.h"
#include "tests/vectors/make_vault/maker.h"

namespace cairn::testing {
namespace {

using namespace vault;

TestFiles small_files(SeededEntropy& entropy) {
  TestFiles out;
  out["m1"] = {random_bytes(entropy, 90), Layout::batched};
  out["m2"] = {random_bytes(entropy, 40), Layout::batched};
  out["photo"] = {random_bytes(entropy, 300), Layout::own};
  out["void"] = {{}, Layout::own};
  return out;
}

Json entries_of(const TestFiles& files) {
  Json out = Json::array();
  for (const auto& [path, file] : files) {
    out.push_back({{"path", path},
                   {"attributes", "rw"},
                   {"layout", file.layout == Layout::own ? "own" : "batched"},
                   {"data", hex(file.data)}});
  }
  return out;
}

Json objects_of(const TestVault& vault) {
  Json out = Json::array();
  for (const auto& [id, bytes] : vault.objects) {
    if (is_kind(id, ObjectKind::pack)) {
      // Compressed bytes are their compressor's, so these vectors have none.
      const auto table = open_table(vault.keys, id, bytes.size(), bytes);
      hold(table.has_value(), "a pack");
      for (const Chunk& chunk : *table) hold(chunk.encoding == Encoding::raw, "a chunk that is not compressed");
    }
    out.push_back({{"id", hex(id)}, {"bytes", hex(bytes)}});
  }
  return out;
}

/// What is refused with the code, as the object under the id.
Json refusal(std::string_view what, const ObjectId& id, ByteView bytes, ErrorCode code, ErrorCode found) {
  hold(code == found, what);
  return {{"what", what}, {"rule", to_string(code)}, {"id", hex(id)}, {"bytes", hex(bytes)}};
}

Json refused_manifest(const TestVault& vault, std::string_view what, const ObjectId& id, ByteView bytes, ErrorCode code,
                      std::uint64_t newest = 0) {
  const PublicKey signers[] = {vault.device.public_key()};
  const auto opened = UnverifiedManifest::open(vault.keys, id, bytes);
  if (!opened) return refusal(what, id, bytes, code, opened.error().code);
  const auto verified = opened->verify({1, vault_id(vault.root, vault.storage), signers, newest});
  hold(!verified, what);
  Json out = refusal(what, id, bytes, code, verified.error().code);
  out["newest_counter"] = newest;
  return out;
}

Json manifests_refused(TestVault& vault) {
  Json out = Json::array();
  const ManifestContent content = vault.manifest();
  const auto stranger = crypto::SigningKey::generate(vault.entropy);
  Object object = seal_manifest(vault.keys, content, stranger, vault.entropy);
  out.push_back(refused_manifest(vault, "signed by a stranger", object.id, object.bytes, ErrorCode::not_authorised));
  ManifestContent wrong = content;
  wrong.vault = vault_id(random_secret<BackupRoot>(vault.entropy), vault.storage);
  object = seal_manifest(vault.keys, wrong, vault.device, vault.entropy);
  out.push_back(refused_manifest(vault, "of another vault", object.id, object.bytes, ErrorCode::wrong_group));
  const ObjectId& id = vault.newest_manifest;
  const Bytes& good = vault.objects.at(id);
  out.push_back(refused_manifest(vault, "older than the newest", id, good, ErrorCode::stale, content.counter + 1));
  wrong = content;
  wrong.indexes.push_back(wrong.indexes.front());
  object = seal_manifest(vault.keys, wrong, vault.device, vault.entropy);
  out.push_back(refused_manifest(vault, "an index twice", object.id, object.bytes, ErrorCode::malformed));
  wrong = content;
  wrong.indexes.front().size = 1'025;
  object = seal_manifest(vault.keys, wrong, vault.device, vault.entropy);
  out.push_back(
      refused_manifest(vault, "an index of a size that none has", object.id, object.bytes, ErrorCode::malformed));
  wrong = content;
  wrong.indexes.clear();
  for (std::size_t i = 0; i <= kMaxIndexBytesOfManifest / (kMaxIndexSize / 2 + 64); ++i) {
    wrong.indexes.push_back({new_object_id(ObjectKind::index, vault.entropy), kMaxIndexSize / 2 + 64, {}});
  }
  object = seal_manifest(vault.keys, wrong, vault.device, vault.entropy);
  out.push_back(
      refused_manifest(vault, "more than 128 MiB of indexes", object.id, object.bytes, ErrorCode::over_limit));
  const ObjectId other = new_object_id(ObjectKind::manifest, vault.entropy);
  out.push_back(refused_manifest(vault, "under another id", other, good, ErrorCode::crypto_failed));
  out.push_back(
      refused_manifest(vault, "a byte less", id, ByteView(good).first(good.size() - 1), ErrorCode::crypto_failed));
  return out;
}

Json packs_refused(TestVault& vault) {
  Json out = Json::array();
  const auto at = std::find_if(vault.objects.begin(), vault.objects.end(),
                               [](const auto& one) { return is_kind(one.first, ObjectKind::pack); });
  const auto& [id, good] = *at;
  const auto add = [&](std::string_view what, const ObjectId& under, const Bytes& bytes, ErrorCode code) {
    const auto table = open_table(vault.keys, under, bytes.size(), bytes);
    hold(!table, what);
    out.push_back(refusal(what, under, bytes, code, table.error().code));
  };
  add("under another id", new_object_id(ObjectKind::pack, vault.entropy), good, ErrorCode::crypto_failed);
  Bytes bytes = good;
  bytes.back() ^= 1;
  add("a flipped bit in the trailer", id, bytes, ErrorCode::crypto_failed);
  bytes = good;
  bytes[bytes.size() - kTrailerSize - 1] ^= 1;
  add("a flipped bit in the table", id, bytes, ErrorCode::crypto_failed);
  bytes = good;
  bytes.pop_back();
  add("a byte less: no Padme size", id, bytes, ErrorCode::malformed);
  bytes.assign(1'024, 0);
  add("zeros", id, bytes, ErrorCode::crypto_failed);
  return out;
}

/// Under the id that the manifest names, opened as what it names.
Json indexes_refused(TestVault& vault) {
  Json out = Json::array();
  const IndexReference named = vault.manifest().indexes.at(0);
  const Bytes& good = vault.objects.at(named.id);
  const SealKey key = vault.keys.object_key(kSealIndex, named.id);
  const auto add = [&](std::string_view what, const Bytes& bytes) {
    const auto listings = open_index(vault.keys, named, bytes);
    hold(!listings, what);
    out.push_back(refusal(what, named.id, bytes, ErrorCode::crypto_failed, listings.error().code));
  };
  const auto text = vault::internal::open(key, {}, good);
  hold(text.has_value(), "an index");
  add("the same listings, sealed once more", vault::internal::seal(key, {}, text->expose(), vault.entropy));
  Bytes empty(1'024);
  empty[0] = 1;
  add("no listings, sealed under the same id", vault::internal::seal(key, {}, empty, vault.entropy));
  Bytes bytes = good;
  bytes[40] ^= 1;
  add("a flipped bit", bytes);
  bytes = good;
  bytes.pop_back();
  add("a byte less", bytes);
  return out;
}

void put_seed(const std::filesystem::path& folder, const std::string& fuzzer, const std::string& name, ByteView bytes) {
  const std::filesystem::path own = folder / ("core_vault_" + fuzzer + "_fuzz");
  std::filesystem::create_directories(own);
  std::ofstream out(own / name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

Json make_snapshots() {
  TestVault vault(74);
  const TestFiles files = small_files(vault.entropy);
  vault.back_up(files);
  hold(vault.restore().files == files, "a snapshot");
  const ManifestContent content = vault.manifest();
  Json chunk_ids = Json::array();
  const ChunkIndex index = vault.index_of(content);
  for (const auto& place : index.places()) chunk_ids.push_back(hex(place.id));
  return {{"data_key", hex(vault.data_key.expose())},
          {"generation", content.generation},
          {"vault_id", hex(content.vault)},
          {"signer", hex(vault.device.public_key())},
          {"manifest", hex(vault.newest_manifest)},
          {"counter", content.counter},
          {"hash", hex(content.head().hash)},
          {"objects", objects_of(vault)},
          {"chunk_ids", chunk_ids},
          {"entries", entries_of(files)},
          {"manifests_refused", manifests_refused(vault)},
          {"packs_refused", packs_refused(vault)},
          {"indexes_refused", indexes_refused(vault)}};
}

void write_vault_seeds(const std::filesystem::path& folder) {
  TestVault vault(75);
  vault.back_up(test_files(76));
  const ManifestContent content = vault.manifest();
  const Bytes manifest = wire::encode(content);
  const Bytes sealed = concat(
      {manifest, vault.device.public_key(), crypto::sign_labelled(vault.device, crypto::kSignManifest, manifest)});
  put_seed(folder, "manifest", "manifest", sealed);
  put_seed(folder, "codec", "manifest", concat({Bytes{0}, manifest}));
  int number = 0;
  for (const auto& [id, bytes] : vault.objects) {
    const std::string name = "object-" + std::to_string(++number);
    if (is_kind(id, ObjectKind::index)) {
      const auto text = vault::internal::open(vault.keys.object_key(kSealIndex, id), {}, bytes);
      put_seed(folder, "index", name, text->expose());
    } else if (is_kind(id, ObjectKind::pack)) {
      const auto table = *open_table(vault.keys, id, bytes.size(), bytes);
      wire::Writer writer;
      writer.vector(std::span(table).first(std::min<std::size_t>(table.size(), 20)));
      put_seed(folder, "pack", name, writer.view());
    }
  }
}

}  // namespace cairn::testing
