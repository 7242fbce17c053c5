#include "core/proto/api.h"

#include "core/proto/blobs.h"

namespace cairn::proto {
namespace {

constexpr std::size_t kMaxMessageSize = 512;
constexpr std::size_t kAddressSize = 2 + kMaxDomainSize + MailboxId::kSize;

template <class Fixed>
void write_fixed_vector(wire::Writer& w, const std::vector<Fixed>& items) {
  w.length(items.size() * Fixed::kSize);
  for (const Fixed& item : items) w.raw(item);
}

template <class Fixed>
Result<std::vector<Fixed>> read_fixed_vector(wire::Reader& r, std::size_t max_count) {
  wire::Reader body = TRY(r.nested(max_count * Fixed::kSize));
  std::vector<Fixed> out;
  while (!body.done()) out.push_back(TRY(body.fixed<Fixed>()));
  return out;
}

template <class Enum>
Result<Enum> read_enum(wire::Reader& r, std::uint8_t first, std::uint8_t last) {
  const std::uint8_t value = TRY(r.u8());
  REQUIRE(value >= first && value <= last, ErrorCode::malformed, "enum value");
  return static_cast<Enum>(value);
}

/// A commit or welcome, or a BlobRef in its place.
Result<Bytes> carried(wire::Reader& r, Carriage carriage) {
  Bytes out = TRY(r.opaque_bytes(kMaxEnvelopeBody));
  if (carriage == Carriage::blob) TRY(wire::decode<BlobRef>(out));
  return out;
}

}  // namespace

void ErrorAnswer::write(wire::Writer& w) const {
  w.u16(static_cast<std::uint16_t>(code));
  w.opaque(message);
}
Result<ErrorAnswer> ErrorAnswer::read(wire::Reader& r) {
  ErrorAnswer out;
  out.code = static_cast<ErrorCode>(TRY(r.u16()));
  out.message = TRY(r.opaque_text(kMaxMessageSize));
  return out;
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::not_authorised:
    case ErrorCode::crypto_failed:
    case ErrorCode::invalid_signature: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict:
    case ErrorCode::duplicate:
    case ErrorCode::wrong_epoch: return 409;
    case ErrorCode::stale: return 410;
    case ErrorCode::over_limit: return 413;
    case ErrorCode::rate_limited: return 429;
    case ErrorCode::internal: return 500;
    case ErrorCode::unsupported: return 501;
    case ErrorCode::unavailable:
    case ErrorCode::no_quorum: return 503;
    case ErrorCode::storage_full:
    case ErrorCode::storage_failed: return 507;
    default: return 400;
  }
}

void Address::write(wire::Writer& w) const {
  w.opaque(domain);
  w.raw(mailbox);
}
Result<Address> Address::read(wire::Reader& r) {
  Address out;
  out.domain = TRY(r.opaque_text(kMaxDomainSize));
  out.mailbox = TRY(r.fixed<MailboxId>());
  return out;
}

void NonceAnswer::write(wire::Writer& w) const {
  w.raw(nonce);
  w.u64(expires_ms);
}
Result<NonceAnswer> NonceAnswer::read(wire::Reader& r) {
  NonceAnswer out;
  out.nonce = TRY(r.fixed<Nonce16>());
  out.expires_ms = TRY(r.u64());
  return out;
}

Bytes LoginRequest::content() const {
  wire::Writer w;
  w.opaque(domain);
  w.opaque(name);
  w.raw(device);
  w.raw(nonce);
  w.u64(expires_ms);
  return w.take();
}
void LoginRequest::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<LoginRequest> LoginRequest::read(wire::Reader& r) {
  LoginRequest out;
  out.domain = TRY(r.opaque_text(kMaxDomainSize));
  out.name = TRY(r.opaque_text(kMaxNameSize));
  out.device = TRY(r.fixed<DeviceId>());
  out.nonce = TRY(r.fixed<Nonce16>());
  out.expires_ms = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void LoginAnswer::write(wire::Writer& w) const {
  w.opaque(token);
  w.u64(expires_ms);
  w.u32(key_packages);
}
Result<LoginAnswer> LoginAnswer::read(wire::Reader& r) {
  LoginAnswer out;
  out.token = TRY(r.opaque_text(kMaxTokenSize));
  out.expires_ms = TRY(r.u64());
  out.key_packages = TRY(r.u32());
  return out;
}

void StatementRequest::write(wire::Writer& w) const {
  w.opaque(statement);
  w.opaque(invitation);
  w.opaque(veto);
}
Result<StatementRequest> StatementRequest::read(wire::Reader& r) {
  StatementRequest out;
  out.statement = TRY(r.opaque_bytes(kMaxStatementSize));
  out.invitation = TRY(r.opaque_text(kMaxInvitationSize));
  out.veto = TRY(r.opaque_bytes(kMaxVetoSize));
  return out;
}

void KeyPackageUpload::Item::write(wire::Writer& w) const {
  w.opaque(key_package);
  w.raw(join_token);
}
Result<KeyPackageUpload::Item> KeyPackageUpload::Item::read(wire::Reader& r) {
  Item out;
  out.key_package = TRY(r.opaque_bytes(kMaxKeyPackageSize));
  out.join_token = TRY(r.fixed<JoinToken>());
  return out;
}
void KeyPackageUpload::write(wire::Writer& w) const {
  w.vector(items);
  w.vector(last_resort);
}
Result<KeyPackageUpload> KeyPackageUpload::read(wire::Reader& r) {
  KeyPackageUpload out;
  out.items = TRY(r.vector<Item>(wire::kMaxVectorSize, kMaxKeyPackages));
  out.last_resort = TRY(r.vector<Item>(wire::kMaxVectorSize, 1));
  return out;
}

void KeyPackageFetch::write(wire::Writer& w) const {
  w.opaque(name);
  write_fixed_vector(w, devices);
}
Result<KeyPackageFetch> KeyPackageFetch::read(wire::Reader& r) {
  KeyPackageFetch out;
  out.name = TRY(r.opaque_text(kMaxNameSize));
  out.devices = TRY(read_fixed_vector<DeviceId>(r, kMaxFetchedDevices));
  return out;
}

void KeyPackageAnswer::Item::write(wire::Writer& w) const {
  w.raw(device);
  w.opaque(key_package);
  w.raw(join_token);
}
Result<KeyPackageAnswer::Item> KeyPackageAnswer::Item::read(wire::Reader& r) {
  Item out;
  out.device = TRY(r.fixed<DeviceId>());
  out.key_package = TRY(r.opaque_bytes(kMaxKeyPackageSize));
  out.join_token = TRY(r.fixed<JoinToken>());
  return out;
}
void KeyPackageAnswer::write(wire::Writer& w) const { w.vector(items); }
Result<KeyPackageAnswer> KeyPackageAnswer::read(wire::Reader& r) {
  KeyPackageAnswer out;
  out.items = TRY(r.vector<Item>(wire::kMaxVectorSize, kMaxFetchedDevices));
  return out;
}

void ChannelCreate::write(wire::Writer& w) const {
  w.raw(channel);
  w.u64(epoch);
  w.raw(write_key);
  w.raw(mailbox);
}
Result<ChannelCreate> ChannelCreate::read(wire::Reader& r) {
  ChannelCreate out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.write_key = TRY(r.fixed<PublicKey>());
  out.mailbox = TRY(r.fixed<MailboxId>());
  return out;
}

void WelcomeFor::write(wire::Writer& w) const {
  to.write(w);
  w.raw(join_token);
  w.u8(static_cast<std::uint8_t>(carriage));
  w.opaque(welcome);
}
Result<WelcomeFor> WelcomeFor::read(wire::Reader& r) {
  WelcomeFor out;
  out.to = TRY(Address::read(r));
  out.join_token = TRY(r.fixed<JoinToken>());
  out.carriage = TRY(read_enum<Carriage>(r, 0, 1));
  out.welcome = TRY(carried(r, out.carriage));
  return out;
}

Bytes ChannelCommit::content() const {
  wire::Writer w;
  w.raw(channel);
  w.u64(epoch);
  w.u8(static_cast<std::uint8_t>(carriage));
  w.opaque(commit);
  w.vector(welcomes);
  w.raw(next_write_key);
  w.vector(next_recipients);
  w.u8(static_cast<std::uint8_t>(revoke));
  return w.take();
}
void ChannelCommit::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<ChannelCommit> ChannelCommit::read(wire::Reader& r) {
  ChannelCommit out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.carriage = TRY(read_enum<Carriage>(r, 0, 1));
  out.commit = TRY(carried(r, out.carriage));
  out.welcomes = TRY(r.vector<WelcomeFor>(wire::kMaxVectorSize, kMaxWelcomes));
  out.next_write_key = TRY(r.fixed<PublicKey>());
  out.next_recipients = TRY(r.vector<Address>(kMaxRecipients * kAddressSize, kMaxRecipients));
  for (std::size_t i = 1; i < out.next_recipients.size(); ++i) {
    REQUIRE(out.next_recipients[i - 1] < out.next_recipients[i], ErrorCode::malformed, "recipients not sorted");
  }
  out.revoke = TRY(read_enum<Revoke>(r, 0, 1));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void CommitAnswer::write(wire::Writer& w) const {
  w.u64(epoch);
  w.opaque(winning_commit);
}
Result<CommitAnswer> CommitAnswer::read(wire::Reader& r) {
  CommitAnswer out;
  out.epoch = TRY(r.u64());
  out.winning_commit = TRY(r.opaque_bytes(kMaxEnvelopeBody));
  return out;
}

Bytes ChannelSend::content() const {
  wire::Writer w;
  w.raw(channel);
  w.u64(epoch);
  w.opaque(ciphertext);
  return w.take();
}
void ChannelSend::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<ChannelSend> ChannelSend::read(wire::Reader& r) {
  ChannelSend out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.ciphertext = TRY(r.opaque_bytes(kMaxEnvelopeBody));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void Envelope::write(wire::Writer& w) const {
  w.u64(sequence);
  w.u8(static_cast<std::uint8_t>(kind));
  w.opaque(domain);
  w.raw(channel);
  w.u64(epoch);
  w.u64(received_ms);
  w.opaque(body);
}
Result<Envelope> Envelope::read(wire::Reader& r) {
  Envelope out;
  out.sequence = TRY(r.u64());
  out.kind = TRY(read_enum<EnvelopeKind>(r, 1, 7));
  out.domain = TRY(r.opaque_text(kMaxDomainSize));
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.received_ms = TRY(r.u64());
  out.body = TRY(r.opaque_bytes(kMaxEnvelopeBody));
  return out;
}

void MailboxPush::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  if (kind == Kind::envelope) envelope.write(w);
  if (kind == Kind::log_grew) w.u64(log_size);
  if (kind == Kind::caught_up) w.u64(last);
}
Result<MailboxPush> MailboxPush::read(wire::Reader& r) {
  MailboxPush out;
  out.kind = TRY(read_enum<Kind>(r, 1, 4));
  if (out.kind == Kind::envelope) out.envelope = TRY(Envelope::read(r));
  if (out.kind == Kind::log_grew) out.log_size = TRY(r.u64());
  if (out.kind == Kind::caught_up) out.last = TRY(r.u64());
  return out;
}

void MailboxAck::write(wire::Writer& w) const { w.u64(up_to); }
Result<MailboxAck> MailboxAck::read(wire::Reader& r) {
  MailboxAck out;
  out.up_to = TRY(r.u64());
  return out;
}

}  // namespace cairn::proto
