// What the engine costs on one core: the steps, and whole snapshots against a storage that costs nothing.
#include <benchmark/benchmark.h>

#include <map>

#include "core/vault/snapshot_reader.h"
#include "core/vault/snapshot_writer.h"
#include "core/vault/verifier.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::vault {
namespace {

using benchmark::DoNotOptimize;
using cairn::testing::SeededEntropy;

constexpr std::size_t kData = 128 * kMiB;

enum Kind : std::int64_t { incompressible = 0, mixed = 1 };

/// Text of a thousand words, of which some are frequent.
void fill_with_text(SeededEntropy& entropy, MutableByteView out) {
  std::vector<std::string> words;
  for (int i = 0; i < 1000; ++i) {
    std::string word;
    for (std::uint64_t left = 2 + entropy.below(9); left > 0; --left) {
      word += static_cast<char>('a' + entropy.below(26));
    }
    words.push_back(word + " ");
  }
  for (std::size_t at = 0; at < out.size();) {
    const std::string& word = words[entropy.below(1 + entropy.below(words.size()))];
    const std::size_t size = std::min(word.size(), out.size() - at);
    std::memcpy(&out[at], word.data(), size);
    at += size;
  }
}

/// Random bytes; mixed: every other stretch of 512 KiB is text.
Bytes make_data(Kind kind) {
  SeededEntropy entropy(1);
  Bytes out(kData);
  entropy.fill(out);
  for (std::size_t at = 0; kind == mixed && at < out.size(); at += kMiB)
    fill_with_text(entropy, MutableByteView(out).subspan(at, kMiB / 2));
  return out;
}

/// Made once: a benchmark is entered several times.
const Bytes& data(std::int64_t kind) {
  static const std::array<Bytes, 2> all = {make_data(incompressible), make_data(mixed)};
  return all[static_cast<std::size_t>(kind)];
}

/// A vault with one snapshot at most, in memory.
struct Vault {
  SeededEntropy entropy{2};
  BackupRoot root = random_secret<BackupRoot>(entropy);
  VaultKeys keys{random_secret<DataKey>(entropy)};
  crypto::SigningKey device = crypto::SigningKey::generate(entropy);
  std::map<ObjectId, Bytes> objects;
  StorageIdentity storage = StorageIdentity::of_server("example.org");
  StoredObjects stored;
  ObjectId manifest_id;
  bool keeps = true;

  void drain(SnapshotWriter& writer) {
    while (auto object = take(writer)) {
      if (is_kind(object->id, ObjectKind::manifest)) manifest_id = object->id;
      writer.stored(object->id);
      stored.insert_or_assign(object->id, object->bytes.size());
      if (keeps) objects.insert_or_assign(object->id, std::move(object->bytes));
    }
  }

  std::optional<Object> take(SnapshotWriter& writer) {
    if (writer.wants_listing()) CHECK(writer.confirm(stored, {}).has_value());
    return writer.take_object();
  }

  void back_up(ByteView all, ChunkIndex index) {
    SnapshotWriter writer(keys, std::move(index), stored, {}, entropy);
    for (std::size_t at = 0; at < all.size(); at += 16 * kMiB) {
      CHECK(writer.begin_entry(as_bytes("file"), {}, Layout::own).has_value());
      for (std::size_t i = 0; i < 16 * kMiB; i += kMiB) {
        writer.write(all.subspan(at + i, kMiB));
        drain(writer);
      }
      writer.end_entry();
    }
    CHECK(writer.finish({1, vault_id(root, storage), std::nullopt, {}, {}}, device).has_value());
    drain(writer);
    CHECK(writer.done());
  }

  ManifestContent manifest() const {
    const PublicKey signers[] = {device.public_key()};
    return *UnverifiedManifest::open(keys, manifest_id, objects.at(manifest_id))
                ->verify({1, vault_id(root, storage), signers, 0});
  }
  ChunkIndex index_of(const ManifestContent& content) const {
    ChunkIndex out;
    for (const auto& one : content.indexes) out.add_index(one, *open_index(keys, one, objects.at(one.id)));
    return out;
  }
};

void done_with(benchmark::State& state, std::size_t bytes = kData) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void BM_Cut(benchmark::State& state) {
  Vault vault;
  Chunker chunker(vault.keys.gear(), kContentSizes);
  for (auto _ : state) {
    ByteView rest = data(incompressible);
    while (!rest.empty()) DoNotOptimize(chunker.next(rest));
  }
  done_with(state);
}
BENCHMARK(BM_Cut)->Unit(benchmark::kMillisecond);

void BM_ChunkId(benchmark::State& state) {
  Vault vault;
  const ByteView all = data(incompressible);
  for (auto _ : state) {
    for (std::size_t at = 0; at < all.size(); at += 128 * kKiB)
      DoNotOptimize(vault.keys.chunk_id(all.subspan(at, 128 * kKiB)));
  }
  done_with(state);
}
BENCHMARK(BM_ChunkId)->Unit(benchmark::kMillisecond);

void BM_SealChunk(benchmark::State& state) {
  Vault vault;
  ChunkSealer sealer;
  const SealKey key = random_secret<SealKey>(vault.entropy);
  const auto id = random_value<ChunkId>(vault.entropy);
  const ByteView all = data(state.range(0));
  Bytes out(128 * kKiB + kChunkOverhead);
  for (auto _ : state) {
    for (std::size_t at = 0; at < all.size(); at += 128 * kKiB)
      DoNotOptimize(sealer.seal(key, id, all.subspan(at, 128 * kKiB), out).size);
  }
  done_with(state);
}
BENCHMARK(BM_SealChunk)->ArgName("mixed")->Arg(incompressible)->Arg(mixed)->Unit(benchmark::kMillisecond);

void BM_BackUp(benchmark::State& state) {
  Vault vault;
  vault.keeps = false;
  const ByteView all = data(state.range(0));
  for (auto _ : state) vault.back_up(all, {});
  done_with(state);
}
BENCHMARK(BM_BackUp)->ArgName("mixed")->Arg(incompressible)->Arg(mixed)->Unit(benchmark::kMillisecond);

/// Every byte is read again, one in a hundred of the stretches of 16 KiB has changed.
void BM_BackUpAgain(benchmark::State& state) {
  Vault vault;
  vault.back_up(data(incompressible), {});
  const ManifestContent manifest = vault.manifest();
  Bytes changed = data(incompressible);
  for (std::size_t at = 0; at < changed.size(); at += 1600 * kKiB)
    vault.entropy.fill(MutableByteView(changed).subspan(at, 16 * kKiB));
  vault.keeps = false;
  for (auto _ : state) vault.back_up(changed, vault.index_of(manifest));
  done_with(state);
}
BENCHMARK(BM_BackUpAgain)->Unit(benchmark::kMillisecond);

void BM_Restore(benchmark::State& state) {
  Vault vault;
  vault.back_up(data(state.range(0)), {});
  const ManifestContent manifest = vault.manifest();
  for (auto _ : state) {
    const ChunkIndex index = vault.index_of(manifest);
    StoredChunks chunks(vault.keys, index);
    SnapshotReader reader(manifest, chunks, ReadMode::data);
    std::size_t size = 0;
    for (ReadStep step = reader.next(); step != ReadStep::end; step = reader.next()) {
      CHECK(step != ReadStep::damage && step != ReadStep::lost_entries);
      if (step == ReadStep::want_pack) chunks.give(chunks.wanted(), vault.objects.at(chunks.wanted()));
      if (step == ReadStep::data) size += reader.data().size();
    }
    CHECK(size == kData);
  }
  done_with(state);
}
BENCHMARK(BM_Restore)->ArgName("mixed")->Arg(incompressible)->Arg(mixed)->Unit(benchmark::kMillisecond);

void BM_Verify(benchmark::State& state) {
  Vault vault;
  vault.back_up(data(incompressible), {});
  const ManifestContent manifest = vault.manifest();
  const ChunkIndex index = vault.index_of(manifest);
  for (auto _ : state) {
    SnapshotVerifier verifier(vault.keys, index, manifest, all_packs(index));
    for (VerifyStep step = verifier.next(); step != VerifyStep::end; step = verifier.next()) {
      CHECK(step == VerifyStep::want_pack);
      verifier.give(verifier.wanted(), vault.objects.at(verifier.wanted()));
    }
  }
  done_with(state);
}
BENCHMARK(BM_Verify)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::vault
