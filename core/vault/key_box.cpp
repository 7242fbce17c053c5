#include "core/vault/key_box.h"

#include <algorithm>

#include "core/base/padding.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"

namespace cairn::vault {
namespace {

constexpr std::uint8_t kKeyBoxFormat = 1;
enum class TokenMode : std::uint8_t { realms = 1, beside = 2 };

SealKey body_key(const BackupRoot& root) { return crypto::kdf<SealKey>(root.expose(), kDeriveKeyBoxBody, {}); }

/// What the body is bound to.
Bytes encode_outside(std::uint32_t generation, std::span<const SealedRoot> roots) {
  wire::Writer writer;
  writer.u8(kKeyBoxFormat);
  writer.u32(generation);
  writer.vector(roots);
  return writer.take();
}

SecretBytes to_be_signed(ByteView outside, ByteView content) {
  return SecretBytes(concat({crypto::sha256(outside), content}));
}

template <class Key>
bool contains(std::span<const Key> keys, const Key& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

Result<RealmEntry> RealmEntry::read(wire::Reader& reader) {
  return RealmEntry { TRY(reader.opaque_bytes(kMaxRealmEntry)) };
}

Generation Generation::clone() const {
  Generation out{number, created, chain_count, root.clone(), std::nullopt, realms, data_key};
  if (token) out.token = token->clone();
  return out;
}

void Generation::write(wire::Writer& writer) const {
  writer.u32(number);
  writer.u64(created.ms);
  writer.u32(chain_count);
  writer.raw(root.expose());
  writer.u8(static_cast<std::uint8_t>(token ? TokenMode::beside : TokenMode::realms));
  if (token) {
    writer.raw(token->expose());
  } else {
    writer.vector(realms);
  }
  writer.raw(data_key);
}

Result<Generation> Generation::read(wire::Reader& reader) {
  Generation out;
  out.number = TRY(reader.u32());
  out.created = { TRY(reader.u64()) };
  out.chain_count = TRY(reader.u32());
  out.root = TRY(reader.fixed<BackupRoot>());
  const auto mode = static_cast<TokenMode>(TRY(reader.u8()));
  REQUIRE(mode == TokenMode::realms || mode == TokenMode::beside, ErrorCode::unsupported, "key box: token mode");
  if (mode == TokenMode::beside) {
    out.token = TRY(reader.fixed<BackupToken>());
  } else {
    out.realms = TRY(reader.vector<RealmEntry>(kMaxRealmEntries * (kMaxRealmEntry + 2), kMaxRealmEntries));
    REQUIRE(!out.realms.empty(), ErrorCode::malformed, "key box: no realms");
  }
  out.data_key = TRY(reader.fixed<WrappedDataKey>());
  return out;
}

void PinKeys::write(wire::Writer& writer) const {
  writer.raw(registration);
  writer.u8(number);
  writer.raw(auth.expose());
  writer.raw(box);
  writer.raw(box_key.expose());
}

Result<PinKeys> PinKeys::read(wire::Reader& reader) {
  PinKeys out;
  out.registration = TRY(reader.fixed<RegistrationId>());
  out.number = TRY(reader.u8());
  out.auth = TRY(reader.fixed<crypto::Ed25519Seed>());
  out.box = TRY(reader.fixed<KeyBoxId>());
  out.box_key = TRY(reader.fixed<crypto::Ed25519Seed>());
  return out;
}

KeyBoxContent KeyBoxContent::clone() const {
  KeyBoxContent out{version, previous, written, openers, {}, {}};
  for (const Generation& one : generations) out.generations.push_back(one.clone());
  if (pin) out.pin = pin->clone();
  return out;
}

std::uint64_t KeyBoxContent::newest_pin() const {
  std::uint64_t out = 0;
  for (const Opener& one : openers) out = std::max(out, one.kind == OpenerKind::pin ? one.since : 0);
  return out;
}

void KeyBoxContent::write(wire::Writer& writer) const {
  writer.u64(version);
  writer.raw(previous);
  writer.u64(written.ms);
  writer.vector(openers);
  writer.vector(generations);
  writer.optional(pin);
}

Result<KeyBoxContent> KeyBoxContent::read(wire::Reader& reader) {
  KeyBoxContent out;
  out.version = TRY(reader.u64());
  out.previous = TRY(reader.fixed<Hash>());
  out.written = { TRY(reader.u64()) };
  out.openers = TRY(reader.vector<Opener>(kMaxKeyBoxSize, kMaxOpeners));
  out.generations = TRY(reader.vector<Generation>(kMaxKeyBoxSize, kMaxGenerations));
  out.pin = TRY(reader.optional<PinKeys>());
  REQUIRE(out.version > 0 && (out.version == 1) == out.previous.is_zero(), ErrorCode::malformed, "key box: version");
  REQUIRE(!out.openers.empty(), ErrorCode::malformed, "key box: no openers");
  for (const Opener& one : out.openers) {
    REQUIRE(one.since > 0 && one.since <= out.version, ErrorCode::malformed, "key box: an opener of later");
  }
  REQUIRE(!out.pin || out.newest_pin() != 0, ErrorCode::malformed, "key box: keys of a PIN that opens nothing");
  REQUIRE(!out.generations.empty(), ErrorCode::malformed, "key box: no generations");
  std::uint64_t last = 0;
  for (const Generation& one : out.generations) {
    REQUIRE(one.number > last, ErrorCode::malformed, "key box: order of generations");
    last = one.number;
  }
  return out;
}

Result<Bytes> seal_key_box(const KeyBoxContent& content, std::span<const SealedRoot> roots,
                           const crypto::SigningKey& signer, Entropy& entropy) {
  CHECK(roots.size() == content.openers.size());
  wire::Writer body(wire::Sensitivity::is_secret);
  content.write(body);
  // What no reader would take is not written.
  TRY(wire::decode<KeyBoxContent>(body.view()));
  const Bytes outside = encode_outside(content.current().number, roots);
  const SecretBytes signed_bytes = to_be_signed(outside, body.view());
  const Signature signature = crypto::sign_labelled(signer, crypto::kSignKeyBox, signed_bytes.expose());
  body.raw(signer.public_key());
  body.raw(signature);
  body.raw(Bytes(padme(std::max(body.size(), kLeastPaddedSize)) - body.size()));
  wire::Writer out;
  out.raw(outside);
  out.opaque(internal::seal(body_key(content.current().root), outside, body.view(), entropy));
  REQUIRE(out.size() <= kMaxKeyBoxSize, ErrorCode::over_limit, "key box: size");
  return out.take();
}

/// A key box as it lies in the storage.
struct UnverifiedKeyBox::Parts {
  std::uint32_t generation = 0;
  std::vector<SealedRoot> roots;
  ByteView outside;
  ByteView body;

  static Result<Parts> parse(ByteView bytes) {
    REQUIRE(bytes.size() <= kMaxKeyBoxSize, ErrorCode::over_limit, "key box: size");
    wire::Reader reader(bytes);
    Parts out;
    REQUIRE(TRY(reader.u8()) == kKeyBoxFormat, ErrorCode::unsupported, "key box: format");
    out.generation = TRY(reader.u32());
    out.roots = TRY(reader.vector<SealedRoot>(kMaxKeyBoxSize, kMaxOpeners));
    out.outside = bytes.first(bytes.size() - reader.left());
    out.body = TRY(reader.opaque(kMaxKeyBoxSize));
    TRY(reader.finish());
    return out;
  }
};

Result<UnverifiedKeyBox> UnverifiedKeyBox::open(ByteView bytes, const crypto::KemPrivateKey& key) {
  Parts parts = TRY(Parts::parse(bytes));
  for (const SealedRoot& sealed : parts.roots) {
    const auto root = open_root(sealed, parts.generation, key);
    if (root) return open(bytes, std::move(parts), *root);
  }
  return fail(ErrorCode::crypto_failed, "key box: not sealed to this key");
}

Result<UnverifiedKeyBox> UnverifiedKeyBox::open(ByteView bytes, const BackupRoot& root) {
  return open(bytes, TRY(Parts::parse(bytes)), root);
}

Result<UnverifiedKeyBox> UnverifiedKeyBox::open(ByteView bytes, Parts parts, const BackupRoot& root) {
  const SecretBytes opened = TRY(internal::open(body_key(root), parts.outside, parts.body));
  wire::Reader reader(opened.expose());
  KeyBox box;
  box.content = TRY(KeyBoxContent::read(reader));
  const ByteView content = opened.expose().first(opened.size() - reader.left());
  box.signer = TRY(reader.fixed<PublicKey>());
  const auto signature = TRY(reader.fixed<Signature>());
  const std::size_t size = opened.size() - reader.left();
  REQUIRE(padme(std::max(size, kLeastPaddedSize)) == opened.size(), ErrorCode::malformed, "key box: padding");
  TRY(internal::check_zeros(reader.rest()));
  const Generation& current = box.content.current();
  REQUIRE(current.number == parts.generation && crypto::ct_equal(current.root.expose(), root.expose()),
          ErrorCode::malformed, "key box: another generation inside");
  REQUIRE(box.content.openers.size() == parts.roots.size(), ErrorCode::malformed, "key box: number of openers");
  const SecretBytes signed_bytes = to_be_signed(parts.outside, content);
  TRY(crypto::verify_labelled(box.signer, crypto::kSignKeyBox, signed_bytes.expose(), signature));
  for (const Opener& opener : box.content.openers) TRY(opener.check());
  box.roots = std::move(parts.roots);
  box.head = {box.content.version, crypto::sha256(bytes)};
  return UnverifiedKeyBox(std::move(box));
}

Result<KeyBox> UnverifiedKeyBox::verify(const KeyBoxRules& rules) && {
  REQUIRE(contains(rules.signers, box_.signer), ErrorCode::not_authorised, "key box: signer");
  // A PIN that was changed or given up stays signed by a device that is active: it must not come back.
  for (const Opener& one : box_.content.openers) {
    REQUIRE(one.kind != OpenerKind::pin || one.since >= rules.newest_pin, ErrorCode::stale, "key box: an older PIN");
  }
  if (rules.newest) {
    const KeyBoxHead& newest = *rules.newest;
    REQUIRE(box_.head.version >= newest.version, ErrorCode::stale, "key box: an older version");
    REQUIRE(box_.head.version != newest.version || box_.head.hash == newest.hash, ErrorCode::inconsistent,
            "key box: another box of this version");
    REQUIRE(box_.head.version != newest.version + 1 || box_.content.previous == newest.hash, ErrorCode::inconsistent,
            "key box: does not follow the one before");
  }
  return std::move(box_);
}

bool KeyBox::is_outdated(const PresentChain& chain) const {
  if (!contains(chain.active, signer)) return true;
  const std::uint32_t began = content.current().chain_count;
  if (began < chain.least_count || began > chain.count) return true;
  return std::any_of(content.openers.begin(), content.openers.end(),
                     [&](const Opener& opener) { return !contains(chain.active, opener.signer); });
}

}  // namespace cairn::vault
