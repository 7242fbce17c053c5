// Who is writing just now: told by signals, which no server keeps (docs/spec/client.md s.11).
#pragma once

#include <functional>

#include "core/client/conversations.h"
#include "core/client/signal.h"
#include "core/proto/signals.h"

namespace cairn::client {

/// In conversations of more names nobody is told, and nothing is heard.
constexpr std::size_t kMaxNamesForTyping = 32;
constexpr std::size_t kMaxLeavesForTyping = 64;
/// How long a signal is good for: who goes on writing says so again before.
constexpr std::uint64_t kTypingLifeMs = 8 * kSecondMs;
constexpr std::uint64_t kTypingAgainMs = 4 * kSecondMs;

/// By how much its sender's clock may disagree with the own one. A server that has kept a signal cannot give it out
/// anew after that, not even to a process that has forgotten what it heard.
constexpr std::uint64_t kSignalClockMs = 5 * kMinuteMs;
/// A signal counts when its sender said it so much after the last one that was heard of it: so none counts twice.
constexpr std::uint64_t kHeardAgainMs = kSecondMs;

/// Whether others are told, of this conversation and at all.
bool tells_typing(const StoreView& store, const ChannelId& home);
/// Whether they are in any conversation.
bool tells_typing_at_all(const StoreView& store);
/// Without a home: at all.
void set_tells_typing(Context& context, const std::optional<ChannelId>& home, bool on);

class Typing {
 public:
  explicit Typing(Conversations& conversations) : conversations_(conversations) {}

  /// Its owner writes in this conversation. Tells those who are there now, where that may be told and nothing else is
  /// to be sent first; at most every kTypingAgainMs. Whether a signal was sent.
  bool say(Context& context, const Account& account, const ChannelId& home);
  /// A signal came. What cannot be read, is of an epoch that is over or not come yet, was heard before, or may not be
  /// known is dropped. Nothing is written.
  void take(Context& context, const Account& account, const proto::SignalPush& push);

  /// Called when another name writes.
  using Listener = std::function<void(Context&, const ChannelId& home, const std::string& name)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  void forget_all();
  /// Deletes the rows of earlier builds. They had signals use up keys of messages, and no envelope tells when a state
  /// that was put back has used them before: the conversations concerned are in doubt.
  void forget_former(Context& context);

 private:
  /// Of one epoch of a channel: when each sender said what was last heard of it, by its own clock.
  struct HeardIn {
    std::uint64_t epoch = 0;
    std::map<mls::LeafIndex, Time> last;
  };
  bool is_news(const ChannelId& channel, std::uint64_t epoch, const HeardSignal& signal, Time now);

  Conversations& conversations_;
  Listener listener_;
  // In memory alone. What was heard is of members whose signature held: no more than there are in all conversations.
  std::map<ChannelId, Time> said_;
  std::map<ChannelId, HeardIn> heard_;
};

}  // namespace cairn::client
