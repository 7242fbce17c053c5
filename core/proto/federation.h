// What servers of different domains say to each other, and what a client shows at another domain's server
// (docs/spec/relay.md s.10, which governs).
#pragma once

#include "core/proto/api.h"

namespace cairn::proto {

inline constexpr std::string_view kPathPassport = "/v1/passport";
inline constexpr std::string_view kPathForward = "/v1/forward";

constexpr std::uint64_t kPassportLifeMs = 60ull * 60 * 1000;
/// How far ahead the end of a passport may lie: its life, and what clocks may differ by.
constexpr std::uint64_t kMaxPassportAheadMs = 2 * kPassportLifeMs;
constexpr std::size_t kMaxPassportSize = 2048;  ///< bytes of its text
constexpr std::size_t kMaxForwardItems = 256;   ///< of one batch
constexpr std::size_t kMaxForwardBytes = std::size_t{512} << 10;
constexpr std::uint64_t kMaxQueueAheadMs = 24ull * 60 * 60 * 1000;
constexpr std::size_t kMaxForeignChannels = 1024;      ///< of one other domain, that one mailbox is a member of
constexpr std::size_t kMaxNeighbourReply = 64 * 1024;  ///< bytes of an answer of another domain's server
constexpr std::size_t kMaxFull = 2048;                 ///< mailboxes that one answer names as full
constexpr std::uint64_t kForwardQueue = std::uint64_t{256} << 20;  ///< bytes that wait for one domain

/// POST passport, with a login at the own server.
struct PassportRequest {
  std::string audience;  ///< the domain that it is to be shown at

  void write(wire::Writer&) const;
  static Result<PassportRequest> read(wire::Reader&);
};

struct PassportAnswer {
  std::string passport;  ///< for "Authorization: Bearer" at the audience's server
  std::uint64_t expires_ms = 0;

  void write(wire::Writer&) const;
  static Result<PassportAnswer> read(wire::Reader&);
};

/// The word of a domain's server that a device of a name of its has logged in.
struct Passport {
  std::string issuer;
  std::string audience;
  std::string name;
  DeviceId device;
  MailboxId mailbox;  ///< of that device, at the issuer's server
  std::uint64_t expires_ms = 0;
  Signature signature;  ///< by the issuer's server key, label "passport", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<Passport> read(wire::Reader&);

  /// "p." and base32; tokens of a domain's own devices never begin so.
  std::string to_text() const;
  static Result<Passport> from_text(std::string_view text);
  static bool is_one(std::string_view bearer) { return bearer.starts_with("p."); }
};

/// An envelope for mailboxes of another domain.
struct ForwardItem {
  std::uint64_t sequence = 0;  ///< of the queue, growing, with gaps
  EnvelopeKind kind = EnvelopeKind::message;
  ChannelId channel;
  std::uint64_t epoch = 0;  ///< as in Envelope
  Bytes body;
  std::vector<MailboxId> recipients;  ///< sorted, no two the same; of a welcome or an answer to a rejoin exactly one
  bool leaving = false;               ///< the recipients are in the channel no more
  std::string sender;                 ///< of a welcome: the name that commits; else empty
  JoinToken join_token;               ///< of a welcome; else zeros

  bool is_welcome() const { return kind == EnvelopeKind::welcome || kind == EnvelopeKind::welcome_blob; }
  void write(wire::Writer&) const;
  static Result<ForwardItem> read(wire::Reader&);
};

/// POST forward.
struct ForwardBatch {
  std::string from;
  std::string to;
  std::uint64_t queue = 0;  ///< since when `from` counts, in ms; larger after its store was put back
  std::vector<ForwardItem> items;
  Signature signature;  ///< by the server key of `from`, label "forward", over content()
  /// Zeros: the domain's own queue. Else that of one mailbox, which every item is for, counted by itself: what waits
  /// until there is room in that.
  MailboxId only{};

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<ForwardBatch> read(wire::Reader&);
};

/// Status 200; 409 when the receiver knows a larger queue of `from`, with that.
struct ForwardAnswer {
  std::uint64_t queue = 0;
  std::uint64_t up_to = 0;      ///< every item up to here is dealt with, and on disk
  std::vector<MailboxId> full;  ///< of the recipients, at most kMaxFull; sorted

  void write(wire::Writer&) const;
  static Result<ForwardAnswer> read(wire::Reader&);
};

}  // namespace cairn::proto
