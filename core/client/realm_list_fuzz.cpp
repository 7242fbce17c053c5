// A realm list, as a person's file has it and as a row, a token on paper, and what is kept of a PIN: what is taken is
// the same when it is written and read again.
#include "core/client/pin_records.h"
#include "core/client/printed_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using client::RealmList;
  const ByteView input(data, size);
  const auto list = RealmList::parse(as_text(input));
  if (list) {
    const auto again = RealmList::from(list->entries());
    CHECK(again && *again == *list);
  }
  const auto row = wire::decode<RealmList>(input);
  if (row) CHECK(equal(wire::encode(*row), input));
  const auto token = client::parse_printed_token(as_text(input));
  if (token) CHECK(client::parse_printed_token(client::printed_token_text(*token)).has_value());
  const auto pin = client::PinRow::decode(input);
  if (pin) CHECK(equal(pin->encode().expose(), input));
  const auto guesses = wire::decode<client::GuessRow>(input);
  if (guesses) CHECK(equal(wire::encode(*guesses), input));
  return 0;
}
