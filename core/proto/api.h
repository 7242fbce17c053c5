// Requests and answers between a client and the server of a domain (docs/spec/relay.md, which governs).
//
// Bodies are these structs in the TLS presentation language. Structs of other rooms (statements, lookups, MLS
// messages) travel as opaque<V>; whoever owns them parses them. Every read() is strict and bounded by limits.h.
#pragma once

#include <string>
#include <vector>

#include "core/base/types.h"
#include "core/proto/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::proto {

// ---- paths ----

inline constexpr std::string_view kPathWellKnown = "/.well-known/cairn";
inline constexpr std::string_view kPathHealth = "/v1/health";
inline constexpr std::string_view kPathNonce = "/v1/nonce";
inline constexpr std::string_view kPathLogin = "/v1/login";
inline constexpr std::string_view kPathStatement = "/v1/directory/statement";
inline constexpr std::string_view kPathLookup = "/v1/directory/lookup";
inline constexpr std::string_view kPathKeyPackageUpload = "/v1/key-packages/upload";
inline constexpr std::string_view kPathKeyPackageFetch = "/v1/key-packages/fetch";
inline constexpr std::string_view kPathChannelCreate = "/v1/channel/create";
inline constexpr std::string_view kPathChannelCommit = "/v1/channel/commit";
inline constexpr std::string_view kPathChannelSend = "/v1/channel/send";
inline constexpr std::string_view kPathMailbox = "/v1/mailbox";
inline constexpr std::string_view kPathRendezvous = "/v1/rendezvous/";  ///< followed by 32 hex digits
inline constexpr std::string_view kPathLog = "/log";  ///< /log/checkpoint, /log/tile/..., /log/audit/N, /log/prefix/M/N

/// One-time permission to add a device's mailbox to a channel; comes with its key package.
using JoinToken = FixedBytes<struct JoinTokenTag, 16>;
using RendezvousId = FixedBytes<struct RendezvousIdTag, 16>;

/// Body of every answer whose status is not 2xx.
struct ErrorAnswer {
  ErrorCode code = ErrorCode::internal;
  std::string message;  ///< one sentence for a person, at most 512 bytes

  void write(wire::Writer&) const;
  static Result<ErrorAnswer> read(wire::Reader&);
};

/// The HTTP status that goes with a code.
int status_of(ErrorCode code);

/// Where a device gets its envelopes.
struct Address {
  std::string domain;
  MailboxId mailbox;

  void write(wire::Writer&) const;
  static Result<Address> read(wire::Reader&);
  friend auto operator<=>(const Address&, const Address&) = default;
};

// ---- login: POST nonce (empty body), then POST login ----

struct NonceAnswer {
  Nonce16 nonce;
  std::uint64_t expires_ms = 0;

  void write(wire::Writer&) const;
  static Result<NonceAnswer> read(wire::Reader&);
};

struct LoginRequest {
  std::string domain;
  std::string name;
  DeviceId device;
  Nonce16 nonce;
  std::uint64_t expires_ms = 0;  ///< as in the NonceAnswer
  Signature signature;           ///< by the device's signature key, label "login", over content()

  /// Everything but the signature.
  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<LoginRequest> read(wire::Reader&);
};

struct LoginAnswer {
  std::string token;  ///< for "Authorization: Bearer"
  std::uint64_t expires_ms = 0;
  std::uint32_t key_packages = 0;  ///< how many of this device the server still has

  void write(wire::Writer&) const;
  static Result<LoginAnswer> read(wire::Reader&);
};

// ---- directory ----

/// POST statement. A repeat of an accepted one is accepted. Accepted means durable and due for the next epoch; what
/// counts is a verified lookup.
struct StatementRequest {
  Bytes statement;         ///< directory::Statement
  std::string invitation;  ///< for a genesis or request_reset, where the domain asks for one; else empty
  Bytes veto{};            ///< directory::VetoNotice, for a veto_reset: auditors go by it; else empty

  void write(wire::Writer&) const;
  static Result<StatementRequest> read(wire::Reader&);
};

// ---- key packages (both need a login) ----

struct KeyPackageUpload {
  struct Item {
    Bytes key_package;  ///< mls::KeyPackage
    JoinToken join_token;
    void write(wire::Writer&) const;
    static Result<Item> read(wire::Reader&);
  };
  std::vector<Item> items;        ///< each handed out once
  std::vector<Item> last_resort;  ///< none, or one that replaces the last one; handed out again and again

  void write(wire::Writer&) const;
  static Result<KeyPackageUpload> read(wire::Reader&);
};

struct KeyPackageFetch {
  std::string name;
  std::vector<DeviceId> devices;

  void write(wire::Writer&) const;
  static Result<KeyPackageFetch> read(wire::Reader&);
};

/// In the order of the request; a device without any is left out.
struct KeyPackageAnswer {
  struct Item {
    DeviceId device;
    Bytes key_package;
    JoinToken join_token;
    void write(wire::Writer&) const;
    static Result<Item> read(wire::Reader&);
  };
  std::vector<Item> items;

  void write(wire::Writer&) const;
  static Result<KeyPackageAnswer> read(wire::Reader&);
};

// ---- channels ----

/// POST create (login). The channel begins at `epoch` with the creator's own mailbox as its only recipient.
struct ChannelCreate {
  ChannelId channel;
  std::uint64_t epoch = 0;
  PublicKey write_key;
  MailboxId mailbox;

  void write(wire::Writer&) const;
  static Result<ChannelCreate> read(wire::Reader&);
};

/// How a commit or welcome travels: itself, or as a BlobRef (blobs.h) to where it lies.
enum class Carriage : std::uint8_t { inside = 0, blob = 1 };

struct WelcomeFor {
  Address to;
  JoinToken join_token;
  Bytes welcome;  ///< what the new device gets, an Envelope body of kind welcome or welcome_blob
  Carriage carriage = Carriage::inside;

  void write(wire::Writer&) const;
  static Result<WelcomeFor> read(wire::Reader&);
};

enum class Revoke : std::uint8_t { no = 0, yes = 1 };

/// POST commit: accepted for exactly one caller an epoch. A login is needed when there are welcomes.
struct ChannelCommit {
  ChannelId channel;
  std::uint64_t epoch = 0;  ///< the one that the commit ends
  Bytes commit;
  std::vector<WelcomeFor> welcomes;
  PublicKey next_write_key;
  std::vector<Address> next_recipients;  ///< sorted, no two the same
  Revoke revoke = Revoke::no;            ///< void the write key before at once: always when a leaf is removed
  Signature signature;                   ///< by the current write key, label "channel commit", over content()
  Carriage carriage = Carriage::inside;  ///< of `commit`

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<ChannelCommit> read(wire::Reader&);
};

/// Status 200 when accepted, 409 when another commit took the epoch: then with it, so that the loser can follow.
/// A repeated accepted commit gets 409 with its own bytes; one that travels as a blob is told by its BlobRef.
struct CommitAnswer {
  std::uint64_t epoch = 0;  ///< of the channel now
  Bytes winning_commit;     ///< empty when accepted, or when the epoch is longer gone

  void write(wire::Writer&) const;
  static Result<CommitAnswer> read(wire::Reader&);
};

/// POST send, without a login. A repeated send is queued again; receivers recognise it.
struct ChannelSend {
  ChannelId channel;
  std::uint64_t epoch = 0;
  Bytes ciphertext;
  Signature signature;  ///< by the write key of `epoch`, label "channel send", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<ChannelSend> read(wire::Reader&);
};

// ---- mailbox: one WebSocket a device, on kPathMailbox with the token ----

/// The body of a commit_blob or welcome_blob is a BlobRef (blobs.h). The last two: rejoin.h.
enum class EnvelopeKind : std::uint8_t {
  commit = 1,
  message = 2,
  welcome = 3,
  commit_blob = 4,
  welcome_blob = 5,
  rejoin = 6,
  rejoin_answer = 7
};

struct Envelope {
  std::uint64_t sequence = 0;  ///< of the mailbox, from 1, gapless
  EnvelopeKind kind = EnvelopeKind::message;
  std::string domain;  ///< of the channel
  ChannelId channel;
  std::uint64_t epoch = 0;        ///< that the body belongs to; for a commit the one that it ends
  std::uint64_t received_ms = 0;  ///< the server's claim
  Bytes body;

  void write(wire::Writer&) const;
  static Result<Envelope> read(wire::Reader&);
};

/// Server to device.
struct MailboxPush {
  enum class Kind : std::uint8_t { envelope = 1, log_grew = 2, caught_up = 3, key_packages_low = 4 };
  Kind kind = Kind::envelope;
  Envelope envelope;           ///< kind envelope
  std::uint64_t log_size = 0;  ///< kind log_grew: look your own name up
  std::uint64_t last = 0;      ///< kind caught_up: of the newest envelope that the mailbox ever had; 0: none

  void write(wire::Writer&) const;
  static Result<MailboxPush> read(wire::Reader&);
};

/// Device to server: everything up to this sequence is durably processed and may be deleted.
struct MailboxAck {
  std::uint64_t up_to = 0;

  void write(wire::Writer&) const;
  static Result<MailboxAck> read(wire::Reader&);
};

// ---- discovery: the JSON of GET /.well-known/cairn is made and parsed by relay and client ----

}  // namespace cairn::proto
