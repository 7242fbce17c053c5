// Any bytes as a sealed row, and an honest one with some bytes changed: only what was sealed for its place is read, and
// after anything else nothing is written any more.
#include "shell/store/encrypted/encrypted_store.h"

#include "shell/store/memory/memory_store.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;

constexpr Table kTable{3};

/// Its first byte says whether the others are the row, or what is changed in a sealed one: place and value.
Bytes row_of(ByteView input, const Bytes& sealed) {
  if (input.empty()) return {};
  const ByteView rest = input.subspan(1);
  if (input[0] % 2 == 0) return to_bytes(rest);
  Bytes out = sealed;
  for (std::size_t at = 0; at + 1 < rest.size(); at += 2) out[rest[at] % out.size()] ^= rest[at + 1];
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::SeededEntropy entropy(1);
  auto disk = std::make_unique<store::MemoryStore>();
  store::MemoryStore& below = *disk;
  const auto sealing = store::EncryptedStore::open(std::move(disk), store::StoreKey(), entropy);
  CHECK(sealing);
  const Bytes said = to_bytes("as it was said");
  const Bytes key{1};
  CHECK((*sealing)->commit({{kTable, key, said}}));
  const Bytes sealed = *below.get(kTable, key);
  const Bytes row = row_of({data, size}, sealed);
  CHECK(below.commit({{kTable, key, row}}));
  const auto read = (*sealing)->get(kTable, key);
  const auto listed = (*sealing)->scan(kTable, {}, {}, 2, Order::ascending);
  CHECK(read.has_value() == (row == sealed) && listed.size() == (read ? 1u : 0u));
  if (read) CHECK(*read == said && listed[0].value == said);
  CHECK((*sealing)->commit({{kTable, {2}, said}}).has_value() == read.has_value());
  return 0;
}
