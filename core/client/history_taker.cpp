#include "core/client/history_taker.h"

#include <algorithm>

#include "core/client/expiry.h"
#include "core/client/requests.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint32_t kFetchTimeoutMs = 120'000;
constexpr std::uint64_t kFirstFetchPauseMs = kSecondMs;
constexpr std::uint64_t kLongestFetchPauseMs = 10 * kMinuteMs;
constexpr std::uint64_t kFullDiskPauseMs = 2 * kSecondMs;
constexpr std::size_t kWaitingRunsAtOnce = 4;
constexpr std::size_t kMaxWaitingRooms = 10'000;
/// A conversation into which nobody brings this device is readable, as an archive, so long after all was taken.
constexpr std::uint64_t kWaitForConversationMs = kDayMs;
constexpr const char* kAskedAgain = "; it is asked for again.";
constexpr std::string_view kRestored = " (restored)";
constexpr const char* kFetchCall = "fetch a piece of history";

Bytes number_key(std::uint32_t number) {
  wire::Writer w;
  w.u32(number);
  return w.take();
}

/// Where a history and what came here by itself meet in a conversation.
struct Met {
  std::optional<std::uint64_t> index;    ///< the giver's, of the last message that both have
  std::optional<std::uint64_t> time_ms;  ///< the server's, of the first one that came here

  /// Whether this came after something that is here. Times of what other names said are the server's on all devices.
  bool is_behind(const HistoryMessage& given, const Account& account) const {
    if (index && given.row.index > *index) return true;
    const Message& message = given.row.message;
    return time_ms && message.sender != account.name.text() && message.time_ms >= *time_ms;
  }
};

/// As far as this run, and those before it, say it.
Met met_in(Context& context, const ChannelId& home, const HistoryRun& run) {
  constexpr std::size_t kLookedAt = 16;
  const std::uint64_t first = first_own_index(context.store);
  Met out;
  const Bytes key = concat({as_bytes("history met "), home});
  if (const auto row = context.store.get(tables::kCounters, key)) {
    if (const auto known = wire::Reader(*row).u64()) out.index = *known;
  }
  for (const HistoryMessage& given : run.messages) {
    const auto ref = find_id(context.store, home, given.row.message.id);
    if (ref && ref->index >= first) out.index = std::max(out.index.value_or(0), given.row.index);
  }
  for (const Row& row : context.store.scan(tables::kMessages, numbered(home, first), prefix_end(home), kLookedAt)) {
    const auto message = wire::decode<Message>(row.value);
    if (!message || message->id.is_zero() || message->delivery != Delivery::received) continue;
    out.time_ms = message->time_ms;
    break;
  }
  if (out.index) {
    wire::Writer w;
    w.u64(*out.index);
    context.store.put(tables::kCounters, key, w.take());
  }
  return out;
}

HistoryHeard load_heard(Context& context) {
  const auto row = context.store.get(tables::kHistoryHeard, {});
  const auto heard = row ? wire::decode<HistoryHeard>(*row) : Result<HistoryHeard>(fail(ErrorCode::not_found, "heard"));
  return heard ? *heard : HistoryHeard{after(context.now, kAskHistoryAgainMs).ms, context.now.ms, 0};
}

/// Nothing is on its way any more.
void forget_way(Context& context) {
  for (const Table table : {tables::kHistoryOffers, tables::kHistoryAnswered}) {
    for (const Row& row : context.store.scan(table, {}, {}, ~std::size_t{0})) context.store.erase(table, row.key);
  }
  context.store.erase(tables::kHistoryHeard, {});
}

/// tables::kHistoryAnswered: the blob, and what was said of it.
void keep_answer(Context& context, const HistoryOffer& offer, HistoryTold::Verdict verdict) {
  const auto number = static_cast<std::uint8_t>(verdict);
  context.store.put(tables::kHistoryAnswered, number_key(offer.number), concat({offer.blob.blob, {&number, 1}}));
}
std::optional<HistoryTold::Verdict> answer_to(const StoreView& store, const HistoryOffer& offer) {
  const auto row = store.get(tables::kHistoryAnswered, number_key(offer.number));
  if (!row || row->size() != proto::BlobId::kSize + 1) return std::nullopt;
  if (!equal(ByteView(*row).first(proto::BlobId::kSize), offer.blob.blob)) return std::nullopt;
  return static_cast<HistoryTold::Verdict>(row->back());
}

void save_heard(Context& context, const HistoryHeard& heard) {
  context.store.put(tables::kHistoryHeard, {}, wire::encode(heard));
}

Bytes waiting_key(const Room& room, std::uint32_t piece, std::uint32_t number) {
  wire::Writer w;
  w.raw(room_key(room));
  w.u32(piece);
  w.u32(number);
  return w.take();
}

}  // namespace

// ---- what the giver says ----

bool HistoryTaker::is_giver(Context& context, const DeviceId& by, const HistoryTake& take) {
  if (by == take.from) return true;
  context.note(proto::Event::Level::warning, "a history of a device that did not let this one in was ignored");
  return false;
}

void HistoryTaker::offered(Context& context, const Account& account, const DeviceId& by, const HistoryOffer& offer) {
  if (offer.to != account.device_id()) return;
  const auto take = load_take(context.store);
  if (!take || take->stage != HistoryTake::Stage::asked || !is_giver(context, by, *take)) return;
  // Said again, for an answer was lost or is on its way: it is the same, whatever lies at the server by now.
  if (const auto verdict = answer_to(context.store, offer)) {
    rooms_.line.say(context, account, HistoryTold{take->from, offer.number, *verdict});
    return;
  }
  if (context.store.scan(tables::kHistoryOffers, {}, {}, kMaxHistoryOffers).size() >= kMaxHistoryOffers) {
    return context.note(proto::Event::Level::warning, "one piece of history more than are asked for was ignored");
  }
  context.store.put(tables::kHistoryOffers, number_key(offer.number), wire::encode(offer));
  save_heard(context, {after(context.now, kAskHistoryAgainMs).ms, load_heard(context).asked_ms, 0});
  next_ = {};
}

void HistoryTaker::ended(Context& context, const Account& account, const DeviceId& by, const HistoryEnd& end) {
  if (end.to != account.device_id()) return;
  auto take = load_take(context.store);
  if (!take || take->stage != HistoryTake::Stage::asked || !is_giver(context, by, *take)) return;
  take->stage = HistoryTake::Stage::over;
  take->ended_ms = context.now.ms;
  take->key.reset();
  if (end.given == HistoryEnd::kNothing) {
    take->trouble =
        "The device that let this one in has nothing more to give; some of what was said before may be missing here.";
  } else if (end.given > take->taken && take->trouble.empty()) {  // a later state of this device has taken some
    take->trouble = "Some of what was said before may be missing here: other pieces were given than this device has.";
  }
  save_take(context, *take);
  forget_way(context);
  if (listener_) listener_(context, *take);
}

void HistoryTaker::mail_is_missing(Context& context) {
  const auto take = load_take(context.store);
  if (!take || take->stage != HistoryTake::Stage::asked) return;
  HistoryHeard heard = load_heard(context);
  heard.due_ms = std::max(context.now, after(Time{heard.asked_ms}, kAskHistoryPauseMs)).ms;
  save_heard(context, heard);
  next_ = {};
}

bool HistoryTaker::is_given_by(const StoreView& store, const DeviceId& by) {
  const auto take = load_take(store);
  return take && take->stage == HistoryTake::Stage::asked && take->from == by;
}

// ---- what is to be done ----

void HistoryTaker::step(Context& context, const Account& account) {
  hungry_ = false;
  auto take = load_take(context.store);
  if (!take) {
    next_ = Time::never();
    return;
  }
  if (account.state == AccountState::removed && take->key) {  // nothing comes any more, and nothing is to be opened
    take->key.reset();
    take->stage = HistoryTake::Stage::over;
    take->ended_ms = context.now.ms;
    save_take(context, *take);
    forget_way(context);
  }
  if (account.state != AccountState::active) return;
  if (take->stage == HistoryTake::Stage::asked) static_cast<void>(is_giver_gone(context, account, *take));
  look_at_waiting(context, account, *take);
  if (take->stage == HistoryTake::Stage::awaited) {
    next_ = Time::never();  // with the input that brings this device into the conversation of the own ones
    return ask(context, account, *take);
  }
  if (context.now < next_) return;
  next_ = Time::never();
  if (take->stage != HistoryTake::Stage::asked) return;
  ask_again(context, account, *take);
  fetch(context, account);
}

bool HistoryTaker::is_giver_gone(Context& context, const Account& account, HistoryTake& take) {
  const auto view = rooms_.views.view(context.store, account, account.name);
  if (!view || view->state().find(take.from) == nullptr || view->state().is_active(take.from)) return false;
  take.stage = HistoryTake::Stage::over;
  take.ended_ms = context.now.ms;
  take.key.reset();
  take.trouble = "The device that let this one in was removed meanwhile, so it gives no more of the history.";
  save_take(context, take);
  forget_way(context);
  if (listener_) listener_(context, take);
  return true;
}

void HistoryTaker::ask(Context& context, const Account& account, HistoryTake& take) {
  if (is_giver_gone(context, account, take)) return;
  if (!rooms_.line.reaches(context.store, account, take.from)) return;
  crypto::KemKeyPair pair = make_history_key(context.entropy);
  const bool messages = take.choice == HistoryChoice::everything;
  if (!rooms_.line.say(context, account, HistoryWanted{take.from, messages, pair.public_key})) return;
  take.key = std::move(pair.private_key);
  take.stage = HistoryTake::Stage::asked;
  save_take(context, take);
  save_heard(context, {after(context.now, kAskHistoryAgainMs).ms, context.now.ms, 0});
  next_ = {};
}

// With the same key: then the giver says again what it has offered, and what was taken meanwhile is not given twice.
void HistoryTaker::ask_again(Context& context, const Account& account, const HistoryTake& take) {
  HistoryHeard heard = load_heard(context);
  if (heard.times >= kMostHistoryAsks || !take.key) return;
  if (heard.due_ms > context.now.ms) {
    next_ = std::min(next_, Time{heard.due_ms});
    if (!context.store.get(tables::kHistoryHeard, {})) save_heard(context, heard);
    return;
  }
  // What waits in the mailbox comes first.
  if (!rooms_.session.caught_up() || !rooms_.line.reaches(context.store, account, take.from)) {
    next_ = std::min(next_, after(context.now, kMinuteMs));
    return;
  }
  const auto public_key = crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, *take.key);
  const bool messages = take.choice == HistoryChoice::everything;
  if (!public_key || !rooms_.line.say(context, account, HistoryWanted{take.from, messages, *public_key})) return;
  heard = {after(context.now, kAskHistoryAgainMs).ms, context.now.ms, heard.times + 1};
  save_heard(context, heard);
  next_ = std::min(next_, Time{heard.due_ms});
}

void HistoryTaker::fetch(Context& context, const Account& account) {
  const auto rows = context.store.scan(tables::kHistoryOffers, {}, {}, 1);
  if (rows.empty() || fetching_) return;
  // Whatever came, it could not be said, and so not be taken.
  if (!rooms_.line.home(context.store, account)) return pause(context);
  const auto offer = wire::decode<HistoryOffer>(rows.front().value);
  if (!offer) return context.store.erase(tables::kHistoryOffers, rows.front().key);
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathBlobGet);
  call.body = wire::encode(proto::BlobGet{offer->blob.blob, 0, static_cast<std::uint32_t>(offer->blob.size)});
  call.timeout_ms = kFetchTimeoutMs;
  fetching_ = rooms_.calls.start(context, kFetchCall, std::move(call),
                                 [this, offer = *offer](Context& later, const Answer& answer) {
                                   fetching_ = false;
                                   next_ = {};
                                   const auto own = load_account(later.store);
                                   if (own) fetched(later, *own, offer, answer);
                                 });
}

void HistoryTaker::pause(const Context& context, std::uint64_t at_least_ms) {
  const std::uint64_t pause = kFirstFetchPauseMs << std::min(failures_++, 12u);
  next_ = after(context.now, std::max(at_least_ms, std::min(pause, kLongestFetchPauseMs)));
}

void HistoryTaker::fetched(Context& context, const Account& account, const HistoryOffer& offer, const Answer& answer) {
  auto take = load_take(context.store);
  if (!take || !take->key || !context.store.get(tables::kHistoryOffers, number_key(offer.number))) return;
  if (context.store.full()) {
    next_ = after(context.now, kFullDiskPauseMs);
    return;
  }
  const std::string piece = "Piece " + std::to_string(offer.number + 1) + " of the history ";
  if (!answer.body) {
    const ErrorCode code = answer.body.error().code;
    if (code == ErrorCode::not_found || code == ErrorCode::over_limit) {
      return lost(context, account, *take, offer, piece + "is not on the server, or not any more");
    }
    return pause(context, answer.retry_after_ms);
  }
  if (!rooms_.line.home(context.store, account)) return pause(context);
  failures_ = 0;
  const auto part = wire::decode<proto::BlobPart>(*answer.body);
  const bool is_it = part && part->size == offer.blob.size && part->data.size() == offer.blob.size &&
                     crypto::sha256(part->data) == offer.blob.digest;
  if (!is_it) {
    return lost(context, account, *take, offer,
                piece + "is not what your other device put there: the server has another one in its place");
  }
  const auto key = open_piece_key(offer, {take->from, account.device_id(), offer.number}, *take->key);
  const auto opened =
      key ? open_piece(part->data, *key, offer.nonce) : Result<HistoryPiece>(tl::unexpected<Error>(key.error()));
  if (!opened) return lost(context, account, *take, offer, piece + "cannot be opened (" + opened.error().where + ")");
  take_piece(context, account, *take, offer, *opened);
}

void HistoryTaker::lost(Context& context, const Account& account, HistoryTake& take, const HistoryOffer& offer,
                        const std::string& why) {
  using Verdict = HistoryTold::Verdict;
  const bool is_last_time = take.asked_again >= kMostAskedAgain;
  const Verdict verdict = is_last_time ? Verdict::given_up : Verdict::again;
  if (!rooms_.line.say(context, account, HistoryTold{take.from, offer.number, verdict})) return;
  keep_answer(context, offer, verdict);
  context.store.erase(tables::kHistoryOffers, number_key(offer.number));
  ++take.asked_again;
  take.trouble = why + (is_last_time ? "; its messages are missing here, and stay on the other device." : kAskedAgain);
  save_take(context, take);
  if (listener_) listener_(context, take);
}

void HistoryTaker::take_piece(Context& context, const Account& account, HistoryTake& take, const HistoryOffer& offer,
                              const HistoryPiece& piece) {
  if (!rooms_.line.say(context, account, HistoryTold{take.from, offer.number, HistoryTold::Verdict::taken})) return;
  keep_answer(context, offer, HistoryTold::Verdict::taken);
  context.store.erase(tables::kHistoryOffers, number_key(offer.number));
  for (const SharedRecord& record : piece.records) rooms_.sharing.merge(context, account, record);
  std::uint32_t number = 0;
  for (const HistoryRun& run : piece.runs) {
    if (take.choice != HistoryChoice::everything) break;  // not what was asked for
    take_run(context, account, offer, number++, run);
    take.taken += run.messages.size();
  }
  // What is taken twice, for an answer was lost, is not counted twice.
  take.total = std::max(offer.total, take.total);
  take.taken = std::min(take.taken, take.total);
  if (take.trouble.ends_with(kAskedAgain)) take.trouble.clear();
  save_take(context, take);
  rooms_.sharing.message_came();
  if (listener_) listener_(context, take);
}

// ---- where it goes ----

void HistoryTaker::take_run(Context& context, const Account& account, const HistoryOffer& offer, std::uint32_t number,
                            const HistoryRun& run) {
  const auto& names = run.about.names;
  const bool is_own =
      may_be_in(run.room, account.name.text()) && (run.room.kind == ConversationKind::group || run.room.names == names);
  if (!is_own) {
    return context.note(proto::Event::Level::warning, "a history of a conversation of others was ignored");
  }
  if (run.is_over) return put_run(context, account, archive(context, account, run), run, Living::archived);
  const auto home = rooms_.conversations.find_room(context.store, run.room);
  if (home) return put_run(context, account, *home, run, Living::yes);
  context.store.put(tables::kHistoryWaiting, waiting_key(run.room, offer.number, number),
                    to_bytes(wire::encode_secret(run).expose()));
  waits_ = true;
}

/// It can be read, and is another conversation than whatever lives, as one out of a backup.
ChannelId HistoryTaker::archive(Context& context, const Account& account, const HistoryRun& run) {
  const ChannelId channel = run.room.kind == ConversationKind::group
                                ? run.room.channel
                                : *ChannelId::from(room_key(run.room).view().first(ChannelId::kSize));
  const ChannelId home = archive_home(channel);
  if (rooms_.conversations.find(context.store, home)) return home;
  Conversation conversation;
  conversation.channel = home;
  conversation.domain = account.domain();
  conversation.kind = ConversationKind::group;
  conversation.state = ConversationState::left;
  const bool is_named = run.about.title.ends_with(kRestored) && run.about.title.find('@') == std::string::npos;
  conversation.title = is_named ? run.about.title : archive_title(account, run.about);
  conversation.names = run.about.names;
  conversation.created_ms = run.about.created_ms;
  context.store.put(tables::kConversations, to_bytes(home), wire::encode(conversation));
  return home;
}

// What came into the conversation after this device was in it may be given before it comes by itself: it stands behind
// what did, in the giver's order.
void HistoryTaker::put_run(Context& context, const Account& account, const ChannelId& home, const HistoryRun& run,
                           Living living) {
  const Met met = living == Living::yes ? met_in(context, home, run) : Met{};
  std::vector<const HistoryMessage*> behind;
  for (const HistoryMessage& given : run.messages) {
    if (!is_wanted(context, home, run, given, living)) continue;
    // Its place is another one's where this device came in before it knew that indexes are shared.
    const bool is_taken = context.store.get(tables::kMessages, numbered(home, given.row.index)).has_value();
    if (is_taken && living == Living::archived) continue;
    if (is_taken || met.is_behind(given, account)) {
      behind.push_back(&given);
    } else {
      put_message(context, account, home, given, living, Place::before);
    }
  }
  std::ranges::sort(behind, {}, [](const HistoryMessage* given) { return given->row.index; });
  for (const HistoryMessage* given : behind) put_message(context, account, home, *given, living, Place::behind);
  if (run.gap) put_gap(context, home, *run.gap, living);
  const std::uint64_t first = first_own_index(context.store);
  ConversationSettings settings = settings_of(context.store, home);
  const std::uint64_t read_to = living == Living::yes ? std::min(run.read_to, first) : run.read_to;
  if (read_to <= settings.read_to) return;
  settings.read_to = read_to;
  put_settings(context, home, settings);
}

bool HistoryTaker::is_wanted(Context& context, const ChannelId& home, const HistoryRun& run,
                             const HistoryMessage& given, Living living) {
  const Message& message = given.row.message;
  const bool is_below = living == Living::archived || given.row.index < first_own_index(context.store);
  const bool may_say = run.room.kind == ConversationKind::group || may_be_in(run.room, message.sender);
  if (!is_below || !may_say) {
    context.note(proto::Event::Level::warning, "a message that its conversation cannot have was ignored");
    return false;
  }
  return !find_id(context.store, home, message.id);
}

void HistoryTaker::put_message(Context& context, const Account& account, const ChannelId& home,
                               const HistoryMessage& given, Living living, Place place) {
  Message message = given.row.message;
  auto conversation = rooms_.conversations.find(context.store, home);
  std::uint64_t index = place == Place::before ? given.row.index : conversation->next_message;
  if (!restore_life(context, home, index, message)) return;
  if (living == Living::archived) {
    conversation->next_message = std::max(conversation->next_message, index + 1);
    context.store.put(tables::kConversations, to_bytes(home), wire::encode(*conversation));
  }
  if (place == Place::before) {
    rooms_.conversations.put_old_message(context, home, index, message);
  } else {
    rooms_.conversations.add_notice(context, *conversation, message);
  }
  put_said_about(context, account, home, index, given);
  if (living == Living::yes) show_again(context, home);
  note_message(rooms_.conversations, context, home, index);
  search_.changed(home, index);
}

// What the giver lacks this device lacks as well, and says so in the same place.
void HistoryTaker::put_gap(Context& context, const ChannelId& home, const HistoryGap& gap, Living living) {
  const bool is_below = living == Living::archived || gap.index < first_own_index(context.store);
  const auto there = context.store.get(tables::kMessages, numbered(home, gap.index));
  const auto other = there ? wire::decode<Message>(*there) : Result<Message>(fail(ErrorCode::not_found, "message"));
  if (!is_below || (other && is_gap(*other))) return;
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = gap.time_ms;
  notice.text = std::string(kGapWords) + ", as on the device that gave this history.";
  auto conversation = rooms_.conversations.find(context.store, home);
  if (there) {
    if (living == Living::yes) rooms_.conversations.add_notice(context, *conversation, notice);
    return;
  }
  rooms_.conversations.put_old_message(context, home, gap.index, notice);
  if (living == Living::yes) return;
  conversation->next_message = std::max(conversation->next_message, gap.index + 1);
  context.store.put(tables::kConversations, to_bytes(home), wire::encode(*conversation));
}

void HistoryTaker::look_at_waiting(Context& context, const Account& account, const HistoryTake& take) {
  const std::uint64_t entries = rooms_.conversations.entries();
  const bool is_late =
      take.stage == HistoryTake::Stage::over && elapsed_ms(context.now, Time{take.ended_ms}) > kWaitForConversationMs;
  if (!waits_ || (std::exchange(entries_, entries) == entries && !is_late)) return;
  waits_ = false;
  std::size_t done = 0;
  Bytes first;
  for (std::size_t rooms = 0; rooms < kMaxWaitingRooms; ++rooms) {
    const auto rows = context.store.scan(tables::kHistoryWaiting, first, {}, 1);
    if (rows.empty()) return;
    const ByteView room = ByteView(rows.front().key).first(Hash::kSize);
    for (const Row& row : context.store.scan_prefix(tables::kHistoryWaiting, room, kWaitingRunsAtOnce)) {
      const auto run = wire::decode<HistoryRun>(row.value);
      const auto home = run ? rooms_.conversations.find_room(context.store, run->room) : std::nullopt;
      if (run && !home && !is_late) {
        waits_ = true;
        break;
      }
      if (home) put_run(context, account, *home, *run, Living::yes);
      if (run && !home && !run->messages.empty())
        put_run(context, account, archive(context, account, *run), *run, Living::archived);
      context.store.erase(tables::kHistoryWaiting, row.key);
      if (++done < kWaitingRunsAtOnce) continue;
      waits_ = hungry_ = true;  // the rest in the next input
      entries_ = entries - 1;
      rooms_.sharing.message_came();
      return;
    }
    if (context.store.scan_prefix(tables::kHistoryWaiting, room, 1).empty() || waits_) first = prefix_end(room);
  }
}

void HistoryTaker::forget_all() {
  fetching_ = false;
  hungry_ = false;
  failures_ = 0;
  next_ = {};
  entries_ = ~std::uint64_t{0};
  waits_ = true;
}

}  // namespace cairn::client
