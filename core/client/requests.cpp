#include "core/client/requests.h"

#include "core/client/messages.h"
#include "core/client/pairs.h"

namespace cairn::client {
namespace {

constexpr std::size_t kRequestsAtOnce = 512;

bool is_word_end(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '<' || c == '>' || c == '"'; }

/// Whether following this word would leave the program: it has a scheme, is a path of Markdown, or begins as people
/// write addresses.
bool is_link(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower.find("://") != std::string::npos || lower.find("](") != std::string::npos ||
         lower.find("www.") != std::string::npos || lower.find("mailto:") != std::string::npos ||
         lower.find("data:") != std::string::npos;
}

}  // namespace

void note_welcome(Context& context, const Account& account, const ChannelId& home, const ConversationInfo& info,
                  const directory::Name& by) {
  ConversationSettings settings = settings_of(context.store, home);
  const bool is_known = info.kind == ConversationKind::self || by == account.name ||
                        contact_of(context.store, account, by.text()).is_accepted;
  if (is_known && !settings.is_leaving) return;
  settings.is_request = settings.is_request || !is_known;
  settings.is_leaving = false;  // whoever left and is in it again did not leave now
  save_settings(context, home, settings);
}

void accept_conversation(Context& context, const Account& account, const Conversation& conversation) {
  const ChannelId home = home_of(context.store, conversation.channel);
  ConversationSettings settings = settings_of(context.store, home);
  if (settings.is_request || settings.is_hidden) {
    settings.is_request = settings.is_hidden = false;
    save_settings(context, home, settings);
  }
  const std::string other = other_of_pair(account, conversation);
  if (other.empty()) return;
  ContactSettings contact = contact_of(context.store, account, other);
  if (contact.is_accepted) return;
  contact.is_accepted = true;
  save_contact(context, account, contact);
}

void delete_conversation(Conversations& conversations, Context& context, const ChannelId& home) {
  for (std::uint64_t first = 0;;) {
    const auto some = conversations.messages(context.store, home, first, kRequestsAtOnce);
    if (some.empty()) break;
    for (const auto& one : some) {
      conversations.take_out(context, home, one.index);
      wipe_message(context, home, one.index, one.message);
    }
    first = some.back().index + 1;
  }
  ConversationSettings settings = settings_of(context.store, home);
  settings.is_hidden = true;
  settings.is_request = true;
  settings.draft.clear();
  save_settings(context, home, settings);
}

void show_again(Context& context, const ChannelId& home) {
  ConversationSettings settings = settings_of(context.store, home);
  if (!settings.is_hidden) return;
  settings.is_hidden = false;
  save_settings(context, home, settings);
}

void set_blocked(Context& context, const Account& account, const std::string& name, bool blocked) {
  ContactSettings contact = contact_of(context.store, account, name);
  contact.is_blocked = blocked;
  if (blocked) contact.is_accepted = false;
  save_contact(context, account, contact);
}

bool is_blocked(const StoreView& store, const Account& account, const Conversation& conversation) {
  const std::string other = other_of_pair(account, conversation);
  return !other.empty() && contact_of(store, account, other).is_blocked;
}

std::string without_links(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !is_word_end(text[end])) ++end;
    const std::string_view word = std::string_view(text).substr(at, end - at);
    out += is_link(word) ? std::string("[link]") : std::string(word);
    if (end < text.size()) out += text[end++];
    at = end;
  }
  return out;
}

}  // namespace cairn::client
