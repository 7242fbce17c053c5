#include "core/proto/realm.h"

#include <set>

namespace cairn::proto {
namespace {

constexpr std::size_t kGuessEntrySize = 8 + 8 + 1 + 1;

template <class Enum>
Result<Enum> read_enum(wire::Reader& r, Enum last) {
  const std::uint8_t value = TRY(r.u8());
  REQUIRE(value >= 1 && value <= static_cast<std::uint8_t>(last), ErrorCode::malformed, "enum value");
  return static_cast<Enum>(value);
}

template <class Enum>
void write_enum(wire::Writer& w, Enum value) {
  w.u8(static_cast<std::uint8_t>(value));
}

template <class Fixed>
void write_optional(wire::Writer& w, const std::optional<Fixed>& value) {
  w.optional_raw(value ? std::optional<ByteView>(value->view()) : std::nullopt);
}

template <class Fixed>
Result<std::optional<Fixed>> read_optional(wire::Reader& r) {
  if (!TRY(r.presence())) return std::optional<Fixed>{};
  return std::optional<Fixed>(TRY(r.fixed<Fixed>()));
}

Result<std::string> read_domain(wire::Reader& r) {
  std::string out = TRY(r.opaque_text(kMaxDomainSize));
  REQUIRE(!out.empty(), ErrorCode::malformed, "domain");
  return out;
}

Result<Bytes> read_token(wire::Reader& r) {
  Bytes out = TRY(r.opaque_bytes(kMaxAccountToken));
  REQUIRE(!out.empty(), ErrorCode::malformed, "account token");
  return out;
}

void write_share(wire::Writer& w, const TokenShare& share) {
  w.u8(share.index);
  w.raw(share.share.expose());
  w.raw(share.check);
  w.raw(share.mac);
}

Result<TokenShare> read_share(wire::Reader& r) {
  TokenShare out;
  out.index = TRY(r.u8());
  out.share = TRY(r.fixed<EncodedScalar>());
  out.check = TRY(r.fixed<TokenCheck>());
  out.mac = TRY(r.fixed<TokenMac>());
  return out;
}

}  // namespace

void RealmWho::write(wire::Writer& w) const {
  w.opaque(domain);
  w.raw(registration);
}
Result<RealmWho> RealmWho::read(wire::Reader& r) {
  RealmWho out;
  out.domain = TRY(read_domain(r));
  out.registration = TRY(r.fixed<RegistrationId>());
  return out;
}

Bytes AccountToken::content() const {
  wire::Writer w;
  w.opaque(domain);
  w.raw(realm);
  w.raw(registration);
  write_enum(w, purpose);
  w.u64(expires_ms);
  w.raw(nonce);
  return w.take();
}
void AccountToken::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<AccountToken> AccountToken::read(wire::Reader& r) {
  AccountToken out;
  out.domain = TRY(read_domain(r));
  out.realm = TRY(r.fixed<RealmId>());
  out.registration = TRY(r.fixed<RegistrationId>());
  out.purpose = TRY(read_enum(r, TokenPurpose::store_token));
  out.expires_ms = TRY(r.u64());
  out.nonce = TRY(r.fixed<Nonce16>());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void RealmTokensRequest::write(wire::Writer& w) const {
  w.opaque(name);
  w.u8(number);
  write_enum(w, purpose);
  w.length(realms.size() * RealmId::kSize);
  for (const RealmId& realm : realms) w.raw(realm);
  w.opaque(invitation);
}
Result<RealmTokensRequest> RealmTokensRequest::read(wire::Reader& r) {
  RealmTokensRequest out;
  out.name = TRY(r.opaque_text(kMaxNameSize));
  out.number = TRY(r.u8());
  out.purpose = TRY(read_enum(r, TokenPurpose::store_token));
  wire::Reader body = TRY(r.nested(kMaxRealms * RealmId::kSize));
  std::set<RealmId> seen;
  while (!body.done()) {
    out.realms.push_back(TRY(body.fixed<RealmId>()));
    REQUIRE(seen.insert(out.realms.back()).second, ErrorCode::malformed, "a realm twice");
  }
  REQUIRE(!out.realms.empty(), ErrorCode::malformed, "no realm");
  out.invitation = TRY(r.opaque_text(kMaxInvitationSize));
  return out;
}

void RealmTokensAnswer::write(wire::Writer& w) const {
  w.raw(registration);
  w.vector(tokens);
}
Result<RealmTokensAnswer> RealmTokensAnswer::read(wire::Reader& r) {
  RealmTokensAnswer out;
  out.registration = TRY(r.fixed<RegistrationId>());
  out.tokens = TRY(r.vector<Item>(kMaxRealms * (kMaxAccountToken + 2), kMaxRealms));
  return out;
}

void PinRegisterRequest::write(wire::Writer& w) const {
  who.write(w);
  w.opaque(token);
  write_optional(w, replaces);
  w.raw(share.encode().expose());
}
Result<PinRegisterRequest> PinRegisterRequest::read(wire::Reader& r) {
  PinRegisterRequest out;
  out.who = TRY(RealmWho::read(r));
  out.token = TRY(r.opaque_bytes(kMaxAccountToken));
  out.replaces = TRY(read_optional<Signature>(r));
  out.share = TRY(r.fixed<PinShare>());
  return out;
}

void PinVersionAnswer::write(wire::Writer& w) const {
  w.raw(version);
  w.u8(guesses_left);
}
Result<PinVersionAnswer> PinVersionAnswer::read(wire::Reader& r) {
  PinVersionAnswer out;
  out.version = TRY(r.fixed<PinVersion>());
  out.guesses_left = TRY(r.u8());
  return out;
}

void PinEvaluateRequest::write(wire::Writer& w) const {
  w.opaque(token);
  w.raw(version);
  w.raw(element);
}
Result<PinEvaluateRequest> PinEvaluateRequest::read(wire::Reader& r) {
  PinEvaluateRequest out;
  out.token = TRY(read_token(r));
  out.version = TRY(r.fixed<PinVersion>());
  out.element = TRY(r.fixed<EncodedElement>());
  return out;
}

void PinEvaluateAnswer::write(wire::Writer& w) const {
  w.raw(value.shown.encode());
  w.raw(value.element);
  w.raw(value.proof);
  w.u8(value.guesses_left);
}
Result<PinEvaluateAnswer> PinEvaluateAnswer::read(wire::Reader& r) {
  PinEvaluateAnswer out;
  out.value.shown = TRY(r.fixed<PinPublic>());
  out.value.element = TRY(r.fixed<EncodedElement>());
  out.value.proof = TRY(r.fixed<EncodedDleqProof>());
  out.value.guesses_left = TRY(r.u8());
  return out;
}

void PinReleaseRequest::write(wire::Writer& w) const {
  who.write(w);
  w.raw(version);
  w.raw(tag.expose());
}
Result<PinReleaseRequest> PinReleaseRequest::read(wire::Reader& r) {
  PinReleaseRequest out;
  out.who = TRY(RealmWho::read(r));
  out.version = TRY(r.fixed<PinVersion>());
  out.tag = TRY(r.fixed<PinTag>());
  return out;
}

void PinReleaseAnswer::write(wire::Writer& w) const {
  w.raw(value.scalar_share.expose());
  w.raw(value.sealed);
  w.raw(value.mac);
}
Result<PinReleaseAnswer> PinReleaseAnswer::read(wire::Reader& r) {
  PinReleaseAnswer out;
  out.value.scalar_share = TRY(r.fixed<EncodedScalar>());
  out.value.sealed = TRY(r.fixed<SealedPinSecret>());
  out.value.mac = TRY(r.fixed<PinMac>());
  return out;
}

void PinOwnerRequest::write(wire::Writer& w) const {
  who.write(w);
  w.raw(version);
  write_enum(w, action);
  w.u64(sequence);
  w.raw(signature);
}
Result<PinOwnerRequest> PinOwnerRequest::read(wire::Reader& r) {
  PinOwnerRequest out;
  out.who = TRY(RealmWho::read(r));
  out.version = TRY(r.fixed<PinVersion>());
  out.action = TRY(read_enum(r, PinOwnerAction::erase));
  out.sequence = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void GuessEntry::write(wire::Writer& w) const {
  w.u64(number);
  w.u64(time_ms);
  write_enum(w, kind);
  w.u8(counter);
}
Result<GuessEntry> GuessEntry::read(wire::Reader& r) {
  GuessEntry out;
  out.number = TRY(r.u64());
  out.time_ms = TRY(r.u64());
  out.kind = TRY(read_enum(r, GuessKind::deleted));
  out.counter = TRY(r.u8());
  return out;
}

void PinOwnerAnswer::write(wire::Writer& w) const {
  w.u64(sequence);
  w.u8(counter);
  w.vector(log);
}
Result<PinOwnerAnswer> PinOwnerAnswer::read(wire::Reader& r) {
  PinOwnerAnswer out;
  out.sequence = TRY(r.u64());
  out.counter = TRY(r.u8());
  out.log = TRY(r.vector<GuessEntry>(kMaxGuessLog * kGuessEntrySize, kMaxGuessLog));
  return out;
}

void TokenStoreRequest::write(wire::Writer& w) const {
  w.opaque(token);
  w.raw(record);
  w.raw(release_key);
  write_optional(w, erase_key);
  write_share(w, share);
}
Result<TokenStoreRequest> TokenStoreRequest::read(wire::Reader& r) {
  TokenStoreRequest out;
  out.token = TRY(read_token(r));
  out.record = TRY(r.fixed<TokenRecordId>());
  out.release_key = TRY(r.fixed<PublicKey>());
  out.erase_key = TRY(read_optional<PublicKey>(r));
  out.share = TRY(read_share(r));
  return out;
}

void TokenRequest::write(wire::Writer& w) const {
  w.raw(record);
  write_enum(w, action);
  write_enum(w, by);
  w.u64(change);
  w.raw(signature);
}
Result<TokenRequest> TokenRequest::read(wire::Reader& r) {
  TokenRequest out;
  out.record = TRY(r.fixed<TokenRecordId>());
  out.action = TRY(read_enum(r, TokenAction::cancel));
  out.by = TRY(read_enum(r, TokenKeyKind::erase));
  out.change = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void write(wire::Writer& w, const ErasureReceipt& receipt) {
  w.raw(receipt.content());
  w.raw(receipt.signature);
}
Result<ErasureReceipt> read_receipt(wire::Reader& r) {
  ErasureReceipt out;
  out.realm = TRY(r.fixed<RealmId>());
  out.record = TRY(r.fixed<TokenRecordId>());
  out.time_ms = TRY(r.u64());
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void TokenAnswer::write(wire::Writer& w) const {
  w.u64(value.change);
  w.u64(value.erase_at_ms);
  w.u8(value.share ? 1 : 0);
  if (value.share) write_share(w, *value.share);
  w.u8(value.receipt ? 1 : 0);
  if (value.receipt) proto::write(w, *value.receipt);
}
Result<TokenAnswer> TokenAnswer::read(wire::Reader& r) {
  TokenAnswer out;
  out.value.change = TRY(r.u64());
  out.value.erase_at_ms = TRY(r.u64());
  if (TRY(r.presence())) out.value.share = TRY(read_share(r));
  if (TRY(r.presence())) out.value.receipt = TRY(read_receipt(r));
  return out;
}

void TokenNoteRequest::write(wire::Writer& w) const {
  w.raw(record);
  w.opaque(note);
  w.raw(signature);
}
Result<TokenNoteRequest> TokenNoteRequest::read(wire::Reader& r) {
  TokenNoteRequest out;
  out.record = TRY(r.fixed<TokenRecordId>());
  out.note = TRY(r.opaque_bytes(kMaxTokenNote));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

Bytes RealmHead::content() const {
  wire::Writer w;
  w.raw(realm);
  w.u64(size);
  w.raw(head);
  w.u64(known_size);
  w.raw(known_head);
  return w.take();
}
void RealmHead::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<RealmHead> RealmHead::read(wire::Reader& r) {
  RealmHead out;
  out.realm = TRY(r.fixed<RealmId>());
  out.size = TRY(r.u64());
  out.head = TRY(r.fixed<Hash>());
  out.known_size = TRY(r.u64());
  out.known_head = TRY(r.fixed<Hash>());
  REQUIRE(out.known_size < out.size && out.size < kMaxRealmLog, ErrorCode::malformed, "size of a realm's log");
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

}  // namespace cairn::proto
