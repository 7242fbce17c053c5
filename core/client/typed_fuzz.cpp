// Any text as a recovery key that somebody typed, and any bytes as who a leaf says that it is: what is taken has one
// form.
#include "core/client/identity.h"
#include "core/client/own_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const ByteView input{data, size};
  if (const auto secret = client::parse_recovery_text(as_text(input))) {
    const auto again = client::parse_recovery_text(client::recovery_text(*secret));
    CHECK(again && equal(again->expose(), secret->expose()));
  }
  if (const auto who = client::parse_identity(input)) CHECK(equal(client::identity_of(who->name, who->device), input));
  return 0;
}
