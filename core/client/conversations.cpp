#include "core/client/conversations.h"

#include "core/base/encoding.h"
#include "core/client/answerer.h"
#include "core/client/conversation_list.h"
#include "core/client/expiry.h"
#include "core/client/gatekeeper.h"
#include "core/client/history_rows.h"
#include "core/client/identity.h"
#include "core/client/inbox.h"
#include "core/client/invitation_tables.h"
#include "core/client/key_packages.h"
#include "core/client/messages.h"
#include "core/client/own_echoes.h"
#include "core/client/pairs.h"
#include "core/client/reconciler.h"
#include "core/client/rejoiner.h"
#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/client/row_keys.h"
#include "core/client/standing.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxConversations = 100'000;
constexpr std::uint64_t kFirstCommitRetryMs = 500;
/// More rounds than any chain of steps within one input can take.
constexpr int kMaxRounds = 10'000;
constexpr std::size_t kOldestLookedAt = 8;
constexpr std::string_view kMailbox = "mailbox";

Bytes counted(std::uint64_t value) {
  wire::Writer w;
  w.u64(value);
  return w.take();
}

/// The number of the newest envelope that was stored; 0: none was.
std::uint64_t last_stored(const StoreView& store) {
  const auto row = store.get(tables::kCounters, as_bytes(kMailbox));
  return row ? wire::Reader(*row).u64().value_or(0) : 0;
}

/// Of tables::kCounters: how many rows a conversation has from before this device was there.
Bytes history_count_key(const ChannelId& home) { return concat({as_bytes("history of "), home}); }
std::optional<std::uint64_t> counted(const StoreView& store, const ChannelId& home) {
  const auto row = store.get(tables::kCounters, history_count_key(home));
  if (!row) return std::nullopt;
  wire::Reader r(*row);
  return r.u64().value_or(0);
}

}  // namespace

Result<ChannelId> Conversations::create(Context& context, const Account& account, ConversationKind kind,
                                        const std::string& title, const std::set<directory::Name>& names) {
  REQUIRE(account.state == AccountState::active, ErrorCode::invalid_state, "this device is not active yet");
  REQUIRE(title.size() <= kMaxTitleSize, ErrorCode::over_limit, "title");
  Conversation conversation;
  conversation.domain = account.domain();
  conversation.kind = kind;
  conversation.title = title;
  conversation.created_ms = context.now.ms;
  for (const directory::Name& name : names) conversation.names.push_back(name.text());
  conversation.next_message = first_own_index(context.store);
  const auto home =
      kind == ConversationKind::group ? std::nullopt : home_of_names(context.store, kind, conversation.names);
  conversation.channel = home ? channel_below(channels_of(context.store, *home).front(), context.entropy)
                              : random_value<ChannelId>(context.entropy);

  ConversationInfo info{kind, conversation.channel, conversation.domain, title};
  if (kind == ConversationKind::group) info.admins = {account.name.text()};
  mls::GroupParameters parameters;
  parameters.group_id = {to_bytes(conversation.channel.view())};
  parameters.extensions.set(ConversationInfo::kExtensionType, wire::encode(info));
  auto group = TRY(mls::Group::create(parameters, account.signing_identity(),
                                      leaf_options(context.now, kKeyPackageLifeMs), context.entropy));
  if (home) join_home(context.store, conversation.channel, *home);
  save_group(context, conversation.channel, group);
  groups_.emplace(conversation.channel, std::move(group));
  note_info(*this, context, conversation, info, {});
  save(context, conversation);
  if (!home) tell_of_gap_before(context, conversation.channel, last_gap(context.store));
  due(conversation.channel);
  ++entries_;
  return conversation.channel;
}

Result<ChannelId> Conversations::pair_with(Context& context, const Account& account, const directory::Name& name) {
  REQUIRE(name != account.name, ErrorCode::invalid_name, "that is your own name");
  const std::set<directory::Name> names = {account.name, name};
  std::vector<std::string> texts;
  for (const directory::Name& one : names) texts.push_back(one.text());
  const auto home = home_of_names(context.store, ConversationKind::pair, texts);
  if (home && written_to(context.store, *home)) return *home;
  const ChannelId channel = TRY(create(context, account, ConversationKind::pair, {}, names));
  return home_of(context.store, channel);
}

Result<ChannelId> Conversations::own_conversation(Context& context, const Account& account) {
  const auto home = home_of_names(context.store, ConversationKind::self, {account.name.text()});
  if (home && written_to(context.store, *home)) return *home;
  const ChannelId channel = TRY(create(context, account, ConversationKind::self, {}, {account.name}));
  return home_of(context.store, channel);
}

std::optional<ChannelId> Conversations::home_of_names(const StoreView& store, ConversationKind kind,
                                                      const std::vector<std::string>& names) const {
  const auto is_it = [&](const Conversation& one) { return one.kind == kind && one.names == names; };
  const auto known = homes_.find(names);
  const auto there = known == homes_.end() ? std::nullopt : find(store, known->second);
  if (there && is_it(*there)) return known->second;
  for (const Conversation& conversation : channels(store)) {
    if (is_it(conversation)) return homes_[names] = home_of(store, conversation.channel);
  }
  return std::nullopt;
}

std::optional<ChannelId> Conversations::find_room(const StoreView& store, const Room& room) const {
  if (room.kind != ConversationKind::group) return home_of_names(store, room.kind, room.names);
  const auto one = find(store, room.channel);
  return one && one->kind == room.kind ? std::optional(one->channel) : std::nullopt;
}

Result<ChannelId> Conversations::create_group(Context& context, const Account& account, const std::string& title,
                                              const std::set<directory::Name>& names) {
  REQUIRE(!title.empty(), ErrorCode::malformed, "a group needs a title");
  std::set<directory::Name> all = names;
  all.insert(account.name);
  return create(context, account, ConversationKind::group, title, all);
}

Status Conversations::add_to_group(Context& context, const ChannelId& channel, const directory::Name& name) {
  auto conversation = find(context.store, channel);
  REQUIRE(conversation, ErrorCode::not_found, "no such conversation");
  REQUIRE(conversation->kind == ConversationKind::group, ErrorCode::not_authorised, "nobody enters a pair");
  auto& names = conversation->names;
  const auto at = std::lower_bound(names.begin(), names.end(), name.text());
  if (at == names.end() || *at != name.text()) names.insert(at, name.text());
  save(context, *conversation);
  due(channel);
  return ok();
}

Status Conversations::remove_from_group(Context& context, const ChannelId& channel, const directory::Name& name) {
  auto conversation = find(context.store, channel);
  REQUIRE(conversation, ErrorCode::not_found, "no such conversation");
  REQUIRE(conversation->kind == ConversationKind::group, ErrorCode::not_authorised, "nobody leaves a pair");
  REQUIRE(std::erase(conversation->names, name.text()) != 0, ErrorCode::not_found, "no such member");
  // That name's server may be the one that asks for patience.
  if (const auto retry = retries_.find(channel); retry != retries_.end()) retry->second.not_before = {};
  save(context, *conversation);
  due(channel);
  return ok();
}

Result<std::uint64_t> Conversations::say(Context& context, const Account& account, const ChannelId& home,
                                         const std::string& text, const std::optional<MessageId>& in_reply_to) {
  REQUIRE(find(context.store, home), ErrorCode::not_found, "no such conversation");
  REQUIRE(written_to(context.store, home), ErrorCode::invalid_state, "this conversation can only be read");
  REQUIRE(!text.empty() && text.size() <= kMaxTextSize, ErrorCode::over_limit, "text");
  Message message;
  message.text = text;
  message.in_reply_to = in_reply_to;
  message.life_s = settings_of(context.store, home).life_s;
  TextContent content;
  context.entropy.fill(content.salt);
  content.text = text;
  content.in_reply_to = in_reply_to;
  if (message.life_s != 0) content.expires = Expiration{true, message.life_s};
  return say_encoded(context, account, home, std::move(message), encode_content(content), content.salt);
}

Result<std::uint64_t> Conversations::say_file(Context& context, const Account& account, const ChannelId& home,
                                              Attachment file, const std::string& description, Bytes preview) {
  Message message;
  message.text = description;
  message.unknown_type = file.media_type;
  message.life_s = settings_of(context.store, home).life_s;
  AttachmentContent content;
  context.entropy.fill(content.salt);
  content.file = std::move(file);
  content.description = description;
  content.preview = std::move(preview);
  if (message.life_s != 0) content.expires = Expiration{true, message.life_s};
  return say_encoded(context, account, home, std::move(message), encode_content(content), content.salt);
}

Result<std::uint64_t> Conversations::say_encoded(Context& context, const Account& account, const ChannelId& home,
                                                 Message message, Bytes encoded, ByteView salt) {
  auto conversation = find(context.store, home);
  REQUIRE(conversation, ErrorCode::not_found, "no such conversation");
  const auto target = written_to(context.store, home);
  REQUIRE(target, ErrorCode::invalid_state, "this conversation can only be read");
  message.sender = account.name.text();
  message.device = account.device_id();
  message.delivery = Delivery::waiting;
  message.time_ms = context.now.ms;
  message.id = id_of(*conversation, message.sender, encoded, salt);
  message.version = message.id;
  const std::uint64_t index = add_message(context, *conversation, message);
  note_message(*this, context, home, index);
  accept_conversation(context, account, *conversation);
  unarchive(context, home);
  TRY(post(context, home, std::move(encoded), index));
  auto channel = find(context.store, target->channel);
  channel->trouble.clear();
  save(context, *channel);
  return index;
}

Result<Bytes> Conversations::post(Context& context, const ChannelId& home, Bytes content, std::uint64_t message) {
  auto conversation = find(context.store, home);
  REQUIRE(conversation, ErrorCode::not_found, "no such conversation");
  const auto target = written_to(context.store, home);
  REQUIRE(target, ErrorCode::invalid_state, "this conversation can only be read");
  OutboxEntry entry;
  entry.message = message;
  entry.plaintext = std::move(content);
  Bytes key = numbered(home, conversation->next_outbox++);
  context.store.put(tables::kOutbox, key, wire::encode(entry));
  save(context, *conversation);
  due(target->channel);
  return key;
}

bool Conversations::take_out(Context& context, const ChannelId& home, std::uint64_t message) {
  for (const Row& row : context.store.scan_prefix(tables::kOutbox, home, ~std::size_t{0})) {
    const auto entry = wire::decode<OutboxEntry>(row.value);
    if (!entry || entry->message != message) continue;
    if (!entry->ciphertext.empty()) return false;
    context.store.erase(tables::kOutbox, row.key);
    set_delivery(context, home, message, Delivery::refused, context.now);
    return true;
  }
  return false;
}

bool Conversations::is_waiting(const StoreView& store, ByteView outbox_key) {
  return store.get(tables::kOutbox, outbox_key).has_value();
}

void Conversations::change_message(Context& context, const ChannelId& home, std::uint64_t index,
                                   const Message& message) {
  context.store.put(tables::kMessages, numbered(home, index), wire::encode(message));
  if (listener_) listener_(context, home, index, message, Told::changed);
}

// A pair may have several channels, and each device another home for it: its names alone are the same everywhere.
MessageId Conversations::id_of(const Conversation& conversation, const std::string& sender, ByteView content,
                               ByteView salt) {
  const std::string room = conversation.kind == ConversationKind::group
                               ? room_uri_of_channel(conversation.domain, conversation.channel)
                               : room_uri_of_names(conversation.names);
  return message_id(user_uri(sender), room, content, salt);
}

void Conversations::tell(Context& context, const ChannelId& home, const Control& control) {
  std::array<std::uint8_t, 16> salt{};
  context.entropy.fill(salt);
  (void)post(context, home, encode_content(salt, control));
}

void Conversations::put_old_message(Context& context, const ChannelId& home, std::uint64_t index,
                                    const Message& message) {
  const Bytes key = history_count_key(home);
  wire::Writer w;
  w.u64(counted(context.store, home).value_or(0) + 1);
  context.store.put(tables::kCounters, key, w.take());
  context.store.put(tables::kMessages, numbered(home, index), wire::encode(message));
}

std::uint64_t Conversations::count(const StoreView& store, const Conversation& conversation) {
  const std::uint64_t first = first_own_index(store);
  const std::uint64_t end = conversation.next_message;
  const auto old = counted(store, conversation.channel);
  // An archive, out of a backup or a history, has what was put there.
  if (old && (end < first || !store.get(tables::kGroups, conversation.channel))) return *old;
  return end < first ? end : end - first + old.value_or(0);
}

void Conversations::notice(Context& context, const ChannelId& home, const std::string& text) {
  auto conversation = find(context.store, home);
  if (!conversation) return;
  Message message;
  message.delivery = Delivery::notice;
  message.time_ms = context.now.ms;
  message.text = text;
  add_message(context, *conversation, message);
}

std::set<DeviceId> Conversations::ever_sent_to(const StoreView& store) const {
  std::set<DeviceId> out;
  for (const Conversation& one : channels(store)) out.insert(one.sent_to.begin(), one.sent_to.end());
  return out;
}

bool Conversations::store_envelope(Context& context, const proto::Envelope& envelope) {
  const std::uint64_t last = last_stored(context.store);
  if (envelope.sequence <= last) return false;
  if (envelope.sequence != last + 1) mail_is_missing(context);
  const Bytes key = counted(envelope.sequence);
  context.store.put(tables::kCounters, to_bytes(kMailbox), key);
  context.store.put(tables::kInbox, key, wire::encode(envelope));
  context.store.put(tables::kInboxByChannel, concat({envelope.channel, key}), {});
  due(envelope.channel);
  return true;
}

void Conversations::mailbox_ends(Context& context, std::uint64_t last) {
  if (last > last_stored(context.store)) {
    context.store.put(tables::kCounters, to_bytes(kMailbox), counted(last));
    mail_is_missing(context);
  }
  connection_changed(context.store);
}

void Conversations::name_changed(const StoreView& store, const directory::Name& name) {
  for (const Conversation& conversation : channels(store)) {
    if (std::binary_search(conversation.names.begin(), conversation.names.end(), name.text()))
      due(conversation.channel);
  }
  // Envelopes may wait for a name of a conversation that is not known yet. Where it is known that others are waited for
  // there is nothing to do: a Welcome of thousands of leaves is not verified again with every other name that is looked
  // up.
  for (const Row& row : store.scan(tables::kInboxByChannel, {}, {}, kMaxConversations)) {
    const ChannelId channel = *ChannelId::from(ByteView(row.key).first(ChannelId::kSize));
    const auto awaited = awaited_.find(channel);
    if (awaited == awaited_.end() || awaited->second.empty() || awaited->second.contains(name)) due(channel);
  }
  rejoins_due(store);  // an answer that lets this device in waits for names too
}

void Conversations::rejoins_due(const StoreView& store) {
  for (const Row& row : store.scan(tables::kRejoins, {}, {}, kMaxConversations)) due(*ChannelId::from(row.key));
}

void Conversations::take_heard_again(Context& context) {
  for (const Row& row : context.store.scan(tables::kHeardAgain, {}, {}, kMaxConversations)) {
    context.store.erase(tables::kHeardAgain, row.key);
    ++heard_again_;
    if (row.value.empty()) {
      for (const ChannelId& channel : channels_of(context.store, *ChannelId::from(row.key))) due(channel);
    } else if (const auto name = directory::Name::from(as_text(row.value))) {
      name_changed(context.store, *name);
    }
  }
}

void Conversations::connection_changed(const StoreView& store) {
  for (const Conversation& conversation : channels(store)) due(conversation.channel);
  for (const Row& row : store.scan(tables::kInboxByChannel, {}, {}, kMaxConversations)) {
    due(*ChannelId::from(ByteView(row.key).first(ChannelId::kSize)));
  }
  rejoins_due(store);
}

void Conversations::step(Context& context, const Account& account) {
  forget_former_epochs(context);
  if (context.store.full()) return;  // what is due stays due
  take_heard_again(context);
  for (auto* retries : {&retries_, &update_retries_}) {
    for (auto& [channel, retry] : *retries) {
      if (retry.at > context.now) continue;
      retry.at = Time::never();
      due(channel);
    }
  }
  for (auto& [channel, when] : wakes_) {
    if (when > context.now) continue;
    when = Time::never();
    due(channel);
  }
  if (!session_.token().empty()) due_.merge(std::exchange(awaits_login_, {}));
  for (int round = 0; round < kMaxRounds && !due_.empty(); ++round) {
    const ChannelId channel = take_due(context.store);
    Inbox(*this, context, account, channel).process();
    if (must_wait(context, channel)) continue;  // it becomes due again behind that
    if (Rejoiner(*this, context, account, channel).run()) continue;
    Reconciler(*this, context, account, channel).run();
    Answerer(*this, context, account, channel).run();
  }
}

void Conversations::forget_all(const StoreView& store) {
  due_.clear();
  awaits_login_.clear();
  groups_.clear();
  fetched_.clear();
  away_.clear();
  awaited_.clear();
  adds_after_.clear();
  retries_.clear();
  update_retries_.clear();
  wakes_.clear();
  behind_.clear();
  answering_.clear();
  passports_.forget_all();
  large_.forget_all();
  next_forgetting_ = {};
  homes_.clear();
  connection_changed(store);
}

void Conversations::others_due(const StoreView& store, const ChannelId& channel) {
  for (const ChannelId& one : channels_of(store, home_of(store, channel))) {
    if (one != channel) due(one);
  }
}

// What one device said through two channels of a pair, which may not be known as such yet, is read in that order.
ChannelId Conversations::take_due(const StoreView& store) {
  ChannelId next = *due_.begin();
  if (due_.size() > 1) {
    for (const Row& row : store.scan(tables::kInbox, {}, {}, kOldestLookedAt)) {
      const auto envelope = wire::decode<proto::Envelope>(row.value);
      if (!envelope || !due_.contains(envelope->channel)) continue;
      next = envelope->channel;
      break;
    }
  }
  due_.erase(next);
  return next;
}

void Conversations::retry_later(const Context& context, const ChannelId& channel, const Answer* refusal) {
  put_off(context, retries_[channel], refusal);
}

// A moment further away than any is put off is of a clock that was ahead.
bool Conversations::must_wait(const Context& context, const ChannelId& channel) const {
  const auto retry = retries_.find(channel);
  return retry != retries_.end() && retry->second.not_before > context.now &&
         retry->second.not_before <= after(context.now, kMostRetryAfterMs);
}

void Conversations::put_off(const Context& context, Retry& retry, const Answer* refusal) {
  const std::uint64_t pause = std::min(kFirstCommitRetryMs << std::min(retry.failures, 10u), kLastCommitRetryMs);
  ++retry.failures;
  if (refusal != nullptr && refusal->retry_after_ms != 0)
    retry.not_before = after(context.now, refusal->retry_after_ms);
  retry.at = std::max(after(context.now, pause), retry.not_before);
}

Time Conversations::next_deadline() const {
  Time next = Time::never();
  for (const auto& [channel, retry] : retries_) next = std::min(next, retry.at);
  for (const auto& [channel, retry] : update_retries_) next = std::min(next, retry.at);
  for (const auto& [channel, when] : wakes_) next = std::min(next, when);
  return next;
}

void Conversations::wake(const ChannelId& channel, Time when) {
  const auto [known, is_new] = wakes_.try_emplace(channel, when);
  known->second = std::min(known->second, when);
}

void Conversations::save(Context& context, const Conversation& conversation) {
  context.store.put(tables::kConversations, to_bytes(conversation.channel.view()), wire::encode(conversation));
}

mls::Group* Conversations::group(const StoreView& store, const ChannelId& channel) {
  const auto kept = groups_.find(channel);
  if (kept != groups_.end()) return &kept->second;
  const auto row = store.get(tables::kGroups, channel);
  if (!row) return nullptr;
  auto restored = mls::Group::restore(*row);
  if (!restored) return nullptr;
  return &groups_.emplace(channel, std::move(*restored)).first->second;
}

void Conversations::save_group(Context& context, const ChannelId& channel, const mls::Group& group) {
  context.store.put(tables::kGroups, to_bytes(channel.view()), to_bytes(group.serialise().expose()));
}

void Conversations::save_moved_on(Context& context, const ChannelId& channel, const mls::Group& group,
                                  std::uint64_t former) {
  save_group(context, channel, group);
  wire::Writer w;
  w.u64(context.now.ms);
  context.store.put(tables::kFormerEpochs, numbered(channel, former), w.take());
}

void Conversations::forget_former_epochs(Context& context) {
  if (context.now < next_forgetting_) return;
  next_forgetting_ = after(context.now, kHourMs);
  forget_lost_echoes(context);
  for (const Row& row : context.store.scan(tables::kFormerEpochs, {}, {}, kMaxConversations)) {
    wire::Reader r(row.value);
    const auto ended = r.u64();
    if (ended && elapsed_ms(context.now, Time{*ended}) < kFormerEpochLifeMs) continue;
    const ChannelId channel = *ChannelId::from(ByteView(row.key).first(ChannelId::kSize));
    if (mls::Group* held = group(context.store, channel)) {
      held->forget_epochs_before(index_of(row.key) + 1);
      save_group(context, channel, *held);
    }
    context.store.erase(tables::kFormerEpochs, row.key);
    context.store.erase(tables::kOwnRemovals, row.key);
  }
}

std::uint64_t Conversations::add_message(Context& context, Conversation& conversation, const Message& message) {
  const ChannelId home = home_of(context.store, conversation.channel);
  auto other = home == conversation.channel ? std::nullopt : find(context.store, home);
  CHECK(home == conversation.channel || other);
  const std::uint64_t index = (other ? *other : conversation).next_message++;
  context.store.put(tables::kMessages, numbered(home, index), wire::encode(message));
  if (other) save(context, *other);
  save(context, conversation);
  if (listener_) listener_(context, home, index, message, Told::added);
  return index;
}

void Conversations::refuse_outbox(Context& context, const ChannelId& home, Unsent which) {
  for (const Row& row : context.store.scan_prefix(tables::kOutbox, home, ~std::size_t{0})) {
    const auto entry = wire::decode<OutboxEntry>(row.value);
    const bool stays = entry && (!entry->ciphertext.empty() || entry->message == kNoMessage);
    if (!entry || (which == Unsent::not_given_yet && stays)) continue;
    set_delivery(context, home, entry->message, Delivery::refused, context.now);
    context.store.erase(tables::kOutbox, row.key);
  }
}

void Conversations::set_delivery(Context& context, const ChannelId& home, std::uint64_t index, Delivery delivery,
                                 Time time) {
  auto row = message(context.store, home, index);
  if (!row) return;
  row->delivery = delivery;
  row->time_ms = time.ms;
  if (delivery == Delivery::sent) begin_life(context, home, index, *row, context.now);
  change_message(context, home, index, *row);
}

std::vector<Conversation> Conversations::channels(const StoreView& store) const {
  std::vector<Conversation> out;
  for (const Row& row : store.scan(tables::kConversations, {}, {}, kMaxConversations)) {
    auto conversation = wire::decode<Conversation>(row.value);
    if (conversation) out.push_back(std::move(*conversation));
  }
  return out;
}

std::vector<Conversation> Conversations::list(const StoreView& store) const {
  std::vector<Conversation> out = channels(store);
  std::erase_if(out, [&](const Conversation& one) { return home_of(store, one.channel) != one.channel; });
  return out;
}

std::optional<Conversation> Conversations::written_to(const StoreView& store, const ChannelId& home) const {
  for (const ChannelId& channel : channels_of(store, home)) {
    auto conversation = find(store, channel);
    if (conversation && conversation->is_writable()) return conversation;
  }
  return std::nullopt;
}

std::string Conversations::trouble(const StoreView& store, const ChannelId& home) const {
  if (const auto target = written_to(store, home)) return target->trouble;
  for (const ChannelId& channel : channels_of(store, home)) {
    const auto conversation = find(store, channel);
    if (conversation && !conversation->trouble.empty()) return conversation->trouble;
  }
  return {};
}

std::optional<Conversation> Conversations::find(const StoreView& store, const ChannelId& channel) const {
  const auto row = store.get(tables::kConversations, channel);
  if (!row) return std::nullopt;
  auto conversation = wire::decode<Conversation>(*row);
  if (!conversation) return std::nullopt;
  return std::move(*conversation);
}

}  // namespace cairn::client
