// Every request, answer and frame from any bytes: what is accepted has exactly that one encoding.
#include "core/proto/api.h"
#include "core/proto/blobs.h"
#include "core/proto/federation.h"
#include "core/proto/files.h"
#include "core/proto/refusals.h"
#include "core/proto/storage.h"
#include "tests/support/round_trip.h"

using cairn::testing::round_trip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::proto;
  if (size == 0) return 0;
  const cairn::ByteView input(data + 1, size - 1);
  switch (data[0] % 44) {
    case 0: round_trip<ErrorAnswer>(input); break;
    case 1: round_trip<NonceAnswer>(input); break;
    case 2: round_trip<LoginRequest>(input); break;
    case 3: round_trip<LoginAnswer>(input); break;
    case 4: round_trip<StatementRequest>(input); break;
    case 5: round_trip<KeyPackageUpload>(input); break;
    case 6: round_trip<KeyPackageFetch>(input); break;
    case 7: round_trip<KeyPackageAnswer>(input); break;
    case 8: round_trip<ChannelCreate>(input); break;
    case 9: round_trip<ChannelCommit>(input); break;
    case 10: round_trip<CommitAnswer>(input); break;
    case 11: round_trip<ChannelSend>(input); break;
    case 12: round_trip<MailboxPush>(input); break;
    case 13: round_trip<MailboxAck>(input); break;
    case 14: round_trip<VaultCreate>(input); break;
    case 15: round_trip<VaultPut>(input); break;
    case 16: round_trip<VaultPutAnswer>(input); break;
    case 17: round_trip<VaultGet>(input); break;
    case 18: round_trip<VaultPart>(input); break;
    case 19: round_trip<VaultList>(input); break;
    case 20: round_trip<VaultListAnswer>(input); break;
    case 21: round_trip<VaultPrune>(input); break;
    case 22: round_trip<VaultDelete>(input); break;
    case 23: round_trip<KeyBoxPut>(input); break;
    case 24: round_trip<BlobPut>(input); break;
    case 25: round_trip<BlobPutAnswer>(input); break;
    case 26: round_trip<BlobGet>(input); break;
    case 27: round_trip<BlobPart>(input); break;
    case 28: round_trip<BlobDelete>(input); break;
    case 29: round_trip<BlobRef>(input); break;
    case 30: round_trip<FileRead>(input); break;
    case 31: round_trip<FilePiece>(input); break;
    case 32: round_trip<FileWrite>(input); break;
    case 33: round_trip<FileHave>(input); break;
    case 34: round_trip<FileFinish>(input); break;
    case 35: round_trip<Refusals>(input); break;
    case 36: round_trip<Passport>(input); break;
    case 37: round_trip<PassportRequest>(input); break;
    case 38: round_trip<PassportAnswer>(input); break;
    case 39: round_trip<ForwardBatch>(input); break;
    case 40: round_trip<ForwardAnswer>(input); break;
    case 41: round_trip<KeyBoxGet>(input); break;
    case 42: round_trip<VaultRoom>(input); break;
    default: round_trip<KeyBoxDelete>(input); break;
  }
  return 0;
}
