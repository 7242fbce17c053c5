#include "core/client/sharing.h"

#include <algorithm>

#include "core/client/invitation_tables.h"
#include "core/client/messages.h"
#include "core/client/requests.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kWaitingLifeMs = 30 * kDayMs;
constexpr std::uint64_t kRestoredLifeMs = 366 * kDayMs;  ///< likewise, of what came out of a backup
constexpr std::size_t kMarksAtOnce = 256;
constexpr std::size_t kMostStamps = 1'000'000;
constexpr std::size_t kRowsAtOnce = 16;
constexpr std::size_t kReadLookedAt = 64;
constexpr std::uint8_t kStamped = 1;

constexpr SharedField kOfName[] = {SharedField::petname, SharedField::known, SharedField::blocked,
                                   SharedField::name_receipts};
constexpr SharedField kOfRoom[] = {SharedField::muted,    SharedField::archived, SharedField::pinned,
                                   SharedField::receipts, SharedField::draft,    SharedField::read,
                                   SharedField::accepted, SharedField::deleted};

Bytes field_key(SharedField field, ByteView subject) {
  const auto number = static_cast<std::uint8_t>(field);
  return concat({{&number, 1}, subject});
}

std::optional<Stamp> stamp_at(const StoreView& store, ByteView key) {
  const auto row = store.get(tables::kSharedStamps, key);
  const auto stamp = row ? wire::decode<Stamp>(*row) : Result<Stamp>(fail(ErrorCode::not_found, "stamp"));
  return stamp ? std::optional(*stamp) : std::nullopt;
}

Bytes switch_value(bool on) { return {static_cast<std::uint8_t>(on ? 1 : 0)}; }

Bytes accepted_value(const StoreView& store, const ChannelId& home, const Conversation& conversation) {
  if (settings_of(store, home).is_request) return switch_value(false);
  const bool is_group = conversation.kind == ConversationKind::group;
  const std::string by = is_group ? brought_by(store, home) : std::string();
  return concat({switch_value(true), as_bytes(by)});
}

/// Whether a new device need not hear of it: what came since shows that conversation again.
bool is_deletion_over(const StoreView& store, SharedField field, ByteView subject) {
  const auto home = ChannelId::from(subject);
  return field == SharedField::deleted && !(home && settings_of(store, *home).is_hidden);
}

/// Whether a new device would be the same without it.
bool is_plain(const SharedRecord& record) {
  switch (record.field) {
    case SharedField::petname:
    case SharedField::draft: return record.value.empty();
    case SharedField::read:
    case SharedField::deleted: return false;
    case SharedField::accepted: return record.is_on();
    default: return !record.is_on();
  }
}

/// The newest message with an id before this index.
std::optional<MessageId> last_before(const StoreView& store, const ChannelId& home, std::uint64_t end) {
  for (const Row& row :
       store.scan(tables::kMessages, numbered(home, 0), numbered(home, end), kReadLookedAt, Order::descending)) {
    const auto message = wire::decode<Message>(row.value);
    if (message && !message->id.is_zero()) return message->id;
  }
  return std::nullopt;
}

/// What another own device says of a group is said of an id, and whoever knows that can make another group of it: such
/// a word lifts no request of a stranger's, but of the one who brought the group that its owner said yes to.
bool may_lift(const StoreView& store, const Account& account, const ChannelId& home, const SharedRecord& record) {
  const bool is_yes_to_group =
      record.field == SharedField::accepted && record.is_on() && record.room.kind == ConversationKind::group;
  if (!is_yes_to_group || !settings_of(store, home).is_request) return true;
  const std::string by = record.brought_by();
  return is_brought_by_known(store, account, home) || (!by.empty() && by == brought_by(store, home));
}

/// Out of a backup: in the name of this device.
bool is_restored(const Account& account, const SharedRecord& record) {
  return record.stamp.device == account.device_id();
}

}  // namespace

// ---- what was set here ----

std::optional<SharedRecord> Sharing::record_of(const StoreView& store, const Account& account, SharedField field,
                                               ByteView subject) const {
  SharedRecord out;
  out.field = field;
  out.stamp = stamp_at(store, field_key(field, subject)).value_or(Stamp{0, account.device_id()});
  if (is_of_name(field)) {
    const auto row = store.get(tables::kContactSettings, subject);
    const auto contact = row ? wire::decode<ContactSettings>(*row) : Result<ContactSettings>(ContactSettings{});
    if (!contact || !directory::Name::from(contact->name)) return std::nullopt;
    out.name = contact->name;
    switch (field) {
      case SharedField::petname: out.value = to_bytes(as_bytes(contact->petname)); break;
      case SharedField::known: out.value = switch_value(contact->is_accepted); break;
      case SharedField::blocked: out.value = switch_value(contact->is_blocked); break;
      default: out.value = switch_value(contact->no_receipts); break;
    }
    return out;
  }
  const auto home = ChannelId::from(subject);
  const auto conversation = home ? conversations_.find(store, *home) : std::nullopt;
  // What can only be read here is a conversation of this device alone.
  if (!conversation || !conversations_.written_to(store, *home)) return std::nullopt;
  out.room = room_of(*conversation);
  const ConversationSettings settings = settings_of(store, *home);
  switch (field) {
    case SharedField::muted: out.value = switch_value(settings.is_muted); break;
    case SharedField::archived: out.value = switch_value(settings.is_archived); break;
    case SharedField::pinned: out.value = switch_value(settings.is_pinned); break;
    case SharedField::receipts: out.value = switch_value(settings.no_receipts); break;
    case SharedField::draft: out.value = to_bytes(as_bytes(settings.draft)); break;
    case SharedField::accepted: out.value = accepted_value(store, *home, *conversation); break;
    case SharedField::deleted: {
      auto last = store.get(tables::kDeletedTo, *home);
      if (!last) return std::nullopt;
      out.value = std::move(*last);
      break;
    }
    default: {
      const auto last = last_before(store, *home, settings.read_to);
      if (!last) return std::nullopt;
      out.value = to_bytes(*last);
    }
  }
  return out;
}

void Sharing::step(Context& context, const Account& account, Others others) {
  waiting_.reset();
  look_at_waiting(context, account);
  waiting_.reset();
  const auto marks = context.store.scan(tables::kSharedMarks, {}, {}, kMarksAtOnce);
  if (marks.empty()) return;
  const bool can_be_said = others == Others::some && line_.home(context.store, account);
  SharedRecords word;
  std::size_t size = 0;
  const auto flush = [&] {
    if (!word.records.empty()) line_.say(context, account, std::exchange(word, {}));
    size = 0;
  };
  for (const Row& row : marks) {
    const auto field = static_cast<SharedField>(row.key.front());
    if (row.value != Bytes{kStamped}) {
      Stamp stamp{context.now.ms, account.device_id()};
      // Whatever this device has seen, its owner has decided after that; but what a clock that was ahead has set nobody
      // else has believed.
      const auto before = stamp_at(context.store, row.key);
      const bool is_believed = before && before->time_ms < after(context.now, kMostAheadMs).ms;
      if (is_believed) stamp.time_ms = std::max(stamp.time_ms, before->time_ms + 1);
      context.store.put(tables::kSharedStamps, row.key, wire::encode(stamp));
      context.store.put(tables::kSharedMarks, row.key, Bytes{kStamped});
    }
    if (others == Others::some && !can_be_said) continue;
    context.store.erase(tables::kSharedMarks, row.key);
    auto record = can_be_said ? record_of(context.store, account, field, ByteView(row.key).subspan(1)) : std::nullopt;
    if (!record) continue;
    size += wire::encode(*record).size();
    word.records.push_back(std::move(*record));
    if (size >= kSharedWordBytes || word.records.size() == kMaxSharedRecords) flush();
  }
  flush();
}

std::vector<SharedRecord> Sharing::settings_from(const StoreView& store, const Account& account, SettingsCursor& place,
                                                 std::size_t most_bytes) const {
  using Phase = SettingsCursor::Phase;
  std::vector<SharedRecord> out;
  std::size_t size = 0;
  while (place.phase != Phase::over) {
    const bool of_names = place.phase == Phase::names;
    Bytes first = place.after;
    if (!first.empty()) first.push_back(0);  // the least key behind it
    const auto rows = store.scan(of_names ? tables::kContactSettings : tables::kSettings, first, {}, kRowsAtOnce);
    if (rows.empty()) place = {of_names ? Phase::conversations : Phase::over, {}};
    for (const Row& row : rows) {
      const auto take = [&](SharedField field) {
        if (is_deletion_over(store, field, row.key)) return;
        auto record = record_of(store, account, field, row.key);
        const bool was_set = stamp_at(store, field_key(field, row.key)).has_value();
        if (!record || (is_plain(*record) && !was_set)) return;
        size += wire::encode(*record).size();
        out.push_back(std::move(*record));
      };
      if (size + kMaxDraftSize >= most_bytes || out.size() + std::size(kOfRoom) > kMaxSharedRecords) return out;
      for (const SharedField field : kOfName) {
        if (of_names) take(field);
      }
      for (const SharedField field : kOfRoom) {
        if (!of_names) take(field);
      }
      place.after = row.key;
    }
  }
  return out;
}

void Sharing::take_over(Context& context, const Account& account, const directory::NameState& own_name) {
  for (const Row& row : context.store.scan(tables::kSharedStamps, {}, {}, kMostStamps)) {
    const auto stamp = wire::decode<Stamp>(row.value);
    const auto* by = stamp ? own_name.find(stamp->device) : nullptr;
    if (by == nullptr || by->active()) continue;
    const std::uint64_t time_ms = std::min(stamp->time_ms, context.now.ms) + 1;  // it may have set it in the future
    context.store.put(tables::kSharedStamps, row.key, wire::encode(Stamp{time_ms, account.device_id()}));
    context.store.put(tables::kSharedMarks, row.key, Bytes{kStamped});
  }
}

// ---- what others have set ----

void Sharing::heard(Context& context, const Account& account, const DeviceId& by, Says says,
                    const SharedRecords& said) {
  for (const SharedRecord& record : said.records) {
    if (says == Says::its_own && record.stamp.device != by) {
      context.note(proto::Event::Level::warning, "a setting in the name of another own device was ignored");
      continue;
    }
    merge(context, account, record);
  }
}

void Sharing::merge(Context& context, const Account& account, const SharedRecord& record) {
  merge(context, account, record, context.now);
}

void Sharing::merge(Context& context, const Account& account, const SharedRecord& record, Time since) {
  if (record.stamp.time_ms > after(context.now, kMostAheadMs).ms) {
    return context.note(proto::Event::Level::warning, "a setting from the future was ignored");
  }
  if (is_of_name(record.field)) return merge_of_name(context, account, record);
  if (!may_be_in(record.room, account.name.text())) {
    return context.note(proto::Event::Level::warning, "a setting of a conversation of others was ignored");
  }
  const auto home = conversations_.find_room(context.store, record.room);
  if (!home) return keep_waiting(context, account, record, since);
  merge_of_room(context, account, *home, record, since);
}

void Sharing::restore(Context& context, const Account& account, SharedRecord record, Backup whose) {
  if (whose == Backup::of_former_device) {
    const bool of_name = is_of_name(record.field);
    const auto home = of_name ? std::nullopt : conversations_.find_room(context.store, record.room);
    const Bytes waiting = of_name ? Bytes{} : field_key(record.field, room_key(record.room));
    const bool waits = !of_name && context.store.get(tables::kSharedWaiting, waiting);
    const Bytes subject = of_name ? name_key(account, record.name) : home ? to_bytes(*home) : Bytes{};
    if (waits || stamp_at(context.store, field_key(record.field, subject))) return;
    record.stamp.time_ms = 0;  // what any device of the name has decided counts, whenever it is heard here
  }
  record.stamp = {std::min(record.stamp.time_ms, context.now.ms) + 1, account.device_id()};
  merge(context, account, record);
}

bool Sharing::wins(Context& context, const Account& account, ByteView key, const SharedRecord& record) {
  const auto before = stamp_at(context.store, key);
  if (before && !(*before < record.stamp)) return false;
  context.store.put(tables::kSharedStamps, to_bytes(key), wire::encode(record.stamp));
  if (is_restored(account, record)) {  // the others hear it from here
    context.store.put(tables::kSharedMarks, to_bytes(key), Bytes{kStamped});
  } else {
    context.store.erase(tables::kSharedMarks, to_bytes(key));
  }
  return true;
}

void Sharing::merge_of_name(Context& context, const Account& account, const SharedRecord& record) {
  if (record.name == account.name.text()) {
    return context.note(proto::Event::Level::warning, "a setting of the own name was ignored");
  }
  if (!wins(context, account, field_key(record.field, name_key(account, record.name)), record)) return;
  ContactSettings contact = contact_of(context.store, account, record.name);
  switch (record.field) {
    case SharedField::petname: contact.petname = as_text(record.value); break;
    case SharedField::known:
      // Out of a backup it says nothing of whom its owner has blocked since.
      contact.is_accepted = record.is_on() && !(is_restored(account, record) && contact.is_blocked);
      break;
    case SharedField::blocked:
      contact.is_blocked = record.is_on();
      if (contact.is_blocked) contact.is_accepted = false;
      break;
    default: contact.no_receipts = record.is_on(); break;
  }
  put_contact(context, account, contact);
}

void Sharing::merge_of_room(Context& context, const Account& account, const ChannelId& home, const SharedRecord& record,
                            Time since) {
  if (record.field == SharedField::read) {  // what was read stays read, whoever comes last
    const auto id = MessageId::from(record.value);
    const auto ref = id ? find_id(context.store, home, *id) : std::nullopt;
    if (!ref) return keep_waiting(context, account, record, since);
    return receipts_.read_elsewhere(context, account, home, ref->index + 1);
  }
  if (record.field == SharedField::deleted) return merge_deletion(context, account, home, record, since);
  if (!may_lift(context.store, account, home, record)) return keep_waiting(context, account, record, since);
  const Bytes key = field_key(record.field, home);
  const bool was_set = stamp_at(context.store, key).has_value();
  if (!wins(context, account, key, record)) return;
  ConversationSettings settings = settings_of(context.store, home);
  switch (record.field) {
    case SharedField::muted: settings.is_muted = record.is_on(); break;
    case SharedField::archived: settings.is_archived = record.is_on(); break;
    case SharedField::pinned: settings.is_pinned = record.is_on(); break;
    case SharedField::receipts: settings.no_receipts = record.is_on(); break;
    case SharedField::draft: settings.draft = as_text(record.value); break;
    default:
      if (record.is_on()) {
        const auto conversation = conversations_.find(context.store, home);
        const std::string other = other_of_pair(account, *conversation);
        const bool is_blocked = !other.empty() && contact_of(context.store, account, other).is_blocked;
        if (is_blocked && is_restored(account, record)) return;
        return accept_conversation(context, account, *conversation);
      }
      if (!was_set) settings.is_request = true;
      break;
  }
  put_settings(context, home, settings);
}

// What was deleted stays deleted, whoever comes last; but where its owner has said yes, on whichever device, nothing
// is.
void Sharing::merge_deletion(Context& context, const Account& account, const ChannelId& home,
                             const SharedRecord& record, Time since) {
  if (!settings_of(context.store, home).is_request) return;
  const auto id = MessageId::from(record.value);
  const auto ref = id ? find_id(context.store, home, *id) : std::nullopt;
  delete_up_to(conversations_, context, home, ref ? ref->index + 1 : 0);
  if (!ref && id && !id->is_zero()) keep_waiting(context, account, record, since);
}

// Of a field in a room one waits, the newest.
void Sharing::keep_waiting(Context& context, const Account& account, const SharedRecord& record, Time since) {
  const std::uint64_t life_ms = is_restored(account, record) ? kRestoredLifeMs : kWaitingLifeMs;
  if (elapsed_ms(context.now, since) > life_ms) return;
  const Bytes key = field_key(record.field, room_key(record.room));
  const auto row = context.store.get(tables::kSharedWaiting, key);
  const auto before = row ? wire::decode<SharedRecord>(*row) : Result<SharedRecord>(fail(ErrorCode::not_found, "row"));
  if (before && !(before->stamp < record.stamp)) return;
  if (!row && !waiting_) waiting_ = context.store.scan(tables::kSharedWaiting, {}, {}, kMaxSharedWaiting).size();
  if (!row && (*waiting_)++ >= kMaxSharedWaiting) {
    return context.note(proto::Event::Level::warning, "a setting of an unknown conversation more was not kept");
  }
  wire::Writer w;
  w.u64(since.ms);
  context.store.put(tables::kSharedWaiting, key, wire::encode(record));
  context.store.put(tables::kSharedWaitingSince, key, w.take());
}

void Sharing::look_at_waiting(Context& context, const Account& account) {
  const std::uint64_t entries = conversations_.entries();
  const bool is_in_more = std::exchange(entries_, entries) != entries;
  if (!std::exchange(something_came_, false) && !is_in_more) return;
  std::vector<std::pair<SharedRecord, Time>> waiting;
  for (const Row& row : context.store.scan(tables::kSharedWaiting, {}, {}, kMaxSharedWaiting)) {
    // What is not about a message waits for a conversation alone.
    const auto field = static_cast<SharedField>(row.key.front());
    if (!is_in_more && field != SharedField::read && field != SharedField::deleted) continue;
    const auto since = context.store.get(tables::kSharedWaitingSince, row.key);
    context.store.erase(tables::kSharedWaiting, row.key);
    context.store.erase(tables::kSharedWaitingSince, row.key);
    auto record = wire::decode<SharedRecord>(row.value);
    // Of an earlier build: it waits from now on.
    const std::uint64_t since_ms = since ? wire::Reader(*since).u64().value_or(0) : context.now.ms;
    if (record) waiting.emplace_back(std::move(*record), Time{since_ms});
  }
  // Groups last: that a pair was accepted says whose Welcome is no stranger's.
  std::stable_partition(waiting.begin(), waiting.end(),
                        [](const auto& one) { return one.first.room.kind != ConversationKind::group; });
  for (const auto& [record, since] : waiting) merge(context, account, record, since);
}

}  // namespace cairn::client
