#include "core/witness/internal/token_shares.h"

#include "core/crypto/aead.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/ristretto.h"

namespace cairn::witness {
namespace {

constexpr auto kAead = crypto::AeadAlgorithm::xchacha20_poly1305;
constexpr std::size_t kNonceSize = 24;
constexpr std::size_t kErasedAtOnce = 64;
constexpr std::size_t kCheckedAtOnce = 256;
constexpr std::uint64_t kClockSlackMs = kMinuteMs;
constexpr std::uint64_t kTryAgainMs = kMinuteMs;

struct NumberRow {
  std::uint32_t number = 0;

  void write(wire::Writer& w) const { w.u32(number); }
  static Result<NumberRow> read(wire::Reader& r) {
    return NumberRow { TRY(r.u32()) };
  }
};

/// H(domain), which stands at the front.
ByteView domain_of(const OwnerKey& owner) { return owner.view().first(Hash::kSize); }

/// The smallest key behind this one.
Bytes behind(ByteView key) {
  Bytes out = to_bytes(key);
  out.push_back(0);
  return out;
}

/// The key itself, behind whose it is.
ByteView key_in(const SlotKey& slot) { return slot.expose().subspan(TokenRecordId::kSize); }

/// index || share || check || mac.
SecretBytes encode(const TokenShare& share) {
  return SecretBytes(concat({{&share.index, 1}, share.share.expose(), share.check, share.mac}));
}

bool same(const TokenShare& a, const TokenShare& b) { return crypto::ct_equal(encode(a).expose(), encode(b).expose()); }

}  // namespace

void TokenShares::rebuild(Turn& turn) {
  look_for_due(turn);
  keys_are_ours_ = recognise_keys(turn);
  if (keys_are_ours_) return;
  turn.event(proto::Event::Level::error,
             "the file of keys is missing, unreadable or another store's: put it back; no share of a token is served");
}

/// Afterwards slot 0 must be what was marked.
bool TokenShares::recognise_keys(Turn& turn) {
  const auto mark = turn.rows.get(realm_table::kKeysMark, {});
  if (!mark) return mark_keys(turn);
  const auto found = keys_.read(0);
  return found && *found && equal(crypto::sha256((*found)->expose()), *mark);
}

/// The first start. A slot 0 that is there already is taken as it is: a row that was not read must not cost the shares.
bool TokenShares::mark_keys(Turn& turn) {
  const auto found = keys_.read(0);
  if (!found) return false;
  const auto mark = *found ? (*found)->clone() : random_secret<SlotKey>(turn.entropy);
  if (!*found && !keys_.write(0, mark)) return false;  // the next start tries again
  turn.rows.put(realm_table::kKeysMark, {}, to_bytes(crypto::sha256(mark.expose())));
  if (!turn.rows.get(realm_table::kSlotCount, {})) turn.save(realm_table::kSlotCount, {}, NumberRow{1});
  return true;
}

Status TokenShares::check_keys() const {
  REQUIRE(keys_are_ours_, ErrorCode::storage_failed,
          "This realm cannot read the keys of its shares; use the other realms, and tell its operator.");
  return ok();
}

void TokenShares::look_for_due(const Turn& turn) {
  const auto first = turn.rows.scan(realm_table::kDue, {}, {}, 1);
  next_due_ = Time::never();
  if (first.empty()) return;
  wire::Reader reader(first[0].key);
  const auto time_ms = reader.u64();
  if (time_ms) next_due_ = Time{*time_ms};
}

// ---- storing ----

/// One that was erased, or the next that was never used.
Result<std::uint32_t> TokenShares::take_slot(Turn& turn) const {
  const auto freed = turn.rows.scan(realm_table::kFreeSlots, {}, {}, 1);
  if (!freed.empty()) {
    const auto row = TRY(wire::decode<NumberRow>(freed[0].key));
    turn.rows.erase(realm_table::kFreeSlots, freed[0].key);
    return row.number;
  }
  const auto count = TRY(turn.load<NumberRow>(realm_table::kSlotCount, {}));
  REQUIRE(count, ErrorCode::internal, "the number of slots cannot be read");  // a guess would overwrite somebody's key
  const std::uint32_t next = count->number;
  REQUIRE(next < kMaxSlots, ErrorCode::storage_full, "This realm has no room for another share; choose another realm.");
  turn.save(realm_table::kSlotCount, {}, NumberRow{next + 1});
  return next;
}

/// So that no account, and no domain, takes the slots of the others.
Status TokenShares::check_room(Turn& turn, const OwnerKey& owner) const {
  const auto of_one = TRY(turn.load<NumberRow>(realm_table::kShares, owner));
  REQUIRE(!of_one || of_one->number < proto::kMaxSharesOfOne, ErrorCode::over_limit,
          "This realm keeps as many shares for this account as it may; delete old generations first.");
  const auto of_domain = TRY(turn.load<NumberRow>(realm_table::kShares, domain_of(owner)));
  REQUIRE(!of_domain || of_domain->number < kMaxSlots / std::max<std::size_t>(list_.issuers.size(), 1),
          ErrorCode::over_limit, "This realm has no room for another share of this domain; choose another realm.");
  return ok();
}

void TokenShares::count(Turn& turn, const OwnerKey& owner, bool more) const {
  for (const ByteView whose : {owner.view(), domain_of(owner)}) {
    const auto row = turn.load<NumberRow>(realm_table::kShares, whose);
    const std::uint32_t before = row && *row ? (*row)->number : 0;
    const std::uint32_t now = more ? before + 1 : std::max(before, 1U) - 1;
    if (now != 0) turn.save(realm_table::kShares, to_bytes(whose), NumberRow{now});
    if (now == 0) turn.rows.erase(realm_table::kShares, to_bytes(whose));
  }
}

Result<Bytes> TokenShares::seal(Turn& turn, const TokenRecordId& record, std::uint32_t slot, const TokenShare& share) {
  auto key = random_secret<SlotKey>(turn.entropy);
  std::copy_n(record.data(), TokenRecordId::kSize, key.expose_mutable().begin());
  Bytes nonce(kNonceSize);
  turn.entropy.fill(nonce);
  const SecretBytes plaintext = encode(share);
  TRY(keys_.write(slot, key));
  return concat({nonce, crypto::aead_seal(kAead, key_in(key), nonce, record, plaintext.expose())});
}

Result<Bytes> TokenShares::store(Turn& turn, ByteView body) {
  TRY(check_keys());
  const auto request = TRY(wire::decode<proto::TokenStoreRequest>(body));
  const auto old = TRY(turn.load<TokenRow>(realm_table::kTokens, request.record));
  if (old) {
    const bool ours = old->release_key == request.release_key && old->erase_key == request.erase_key;
    const auto share = TRY(open(request.record, *old));
    REQUIRE(ours && share && same(*share, request.share), ErrorCode::conflict,
            "Something is stored under this id already, or was erased; take a new one.");
    return Bytes{};  // a repeat
  }
  const auto token =
      TRY(check_account_token(turn, list_, key_.public_key(), request.token, proto::TokenPurpose::store_token));
  REQUIRE(request.share.index >= 1 && request.share.index <= kMaxRealms &&
              crypto::RistrettoScalar::from(request.share.share.expose()),
          ErrorCode::malformed, "A share of a token is none; update the program.");
  TokenRow row;
  row.owner = *OwnerKey::from(pin_key({token.domain, token.registration}));
  row.release_key = request.release_key;
  row.erase_key = request.erase_key;
  TRY(check_room(turn, row.owner));
  row.slot = TRY(take_slot(turn));
  row.sealed = TRY(seal(turn, request.record, row.slot, request.share));
  count(turn, row.owner, true);
  use_account_token(turn, token);
  turn.save(realm_table::kTokens, to_bytes(request.record), row);
  log_.append(turn, LogKind::share_stored, request.record);
  return Bytes{};
}

Result<std::optional<SlotKey>> TokenShares::key_of(const TokenRecordId& record, const TokenRow& row) const {
  using Key = std::optional<SlotKey>;
  auto key = keys_.read(row.slot);
  if (!key) return tl::unexpected<Error>(key.error());
  const bool ours = *key && equal((*key)->expose().first(TokenRecordId::kSize), record);
  return ours ? std::move(*key) : Key{};
}

Result<std::optional<TokenShare>> TokenShares::open(const TokenRecordId& record, const TokenRow& row) const {
  using Opened = std::optional<TokenShare>;
  if (row.receipt) return Opened{};
  const auto key = TRY(key_of(record, row));
  if (!key) return Opened{};
  const ByteView sealed(row.sealed);
  REQUIRE(sealed.size() > kNonceSize, ErrorCode::storage_failed,
          "This realm's share is damaged; use the other realms.");
  const auto plaintext =
      crypto::aead_open(kAead, key_in(*key), sealed.first(kNonceSize), record, sealed.subspan(kNonceSize));
  REQUIRE(plaintext, ErrorCode::storage_failed, "This realm's share is damaged; use the other realms.");
  wire::Reader reader(plaintext->expose());
  TokenShare out;
  out.index = TRY(reader.u8());
  out.share = TRY(reader.fixed<EncodedScalar>());
  out.check = TRY(reader.fixed<TokenCheck>());
  out.mac = TRY(reader.fixed<TokenMac>());
  return Opened(std::move(out));
}

// ---- requests of the owner ----

Status TokenShares::authorise(const TokenRow& row, const proto::TokenRequest& request) const {
  const bool changes = request.action == TokenAction::erase || request.action == TokenAction::cancel;
  REQUIRE(request.by == TokenKeyKind::release || (changes && row.erase_key), ErrorCode::not_authorised,
          "This key may not do that here.");
  const PublicKey& signer = request.by == TokenKeyKind::release ? row.release_key : *row.erase_key;
  const Bytes content =
      token_request_content(key_.public_key(), request.record, request.action, request.by, request.change);
  REQUIRE(crypto::verify_labelled(signer, crypto::kSignTokenRequest, content, request.signature),
          ErrorCode::invalid_signature, "Only who stored this share may do that.");
  const std::uint64_t expected = changes ? row.change : 0;
  REQUIRE(request.change == expected || (changes && row.receipt), ErrorCode::stale,
          "Something happened meanwhile; look at its state and repeat.");
  return ok();
}

Result<Bytes> TokenShares::request(Turn& turn, ByteView body) {
  TRY(check_keys());
  const auto request = TRY(wire::decode<proto::TokenRequest>(body));
  auto row = TRY(turn.load<TokenRow>(realm_table::kTokens, request.record));
  REQUIRE(row, ErrorCode::not_found, "Nothing is stored here under this id.");
  TRY(authorise(*row, request));
  if (!row->receipt && !TRY(key_of(request.record, *row))) TRY(erase(turn, request.record, *row));  // was interrupted
  if (!row->receipt) TRY(change(turn, request, *row));
  proto::TokenAnswer answer{{row->change, row->erase_at_ms, std::nullopt, row->receipt}};
  if (request.action == TokenAction::release && !row->receipt) answer.value.share = TRY(open(request.record, *row));
  return wire::encode(answer);
}

/// No change of the share, and so in no log: what an old database has of it is an old word, no more.
Result<Bytes> TokenShares::note(Turn& turn, ByteView body) {
  const auto request = TRY(wire::decode<proto::TokenNoteRequest>(body));
  const auto row = TRY(turn.load<TokenRow>(realm_table::kTokens, request.record));
  REQUIRE(row && !row->receipt, ErrorCode::not_found, "No share is kept here under this id.");
  const Bytes content = token_note_content(key_.public_key(), request.record, request.note);
  REQUIRE(crypto::verify_labelled(row->release_key, crypto::kSignTokenNote, content, request.signature),
          ErrorCode::invalid_signature, "Only who stored this share may do that.");
  if (!request.note.empty()) turn.rows.put(realm_table::kTokenNotes, to_bytes(request.record), request.note);
  auto kept = turn.rows.get(realm_table::kTokenNotes, request.record);
  return wire::encode(proto::TokenNoteAnswer{kept ? std::move(*kept) : Bytes{}});
}

Status TokenShares::change(Turn& turn, const proto::TokenRequest& request, TokenRow& row) {
  if (request.action == TokenAction::erase && request.by == TokenKeyKind::erase)
    return erase(turn, request.record, row);
  if (request.action == TokenAction::erase && row.erase_at_ms == 0) {
    schedule(turn, request.record, row, after(turn.now, proto::kErasureDelayMs).ms);
    log_.append(turn, LogKind::erasure_waits, request.record);
  } else if (request.action == TokenAction::cancel && row.erase_at_ms != 0) {
    schedule(turn, request.record, row, 0);
    log_.append(turn, LogKind::erasure_cancelled, request.record);
  }
  return ok();
}

void TokenShares::schedule(Turn& turn, const TokenRecordId& record, TokenRow& row, std::uint64_t time_ms) {
  if (row.erase_at_ms != 0) turn.rows.erase(realm_table::kDue, due_key(row.erase_at_ms, record));
  row.erase_at_ms = time_ms;
  ++row.change;
  if (time_ms != 0) turn.rows.put(realm_table::kDue, due_key(time_ms, record), {});
  turn.save(realm_table::kTokens, to_bytes(record), row);
  look_for_due(turn);
}

Result<TokenShares::Slot> TokenShares::look_at(const TokenRecordId& record, std::uint32_t slot) const {
  const auto found = TRY(keys_.read(slot));
  if (!found) return Slot::blank;
  const ByteView whose = found->expose().first(TokenRecordId::kSize);
  const bool left_of_ours =
      std::equal(whose.begin(), whose.end(), record.view().begin(),
                 [](std::uint8_t there, std::uint8_t ours) { return there == 0 || there == ours; });
  return left_of_ours ? Slot::ours : Slot::anothers;
}

Status TokenShares::erase(Turn& turn, const TokenRecordId& record, TokenRow& row) {
  if (TRY(look_at(record, row.slot)) != Slot::anothers) {
    TRY(keys_.erase(row.slot));
    turn.save(realm_table::kFreeSlots, wire::encode(NumberRow{row.slot}), NumberRow{row.slot});
  }
  row.receipt = ErasureReceipt{key_.public_key(), record, turn.now.ms, {}};
  row.receipt->signature = crypto::sign_labelled(key_, crypto::kSignReceipt, row.receipt->content());
  row.sealed.clear();
  turn.rows.erase(realm_table::kTokenNotes, to_bytes(record));
  count(turn, std::exchange(row.owner, OwnerKey{}), false);
  schedule(turn, record, row, 0);
  log_.append(turn, LogKind::share_erased, record);
  return ok();
}

// ---- as time passes ----

void TokenShares::begin_delays_anew(Turn& turn) {
  for (Bytes first;;) {
    const auto page = turn.rows.scan(realm_table::kDue, first, {}, kCheckedAtOnce);
    if (page.empty()) break;
    first = behind(page.back().key);
    for (const Row& due : page) {
      const auto record = *TokenRecordId::from(ByteView(due.key).last(TokenRecordId::kSize));
      auto row = turn.load<TokenRow>(realm_table::kTokens, record);
      const std::uint64_t time_ms = after(turn.now, proto::kErasureDelayMs).ms;
      if (!row || !*row || (*row)->erase_at_ms == time_ms) continue;
      schedule(turn, record, **row, time_ms);
      log_.append(turn, LogKind::erasure_waits, record);
    }
  }
}

void TokenShares::watch_clock(Turn& turn, std::uint64_t uptime_ms) {
  if (clocks_) {
    const std::uint64_t passed = elapsed_ms(turn.now, clocks_->time);
    const std::uint64_t really = uptime_ms - std::min(uptime_ms, clocks_->uptime_ms);
    // Small steps add up; a step back takes none of what was before the last time that it was even.
    ahead_ms_ = passed > really ? ahead_ms_ + (passed - really) : ahead_ms_ - std::min(ahead_ms_, really - passed);
    if (ahead_ms_ > kClockSlackMs) {
      jumps_.push_back({uptime_ms, std::exchange(ahead_ms_, 0)});
      turn.event(proto::Event::Level::warning, "the clock went ahead: deletions wait as much longer",
                 jumps_.back().ahead_ms);
    }
  }
  // What waits now was asked for less than 72 h ago.
  while (!jumps_.empty() && uptime_ms - std::min(uptime_ms, jumps_.front().uptime_ms) > proto::kErasureDelayMs) {
    jumps_.pop_front();
  }
  clocks_ = {turn.now, uptime_ms};
}

std::uint64_t TokenShares::ahead_ms() const {
  std::uint64_t out = 0;
  for (const Jump& one : jumps_)
    out = std::min(out + std::min(one.ahead_ms, proto::kErasureDelayMs), proto::kErasureDelayMs);
  return out;
}

Time TokenShares::due() const { return next_due_ == Time::never() ? next_due_ : after(next_due_, ahead_ms()); }

Time TokenShares::deadline() const {
  if (!keys_are_ours_) return Time::never();
  return next_checked_ ? Time{} : due();
}

void TokenShares::timer(Turn& turn) {
  if (!keys_are_ours_) return;
  if (next_checked_) erase_what_came_back(turn);
  if (turn.now < due()) return;
  const std::uint64_t until_ms = turn.now.ms - std::min(turn.now.ms, ahead_ms());
  bool all = true;
  std::size_t erased = 0;
  for (Bytes first; erased < kErasedAtOnce;) {
    const auto due = turn.rows.scan(realm_table::kDue, first, numbered({}, until_ms + 1), kErasedAtOnce);
    if (due.empty()) break;
    first = behind(due.back().key);
    all = erase_due(turn, due, erased) && all;
  }
  look_for_due(turn);
  if (all) return;
  turn.event(proto::Event::Level::error, "a share that is due cannot be erased: look at the file of keys");
  if (erased < kErasedAtOnce) next_due_ = after(Time{until_ms}, kTryAgainMs);
}

bool TokenShares::erase_due(Turn& turn, const std::vector<Row>& due, std::size_t& erased) {
  bool all = true;
  for (const Row& waiting : due) {
    const bool done = erase_one(turn, waiting).has_value();
    erased += done ? 1 : 0;
    all = all && done;
  }
  return all;
}

Status TokenShares::erase_one(Turn& turn, const Row& due) {
  const auto record = *TokenRecordId::from(ByteView(due.key).last(TokenRecordId::kSize));
  auto row = TRY(turn.load<TokenRow>(realm_table::kTokens, record));
  if (row && !row->receipt) TRY(erase(turn, record, *row));
  turn.rows.erase(realm_table::kDue, due.key);
  return ok();
}

/// A file of keys that is older than the database has keys of shares that have their receipts.
void TokenShares::erase_what_came_back(Turn& turn) {
  const auto page = turn.rows.scan(realm_table::kTokens, *next_checked_, {}, kCheckedAtOnce);
  for (const Row& token : page) {
    if (erase_again(token)) continue;
    turn.event(proto::Event::Level::error,
               "a row or slot of a token cannot be read: look at the store and the file of keys");
  }
  next_checked_.reset();
  if (page.size() == kCheckedAtOnce) next_checked_ = behind(page.back().key);
}

Status TokenShares::erase_again(const Row& token) {
  const auto record = TRY(TokenRecordId::from(token.key));
  const auto row = TRY(wire::decode<TokenRow>(token.value));
  if (!row.receipt || TRY(look_at(record, row.slot)) != Slot::ours) return ok();
  return keys_.erase(row.slot);
}

}  // namespace cairn::witness
