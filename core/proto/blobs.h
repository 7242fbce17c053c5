// What the server of a domain is asked for blobs: encrypted attachments, and commits and welcomes that are larger than
// an envelope (docs/spec/relay.md s.6, which governs).
//
// All requests are POST; bodies are these structs. Who knows a blob's id may read it.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/types.h"
#include "core/proto/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::proto {

inline constexpr std::string_view kPathBlobPut = "/v1/blob/put";
inline constexpr std::string_view kPathBlobGet = "/v1/blob/get";
inline constexpr std::string_view kPathBlobDelete = "/v1/blob/delete";

/// Random, and told to nobody but readers.
using BlobId = FixedBytes<struct BlobIdTag, 32>;

/// By the write key of a channel's epoch, in the place of a login.
struct BlobWriter {
  ChannelId channel;
  std::uint64_t epoch = 0;
  Signature signature;  ///< label "blob of a channel", over BlobPut::content_of_channel()

  void write(wire::Writer&) const;
  static Result<BlobWriter> read(wire::Reader&);
};

/// One part of a blob.
struct BlobPut {
  BlobId blob;
  PublicKey owner_key;               ///< of the uploader, made for this blob: signs its parts and its deletion
  std::uint64_t size = 0;            ///< of the whole blob, 1 to kMaxBlob
  std::uint64_t offset = 0;          ///< of the part
  Bytes data;                        ///< kBlobPart bytes, or what is left; or nothing: to ask how far the blob is there
  Signature signature;               ///< by owner_key, label "blob put", over content()
  std::optional<BlobWriter> writer;  ///< nothing: the login says who puts it

  /// `data_hash` is SHA-256 of `data`.
  Bytes content(const Hash& data_hash) const;
  /// channel || epoch || content(). There must be a writer.
  Bytes content_of_channel(const Hash& data_hash) const;
  void write(wire::Writer&) const;
  static Result<BlobPut> read(wire::Reader&);
};

struct BlobPutAnswer {
  std::uint64_t have = 0;  ///< the next part begins here; size of the blob: it is whole, and durable
  std::uint64_t left = 0;  ///< bytes that may still be put on the same account

  void write(wire::Writer&) const;
  static Result<BlobPutAnswer> read(wire::Reader&);
};

struct BlobGet {
  BlobId blob;
  std::uint64_t offset = 0;  ///< less than the blob's size
  std::uint32_t length = 0;  ///< at most kBlobPart

  void write(wire::Writer&) const;
  static Result<BlobGet> read(wire::Reader&);
};

struct BlobPart {
  std::uint64_t size = 0;  ///< of the whole blob
  Bytes data;              ///< from the offset on; shorter than asked for only at the blob's end

  void write(wire::Writer&) const;
  static Result<BlobPart> read(wire::Reader&);
};

struct BlobDelete {
  BlobId blob;
  Signature signature;  ///< by owner_key, label "blob delete", over content()

  Bytes content() const { return to_bytes(blob); }
  void write(wire::Writer&) const;
  static Result<BlobDelete> read(wire::Reader&);
};

/// Where a commit or welcome lies that does not fit into its envelope.
struct BlobRef {
  BlobId blob;
  std::uint64_t size = 0;  ///< bytes, 1 to kMaxHandshakeBlob
  Hash digest;             ///< SHA-256 of the blob

  void write(wire::Writer&) const;
  static Result<BlobRef> read(wire::Reader&);
};

}  // namespace cairn::proto
