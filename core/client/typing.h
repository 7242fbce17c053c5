// Who is writing just now: told by signals, which no server keeps (docs/spec/client.md s.11).
#pragma once

#include <functional>

#include "core/client/conversations.h"
#include "core/proto/signals.h"

namespace cairn::client {

/// In conversations of more names nobody is told, and nothing is heard.
constexpr std::size_t kMaxNamesForTyping = 32;
constexpr std::size_t kMaxLeavesForTyping = 64;
/// Signals of this device between two messages of its own that a server has taken, in one epoch. Each of them takes a
/// generation of the sender's ratchet (RFC 9420 s.9.1), and who was away misses them all: with this few the next
/// message stays far within the 2,000 generations that a receiver goes forward. They leave no trace at the server, so
/// that a copy of this store that is put back cannot know of them: a process goes on behind all that there can have
/// been.
constexpr std::uint32_t kMaxSignalsBetweenMessages = 256;
/// How long a signal is good for: who goes on writing says so again before.
constexpr std::uint64_t kTypingLifeMs = 8 * kSecondMs;
constexpr std::uint64_t kTypingAgainMs = 4 * kSecondMs;

/// tables::kSignalsSent: there since somebody first wished to write in this epoch. Signals are sent only behind a
/// message that was taken after that, so a copy of the store from before it need not go on behind any.
struct SignalsSent {
  std::uint64_t epoch = 0;
  std::uint32_t count = 0;

  void write(wire::Writer&) const;
  static Result<SignalsSent> read(wire::Reader&);
};

/// The media type of what a signal says; its content has no bytes.
inline constexpr std::string_view kTypingMediaType = "application/vnd.cairn.typing";
Bytes typing_content(Context& context);

/// Whether others are told, of this conversation and at all.
bool tells_typing(const StoreView& store, const ChannelId& home);
/// Without a home: at all.
void set_tells_typing(Context& context, const std::optional<ChannelId>& home, bool on);

class Typing {
 public:
  explicit Typing(Conversations& conversations) : conversations_(conversations) {}

  /// Its owner writes in this conversation. Tells those who are there now, where that may be told and nothing else is
  /// to be sent first; at most every kTypingAgainMs. Whether a signal was sent.
  bool say(Context& context, const Account& account, const ChannelId& home);
  /// A signal came. What cannot be read, is of an epoch that is over or not come yet, or may not be known is dropped.
  void take(Context& context, const Account& account, const proto::SignalPush& push);

  /// Called when another name writes.
  using Listener = std::function<void(Context&, const ChannelId& home, const std::string& name)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  void forget_all();

 private:
  Conversations& conversations_;
  Listener listener_;
  // Times on the way here and there, so that each stays below a rate: in memory alone.
  std::map<ChannelId, Time> said_;
  std::map<ChannelId, Time> heard_;
};

}  // namespace cairn::client
