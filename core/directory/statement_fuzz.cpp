// A statement from outside against a chain: whatever it is, the state changes wholly or not at all.
#include "tests/support/test_person.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::directory;
  static const NameState* const chain = [] {
    testing::TestPerson alice("alice@example.org");
    const auto device = alice.new_device();
    alice.take(alice.genesis(device));
    alice.take(alice.request(alice.new_device(), 3));
    return new NameState(alice.state);
  }();
  const auto statement = Statement::decode({data, size});
  if (!statement) return 0;
  CHECK(equal(wire::encode(*statement), {data, size}));
  NameState state = *chain;
  if (state.apply(*statement)) {
    CHECK(state.count() == chain->count() + 1);
  } else {
    CHECK(state == *chain);
  }
  return 0;
}
