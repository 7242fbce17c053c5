#include "core/relay/tables.h"

#include "core/tlog/note.h"

namespace cairn::relay {

Bytes u64_key(std::uint64_t value) { return numbered_key({}, value); }

Bytes numbered_key(ByteView prefix, std::uint64_t value) {
  Bytes key;
  key.reserve(prefix.size() + 8);
  append(key, prefix);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<std::uint8_t>(value >> shift));
  return key;
}

std::uint64_t number_of_key(ByteView key) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : key.last(std::min<std::size_t>(key.size(), 8))) value = (value << 8) | byte;
  return value;
}

Bytes domain_key(std::string_view domain, ByteView rest) {
  Bytes key = to_bytes(domain);
  key.push_back(0);
  append(key, rest);
  return key;
}

Bytes chain_key(std::string_view name, std::uint32_t sequence) {
  wire::Writer w;
  w.raw(as_bytes(name));
  w.u8(0);
  w.u32(sequence);
  return w.take();
}

void NameRow::write(wire::Writer& w) const {
  state.write(w);
  w.raw(map_key);
  w.raw(vrf_proof);
  w.u64(due);
}
Result<NameRow> NameRow::read(wire::Reader& r) {
  NameRow out {
    TRY(directory::NameState::read(r))
    , {}, {}, 0
  };
  out.map_key = TRY(r.fixed<Hash>());
  out.vrf_proof = TRY(r.fixed<crypto::VrfProof>());
  out.due = TRY(r.u64());
  return out;
}

void DueRow::write(wire::Writer& w) const {
  w.opaque(name);
  w.raw(map_key);
  w.u32(first);
  for (const Step& step : steps) {
    w.raw(step.commitment);
    w.u8(step.is_of_a_reset ? 1 : 0);
  }
}
Result<DueRow> DueRow::read(wire::Reader& r) {
  DueRow out;
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.map_key = TRY(r.fixed<Hash>());
  out.first = TRY(r.u32());
  while (!r.done()) {
    const Hash commitment = TRY(r.fixed<Hash>());
    out.steps.push_back({ commitment, TRY(r.presence()) });
  }
  return out;
}

Result<std::optional<DueRow>> due_row(const StoreView& store, const NameRow& row) {
  auto due = TRY(load<DueRow>(store, table::kDue, u64_key(row.due)));
  if (due && due->name != row.state.name().text()) due.reset();  // numbers begin again when none is due
  return due;
}

void ServedRow::write(wire::Writer& w) const {
  w.u64(size);
  w.u64(cosigned_ms);
  w.opaque(note);
}
Result<ServedRow> ServedRow::read(wire::Reader& r) {
  ServedRow out;
  out.size = TRY(r.u64());
  out.cosigned_ms = TRY(r.u64());
  out.note = TRY(r.opaque_text(tlog::kMaxNoteBytes));
  return out;
}

void InvitationRow::write(wire::Writer& w) const {
  w.u32(uses);
  w.u64(expires_ms);
}
Result<InvitationRow> InvitationRow::read(wire::Reader& r) {
  InvitationRow out;
  out.uses = TRY(r.u32());
  out.expires_ms = TRY(r.u64());
  return out;
}

void MailboxRow::write(wire::Writer& w) const {
  w.raw(device);
  w.u64(acknowledged);
}
Result<MailboxRow> MailboxRow::read(wire::Reader& r) {
  MailboxRow out;
  out.device = TRY(r.fixed<DeviceId>());
  out.acknowledged = TRY(r.u64());
  return out;
}

void ReferenceRow::write(wire::Writer& w) const {
  w.u64(total);
  w.u64(body);
}
Result<ReferenceRow> ReferenceRow::read(wire::Reader& r) {
  ReferenceRow out;
  // Written before there was a total: the body alone.
  if (r.left() > sizeof out.body) out.total = TRY(r.u64());
  out.body = TRY(r.u64());
  return out;
}

void BlockRow::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.u64(since_ms);
}
Result<BlockRow> BlockRow::read(wire::Reader& r) {
  BlockRow out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind == 1 || kind == 2, ErrorCode::malformed, "kind of a block");
  out.kind = static_cast<Kind>(kind);
  out.since_ms = TRY(r.u64());
  return out;
}

constexpr std::uint8_t kOfAnotherDomain = 0x80;  // beside the kind: the domain stands at the end

void BodyRow::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) | (domain.empty() ? 0 : kOfAnotherDomain)));
  w.raw(channel);
  w.u64(epoch);
  w.u64(received_ms);
  w.opaque(body);
  if (!domain.empty()) w.opaque(domain);
}
Result<BodyRow> BodyRow::read(wire::Reader& r) {
  BodyRow out;
  const std::uint8_t head = TRY(r.u8());
  const auto kind = static_cast<std::uint8_t>(head & ~kOfAnotherDomain);
  REQUIRE(kind >= 1 && kind <= 7, ErrorCode::malformed, "envelope kind");
  out.kind = static_cast<proto::EnvelopeKind>(kind);
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.received_ms = TRY(r.u64());
  out.body = TRY(r.opaque_bytes(proto::kMaxEnvelopeBody));
  if ((head & kOfAnotherDomain) == 0) return out;
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  REQUIRE(!out.domain.empty(), ErrorCode::malformed, "an envelope of no domain");
  return out;
}

void ChannelRow::write(wire::Writer& w) const {
  w.u64(epoch);
  w.raw(creator);
  w.raw(write_key);
  w.raw(previous_write_key);
  w.u64(previous_until_ms);
  w.u64(last_commit);
  if (winner) w.raw(*winner);
}
Result<ChannelRow> ChannelRow::read(wire::Reader& r) {
  ChannelRow out;
  out.epoch = TRY(r.u64());
  out.creator = TRY(r.fixed<DeviceId>());
  out.write_key = TRY(r.fixed<PublicKey>());
  out.previous_write_key = TRY(r.fixed<PublicKey>());
  out.previous_until_ms = TRY(r.u64());
  out.last_commit = TRY(r.u64());
  if (!r.done()) out.winner = TRY(r.fixed<Hash>());
  return out;
}

void KeyPackageState::write(wire::Writer& w) const {
  w.u64(first);
  w.u64(next);
  w.opaque(last_resort);
}
Result<KeyPackageState> KeyPackageState::read(wire::Reader& r) {
  KeyPackageState out;
  out.first = TRY(r.u64());
  out.next = TRY(r.u64());
  REQUIRE(out.first <= out.next, ErrorCode::malformed, "key package range");
  out.last_resort = TRY(r.opaque_bytes(proto::kMaxKeyPackageSize));
  return out;
}

void RendezvousRow::write(wire::Writer& w) const {
  w.u64(expires_ms);
  w.opaque(body);
}
Result<RendezvousRow> RendezvousRow::read(wire::Reader& r) {
  RendezvousRow out;
  out.expires_ms = TRY(r.u64());
  out.body = TRY(r.opaque_bytes(proto::kMaxRendezvousBody));
  return out;
}

void VaultRow::write(wire::Writer& w) const {
  w.opaque(owner);
  w.raw(write_key);
  w.u64(objects);
  w.u64(bytes);
}
Result<VaultRow> VaultRow::read(wire::Reader& r) {
  VaultRow out;
  out.owner = TRY(r.opaque_text(proto::kMaxNameSize));
  out.write_key = TRY(r.fixed<PublicKey>());
  out.objects = TRY(r.u64());
  out.bytes = TRY(r.u64());
  return out;
}

void ObjectRow::write(wire::Writer& w) const {
  w.u64(size);
  w.raw(digest);
  w.u64(have);
}
Result<ObjectRow> ObjectRow::read(wire::Reader& r) {
  ObjectRow out;
  out.size = TRY(r.u64());
  out.digest = TRY(r.fixed<Hash>());
  out.have = TRY(r.u64());
  REQUIRE(out.have <= out.size, ErrorCode::malformed, "more of an object than all");
  return out;
}

void VaultOwnerRow::write(wire::Writer& w) const {
  w.u64(bytes);
  w.u64(dying);
  w.u32(vaults);
  w.u32(key_boxes);
}
Result<VaultOwnerRow> VaultOwnerRow::read(wire::Reader& r) {
  VaultOwnerRow out;
  out.bytes = TRY(r.u64());
  out.dying = TRY(r.u64());
  out.vaults = TRY(r.u32());
  out.key_boxes = TRY(r.u32());
  return out;
}

void KeyBoxRow::write(wire::Writer& w) const {
  w.opaque(owner);
  last.write(w);
}
Result<KeyBoxRow> KeyBoxRow::read(wire::Reader& r) {
  KeyBoxRow out;
  out.owner = TRY(r.opaque_text(proto::kMaxNameSize));
  out.last = TRY(proto::KeyBoxPut::read(r));
  return out;
}

void BlobRow::write(wire::Writer& w) const {
  w.u64(expires_ms);
  w.u8(static_cast<std::uint8_t>(payer));
  w.opaque(name);
  w.raw(owner_key);
  w.u64(size);
  w.u64(have);
}
Result<BlobRow> BlobRow::read(wire::Reader& r) {
  BlobRow out;
  out.expires_ms = TRY(r.u64());
  const std::uint8_t payer = TRY(r.u8());
  REQUIRE(payer == 1 || payer == 2, ErrorCode::malformed, "who pays for a blob");
  out.payer = static_cast<BlobPayer>(payer);
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.owner_key = TRY(r.fixed<PublicKey>());
  out.size = TRY(r.u64());
  out.have = TRY(r.u64());
  return out;
}

void HandshakeBlobRow::write(wire::Writer& w) const {
  w.raw(digest);
  w.u64(held_until_ms);
}
Result<HandshakeBlobRow> HandshakeBlobRow::read(wire::Reader& r) {
  HandshakeBlobRow out;
  out.digest = TRY(r.fixed<Hash>());
  out.held_until_ms = TRY(r.u64());
  return out;
}

void BlobAccountRow::write(wire::Writer& w) const {
  w.u64(bytes);
  w.u64(dying);
  w.u64(blobs);
}
Result<BlobAccountRow> BlobAccountRow::read(wire::Reader& r) {
  BlobAccountRow out;
  out.bytes = TRY(r.u64());
  out.dying = TRY(r.u64());
  out.blobs = TRY(r.u64());
  return out;
}

void OutgoingRow::write(wire::Writer& w) const {
  w.u64(queued_ms);
  item.write(w);
}
Result<OutgoingRow> OutgoingRow::read(wire::Reader& r) {
  OutgoingRow out;
  out.queued_ms = TRY(r.u64());
  out.item = TRY(proto::ForwardItem::read(r));
  return out;
}

void OutgoingQueueRow::write(wire::Writer& w) const {
  w.u64(queue);
  w.u64(next);
  w.u64(items);
  w.u64(bytes);
}
Result<OutgoingQueueRow> OutgoingQueueRow::read(wire::Reader& r) {
  OutgoingQueueRow out;
  out.queue = TRY(r.u64());
  out.next = TRY(r.u64());
  out.items = TRY(r.u64());
  out.bytes = TRY(r.u64());
  return out;
}

void ShareRow::write(wire::Writer& w) const {
  w.u64(envelopes);
  w.u64(bytes);
}
Result<ShareRow> ShareRow::read(wire::Reader& r) {
  ShareRow out;
  out.envelopes = TRY(r.u64());
  out.bytes = TRY(r.u64());
  return out;
}

void ForeignRow::write(wire::Writer& w) const {
  w.opaque(domain);
  w.u64(cost);
}
Result<ForeignRow> ForeignRow::read(wire::Reader& r) {
  ForeignRow out;
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  out.cost = TRY(r.u64());
  return out;
}

void NeighbourRow::write(wire::Writer& w) const {
  w.raw(key);
  w.u64(heard_ms);
}
Result<NeighbourRow> NeighbourRow::read(wire::Reader& r) {
  NeighbourRow out;
  out.key = TRY(r.fixed<PublicKey>());
  out.heard_ms = TRY(r.u64());
  return out;
}

void IncomingRow::write(wire::Writer& w) const {
  w.u64(queue);
  w.u64(last);
}
Result<IncomingRow> IncomingRow::read(wire::Reader& r) {
  IncomingRow out;
  out.queue = TRY(r.u64());
  out.last = TRY(r.u64());
  return out;
}

}  // namespace cairn::relay
