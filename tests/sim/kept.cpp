#include "tests/sim/kept.h"

#include "core/base/encoding.h"
#include "core/client/conversations.h"
#include "core/client/identity.h"
#include "core/client/tables.h"
#include "core/mls/group.h"

namespace cairn::sim {
namespace {

constexpr std::size_t kAll = ~std::size_t{0};

std::uint64_t number_behind_channel(ByteView key) {
  wire::Reader r(key.subspan(ChannelId::kSize));
  return r.u64().value_or(0);
}

/// What another device gave of the history of a conversation in which this one is not: to be read alone.
bool is_archive(const StoreView& store, const client::Conversation& conversation) {
  return conversation.kind == client::ConversationKind::group &&
         !store.get(client::tables::kGroups, conversation.channel) &&
         conversation.state == client::ConversationState::left && conversation.trouble.empty();
}

}  // namespace

const GroupFacts* GroupReader::read(const StoreView& store, const ChannelId& channel) {
  auto row = store.get(client::tables::kGroups, channel);
  if (!row) return nullptr;
  const auto [at, is_new] = seen_.try_emplace(channel);
  Seen& seen = at->second;
  if (is_new || seen.row != *row) {
    seen = {std::move(*row), std::nullopt};
    if (const auto group = mls::Group::restore(seen.row)) {
      seen.facts.emplace();
      seen.facts->epoch = group->epoch();
      for (const mls::Member& member : group->members()) {
        if (const auto who = client::parse_identity(*member.node)) seen.facts->members.insert(who->device);
      }
    }
  }
  return seen.facts ? &*seen.facts : nullptr;
}

Kepts conversations_of(const StoreView& store, GroupReader& groups) {
  Kepts out;
  for (const Row& row : store.scan(client::tables::kConversations, {}, {}, kAll)) {
    const auto conversation = wire::decode<client::Conversation>(row.value);
    if (!conversation || is_archive(store, *conversation)) continue;
    Kept& kept = out[conversation->channel];
    kept.conversation = *conversation;
    kept.wants = client::group_wants(store, conversation->channel);
    for (const Row& message : store.scan_prefix(client::tables::kMessages, row.key, kAll)) {
      const auto one = wire::decode<client::Message>(message.value);
      if (!one) continue;
      kept.messages.emplace_back(number_behind_channel(message.key), *one);
      const bool is_notice = one->delivery == client::Delivery::notice;
      kept.shows_gap = kept.shows_gap || (is_notice && one->text.starts_with(client::kGapWords));
    }
    kept.has_to_say = !store.scan_prefix(client::tables::kOutbox, row.key, 1).empty();
    const GroupFacts* group = groups.read(store, conversation->channel);
    if (group == nullptr) continue;
    kept.epoch = group->epoch;
    kept.members = group->members;
  }
  return out;
}

bool goes_on(const Kepts& all, const ChannelId& channel) {
  const client::Conversation& one = all.at(channel).conversation;
  if (one.kind == client::ConversationKind::group) return true;
  for (const auto& [other, kept] : all) {
    const client::Conversation& conversation = kept.conversation;
    if (conversation.kind == one.kind && conversation.names == one.names && conversation.is_writable())
      return other == channel;
  }
  return true;
}

std::string id_of(const client::Conversation& conversation) {
  if (conversation.kind == client::ConversationKind::group) return to_hex(conversation.channel);
  std::string id;
  for (const std::string& name : conversation.names) id += name + " ";
  return id;
}

Bytes key_of_message(const ChannelId& channel, std::uint64_t index) {
  wire::Writer key;
  key.raw(channel);
  key.u64(index);
  return std::move(key).take();
}

}  // namespace cairn::sim
