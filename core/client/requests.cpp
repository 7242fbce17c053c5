#include "core/client/requests.h"

#include "core/client/early_changes.h"
#include "core/client/invitation_tables.h"
#include "core/client/messages.h"
#include "core/client/pairs.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kRequestsAtOnce = 512;
constexpr std::uint64_t kToTheEnd = ~std::uint64_t{0};

bool is_word_end(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '<' || c == '>' || c == '"'; }

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether something in it has a scheme (RFC 3986 s.3.1) and goes on behind it: "tel:123", "javascript:x", "mimi://y".
bool has_scheme(std::string_view lower) {
  for (std::size_t colon = lower.find(':'); colon != std::string_view::npos; colon = lower.find(':', colon + 1)) {
    if (colon + 1 == lower.size()) return false;
    const char next = lower[colon + 1];
    if (!is_letter(next) && !is_digit(next) && next != '/' && next != '%' && next != '+' && next != '\\') continue;
    std::size_t first = colon;
    while (first > 0 && (is_letter(lower[first - 1]) || is_digit(lower[first - 1]) || lower[first - 1] == '+' ||
                         lower[first - 1] == '-' || lower[first - 1] == '.')) {
      --first;
    }
    while (first < colon && !is_letter(lower[first])) ++first;
    if (colon - first >= 2) return true;
  }
  return false;
}

/// Whether an @ stands between what could be the parts of an address.
bool has_address(std::string_view word) {
  const std::size_t at = word.find('@');
  return at != std::string_view::npos && at != 0 && word.find('.', at) != std::string_view::npos;
}

/// Whether following this word would leave the program: it has a scheme, is a link of Markdown or a place that one
/// refers to, or begins as people write addresses.
bool is_link(std::string_view word, Addresses addresses) {
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const char* part : {"](", "][", "]:", "www.", "//", "\\\\"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return has_scheme(lower) || (addresses == Addresses::hide && has_address(lower));
}

/// Whether behind this word stands where a reference leads: "[1]:" (CommonMark s.4.7); the place may be the next word.
bool is_definition(std::string_view word) { return word.ends_with("]:"); }

/// Whether what a device of that name brings here is no request.
bool is_known_name(const StoreView& store, const Account& account, const std::string& name) {
  return name == account.name.text() || contact_of(store, account, name).is_accepted;
}

/// The id of the last of them that has one; else zeros.
MessageId wipe_messages(Conversations& conversations, Context& context, const ChannelId& home, std::uint64_t end) {
  MessageId last;
  for (std::uint64_t first = 0;;) {
    const auto some = conversations.messages(context.store, home, first, kRequestsAtOnce);
    for (const auto& one : some) {
      if (one.index >= end) return last;
      if (!one.message.id.is_zero()) last = one.message.id;
      conversations.take_out(context, home, one.index);
      wipe_message(context, home, one.index, one.message);
    }
    if (some.empty()) return last;
    first = some.back().index + 1;
  }
}

bool is_anything_said(const Conversations& conversations, const StoreView& store, const ChannelId& home,
                      std::uint64_t first) {
  for (;;) {
    const auto some = conversations.messages(store, home, first, kRequestsAtOnce);
    if (some.empty()) return false;
    for (const auto& one : some) {
      if (!one.message.sender.empty()) return true;
    }
    first = some.back().index + 1;
  }
}

/// Wipes what else there is of a conversation that nothing was left of; its settings from then on.
ConversationSettings wipe_rest(Context& context, const ChannelId& home) {
  forget_early(context, home, Early::all);
  context.store.erase(tables::kArchivedPictures, to_bytes(home));
  ConversationSettings settings = settings_of(context.store, home);
  settings.is_hidden = true;
  settings.is_request = true;
  settings.draft.clear();
  return settings;
}

}  // namespace

void note_welcome(Context& context, const Account& account, const ChannelId& home, const ConversationInfo& info,
                  const directory::Name& by) {
  ConversationSettings settings = settings_of(context.store, home);
  const bool is_known = info.kind == ConversationKind::self || is_known_name(context.store, account, by.text());
  // Of one that is a request already a stranger's Welcome counts for more than another one's.
  const bool stays = is_known && settings.is_request && context.store.get(tables::kBroughtBy, home).has_value();
  if (info.kind == ConversationKind::group && !stays) {
    context.store.put(tables::kBroughtBy, to_bytes(home), to_bytes(as_bytes(by.text())));
  }
  if (is_known && !settings.is_leaving) return;
  settings.is_request = settings.is_request || !is_known;
  settings.is_leaving = false;  // whoever left and is in it again did not leave now
  save_settings(context, home, settings);
}

bool is_brought_by_known(const StoreView& store, const Account& account, const ChannelId& home) {
  const std::string by = brought_by(store, home);
  return !by.empty() && is_known_name(store, account, by);
}

std::string brought_by(const StoreView& store, const ChannelId& home) {
  const auto by = store.get(tables::kBroughtBy, home);
  return by ? as_text(*by) : std::string();
}

void forget_who_brought(Context& context, const Conversation& conversation) {
  if (conversation.kind != ConversationKind::group || conversation.is_writable()) return;
  const ConversationSettings settings = settings_of(context.store, conversation.channel);
  if (settings.is_request && !settings.is_hidden) return;
  context.store.erase(tables::kBroughtBy, to_bytes(conversation.channel.view()));
}

void accept_conversation(Context& context, const Account& account, const Conversation& conversation) {
  const ChannelId home = home_of(context.store, conversation.channel);
  ConversationSettings settings = settings_of(context.store, home);
  if (settings.is_request || settings.is_hidden) {
    settings.is_request = settings.is_hidden = false;
    save_settings(context, home, settings);
    forget_who_brought(context, conversation);
  }
  const std::string other = other_of_pair(account, conversation);
  if (other.empty()) return;
  ContactSettings contact = contact_of(context.store, account, other);
  if (contact.is_accepted) return;
  contact.is_accepted = true;
  save_contact(context, account, contact);
}

void delete_conversation(Conversations& conversations, Context& context, const ChannelId& home) {
  const MessageId last = wipe_messages(conversations, context, home, kToTheEnd);
  const Bytes key = to_bytes(home);
  // Deleted once more before the others were told: what they have still to delete is the same.
  if (!last.is_zero() || !context.store.get(tables::kDeletedTo, key)) {
    context.store.put(tables::kDeletedTo, key, to_bytes(last));
  }
  mark_shared(context, SharedField::deleted, home);
  save_settings(context, home, wipe_rest(context, home));
  if (const auto conversation = conversations.find(context.store, home)) forget_who_brought(context, *conversation);
}

void delete_up_to(Conversations& conversations, Context& context, const ChannelId& home, std::uint64_t end) {
  const bool is_all = !is_anything_said(conversations, context.store, home, end);
  wipe_messages(conversations, context, home, is_all ? kToTheEnd : end);
  if (!is_all) return;
  put_settings(context, home, wipe_rest(context, home));
  if (const auto conversation = conversations.find(context.store, home)) forget_who_brought(context, *conversation);
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

bool is_request_of_blocked(const StoreView& store, const Account& account, const Conversation& conversation) {
  const ChannelId home = home_of(store, conversation.channel);
  if (conversation.kind != ConversationKind::group || !settings_of(store, home).is_request) return false;
  const auto by = store.get(tables::kBroughtBy, home);
  return by && contact_of(store, account, as_text(*by)).is_blocked;
}

std::string without_links(const std::string& text, Addresses addresses) {
  std::string out;
  bool is_place = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !is_word_end(text[end])) ++end;
    const std::string_view word = std::string_view(text).substr(at, end - at);
    if (!word.empty()) {
      out += is_place || is_link(word, addresses) ? std::string("[link]") : std::string(word);
      is_place = is_definition(word);
    }
    // A < before something makes a tag of it, which may be a link without looking like one.
    const bool is_tag = end + 1 < text.size() && text[end] == '<' && text[end + 1] != ' ';
    if (end < text.size()) out += is_tag ? '(' : text[end];
    at = end + 1;
  }
  return out;
}

std::string shown_text(const StoreView& store, const ChannelId& home, const std::string& text) {
  return settings_of(store, home).is_request ? without_links(text) : text;
}

}  // namespace cairn::client
