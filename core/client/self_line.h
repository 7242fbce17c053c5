// The conversation of one's own devices as they speak through it (docs/spec/client.md s.16).
#pragma once

#include "core/client/conversations.h"
#include "core/client/self_words.h"

namespace cairn::client {

class SelfLine {
 public:
  explicit SelfLine(Conversations& conversations) : conversations_(conversations) {}

  /// Its home, when there is one that can be written to.
  std::optional<ChannelId> home(const StoreView& store, const Account& account);
  /// Whether there is one at all, perhaps one that can only be read.
  bool exists(const StoreView& store, const Account& account);
  /// Whether this device hears what is said there.
  bool reaches(const StoreView& store, const Account& account, const DeviceId& device);
  /// Puts it into the outbox; false, and nothing is said, when there is no such conversation.
  bool say(Context& context, const Account& account, const SelfWords& words);
  void forget_all() { home_.reset(); }

 private:
  Conversations& conversations_;
  std::optional<ChannelId> home_;
};

}  // namespace cairn::client
