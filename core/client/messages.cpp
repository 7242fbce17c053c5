#include "core/client/messages.h"

#include <deque>

#include "core/client/backup_archive.h"
#include "core/client/early_changes.h"
#include "core/client/expiry.h"
#include "core/client/preview.h"
#include "core/client/row_keys.h"
#include "core/client/send_keys.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxMessageText = 64 * 1024;
constexpr std::size_t kStoreAll = ~std::size_t{0};

Bytes version_key(const ChannelId& home, std::uint64_t index, std::uint32_t depth, const MessageId& id) {
  wire::Writer w;
  w.raw(home);
  w.u64(index);
  w.u32(depth);
  w.raw(id);
  return w.take();
}

using Version = NumberedEdit;

std::vector<Version> versions_of(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  return numbered_versions(store, home, index);
}

void put_id(Context& context, const ChannelId& home, const MessageId& id, const MessageRef& ref) {
  context.store.put(tables::kMessageIds, concat({home, id}), wire::encode(ref));
}
void erase_id(Context& context, const ChannelId& home, const MessageId& id) {
  context.store.erase(tables::kMessageIds, concat({home, id}));
}

void erase_all(Context& context, Table table, const Bytes& prefix) {
  for (const Row& row : context.store.scan_prefix(table, prefix, kStoreAll)) context.store.erase(table, row.key);
}

void erase_reactions(Context& context, const ChannelId& home, std::uint64_t index) {
  for (const NumberedReaction& one : reactions(context.store, home, index)) erase_id(context, home, one.id);
  erase_all(context, tables::kReactions, numbered(home, index));
}

/// One change, and where it is made.
class Changing {
 public:
  Changing(Conversations& conversations, Context& context, const ChannelId& home)
      : conversations_(conversations), context_(context), home_(home) {}

  enum class Outcome { done, refused, early };
  Outcome apply(const Change& change);

 private:
  Outcome about_reaction(const MessageRef& ref, const Change& change);
  Outcome about_message(const MessageRef& ref, const Change& change);
  Outcome add_reaction(std::uint64_t index, const Message& message, const Change& change);
  Outcome take_back(std::uint64_t index, Message message, const Change& change);
  Outcome edit(const MessageRef& ref, Message message, const Change& change);
  Outcome refuse(std::string_view why) {
    context_.note(proto::Event::Level::warning, why);
    return Outcome::refused;
  }

  Conversations& conversations_;
  Context& context_;
  const ChannelId home_;
};

Changing::Outcome Changing::apply(const Change& change) {
  if (find_id(context_.store, home_, change.id)) return Outcome::refused;
  const auto ref = find_id(context_.store, home_, change.target);
  if (!ref) return Outcome::early;
  return ref->kind == MessageRef::Kind::reaction ? about_reaction(*ref, change) : about_message(*ref, change);
}

// draft-ietf-mimi-content, "Rendering and authorization of edits and deletes": nobody but the original sender.
Changing::Outcome Changing::about_reaction(const MessageRef& ref, const Change& change) {
  const Bytes key = concat({numbered(home_, ref.index), change.target});
  const auto row = context_.store.get(tables::kReactions, key);
  const auto old = row ? wire::decode<Reaction>(*row) : Result<Reaction>(fail(ErrorCode::not_found, "reaction"));
  const auto message = conversations_.message(context_.store, home_, ref.index);
  if (!old || !message) return Outcome::refused;
  if (old->sender != change.sender) return refuse("a change of somebody else's reaction was ignored");
  if (change.kind == Change::Kind::edit) return refuse("a reaction that became something else was ignored");
  context_.store.erase(tables::kReactions, key);
  if (change.kind == Change::Kind::reaction) {
    erase_id(context_, home_, change.target);
    return add_reaction(ref.index, *message, change);
  }
  conversations_.change_message(context_, home_, ref.index, *message);
  return Outcome::done;
}

Changing::Outcome Changing::about_message(const MessageRef& ref, const Change& change) {
  auto message = conversations_.message(context_.store, home_, ref.index);
  if (!message || message->unsent) return Outcome::refused;
  if (change.kind == Change::Kind::reaction) return add_reaction(ref.index, *message, change);
  if (message->sender != change.sender) return refuse("a change of somebody else's message was ignored");
  if (change.kind == Change::Kind::retraction) return take_back(ref.index, std::move(*message), change);
  return edit(ref, std::move(*message), change);
}

Changing::Outcome Changing::add_reaction(std::uint64_t index, const Message& message, const Change& change) {
  const auto all = reactions(context_.store, home_, index);
  const auto of_name = std::count_if(all.begin(), all.end(),
                                     [&](const NumberedReaction& one) { return one.reaction.sender == change.sender; });
  if (static_cast<std::size_t>(of_name) >= kMaxReactionsOfName) return refuse("one reaction more was ignored");
  const Reaction reaction{change.sender, change.device, change.time_ms, change.text};
  context_.store.put(tables::kReactions, concat({numbered(home_, index), change.id}), wire::encode(reaction));
  put_id(context_, home_, change.id, {MessageRef::Kind::reaction, index, 0});
  conversations_.change_message(context_, home_, index, message);
  return Outcome::done;
}

Changing::Outcome Changing::take_back(std::uint64_t index, Message message, const Change& change) {
  // The ids of its versions stay, so that what is still said about one of them is about this.
  for (const Version& one : versions_of(context_.store, home_, index)) {
    const Edit empty{one.edit.device, one.edit.time_ms, {}, {}};
    context_.store.put(tables::kEdits, version_key(home_, index, one.depth, one.id), wire::encode(empty));
  }
  erase_reactions(context_, home_, index);
  forget_attachment(context_, home_, index, BlobFate::goes);
  message.text.clear();
  message.unknown_type.clear();
  message.version = message.id;
  message.unsent = true;
  message.edited_ms = change.time_ms;
  conversations_.change_message(context_, home_, index, message);
  return Outcome::done;
}

// Each version builds on one that its sender saw, and on all that the same device said before. Of those that do not
// know of each other the one with the greater id is shown: so everybody shows the same, whatever came first.
Changing::Outcome Changing::edit(const MessageRef& ref, Message message, const Change& change) {
  std::vector<Version> all = versions_of(context_.store, home_, ref.index);
  if (all.size() >= kMaxVersions) return refuse("one version of a message more was ignored");
  if (all.empty()) {
    const Edit first{message.device, message.time_ms, message.text, message.unknown_type};
    context_.store.put(tables::kEdits, version_key(home_, ref.index, 0, message.id), wire::encode(first));
  }
  std::uint32_t depth = ref.depth + 1;
  for (const Version& one : all) {
    if (one.edit.device == change.device) depth = std::max(depth, one.depth + 1);
  }
  const Edit version{change.device, change.time_ms, change.text, change.unknown_type};
  context_.store.put(tables::kEdits, version_key(home_, ref.index, depth, change.id), wire::encode(version));
  put_id(context_, home_, change.id, {MessageRef::Kind::message, ref.index, depth});
  erase_preview(context_, home_, ref.index);  // a file belongs to the first version
  const Version newest = versions_of(context_.store, home_, ref.index).back();
  message.text = newest.edit.text;
  message.unknown_type = newest.edit.unknown_type;
  message.version = newest.id;
  message.edited_ms = newest.edit.time_ms;
  conversations_.change_message(context_, home_, ref.index, message);
  return Outcome::done;
}

/// What waits for `id`, and does so no more.
std::vector<Change> take_early(Context& context, const ChannelId& home, const MessageId& id) {
  std::vector<Change> out;
  for (const Row& row : context.store.scan_prefix(tables::kEarlyChanges, concat({home, id}), kStoreAll)) {
    auto early = wire::decode<EarlyChange>(row.value);
    if (early && !early->is_over(context.now)) out.push_back(std::move(early->change));
    context.store.erase(tables::kEarlyChanges, row.key);
  }
  // Those of one device in their order, as far as clocks tell it.
  std::stable_sort(out.begin(), out.end(), [](const Change& a, const Change& b) { return a.time_ms < b.time_ms; });
  return out;
}

Bytes early_key(const ChannelId& home, const Change& change) { return concat({home, change.target, change.id}); }

void save_early(Context& context, const ChannelId& home, const EarlyChange& early) {
  context.store.put(tables::kEarlyChanges, early_key(home, early.change), wire::encode(early));
  look_at_early(context, home, early.until_ms);
}

/// So that one more can be kept of this name.
void make_room_for_early(Context& context, const ChannelId& home, const std::string& sender) {
  std::map<std::string, std::vector<std::pair<std::uint64_t, Bytes>>> kept;  // of each name, with their times
  std::size_t count = 0;
  for (Row& row : context.store.scan_prefix(tables::kEarlyChanges, home, kMaxEarly)) {
    const auto other = wire::decode<EarlyChange>(row.value);
    if (!other || other->is_over(context.now)) {
      context.store.erase(tables::kEarlyChanges, row.key);
      continue;
    }
    kept[other->change.sender].emplace_back(other->change.time_ms, std::move(row.key));
    ++count;
  }
  auto whose = kept.find(sender);
  if (whose == kept.end() || whose->second.size() < kMaxEarlyOfName) {
    if (count < kMaxEarly) return;
    whose = std::max_element(kept.begin(), kept.end(),
                             [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  }
  context.store.erase(tables::kEarlyChanges, std::min_element(whose->second.begin(), whose->second.end())->second);
}

void keep_early(Context& context, const ChannelId& home, const Change& change) {
  make_room_for_early(context, home, change.sender);
  save_early(context, home, {change, after(context.now, kEarlyLifeMs).ms});
}

/// Whether anything was done, or kept for later.
bool apply_all(Conversations& conversations, Context& context, const ChannelId& home, std::deque<Change> waiting) {
  bool any = false;
  while (!waiting.empty()) {
    const Change change = std::move(waiting.front());
    waiting.pop_front();
    switch (Changing(conversations, context, home).apply(change)) {
      case Changing::Outcome::early:
        any = true;
        keep_early(context, home, change);
        break;
      case Changing::Outcome::refused: break;
      case Changing::Outcome::done:
        any = true;
        for (Change& early : take_early(context, home, change.id)) waiting.push_back(std::move(early));
        break;
    }
  }
  return any;
}

}  // namespace

void MessageRef::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.u64(index);
  w.u32(depth);
}
Result<MessageRef> MessageRef::read(wire::Reader& r) {
  MessageRef out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind == 1 || kind == 2, ErrorCode::malformed, "kind of a message id");
  out.kind = static_cast<Kind>(kind);
  out.index = TRY(r.u64());
  out.depth = TRY(r.u32());
  return out;
}

void Edit::write(wire::Writer& w) const {
  w.raw(device);
  w.u64(time_ms);
  w.opaque(text);
  w.opaque(unknown_type);
}
Result<Edit> Edit::read(wire::Reader& r) {
  Edit out;
  out.device = TRY(r.fixed<DeviceId>());
  out.time_ms = TRY(r.u64());
  out.text = TRY(r.opaque_text(kMaxMessageText));
  out.unknown_type = TRY(r.opaque_text(kMaxMediaTypeSize));
  return out;
}

void Reaction::write(wire::Writer& w) const {
  w.opaque(sender);
  w.raw(device);
  w.u64(time_ms);
  w.opaque(text);
}
Result<Reaction> Reaction::read(wire::Reader& r) {
  Reaction out;
  out.sender = TRY(r.opaque_text(proto::kMaxNameSize));
  out.device = TRY(r.fixed<DeviceId>());
  out.time_ms = TRY(r.u64());
  out.text = TRY(r.opaque_text(kMaxReactionSize));
  return out;
}

void Change::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.raw(id);
  w.raw(target);
  w.opaque(sender);
  w.raw(device);
  w.u64(time_ms);
  w.opaque(text);
  w.opaque(unknown_type);
}
Result<Change> Change::read(wire::Reader& r) {
  Change out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::malformed, "kind of a change");
  out.kind = static_cast<Kind>(kind);
  out.id = TRY(r.fixed<MessageId>());
  out.target = TRY(r.fixed<MessageId>());
  out.sender = TRY(r.opaque_text(proto::kMaxNameSize));
  out.device = TRY(r.fixed<DeviceId>());
  out.time_ms = TRY(r.u64());
  out.text = TRY(r.opaque_text(kMaxMessageText));
  out.unknown_type = TRY(r.opaque_text(kMaxMediaTypeSize));
  return out;
}

bool EarlyChange::is_over(Time now) const {
  return until_ms != 0 ? until_ms <= now.ms : elapsed_ms(now, Time{change.time_ms}) > kEarlyLifeMs;
}

void EarlyChange::write(wire::Writer& w) const {
  change.write(w);
  if (until_ms != 0) w.u64(until_ms);
}
Result<EarlyChange> EarlyChange::read(wire::Reader& r) {
  EarlyChange out;
  out.change = TRY(Change::read(r));
  if (r.done()) return out;
  out.until_ms = TRY(r.u64());
  REQUIRE(out.until_ms != 0, ErrorCode::malformed, "until when a change waits");
  return out;
}

void wait_no_longer_than(Context& context, const ChannelId& home, const Change& change,
                         const std::optional<Expiration>& life) {
  if (!life) return;
  const Bytes key = early_key(home, change);
  const auto row = context.store.get(tables::kEarlyChanges, key);
  auto early = row ? wire::decode<EarlyChange>(*row) : Result<EarlyChange>(fail(ErrorCode::not_found, "row"));
  if (!early) return;
  Message lives;
  set_life(lives, life);
  const Time end = lives.expires_ms != 0 ? Time{lives.expires_ms} : after(context.now, lives.life_s * kSecondMs);
  if (end.ms >= early->until_ms) return;
  early->until_ms = end.ms;
  if (early->is_over(context.now)) return context.store.erase(tables::kEarlyChanges, key);
  save_early(context, home, *early);
}

void forget_early(Context& context, const ChannelId& home, Early which) {
  for (const Row& row : context.store.scan_prefix(tables::kEarlyChanges, home, kStoreAll)) {
    const auto early = wire::decode<EarlyChange>(row.value);
    const bool stays = which == Early::over && early && !early->is_over(context.now);
    if (!stays) context.store.erase(tables::kEarlyChanges, row.key);
  }
}

std::optional<Change> change_in(const Content& content, const MessageId& id, const Speaker& by) {
  Change out;
  out.id = id;
  out.sender = by.name;
  out.device = by.device;
  out.time_ms = by.time_ms;
  if (content.reaction && (content.replaces || content.in_reply_to)) {
    out.kind = Change::Kind::reaction;
    out.target = content.replaces ? *content.replaces : *content.in_reply_to;
    out.text = *content.reaction;
    return out;
  }
  if (!content.replaces) return std::nullopt;
  out.target = *content.replaces;
  if (content.is_null) {
    out.kind = Change::Kind::retraction;
    return out;
  }
  if (content.text) out.text = content.text->text;
  out.unknown_type = content.unknown_type;
  return out;
}

void note_message(Conversations& conversations, Context& context, const ChannelId& home, std::uint64_t index) {
  const auto message = conversations.message(context.store, home, index);
  if (!message || message->id.is_zero()) return;
  put_id(context, home, message->id, {MessageRef::Kind::message, index, 0});
  const auto early = take_early(context, home, message->id);
  apply_all(conversations, context, home, {early.begin(), early.end()});
}

bool take_change(Conversations& conversations, Context& context, const ChannelId& home, const Change& change) {
  return apply_all(conversations, context, home, {change});
}

std::optional<MessageRef> find_id(const StoreView& store, const ChannelId& home, const MessageId& id) {
  const auto row = store.get(tables::kMessageIds, concat({home, id}));
  const auto ref = row ? wire::decode<MessageRef>(*row) : Result<MessageRef>(fail(ErrorCode::not_found, "message id"));
  return ref ? std::optional(*ref) : std::nullopt;
}

std::vector<NumberedReaction> reactions(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  std::vector<NumberedReaction> out;
  for (const Row& row : store.scan_prefix(tables::kReactions, numbered(home, index), kStoreAll)) {
    const auto id = MessageId::from(ByteView(row.key).last(MessageId::kSize));
    auto reaction = wire::decode<Reaction>(row.value);
    if (id && reaction) out.push_back({*id, std::move(*reaction)});
  }
  return out;
}

std::vector<Edit> versions(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  std::vector<Edit> out;
  for (Version& one : versions_of(store, home, index)) out.push_back(std::move(one.edit));
  return out;
}

std::vector<NumberedEdit> numbered_versions(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  std::vector<NumberedEdit> out;
  for (const Row& row : store.scan_prefix(tables::kEdits, numbered(home, index), kStoreAll)) {
    wire::Reader r(ByteView(row.key).subspan(ChannelId::kSize + sizeof index));
    const auto depth = r.u32();
    const auto id = r.fixed<MessageId>();
    auto edit = wire::decode<Edit>(row.value);
    if (depth && id && edit) out.push_back({*depth, *id, std::move(*edit)});
  }
  return out;
}

void put_versions(Context& context, const ChannelId& home, std::uint64_t index,
                  const std::vector<NumberedEdit>& versions) {
  for (const NumberedEdit& one : versions) {
    context.store.put(tables::kEdits, version_key(home, index, one.depth, one.id), wire::encode(one.edit));
    if (one.depth != 0) put_id(context, home, one.id, {MessageRef::Kind::message, index, one.depth});
  }
}

void put_reactions(Context& context, const ChannelId& home, std::uint64_t index,
                   const std::vector<NumberedReaction>& reactions) {
  for (const NumberedReaction& one : reactions) {
    context.store.put(tables::kReactions, concat({numbered(home, index), one.id}), wire::encode(one.reaction));
    put_id(context, home, one.id, {MessageRef::Kind::reaction, index, 0});
  }
}

void wipe_said_about(Context& context, const ChannelId& home, std::uint64_t index) {
  for (const Version& one : versions_of(context.store, home, index)) {
    if (one.depth != 0) erase_id(context, home, one.id);  // the first one's is the message's own
  }
  erase_all(context, tables::kEdits, numbered(home, index));
  erase_reactions(context, home, index);
  forget_attachment(context, home, index, BlobFate::stays);
  erase_all(context, tables::kStatuses, numbered(home, index));
}

void wipe_message(Context& context, const ChannelId& home, std::uint64_t index, const Message& message) {
  wipe_said_about(context, home, index);
  context.store.erase(tables::kReportsDue, numbered(home, index));
  if (!message.id.is_zero()) erase_id(context, home, message.id);
  context.store.erase(tables::kArchived, concat({home, archive_identity(message)}));
  forget_said(context, home, index);
  context.store.erase(tables::kMessages, numbered(home, index));
}

}  // namespace cairn::client
