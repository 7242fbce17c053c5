// Every struct of the module: what decodes encodes to the same bytes. The first byte says which.
#include "core/vault/chunk_index.h"
#include "core/vault/entry.h"
#include "core/vault/key_box.h"
#include "core/vault/manifest.h"
#include "tests/support/round_trip.h"

namespace {

using namespace cairn;
using namespace cairn::vault;
using testing::round_trip;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using RoundTrip = void (*)(ByteView);
  constexpr RoundTrip kAll[] = {round_trip<ManifestContent>, round_trip<Tree>,       round_trip<Reference>,
                                round_trip<Chunk>,           round_trip<Listing>,    round_trip<Entry>,
                                round_trip<KeyBoxContent>,   round_trip<Generation>, round_trip<Opener>,
                                round_trip<SealedRoot>,      round_trip<RealmEntry>, round_trip<IndexReference>};
  if (size == 0) return 0;
  kAll[data[0] % std::size(kAll)]({data + 1, size - 1});
  return 0;
}
