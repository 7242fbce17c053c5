#include "core/vault/token.h"

#include <algorithm>

#include "core/crypto/ct.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/crypto/shamir.h"

namespace cairn::vault {
namespace {

crypto::SigningKey signing_key_of(ByteView secret, std::string_view label) {
  return crypto::SigningKey::from_seed(crypto::kdf<crypto::Ed25519Seed>(secret, label, {}));
}

TokenRecordId record_id(const BackupRoot& root, ByteView realm) {
  TokenRecordId out;
  crypto::kdf(root.expose(), crypto::kDeriveTokenRecord, realm, out.mutable_view());
  return out;
}

BackupToken token_of(const BackupRoot& root, const crypto::RistrettoScalar& x) {
  return crypto::kdf<BackupToken>(x.expose(), crypto::kDeriveBackupToken, record_id(root, {}));
}

/// Tells shares of one sharing from those of another, and whether so many make what was shared.
TokenCheck check_of(const BackupRoot& root, const crypto::RistrettoScalar& x) {
  TokenCheck out;
  crypto::kdf(x.expose(), crypto::kDeriveTokenCheck, record_id(root, {}), out.mutable_view());
  return out;
}

TokenMac mac_of(const BackupRoot& root, const RealmId& realm, std::uint8_t index, const TokenCheck& check,
                ByteView share) {
  const SecretBytes content(concat({realm, {&index, 1}, check, share}));
  TokenMac out;
  crypto::kdf(root.expose(), crypto::kDeriveTokenMac, content.expose(), out.mutable_view());
  return out;
}

TokenAsk make_ask(const RealmSet& set, const BackupRoot& root, std::size_t realm, TokenAction action, TokenKeyKind by,
                  std::uint64_t change, const crypto::SigningKey& key) {
  TokenAsk out{realm, token_record_id(root, set.realms[realm]), action, by, change, {}};
  out.signature = crypto::sign_labelled(key, crypto::kSignTokenRequest,
                                        token_request_content(set.realms[realm], out.record, action, by, change));
  return out;
}

}  // namespace

TokenRecordId token_record_id(const BackupRoot& root, const RealmId& realm) { return record_id(root, realm); }

crypto::SigningKey token_release_key(const BackupRoot& root) {
  return signing_key_of(root.expose(), crypto::kDeriveTokenAuth);
}

crypto::SigningKey token_erase_key(ByteView recovery_secret) {
  return signing_key_of(recovery_secret, crypto::kDeriveTokenErase);
}

Result<SharedToken> share_token(const RealmSet& set, const BackupRoot& root, Entropy& entropy) {
  TRY(set.check());
  const auto x = crypto::RistrettoScalar::random(entropy);
  SharedToken out{token_of(root, x), {}};
  const TokenCheck check = check_of(root, x);
  for (const crypto::ScalarShare& share : crypto::split_scalar(x, set.threshold, set.size(), entropy)) {
    const RealmId& realm = set.realms[share.index - 1u];
    out.shares.push_back({share.index, *EncodedScalar::from(share.value.expose()), check,
                          mac_of(root, realm, share.index, check, share.value.expose())});
  }
  return out;
}

Status verify_receipt(const ErasureReceipt& receipt, const BackupRoot& root, const RealmId& realm) {
  REQUIRE(receipt.realm == realm && receipt.record == token_record_id(root, realm), ErrorCode::inconsistent,
          "whose receipt");
  return crypto::verify_labelled(realm, crypto::kSignReceipt, receipt.content(), receipt.signature);
}

// ---- recovery ----

Result<TokenRecovery> TokenRecovery::begin(RealmSet set, const BackupRoot& root) {
  TRY(set.check());
  return TokenRecovery(std::move(set), root);
}

TokenRecovery::TokenRecovery(RealmSet set, const BackupRoot& root)
    : set_(std::move(set)),
      root_(root.clone()),
      fates_(set_.size(), RealmFate::waiting),
      answered_(set_.size(), false),
      erased_(set_.size(), false),
      shares_(set_.size()),
      erase_at_ms_(set_.size(), 0) {
  const auto key = token_release_key(root);
  for (std::size_t i = 0; i < set_.size(); ++i) {
    asks_.push_back(make_ask(set_, root, i, TokenAction::release, TokenKeyKind::release, 0, key));
  }
}

void TokenRecovery::take(std::size_t realm, Result<TokenState> answer) {
  CHECK(realm < set_.size());
  const bool late = answered_[realm] && fates_[realm] == RealmFate::dead && answer;
  if ((done() && state_ != State::recovered) || (answered_[realm] && !late)) return;
  answered_[realm] = true;
  fates_[realm] = answer ? judge(realm, *answer) : fate_of(answer.error().code);
  if (state_ == State::recovered) {
    if (shares_[realm]) fates_[realm] = compare(realm);
    return;
  }
  if (shares_[realm]) try_with(realm);
  if (!done()) settle();
}

RealmFate TokenRecovery::judge(std::size_t realm, TokenState& answer) {
  if (answer.receipt) {
    if (!verify_receipt(*answer.receipt, root_, set_.realms[realm])) return RealmFate::wrong_signature;
    erased_[realm] = true;
    return RealmFate::nothing_here;
  }
  if (!answer.share || answer.share->index != realm + 1) return RealmFate::wrong_share;
  const ByteView share = answer.share->share.expose();
  const TokenMac mac = mac_of(root_, set_.realms[realm], answer.share->index, answer.share->check, share);
  auto scalar = crypto::RistrettoScalar::from(share);
  if (!crypto::ct_equal(mac, answer.share->mac) || !scalar) return RealmFate::wrong_share;
  erase_at_ms_[realm] = answer.erase_at_ms;
  shares_[realm] = Kept{answer.share->check, std::move(*scalar)};
  return RealmFate::good;
}

/// Every choice of a threshold of the shares of its sharing, since one of them may be wrong: 3,432 choices at most.
void TokenRecovery::try_with(std::size_t realm) {
  Places others;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (i != realm && shares_[i] && shares_[i]->check == shares_[realm]->check) others.push_back(i);
  }
  const std::size_t wanted = set_.threshold - 1u;
  if (others.size() < wanted) return;
  std::vector<bool> chosen(others.size(), false);
  std::fill_n(chosen.begin(), wanted, true);
  do {
    Places places = {realm};
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (chosen[i]) places.push_back(others[i]);
    }
    const auto x = combine(places);
    if (!x) continue;
    token_ = token_of(root_, *x);
    used_ = std::move(places);
    state_ = State::recovered;
    for (std::size_t i = 0; i < set_.size(); ++i) {
      if (shares_[i]) fates_[i] = compare(i);
    }
    return;
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
}

std::optional<crypto::RistrettoScalar> TokenRecovery::combine(const Places& places) const {
  std::vector<crypto::ScalarShare> shares;
  for (const std::size_t i : places) shares.push_back({static_cast<std::uint8_t>(i + 1), shares_[i]->scalar.clone()});
  auto x = crypto::combine_scalars(shares);
  if (!x || !crypto::ct_equal(check_of(root_, *x), shares_[places[0]]->check)) return std::nullopt;
  return std::move(*x);
}

RealmFate TokenRecovery::compare(std::size_t realm) const {
  if (std::find(used_.begin(), used_.end(), realm) != used_.end()) return RealmFate::good;
  if (shares_[realm]->check != shares_[used_[0]]->check) return RealmFate::other_version;
  Places with_it = used_;
  with_it[0] = realm;
  return combine(with_it) ? RealmFate::good : RealmFate::wrong_share;
}

void TokenRecovery::settle() {
  const auto gone = static_cast<std::size_t>(std::count(erased_.begin(), erased_.end(), true));
  if (gone > set_.size() - set_.threshold) {
    state_ = State::erased;
  } else if (std::count(answered_.begin(), answered_.end(), false) == 0) {
    state_ = State::no_quorum;
  }
}

std::vector<std::size_t> TokenRecovery::waiting() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (erase_at_ms_[i] != 0 && fates_[i] == RealmFate::good) out.push_back(i);
  }
  return out;
}

std::optional<std::uint64_t> TokenRecovery::ends_at_ms() const {
  std::vector<std::uint64_t> times;
  for (const std::size_t realm : waiting()) times.push_back(erase_at_ms_[realm]);
  std::sort(times.begin(), times.end());
  const auto gone = static_cast<std::size_t>(std::count(erased_.begin(), erased_.end(), true));
  const std::size_t enough = set_.size() - set_.threshold + 1;
  if (times.empty() || gone + times.size() < enough) return std::nullopt;
  return gone >= enough ? times.front() : times[enough - gone - 1];
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

Result<TokenChange> TokenChange::begin(RealmSet set, const BackupRoot& root, Wish wish, TokenKeyKind by,
                                       crypto::SigningKey key) {
  TRY(set.check());
  return TokenChange(std::move(set), root, wish, by, std::move(key));
}

TokenChange::TokenChange(RealmSet set, const BackupRoot& root, Wish wish, TokenKeyKind by, crypto::SigningKey key)
    : set_(std::move(set)),
      root_(root.clone()),
      wish_(wish),
      by_(by),
      key_(std::move(key)),
      fates_(set_.size(), RealmFate::waiting),
      steps_(set_.size(), Step::state) {
  for (std::size_t i = 0; i < set_.size(); ++i) ask(i, TokenAction::status, TokenKeyKind::release, 0);
}

void TokenChange::ask(std::size_t realm, TokenAction action, TokenKeyKind by, std::uint64_t change) {
  const BackupRoot& root = root_;
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
    if (!verify_receipt(*answer.receipt, root_, set_.realms[realm])) return RealmFate::wrong_signature;
    receipts_.push_back(*answer.receipt);
    return RealmFate::good;
  }
  if (wish_ == Wish::cancel) return answer.erase_at_ms == 0 ? RealmFate::good : RealmFate::refused;
  if (by_ == TokenKeyKind::erase || answer.erase_at_ms == 0) return RealmFate::refused;
  ++waiting_;
  erase_at_ms_ = std::max(erase_at_ms_, answer.erase_at_ms);
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
