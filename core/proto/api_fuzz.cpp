// Every request, answer and frame from any bytes: what is accepted has exactly that one encoding.
#include "core/base/check.h"
#include "core/proto/api.h"
#include "core/proto/blobs.h"
#include "core/proto/federation.h"
#include "core/proto/files.h"
#include "core/proto/refusals.h"
#include "core/proto/storage.h"

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
  switch (data[0] % 44) {
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
    case 13: canonical<MailboxAck>(input); break;
    case 14: canonical<VaultCreate>(input); break;
    case 15: canonical<VaultPut>(input); break;
    case 16: canonical<VaultPutAnswer>(input); break;
    case 17: canonical<VaultGet>(input); break;
    case 18: canonical<VaultPart>(input); break;
    case 19: canonical<VaultList>(input); break;
    case 20: canonical<VaultListAnswer>(input); break;
    case 21: canonical<VaultPrune>(input); break;
    case 22: canonical<VaultDelete>(input); break;
    case 23: canonical<KeyBoxPut>(input); break;
    case 24: canonical<BlobPut>(input); break;
    case 25: canonical<BlobPutAnswer>(input); break;
    case 26: canonical<BlobGet>(input); break;
    case 27: canonical<BlobPart>(input); break;
    case 28: canonical<BlobDelete>(input); break;
    case 29: canonical<BlobRef>(input); break;
    case 30: canonical<FileRead>(input); break;
    case 31: canonical<FilePiece>(input); break;
    case 32: canonical<FileWrite>(input); break;
    case 33: canonical<FileHave>(input); break;
    case 34: canonical<FileFinish>(input); break;
    case 35: canonical<Refusals>(input); break;
    case 36: canonical<Passport>(input); break;
    case 37: canonical<PassportRequest>(input); break;
    case 38: canonical<PassportAnswer>(input); break;
    case 39: canonical<ForwardBatch>(input); break;
    case 40: canonical<ForwardAnswer>(input); break;
    case 41: canonical<KeyBoxGet>(input); break;
    case 42: canonical<VaultRoom>(input); break;
    default: canonical<KeyBoxDelete>(input); break;
  }
  return 0;
}
