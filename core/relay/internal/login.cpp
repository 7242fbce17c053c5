#include "core/relay/internal/login.h"

#include "core/base/encoding.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/directory/leaf.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kNonceHalf = 8;
constexpr std::size_t kTokenBytes = DeviceId::kSize + 8 + 32;

Digest mac_of(const TokenKey& key, std::string_view use, ByteView what, std::uint64_t expires_ms) {
  return crypto::hmac(crypto::HashAlgorithm::sha256, key.expose(), {as_bytes(use), what, u64_key(expires_ms)});
}

Nonce16 nonce_of(const TokenKey& key, ByteView random, std::uint64_t expires_ms) {
  const Digest mac = mac_of(key, "nonce", random, expires_ms);
  Nonce16 nonce;
  std::ranges::copy(random, nonce.mutable_view().begin());
  std::ranges::copy(mac.view().first(kNonceHalf), nonce.mutable_view().begin() + kNonceHalf);
  return nonce;
}

std::string token_of(const TokenKey& key, const DeviceId& device, std::uint64_t expires_ms) {
  const Digest mac = mac_of(key, "token", device, expires_ms);
  return to_base32(concat({device, u64_key(expires_ms), mac}));
}

/// Whether the device stood in the chain of the first `count` statements.
bool active_at(const directory::AuthorisedDevice& device, std::uint64_t count) {
  return device.added < count && (!device.removed || *device.removed >= count);
}

}  // namespace

Result<std::optional<directory::Device>> find_active_device(const StoreView& rows, const directory::Map& served,
                                                            std::string_view name, const DeviceId& device) {
  const auto chain = TRY(load<NameRow>(rows, table::kNames, as_bytes(name)));
  if (!chain) return std::optional<directory::Device>{};
  const auto leaf = served.find(chain->map_key);
  if (!leaf) return std::optional<directory::Device>{};
  for (const directory::AuthorisedDevice& entry : chain->state.devices()) {
    if (entry.id == device && active_at(entry, leaf->count)) return std::optional(entry.device);
  }
  return std::optional<directory::Device>{};
}

Status check_not_blocked(const StoreView& rows, std::string_view name) {
  const auto block = TRY(load<BlockRow>(rows, table::kBlocked, as_bytes(name)));
  if (!block) return ok();
  return fail(ErrorCode::not_authorised, block->kind == BlockRow::Kind::removed
                                             ? "This name was removed from this domain by its operator; ask him why."
                                             : "This name is blocked by the operator of its domain; ask him why.");
}

proto::NonceAnswer make_nonce(const TokenKey& key, Time now, Entropy& entropy) {
  Bytes random(kNonceHalf);
  entropy.fill(random);
  const std::uint64_t expires_ms = after(now, proto::kNonceLifeMs).ms;
  return {nonce_of(key, random, expires_ms), expires_ms};
}

Result<proto::LoginAnswer> log_in(Turn& turn, const directory::Map& served, const TokenKey& key,
                                  std::string_view domain, const proto::LoginRequest& request) {
  REQUIRE(request.domain == domain, ErrorCode::not_authorised,
          "This login is for another domain; ask the server of the name's own domain.");
  const Nonce16 ours = nonce_of(key, request.nonce.view().first(kNonceHalf), request.expires_ms);
  const bool known = crypto::ct_equal(ours, request.nonce);
  const bool used = turn.rows.get(table::kUsedNonces, request.nonce).has_value();
  REQUIRE(known && !used && request.expires_ms > turn.now.ms, ErrorCode::unauthenticated,
          "The nonce is not good any more; ask for a new one and log in again.");
  const auto device = TRY(find_active_device(turn.rows, served, request.name, request.device));
  REQUIRE(device, ErrorCode::not_authorised,
          "This device is not active in the chain of this name; look the name up and link the device again.");
  TRY(crypto::verify_labelled(device->signature_key, crypto::kSignLogin, request.content(), request.signature));

  TRY(check_not_blocked(turn.rows, request.name));  // told to who is the name's device, and to nobody else

  save(turn.rows, table::kUsedNonces, to_bytes(request.nonce), NumberRow{request.expires_ms});
  const std::uint64_t expires_ms = after(turn.now, proto::kTokenLifeMs).ms;
  return proto::LoginAnswer{token_of(key, request.device, expires_ms), expires_ms, 0};
}

Result<LoggedIn> check_token(const StoreView& rows, const directory::Map& served, const TokenKey& key,
                             std::string_view bearer, Time now) {
  constexpr const char* kLogIn = "This needs a login; log in and repeat the request.";
  const auto bytes = bearer.size() <= proto::kMaxTokenSize ? from_base32(bearer) : Result<Bytes>(Bytes{});
  REQUIRE(bytes && bytes->size() == kTokenBytes, ErrorCode::unauthenticated, kLogIn);
  const DeviceId device = TRY(DeviceId::from(ByteView(*bytes).first(DeviceId::kSize)));
  const std::uint64_t expires_ms = number_of_key(ByteView(*bytes).subspan(DeviceId::kSize, 8));
  const Digest mac = mac_of(key, "token", device, expires_ms);
  REQUIRE(crypto::ct_equal(mac, ByteView(*bytes).last(32)), ErrorCode::unauthenticated, kLogIn);
  REQUIRE(expires_ms > now.ms, ErrorCode::unauthenticated, "The login has run out; log in again.");

  const std::optional<Bytes> name = rows.get(table::kDevices, device);
  REQUIRE(name, ErrorCode::not_authorised, "This device is not known here; link it again.");
  const auto active = TRY(find_active_device(rows, served, as_text(*name), device));
  REQUIRE(active, ErrorCode::not_authorised, "This device was removed from its name; link it again if it is yours.");
  TRY(check_not_blocked(rows, as_text(*name)));
  return LoggedIn{device, as_text(*name), active->mailbox};
}

}  // namespace cairn::relay
