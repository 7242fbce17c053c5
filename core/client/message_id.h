// How messages are named: the MessageId of draft-ietf-mimi-content ("Message ID"), the same on every device.
#pragma once

#include <string>
#include <vector>

#include "core/base/types.h"

namespace cairn::client {

/// 0x01 (SHA-256) and the first 31 bytes of a hash over sender, room, content and salt.
using MessageId = FixedBytes<struct MessageIdTag, 32>;

/// IANA's hash name of SHA-256, the first byte of every id so far.
constexpr std::uint8_t kMessageIdSha256 = 1;

/// Of a content (its CBOR) with this salt. The URIs have at most 65,535 bytes (CHECKed).
MessageId message_id(std::string_view sender_uri, std::string_view room_uri, ByteView content, ByteView salt);

/// "mimi://example.org/u/alice" for alice@example.org.
std::string user_uri(std::string_view name);
/// Of a pair or the conversation with oneself, which may have several channels: "mimi://DOMAIN/r/NAME,NAME", the names
/// sorted, DOMAIN that of the first one.
std::string room_uri_of_names(const std::vector<std::string>& names);
/// Of a group: "mimi://DOMAIN/r/CHANNEL" in hex.
std::string room_uri_of_channel(std::string_view domain, const ChannelId& channel);

}  // namespace cairn::client
