// Shares of tokens: kept sealed, released or erased on their owner's signature (docs/spec/realm.md s.6).
//
//   storing   key into a slot, on disk  ->  row with the sealed share, in the batch's commit
//   erasing   slot overwritten, on disk ->  row with the receipt, in the batch's commit
// What stands between the two arrows is in order after a crash: a key without a row is overwritten by the next one, and
// a row whose key is gone is as good as erased, and gets its receipt when it is next asked for: but only after the slot
// was overwritten once more, since what reads as blank may not have reached the disk.
#pragma once

#include <deque>

#include "core/base/erasable_keys.h"
#include "core/crypto/signature.h"
#include "core/witness/internal/account_tokens.h"
#include "core/witness/internal/realm_log.h"
#include "core/witness/realm_tables.h"

namespace cairn::witness {

class TokenShares {
 public:
  /// All must outlive this.
  TokenShares(const RealmList& list, ErasableKeys& keys, RealmLog& log, const crypto::SigningKey& key)
      : list_(list), keys_(keys), log_(log), key_(key) {}

  /// Looks whether the keys are those of this store, and when the first deletion is due. With other keys, or none, it
  /// refuses everything: each share would look erased, and get a receipt.
  void rebuild(Turn& turn);

  /// Each gives the body of its answer, or refuses and has written nothing.
  Result<Bytes> store(Turn& turn, ByteView body);
  Result<Bytes> request(Turn& turn, ByteView body);
  Result<Bytes> note(Turn& turn, ByteView body);

  bool keys_are_ours() const { return keys_are_ours_; }

  /// Every deletion that waits gets its whole delay anew: the database is an old one, and may lack a cancellation.
  void begin_delays_anew(Turn& turn);

  /// Notices when the clock ran ahead of the one that nobody sets: deletions then wait as much longer, 72 h at most.
  void watch_clock(Turn& turn, std::uint64_t uptime_ms);
  /// Erases what is due, and, some at a time after the start, keys that came back with an old file of keys.
  void timer(Turn& turn);
  Time deadline() const;

 private:
  /// What stands in the slot that a row names.
  enum class Slot : std::uint8_t {
    blank,
    ours,      ///< the row's, or what an interrupted overwriting has left of it
    anothers,  ///< of another record, which got it since
  };
  bool recognise_keys(Turn& turn);
  bool mark_keys(Turn& turn);
  void look_for_due(const Turn& turn);
  /// False when one of these could not be erased; adds how many could to `erased`.
  bool erase_due(Turn& turn, const std::vector<Row>& due, std::size_t& erased);
  Status erase_one(Turn& turn, const Row& due);
  void erase_what_came_back(Turn& turn);
  Status erase_again(const Row& token);
  Status check_keys() const;
  Status check_room(Turn& turn, const OwnerKey& owner) const;
  void count(Turn& turn, const OwnerKey& owner, bool more) const;
  Status authorise(const TokenRow& row, const proto::TokenRequest& request) const;
  Status change(Turn& turn, const proto::TokenRequest& request, TokenRow& row);
  /// The receipt is made only where this call has overwritten the slot, or it is another's.
  Status erase(Turn& turn, const TokenRecordId& record, TokenRow& row);
  Result<Slot> look_at(const TokenRecordId& record, std::uint32_t slot) const;
  Result<std::uint32_t> take_slot(Turn& turn) const;
  Result<Bytes> seal(Turn& turn, const TokenRecordId& record, std::uint32_t slot, const TokenShare& share);
  /// Nothing when it is gone, or the slot is another record's by now.
  Result<std::optional<SlotKey>> key_of(const TokenRecordId& record, const TokenRow& row) const;
  /// Nothing when the key is gone; `storage_failed` when the row is damaged.
  Result<std::optional<TokenShare>> open(const TokenRecordId& record, const TokenRow& row) const;
  void schedule(Turn& turn, const TokenRecordId& record, TokenRow& row, std::uint64_t time_ms);

  /// By so much the clock went ahead of the uptime.
  struct Jump {
    std::uint64_t uptime_ms = 0;
    std::uint64_t ahead_ms = 0;
  };
  /// Of all jumps that a deletion which waits may have seen; 72 h at most.
  std::uint64_t ahead_ms() const;
  /// When the first deletion is to be done, by the clock as it is.
  Time due() const;

  struct Clocks {
    Time time;
    std::uint64_t uptime_ms = 0;
  };

  const RealmList& list_;
  ErasableKeys& keys_;
  RealmLog& log_;
  const crypto::SigningKey& key_;
  bool keys_are_ours_ = false;
  Time next_due_ = Time::never();
  std::optional<Clocks> clocks_;                 ///< when the timer was last
  std::uint64_t ahead_ms_ = 0;                   ///< by so much the clock has gone ahead since it was last counted
  std::deque<Jump> jumps_;                       ///< of the last 72 h, oldest first
  std::optional<Bytes> next_checked_ = Bytes{};  ///< where erase_what_came_back goes on; nothing once it is through
};

}  // namespace cairn::witness
