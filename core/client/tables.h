// Every row the client keeps. Values are the encodings of the structs named; all of it is encrypted below (shell).
//
// `home` is the channel id that a conversation has on this device (pairs.h); mostly its only one.
// A name never stands in a key: name_key() of account.h goes there instead.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kAccount{1};           ///< "" -> Account
inline constexpr Table kDomains{2};           ///< name_key(domain) -> directory::DomainState
inline constexpr Table kContacts{3};          ///< name_key(name) -> directory::VerifiedView
inline constexpr Table kKeyPackages{4};       ///< KeyPackageRef -> mls::PrivateKeyPackage
inline constexpr Table kConversations{5};     ///< channel id -> Conversation (without the group)
inline constexpr Table kGroups{6};            ///< channel id -> serialised mls::Group
inline constexpr Table kMessages{7};          ///< home || uint64 index -> Message
inline constexpr Table kOutbox{8};            ///< home || uint64 index -> OutboxEntry
inline constexpr Table kInbox{9};             ///< uint64 mailbox sequence -> Envelope, stored and not yet processed
inline constexpr Table kInboxByChannel{10};   ///< channel id || uint64 mailbox sequence -> ""
inline constexpr Table kCounters{11};         ///< name of a counter -> uint64
inline constexpr Table kPendingLinks{12};     ///< signature key -> link under way, on either side
inline constexpr Table kEvidence{13};         ///< name_key(name) -> LookupEvidence
inline constexpr Table kAlarms{14};           ///< device id -> Alarm
inline constexpr Table kExpectedDevices{15};  ///< device id -> its name here, or "": own devices, no surprise
/// uint64 from 1 -> home || uint64 index, and 1 where it came then: messages that came or changed
inline constexpr Table kEvents{16};
inline constexpr Table kFormerEpochs{17};    ///< channel id || uint64 epoch -> uint64: when it ended, in ms
inline constexpr Table kAdmittedResets{18};  ///< name_key(name) -> uint32: completed resets that no question is about
inline constexpr Table kContents{19};        ///< home || device id || SHA-256 of a content -> "": received before
inline constexpr Table kOwnStatements{20};  ///< uint32 sequence -> Statement: ours, sent again until the chain shows it
inline constexpr Table kHomes{21};          ///< channel id -> home (pairs.h), where that is another channel's id
inline constexpr Table kChannelsOfHome{22};  ///< home || channel id -> "": those of kHomes, the other way round
inline constexpr Table kGossips{23};         ///< name_key(domain) || device id || slot -> Claim (suspicions.h)
inline constexpr Table kKnownHeads{24};      ///< name_key(domain) || uint64 size -> KnownHead (suspicions.h)
inline constexpr Table kTwoHistories{25};    ///< name_key(domain) -> TwoHistories (suspicions.h)
inline constexpr Table kVetoes{26};          ///< name_key(name) || R of a request -> HeldVeto
inline constexpr Table kVetoPosts{27};       ///< R of a request || key of an auditor -> "": it has the veto
inline constexpr Table kFarewell{28};        ///< "" -> text: what became of the name that this device was to have
inline constexpr Table kBackup{29};          ///< "" for the domain's server, else a folder's id -> BackupSetup
inline constexpr Table kBackupPacks{
    30};  ///< vault id || id of a pack that this device put, in no snapshot yet -> uint64: when
inline constexpr Table kRealms{31};    ///< as kBackup -> RealmList: that this name's owner has chosen; or nothing: none
inline constexpr Table kPin{32};       ///< "" -> PinRow
inline constexpr Table kErasures{33};  ///< id of a token's record || realm's key -> KeptReceipt
// 34 was, by the realm's key alone, what 120 is: the count of one registration hid guesses at another.
inline constexpr Table kBackupUnneeded{
    35};                                  ///< vault id || id of an object that no snapshot needs -> uint64: since when
inline constexpr Table kRealmChange{37};  ///< as kBackup -> RealmChange: that a device proposes (backup_trust.h)
inline constexpr Table kRealmDebts{36};   ///< RegistrationId || realm's key -> RealmDebt (realm_debts.h)
inline constexpr Table kUnconfirmed{
    38};  ///< vault id -> uint32 generation: its storage says that it is gone, realms do not

// What people expect of conversations: messages.h, settings.h, receipts.h, expiry.h, roles.h.
inline constexpr Table kMessageIds{40};       ///< home || MessageId -> MessageRef
inline constexpr Table kEdits{41};            ///< home || uint64 index || uint32 depth || MessageId -> Edit
inline constexpr Table kReactions{42};        ///< home || uint64 index || MessageId -> Reaction
inline constexpr Table kEarlyChanges{43};     ///< home || MessageId of what it is about || its own -> EarlyChange
inline constexpr Table kStatuses{44};         ///< home || uint64 index || name_key(name) -> MessageStatus
inline constexpr Table kReportsDue{45};       ///< home || uint64 index -> ReportDue
inline constexpr Table kSettings{46};         ///< home -> ConversationSettings
inline constexpr Table kContactSettings{47};  ///< name_key(name) -> ContactSettings
inline constexpr Table kExpiring{48};         ///< uint64 ms || home || uint64 index, or kEarlyIndex -> ""
inline constexpr Table kGroupWants{49};       ///< home -> GroupWants

inline constexpr Table kRemovalsSeen{50};  ///< name_key(name) -> uint32: sequence of a removal that no view has yet
inline constexpr Table kSendKeys{56};      ///< a caller's key -> SaidUnderKey (send_keys.h)

// Files: attachment.h, preview.h, transfer.h.
inline constexpr Table kAttachments{60};  ///< home || uint64 index -> AttachmentRow
inline constexpr Table kTransfers{61};    ///< TransferId -> Transfer
inline constexpr Table kPartDigests{62};  ///< TransferId || uint64 part -> Hash: what was sealed of a file that is sent
inline constexpr Table kBlobsToDelete{63};  ///< BlobId -> BlobToDelete
inline constexpr Table kPreviews{64};       ///< home || uint64 index, or TransferId of what is sent -> JPEG (preview.h)

// Going on in a conversation in which this device could not: rejoin.h.
inline constexpr Table kRejoins{70};         ///< channel id -> Rejoin: what stands in the way here
inline constexpr Table kRejoinAnswers{71};   ///< channel id || uint64 mailbox sequence -> RejoinAnswer, not tried yet
inline constexpr Table kRejoinAsked{72};     ///< channel id || device id -> AskedRejoin: waits for our answer
inline constexpr Table kRejoinAnswered{73};  ///< channel id || device id || KeyPackageRef -> AnsweredRejoin
inline constexpr Table kRejoined{74};   ///< channel id || device id -> uint64: when it last came in by itself, in ms
inline constexpr Table kEvictions{75};  ///< channel id -> uint64: when this device's place there was taken, in ms
/// channel id || SHA-256 of a ciphertext that this device sent -> uint64: when, in ms (own_echoes.h)
inline constexpr Table kOwnEchoes{186};

inline constexpr Table kDomainPins{90};  ///< name_key(domain) -> DomainPin (domains.h)
/// name_key(name) -> "", or 1 for a former log: its view is of a former policy; name_key(domain) -> "": what is pinned
/// of its log is no quorum under the present one (domains.h)
inline constexpr Table kFormerPolicy{115};

inline constexpr Table kLeafAges{117};         ///< channel id -> LeafAge (leaf_updates.h)
inline constexpr Table kUsedLastResorts{123};  ///< KeyPackageRef -> uint64: when another took its place, in ms; or 0
/// channel id || name_key(name) -> the name: it was said that it cannot read there, until it can (reconciler.h)
inline constexpr Table kLeftOut{163};

// What an envelope of the inbox names, until it is processed: large_bodies.h.
inline constexpr Table kLargeBodies{118};  ///< channel id || BlobId -> uint64: when it was begun, in ms
inline constexpr Table kLargeParts{119};   ///< channel id || BlobId || uint64 offset -> bytes

// What came out of a backup, sealed, and what did not get in: kept_files.h.
inline constexpr Table kKeptFiles{150};   ///< SealedFileId -> KeptFile
inline constexpr Table kKeptPieces{151};  ///< SealedFileId || uint64 offset -> bytes
inline constexpr Table kKeptFor{152};     ///< SealedFileId || home || uint64 index -> "": that message names it
inline constexpr Table kFileTries{153};   ///< SealedFileId -> FileTry

// Backups: backup_troubles.h, backup_archive.h.
inline constexpr Table kBackupTroubles{110};    ///< uint8 kind || as kBackup -> BackupTrouble
inline constexpr Table kArchivedPictures{125};  ///< home of an archive of a group -> the group's picture
inline constexpr Table kArchived{111};  ///< home of an archive || archive_identity() -> uint64: index of that message

inline constexpr Table kGuesses{120};   ///< RegistrationId || guess_place() -> GuessRow
inline constexpr Table kPinWords{121};  ///< "" -> OwnPinWord; DeviceId of who said it -> PinToWatch (pin_others.h)
inline constexpr Table kLostGenerations{122};  ///< vault id -> LostGeneration

// What the devices of one name share: history_rows.h, sharing.h (docs/spec/client.md s.16).
inline constexpr Table kHistoryGiven{80};    ///< DeviceId of a device that this one let in -> HistoryGive
inline constexpr Table kHistoryPlaces{81};   ///< DeviceId || home -> HistoryPlace: how far a conversation was given
inline constexpr Table kHistoryPieces{82};   ///< DeviceId || uint32 number -> GivenPiece: said and not taken yet
inline constexpr Table kHistoryTaken{83};    ///< "" -> HistoryTake: what this device gets
inline constexpr Table kHistoryOffers{84};   ///< uint32 number -> HistoryOffer: a piece that is to be fetched
inline constexpr Table kHistoryWaiting{85};  ///< SHA-256 of a Room || uint32 piece || uint32 run -> HistoryRun
inline constexpr Table kSharedStamps{86};    ///< SharedField || home, or name_key(name) -> Stamp: who set it last
inline constexpr Table kSharedMarks{87};     ///< likewise -> uint8: set here and not said yet; 1: it has its stamp
inline constexpr Table kSharedWaiting{88};   ///< SharedField || SHA-256 of a Room -> SharedRecord: not to be done yet
inline constexpr Table kSharedWaitingSince{124};  ///< likewise -> uint64: since when it waits, in ms
inline constexpr Table kHistoryAgain{89};         ///< DeviceId || uint32 number of a piece that was lost -> GivenPiece
inline constexpr Table kHistoryHeard{112};        ///< "" -> HistoryHeard: when this device asks again for what it gets
inline constexpr Table kHistoryAnswered{
    114};                                  ///< uint32 number -> BlobId || uint8 verdict: of an offer, as it was said
inline constexpr Table kHistorySaid{113};  ///< as kHistoryPieces -> HistoryOffer, as it was said

}  // namespace cairn::client::tables
