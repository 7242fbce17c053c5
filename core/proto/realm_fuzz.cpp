// Every request and answer of a realm from any bytes: what is accepted has exactly that one encoding.
#include "core/base/check.h"
#include "core/proto/realm.h"

namespace {

template <class T>
void canonical(cairn::ByteView input) {
  const auto value = cairn::wire::decode<T>(input);
  if (value) CHECK(cairn::equal(cairn::wire::encode_secret(*value).expose(), input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::proto;
  if (size == 0) return 0;
  const cairn::ByteView input(data + 1, size - 1);
  switch (data[0] % 16) {
    case 0: canonical<RealmWho>(input); break;
    case 1: canonical<AccountToken>(input); break;
    case 2: canonical<RealmTokensRequest>(input); break;
    case 3: canonical<RealmTokensAnswer>(input); break;
    case 4: canonical<PinRegisterRequest>(input); break;
    case 5: canonical<PinEvaluateRequest>(input); break;
    case 6: canonical<PinEvaluateAnswer>(input); break;
    case 7: canonical<PinReleaseRequest>(input); break;
    case 8: canonical<PinOwnerRequest>(input); break;
    case 9: canonical<PinOwnerAnswer>(input); break;
    case 10: canonical<TokenStoreRequest>(input); break;
    case 11: canonical<TokenRequest>(input); break;
    case 12: canonical<TokenAnswer>(input); break;
    case 13: canonical<PinVersionAnswer>(input); break;
    case 14: canonical<PinReleaseAnswer>(input); break;
    default: canonical<RealmHead>(input); break;
  }
  return 0;
}
