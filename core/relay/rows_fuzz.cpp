// Any bytes as a row of the server's store: what is read is written back as it was.
#include "core/directory/update.h"
#include "core/proto/refusals.h"
#include "core/relay/internal/closings.h"
#include "core/relay/leaf_pages.h"
#include "core/relay/tables.h"
#include "tests/support/round_trip.h"

namespace {

using namespace cairn::relay;
using cairn::testing::round_trip;
using cairn::testing::settles;
namespace directory = cairn::directory;
namespace proto = cairn::proto;

constexpr cairn::testing::RowFormat kFormats[] = {
    {table::kKeys, round_trip<directory::DirectoryConfig>},
    {table::kKeys, round_trip<NumberRow>},
    {table::kNames, round_trip<NameRow>},
    {table::kStatements, round_trip<directory::Statement>},
    {table::kNotices, round_trip<directory::RequestNotice>},
    {table::kDue, round_trip<DueRow>},
    {table::kLeaves, round_trip<LeafPage>},
    {table::kRecords, round_trip<directory::EpochRecord>},
    {table::kAudits, round_trip<directory::EpochAudit>},
    {table::kServed, round_trip<ServedRow>},
    {table::kInvitations, round_trip<InvitationRow>},
    {table::kMailboxes, round_trip<MailboxRow>},
    {table::kReferences, settles<ReferenceRow>},  // once it was the body alone
    {table::kBodies, round_trip<BodyRow>},
    {table::kChannels, round_trip<ChannelRow>},
    {table::kKeyPackages, round_trip<proto::KeyPackageUpload::Item>},
    {table::kKeyPackageStates, round_trip<KeyPackageState>},
    {table::kRendezvous, round_trip<RendezvousRow>},
    {table::kVetoes, round_trip<directory::VetoNotice>},
    {table::kVaults, round_trip<VaultRow>},
    {table::kVaultObjects, round_trip<ObjectRow>},
    {table::kDyingObjects, round_trip<ObjectRow>},
    {table::kVaultOwners, round_trip<VaultOwnerRow>},
    {table::kKeyBoxes, round_trip<KeyBoxRow>},
    {table::kRefusals, round_trip<proto::Refusals>},
    {table::kBlocked, round_trip<BlockRow>},
    {table::kClosings, round_trip<ClosingRow>},
    {table::kOpenResets, round_trip<NumberRow>},
    {table::kSilences, round_trip<SilenceRow>},
    {table::kBlobs, round_trip<BlobRow>},
    {table::kDyingBlobs, round_trip<BlobRow>},
    {table::kBlobAccounts, round_trip<BlobAccountRow>},
    {table::kHandshakeBlobs, round_trip<HandshakeBlobRow>},
    {table::kOutgoing, round_trip<OutgoingRow>},
    {table::kOutgoingQueues, round_trip<OutgoingQueueRow>},
    {table::kNeighbours, round_trip<NeighbourRow>},
    {table::kIncoming, round_trip<IncomingRow>},
    {table::kForeignShares, round_trip<ShareRow>},
    {table::kForeignReferences, round_trip<ForeignRow>},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cairn::testing::check_row(kFormats, data, size);
  return 0;
}
