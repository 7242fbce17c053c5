#include "core/client/conversation_list.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace cairn::client {

std::vector<Listed> listed(const Conversations& conversations, const StoreView& store) {
  std::vector<Listed> out;
  for (Conversation& conversation : conversations.list(store)) {
    Listed one;
    one.settings = settings_of(store, conversation.channel);
    one.messages = Conversations::count(store, conversation);
    if (one.settings.is_hidden || (conversation.kind == ConversationKind::self && one.messages == 0)) continue;
    const auto last = conversations.last_said(store, conversation.channel);
    one.newest_ms = last ? last->time_ms : conversation.created_ms;
    one.conversation = std::move(conversation);
    out.push_back(std::move(one));
  }
  const auto place = [](const Listed& one) {
    return std::tuple(one.settings.is_archived, !one.settings.is_pinned, ~one.newest_ms);
  };
  // Those of one moment stay in the order of their ids.
  std::stable_sort(out.begin(), out.end(), [&](const Listed& a, const Listed& b) { return place(a) < place(b); });
  return out;
}

void unarchive(Context& context, const ChannelId& home) {
  ConversationSettings settings = settings_of(context.store, home);
  if (!std::exchange(settings.is_archived, false)) return;
  save_settings(context, home, settings);
}

bool rings(const StoreView& store, const Account& account, const ChannelId& home, std::uint64_t index,
           const Message& message) {
  if (message.delivery != Delivery::received || message.sender == account.name.text() || message.unsent) return false;
  const ConversationSettings settings = settings_of(store, home);
  return index >= settings.read_to && !settings.is_muted && !settings.is_archived && !settings.is_request;
}

}  // namespace cairn::client
