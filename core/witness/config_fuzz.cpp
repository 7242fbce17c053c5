// Any bytes as the operator's list and as the answer of a domain.
#include "core/witness/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::witness;
  const std::string text = cairn::as_text({data, size});
  if (const auto list = LogList::parse(text)) CHECK(list->logs.size() + list->domains.size() <= kMaxListedLogs);
  if (const auto log = parse_well_known(text, "a.example")) CHECK(log->origin() == "a.example/cairn");
  return 0;
}
