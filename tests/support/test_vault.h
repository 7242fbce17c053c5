// A vault in memory: a device that backs up what it is given, and a storage that can be spoilt.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "core/vault/retention.h"
#include "core/vault/snapshot_reader.h"
#include "core/vault/snapshot_writer.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

struct TestFile {
  Bytes data;
  vault::Layout layout = vault::Layout::own;

  friend bool operator==(const TestFile&, const TestFile&) = default;
};
using TestFiles = std::map<std::string, TestFile>;

inline Bytes random_bytes(SeededEntropy& entropy, std::size_t size) {
  Bytes out(size);
  entropy.fill(out);
  return out;
}

/// What a restore came to.
struct Restored {
  TestFiles files;
  /// "path [offset, end)", in order.
  std::vector<std::string> damage;
  bool entries_lost = false;
};

class TestVault {
 public:
  explicit TestVault(std::uint64_t seed)
      : entropy(seed),
        root(random_secret<vault::BackupRoot>(entropy)),
        data_key(random_secret<vault::DataKey>(entropy)),
        keys(data_key.clone()),
        device(crypto::SigningKey::generate(entropy)) {}

  SeededEntropy entropy;
  vault::BackupRoot root;
  vault::DataKey data_key;
  vault::VaultKeys keys;
  crypto::SigningKey device;
  vault::StorageIdentity storage = vault::StorageIdentity::of_server("example.org");
  std::map<vault::ObjectId, Bytes> objects;
  std::optional<vault::SnapshotHead> newest;
  vault::ObjectId newest_manifest;
  Time now{1'700'000'000'000};

  vault::StoredObjects listing() const {
    vault::StoredObjects out;
    for (const auto& [id, bytes] : objects) out.emplace(id, bytes.size());
    return out;
  }

  /// Stores all that the writer has to put; how many bytes.
  std::size_t drain(vault::SnapshotWriter& writer) {
    std::size_t size = 0;
    for (;;) {
      if (writer.wants_listing()) {
        EXPECT_TRUE(writer.confirm(listing(), now).has_value());
      }
      auto object = writer.take_object();
      if (!object) return size;
      size += object->bytes.size();
      if (vault::is_kind(object->id, vault::ObjectKind::manifest)) newest_manifest = object->id;
      EXPECT_TRUE(objects.emplace(object->id, std::move(object->bytes)).second);
      writer.stored(object->id);
    }
  }

  vault::SnapshotInfo info() const { return {1, vault::vault_id(root, storage), newest, now, to_bytes("head")}; }

  /// Writes one entry in pieces; the bytes stored meanwhile.
  std::size_t write(vault::SnapshotWriter& writer, const std::string& path, const TestFile& file,
                    std::size_t piece = 100'000) {
    std::size_t stored = 0;
    EXPECT_TRUE(writer.begin_entry(as_bytes(path), as_bytes("rw"), file.layout).has_value());
    for (ByteView rest = file.data; !rest.empty();) {
      const ByteView part = rest.first(std::min(piece, rest.size()));
      rest = rest.subspan(part.size());
      writer.write(part);
      stored += drain(writer);
    }
    writer.end_entry();
    return stored;
  }

  /// A whole snapshot; the bytes stored for it.
  std::size_t back_up(const TestFiles& files, vault::ChunkIndex index = {}) {
    vault::SnapshotWriter writer(keys, std::move(index), listing(), now, entropy);
    std::size_t stored = 0;
    for (const auto& [path, file] : files) stored += write(writer, path, file);
    EXPECT_TRUE(writer.finish(info(), device).has_value());
    stored += drain(writer);
    EXPECT_TRUE(writer.done());
    newest = writer.head();
    return stored;
  }

  vault::ManifestContent manifest(const vault::ObjectId& id) const {
    const auto opened = vault::UnverifiedManifest::open(keys, id, objects.at(id));
    const PublicKey signers[] = {device.public_key()};
    return *opened->verify({1, vault::vault_id(root, storage), signers, 0});
  }
  vault::ManifestContent manifest() const { return manifest(newest_manifest); }

  vault::ChunkIndex index_of(const vault::ManifestContent& content) const {
    vault::ChunkIndex out;
    for (const auto& one : content.indexes) out.add_index(one, *vault::open_index(keys, one, objects.at(one.id)));
    return out;
  }

  /// Answers what a reader wants.
  void serve(vault::StoredChunks& chunks) const {
    const auto at = objects.find(chunks.wanted());
    if (at == objects.end()) return chunks.missing(chunks.wanted());
    chunks.give(at->first, at->second);
  }

  Restored restore(const vault::ManifestContent& content, const vault::ChunkIndex& index) const {
    Restored out;
    vault::StoredChunks chunks(keys, index);
    vault::SnapshotReader reader(content, chunks, vault::ReadMode::data);
    for (;;) {
      const auto path = as_text(reader.entry().path);
      switch (reader.next()) {
        case vault::ReadStep::want_pack: serve(chunks); break;
        case vault::ReadStep::entry: out.files[as_text(reader.entry().path)].layout = reader.entry().layout; break;
        case vault::ReadStep::data: append(out.files[path].data, reader.data()); break;
        case vault::ReadStep::damage:
          out.damage.push_back(path + " [" + std::to_string(reader.damaged_offset()) + ", " +
                               std::to_string(reader.damaged_offset() + reader.damaged_size()) + ")");
          break;
        case vault::ReadStep::lost_entries: out.entries_lost = true; break;
        case vault::ReadStep::end: return out;
        default: break;
      }
    }
  }
  Restored restore(const vault::ManifestContent& content) const { return restore(content, index_of(content)); }
  Restored restore() const { return restore(manifest()); }
};

/// Files of many sizes, from nothing to more than a pack; some of them text.
inline TestFiles test_files(std::uint64_t seed) {
  SeededEntropy entropy(seed);
  TestFiles out;
  for (int i = 0; i < 40; ++i) {
    const std::string path = "messages/" + std::to_string(1000 + i);
    std::string text;
    while (text.size() < entropy.below(4000)) text += "message " + std::to_string(entropy.below(50)) + ", ";
    out[path] = {to_bytes(text), vault::Layout::batched};
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16'384}, std::size_t{300'000},
                                 std::size_t{1'500'000}, std::size_t{6'000'000}}) {
    out["photos/" + std::to_string(size)] = {random_bytes(entropy, size), vault::Layout::own};
  }
  out["zeros"] = {Bytes(2'000'000), vault::Layout::own};
  return out;
}

}  // namespace cairn::testing
