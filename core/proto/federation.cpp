#include "core/proto/federation.h"

#include <algorithm>

#include "core/base/encoding.h"

namespace cairn::proto {
namespace {

constexpr std::string_view kPassportMark = "p.";

void write_mailboxes(wire::Writer& w, const std::vector<MailboxId>& mailboxes) {
  const std::size_t mark = w.begin_vector();
  for (const MailboxId& mailbox : mailboxes) w.raw(mailbox);
  w.end_vector(mark);
}

/// At most `most`, ascending, no two the same.
Result<std::vector<MailboxId>> read_mailboxes(wire::Reader& r, std::size_t most) {
  wire::Reader list = TRY(r.nested(most * MailboxId::kSize));
  std::vector<MailboxId> out;
  while (!list.done()) {
    const auto mailbox = TRY(list.fixed<MailboxId>());
    REQUIRE(out.empty() || out.back() < mailbox, ErrorCode::malformed, "mailboxes are not sorted");
    out.push_back(mailbox);
  }
  return out;
}

}  // namespace

void PassportRequest::write(wire::Writer& w) const { w.opaque(audience); }
Result<PassportRequest> PassportRequest::read(wire::Reader& r) {
  return PassportRequest { TRY(r.opaque_text(kMaxDomainSize)) };
}

void PassportAnswer::write(wire::Writer& w) const {
  w.opaque(passport);
  w.u64(expires_ms);
}
Result<PassportAnswer> PassportAnswer::read(wire::Reader& r) {
  PassportAnswer out;
  out.passport = TRY(r.opaque_text(kMaxPassportSize));
  out.expires_ms = TRY(r.u64());
  return out;
}

Bytes Passport::content() const {
  wire::Writer w;
  w.opaque(issuer);
  w.opaque(audience);
  w.opaque(name);
  w.raw(device);
  w.raw(mailbox);
  w.u64(expires_ms);
  return w.take();
}
void Passport::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<Passport> Passport::read(wire::Reader& r) {
  Passport out;
  out.issuer = TRY(r.opaque_text(kMaxDomainSize));
  out.audience = TRY(r.opaque_text(kMaxDomainSize));
  out.name = TRY(r.opaque_text(kMaxNameSize));
  out.device = TRY(r.fixed<DeviceId>());
  out.mailbox = TRY(r.fixed<MailboxId>());
  out.expires_ms = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

std::string Passport::to_text() const { return std::string(kPassportMark) + to_base32(wire::encode(*this)); }
Result<Passport> Passport::from_text(std::string_view text) {
  REQUIRE(is_one(text) && text.size() <= kMaxPassportSize, ErrorCode::malformed, "no passport");
  text.remove_prefix(kPassportMark.size());
  const Bytes bytes = TRY(from_base32(text));
  REQUIRE(to_base32(bytes) == text, ErrorCode::malformed, "another spelling of a passport");
  return wire::decode<Passport>(bytes);
}

void ForwardItem::write(wire::Writer& w) const {
  w.u64(sequence);
  w.u8(static_cast<std::uint8_t>(kind));
  w.raw(channel);
  w.u64(epoch);
  w.opaque(body);
  write_mailboxes(w, recipients);
  w.u8(leaving ? 1 : 0);
  w.opaque(sender);
  w.raw(join_token);
}
Result<ForwardItem> ForwardItem::read(wire::Reader& r) {
  ForwardItem out;
  out.sequence = TRY(r.u64());
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= static_cast<std::uint8_t>(EnvelopeKind::rejoin_answer), ErrorCode::malformed,
          "kind of an envelope");
  out.kind = static_cast<EnvelopeKind>(kind);
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.body = TRY(r.opaque_bytes(kMaxEnvelopeBody));
  out.recipients = TRY(read_mailboxes(r, kMaxRecipients));
  REQUIRE(!out.recipients.empty(), ErrorCode::malformed, "an envelope for nobody");
  out.leaving = TRY(r.presence());
  out.sender = TRY(r.opaque_text(kMaxNameSize));
  out.join_token = TRY(r.fixed<JoinToken>());
  if (out.is_welcome()) {
    REQUIRE(out.recipients.size() == 1 && !out.leaving && !out.sender.empty(), ErrorCode::malformed,
            "a welcome is for one, and of somebody");
  } else {
    REQUIRE(out.sender.empty() && out.join_token == JoinToken{}, ErrorCode::malformed, "what only a welcome has");
  }
  REQUIRE(out.kind != EnvelopeKind::rejoin_answer || out.recipients.size() == 1, ErrorCode::malformed,
          "an answer to a rejoin is for one");
  const bool is_commit = out.kind == EnvelopeKind::commit || out.kind == EnvelopeKind::commit_blob;
  REQUIRE(is_commit || !out.leaving, ErrorCode::malformed, "one leaves by a commit alone");
  return out;
}

Bytes ForwardBatch::content() const {
  wire::Writer w;
  w.reserve(kMaxForwardBytes);
  w.opaque(from);
  w.opaque(to);
  w.u64(queue);
  w.raw(only);
  w.vector(items);
  return w.take();
}
void ForwardBatch::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<ForwardBatch> ForwardBatch::read(wire::Reader& r) {
  ForwardBatch out;
  out.from = TRY(r.opaque_text(kMaxDomainSize));
  out.to = TRY(r.opaque_text(kMaxDomainSize));
  out.queue = TRY(r.u64());
  out.only = TRY(r.fixed<MailboxId>());
  out.items = TRY(r.vector<ForwardItem>(kMaxForwardBytes, kMaxForwardItems));
  REQUIRE(!out.items.empty(), ErrorCode::malformed, "an empty batch");
  const bool is_right = std::ranges::all_of(out.items, [&](const ForwardItem& item) {
    return out.only.is_zero() || (item.recipients.size() == 1 && item.recipients.front() == out.only);
  });
  REQUIRE(is_right, ErrorCode::malformed, "an envelope in another mailbox's queue");
  const bool grows = std::ranges::adjacent_find(out.items, [](const ForwardItem& a, const ForwardItem& b) {
                       return a.sequence >= b.sequence;
                     }) == out.items.end();
  REQUIRE(grows && out.items.front().sequence > 0, ErrorCode::malformed, "sequences do not grow");
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void ForwardAnswer::write(wire::Writer& w) const {
  w.u64(queue);
  w.u64(up_to);
  write_mailboxes(w, full);
}
Result<ForwardAnswer> ForwardAnswer::read(wire::Reader& r) {
  ForwardAnswer out;
  out.queue = TRY(r.u64());
  out.up_to = TRY(r.u64());
  out.full = TRY(read_mailboxes(r, kMaxFull));
  return out;
}

}  // namespace cairn::proto
