// Shares of tokens: kept sealed, released or erased on their owner's signature (docs/spec/realm.md s.6).
//
//   storing   key into a slot, on disk  ->  row with the sealed share, in the batch's commit
//   erasing   slot overwritten, on disk ->  row with the receipt, in the batch's commit
// What stands between the two arrows is in order after a crash: a key without a row is overwritten by the next one, and
// a row whose key is gone is as good as erased, and gets its receipt when it is next asked for.
#pragma once

#include "core/base/erasable_keys.h"
#include "core/crypto/signature.h"
#include "core/witness/internal/account_tokens.h"
#include "core/witness/realm_tables.h"

namespace cairn::witness {

class TokenShares {
 public:
  /// All must outlive this.
  TokenShares(const RealmList& list, ErasableKeys& keys, const crypto::SigningKey& key)
      : list_(list), keys_(keys), key_(key) {}

  /// Looks whether the keys are those of this store, and when the first deletion is due. With other keys, or none, it
  /// refuses everything: each share would look erased, and get a receipt.
  void rebuild(Turn& turn);

  /// Each gives the body of its answer, or refuses and has written nothing.
  Result<Bytes> store(Turn& turn, ByteView body);
  Result<Bytes> request(Turn& turn, ByteView body);

  bool keys_are_ours() const { return keys_are_ours_; }

  /// Erases what is due.
  void timer(Turn& turn);
  Time deadline() const { return keys_are_ours_ ? next_due_ : Time::never(); }

 private:
  bool recognise_keys(Turn& turn);
  void look_for_due(const Turn& turn);
  Status check_keys() const;
  Status authorise(const TokenRow& row, const proto::TokenRequest& request) const;
  Status change(Turn& turn, const proto::TokenRequest& request, TokenRow& row);
  Status erase(Turn& turn, const TokenRecordId& record, TokenRow& row);
  Result<std::uint32_t> take_slot(Turn& turn) const;
  Result<Bytes> seal(Turn& turn, const TokenRecordId& record, std::uint32_t slot, const TokenShare& share);
  /// Nothing when it is gone, or the slot is another record's by now.
  Result<std::optional<SlotKey>> key_of(const TokenRecordId& record, const TokenRow& row) const;
  /// Nothing when the key is gone; `storage_failed` when the row is damaged.
  Result<std::optional<TokenShare>> open(const TokenRecordId& record, const TokenRow& row) const;
  void schedule(Turn& turn, const TokenRecordId& record, TokenRow& row, std::uint64_t time_ms);

  const RealmList& list_;
  ErasableKeys& keys_;
  const crypto::SigningKey& key_;
  bool keys_are_ours_ = false;
  Time next_due_ = Time::never();
};

}  // namespace cairn::witness
