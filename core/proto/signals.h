// Signals: what is told to devices that are connected just now and never kept, such as "is typing"
// (docs/spec/relay.md s.2).
#pragma once

#include "core/proto/api.h"

namespace cairn::proto {

inline constexpr std::string_view kPathChannelSignal = "/v1/channel/signal";
constexpr std::size_t kMaxSignalBody = 2048;
/// Signals of one channel: a bucket of so many, and how many a minute fill it. Apart from that of messages, so that no
/// signal keeps a message from being sent.
constexpr std::uint32_t kSignalBurst = 20;
constexpr std::uint32_t kSignalsPerMinute = 60;

/// As ChannelSend; the answer is empty and says nothing of who was there.
struct ChannelSignal {
  ChannelId channel;
  std::uint64_t epoch = 0;
  Bytes ciphertext;     ///< at most kMaxSignalBody bytes; what it is, docs/spec/client.md s.11 says
  Signature signature;  ///< by the write key of `epoch`, label "channel signal", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<ChannelSignal> read(wire::Reader&);
};

/// Server to device, on the mailbox's stream: its first byte is none of MailboxPush::Kind. Not acknowledged.
struct SignalPush {
  static constexpr std::uint8_t kKind = 5;
  std::string domain;  ///< of the channel
  ChannelId channel;
  std::uint64_t epoch = 0;
  Bytes body;

  void write(wire::Writer&) const;
  static Result<SignalPush> read(wire::Reader&);
};

}  // namespace cairn::proto
