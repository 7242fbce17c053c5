// What is inside an envelope: a binary property list (libplist), gzipped when that makes it smaller (zlib).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace cairn::lab::legacy {

/// Where an attachment lies and how it is opened; inside of the message.
struct AttachmentReference {
  std::string name;
  std::string url;
  std::string owner;
  std::string signature_hex;  ///< SHA-1 of the ciphertext
  std::string key_hex;        ///< of AES-256-CTR, 64 digits
  std::size_t size = 0;

  friend bool operator==(const AttachmentReference&, const AttachmentReference&) = default;
};

/// Keys as in the property list: p, t, x.
struct Message {
  std::vector<std::string> participants;
  std::string text;
  std::optional<AttachmentReference> attachment;

  friend bool operator==(const Message&, const Message&) = default;
};

constexpr std::size_t kMaxBody = 64 * 1024;

/// The property list, not compressed.
Bytes encode_plist(const Message& message);
/// `malformed` for what is no property list with p and t.
Result<Message> decode_plist(ByteView plist);

/// The markup of an attachment, which stands under x in the property list.
std::string attachment_markup(const AttachmentReference& reference);

/// RFC 1952.
Bytes gzip(ByteView data);
/// `malformed` when the structure or the checksum is wrong, `over_limit` beyond kMaxBody.
Result<Bytes> gunzip(ByteView data);

/// encode_plist, gzipped when that is smaller; and back.
Bytes encode_body(const Message& message);
Result<Message> decode_body(ByteView body);

}  // namespace cairn::lab::legacy
