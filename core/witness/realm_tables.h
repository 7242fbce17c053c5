// The tables of a realm, a store of its own, and what stands in their rows. Integers in keys are big-endian.
#pragma once

#include "core/base/store.h"
#include "core/proto/realm.h"
#include "core/witness/key.h"

namespace cairn::witness {

namespace realm_table {
inline constexpr Table kKey = kKeyTable;  ///< key.h
inline constexpr Table kPins{2};          ///< pin_key: PinRow
inline constexpr Table kGuesses{3};       ///< pin_key || u64 number: GuessEntry, the newest kMaxGuessLog
inline constexpr Table kUsedTokens{4};    ///< u64 expiry in ms || nonce of an account token that was used: empty
inline constexpr Table kTokens{5};        ///< token record id: TokenRow
inline constexpr Table kDue{6};           ///< u64 time in ms || token record id: empty; to be erased then
inline constexpr Table kHeads{7};         ///< u64 size of our log: its head then, the newest kKeptHeads
inline constexpr Table kPeerHeads{8};     ///< a peer's key: the newest RealmHead that it told us
inline constexpr Table kRollback{9};      ///< empty key: a RealmHead of ours that our database does not know
inline constexpr Table kFreeSlots{10};    ///< u32 slot that was erased: empty
inline constexpr Table kSlotCount{11};    ///< empty key: u32, slots from there on were never used; there from the start
inline constexpr Table kKeysMark{12};     ///< empty key: SHA-256 of slot 0, by which the file of keys is known
inline constexpr Table kShares{13};       ///< pin_key, or H(domain): u32, shares of tokens that are kept for it
inline constexpr Table kFloor{14};        ///< empty key: u64; heads of our log up to that size are compared no more
inline constexpr Table kTokenNotes{15};   ///< token record id: what its owner keeps beside the share, as it came
}  // namespace realm_table

constexpr std::uint64_t kKeptHeads = 65'536;

/// H(domain) || registration.
Bytes pin_key(const proto::RealmWho& who);
/// The same, as whose a share of a token is.
using OwnerKey = FixedBytes<struct OwnerKeyTag, 48>;
Bytes numbered(ByteView prefix, std::uint64_t number);
Bytes due_key(std::uint64_t time_ms, const TokenRecordId& record);

/// A PIN's registration.
struct PinRow {
  PinShare share;
  std::uint8_t counter = 0;    ///< guesses since the last right tag or unlocking
  std::uint64_t sequence = 0;  ///< entries of its guess log, also those that are not kept any more

  void write(wire::Writer&) const;
  static Result<PinRow> read(wire::Reader&);
};

/// A token's share, sealed under the key in `slot`; or what is left of it.
struct TokenRow {
  OwnerKey owner;  ///< whose account token stored it; zeros once erased
  PublicKey release_key;
  std::optional<PublicKey> erase_key;
  std::uint64_t change = 0;
  std::uint64_t erase_at_ms = 0;
  std::uint32_t slot = 0;
  Bytes sealed;  ///< nonce[24] || XChaCha20-Poly1305(index || share || check || mac), aad the record's id; empty once
                 ///< erased
  std::optional<ErasureReceipt> receipt;

  void write(wire::Writer&) const;
  static Result<TokenRow> read(wire::Reader&);
};

}  // namespace cairn::witness
