#include "core/client/conversation.h"

#include "core/proto/limits.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxNames = 4096;
constexpr std::size_t kMaxSentence = 1024;
constexpr std::size_t kMaxStoredText = 64 * 1024;

template <class Enum>
Result<Enum> read_enum(wire::Reader& r, std::uint8_t last) {
  const std::uint8_t value = TRY(r.u8());
  REQUIRE(value >= 1 && value <= last, ErrorCode::malformed, "enum value");
  return static_cast<Enum>(value);
}

}  // namespace

void HeldJoinToken::write(wire::Writer& w) const {
  w.raw(device);
  w.raw(token);
}

Result<HeldJoinToken> HeldJoinToken::read(wire::Reader& r) {
  HeldJoinToken out;
  out.device = TRY(r.fixed<DeviceId>());
  out.token = TRY(r.fixed<proto::JoinToken>());
  return out;
}

void Conversation::write(wire::Writer& w) const {
  w.raw(channel);
  w.opaque(domain);
  w.u8(static_cast<std::uint8_t>(kind));
  w.u8(static_cast<std::uint8_t>(state));
  w.opaque(title);
  const std::size_t names_mark = w.begin_vector();
  for (const std::string& name : names) w.opaque(name);
  w.end_vector(names_mark);
  w.length(sent_to.size() * DeviceId::kSize);
  for (const DeviceId& device : sent_to) w.raw(device);
  w.u64(next_message);
  w.u64(next_outbox);
  w.u64(created_ms);
  w.vector(join_tokens);
  w.opaque(trouble);
}

Result<Conversation> Conversation::read(wire::Reader& r) {
  Conversation out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  out.kind = TRY(read_enum<ConversationKind>(r, 3));
  out.state = TRY(read_enum<ConversationState>(r, 4));
  out.title = TRY(r.opaque_text(kMaxSentence));
  wire::Reader names = TRY(r.nested(kMaxNames * (proto::kMaxNameSize + 2)));
  while (!names.done()) out.names.push_back(TRY(names.opaque_text(proto::kMaxNameSize)));
  wire::Reader devices = TRY(r.nested(kMaxNames * 32 * DeviceId::kSize));
  while (!devices.done()) out.sent_to.push_back(TRY(devices.fixed<DeviceId>()));
  out.next_message = TRY(r.u64());
  out.next_outbox = TRY(r.u64());
  out.created_ms = TRY(r.u64());
  out.join_tokens = TRY(r.vector<HeldJoinToken>(proto::kMaxWelcomes * 32, proto::kMaxWelcomes));
  out.trouble = TRY(r.opaque_text(kMaxSentence));
  return out;
}

void Message::write(wire::Writer& w) const {
  w.opaque(sender);
  w.raw(device);
  w.u8(static_cast<std::uint8_t>(delivery));
  w.u64(time_ms);
  w.u64(epoch);
  w.opaque(text);
  w.opaque(unknown_type);
  w.raw(id);
  w.raw(version);
  w.u8(in_reply_to ? 1 : 0);
  if (in_reply_to) w.raw(*in_reply_to);
  w.u64(edited_ms);
  w.u8(unsent ? 1 : 0);
  w.u32(life_s);
  w.u64(expires_ms);
}

bool Message::is_lasting(Time now) const {
  const bool soon = expires_ms != 0 && expires_ms <= after(now, kDayMs).ms;
  return !soon && (life_s == 0 || life_s > kDayMs / kSecondMs);
}

Result<Message> Message::read(wire::Reader& r) {
  Message out;
  out.sender = TRY(r.opaque_text(proto::kMaxNameSize));
  out.device = TRY(r.fixed<DeviceId>());
  out.delivery = TRY(read_enum<Delivery>(r, 5));
  out.time_ms = TRY(r.u64());
  out.epoch = TRY(r.u64());
  out.text = TRY(r.opaque_text(kMaxStoredText));
  out.unknown_type = TRY(r.opaque_text(kMaxSentence));
  out.id = TRY(r.fixed<MessageId>());
  out.version = TRY(r.fixed<MessageId>());
  if (TRY(r.presence())) out.in_reply_to = TRY(r.fixed<MessageId>());
  out.edited_ms = TRY(r.u64());
  out.unsent = TRY(r.presence());
  out.life_s = TRY(r.u32());
  out.expires_ms = TRY(r.u64());
  return out;
}

void OutboxEntry::write(wire::Writer& w) const {
  w.u64(message);
  w.opaque(plaintext);
  w.raw(channel);
  w.u64(epoch);
  w.opaque(ciphertext);
  w.raw(ciphertext_hash);
}

Result<OutboxEntry> OutboxEntry::read(wire::Reader& r) {
  OutboxEntry out;
  out.message = TRY(r.u64());
  out.plaintext = TRY(r.opaque_bytes(kMaxStoredText));
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.ciphertext = TRY(r.opaque_bytes(proto::kMaxEnvelopeBody));
  out.ciphertext_hash = TRY(r.fixed<Hash>());
  return out;
}

}  // namespace cairn::client
