// Any bytes as elements, scalars, shares and proofs: what is read has exactly that one encoding, is in the group, and a
// proof that nobody made with the key is refused.
#include "core/crypto/oprf.h"
#include "core/crypto/shamir.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::crypto;
  ByteView rest(data, size);
  const auto take = [&](std::size_t most) {
    const ByteView out = rest.first(std::min(most, rest.size()));
    rest = rest.subspan(out.size());
    return out;
  };
  const auto element = RistrettoElement::from(take(32));
  if (element) CHECK(RistrettoElement::from(*element) && !(*element == *add(*element, *element)));
  std::vector<ScalarShare> shares;
  for (std::uint8_t i = 0; i < 3 && rest.size() > 33; ++i) {
    const std::uint8_t index = take(1)[0];
    const ByteView encoded = take(32);
    auto scalar = RistrettoScalar::from(encoded);
    if (!scalar) continue;
    CHECK(equal(scalar->expose(), encoded));
    shares.push_back({index, std::move(*scalar)});
  }
  static_cast<void>(combine_scalars(shares));
  const auto proof = DleqProof::from(take(DleqProof::kSize));
  if (element && proof) {
    const RistrettoElement evaluated = RistrettoScalar::small(3).times(*element);
    CHECK(!voprf_verify(RistrettoElement::base(), {&*element, 1}, {&evaluated, 1}, *proof));
  }
  const auto output = oprf_evaluate(OprfMode::voprf, RistrettoScalar::small(2), rest);
  CHECK(output.has_value() == (rest.size() <= kMaxOprfInput));
  return 0;
}
