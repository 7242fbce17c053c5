#include "core/client/attachment.h"

#include "core/base/encoding.h"
#include "core/base/padding.h"
#include "core/client/file_name.h"
#include "core/client/kept_files.h"
#include "core/client/preview.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"
#include "core/directory/name.h"

namespace cairn::client {
namespace {

constexpr std::string_view kBlobScheme = "cairn-blob://";
constexpr std::uint64_t kLeastPadded = 1024;
constexpr std::size_t kMaxStoredType = 255;

template <class Kept>
Result<Kept> read_secret(wire::Reader& r) {
  const ByteView bytes = TRY(r.raw(Kept::kSize));
  return Kept::from(bytes);
}

template <class Row>
Bytes encode_row(const Row& row) {
  return to_bytes(wire::encode_secret(row).expose());
}

}  // namespace

std::uint64_t padded_file_size(std::uint64_t size) {
  CHECK(size <= kMaxFileSize);
  static_assert(sizeof(std::size_t) == sizeof(std::uint64_t));
  return padme(std::max(size, kLeastPadded));
}

Attachment Attachment::clone() const {
  return {name, media_type, size, expires_s, domain, blob, key.clone(), nonce, hash};
}

void Attachment::write(wire::Writer& w) const {
  w.opaque(name);
  w.opaque(media_type);
  w.u64(size);
  w.u32(expires_s);
  w.opaque(domain);
  w.raw(blob);
  w.raw(key.expose());
  w.raw(nonce);
  w.raw(hash);
}

Result<Attachment> Attachment::read(wire::Reader& r) {
  Attachment out;
  out.name = TRY(r.opaque_text(kMaxFileName));
  out.media_type = TRY(r.opaque_text(kMaxStoredType));
  out.size = TRY(r.u64());
  REQUIRE(out.size <= kMaxFileSize, ErrorCode::over_limit, "size of a file");
  out.expires_s = TRY(r.u32());
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  out.blob = TRY(r.fixed<proto::BlobId>());
  out.key = TRY(read_secret<crypto::StreamKey>(r));
  out.nonce = TRY(r.fixed<crypto::StreamNonce>());
  out.hash = TRY(r.fixed<Hash>());
  return out;
}

std::string blob_url(const BlobAddress& address) {
  return std::string(kBlobScheme) + address.domain + "/" + to_hex(address.blob);
}

Result<BlobAddress> parse_blob_url(std::string_view url) {
  REQUIRE(url.starts_with(kBlobScheme), ErrorCode::malformed, "scheme of a blob's address");
  url.remove_prefix(kBlobScheme.size());
  const std::size_t slash = url.find('/');
  REQUIRE(slash != std::string_view::npos, ErrorCode::malformed, "blob's address");
  BlobAddress out;
  out.domain = std::string(url.substr(0, slash));
  // A domain has the form that it has in a name.
  const auto name = directory::Name::from("a@" + out.domain);
  REQUIRE(name && name->domain() == out.domain, ErrorCode::malformed, "domain of a blob's address");
  const std::string_view digits = url.substr(slash + 1);
  const Bytes id = TRY(from_hex(digits));
  out.blob = TRY(proto::BlobId::from(id));
  REQUIRE(to_hex(out.blob) == digits, ErrorCode::malformed, "id in a blob's address");
  return out;
}

void AttachmentRow::write(wire::Writer& w) const {
  file.write(w);
  w.optional_raw(owner ? std::optional<ByteView>(owner->expose()) : std::nullopt);
}

Result<AttachmentRow> AttachmentRow::read(wire::Reader& r) {
  AttachmentRow out;
  out.file = TRY(Attachment::read(r));
  if (TRY(r.presence())) out.owner = TRY(read_secret<crypto::Ed25519Seed>(r));
  return out;
}

std::optional<AttachmentRow> attachment_of(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  const auto row = store.get(tables::kAttachments, numbered(home, index));
  if (!row) return std::nullopt;
  auto attachment = wire::decode<AttachmentRow>(*row);
  if (!attachment) return std::nullopt;
  return std::move(*attachment);
}

void save_attachment(Context& context, const ChannelId& home, std::uint64_t index, const AttachmentRow& row) {
  context.store.put(tables::kAttachments, numbered(home, index), encode_row(row));
}

void forget_attachment(Context& context, const ChannelId& home, std::uint64_t index, BlobFate fate) {
  const auto row = attachment_of(context.store, home, index);
  if (!row) return;
  erase_preview(context, home, index);
  release_kept(context, sealed_file_id(row->file), home, index);
  if (row->owner && fate == BlobFate::goes) delete_blob_later(context, row->file.blob, *row->owner);
  context.store.erase(tables::kAttachments, numbered(home, index));
}

void BlobToDelete::write(wire::Writer& w) const {
  w.raw(owner.expose());
  w.u64(since_ms);
}

Result<BlobToDelete> BlobToDelete::read(wire::Reader& r) {
  BlobToDelete out;
  out.owner = TRY(read_secret<crypto::Ed25519Seed>(r));
  out.since_ms = TRY(r.u64());
  return out;
}

void delete_blob_later(Context& context, const proto::BlobId& blob, const crypto::Ed25519Seed& owner) {
  const BlobToDelete row{owner.clone(), context.now.ms};
  context.store.put(tables::kBlobsToDelete, to_bytes(blob), encode_row(row));
}

}  // namespace cairn::client
