#include "core/proto/blobs.h"

#include "core/proto/storage.h"

namespace cairn::proto {

static_assert(kBlobPart == kVaultPart, "vault_part_size() is that of blobs too");

void BlobWriter::write(wire::Writer& w) const {
  w.raw(channel);
  w.u64(epoch);
  w.raw(signature);
}
Result<BlobWriter> BlobWriter::read(wire::Reader& r) {
  BlobWriter out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

Bytes BlobPut::content(const Hash& data_hash) const {
  wire::Writer w;
  w.raw(blob);
  w.raw(owner_key);
  w.u64(size);
  w.u64(offset);
  w.raw(data_hash);
  return w.take();
}
Bytes BlobPut::content_of_channel(const Hash& data_hash) const {
  CHECK(writer.has_value());
  wire::Writer w;
  w.raw(writer->channel);
  w.u64(writer->epoch);
  w.raw(content(data_hash));
  return w.take();
}
void BlobPut::write(wire::Writer& w) const {
  w.reserve(data.size() + 512);
  w.raw(blob);
  w.raw(owner_key);
  w.u64(size);
  w.u64(offset);
  w.opaque(data);
  w.raw(signature);
  w.optional(writer);
}
Result<BlobPut> BlobPut::read(wire::Reader& r) {
  BlobPut out;
  out.blob = TRY(r.fixed<BlobId>());
  out.owner_key = TRY(r.fixed<PublicKey>());
  out.size = TRY(r.u64());
  REQUIRE(out.size > 0, ErrorCode::malformed, "an empty blob");
  REQUIRE(out.size <= kMaxBlob, ErrorCode::over_limit, "size of a blob");
  out.offset = TRY(r.u64());
  out.data = TRY(r.opaque_bytes(kBlobPart));
  REQUIRE(out.data.empty() || out.data.size() == vault_part_size(out.size, out.offset), ErrorCode::malformed,
          "size or place of a part");
  out.signature = TRY(r.fixed<Signature>());
  out.writer = TRY(r.optional<BlobWriter>());
  return out;
}

void BlobPutAnswer::write(wire::Writer& w) const {
  w.u64(have);
  w.u64(left);
}
Result<BlobPutAnswer> BlobPutAnswer::read(wire::Reader& r) {
  BlobPutAnswer out;
  out.have = TRY(r.u64());
  out.left = TRY(r.u64());
  return out;
}

void BlobGet::write(wire::Writer& w) const {
  w.raw(blob);
  w.u64(offset);
  w.u32(length);
}
Result<BlobGet> BlobGet::read(wire::Reader& r) {
  BlobGet out;
  out.blob = TRY(r.fixed<BlobId>());
  out.offset = TRY(r.u64());
  out.length = TRY(r.u32());
  REQUIRE(out.length > 0, ErrorCode::malformed, "an empty range");
  REQUIRE(out.length <= kBlobPart, ErrorCode::over_limit, "length of a range");
  return out;
}

void BlobPart::write(wire::Writer& w) const {
  w.reserve(data.size() + 16);
  w.u64(size);
  w.opaque(data);
}
Result<BlobPart> BlobPart::read(wire::Reader& r) {
  BlobPart out;
  out.size = TRY(r.u64());
  REQUIRE(out.size <= kMaxBlob, ErrorCode::over_limit, "size of a blob");
  out.data = TRY(r.opaque_bytes(kBlobPart));
  return out;
}

void BlobDelete::write(wire::Writer& w) const {
  w.raw(blob);
  w.raw(signature);
}
Result<BlobDelete> BlobDelete::read(wire::Reader& r) {
  BlobDelete out;
  out.blob = TRY(r.fixed<BlobId>());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void BlobRef::write(wire::Writer& w) const {
  w.raw(blob);
  w.u64(size);
  w.raw(digest);
}
Result<BlobRef> BlobRef::read(wire::Reader& r) {
  BlobRef out;
  out.blob = TRY(r.fixed<BlobId>());
  out.size = TRY(r.u64());
  REQUIRE(out.size > 0 && out.size <= kMaxHandshakeBlob, ErrorCode::over_limit, "size of a commit or welcome");
  out.digest = TRY(r.fixed<Hash>());
  return out;
}

}  // namespace cairn::proto
