// Any text as a realm's list: no crash, and nothing in it twice.
#include "core/witness/realm_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const auto list = witness::RealmList::parse(as_text(ByteView(data, size)));
  if (list) CHECK(list->peers.size() <= kMaxRealms && list->issuers.size() <= witness::kMaxIssuers);
  return 0;
}
