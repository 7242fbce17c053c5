#include "core/witness/internal/realm_log.h"

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/witness/realm_tables.h"

namespace cairn::witness {
namespace {

Status verify(const proto::RealmHead& head) {
  return crypto::verify_labelled(head.realm, crypto::kSignRealmHead, head.content(), head.signature);
}

}  // namespace

Status RealmLog::rebuild(Turn& turn, const crypto::SigningKey& key) {
  key_ = &key;
  calls_.clear();
  unheard_.clear();
  size_ = 0;
  head_ = Hash{};
  const auto newest = turn.rows.scan(realm_table::kHeads, {}, {}, 1, Order::descending);
  if (!newest.empty()) {
    wire::Reader reader(newest[0].key);
    size_ = TRY(reader.u64());
    const auto stored = Hash::from(newest[0].value);
    REQUIRE(stored && reader.done(), ErrorCode::internal, "a row of the realm's log is none");
    head_ = *stored;
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
  return ok();
}

proto::RealmHead RealmLog::head() const {
  proto::RealmHead out{key_->public_key(), size_, head_, {}};
  out.signature = crypto::sign_labelled(*key_, crypto::kSignRealmHead, out.content());
  return out;
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
  if (!known || known->size < head.size) turn.save(realm_table::kPeerHeads, to_bytes(head.realm), head);
  return ok();
}

// ---- what the peers know of us ----

void RealmLog::ask(Turn& turn) {
  next_ask_ = after(turn.now, kAskMs);
  const std::string path = std::string(proto::kPathRealmHead) + "/" + to_hex(key_->public_key());
  for (std::size_t i = 0; i < config_.list.peers.size(); ++i) {
    calls_[turn.call(proto::Method::get, config_.list.peers[i].url + path)] = {i, true};
  }
}

void RealmLog::done(Turn& turn, const proto::CallDone& call) {
  const Pending pending = calls_.at(call.id);
  calls_.erase(call.id);
  if (!pending.asks) return;  // a round without an answer is followed by another
  unheard_.erase(pending.peer);
  if (call.reply) answered(turn, pending.peer, *call.reply);
  if (state_ == State::asking && unheard_.empty()) state_ = State::serving;
}

void RealmLog::answered(Turn& turn, std::size_t peer, const proto::CallReply& reply) {
  constexpr int kOk = 200;
  std::uint64_t known_size = 0;
  if (reply.status == kOk) {
    const auto theirs = wire::decode<proto::RealmHead>(reply.body);
    if (theirs && theirs->realm == key_->public_key() && verify(*theirs)) {
      compare(turn, *theirs);
      known_size = theirs->size;
    }
  }
  if (state_ != State::rolled_back && known_size < size_) tell(turn, peer);
}

void RealmLog::tell(Turn& turn, std::size_t peer) {
  const std::string url = config_.list.peers[peer].url + std::string(proto::kPathRealmHead);
  calls_[turn.call(proto::Method::post, url, wire::encode(head()))] = {peer, false};
}

void RealmLog::compare(Turn& turn, const proto::RealmHead& theirs) {
  const auto ours = head_at(turn, theirs.size);
  const bool known = theirs.size <= size_ && (!ours || *ours == theirs.head);  // none: too old to be kept
  if (known || theirs.size == 0) return;
  if (config_.accept_rollback) return adopt(turn, theirs);
  if (state_ == State::rolled_back) return;
  state_ = State::rolled_back;
  turn.save(realm_table::kRollback, {}, theirs);
  turn.event(proto::Event::Level::error,
             "a peer knows more of our log than our database: it is an old copy; nothing is served until the operator "
             "starts with --accept-rollback",
             theirs.size);
}

void RealmLog::adopt(Turn& turn, const proto::RealmHead& theirs) {
  turn.rows.erase(realm_table::kRollback, {});
  turn.rows.put(realm_table::kHeads, numbered({}, theirs.size), to_bytes(theirs.head));
  if (theirs.size > size_) {
    size_ = theirs.size;
    head_ = theirs.head;
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
