#include "core/client/history_giver.h"

#include <algorithm>

#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr std::size_t kCountedAtOnce = 1024;
constexpr std::size_t kRunAtOnce = 64;
/// For the headers of vectors, and records beside the messages.
constexpr std::size_t kPieceSlack = 4096;
constexpr std::uint64_t kEndsEveryMs = 5 * kSecondMs;
constexpr std::uint64_t kFirstPutPauseMs = kSecondMs;
constexpr std::uint64_t kLongestPutPauseMs = 10 * kMinuteMs;
constexpr std::uint32_t kPutTimeoutMs = 120'000;
constexpr const char* kPutCall = "put a piece of history";

Bytes place_key(const DeviceId& to, const ChannelId& home) { return concat({to, home}); }

std::optional<HistoryPlace> stored_place(const StoreView& store, const DeviceId& to, const ChannelId& home) {
  const auto row = store.get(tables::kHistoryPlaces, place_key(to, home));
  const auto place = row ? wire::decode<HistoryPlace>(*row) : Result<HistoryPlace>(fail(ErrorCode::not_found, "place"));
  return place ? std::optional(*place) : std::nullopt;
}

void erase_rows(Context& context, Table table, const DeviceId& to) {
  for (const Row& row : context.store.scan_prefix(table, to, ~std::size_t{0})) context.store.erase(table, row.key);
}

/// What is said of a conversation beside its messages.
HistoryRun run_of(const StoreView& store, const Conversation& conversation, bool is_over) {
  HistoryRun out;
  out.room = room_of(conversation);
  out.is_over = is_over;
  out.about = {conversation.kind, conversation.title, conversation.names, conversation.created_ms};
  if (out.about.names.size() > kMaxGivenNames) out.about.names.resize(kMaxGivenNames);
  out.read_to = settings_of(store, conversation.channel).read_to;
  return out;
}

}  // namespace

// ---- what the other device says ----

void HistoryGiver::wanted(Context& context, const Account& account, const DeviceId& by, const HistoryWanted& wanted) {
  if (wanted.of != account.device_id()) return;  // another device let it in
  auto give = load_give(context.store, by);
  if (!give) {
    context.note(proto::Event::Level::warning, "a device that this one did not let in asked for the history");
    rooms_.line.say(context, account, HistoryEnd{by, HistoryEnd::kNothing});
    return;
  }
  if (give->stage != HistoryGive::Stage::awaited) {
    if (give->public_key == wanted.public_key) return offer_again(context, account, *give);
    // An older copy of it was put back, to which nothing came yet: all begins anew, under numbers that were not used.
    stop(context, *give);
    HistoryGive anew;
    anew.to = by;
    anew.choice = give->choice;
    anew.since_ms = give->since_ms;
    anew.next_piece = give->next_piece;
    give = std::move(anew);
  }
  give->public_key = wanted.public_key;
  if (!wanted.messages) give->choice = HistoryChoice::settings_alone;
  give->stage = HistoryGive::Stage::counting;
  save_give(context, *give);
  look_again();
}

void HistoryGiver::offer_again(Context& context, const Account& account, HistoryGive& give) {
  for (const Row& row : context.store.scan_prefix(tables::kHistoryPieces, give.to, kMostPiecesWaiting)) {
    const auto said = context.store.get(tables::kHistorySaid, row.key);
    const auto offer = said ? wire::decode<HistoryOffer>(*said) : Result<HistoryOffer>(fail(ErrorCode::not_found, ""));
    if (offer) {
      rooms_.line.say(context, account, *offer);
      continue;
    }
    const auto piece = load_piece(context.store, tables::kHistoryPieces, row.key);
    context.store.erase(tables::kHistoryPieces, row.key);
    if (piece) delete_blob_later(context, piece->blob.blob, piece->blob.owner);
    if (piece) make_once_more(context, give, row.key, *piece);
  }
  look_again();
}

void HistoryGiver::make_once_more(Context& context, HistoryGive& give, const Bytes& key, const GivenPiece& piece) {
  if (!piece.settings) return save_piece(context, tables::kHistoryAgain, key, piece);
  give.settings = std::min(give.settings, *piece.settings);  // all from there on: they may be others by now
  save_give(context, give);
}

void HistoryGiver::told(Context& context, const Account& account, const DeviceId& by, const HistoryTold& told) {
  auto give = load_give(context.store, by);
  if (told.of != account.device_id() || !give) return;
  const Bytes key = piece_row_key(by, told.number);
  const auto piece = load_piece(context.store, tables::kHistoryPieces, key);
  if (!piece) return;
  context.store.erase(tables::kHistoryPieces, key);
  context.store.erase(tables::kHistorySaid, key);
  delete_blob_later(context, piece->blob.blob, piece->blob.owner);
  look_again();
  if (told.verdict == HistoryTold::Verdict::again) return make_once_more(context, *give, key, *piece);
  if (told.verdict == HistoryTold::Verdict::given_up && piece->settings) {
    say_settings(context, account, *give, *piece->settings);
  }
}

// A server that keeps no piece carries words, or nothing at all: they end where the next piece begins that was made.
void HistoryGiver::say_settings(Context& context, const Account& account, const HistoryGive& give,
                                SettingsCursor place) {
  SettingsCursor end = give.settings;
  for (const Row& row : context.store.scan_prefix(tables::kHistoryPieces, give.to, kMostPiecesWaiting)) {
    const auto other = load_piece(context.store, tables::kHistoryPieces, row.key);
    if (other && other->settings && place < *other->settings) end = std::min(end, *other->settings);
  }
  while (place < end) {
    SharedRecords word{rooms_.sharing.settings_from(context.store, account, place, kSharedWordBytes)};
    if (!word.records.empty()) rooms_.line.say(context, account, word);
  }
}

// ---- what is to be done ----

void HistoryGiver::step(Context& context, const Account& account) {
  hungry_ = false;
  if (account.state != AccountState::active || context.now < next_look_) return;
  next_look_ = Time::never();
  for (HistoryGive& give : load_gives(context.store)) advance(context, account, give);
}

void HistoryGiver::advance(Context& context, const Account& account, HistoryGive& give) {
  using Stage = HistoryGive::Stage;
  const auto view = rooms_.views.view(context.store, account, account.name);
  const directory::AuthorisedDevice* device = view ? view->state().find(give.to) : nullptr;
  const bool is_late = elapsed_ms(context.now, Time{give.since_ms}) > kGrantLifeMs;
  if ((device != nullptr && !device->active()) || (device == nullptr && is_late)) return stop(context, give);
  if (give.stage == Stage::awaited) {
    if (is_late) return stop(context, give);
    next_look_ = std::min(next_look_, after(Time{give.since_ms}, kGrantLifeMs + kSecondMs));
    return;
  }
  if (putting_) return;
  if (give.putting) {  // a piece that was put by a process that is no more, or not said
    delete_blob_later(context, give.putting->blob, give.putting->owner);
    give.putting.reset();
    save_give(context, give);
  }
  if (give.stage == Stage::counting) return count_some(context, give);
  const std::size_t waiting = context.store.scan_prefix(tables::kHistoryPieces, give.to, kMostPiecesWaiting).size();
  if (waiting >= kMostPiecesWaiting) return;
  if (pause_until_ > context.now) {
    next_look_ = std::min(next_look_, pause_until_);
    return;
  }
  if (rooms_.session.token().empty() || !rooms_.line.reaches(context.store, account, give.to)) {
    next_look_ = std::min(next_look_, after(context.now, kEndsEveryMs));
    return;
  }
  if (auto making = make(context, account, give)) return put(context, account, give, std::move(*making));
  if (waiting != 0) return;
  if (!look_at_ends(context, give)) {
    next_look_ = std::min(next_look_, hungry_ ? Time{} : after(context.now, kEndsEveryMs));
    return;
  }
  if (rooms_.line.say(context, account, HistoryEnd{give.to, give.given})) stop(context, give);
}

void HistoryGiver::stop(Context& context, const HistoryGive& give) {
  for (const Table table : {tables::kHistoryPieces, tables::kHistoryAgain}) {
    for (const Row& row : context.store.scan_prefix(table, give.to, ~std::size_t{0})) {
      const auto piece = load_piece(context.store, table, row.key);
      if (piece) delete_blob_later(context, piece->blob.blob, piece->blob.owner);
    }
    erase_rows(context, table, give.to);
  }
  if (give.putting) delete_blob_later(context, give.putting->blob, give.putting->owner);
  erase_rows(context, tables::kHistoryPlaces, give.to);
  erase_rows(context, tables::kHistorySaid, give.to);
  context.store.erase(tables::kHistoryGiven, to_bytes(give.to));
  counting_.erase(give.to);
  newest_.erase(give.to);
}

void HistoryGiver::count_some(Context& context, HistoryGive& give) {
  const auto begun = counting_.find(give.to);
  Counting& counting = counting_[give.to];
  if (begun == counting_.end() && give.choice == HistoryChoice::everything) {
    for (const Conversation& one : rooms_.conversations.list(context.store)) counting.homes.push_back(one.channel);
  }
  hungry_ = true;
  if (!counting.homes.empty()) {
    const auto some =
        rooms_.conversations.messages(context.store, counting.homes.back(), counting.next, kCountedAtOnce);
    for (const auto& one : some) counting.total += is_given(one.message, context.now) ? 1 : 0;
    counting.next = some.empty() ? 0 : some.back().index + 1;
    if (some.empty()) counting.homes.pop_back();
    next_look_ = {};
    return;
  }
  give.total = counting.total;
  give.stage = HistoryGive::Stage::giving;
  counting_.erase(give.to);
  save_give(context, give);
  next_look_ = {};
}

// ---- making a piece ----

std::optional<HistoryGiver::Making> HistoryGiver::make(Context& context, const Account& account,
                                                       const HistoryGive& give) {
  Making making;
  if (make_again(context, give, making)) return making;
  if (give.settings.phase != SettingsCursor::Phase::over) {
    making.settings = making.settings_begin = give.settings;
    making.piece.records = rooms_.sharing.settings_from(context.store, account, *making.settings, kMaxHistoryPiece / 2);
    if (!making.piece.records.empty()) {
      making.row.settings = give.settings;
      return making;
    }
  }
  if (give.choice == HistoryChoice::everything) make_messages(context, give, making);
  if (making.messages == 0 && !making.settings && making.places.empty()) return std::nullopt;
  return making;
}

bool HistoryGiver::make_again(Context& context, const HistoryGive& give, Making& making) {
  const auto rows = context.store.scan_prefix(tables::kHistoryAgain, give.to, 1);
  if (rows.empty()) return false;
  making.once_more = rows.front().key;
  auto lost = load_piece(context.store, tables::kHistoryAgain, rows.front().key);
  if (!lost) return true;
  for (const GivenPiece::Range& range : lost->ranges) {
    const auto conversation = rooms_.conversations.find(context.store, range.home);
    if (!conversation) continue;
    const std::uint64_t done = add_range(context, *conversation, range, kMaxPieceMessages, making);
    // It may have grown since, by reactions and edits: then the rest comes with another piece.
    if (making.is_full) making.left.push_back({range.home, range.from, done});
  }
  return true;
}

void HistoryGiver::make_messages(Context& context, const HistoryGive& give, Making& making) {
  while (!making.is_full) {
    const auto conversation = next_conversation(context, give, making);
    if (!conversation) return;
    HistoryPlace place = place_of(context.store, give, *conversation, making);
    add_run(context, *conversation, place, making);
    making.places[conversation->channel] = place;
    newest_[give.to].erase(conversation->channel);
  }
}

HistoryPlace HistoryGiver::place_of(const StoreView& store, const HistoryGive& give, const Conversation& conversation,
                                    const Making& making) const {
  const auto made = making.places.find(conversation.channel);
  if (made != making.places.end()) return made->second;
  const std::uint64_t end = conversation.next_message;
  return stored_place(store, give.to, conversation.channel).value_or(HistoryPlace{0, end, end, 0, false});
}

std::optional<Conversation> HistoryGiver::next_conversation(Context& context, const HistoryGive& give,
                                                            const Making& making) {
  constexpr std::uint64_t kNone = 0;
  auto& newest = newest_[give.to];
  std::optional<Conversation> best;
  std::uint64_t best_ms = kNone;
  for (Conversation& one : rooms_.conversations.list(context.store)) {
    auto known = newest.find(one.channel);
    if (known == newest.end()) {
      const HistoryPlace place = place_of(context.store, give, one, making);
      const auto rows = context.store.scan(tables::kMessages, numbered(one.channel, place.low),
                                           numbered(one.channel, place.next), 1, Order::descending);
      const auto message = rows.empty() ? Result<Message>(fail(ErrorCode::not_found, "message"))
                                        : wire::decode<Message>(rows.front().value);
      known = newest.emplace(one.channel, rows.empty() ? kNone : message ? message->time_ms + 1 : 1).first;
    }
    if (known->second <= best_ms) continue;
    best_ms = known->second;
    best = std::move(one);
  }
  return best;
}

void HistoryGiver::add_run(Context& context, const Conversation& conversation, HistoryPlace& place, Making& making) {
  const GivenPiece::Range range{conversation.channel, place.low, place.next};
  place.next = add_range(context, conversation, range, kRunAtOnce, making);
  const bool has_more = !context.store
                             .scan(tables::kMessages, numbered(conversation.channel, place.low),
                                   numbered(conversation.channel, place.next), 1, Order::descending)
                             .empty();
  if (!has_more) place.next = place.low;
}

std::uint64_t HistoryGiver::add_range(Context& context, const Conversation& conversation,
                                      const GivenPiece::Range& range, std::size_t limit, Making& making) {
  const ChannelId& home = conversation.channel;
  std::uint64_t done = range.to;
  if (making.row.ranges.size() == GivenPiece::kMaxRanges || making.piece.runs.size() == kMaxPieceRuns) {
    making.is_full = true;
    return done;
  }
  HistoryRun run = run_of(context.store, conversation, !rooms_.conversations.written_to(context.store, home));
  making.bytes += wire::encode(run).size();
  for (const Row& row : context.store.scan(tables::kMessages, numbered(home, range.from), numbered(home, range.to),
                                           limit, Order::descending)) {
    const auto message = wire::decode<Message>(row.value);
    const std::uint64_t index = index_of(row.key);
    if (message && is_gap(*message) && !run.gap) run.gap = {index, message->time_ms};
    auto given = message ? history_message(context.store, home, index, *message, context.now) : std::nullopt;
    const std::size_t size = given ? wire::encode_secret(*given).size() : 0;
    const bool fits = making.bytes + size + kPieceSlack <= kMaxHistoryPiece && making.messages < kMaxPieceMessages;
    if (given && !fits) {
      making.is_full = true;
      break;
    }
    if (given) {
      making.bytes += size;
      ++making.messages;
      run.messages.push_back(std::move(*given));
    }
    done = index;
  }
  if (done == range.to) return done;
  making.row.ranges.push_back({home, done, range.to});
  // A gap alone makes no archive.
  if (!run.messages.empty() || (run.gap && !run.is_over)) making.piece.runs.push_back(std::move(run));
  return done;
}

bool HistoryGiver::look_at_ends(Context& context, const HistoryGive& give) {
  if (give.choice != HistoryChoice::everything) return true;
  bool all_done = true;
  for (const Conversation& one : rooms_.conversations.list(context.store)) {
    HistoryPlace place = place_of(context.store, give, one, {});
    if (place.is_done()) continue;
    const bool is_over = !rooms_.conversations.written_to(context.store, one.channel);
    const bool is_in = !is_over && rooms_.conversations.has_device(context.store, one.channel, give.to);
    if (is_in && place.joined_ms == 0) place.joined_ms = context.now.ms;
    const bool is_settled = is_over || (is_in && elapsed_ms(context.now, Time{place.joined_ms}) >= kSettledMs) ||
                            elapsed_ms(context.now, Time{give.since_ms}) > kJoinWaitMs;
    // Nothing that is given stood there any more, or make() would have found it.
    place.next = place.low;
    if (place.high < one.next_message && !place.is_last) {
      place.low = place.high;
      place.next = place.high = one.next_message;
      newest_[give.to].erase(one.channel);
      hungry_ = true;
    }
    place.is_last = place.is_last || is_settled;
    all_done = all_done && place.is_done();
    context.store.put(tables::kHistoryPlaces, place_key(give.to, one.channel), wire::encode(place));
  }
  return all_done && !hungry_;
}

// ---- putting it ----

void HistoryGiver::put(Context& context, const Account& account, HistoryGive& give, Making making) {
  const auto made = std::make_shared<Put>();
  made->made = std::move(making);
  if (made->made.piece.records.empty() && made->made.piece.runs.empty()) {  // nothing that is given stood there
    said(context, account, give, *made);
    hungry_ = true;
    next_look_ = {};
    return;
  }
  const auto key = random_secret<crypto::StreamKey>(context.entropy);
  OwnBlob blob{random_value<proto::BlobId>(context.entropy), random_secret<crypto::Ed25519Seed>(context.entropy)};
  HistoryOffer& offer = made->offer;
  offer.to = give.to;
  offer.number = give.next_piece;
  offer.nonce = random_value<crypto::StreamNonce>(context.entropy);
  const Status sealed =
      seal_piece_key(offer, key, {account.device_id(), give.to, offer.number}, give.public_key, context.entropy);
  if (!sealed) return stop(context, give);  // checked when it came
  Bytes bytes = seal_piece(made->made.piece, key, offer.nonce);
  offer.blob = {blob.blob, bytes.size(), crypto::sha256(bytes)};
  made->made.piece = {};
  const auto owner = crypto::SigningKey::from_seed(blob.owner.clone());
  proto::BlobPut request;
  request.blob = blob.blob;
  request.owner_key = owner.public_key();
  request.size = bytes.size();
  request.signature = crypto::sign_labelled(owner, crypto::kSignBlobPut, request.content(offer.blob.digest));
  request.data = std::move(bytes);
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathBlobPut);
  call.bearer = rooms_.session.token();
  call.body = wire::encode(request);
  call.timeout_ms = kPutTimeoutMs;
  made->made.row.blob = {blob.blob, blob.owner.clone()};
  give.putting = std::move(blob);
  save_give(context, give);
  putting_ = rooms_.calls.start(
      context, kPutCall, std::move(call),
      [this, to = give.to, made](Context& later, const Answer& answer) { put_answered(later, to, made, answer); });
}

void HistoryGiver::put_answered(Context& context, const DeviceId& to, const std::shared_ptr<Put>& put,
                                const Answer& answer) {
  putting_ = false;
  look_again();
  const auto account = load_account(context.store);
  auto give = load_give(context.store, to);
  if (!account || !give) return;
  if (!give->putting || give->putting->blob != put->offer.blob.blob) {  // it has begun anew
    return delete_blob_later(context, put->made.row.blob.blob, put->made.row.blob.owner);
  }
  const auto body = answer.body ? wire::decode<proto::BlobPutAnswer>(*answer.body)
                                : Result<proto::BlobPutAnswer>(tl::unexpected<Error>(answer.body.error()));
  const bool is_there = body && body->have == put->offer.blob.size;
  if (is_there && !context.store.full() && rooms_.line.home(context.store, *account)) {
    failures_ = 0;
    trouble_.clear();
    give->putting.reset();
    return said(context, *account, *give, *put);
  }
  // It is made anew, by step(): what is to be given may be another by then.
  if (!answer.body && answer.body.error().code == ErrorCode::unauthenticated) rooms_.session.token_refused();
  const std::uint64_t pause = kFirstPutPauseMs << std::min(failures_++, 12u);
  pause_until_ = after(context.now, answer.pause_ms(std::min(pause, kLongestPutPauseMs)));
  trouble_ =
      answer.message.empty() ? "The server does not take the history just now; it is tried again." : answer.message;
  for (const auto& [home, place] : put->made.places) newest_[to].erase(home);
}

/// From here on the other device can have it, and this one goes on behind it.
void HistoryGiver::said(Context& context, const Account& account, HistoryGive& give, Put& put) {
  Making& made = put.made;
  for (const auto& [home, place] : made.places) {
    context.store.put(tables::kHistoryPlaces, place_key(give.to, home), wire::encode(place));
  }
  // One before it may have been lost meanwhile: then all from that one on comes once more.
  if (made.settings && give.settings == made.settings_begin) give.settings = *made.settings;
  if (made.once_more) context.store.erase(tables::kHistoryAgain, *made.once_more);
  if (made.once_more && !made.left.empty()) {
    GivenPiece rest;
    rest.ranges = std::move(made.left);
    save_piece(context, tables::kHistoryAgain, *made.once_more, rest);
  }
  if (put.offer.blob.size != 0) {
    if (!made.once_more) give.given += made.messages;
    give.total = std::max(give.total, give.given);
    put.offer.given = give.given;
    put.offer.total = give.total;
    const Bytes key = piece_row_key(give.to, put.offer.number);
    save_piece(context, tables::kHistoryPieces, key, made.row);
    context.store.put(tables::kHistorySaid, key, wire::encode(put.offer));
    ++give.next_piece;
    rooms_.line.say(context, account, put.offer);
  }
  save_give(context, give);
}

void HistoryGiver::forget_all() {
  counting_.clear();
  newest_.clear();
  putting_ = false;
  hungry_ = false;
  pause_until_ = {};
  failures_ = 0;
  next_look_ = {};
  trouble_.clear();
}

}  // namespace cairn::client
