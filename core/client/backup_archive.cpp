#include "core/client/backup_archive.h"

#include "core/base/encoding.h"
#include "core/client/backup_records.h"
#include "core/client/expiry.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::string_view kNameless = "cairn archived notice";

Bytes archived_key(const ChannelId& archive, const MessageId& identity) { return concat({archive, identity}); }

std::optional<std::uint64_t> index_in(const StoreView& store, const ChannelId& archive, const MessageId& identity) {
  const auto row = store.get(tables::kArchived, archived_key(archive, identity));
  const auto index = row ? wire::Reader(*row).u64() : Result<std::uint64_t>(fail(ErrorCode::not_found, "archived"));
  return index ? std::optional(*index) : std::nullopt;
}

void put_index(Context& context, const ChannelId& archive, const MessageId& identity, std::uint64_t index) {
  wire::Writer w;
  w.u64(index);
  context.store.put(tables::kArchived, archived_key(archive, identity), w.take());
}

/// What an earlier build restored has no such rows.
void index_what_stands(Context& context, Conversations& conversations, const ChannelId& archive) {
  if (!context.store.scan_prefix(tables::kArchived, archive, 1).empty()) return;
  for (std::uint64_t next = 0;;) {
    const auto some = conversations.messages(context.store, archive, next, kMessagesOfEntry);
    if (some.empty()) return;
    for (const auto& one : some) put_index(context, archive, archive_identity(one.message), one.index);
    next = some.back().index + 1;
  }
}

/// Of the same message in two devices' words: what was changed last, or taken back.
bool is_later(const Message& one, const Message& other) {
  return !other.unsent && (one.unsent || one.edited_ms > other.edited_ms);
}

}  // namespace

MessageId archive_identity(const Message& message) {
  if (!message.id.is_zero()) return message.id;
  wire::Writer w;
  w.opaque(kNameless);
  w.u64(message.time_ms);
  w.opaque(message.sender);
  w.opaque(message.text);
  return *MessageId::from(crypto::sha256(w.view()));
}

/// Of "HOME" or "HOME/FIRST".
Result<ChannelId> Archives::archive_of(std::string_view home) const {
  const Bytes bytes = TRY(from_hex(home.substr(0, home.find('/'))));
  const ChannelId own = archive_home(TRY(ChannelId::from(bytes)));
  const auto other = same_as_.find(own);
  return other == same_as_.end() ? own : other->second;
}

Status Archives::take_conversation(Context& context, std::string_view home, ByteView data) {
  const ChannelId archive = TRY(archive_of(home));
  const auto entry = TRY(wire::decode<BackedUpConversation>(data));
  if (entry.kind != ConversationKind::group) {
    const ChannelId first = pairs_.try_emplace(entry.names, archive).first->second;
    if (first != archive) {
      same_as_.emplace(archive, first);
      return ok();
    }
  }
  if (open_.contains(archive)) return ok();  // another device's snapshot has it too
  const auto stands = conversations_.find(context.store, archive);
  Conversation conversation;
  conversation.channel = archive;
  conversation.domain = account_.domain();
  conversation.kind = ConversationKind::group;  // a pair would be taken for the one that lives
  conversation.state = ConversationState::left;
  conversation.title = archive_title(account_, entry);
  conversation.names = entry.names;
  conversation.created_ms = entry.created_ms;
  if (stands) conversation.next_message = stands->next_message;
  if (stands) index_what_stands(context, conversations_, archive);
  context.store.put(tables::kConversations, to_bytes(archive), wire::encode(conversation));
  open_[archive].begun_by = snapshot_;
  return ok();
}

Status Archives::take_messages(Context& context, std::string_view home, ByteView data) {
  const ChannelId archive = TRY(archive_of(home));
  auto conversation = conversations_.find(context.store, archive);
  const auto open = open_.find(archive);
  REQUIRE(conversation && conversation->state == ConversationState::left && open != open_.end(), ErrorCode::malformed,
          "no conversation");
  std::vector<BackedUpMessage> messages;
  for (wire::Reader r(data); !r.done();) messages.push_back(TRY(BackedUpMessage::read(r)));
  for (BackedUpMessage& one : messages) {
    messages_ += take_message(context, *conversation, open->second, one.message) ? 1 : 0;
  }
  context.store.put(tables::kConversations, to_bytes(archive), wire::encode(*conversation));
  return ok();
}

/// Whether it is one more.
bool Archives::take_message(Context& context, Conversation& archive, Open& open, Message& message) {
  if (message.id.is_zero() && open.begun_by != snapshot_) return false;
  // Nothing of it waits here: what was not sent then was not sent.
  if (message.delivery == Delivery::waiting) message.delivery = Delivery::refused;
  const MessageId identity = archive_identity(message);
  const auto stands = index_in(context.store, archive.channel, identity);
  const std::uint64_t index = stands.value_or(archive.next_message);
  const auto taken = index < open.taken.size() ? open.taken[index] : std::nullopt;
  if (taken == signer_) {
    const auto other = conversations_.message(context.store, archive.channel, index);
    if (!other || !is_later(message, *other)) return false;
  } else if (taken == vault::SignerState::active) {
    return false;
  }
  // What was to disappear meanwhile does not come back.
  if (!restore_life(context, archive.channel, index, message)) return false;
  const Bytes key = numbered(archive.channel, index);
  if (context.store.get(tables::kMessages, key)) {
    context.store.put(tables::kMessages, key, wire::encode(message));
  } else {
    conversations_.put_old_message(context, archive.channel, index, message);
  }
  put_index(context, archive.channel, identity, index);
  archive.next_message = std::max(archive.next_message, index + 1);
  if (open.taken.size() <= index) open.taken.resize(index + 1);
  open.taken[index] = signer_;
  return !taken.has_value();
}

}  // namespace cairn::client
