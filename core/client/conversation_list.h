// The conversations as their owner sees them: which are listed, in what order, and what calls for attention
// (docs/spec/client.md s.10).
#pragma once

#include "core/client/conversations.h"
#include "core/client/search.h"
#include "core/client/settings.h"

namespace cairn::client {

struct Listed {
  Conversation conversation;
  ConversationSettings settings;
  std::uint64_t messages = 0;   ///< as Conversations::count()
  std::uint64_t newest_ms = 0;  ///< when something was last said there; where nothing was, when it began here
  Bytes place;                  ///< in the list: the key by which it is ordered
};

/// All that are shown, archived ones last, those of one moment by their ids: not what was deleted, nor the own name's
/// conversation while devices alone speak there.
std::vector<Listed> listed(const Conversations& conversations, const StoreView& store);

/// Of those, the ones whose title, names (the own one counts only where there is no other) or petnames have all these
/// words; at most `limit`, none without a word.
std::vector<Listed> found(const Conversations& conversations, const StoreView& store, const Account& account,
                          const Sought& words, std::size_t limit);

/// Its owner writes there, and wants to see it again.
void unarchive(Context& context, const ChannelId& home);

/// Whether a message that has just come calls for the owner of this device.
bool rings(const StoreView& store, const Account& account, const ChannelId& home, std::uint64_t index,
           const Message& message);

}  // namespace cairn::client
