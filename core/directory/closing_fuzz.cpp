// What an auditor and a log read of each other about a veto mailbox: one encoding, and no signature but the auditor's.
#include "core/directory/closing.h"
#include "tests/support/seeded_entropy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::directory;
  static const auto* const key = [] {
    testing::SeededEntropy entropy(1);
    return new crypto::SigningKey(crypto::SigningKey::generate(entropy));
  }();
  const ByteView bytes(data, size);
  if (const auto request = wire::decode<CloseRequest>(bytes)) CHECK(equal(wire::encode(*request), bytes));
  const auto answer = wire::decode<CloseAnswer>(bytes);
  if (!answer) return 0;
  CHECK(equal(wire::encode(*answer), bytes));
  const CloseRequest request{"a.example/cairn", {}, {}};
  if (const auto* closed = std::get_if<Closed>(&answer->body)) {
    const bool is_ours = *closed == sign_closed(request, *key);
    CHECK(is_ours == verify_closed(request, key->public_key(), *closed).has_value());
  }
  if (const auto* not_yet = std::get_if<NotYet>(&answer->body)) {
    const bool is_ours = *not_yet == sign_not_yet(request, *key);
    CHECK(is_ours == verify_not_yet(request, key->public_key(), *not_yet).has_value());
  }
  return 0;
}
