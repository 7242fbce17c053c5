// Which conversation somebody means, and what lies in it.
#include "core/client/conversations.h"

#include "core/base/encoding.h"
#include "core/client/identity.h"
#include "core/client/pairs.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"

namespace cairn::client {

bool Conversations::means_self(const Account& account, const std::string& words) {
  if (words == "self" || words == "me") return true;
  const bool is_bare = words.find('@') == std::string::npos;
  const auto name = directory::Name::parse(is_bare ? words + "@" + account.domain() : words);
  return name && *name == account.name;
}

bool Conversations::has_device(const StoreView& store, const ChannelId& home, const DeviceId& device) {
  const auto target = written_to(store, home);
  const mls::Group* held = target ? group(store, target->channel) : nullptr;
  if (held == nullptr) return false;
  const auto members = held->members();
  return std::any_of(members.begin(), members.end(), [&](const mls::Member& member) {
    const auto who = parse_identity(*member.node);
    return who && who->device == device;
  });
}

Result<Conversation> Conversations::resolve(const StoreView& store, const Account& account,
                                            const std::string& words) const {
  if (means_self(account, words)) {
    const auto home = home_of_names(store, ConversationKind::self, {account.name.text()});
    auto own = home ? find(store, *home) : std::nullopt;
    REQUIRE(own, ErrorCode::not_found, "no notes to oneself yet");
    return std::move(*own);
  }
  std::set<ChannelId> found;
  const bool is_bare = words.find('@') == std::string::npos;
  const auto name = directory::Name::parse(is_bare ? words + "@" + account.domain() : words);
  // A name without its domain is one of the own domain, or of somebody to whom this device has written: nobody of
  // another domain comes to be meant by writing here first.
  const auto is_meant = [&](const Conversation& pair, const std::string& text) {
    const auto other = directory::Name::from(text);
    if (!name || !other || *other == account.name) return false;
    return *other == *name || (is_bare && other->local() == name->local() && !pair.sent_to.empty());
  };
  for (const Conversation& conversation : channels(store)) {
    const bool is_pair = conversation.kind == ConversationKind::pair &&
                         std::any_of(conversation.names.begin(), conversation.names.end(),
                                     [&](const std::string& text) { return is_meant(conversation, text); });
    // Anybody may begin a group with one and give it any title: none stands for somebody's name.
    const bool is_titled = conversation.kind == ConversationKind::group && conversation.title == words && is_bare;
    const bool is_id = words.size() >= 8 && to_hex(conversation.channel).starts_with(words);
    if (is_pair || is_titled || is_id) found.insert(home_of(store, conversation.channel));
  }
  REQUIRE(!found.empty(), ErrorCode::not_found, "no such conversation");
  REQUIRE(found.size() == 1, ErrorCode::conflict, "several conversations are called that");
  auto one = find(store, *found.begin());
  CHECK(one.has_value());
  return std::move(*one);
}

std::vector<Conversations::Numbered> Conversations::messages(const StoreView& store, const ChannelId& home,
                                                             std::uint64_t first, std::size_t limit) const {
  std::vector<Numbered> out;
  for (const Row& row : store.scan(tables::kMessages, numbered(home, first), prefix_end(home), limit)) {
    auto message = wire::decode<Message>(row.value);
    if (message) out.push_back({index_of(row.key), std::move(*message)});
  }
  return out;
}

std::vector<Conversations::Numbered> Conversations::newest(const StoreView& store, const ChannelId& home,
                                                           std::size_t limit) const {
  std::vector<Numbered> out;
  for (const Row& row : store.scan(tables::kMessages, home, prefix_end(home), limit, Order::descending)) {
    auto message = wire::decode<Message>(row.value);
    if (message) out.push_back({index_of(row.key), std::move(*message)});
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::optional<Message> Conversations::last_said(const StoreView& store, const ChannelId& home) const {
  constexpr std::size_t kLookedAtOnce = 8;
  for (Bytes end = prefix_end(home);;) {
    const auto rows = store.scan(tables::kMessages, home, end, kLookedAtOnce, Order::descending);
    for (const Row& row : rows) {
      auto message = wire::decode<Message>(row.value);
      if (message && message->delivery != Delivery::notice) return std::move(*message);
    }
    if (rows.size() < kLookedAtOnce) return std::nullopt;
    end = rows.back().key;
  }
}

std::optional<Message> Conversations::message(const StoreView& store, const ChannelId& home,
                                              std::uint64_t index) const {
  const auto row = store.get(tables::kMessages, numbered(home, index));
  if (!row) return std::nullopt;
  auto message = wire::decode<Message>(*row);
  if (!message) return std::nullopt;
  return std::move(*message);
}

std::optional<Conversations::GroupFacts> Conversations::facts(const StoreView& store, const ChannelId& home) const {
  const auto target = written_to(store, home);
  const auto row = store.get(tables::kGroups, target ? target->channel : home);
  if (!row) return std::nullopt;
  const auto group = mls::Group::restore(*row);
  if (!group) return std::nullopt;
  GroupFacts out;
  out.epoch = group->epoch();
  for (const mls::Member& member : group->members()) {
    const auto who = parse_identity(*member.node);
    if (who) ++out.devices[who->name.text()];
  }
  return out;
}

}  // namespace cairn::client
