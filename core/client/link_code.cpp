#include "core/client/link_code.h"

#include "core/base/encoding.h"
#include "core/client/labels.h"
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"

namespace cairn::client {
namespace {

constexpr std::size_t kCodeChecksumBytes = 2;
constexpr std::size_t kCodeGroup = 4;
constexpr auto kAead = crypto::AeadAlgorithm::xchacha20_poly1305;
/// More than any grouping of the code takes.
constexpr std::size_t kMaxCodeText = 512;

using SlotIds = Secret<struct LinkSlotIdsTag, 32>;
using SealKey = Secret<struct LinkSealKeyTag, 32>;

ByteView checksum(const Hash& hash) { return hash.view().first(kCodeChecksumBytes); }

SealKey seal_key(const LinkCode& code) {
  return crypto::kdf<SealKey>(code.secret.expose(), kDeriveLinkSeal, code.signature_key);
}

}  // namespace

std::string link_code_text(const LinkCode& code) {
  const Hash hash = crypto::sha256({code.signature_key, code.secret.expose()});
  const SecretBytes all(concat({code.signature_key, code.secret.expose(), checksum(hash)}));
  const std::string digits = to_base32(all.expose());
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % kCodeGroup == 0) out += '-';
    out += digits[i];
  }
  return out;
}

Result<LinkCode> parse_link_code(std::string_view text) {
  REQUIRE(text.size() <= kMaxCodeText, ErrorCode::malformed, "link code: length");
  std::string digits;
  for (char c : text) {
    if (c != ' ' && c != '-' && c != '\t' && c != '\r' && c != '\n') digits += c;
  }
  const SecretBytes all(TRY(from_base32(digits)));
  constexpr std::size_t kSize = PublicKey::kSize + LinkSecret::kSize;
  REQUIRE(all.size() == kSize + kCodeChecksumBytes, ErrorCode::malformed, "link code: length");
  const ByteView code = all.expose().first(kSize);
  REQUIRE(equal(checksum(crypto::sha256(code)), all.expose().subspan(kSize)), ErrorCode::malformed,
          "link code: checksum");
  const PublicKey key = TRY(PublicKey::from(code.first(PublicKey::kSize)));
  return LinkCode { key, TRY(LinkSecret::from(code.subspan(PublicKey::kSize))) };
}

proto::RendezvousId link_slot(const LinkCode& code, LinkSlot slot) {
  const auto ids = crypto::kdf<SlotIds>(code.secret.expose(), kDeriveLinkSlots, code.signature_key);
  const auto half = proto::RendezvousId::kSize;
  const auto id = proto::RendezvousId::from(ids.expose().subspan(slot == LinkSlot::from_new_device ? 0 : half, half));
  CHECK(id.has_value());
  return *id;
}

Bytes seal_for_slot(const LinkCode& code, LinkSlot slot, ByteView plaintext, Entropy& entropy) {
  Bytes nonce(crypto::aead_nonce_size(kAead));
  entropy.fill(nonce);
  return concat({nonce, crypto::aead_seal(kAead, seal_key(code).expose(), nonce, link_slot(code, slot), plaintext)});
}

Result<SecretBytes> open_from_slot(const LinkCode& code, LinkSlot slot, ByteView sealed) {
  const std::size_t nonce_size = crypto::aead_nonce_size(kAead);
  REQUIRE(sealed.size() >= nonce_size, ErrorCode::crypto_failed, "link seal");
  return crypto::aead_open(kAead, seal_key(code).expose(), sealed.first(nonce_size), link_slot(code, slot),
                           sealed.subspan(nonce_size));
}

void LinkRequest::write(wire::Writer& w) const {
  name.write(w);
  device.write(w);
}

Result<LinkRequest> LinkRequest::read(wire::Reader& r) {
  directory::Name name = TRY(directory::Name::read(r));
  directory::Device device = TRY(directory::Device::read(r));
  return LinkRequest{std::move(name), std::move(device)};
}

void LinkOffer::write(wire::Writer& w) const { w.opaque(wire::encode(directory::Statement{content, {signature}})); }

// directory::Statement refuses what lacks a signature, so its two parts are read here.
Result<LinkOffer> LinkOffer::read(wire::Reader& r) {
  wire::Reader statement = TRY(r.nested(proto::kMaxRendezvousBody));
  directory::StatementContent content = TRY(directory::StatementContent::read(statement));
  auto signatures = TRY(statement.vector<directory::StatementSignature>(proto::kMaxRendezvousBody, 1));
  TRY(statement.finish());
  REQUIRE(signatures.size() == 1, ErrorCode::malformed, "link offer: signatures");
  return LinkOffer{std::move(content), std::move(signatures.front())};
}

}  // namespace cairn::client
