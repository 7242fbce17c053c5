#include "core/witness/realm_tables.h"

#include "core/crypto/hash.h"

namespace cairn::witness {
namespace {

constexpr std::size_t kMaxSealedShare = 256;

}  // namespace

Bytes pin_key(const proto::RealmWho& who) { return concat({crypto::sha256(as_bytes(who.domain)), who.registration}); }

Bytes numbered(ByteView prefix, std::uint64_t number) {
  wire::Writer w;
  w.raw(prefix);
  w.u64(number);
  return w.take();
}

Bytes due_key(std::uint64_t time_ms, const TokenRecordId& record) { return concat({numbered({}, time_ms), record}); }

void PinRow::write(wire::Writer& w) const {
  w.raw(share.encode().expose());
  w.u8(counter);
  w.u64(sequence);
}
Result<PinRow> PinRow::read(wire::Reader& r) {
  PinRow out;
  out.share = TRY(r.fixed<PinShare>());
  out.counter = TRY(r.u8());
  out.sequence = TRY(r.u64());
  return out;
}

void TokenRow::write(wire::Writer& w) const {
  w.raw(owner);
  w.raw(release_key);
  w.optional_raw(erase_key ? std::optional<ByteView>(erase_key->view()) : std::nullopt);
  w.u64(change);
  w.u64(erase_at_ms);
  w.u32(slot);
  w.opaque(sealed);
  w.u8(receipt ? 1 : 0);
  if (receipt) proto::write(w, *receipt);
}
Result<TokenRow> TokenRow::read(wire::Reader& r) {
  TokenRow out;
  out.owner = TRY(r.fixed<OwnerKey>());
  out.release_key = TRY(r.fixed<PublicKey>());
  if (TRY(r.presence())) out.erase_key = TRY(r.fixed<PublicKey>());
  out.change = TRY(r.u64());
  out.erase_at_ms = TRY(r.u64());
  out.slot = TRY(r.u32());
  out.sealed = TRY(r.opaque_bytes(kMaxSealedShare));
  if (TRY(r.presence())) out.receipt = TRY(proto::read_receipt(r));
  return out;
}

}  // namespace cairn::witness
