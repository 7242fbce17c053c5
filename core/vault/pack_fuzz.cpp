// Any table, sealed as its writer would: what opens is whole. And any bytes as a pack.
#include "core/base/padding.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/vault/pack.h"
#include "tests/support/seeded_entropy.h"

using namespace cairn;
using namespace cairn::vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::SeededEntropy entropy(1);
  static const VaultKeys keys(random_secret<DataKey>(entropy));
  static const ObjectId id = new_object_id(ObjectKind::pack, entropy);
  static const SealKey key = keys.object_key(kSealTable, id);
  const ByteView input(data, size);
  CHECK(!open_table(keys, id, size, input));
  if (size == 0 || size > 65'536) return 0;

  // Chunks of the sizes that the table says, if it says any, and the padding that belongs there.
  wire::Reader reader(input);
  const auto chunks = reader.vector<Chunk>(kMaxChunksInPack * Chunk::kEncodedSize, kMaxChunksInPack);
  std::size_t end = 0;
  if (chunks && !chunks->empty()) end = std::size_t{chunks->back().offset} + chunks->back().stored_size;
  if (end > kMaxPackSize / 2) return 0;
  const std::size_t rest = size + vault::internal::kSealOverhead + kTrailerSize;
  Bytes text = to_bytes(input);
  if (reader.done()) text.resize(size + padme(end + rest) - end - rest);
  wire::Writer trailer;
  trailer.u32(static_cast<std::uint32_t>(text.size() + vault::internal::kSealOverhead));
  const Bytes pack = concat({Bytes(end), vault::internal::seal(key, {}, text, entropy),
                             vault::internal::seal(key, as_bytes(kTrailer), trailer.view(), entropy)});
  const auto table = open_table(keys, id, pack.size(), pack);
  if (!table) return 0;
  CHECK(chunks && *table == *chunks);
  std::size_t at = 0;
  for (const Chunk& chunk : *table) {
    CHECK(chunk.offset == at);
    at += chunk.stored_size;
  }
  CHECK(at == end);
  return 0;
}
