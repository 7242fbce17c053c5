// Every request and answer of a realm from any bytes: what is accepted has exactly that one encoding.
#include "core/proto/realm.h"
#include "tests/support/round_trip.h"

using cairn::testing::round_trip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::proto;
  if (size == 0) return 0;
  const cairn::ByteView input(data + 1, size - 1);
  switch (data[0] % 18) {
    case 0: round_trip<RealmWho>(input); break;
    case 1: round_trip<AccountToken>(input); break;
    case 2: round_trip<RealmTokensRequest>(input); break;
    case 3: round_trip<RealmTokensAnswer>(input); break;
    case 4: round_trip<PinRegisterRequest>(input); break;
    case 5: round_trip<PinEvaluateRequest>(input); break;
    case 6: round_trip<PinEvaluateAnswer>(input); break;
    case 7: round_trip<PinReleaseRequest>(input); break;
    case 8: round_trip<PinOwnerRequest>(input); break;
    case 9: round_trip<PinOwnerAnswer>(input); break;
    case 10: round_trip<TokenStoreRequest>(input); break;
    case 11: round_trip<TokenRequest>(input); break;
    case 12: round_trip<TokenAnswer>(input); break;
    case 13: round_trip<PinVersionAnswer>(input); break;
    case 14: round_trip<PinReleaseAnswer>(input); break;
    case 15: round_trip<TokenNoteRequest>(input); break;
    case 16: round_trip<TokenNoteAnswer>(input); break;
    default: round_trip<RealmHead>(input); break;
  }
  return 0;
}
