// Every struct of the module: what decodes encodes to the same bytes. The first byte says which.
#include "core/directory/auditor.h"
#include "core/directory/lookup.h"
#include "core/directory/view.h"
#include "tests/support/round_trip.h"

namespace {

using namespace cairn;
using namespace cairn::directory;
using testing::round_trip;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using RoundTrip = void (*)(ByteView);
  constexpr RoundTrip kAll[] = {round_trip<Name>,           round_trip<Device>,          round_trip<Statement>,
                                round_trip<NameState>,      round_trip<NameLeaf>,        round_trip<MapProof>,
                                round_trip<EpochRecord>,    round_trip<DirectoryConfig>, round_trip<Gossip>,
                                round_trip<ResetNotice>,    round_trip<RequestNotice>,   round_trip<VetoNotice>,
                                round_trip<CompleteNotice>, round_trip<Notice>,          round_trip<Update>,
                                round_trip<EpochAudit>,     round_trip<LookupRequest>,   round_trip<LookupResponse>,
                                round_trip<DomainState>,    round_trip<VerifiedView>,    round_trip<Auditor>};
  if (size == 0) return 0;
  kAll[data[0] % std::size(kAll)]({data + 1, size - 1});
  return 0;
}
