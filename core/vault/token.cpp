#include "core/vault/token.h"

#include <algorithm>

#include "core/crypto/ct.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/crypto/shamir.h"

namespace cairn::vault {
namespace {

constexpr std::size_t kRootSize = 32;

crypto::SigningKey signing_key_of(ByteView secret, std::string_view label) {
  return crypto::SigningKey::from_seed(crypto::kdf<crypto::Ed25519Seed>(secret, label, {}));
}

TokenRecordId record_id(ByteView root, ByteView realm) {
  CHECK(root.size() == kRootSize);
  TokenRecordId out;
  crypto::kdf(root, crypto::kDeriveTokenRecord, realm, out.mutable_view());
  return out;
}

BackupToken token_of(ByteView root, const crypto::RistrettoScalar& x) {
  return crypto::kdf<BackupToken>(x.expose(), crypto::kDeriveBackupToken, record_id(root, {}));
}

TokenMac mac_of(ByteView root, const RealmId& realm, std::uint8_t index, ByteView share) {
  const SecretBytes content(concat({realm, {&index, 1}, share}));
  TokenMac out;
  crypto::kdf(root, crypto::kDeriveTokenMac, content.expose(), out.mutable_view());
  return out;
}

TokenAsk make_ask(const RealmSet& set, ByteView root, std::size_t realm, TokenAction action, TokenKeyKind by,
                  std::uint64_t change, const crypto::SigningKey& key) {
  TokenAsk out{realm, token_record_id(root, set.realms[realm]), action, by, change, {}};
  out.signature = crypto::sign_labelled(key, crypto::kSignTokenRequest,
                                        token_request_content(set.realms[realm], out.record, action, by, change));
  return out;
}

}  // namespace

TokenRecordId token_record_id(ByteView root, const RealmId& realm) { return record_id(root, realm); }

crypto::SigningKey token_release_key(ByteView root) {
  CHECK(root.size() == kRootSize);
  return signing_key_of(root, crypto::kDeriveTokenAuth);
}

crypto::SigningKey token_erase_key(ByteView recovery_secret) {
  return signing_key_of(recovery_secret, crypto::kDeriveTokenErase);
}

Result<SharedToken> share_token(const RealmSet& set, ByteView root, Entropy& entropy) {
  TRY(set.check());
  const auto x = crypto::RistrettoScalar::random(entropy);
  SharedToken out{token_of(root, x), {}};
  for (const crypto::ScalarShare& share : crypto::split_scalar(x, set.threshold, set.size(), entropy)) {
    const RealmId& realm = set.realms[share.index - 1u];
    out.shares.push_back({share.index, *EncodedScalar::from(share.value.expose()),
                          mac_of(root, realm, share.index, share.value.expose())});
  }
  return out;
}

Status verify_receipt(const ErasureReceipt& receipt, ByteView root, const RealmId& realm) {
  REQUIRE(receipt.realm == realm && receipt.record == token_record_id(root, realm), ErrorCode::inconsistent,
          "whose receipt");
  return crypto::verify_labelled(realm, crypto::kSignReceipt, receipt.content(), receipt.signature);
}

// ---- recovery ----

Result<TokenRecovery> TokenRecovery::begin(RealmSet set, ByteView root) {
  TRY(set.check());
  return TokenRecovery(std::move(set), root);
}

TokenRecovery::TokenRecovery(RealmSet set, ByteView root)
    : set_(std::move(set)),
      root_(to_bytes(root)),
      fates_(set_.size(), RealmFate::waiting),
      answered_(set_.size(), false),
      erased_(set_.size(), false),
      shares_(set_.size()) {
  const auto key = token_release_key(root);
  for (std::size_t i = 0; i < set_.size(); ++i) {
    asks_.push_back(make_ask(set_, root, i, TokenAction::release, TokenKeyKind::release, 0, key));
  }
}

void TokenRecovery::take(std::size_t realm, Result<TokenState> answer) {
  CHECK(realm < set_.size());
  const bool late = answered_[realm] && fates_[realm] == RealmFate::dead && answer;
  if (done() || (answered_[realm] && !late)) return;
  answered_[realm] = true;
  fates_[realm] = answer ? judge(realm, *answer) : fate_of(answer.error().code);
  settle();
}

RealmFate TokenRecovery::judge(std::size_t realm, TokenState& answer) {
  if (answer.receipt) {
    if (!verify_receipt(*answer.receipt, root_.expose(), set_.realms[realm])) return RealmFate::wrong_signature;
    erased_[realm] = true;
    return RealmFate::nothing_here;
  }
  if (!answer.share || answer.share->index != realm + 1) return RealmFate::wrong_share;
  const ByteView share = answer.share->share.expose();
  const TokenMac mac = mac_of(root_.expose(), set_.realms[realm], answer.share->index, share);
  if (!crypto::ct_equal(mac, answer.share->mac) || !crypto::RistrettoScalar::from(share)) {
    return RealmFate::wrong_share;
  }
  if (answer.erase_at_ms != 0) erase_at_ms_ = std::min(erase_at_ms_.value_or(answer.erase_at_ms), answer.erase_at_ms);
  shares_[realm] = std::move(answer.share->share);
  return RealmFate::good;
}

void TokenRecovery::settle() {
  std::vector<crypto::ScalarShare> good;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (!shares_[i]) continue;
    auto scalar = crypto::RistrettoScalar::from(shares_[i]->expose());
    CHECK(scalar.has_value());  // judge() saw to it
    good.push_back({static_cast<std::uint8_t>(i + 1), std::move(*scalar)});
  }
  if (good.size() >= set_.threshold) {
    const auto x = crypto::combine_scalars(good);
    state_ = x ? State::recovered : State::no_quorum;
    if (x) token_ = token_of(root_.expose(), *x);
    return;
  }
  const auto gone = static_cast<std::size_t>(std::count(erased_.begin(), erased_.end(), true));
  if (gone > set_.size() - set_.threshold) {
    state_ = State::erased;
  } else if (std::count(answered_.begin(), answered_.end(), false) == 0) {
    state_ = State::no_quorum;
  }
}

void TokenRecovery::expire() {
  if (done()) return;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (answered_[i]) continue;
    answered_[i] = true;
    fates_[i] = RealmFate::dead;
  }
  settle();
}

BackupToken TokenRecovery::take_token() {
  CHECK(state_ == State::recovered);
  return std::move(token_);
}

// ---- deletion ----

Result<TokenChange> TokenChange::begin(RealmSet set, ByteView root, Wish wish, TokenKeyKind by,
                                       crypto::SigningKey key) {
  TRY(set.check());
  return TokenChange(std::move(set), root, wish, by, std::move(key));
}

TokenChange::TokenChange(RealmSet set, ByteView root, Wish wish, TokenKeyKind by, crypto::SigningKey key)
    : set_(std::move(set)),
      root_(to_bytes(root)),
      wish_(wish),
      by_(by),
      key_(std::move(key)),
      fates_(set_.size(), RealmFate::waiting),
      steps_(set_.size(), Step::state) {
  for (std::size_t i = 0; i < set_.size(); ++i) ask(i, TokenAction::status, TokenKeyKind::release, 0);
}

void TokenChange::ask(std::size_t realm, TokenAction action, TokenKeyKind by, std::uint64_t change) {
  const ByteView root = root_.expose();
  const bool ours = by == by_;
  asks_.push_back(ours ? make_ask(set_, root, realm, action, by, change, key_)
                       : make_ask(set_, root, realm, action, by, change, token_release_key(root)));
}

void TokenChange::take(std::size_t realm, Result<TokenState> answer) {
  CHECK(realm < set_.size());
  if (steps_[realm] == Step::over) return;
  const bool first = steps_[realm] == Step::state;
  if (answer && first && !answer->receipt) {
    steps_[realm] = Step::change;
    return ask(realm, wish_ == Wish::erase ? TokenAction::erase : TokenAction::cancel, by_, answer->change);
  }
  steps_[realm] = Step::over;
  fates_[realm] = answer ? judge(realm, *answer) : fate_of(answer.error().code);
}

RealmFate TokenChange::judge(std::size_t realm, const TokenState& answer) {
  if (answer.receipt) {
    if (!verify_receipt(*answer.receipt, root_.expose(), set_.realms[realm])) return RealmFate::wrong_signature;
    receipts_.push_back(*answer.receipt);
    return RealmFate::good;
  }
  if (wish_ == Wish::cancel) return answer.erase_at_ms == 0 ? RealmFate::good : RealmFate::refused;
  if (by_ == TokenKeyKind::erase || answer.erase_at_ms == 0) return RealmFate::refused;
  ++waiting_;
  return RealmFate::good;
}

void TokenChange::expire() {
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (steps_[i] == Step::over) continue;
    steps_[i] = Step::over;
    fates_[i] = RealmFate::dead;
  }
}

bool TokenChange::done() const {
  return std::all_of(steps_.begin(), steps_.end(), [](Step step) { return step == Step::over; });
}

}  // namespace cairn::vault
