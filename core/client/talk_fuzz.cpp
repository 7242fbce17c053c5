// Any bytes as what members agree on of a group, and as a report: what is read is written back as it was.
#include "core/client/content.h"
#include "core/client/gatekeeper.h"
#include "tests/support/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  const cairn::ByteView bytes(data, size);
  cairn::testing::round_trip<ConversationInfo>(bytes);
  if (const auto report = StatusReport::decode(bytes)) {
    CHECK(report->statuses.size() <= kMaxStatuses && cairn::equal(report->encode(), bytes));
  }
  return 0;
}
