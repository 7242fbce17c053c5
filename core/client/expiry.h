// Messages that are to be forgotten: when, and the forgetting (docs/spec/client.md s.10).
#pragma once

#include "core/client/conversations.h"

namespace cairn::client {

/// The longest time that a conversation can be told to keep messages for.
constexpr std::uint32_t kMaxLifeS = 366 * 24 * 3600;

/// What a content's "expires" says, in the row that it becomes.
void set_life(Message& message, const std::optional<Expiration>& expires);

/// A message whose life counts from now: read, or sent. Nothing where it has none, or it counts already. Changes the
/// message, not its row; the time at which it ends is written down.
void begin_life(Context& context, const ChannelId& home, std::uint64_t index, Message& message, Time now);

/// A message out of a backup: one that had not been read counts as read when it was said, for it may have been read
/// since, here or elsewhere. False when its time is over by now; else that is written down. Changes the message, not
/// its row.
bool restore_life(Context& context, const ChannelId& home, std::uint64_t index, Message& message);

/// Forgets what is due.
class Expiry {
 public:
  explicit Expiry(Conversations& conversations) : conversations_(conversations) {}

  /// From now on what is said there is forgotten after so long; tells everybody. `invalid_state` when it can only be
  /// read, `over_limit` above kMaxLifeS.
  Status set(Context& context, const Account& account, const ChannelId& home, std::uint32_t seconds);
  /// Takes what another one has set.
  void heard(Context& context, const Account& account, const Heard& heard);
  /// A message came: one that ends at a moment, or is our own from another device, is counted from now.
  void received(Context& context, const Account& account, const ChannelId& home, std::uint64_t index);
  void step(Context& context);
  /// step(), if anything is due: before something is shown.
  void forget_due(Context& context) {
    if (next_ <= context.now) step(context);
  }
  Time next_deadline() const { return next_; }
  void forget_all() { next_ = Time{}; }

 private:
  void note(Context& context, const ChannelId& home, const std::string& who, std::uint32_t seconds);

  Conversations& conversations_;
  Time next_{};
};

/// "1 day", "90 minutes".
std::string duration_words(std::uint32_t seconds);

}  // namespace cairn::client
