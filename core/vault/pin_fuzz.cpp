// Any answers of two realms out of three, in any order, to who knows the right PIN: no crash, and never another secret
// than the one that was registered.
#include "core/vault/pin.h"
#include "tests/support/fake_realm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  testing::SeededEntropy entropy(1);
  std::vector<testing::FakeRealm> realms = testing::fake_realms(3);
  const vault::RealmSet set = set_of(realms, 2);
  const RegistrationId id;
  const auto secret = random_secret<vault::PinSecret>(entropy);
  const auto made = vault::register_pin(set, id, "correct horse", secret, entropy, testing::hasty_stretch);
  for (std::size_t i = 0; i < 3; ++i) realms[i].pin = testing::clone(made->shares[i]);

  std::size_t at = 0;
  const auto next = [&]() -> std::uint8_t { return at < size ? data[at++] : 0; };
  const auto spoil = [&](MutableByteView bytes) {
    const std::uint8_t place = next();
    bytes[place % bytes.size()] ^= next();
  };
  realms[0].spoil_evaluation = realms[1].spoil_evaluation = [&](PinEvaluation& e) {
    switch (next() % 6) {
      case 0: spoil(e.element.mutable_view()); break;
      case 1: spoil(e.proof.mutable_view()); break;
      case 2: spoil(e.shown.commitment.mutable_view()); break;
      case 3: spoil(e.shown.signature.mutable_view()); break;
      case 4: e.shown.index = next(); break;
      default: break;
    }
  };
  realms[0].spoil_release = realms[1].spoil_release = [&](PinRelease& r) {
    if (next() % 2 == 0) spoil(r.scalar_share.expose_mutable());
    if (next() % 4 == 0) spoil(r.sealed.mutable_view());
  };
  auto recovery = vault::PinRecovery::begin(set, id, "correct horse", entropy, testing::hasty_stretch);
  for (auto asks = recovery->take_asks(); !asks.empty(); asks = recovery->take_asks()) {
    while (!asks.empty()) {
      const std::size_t which = next() % asks.size();
      serve(*recovery, realms[asks[which].realm], asks[which]);
      asks.erase(asks.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (next() % 5 == 4) recovery->expire();
  }
  if (recovery->state() == vault::PinRecovery::State::recovered) {
    CHECK(equal(recovery->take_secret().expose(), secret.expose()));
  }
  CHECK(recovery->state() != vault::PinRecovery::State::wrong_pin);
  return 0;
}
