// Any text as an invitation link, and any bytes as what one says and as what is kept of it: what is accepted has one
// form.
#include "core/client/domains.h"
#include "core/client/invites.h"

namespace {

template <class Record>
void check_form(cairn::ByteView bytes) {
  const auto record = cairn::wire::decode<Record>(bytes);
  if (record) CHECK(cairn::equal(cairn::wire::encode(*record), bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::client;
  const ByteView input{data, size};
  const std::string text = as_text(input);
  const std::string plain = plain_policy(text);
  CHECK(plain.size() <= text.size() + 1 && plain_policy(plain) == plain);
  if (const auto link = parse_invitation(text)) {
    const auto again = parse_invitation(invitation_text(*link));
    CHECK(again && wire::encode(*again) == wire::encode(*link));
  }
  if (const auto said = wire::decode<Invitation>(input)) {
    CHECK(equal(wire::encode(*said), input));
    CHECK(parse_invitation(invitation_text(*said)).has_value());
  }
  check_form<DomainOrigin>(input);
  check_form<JoinRequest>(input);
  check_form<JoinAnswer>(input);
  check_form<GroupLink>(input);
  check_form<AskedJoin>(input);
  return 0;
}
