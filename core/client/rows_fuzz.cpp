// Any bytes as a row of a device's store: what is read is written back as it was.
#include "core/client/backup_delete.h"
#include "core/client/backup_records.h"
#include "core/client/backup_tables.h"
#include "core/client/backup_troubles.h"
#include "core/client/backup_trust.h"
#include "core/client/begun_generations.h"
#include "core/client/domain_tables.h"
#include "core/client/domain_words.h"
#include "core/client/early_changes.h"
#include "core/client/held_veto.h"
#include "core/client/history_records.h"
#include "core/client/history_rows.h"
#include "core/client/invitation_tables.h"
#include "core/client/invites.h"
#include "core/client/kept_files.h"
#include "core/client/leaf_updates.h"
#include "core/client/lost_generations.h"
#include "core/client/messages.h"
#include "core/client/own_name.h"
#include "core/client/pending_link.h"
#include "core/client/pin_attempt.h"
#include "core/client/pin_others.h"
#include "core/client/pin_records.h"
#include "core/client/pin_standbys.h"
#include "core/client/realm_debts.h"
#include "core/client/receipts.h"
#include "core/client/rejoin.h"
#include "core/client/roles.h"
#include "core/client/send_keys.h"
#include "core/client/settings.h"
#include "core/client/snapshots_told.h"
#include "core/client/standing.h"
#include "core/client/suspicions.h"
#include "core/client/tables.h"
#include "core/client/transfer.h"
#include "core/client/views.h"
#include "core/client/waiting_deletions.h"
#include "tests/support/round_trip.h"

namespace {

using namespace cairn::client;
using cairn::testing::round_trip;
namespace directory = cairn::directory;
namespace mls = cairn::mls;
namespace proto = cairn::proto;

constexpr cairn::testing::RowFormat kFormats[] = {
    {tables::kAccount, round_trip<Account>},
    {tables::kDomains, round_trip<directory::DomainState>},
    {tables::kContacts, round_trip<directory::VerifiedView>},
    {tables::kKeyPackages, round_trip<mls::PrivateKeyPackage>},
    {tables::kConversations, round_trip<Conversation>},
    {tables::kGroups, round_trip<mls::Group>},
    {tables::kMessages, round_trip<Message>},
    {tables::kOutbox, round_trip<OutboxEntry>},
    {tables::kInbox, round_trip<proto::Envelope>},
    {tables::kPendingLinks, round_trip<PendingLink>},
    {tables::kEvidence, round_trip<LookupEvidence>},
    {tables::kAlarms, round_trip<Alarm>},
    {tables::kOwnStatements, round_trip<directory::Statement>},
    {tables::kGossips, round_trip<Claim>},
    {tables::kKnownHeads, round_trip<KnownHead>},
    {tables::kTwoHistories, round_trip<TwoHistories>},
    {tables::kVetoes, round_trip<HeldVeto>},
    {tables::kBackup, round_trip<BackupSetup>},
    {tables::kRealms, round_trip<RealmList>},
    {tables::kPin, round_trip<PinRow>},
    {tables::kErasures, round_trip<KeptReceipt>},
    {tables::kRealmDebts, round_trip<RealmDebt>},
    {tables::kRealmChange, round_trip<RealmChange>},
    {tables::kMessageIds, round_trip<MessageRef>},
    {tables::kEdits, round_trip<Edit>},
    {tables::kReactions, round_trip<Reaction>},
    {tables::kEarlyChanges, round_trip<EarlyChange>},
    {tables::kStatuses, round_trip<MessageStatus>},
    {tables::kReportsDue, round_trip<ReportDue>},
    {tables::kSettings, round_trip<ConversationSettings>},
    {tables::kContactSettings, round_trip<ContactSettings>},
    {tables::kGroupWants, round_trip<GroupWants>},
    {tables::kSendKeys, round_trip<SaidUnderKey>},
    {tables::kAttachments, round_trip<AttachmentRow>},
    {tables::kTransfers, round_trip<Transfer>},
    {tables::kBlobsToDelete, round_trip<BlobToDelete>},
    {tables::kKeptFiles, round_trip<KeptFile>},
    {tables::kFileTries, round_trip<FileTry>},
    {tables::kRejoins, round_trip<Rejoin>},
    {tables::kRejoinAnswers, round_trip<RejoinAnswer>},
    {tables::kRejoinAsked, round_trip<AskedRejoin>},
    {tables::kRejoinAnswered, round_trip<AnsweredRejoin>},
    {tables::kOwnRemovals, round_trip<OwnRemoval>},
    {tables::kHistoryGiven, round_trip<HistoryGive>},
    {tables::kHistoryPlaces, round_trip<HistoryPlace>},
    {tables::kHistoryPieces, round_trip<GivenPiece>},
    {tables::kHistoryTaken, round_trip<HistoryTake>},
    {tables::kHistoryOffers, round_trip<HistoryOffer>},
    {tables::kHistoryAgain, round_trip<GivenPiece>},
    {tables::kHistorySaid, round_trip<HistoryOffer>},
    {tables::kHistoryWaiting, round_trip<HistoryRun>},
    {tables::kSharedStamps, round_trip<Stamp>},
    {tables::kSharedWaiting, round_trip<SharedRecord>},
    {tables::kDomainPins, round_trip<DomainPin>},
    {tables::kBackupTroubles, round_trip<BackupTrouble>},
    {tables::kHistoryHeard, round_trip<HistoryHeard>},
    {tables::kLeafAges, round_trip<LeafAge>},
    {tables::kGuesses, round_trip<GuessRow>},
    {tables::kPinWords, round_trip<OwnPinWord>},
    {tables::kPinWords, round_trip<PinToWatch>},
    {tables::kLostGenerations, round_trip<LostGeneration>},
    {tables::kPinStandbys, round_trip<PinStandby>},
    {tables::kPinAttempt, round_trip<PinAttempt>},
    {tables::kBegunGenerations, round_trip<BegunGeneration>},
    {tables::kSnapshotsTold, round_trip<SnapshotsTold>},
    {tables::kWaitingDeletions, round_trip<WaitingDeletion>},
    {tables::kDomainWords, round_trip<HeardDomain>},
    {tables::kDomainSources, round_trip<DomainSource>},
    {tables::kDomainOrigins, round_trip<DomainOrigin>},
    {tables::kGroupLinks, round_trip<GroupLink>},
    {tables::kAskedJoins, round_trip<AskedJoin>},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cairn::testing::check_row(kFormats, data, size);
  return 0;
}
