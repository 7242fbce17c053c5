#include "core/client/conversation_list.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/client/requests.h"
#include "core/wire/writer.h"

namespace cairn::client {
namespace {

Bytes place_of(const Listed& one) {
  wire::Writer w;
  w.u8(one.settings.is_archived ? 1 : 0);
  w.u8(one.settings.is_pinned ? 0 : 1);
  w.u64(~one.newest_ms);
  w.raw(one.conversation.channel);
  return w.take();
}

}  // namespace

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
    one.place = place_of(one);
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const Listed& a, const Listed& b) { return a.place < b.place; });
  return out;
}

std::vector<Listed> found(const Conversations& conversations, const StoreView& store, const Account& account,
                          const Sought& words, std::size_t limit) {
  std::vector<Listed> out;
  if (words.empty()) return out;
  std::map<std::string, std::string> petnames;
  for (ContactSettings& one : contacts_with_settings(store)) {
    if (!one.petname.empty()) petnames[one.name] = std::move(one.petname);
  }
  for (Listed& one : listed(conversations, store)) {
    if (out.size() == limit) break;
    const Conversation& conversation = one.conversation;
    std::string text = shown_text(store, conversation.channel, conversation.title);
    for (const std::string& name : conversation.names) {
      if (name == account.name.text() && conversation.kind != ConversationKind::self) continue;
      text += "\n" + name;
      const auto petname = petnames.find(name);
      if (petname != petnames.end()) text += "\n" + petname->second;
    }
    if (words.are_in(folded(text))) out.push_back(std::move(one));
  }
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
