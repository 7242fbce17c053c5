// The tables of the server and what stands in their rows.
//
// Keys are the concatenation that the comment says; integers in keys are big-endian, so that rows lie in their order.
#pragma once

#include "core/base/overlay.h"
#include "core/crypto/vrf.h"
#include "core/directory/chain.h"
#include "core/proto/api.h"
#include "core/proto/blobs.h"
#include "core/proto/federation.h"
#include "core/proto/storage.h"

namespace cairn::relay {

namespace table {
inline constexpr Table kKeys{
    1};  ///< "log", "vrf", "token", "server": 32 secret bytes; "config": DirectoryConfig; "restored", "schema"
inline constexpr Table kNames{2};       ///< name: NameRow
inline constexpr Table kStatements{3};  ///< name || 0x00 || u32 sequence: Statement
inline constexpr Table kNotices{
    4};                          ///< name || 0x00 || u32 sequence of a request: RequestNotice, times from 0 until built
inline constexpr Table kDue{5};  ///< u64 order of acceptance: DueRow
inline constexpr Table kLeaves{6};        ///< least map key of a page: LeafPage (leaf_pages.h)
inline constexpr Table kRecords{7};       ///< u64 epoch: EpochRecord
inline constexpr Table kAudits{8};        ///< u64 epoch: EpochAudit
inline constexpr Table kTiles{9};         ///< core/tlog/tile_store.h
inline constexpr Table kEpochNames{10};   ///< u64 epoch that is not served yet: the names that it changes
inline constexpr Table kServed{11};       ///< empty key: ServedRow
inline constexpr Table kInvitations{12};  ///< SHA-256 of a code: InvitationRow
inline constexpr Table kDevices{13};      ///< device id: name that claimed it
inline constexpr Table kMailboxes{14};    ///< mailbox: MailboxRow
inline constexpr Table kReferences{15};   ///< mailbox || u64 sequence: ReferenceRow
inline constexpr Table kBodies{16};       ///< u64 body: BodyRow
inline constexpr Table kBodyCounts{17};   ///< u64 body: u32 references that are left
inline constexpr Table kChannels{18};     ///< channel: ChannelRow
inline constexpr Table kRecipients{
    19};  ///< channel || u64 epoch: MailboxId recipients[...], sorted; and 0x01 if kForeignRecipients has more
inline constexpr Table kKeyPackages{20};       ///< device id || u64 index: KeyPackageUpload::Item
inline constexpr Table kKeyPackageStates{21};  ///< device id: KeyPackageState
inline constexpr Table kJoinTokens{22};        ///< device id || token, handed out and unused: u64 expiry in ms
inline constexpr Table kUsedNonces{23};        ///< nonce: u64 expiry in ms
inline constexpr Table kRendezvous{24};        ///< rendezvous id: RendezvousRow
inline constexpr Table kVetoes{25};            ///< name || 0x00 || u32 sequence of a veto: VetoNotice
inline constexpr Table kVaults{26};            ///< vault: VaultRow
inline constexpr Table kVaultObjects{27};      ///< vault || object: ObjectRow
inline constexpr Table kVaultParts{28};        ///< vault || object || u64 number of the part: its bytes
inline constexpr Table kVaultUploads{29};      ///< vault || object that is not whole: u64 expiry in ms
inline constexpr Table kVaultOwners{30};       ///< name: VaultOwnerRow
inline constexpr Table kDyingVaults{31};       ///< deleted vault of which not all is erased yet: its owner's name
inline constexpr Table kKeyBoxes{32};          ///< key box: KeyBoxRow
inline constexpr Table kDyingObjects{33};      ///< vault || deleted object whose parts are not all erased: ObjectRow
inline constexpr Table kBlocked{60};           ///< name that may not log in: BlockRow
inline constexpr Table kClosedMailboxes{61};   ///< mailbox of a name that was removed: empty
inline constexpr Table kRefusals{62};          ///< mailbox: proto::Refusals
inline constexpr Table kDueChannels{63};       ///< channel: u64, ms when to look at it (look_at_channel())
inline constexpr Table kClosings{50};      ///< R of a request that is to be completed: ClosingRow (internal/closings.h)
inline constexpr Table kOpenResets{51};    ///< empty key: NumberRow, how many resets are open
inline constexpr Table kSilences{56};      ///< auditor's key: SilenceRow (internal/closings.h)
inline constexpr Table kBlobs{52};         ///< blob: BlobRow
inline constexpr Table kBlobParts{53};     ///< blob || u64 number of the part: its bytes
inline constexpr Table kDyingBlobs{54};    ///< deleted blob whose parts are not all erased: BlobRow
inline constexpr Table kBlobAccounts{55};  ///< BlobPayer || name: BlobAccountRow
inline constexpr Table kHandshakeBlobs{57};  ///< whole blob of a channel: HandshakeBlobRow
// Other domains (docs/spec/relay.md s.10).
inline constexpr Table kForeignRecipients{80};  ///< channel || u64 epoch: Address recipients[...], sorted
inline constexpr Table kOutgoing{81};           ///< lane || 0x00 || u64 sequence: OutgoingRow
inline constexpr Table kOutgoingQueues{82};     ///< lane (internal/forwarder.h): OutgoingQueueRow
inline constexpr Table kNeighbours{83};         ///< domain: NeighbourRow
inline constexpr Table kIncoming{84};        ///< domain, or domain || 0x00 || mailbox of a lane of its own: IncomingRow
inline constexpr Table kForeignMembers{85};  ///< mailbox || domain || 0x00 || channel: u64 since when, in ms
inline constexpr Table kFullElsewhere{86};   ///< domain || 0x00 || mailbox: u64 until when it counts as full, in ms
inline constexpr Table kForeignShares{87};   ///< mailbox, or mailbox || domain: ShareRow, of all others or of that one
inline constexpr Table kForeignReferences{88};  ///< mailbox || u64 sequence of what came from elsewhere: ForeignRow
}  // namespace table

// ---- keys ----

Bytes u64_key(std::uint64_t value);
/// `prefix` || u64.
Bytes numbered_key(ByteView prefix, std::uint64_t value);
/// The number at the end of a numbered_key.
std::uint64_t number_of_key(ByteView key);
/// `domain` || 0x00 || `rest`; domains hold no zero byte.
Bytes domain_key(std::string_view domain, ByteView rest);
/// `name` || 0x00 || u32; names hold no zero byte.
Bytes chain_key(std::string_view name, std::uint32_t sequence);
/// The names of kKeys.
inline constexpr std::string_view kLogKeyRow = "log";
inline constexpr std::string_view kVrfKeyRow = "vrf";
inline constexpr std::string_view kTokenKeyRow = "token";
inline constexpr std::string_view kServerKeyRow =
    "server";  ///< signs what other domains hear (docs/spec/relay.md s.10)
inline constexpr std::string_view kConfigRow = "config";
inline constexpr std::string_view kRestoredRow = "restored";  ///< NumberRow: when, until cosigners were asked
inline constexpr std::string_view kSchemaRow = "schema";      ///< NumberRow: schema.h

// ---- rows ----

/// A name with its chain as accepted.
struct NameRow {
  directory::NameState state;
  Hash map_key;
  crypto::VrfProof vrf_proof;
  /// Where its row in kDue stands or last stood: due_row() tells which. Epochs are made without touching this row.
  std::uint64_t due = 0;

  void write(wire::Writer&) const;
  static Result<NameRow> read(wire::Reader&);
};

/// The statements of a name that are in no epoch: all that the next one needs of them, but for the notices of resets.
struct DueRow {
  struct Step {
    Hash commitment;
    bool is_of_a_reset = false;
  };
  std::string name;
  Hash map_key;
  std::uint32_t first = 0;  ///< sequence of the first
  std::vector<Step> steps;

  void write(wire::Writer&) const;
  static Result<DueRow> read(wire::Reader&);
};

/// The checkpoint that lookups answer at.
struct ServedRow {
  std::uint64_t size = 0;
  std::uint64_t cosigned_ms = 0;  ///< when the quorum last cosigned it
  std::string note;

  void write(wire::Writer&) const;
  static Result<ServedRow> read(wire::Reader&);
};

struct InvitationRow {
  std::uint32_t uses = 0;  ///< that are left
  std::uint64_t expires_ms = 0;

  void write(wire::Writer&) const;
  static Result<InvitationRow> read(wire::Reader&);
};

struct MailboxRow {
  DeviceId device;
  std::uint64_t acknowledged = 0;  ///< every envelope up to here is gone

  void write(wire::Writer&) const;
  static Result<MailboxRow> read(wire::Reader&);
};

/// A place in a mailbox's queue.
struct ReferenceRow {
  std::uint64_t total = 0;  ///< bytes that were queued up to and with this one, since the queue was last empty
  std::uint64_t body = 0;

  void write(wire::Writer&) const;
  static Result<ReferenceRow> read(wire::Reader&);
};

/// Why a name may not log in.
struct BlockRow {
  enum class Kind : std::uint8_t { blocked = 1, removed = 2 };
  Kind kind = Kind::blocked;
  std::uint64_t since_ms = 0;

  void write(wire::Writer&) const;
  static Result<BlockRow> read(wire::Reader&);
};

/// An envelope without its sequence number, stored once for all mailboxes.
struct BodyRow {
  proto::EnvelopeKind kind = proto::EnvelopeKind::message;
  ChannelId channel;
  std::uint64_t epoch = 0;
  std::uint64_t received_ms = 0;
  Bytes body;
  std::string domain{};  ///< of the channel, when it is another one than this server's; else empty

  void write(wire::Writer&) const;
  static Result<BodyRow> read(wire::Reader&);
};

struct ChannelRow {
  std::uint64_t epoch = 0;
  DeviceId creator;
  PublicKey write_key;
  /// Of the epoch before; zeros while there is none.
  PublicKey previous_write_key;
  std::uint64_t previous_until_ms = 0;  ///< sends in the epoch before are good until then
  std::uint64_t last_commit = 0;        ///< body of the commit that began this epoch; 0 is none, or none any more
  std::optional<Hash> winner;           ///< SHA-256 of that commit, for good; none in rows of schema 3

  void write(wire::Writer&) const;
  static Result<ChannelRow> read(wire::Reader&);
};

/// One-time key packages stand at [first, next).
struct KeyPackageState {
  std::uint64_t first = 0;
  std::uint64_t next = 0;
  Bytes last_resort;  ///< empty if there is none

  std::uint64_t count() const { return next - first; }
  void write(wire::Writer&) const;
  static Result<KeyPackageState> read(wire::Reader&);
};

struct RendezvousRow {
  std::uint64_t expires_ms = 0;
  Bytes body;

  void write(wire::Writer&) const;
  static Result<RendezvousRow> read(wire::Reader&);
};

struct VaultRow {
  std::string owner;  ///< the name that it is charged to
  PublicKey write_key;
  std::uint64_t objects = 0;  ///< whole or not
  std::uint64_t bytes = 0;    ///< room that its objects take, as they will be when they are whole

  void write(wire::Writer&) const;
  static Result<VaultRow> read(wire::Reader&);
};

struct ObjectRow {
  std::uint64_t size = 0;
  Hash digest;
  std::uint64_t have = 0;  ///< bytes that are there, from the first on

  bool is_whole() const { return have == size; }
  void write(wire::Writer&) const;
  static Result<ObjectRow> read(wire::Reader&);
};

/// What a name has put. There is no row for one that has nothing.
struct VaultOwnerRow {
  std::uint64_t bytes = 0;  ///< room that the objects of all vaults take
  std::uint64_t dying = 0;  ///< and those that are deleted and not erased yet
  std::uint32_t vaults = 0;
  std::uint32_t key_boxes = 0;

  void write(wire::Writer&) const;
  static Result<VaultOwnerRow> read(wire::Reader&);
};

struct KeyBoxRow {
  std::string owner;
  proto::KeyBoxPut last;

  void write(wire::Writer&) const;
  static Result<KeyBoxRow> read(wire::Reader&);
};

/// What pays for a blob: the name whose device put it, or what the name made channels for.
enum class BlobPayer : std::uint8_t { name = 1, channels = 2 };

struct BlobRow {
  std::uint64_t expires_ms = 0;  ///< of a whole one, or of an upload that gets no further part
  BlobPayer payer = BlobPayer::name;
  std::string name;  ///< the account's
  PublicKey owner_key;
  std::uint64_t size = 0;
  std::uint64_t have = 0;  ///< bytes that are there, from the first on

  bool is_whole() const { return have == size; }
  void write(wire::Writer&) const;
  static Result<BlobRow> read(wire::Reader&);
};

/// Goes with its blob.
struct HandshakeBlobRow {
  Hash digest;                      ///< SHA-256 of the blob
  std::uint64_t held_until_ms = 0;  ///< nobody deletes it until then; 0 while no commit has named it

  void write(wire::Writer&) const;
  static Result<HandshakeBlobRow> read(wire::Reader&);
};

/// There is no row for an account with nothing in it.
struct BlobAccountRow {
  std::uint64_t bytes = 0;  ///< room that its blobs take, as they will be when they are whole
  std::uint64_t dying = 0;  ///< and those that are deleted and not erased yet
  std::uint64_t blobs = 0;

  void write(wire::Writer&) const;
  static Result<BlobAccountRow> read(wire::Reader&);
};

/// An envelope that waits for another domain's server.
struct OutgoingRow {
  std::uint64_t queued_ms = 0;
  proto::ForwardItem item;

  void write(wire::Writer&) const;
  static Result<OutgoingRow> read(wire::Reader&);
};

/// What waits for another domain.
struct OutgoingQueueRow {
  std::uint64_t queue = 0;  ///< since when it is counted, in ms
  std::uint64_t next = 1;   ///< sequence of the next item
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;

  void write(wire::Writer&) const;
  static Result<OutgoingQueueRow> read(wire::Reader&);
};

/// The server key of another domain, as it last said itself.
struct NeighbourRow {
  PublicKey key;
  std::uint64_t heard_ms = 0;

  void write(wire::Writer&) const;
  static Result<NeighbourRow> read(wire::Reader&);
};

/// How far another domain's queue was taken.
struct IncomingRow {
  std::uint64_t queue = 0;
  std::uint64_t last = 0;

  void write(wire::Writer&) const;
  static Result<IncomingRow> read(wire::Reader&);
};

/// What waits in a mailbox and came from another domain. There is no row where nothing does.
struct ShareRow {
  std::uint64_t envelopes = 0;
  std::uint64_t bytes = 0;  ///< with what each costs beside its body

  void write(wire::Writer&) const;
  static Result<ShareRow> read(wire::Reader&);
};

/// Whose share an envelope counts in.
struct ForeignRow {
  std::string domain;
  std::uint64_t cost = 0;

  void write(wire::Writer&) const;
  static Result<ForeignRow> read(wire::Reader&);
};

/// A u64 as a row.
struct NumberRow {
  std::uint64_t value = 0;

  void write(wire::Writer& w) const { w.u64(value); }
  static Result<NumberRow> read(wire::Reader& r) {
    return NumberRow { TRY(r.u64()) };
  }
};

// ---- typed access ----

/// The decoded row, nothing if there is none; `internal` when the store holds bytes that are no such row.
template <class T>
Result<std::optional<T>> load(const StoreView& store, Table table, ByteView key) {
  const std::optional<Bytes> bytes = store.get(table, key);
  if (!bytes) return std::optional<T>{};
  auto row = wire::decode<T>(*bytes);
  REQUIRE(row.has_value(), ErrorCode::internal, "a row of the store does not decode");
  return std::optional<T>(std::move(*row));
}

/// The row of this name in kDue, if there is one.
Result<std::optional<DueRow>> due_row(const StoreView& store, const NameRow& row);

template <class T>
void save(Overlay& rows, Table table, Bytes key, const T& row) {
  rows.put(table, std::move(key), wire::encode(row));
}

}  // namespace cairn::relay
