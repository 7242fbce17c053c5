// Any bytes as a code that somebody typed, as what lies in the slots, and as the record of a link: what is accepted has
// one spelling.
#include "core/client/pending_link.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::client;
  const ByteView input{data, size};
  if (const auto code = parse_link_code(as_text(input))) {
    const auto again = parse_link_code(link_code_text(*code));
    CHECK(again && again->signature_key == code->signature_key);
  }
  if (const auto request = wire::decode<LinkRequest>(input)) CHECK(equal(wire::encode(*request), input));
  if (const auto offer = wire::decode<LinkOffer>(input)) CHECK(equal(wire::encode(*offer), input));
  if (const auto link = PendingLink::decode(input)) CHECK(equal(link->encode().expose(), input));
  return 0;
}
