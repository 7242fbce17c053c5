#include "core/proto/storage.h"

namespace cairn::proto {
namespace {

void write_optional(wire::Writer& w, const std::optional<ObjectId>& id) {
  w.optional_raw(id ? std::optional<ByteView>(id->view()) : std::nullopt);
}
Result<std::optional<ObjectId>> read_optional(wire::Reader& r) {
  if (!TRY(r.presence())) return std::optional<ObjectId>{};
  return std::optional<ObjectId>(TRY(r.fixed<ObjectId>()));
}

}  // namespace

Bytes VaultCreate::content() const { return concat({vault, write_key}); }
void VaultCreate::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<VaultCreate> VaultCreate::read(wire::Reader& r) {
  VaultCreate out;
  out.vault = TRY(r.fixed<VaultId>());
  out.write_key = TRY(r.fixed<PublicKey>());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void VaultRoom::write(wire::Writer& w) const { w.u64(left); }
Result<VaultRoom> VaultRoom::read(wire::Reader& r) {
  return VaultRoom { TRY(r.u64()) };
}

std::size_t vault_part_size(std::uint64_t size, std::uint64_t offset) {
  if (offset >= size || offset % kVaultPart != 0) return 0;
  return static_cast<std::size_t>(std::min<std::uint64_t>(kVaultPart, size - offset));
}

Bytes VaultPut::content(const Hash& data_hash) const {
  wire::Writer w;
  w.raw(vault);
  w.raw(object);
  w.u64(size);
  w.raw(digest);
  w.u64(offset);
  w.raw(data_hash);
  return w.take();
}
void VaultPut::write(wire::Writer& w) const {
  w.reserve(data.size() + 256);
  w.raw(vault);
  w.raw(object);
  w.u64(size);
  w.raw(digest);
  w.u64(offset);
  w.opaque(data);
  w.raw(signature);
}
Result<VaultPut> VaultPut::read(wire::Reader& r) {
  VaultPut out;
  out.vault = TRY(r.fixed<VaultId>());
  out.object = TRY(r.fixed<ObjectId>());
  out.size = TRY(r.u64());
  REQUIRE(out.size > 0, ErrorCode::malformed, "an empty object");
  REQUIRE(out.size <= kMaxVaultObject, ErrorCode::over_limit, "size of an object");
  out.digest = TRY(r.fixed<Hash>());
  out.offset = TRY(r.u64());
  out.data = TRY(r.opaque_bytes(kVaultPart));
  REQUIRE(out.data.empty() || out.data.size() == vault_part_size(out.size, out.offset), ErrorCode::malformed,
          "size or place of a part");
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void VaultPutAnswer::write(wire::Writer& w) const {
  w.u64(have);
  w.u64(left);
}
Result<VaultPutAnswer> VaultPutAnswer::read(wire::Reader& r) {
  VaultPutAnswer out;
  out.have = TRY(r.u64());
  out.left = TRY(r.u64());
  return out;
}

void VaultGet::write(wire::Writer& w) const {
  w.raw(vault);
  w.raw(object);
  w.u64(offset);
  w.u32(length);
}
Result<VaultGet> VaultGet::read(wire::Reader& r) {
  VaultGet out;
  out.vault = TRY(r.fixed<VaultId>());
  out.object = TRY(r.fixed<ObjectId>());
  out.offset = TRY(r.u64());
  out.length = TRY(r.u32());
  REQUIRE(out.length > 0, ErrorCode::malformed, "an empty range");
  REQUIRE(out.length <= kVaultPart, ErrorCode::over_limit, "length of a range");
  return out;
}

void VaultPart::write(wire::Writer& w) const {
  w.reserve(data.size() + 16);
  w.u64(size);
  w.opaque(data);
}
Result<VaultPart> VaultPart::read(wire::Reader& r) {
  VaultPart out;
  out.size = TRY(r.u64());
  REQUIRE(out.size <= kMaxVaultObject, ErrorCode::over_limit, "size of an object");
  out.data = TRY(r.opaque_bytes(kVaultPart));
  return out;
}

void VaultList::write(wire::Writer& w) const {
  w.raw(vault);
  write_optional(w, after);
}
Result<VaultList> VaultList::read(wire::Reader& r) {
  VaultList out;
  out.vault = TRY(r.fixed<VaultId>());
  out.after = TRY(read_optional(r));
  return out;
}

void VaultItem::write(wire::Writer& w) const {
  w.raw(object);
  w.u64(size);
}
Result<VaultItem> VaultItem::read(wire::Reader& r) {
  VaultItem out;
  out.object = TRY(r.fixed<ObjectId>());
  out.size = TRY(r.u64());
  return out;
}

void VaultListAnswer::write(wire::Writer& w) const {
  w.vector(items);
  write_optional(w, next);
}
Result<VaultListAnswer> VaultListAnswer::read(wire::Reader& r) {
  constexpr std::size_t kItemSize = ObjectId::kSize + 8;
  VaultListAnswer out;
  out.items = TRY(r.vector<VaultItem>(kMaxVaultList * kItemSize, kMaxVaultList));
  for (std::size_t i = 1; i < out.items.size(); ++i) {
    REQUIRE(out.items[i - 1].object < out.items[i].object, ErrorCode::malformed, "objects not sorted");
  }
  out.next = TRY(read_optional(r));
  return out;
}

Bytes VaultPrune::content() const {
  wire::Writer w;
  w.raw(vault);
  w.length(objects.size() * ObjectId::kSize);
  for (const ObjectId& object : objects) w.raw(object);
  return w.take();
}
void VaultPrune::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<VaultPrune> VaultPrune::read(wire::Reader& r) {
  VaultPrune out;
  out.vault = TRY(r.fixed<VaultId>());
  wire::Reader objects = TRY(r.nested(kMaxVaultPrune * ObjectId::kSize));
  while (!objects.done()) {
    const ObjectId object = TRY(objects.fixed<ObjectId>());
    REQUIRE(out.objects.empty() || out.objects.back() < object, ErrorCode::malformed, "objects not sorted");
    out.objects.push_back(object);
  }
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

Bytes VaultDelete::content() const { return to_bytes(vault); }
void VaultDelete::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<VaultDelete> VaultDelete::read(wire::Reader& r) {
  VaultDelete out;
  out.vault = TRY(r.fixed<VaultId>());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

Bytes KeyBoxPut::content() const {
  wire::Writer w;
  w.raw(id);
  w.raw(write_key);
  w.u64(version);
  w.opaque(body);
  return w.take();
}
void KeyBoxPut::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<KeyBoxPut> KeyBoxPut::read(wire::Reader& r) {
  KeyBoxPut out;
  out.id = TRY(r.fixed<KeyBoxId>());
  out.write_key = TRY(r.fixed<PublicKey>());
  out.version = TRY(r.u64());
  REQUIRE(out.version > 0, ErrorCode::malformed, "version of a key box");
  out.body = TRY(r.opaque_bytes(kMaxKeyBox));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void KeyBoxGet::write(wire::Writer& w) const { w.raw(id); }
Result<KeyBoxGet> KeyBoxGet::read(wire::Reader& r) {
  return KeyBoxGet { TRY(r.fixed<KeyBoxId>()) };
}

Bytes KeyBoxDelete::content() const {
  wire::Writer w;
  w.raw(id);
  w.u64(version);
  return w.take();
}
void KeyBoxDelete::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<KeyBoxDelete> KeyBoxDelete::read(wire::Reader& r) {
  KeyBoxDelete out;
  out.id = TRY(r.fixed<KeyBoxId>());
  out.version = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

}  // namespace cairn::proto
