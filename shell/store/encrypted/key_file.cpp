#include "shell/store/encrypted/key_file.h"

#include "core/crypto/aead.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"
#include "shell/os/file.h"

namespace cairn::store {
namespace {

constexpr auto kKeyAead = crypto::AeadAlgorithm::xchacha20_poly1305;
constexpr std::string_view kMagic = "cairn sealed key 1";
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kNonceSize = 24;
constexpr std::size_t kHeadSize = kMagic.size() + 4 + 4 + kSaltSize;
constexpr std::size_t kSealedSize = kHeadSize + kNonceSize + StoreKey::kSize + 16;
/// What a file may ask of this machine; RFC 9106 s.3.1 wants 8 KiB for one lane.
constexpr std::uint32_t kLeastMemoryKib = 8;
constexpr std::uint32_t kMostMemoryKib = std::uint32_t{4} << 20;
constexpr std::uint32_t kMostPasses = 64;
constexpr const char* kNoKey = "The file `key` in this folder is no key; put the right one back.";

/// `magic || u32 memory in KiB || u32 passes || salt[16]`: what the key is sealed with, and is bound to.
struct Head {
  crypto::Argon2idCost cost{};
  Bytes salt;

  Bytes encode() const {
    wire::Writer w;
    w.raw(as_bytes(kMagic));
    w.u32(cost.memory_kib);
    w.u32(cost.passes);
    w.raw(salt);
    return w.take();
  }
  static Result<Head> decode(ByteView bytes) {
    REQUIRE(equal(bytes.first(kMagic.size()), as_bytes(kMagic)), ErrorCode::malformed, kNoKey);
    wire::Reader r(bytes.subspan(kMagic.size()));
    Head out;
    out.cost.memory_kib = TRY(r.u32());
    out.cost.passes = TRY(r.u32());
    out.salt = to_bytes(bytes.last(kSaltSize));
    const bool is_possible = out.cost.memory_kib >= kLeastMemoryKib && out.cost.memory_kib <= kMostMemoryKib &&
                             out.cost.passes >= 1 && out.cost.passes <= kMostPasses;
    REQUIRE(is_possible, ErrorCode::malformed, kNoKey);
    return out;
  }
};

using SealingKey = Secret<struct SealingKeyTag, 32>;

Result<SealingKey> sealing_key(const Head& head, ByteView passphrase) {
  SealingKey key;
  REQUIRE(crypto::argon2id(passphrase, head.salt, head.cost, key.expose_mutable()), ErrorCode::over_limit,
          "This machine has not the memory that a passphrase needs; close other programs and try again.");
  return key;
}

/// Empty when there is no such file; one with nothing in it is none that may be replaced.
Result<SecretBytes> read_key_file(const std::string& path) {
  auto file = os::read_file(path, kSealedSize);
  const ErrorCode code = file ? ErrorCode::malformed : file.error().code;
  REQUIRE(file ? !file->empty() : code != ErrorCode::over_limit, ErrorCode::malformed, kNoKey);
  if (file) return SecretBytes(std::move(*file));
  REQUIRE(code == ErrorCode::not_found, code, file.error().where);
  return SecretBytes();
}

Result<KeyFileState> state_of(ByteView file) {
  if (file.empty()) return KeyFileState::absent;
  if (file.size() == StoreKey::kSize) return KeyFileState::open;
  REQUIRE(file.size() == kSealedSize, ErrorCode::malformed, kNoKey);
  TRY(Head::decode(file.first(kHeadSize)));
  return KeyFileState::sealed;
}

}  // namespace

Result<KeyFileState> key_file_state(const std::string& path) {
  const SecretBytes file = TRY(read_key_file(path));
  return state_of(file.expose());
}

Result<StoreKey> open_key_file(const std::string& path, Entropy& entropy) {
  const SecretBytes file = TRY(read_key_file(path));
  const KeyFileState state = TRY(state_of(file.expose()));
  REQUIRE(state != KeyFileState::sealed, ErrorCode::not_authorised, "The key of this folder lies behind a passphrase.");
  if (state == KeyFileState::open) return StoreKey::from(file.expose());
  StoreKey key = random_secret<StoreKey>(entropy);
  TRY(os::write_file(path, key.expose()));
  return key;
}

Result<StoreKey> unseal_key_file(const std::string& path, ByteView passphrase) {
  const SecretBytes file = TRY(read_key_file(path));
  REQUIRE(TRY(state_of(file.expose())) == KeyFileState::sealed, ErrorCode::invalid_state,
          "The key of this folder lies behind no passphrase.");
  const ByteView encoded = file.expose().first(kHeadSize);
  const Head head = TRY(Head::decode(encoded));
  const SealingKey key = TRY(sealing_key(head, passphrase));
  const ByteView nonce = file.expose().subspan(kHeadSize, kNonceSize);
  const auto opened =
      crypto::aead_open(kKeyAead, key.expose(), nonce, encoded, file.expose().subspan(kHeadSize + kNonceSize));
  REQUIRE(opened, ErrorCode::crypto_failed,
          "That is not the passphrase of this folder, or its file `key` is damaged; nothing was opened.");
  return StoreKey::from(opened->expose());
}

Status seal_key_file(const std::string& path, const StoreKey& key, ByteView passphrase, Entropy& entropy,
                     crypto::Argon2idCost cost) {
  REQUIRE(passphrase.size() >= kMinPassphrase && passphrase.size() <= kMaxPassphrase, ErrorCode::malformed,
          "A passphrase has 8 to 1024 bytes; choose another one, and a long one.");
  Head head{cost, Bytes(kSaltSize)};
  entropy.fill(head.salt);
  Bytes nonce(kNonceSize);
  entropy.fill(nonce);
  const SealingKey sealing = TRY(sealing_key(head, passphrase));
  const Bytes encoded = head.encode();
  const Bytes sealed = crypto::aead_seal(kKeyAead, sealing.expose(), nonce, encoded, key.expose());
  TRY(os::write_over_secret(path, concat({encoded, nonce, sealed})));
  os::wipe_leftovers(path);
  return ok();
}

Status bare_key_file(const std::string& path, const StoreKey& key) { return os::write_file(path, key.expose()); }

}  // namespace cairn::store
