// Any index, sealed as its writer would, and named by a manifest: what opens lists places within packs, and is found
// again. What no manifest names does not open.
#include "core/vault/chunk_index.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "tests/support/seeded_entropy.h"

using namespace cairn;
using namespace cairn::vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::SeededEntropy entropy(1);
  static const VaultKeys keys(random_secret<DataKey>(entropy));
  static const ObjectId id = new_object_id(ObjectKind::index, entropy);
  const Object raw{id, Bytes(data, data + size)};
  CHECK(!open_index(keys, IndexReference::to(raw), raw.bytes));
  const Object object{id, vault::internal::seal(keys.object_key(kSealIndex, id), {}, {data, size}, entropy)};
  IndexReference named = IndexReference::to(object);
  const auto listings = open_index(keys, named, object.bytes);
  named.digest.mutable_view()[size % 32] ^= 1;
  CHECK(!open_index(keys, named, object.bytes));
  if (!listings) return 0;
  ChunkIndex index;
  index.add_index(named, *listings);
  for (const ChunkIndex::Place& place : index.places()) {
    CHECK(std::size_t{place.offset} + place.stored_size <= index.packs()[place.pack].size);
    bool found = false;
    index.for_each_place(place.id, [&](const auto& one) { found = found || &one == &place; });
    CHECK(found);
  }
  return 0;
}
