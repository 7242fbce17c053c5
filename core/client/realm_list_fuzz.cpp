// A realm list as a person's file has it, and a token on paper: what is taken is the same when it is written and read
// again.
#include "core/client/printed_token.h"
#include "core/client/realm_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using client::RealmList;
  const ByteView input(data, size);
  const auto list = RealmList::parse(as_text(input));
  if (list) {
    const auto again = RealmList::from(list->entries());
    CHECK(again && *again == *list);
  }
  const auto token = client::parse_printed_token(as_text(input));
  if (token) CHECK(client::parse_printed_token(client::printed_token_text(*token)).has_value());
  return 0;
}
