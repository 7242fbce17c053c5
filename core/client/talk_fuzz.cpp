// Any bytes as what members agree on of a group, as a report, and as the rows that are made of both: what is read is
// written back as it was.
#include "core/client/gatekeeper.h"
#include "core/client/messages.h"
#include "core/client/receipts.h"
#include "core/client/roles.h"
#include "core/client/settings.h"

namespace {

template <class Record>
void check(cairn::ByteView bytes) {
  const auto record = cairn::wire::decode<Record>(bytes);
  if (record) CHECK(cairn::equal(cairn::wire::encode(*record), bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  const cairn::ByteView bytes(data, size);
  check<ConversationInfo>(bytes);
  check<Change>(bytes);
  check<Edit>(bytes);
  check<Reaction>(bytes);
  check<MessageRef>(bytes);
  check<MessageStatus>(bytes);
  check<ReportDue>(bytes);
  check<ConversationSettings>(bytes);
  check<ContactSettings>(bytes);
  check<Message>(bytes);
  if (const auto report = StatusReport::decode(bytes)) {
    CHECK(report->statuses.size() <= kMaxStatuses && cairn::equal(report->encode(), bytes));
  }
  if (const auto wants = cairn::wire::decode<GroupWants>(bytes)) {
    CHECK(cairn::wire::decode<GroupWants>(cairn::wire::encode(*wants)).has_value());  // names come in any order
  }
  return 0;
}
