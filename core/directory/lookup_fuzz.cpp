// An answer from outside: as it comes, and an honest one that is spoilt in one place. A view is either refused or the
// honest one.
#include "core/directory/verifier.h"
#include "tests/support/test_domain.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::directory;
  struct Fixture {
    testing::TestDomain domain;
    testing::TestPerson alice{"alice@example.org"};
    Bytes honest;

    Fixture() {
      alice.take(alice.genesis(alice.new_device()));
      domain.publish(alice);
      alice.take(alice.request(alice.new_device(), 3));
      domain.publish(alice);
      honest = wire::encode(domain.answer(make_lookup(alice.name(), {})));
    }
  };
  static const Fixture* const fixture = new Fixture;
  const auto verify = [&](ByteView bytes) {
    const auto response = wire::decode<LookupResponse>(bytes);
    if (!response) return;
    const auto lookup =
        verify_lookup(fixture->alice.name(), {}, *fixture->domain.policy, *response, fixture->domain.now);
    if (lookup) CHECK(lookup->view.state() == fixture->alice.state);
  };
  verify({data, size});
  if (size < 3) return 0;
  Bytes spoilt = fixture->honest;
  for (std::size_t i = 0; i + 3 <= size; i += 3) {
    spoilt[(std::size_t{data[i]} << 8 | data[i + 1]) % spoilt.size()] ^= data[i + 2];
  }
  verify(spoilt);
  return 0;
}
