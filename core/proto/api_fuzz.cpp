// Every request, answer and frame from any bytes: what is accepted has exactly that one encoding.
#include "core/base/check.h"
#include "core/proto/api.h"

namespace {

template <class T>
void canonical(cairn::ByteView input) {
  const auto value = cairn::wire::decode<T>(input);
  if (value) CHECK(cairn::equal(cairn::wire::encode(*value), input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::proto;
  if (size == 0) return 0;
  const cairn::ByteView input(data + 1, size - 1);
  switch (data[0] % 14) {
    case 0: canonical<ErrorAnswer>(input); break;
    case 1: canonical<NonceAnswer>(input); break;
    case 2: canonical<LoginRequest>(input); break;
    case 3: canonical<LoginAnswer>(input); break;
    case 4: canonical<StatementRequest>(input); break;
    case 5: canonical<KeyPackageUpload>(input); break;
    case 6: canonical<KeyPackageFetch>(input); break;
    case 7: canonical<KeyPackageAnswer>(input); break;
    case 8: canonical<ChannelCreate>(input); break;
    case 9: canonical<ChannelCommit>(input); break;
    case 10: canonical<CommitAnswer>(input); break;
    case 11: canonical<ChannelSend>(input); break;
    case 12: canonical<MailboxPush>(input); break;
    default: canonical<MailboxAck>(input); break;
  }
  return 0;
}
