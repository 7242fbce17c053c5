// How a device that cannot go on in a channel asks its members to be let in again, and what they answer
// (docs/spec/relay.md s.2). What stands in either the server does not know.
#pragma once

#include "core/proto/api.h"

namespace cairn::proto {

inline constexpr std::string_view kPathRejoin = "/v1/channel/rejoin";
inline constexpr std::string_view kPathRejoinAnswer = "/v1/channel/rejoin-answer";

/// Bytes of a request: a key package, and who asks.
constexpr std::size_t kMaxRejoinRequest = kMaxKeyPackageSize + 1024;

/// POST rejoin (login or passport), by a device whose mailbox is a recipient of the channel: laid into the mailboxes of
/// all others.
struct ChannelRejoin {
  ChannelId channel;
  Bytes request;

  void write(wire::Writer&) const;
  static Result<ChannelRejoin> read(wire::Reader&);
};

struct RejoinAsked {
  std::uint32_t mailboxes = 0;  ///< that have the request now, or that it is queued for

  void write(wire::Writer&) const;
  static Result<RejoinAsked> read(wire::Reader&);
};

/// POST rejoin-answer, without a login: laid into the mailbox `to`, which is a recipient of the channel.
struct ChannelRejoinAnswer {
  ChannelId channel;
  std::uint64_t epoch = 0;  ///< the channel's
  Address to;
  Bytes answer;
  Signature signature;  ///< by the write key of `epoch`, label "answer to a rejoin", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<ChannelRejoinAnswer> read(wire::Reader&);
};

}  // namespace cairn::proto
