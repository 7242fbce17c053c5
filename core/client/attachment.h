// A file that somebody sends: what its message says of it (docs/spec/client.md s.14). Its bytes lie, sealed, in a blob
// at the sender's server (docs/spec/relay.md s.6).
#pragma once

#include <optional>
#include <string>

#include "core/client/context.h"
#include "core/crypto/signature.h"
#include "core/crypto/stream_aead.h"
#include "core/proto/blobs.h"

namespace cairn::client {

constexpr std::uint64_t kMaxFileSize = std::uint64_t{4} << 30;  ///< bytes

/// encAlg: IANA leaves 0x8000 to 0xffff of its AEAD algorithms to private use (RFC 5116 s.6). Here: the file, padded
/// with zeros to padded_file_size(), in the chunks of core/crypto/stream_aead.h; key and nonce as there, aad empty.
constexpr std::uint16_t kStreamAlgorithm = 0xf0c1;
/// hashAlg: SHA-256 in IANA's Named Information Hash Algorithms (RFC 6920 s.9.4).
constexpr std::uint8_t kHashSha256 = 1;

/// Bytes that are sealed of a file of `size` bytes (at most kMaxFileSize, CHECKed): its Padme size, of at least 1 KiB.
std::uint64_t padded_file_size(std::uint64_t size);

/// Move-only, for it has the key.
struct Attachment {
  std::string name;             ///< as clean_file_name() makes it
  std::string media_type;       ///< as its sender says: at most kMaxMediaTypeSize bytes of UTF-8, perhaps none
  std::uint64_t size = 0;       ///< of the file: at most kMaxFileSize
  std::uint32_t expires_s = 0;  ///< since 1970: its sender does not expect it to be there any longer; 0: not said
  std::string domain;           ///< whose server has the blob
  proto::BlobId blob;
  crypto::StreamKey key;
  crypto::StreamNonce nonce;
  Hash hash;  ///< SHA-256 of the whole blob

  std::uint64_t sealed_size() const { return crypto::stream_sealed_size(padded_file_size(size)); }
  Attachment clone() const;

  void write(wire::Writer&) const;
  static Result<Attachment> read(wire::Reader&);
};

/// Where a blob lies, in the url of an ExternalPart: cairn-blob://DOMAIN/ and 64 lower-case hex digits. It is no
/// address that anything is opened at: a reader asks the server that it knows for that domain.
struct BlobAddress {
  std::string domain;
  proto::BlobId blob;
};
std::string blob_url(const BlobAddress& address);
/// Strict: one spelling; `malformed` otherwise.
Result<BlobAddress> parse_blob_url(std::string_view url);

/// tables::kAttachments, for a message that has a file.
struct AttachmentRow {
  Attachment file;
  std::optional<crypto::Ed25519Seed> owner;  ///< on the device that put the blob: by which it is deleted

  void write(wire::Writer&) const;
  static Result<AttachmentRow> read(wire::Reader&);
};

std::optional<AttachmentRow> attachment_of(const StoreView& store, const ChannelId& home, std::uint64_t index);
void save_attachment(Context& context, const ChannelId& home, std::uint64_t index, const AttachmentRow& row);
/// What becomes of a blob that this device put: others may still want it when the message is forgotten here.
enum class BlobFate : std::uint8_t { stays, goes };
/// Nothing of the message's file is left here, nor its preview.
void forget_attachment(Context& context, const ChannelId& home, std::uint64_t index, BlobFate fate);

/// tables::kBlobsToDelete: a blob of ours that nobody is to have any more.
struct BlobToDelete {
  crypto::Ed25519Seed owner;
  std::uint64_t since_ms = 0;

  void write(wire::Writer&) const;
  static Result<BlobToDelete> read(wire::Reader&);
};
void delete_blob_later(Context& context, const proto::BlobId& blob, const crypto::Ed25519Seed& owner);

}  // namespace cairn::client
