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
constexpr std::uint64_t kTryAgainMs = kMinuteMs;

struct SlotRow {
  std::uint32_t slot = 0;

  void write(wire::Writer& w) const { w.u32(slot); }
  static Result<SlotRow> read(wire::Reader& r) {
    return SlotRow { TRY(r.u32()) };
  }
};

/// The key itself, behind whose it is.
ByteView key_in(const SlotKey& slot) { return slot.expose().subspan(TokenRecordId::kSize); }

/// index || share || mac.
SecretBytes encode(const TokenShare& share) {
  return SecretBytes(concat({{&share.index, 1}, share.share.expose(), share.mac}));
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

/// At the first start slot 0 is marked; afterwards it must be what was marked.
bool TokenShares::recognise_keys(Turn& turn) {
  const auto mark = turn.rows.get(realm_table::kKeysMark, {});
  if (!mark) {
    const auto fresh = random_secret<SlotKey>(turn.entropy);
    turn.rows.put(realm_table::kKeysMark, {}, to_bytes(crypto::sha256(fresh.expose())));
    return keys_.write(0, fresh).has_value();
  }
  const auto found = keys_.read(0);
  return found && *found && equal(crypto::sha256((*found)->expose()), *mark);
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
    const auto row = TRY(wire::decode<SlotRow>(freed[0].key));
    turn.rows.erase(realm_table::kFreeSlots, freed[0].key);
    return row.slot;
  }
  const auto count = TRY(turn.load<SlotRow>(realm_table::kSlotCount, {}));
  const std::uint32_t next = count ? count->slot : 1;
  REQUIRE(next < kMaxSlots, ErrorCode::storage_full, "This realm has no room for another share; choose another realm.");
  turn.save(realm_table::kSlotCount, {}, SlotRow{next + 1});
  return next;
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
  row.release_key = request.release_key;
  row.erase_key = request.erase_key;
  row.slot = TRY(take_slot(turn));
  row.sealed = TRY(seal(turn, request.record, row.slot, request.share));
  use_account_token(turn, token);
  turn.save(realm_table::kTokens, to_bytes(request.record), row);
  return Bytes{};
}

Result<std::optional<SlotKey>> TokenShares::key_of(const TokenRecordId& record, const TokenRow& row) const {
  using Key = std::optional<SlotKey>;
  if (row.sealed.size() <= kNonceSize) return Key{};
  auto key = keys_.read(row.slot);
  if (!key) return tl::unexpected<Error>(key.error());
  const bool ours = *key && equal((*key)->expose().first(TokenRecordId::kSize), record);
  return ours ? std::move(*key) : Key{};
}

Result<std::optional<TokenShare>> TokenShares::open(const TokenRecordId& record, const TokenRow& row) const {
  using Opened = std::optional<TokenShare>;
  const auto key = TRY(key_of(record, row));
  if (!key) return Opened{};
  const ByteView sealed(row.sealed);
  const auto plaintext =
      crypto::aead_open(kAead, key_in(*key), sealed.first(kNonceSize), record, sealed.subspan(kNonceSize));
  REQUIRE(plaintext, ErrorCode::storage_failed, "This realm's share is damaged; use the other realms.");
  wire::Reader reader(plaintext->expose());
  TokenShare out;
  out.index = TRY(reader.u8());
  out.share = TRY(reader.fixed<EncodedScalar>());
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

Status TokenShares::change(Turn& turn, const proto::TokenRequest& request, TokenRow& row) {
  if (request.action == TokenAction::erase && request.by == TokenKeyKind::erase)
    return erase(turn, request.record, row);
  if (request.action == TokenAction::erase && row.erase_at_ms == 0) {
    schedule(turn, request.record, row, after(turn.now, proto::kErasureDelayMs).ms);
  } else if (request.action == TokenAction::cancel && row.erase_at_ms != 0) {
    schedule(turn, request.record, row, 0);
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

Status TokenShares::erase(Turn& turn, const TokenRecordId& record, TokenRow& row) {
  if (TRY(key_of(record, row))) {
    TRY(keys_.erase(row.slot));
    turn.save(realm_table::kFreeSlots, wire::encode(SlotRow{row.slot}), SlotRow{row.slot});
  }
  row.receipt = ErasureReceipt{key_.public_key(), record, turn.now.ms, {}};
  row.receipt->signature = crypto::sign_labelled(key_, crypto::kSignReceipt, row.receipt->content());
  row.sealed.clear();
  schedule(turn, record, row, 0);
  return ok();
}

void TokenShares::timer(Turn& turn) {
  if (!keys_are_ours_ || turn.now < next_due_) return;
  const auto due = turn.rows.scan(realm_table::kDue, {}, numbered({}, turn.now.ms + 1), kErasedAtOnce);
  for (const Row& waiting : due) {
    const auto record = TokenRecordId::from(ByteView(waiting.key).last(TokenRecordId::kSize));
    auto row = turn.load<TokenRow>(realm_table::kTokens, *record);
    if (!row || !*row) {
      turn.rows.erase(realm_table::kDue, waiting.key);
    } else if (const Status erased = erase(turn, *record, **row); !erased) {
      turn.event(proto::Event::Level::error, "a share that is due cannot be erased: look at the file of keys");
      next_due_ = after(turn.now, kTryAgainMs);
      return;
    }
  }
  look_for_due(turn);
}

}  // namespace cairn::witness
