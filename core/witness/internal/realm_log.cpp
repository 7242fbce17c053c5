#include "core/witness/internal/realm_log.h"

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/proto/api.h"
#include "core/witness/realm_tables.h"

namespace cairn::witness {
namespace {

constexpr int kOk = 200;

Status verify(const proto::RealmHead& head) {
  return crypto::verify_labelled(head.realm, crypto::kSignRealmHead, head.content(), head.signature);
}

}  // namespace

Status RealmLog::rebuild(Turn& turn, const crypto::SigningKey& key) {
  key_ = &key;
  calls_.clear();
  unheard_.clear();
  size_ = 0;
  floor_ = 0;
  head_ = Hash{};
  warned_.reset();
  heard_.assign(config_.list.peers.size(), false);
  const auto newest = turn.rows.scan(realm_table::kHeads, {}, {}, 1, Order::descending);
  if (!newest.empty()) {
    wire::Reader reader(newest[0].key);
    size_ = TRY(reader.u64());
    const auto stored = Hash::from(newest[0].value);
    REQUIRE(stored && reader.done(), ErrorCode::internal, "a row of the realm's log is none");
    head_ = *stored;
  }
  if (const auto floor = turn.rows.get(realm_table::kFloor, {})) {
    wire::Reader reader(*floor);
    floor_ = TRY(reader.u64());
  }
  for (std::size_t i = 0; i < config_.list.peers.size(); ++i) unheard_.insert(i);
  state_ = unheard_.empty() ? State::serving : State::asking;
  const auto proof = TRY(turn.load<proto::RealmHead>(realm_table::kRollback, {}));
  if (proof && config_.accept_rollback) {
    adopt(turn, *proof);
  } else if (proof) {
    state_ = State::rolled_back;
  }
  ask(turn);
  warn_if_alone(turn);
  return ok();
}

void RealmLog::append(Turn& turn, proto::GuessKind kind, std::uint8_t counter, ByteView record) {
  append_raw(turn, static_cast<std::uint8_t>(kind), counter, record);
}

void RealmLog::append(Turn& turn, LogKind kind, ByteView record) {
  append_raw(turn, static_cast<std::uint8_t>(kind), 0, record);
}

void RealmLog::append_raw(Turn& turn, std::uint8_t kind, std::uint8_t counter, ByteView record) {
  ++size_;
  wire::Writer entry;
  entry.raw(as_bytes(crypto::kHashRealmLog));
  entry.u8(0);
  entry.raw(head_);
  entry.u64(size_);
  entry.u64(turn.now.ms);
  entry.u8(kind);
  entry.u8(counter);
  entry.raw(crypto::sha256(record));
  head_ = crypto::sha256(entry.view());
  turn.rows.put(realm_table::kHeads, numbered({}, size_), to_bytes(head_));
  if (size_ > kKeptHeads) turn.rows.erase(realm_table::kHeads, numbered({}, size_ - kKeptHeads));
  next_ask_ = std::min(next_ask_, after(turn.now, kTellMs));
}

std::optional<Hash> RealmLog::head_at(const Turn& turn, std::uint64_t size) const {
  const auto row = turn.rows.get(realm_table::kHeads, numbered({}, size));
  if (!row) return std::nullopt;
  const auto head = Hash::from(*row);
  return head ? *head : Hash{};
}

Status RealmLog::take_head(Turn& turn, const proto::RealmHead& head) {
  const auto& peers = config_.list.peers;
  const bool listed =
      std::any_of(peers.begin(), peers.end(), [&](const RealmPeer& peer) { return peer.key == head.realm; });
  REQUIRE(listed, ErrorCode::not_found, "This realm is no peer here; its operator can list it.");
  REQUIRE(verify(head), ErrorCode::invalid_signature, "This head was not signed by its realm.");
  const auto known = TRY(turn.load<proto::RealmHead>(realm_table::kPeerHeads, head.realm));
  if (known && known->size == head.size && known->head == head.head) return ok();  // a repeat
  const std::uint64_t held = known ? known->size : 0;
  REQUIRE(head.known_size == held && head.known_head == (known ? known->head : Hash{}), ErrorCode::stale,
          "Another head of this realm is held here; ask for it first.");
  turn.save(realm_table::kPeerHeads, to_bytes(head.realm), head);
  return ok();
}

// ---- what the peers know of us ----

void RealmLog::ask(Turn& turn) {
  // Who was started before its peers does not wait a minute to hear them.
  const bool all_heard = peers_heard() == config_.list.peers.size();
  next_ask_ = after(turn.now, all_heard ? kAskMs : kAskAgainMs);
  const std::string path = std::string(proto::kPathRealmHead) + "/" + to_hex(key_->public_key());
  for (std::size_t i = 0; i < config_.list.peers.size(); ++i) {
    calls_[turn.call(proto::Method::get, config_.list.peers[i].url + path)] = {i, true};
  }
}

void RealmLog::done(Turn& turn, const proto::CallDone& call) {
  const Pending pending = calls_.at(call.id);
  calls_.erase(call.id);
  constexpr int kNotFound = 404;
  if (pending.asks) {
    unheard_.erase(pending.peer);
    hear(turn, pending.peer, call.reply ? answered(turn, pending.peer, *call.reply) : false);
    if (state_ == State::asking && unheard_.empty()) state_ = State::serving;
  } else if (call.reply && (call.reply->status == kOk || call.reply->status == kNotFound)) {
    hear(turn, pending.peer, call.reply->status == kOk);  // else: a round without an answer is followed by another
  }
  warn_if_alone(turn);
}

void RealmLog::hear(const Turn& turn, std::size_t peer, std::optional<bool> good) {
  if (!good) return;
  heard_[peer] = *good;
  if (*good) last_heard_ = turn.now;
}

std::optional<bool> RealmLog::answered(Turn& turn, std::size_t peer, const proto::CallReply& reply) {
  if (reply.status != kOk) {
    const auto refusal = wire::decode<proto::ErrorAnswer>(reply.body);
    if (!refusal || refusal->code != ErrorCode::not_found) return false;
    if (size_ == 0) return true;
    if (state_ != State::rolled_back) tell(turn, peer, nullptr);
    return std::nullopt;
  }
  const auto theirs = wire::decode<proto::RealmHead>(reply.body);
  if (!theirs || theirs->realm != key_->public_key() || !verify(*theirs)) return false;
  compare(turn, *theirs);
  if (state_ != State::rolled_back && theirs->size < size_) tell(turn, peer, &*theirs);
  return true;
}

void RealmLog::tell(Turn& turn, std::size_t peer, const proto::RealmHead* known) {
  proto::RealmHead ours{key_->public_key(), size_, head_, 0, {}, {}};
  if (known) {
    ours.known_size = known->size;
    ours.known_head = known->head;
  }
  ours.signature = crypto::sign_labelled(*key_, crypto::kSignRealmHead, ours.content());
  const std::string url = config_.list.peers[peer].url + std::string(proto::kPathRealmHead);
  calls_[turn.call(proto::Method::post, url, wire::encode(ours))] = {peer, false};
}

/// An old database would then not be found out; whoever runs the realm is told, and told again.
void RealmLog::warn_if_alone(Turn& turn) {
  if (state_ != State::serving || peers_heard() > 0) {
    warned_.reset();
    return;
  }
  if (warned_ && turn.now < after(*warned_, kWarnMs)) return;
  warned_ = turn.now;
  turn.event(proto::Event::Level::warning,
             "serves though no peer is heard: an old copy of the database would not be found out; check the list of "
             "peers and the way to them",
             config_.list.peers.size());
}

/// Ours, or too old to be kept, or from before a roll-back that was accepted.
bool RealmLog::is_known(const Turn& turn, const proto::RealmHead& theirs) const {
  if (theirs.size <= floor_) return true;
  const auto ours = head_at(turn, theirs.size);
  return theirs.size <= size_ && (!ours || *ours == theirs.head);
}

void RealmLog::compare(Turn& turn, const proto::RealmHead& theirs) {
  if (is_known(turn, theirs)) return;
  if (config_.accept_rollback) return adopt(turn, theirs);
  // On a full disk the proof waits for room; until then the realm knows it by heart.
  const bool keeps = !turn.rows.full() && !turn.rows.get(realm_table::kRollback, {});
  if (keeps) turn.save(realm_table::kRollback, {}, theirs);
  if (state_ == State::rolled_back) return;
  state_ = State::rolled_back;
  turn.event(proto::Event::Level::error,
             "a peer knows more of our log than our database: it is an old copy; nothing is served until the operator "
             "starts with --accept-rollback",
             theirs.size);
}

void RealmLog::adopt(Turn& turn, const proto::RealmHead& theirs) {
  turn.rows.erase(realm_table::kRollback, {});
  if (theirs.size > size_) head_ = theirs.head;
  size_ = floor_ = std::max(size_, theirs.size) + kRollbackJump - 1;
  turn.rows.put(realm_table::kFloor, {}, numbered({}, floor_));
  for (const Row& row : turn.rows.scan(realm_table::kHeads, {}, {}, kKeptHeads)) {
    turn.rows.erase(realm_table::kHeads, row.key);  // nobody is compared with them any more
  }
  append(turn, LogKind::accepted_rollback, {});
  accepted_ = true;
  turn.event(proto::Event::Level::warning, "goes on after a roll-back, from what a peer knew", theirs.size);
}

void RealmLog::timer(Turn& turn) {
  if (next_ask_ <= turn.now) ask(turn);
}

Time RealmLog::deadline() const { return config_.list.peers.empty() ? Time::never() : next_ask_; }

}  // namespace cairn::witness
