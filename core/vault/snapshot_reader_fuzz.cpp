// A snapshot that a device made up: any lists, any sizes, over chunks that are there or not. The reader comes to an
// end, and gives no more than the manifest says.
#include "core/vault/pack.h"
#include "core/vault/snapshot_reader.h"
#include "tests/support/seeded_entropy.h"

using namespace cairn;
using namespace cairn::vault;

namespace {

/// Chunks of the input, each 1 to 256 bytes; lists may name those before them: a row that begins with a small number
/// stands for that chunk.
Reference put(const VaultKeys& keys, PackBuilder& pack, ChunkSealer& sealer, ByteView raw,
              const std::vector<Reference>& known, ChunkIndex& index, ChunkIndex::PackNumber number) {
  wire::Writer text;
  for (const std::uint8_t byte : raw) {
    if (byte < known.size() && byte < 8) {
      known[byte].write(text);
    } else {
      text.u8(byte);
    }
  }
  const Reference out{keys.chunk_id(text.view()), static_cast<std::uint32_t>(text.size())};
  bool there = false;
  index.for_each_place(out.id, [&](const auto&) { there = true; });
  if (!there) index.add_chunk(number, pack.add(sealer, out.id, text.view()));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::SeededEntropy entropy(1);
  static const VaultKeys keys(random_secret<DataKey>(entropy));
  static ChunkSealer sealer;
  wire::Reader reader(ByteView(data, size));
  PackBuilder pack(keys, entropy);
  ChunkIndex index;
  const auto number = index.begin_pack(pack.id());
  std::vector<Reference> known;
  for (auto count = reader.u8(); count && known.size() < *count % 16U;) {
    const auto length = reader.u8();
    if (!length) break;
    const auto raw = reader.raw(std::min<std::size_t>(*length + std::size_t{1}, reader.left()));
    if (!raw || raw->empty()) break;
    known.push_back(put(keys, pack, sealer, *raw, known, index, number));
  }
  if (pack.empty()) return 0;
  const ObjectId id = pack.id();
  const Bytes bytes = pack.finish(entropy);
  index.end_pack(number, bytes.size());

  ManifestContent manifest;
  for (Tree* tree : {&manifest.entries, &manifest.batched, &manifest.own}) {
    const auto which = reader.u8();
    const auto depth = reader.u8();
    const auto tree_size = reader.u16();
    if (!which || !depth || !tree_size) return 0;
    if (*tree_size == 0) continue;
    *tree = {static_cast<std::uint8_t>(*depth % 4U), *tree_size, known[*which % known.size()]};
  }
  manifest.entry_count = reader.u8().value_or(3);
  for (const ReadMode mode : {ReadMode::data, ReadMode::references, ReadMode::places}) {
    StoredChunks chunks(keys, index);
    SnapshotReader snapshot(manifest, chunks, mode);
    std::uint64_t entries = 0;
    std::uint64_t given = 0;
    for (ReadStep step = snapshot.next(); step != ReadStep::end; step = snapshot.next()) {
      if (step == ReadStep::want_pack) chunks.give(id, bytes);
      if (step == ReadStep::entry) ++entries;
      if (step == ReadStep::data) given += snapshot.data().size();
    }
    CHECK(entries <= manifest.entry_count);
    CHECK(given <= manifest.batched.size + manifest.own.size);
  }
  return 0;
}
