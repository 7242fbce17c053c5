// The token of a backup's generation, shared over realms that erase it when its owner says so (docs/spec/realm.md s.6).
// No transport: what is asked of each realm is data.
#pragma once

#include "core/base/environment.h"
#include "core/crypto/ristretto.h"
#include "core/crypto/signature.h"
#include "core/vault/keys.h"
#include "core/vault/realms.h"

namespace cairn::vault {

TokenRecordId token_record_id(const BackupRoot& root, const RealmId& realm);
/// Whoever opens the generation has it: releases the share, asks for its deletion after 72 h, and cancels one.
crypto::SigningKey token_release_key(const BackupRoot& root);
/// Who has the recovery secret: erases at once, and cancels.
crypto::SigningKey token_erase_key(ByteView recovery_secret);

/// shares[i] goes to realms[i], with its record id and the public halves of the two keys.
struct SharedToken {
  BackupToken token;
  std::vector<TokenShare> shares;
};
/// A fresh one. `malformed` for a set that is none.
Result<SharedToken> share_token(const RealmSet& set, const BackupRoot& root, Entropy& entropy);

/// One request to one realm, signed.
struct TokenAsk {
  std::size_t realm = 0;  ///< place in the set
  TokenRecordId record;
  TokenAction action = TokenAction::status;
  TokenKeyKind by = TokenKeyKind::release;
  std::uint64_t change = 0;
  Signature signature;
};

/// Whether this is the realm's word that it has erased its share of this generation.
Status verify_receipt(const ErasureReceipt& receipt, const BackupRoot& root, const RealmId& realm);

/// Gets the token back from any `threshold` realms that are alive and honest, and have shares of one sharing: whoever
/// knows the root, as a device that was removed may, can give a share of another to a realm that had none. Used as
/// PinRecovery is.
class TokenRecovery {
 public:
  enum class State : std::uint8_t {
    asking,
    recovered,
    erased,    ///< n - t + 1 realms have shown receipts: it is gone for ever
    no_quorum  ///< see fates()
  };

  /// `malformed` for a set that is none.
  static Result<TokenRecovery> begin(RealmSet set, const BackupRoot& root);

  std::vector<TokenAsk> take_asks() { return std::exchange(asks_, {}); }
  /// Who answers when it is recovered is still judged.
  void take(std::size_t realm, Result<TokenState> answer);
  void expire();

  State state() const { return state_; }
  bool done() const { return state_ != State::asking; }
  const std::vector<RealmFate>& fates() const { return fates_; }
  /// The places of realms that gave a good share and say that a deletion of it is waiting.
  std::vector<std::size_t> waiting() const;
  /// When, by the clocks of those, so many will have erased that the token is gone for ever. Nothing while fewer than
  /// n - t + 1 say that they will, or have shown receipts: of fewer the word may be a lie, and changes nothing.
  std::optional<std::uint64_t> ends_at_ms() const;
  /// The token, once; state() is `recovered` (CHECKed).
  BackupToken take_token();

 private:
  TokenRecovery(RealmSet set, const BackupRoot& root);
  using Places = std::vector<std::size_t>;
  struct Kept {
    TokenCheck check;
    crypto::RistrettoScalar scalar;
  };
  RealmFate judge(std::size_t realm, TokenState& answer);
  /// With the share that this realm has just brought.
  void try_with(std::size_t realm);
  /// What these shares make, if it is what they say themselves.
  std::optional<crypto::RistrettoScalar> combine(const Places& places) const;
  /// The fate of who has a share beside those that made the token.
  RealmFate compare(std::size_t realm) const;
  void settle();

  RealmSet set_;
  BackupRoot root_;
  State state_ = State::asking;
  std::vector<RealmFate> fates_;
  std::vector<bool> answered_;
  std::vector<bool> erased_;
  std::vector<std::optional<Kept>> shares_;
  Places used_;  ///< whose shares made the token
  std::vector<TokenAsk> asks_;
  std::vector<std::uint64_t> erase_at_ms_;  ///< that each says; 0: none is waiting
  BackupToken token_;
};

/// Deletes a generation's token, or cancels a deletion that is waiting: asks every realm for its state, then says what
/// it is to do.
class TokenChange {
 public:
  enum class Wish : std::uint8_t { erase, cancel };

  /// `key` is token_release_key() or token_erase_key(), as `by` says. `malformed` for a set that is none.
  static Result<TokenChange> begin(RealmSet set, const BackupRoot& root, Wish wish, TokenKeyKind by,
                                   crypto::SigningKey key);

  std::vector<TokenAsk> take_asks() { return std::exchange(asks_, {}); }
  void take(std::size_t realm, Result<TokenState> answer);
  void expire();

  /// Every realm has done it or failed to; those of the latter can be asked again, later, by a new object.
  bool done() const;
  const std::vector<RealmFate>& fates() const { return fates_; }
  /// How many realms will erase at a time to come, and the receipts of those that have erased.
  std::size_t waiting() const { return waiting_; }
  /// The last of those times, by the realms' clocks; 0 when none waits.
  std::uint64_t erase_at_ms() const { return erase_at_ms_; }
  const std::vector<ErasureReceipt>& receipts() const { return receipts_; }
  /// Whether so many have erased that nobody can ever have the token again.
  bool gone() const { return receipts_.size() > set_.size() - set_.threshold; }

 private:
  enum class Step : std::uint8_t { state, change, over };
  TokenChange(RealmSet set, const BackupRoot& root, Wish wish, TokenKeyKind by, crypto::SigningKey key);
  void ask(std::size_t realm, TokenAction action, TokenKeyKind by, std::uint64_t change);
  RealmFate judge(std::size_t realm, const TokenState& answer);

  RealmSet set_;
  BackupRoot root_;
  Wish wish_;
  TokenKeyKind by_;
  crypto::SigningKey key_;
  std::vector<RealmFate> fates_;
  std::vector<Step> steps_;
  std::vector<TokenAsk> asks_;
  std::size_t waiting_ = 0;
  std::uint64_t erase_at_ms_ = 0;
  std::vector<ErasureReceipt> receipts_;
};

}  // namespace cairn::vault
