#include "core/client/message_id.h"

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/wire/writer.h"

namespace cairn::client {

// draft-ietf-mimi-content, "Message ID". The salt stands there twice, against extension of the hash's input.
MessageId message_id(std::string_view sender_uri, std::string_view room_uri, ByteView content, ByteView salt) {
  CHECK(sender_uri.size() <= 0xffff && room_uri.size() <= 0xffff);
  wire::Writer w;
  w.u16(static_cast<std::uint16_t>(sender_uri.size()));
  w.raw(as_bytes(sender_uri));
  w.u16(static_cast<std::uint16_t>(room_uri.size()));
  w.raw(as_bytes(room_uri));
  w.raw(content);
  w.raw(salt);
  const Hash hash = crypto::sha256(w.view());
  const std::uint8_t algorithm[] = {kMessageIdSha256};
  return *MessageId::from(concat({algorithm, hash.view().first(MessageId::kSize - 1)}));
}

std::string user_uri(std::string_view name) {
  const std::size_t at = name.find('@');
  CHECK(at != std::string_view::npos);
  return "mimi://" + std::string(name.substr(at + 1)) + "/u/" + std::string(name.substr(0, at));
}

std::string room_uri_of_names(const std::vector<std::string>& names) {
  CHECK(!names.empty() && names.front().find('@') != std::string::npos);
  std::string out = "mimi://" + names.front().substr(names.front().find('@') + 1) + "/r/";
  for (const std::string& name : names) out += (&name == &names.front() ? "" : ",") + name;
  return out;
}

std::string room_uri_of_channel(std::string_view domain, const ChannelId& channel) {
  return "mimi://" + std::string(domain) + "/r/" + to_hex(channel);
}

}  // namespace cairn::client
