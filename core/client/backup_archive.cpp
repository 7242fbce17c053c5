#include "core/client/backup_archive.h"

#include "core/base/encoding.h"
#include "core/client/expiry.h"
#include "core/client/messages.h"
#include "core/client/roles.h"
#include "core/client/room.h"
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
  if (find_open(archive) != nullptr) return ok();  // another device's snapshot has it too
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
  Open& open = open_[archive];
  open.begun_by = snapshot_;
  open.has_settings = context.store.get(tables::kSettings, archive).has_value();
  Conversation living = conversation;
  living.kind = entry.kind;
  const Bytes channel = TRY(from_hex(home));
  living.channel = TRY(ChannelId::from(channel));
  open.living = conversations_.find_room(context.store, room_of(living));
  return ok();
}

Archives::Open* Archives::find_open(const ChannelId& archive) {
  const auto open = open_.find(archive);
  return open == open_.end() ? nullptr : &open->second;
}

/// Nobody is told anything from an archive, and nothing is to disappear there that was not: of what was decided there
/// comes back what is shown.
Status Archives::take_about(Context& context, std::string_view home, ByteView data) {
  const ChannelId archive = TRY(archive_of(home));
  const auto about = TRY(wire::decode<BackedUpAbout>(data));
  Open* open = find_open(archive);
  REQUIRE(open != nullptr, ErrorCode::malformed, "no conversation");
  open->read_to = about.settings.read_to;
  ConversationSettings here = settings_of(context.store, archive);
  const bool hides = about.settings.is_hidden && (!open->about || here.is_hidden);
  if (!open->about || word_.is_before(*open->about)) {
    open->about = word_;
    put_group(context, archive, about);
    here.is_request = about.settings.is_request;
    here.is_muted = about.settings.is_muted;
    here.is_archived = about.settings.is_archived;
    here.is_pinned = about.settings.is_pinned;
    here.no_receipts = about.settings.no_receipts;
    here.draft = about.settings.draft;
  }
  here.is_hidden = hides;
  if (!open->has_settings) put_settings(context, archive, here);
  return ok();
}

void Archives::put_group(Context& context, const ChannelId& archive, const BackedUpAbout& about) {
  GroupWants group;
  group.admins = about.admins;
  if (!about.picture.empty()) group.picture = crypto::sha256(about.picture);
  save_group_wants(context, archive, group);
  if (about.picture.empty()) {
    context.store.erase(tables::kArchivedPictures, to_bytes(archive));
  } else {
    context.store.put(tables::kArchivedPictures, to_bytes(archive), about.picture);
  }
}

Status Archives::take_messages(Context& context, std::string_view home, ByteView data) {
  const ChannelId archive = TRY(archive_of(home));
  auto conversation = conversations_.find(context.store, archive);
  Open* open = find_open(archive);
  REQUIRE(conversation && conversation->state == ConversationState::left && open != nullptr, ErrorCode::malformed,
          "no conversation");
  std::vector<BackedUpMessage> messages;
  for (wire::Reader r(data); !r.done();) {
    REQUIRE(messages.size() < kMessagesOfEntry, ErrorCode::over_limit, "messages of an entry");
    messages.push_back(TRY(BackedUpMessage::read(r)));
  }
  open->newest.clear();
  ConversationSettings settings = settings_of(context.store, archive);
  std::uint64_t read_to = settings.read_to;
  bool is_hidden = settings.is_hidden;
  for (BackedUpMessage& one : messages) {
    const auto index = take_message(context, *conversation, *open, one.message);
    if (!index) continue;
    open->newest.emplace(one.index, *index);
    if (one.index < open->read_to) read_to = std::max(read_to, *index + 1);
    is_hidden = is_hidden && one.message.sender.empty();  // what comes shows it again
  }
  if (read_to != settings.read_to || is_hidden != settings.is_hidden) {
    settings.read_to = read_to;
    settings.is_hidden = is_hidden;
    put_settings(context, archive, settings);
  }
  context.store.put(tables::kConversations, to_bytes(archive), wire::encode(*conversation));
  return ok();
}

std::optional<std::uint64_t> Archives::take_message(Context& context, Conversation& archive, Open& open,
                                                    Message& message) {
  if (message.id.is_zero() && open.begun_by != snapshot_) return std::nullopt;
  // Nothing of it waits here: what was not sent then was not sent.
  if (message.delivery == Delivery::waiting) message.delivery = Delivery::refused;
  const MessageId identity = archive_identity(message);
  const auto stands = index_in(context.store, archive.channel, identity);
  const std::uint64_t index = stands.value_or(archive.next_message);
  if (is_unsent_in(context.store, open.living, message.id)) return std::nullopt;
  const auto taken_before = open.taken.find(index);
  const bool taken = taken_before != open.taken.end() && taken_before->second.row.has_value();
  const vault::SignerState by = taken ? *taken_before->second.row : word_.signer;
  const bool stood = stands && !taken;  // since an earlier run, which may have had a newer word of it
  if ((taken && by == word_.signer) || stood) {
    const auto other = conversations_.message(context.store, archive.channel, index);
    if (!other) return std::nullopt;
    if (stood) {
      open.taken.insert_or_assign(index, Taken{word_.signer, std::nullopt, true});
      ++messages_;
    }
    if (!is_later(message, *other) || (stood && word_.signer == vault::SignerState::removed)) return index;
  } else if (taken && by == vault::SignerState::active) {
    return index;
  }
  // What was to disappear meanwhile does not come back.
  if (!restore_life(context, archive.channel, index, message)) return std::nullopt;
  put_row(context, archive.channel, index, message);
  put_index(context, archive.channel, identity, index);
  archive.next_message = std::max(archive.next_message, index + 1);
  Taken& now = open.taken[index];
  // Of what was taken back nothing stays; what a device that is out says stands beside no word of another one.
  if (message.unsent || by != word_.signer) {
    wipe_said_about(context, archive.channel, index);
    now.said.reset();
  }
  now.row = word_.signer;
  messages_ += taken || stood ? 0 : 1;
  return index;
}

// What was taken back since is not to be read beside the conversation either.
bool Archives::is_unsent_in(const StoreView& store, const std::optional<ChannelId>& living, const MessageId& id) const {
  const auto ref = living && !id.is_zero() ? find_id(store, *living, id) : std::nullopt;
  if (!ref || ref->kind != MessageRef::Kind::message) return false;
  const auto message = conversations_.message(store, *living, ref->index);
  return message && message->unsent;
}

void Archives::put_row(Context& context, const ChannelId& archive, std::uint64_t index, const Message& message) {
  const Bytes key = numbered(archive, index);
  if (context.store.get(tables::kMessages, key)) {
    context.store.put(tables::kMessages, key, wire::encode(message));
  } else {
    conversations_.put_old_message(context, archive, index, message);
  }
  note_message(conversations_, context, archive, index);
  search_.changed(archive, index);
}

Status Archives::take_said(Context& context, std::string_view home, ByteView data) {
  const ChannelId archive = TRY(archive_of(home));
  auto said = TRY(wire::decode<BackedUpSaid>(data));
  Open* open = find_open(archive);
  REQUIRE(open != nullptr, ErrorCode::malformed, "no conversation");
  auto next = said.all.begin();
  const auto end = open->newest.lower_bound(said.end);
  for (auto at = open->newest.lower_bound(said.first); at != end; ++at) {
    const auto& [theirs, index] = *at;
    while (next != said.all.end() && next->index < theirs) ++next;
    const bool has_some = next != said.all.end() && next->index == theirs;
    take_said_of(context, archive, index, open->taken[index], has_some ? std::move(next->said) : SaidAbout{});
    search_.changed(archive, index);
  }
  return ok();
}

void Archives::take_said_of(Context& context, const ChannelId& archive, std::uint64_t index, Taken& taken,
                            SaidAbout said) {
  const auto message = conversations_.message(context.store, archive, index);
  const bool is_of_another = taken.row == vault::SignerState::active && word_.signer == vault::SignerState::removed;
  if (!message || message->unsent || is_of_another) return;
  if (std::exchange(taken.stood, false)) {
    // What an earlier run brought stays, and what is missing comes: that run may have been interrupted.
    const SaidAbout here = said_about(context.store, archive, index);
    if (!here.reactions.empty()) said.reactions.clear();
    if (!here.statuses.empty()) said.statuses.clear();
    if (here.file) said.file.reset();
    put_said_about(context, account_, archive, index, said);
    taken.said = word_;
    return;
  }
  // Versions come and never go, so those of all count; of the rest what was known last.
  const bool joins = taken.said && taken.said->signer == word_.signer;
  if (joins && !word_.is_before(*taken.said)) {
    return put_versions(context, archive, index, {said.versions.begin(), said.versions.end()});
  }
  SaidAbout before = joins ? said_about(context.store, archive, index) : SaidAbout{};
  if (!said.file) said.file = std::move(before.file);
  wipe_said_about(context, archive, index);
  put_versions(context, archive, index, {before.versions.begin(), before.versions.end()});
  put_said_about(context, account_, archive, index, said);
  taken.said = word_;
}

}  // namespace cairn::client
