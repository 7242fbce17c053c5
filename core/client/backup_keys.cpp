#include "core/client/backup_keys.h"

#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

using vault::Opener;
using vault::OpenerKind;

/// Whether this opener is the recovery key that the chain has now.
bool is_present_recovery(const Opener& opener, const directory::NameState& state) {
  return opener.kind == OpenerKind::recovery &&
         directory::recovery_commitment(opener.signer, opener.key) == state.recovery_commitment();
}

/// Who may sign openers, and boxes for a backup to be made: devices that are active, and the present recovery key.
std::vector<PublicKey> active_signers(const directory::NameState& state, const vault::KeyBox& box) {
  std::vector<PublicKey> out = device_keys(state, Signers::active);
  for (const Opener& opener : box.content.openers) {
    if (is_present_recovery(opener, state)) out.push_back(opener.signer);
  }
  return out;
}

/// The least count of statements that has the last removal or completed reset in it.
std::uint32_t least_count(const directory::NameState& state) {
  std::uint32_t out = 0;
  for (const auto& one : state.devices()) out = std::max(out, one.removed ? *one.removed + 1 : 0);
  for (const auto& one : state.completed_resets()) out = std::max(out, one.sequence + 1);
  return out;
}

/// The PIN's opener of the box that stands, if a device that is active answers for it.
const Opener* kept_pin(const KeyBoxWishes& wishes, const std::vector<PublicKey>& active) {
  if (wishes.box == nullptr || !wishes.box->content.pin) return nullptr;
  for (const Opener& opener : wishes.box->content.openers) {
    const bool kept = opener.kind == OpenerKind::pin && !opener.public_key.empty() &&
                      std::ranges::find(active, opener.signer) != active.end();
    if (kept) return &opener;
  }
  return nullptr;
}

Opener recovery_opener(const KeyBoxWishes& wishes, std::uint64_t version) {
  const directory::RecoveryKey& key = *wishes.recovery;
  const Bytes context = wishes.erase_key ? to_bytes(*wishes.erase_key) : Bytes{};
  return Opener::make(OpenerKind::recovery, key.kem_public_key(), context, version, key.signing_key());
}

/// Those of the next box, whose version this is; who is new in it is so since then.
std::vector<Opener> openers_of(const KeyBoxWishes& wishes, ByteView own_key, std::uint64_t version) {
  std::vector<Opener> out;
  std::vector<Opener> devices;
  const auto active = device_keys(wishes.state, Signers::active);
  bool own = false;
  for (const Opener& opener : wishes.box == nullptr ? std::vector<Opener>{} : wishes.box->content.openers) {
    if (opener.public_key.empty()) continue;
    if (opener.kind == OpenerKind::recovery && out.empty() && is_present_recovery(opener, wishes.state)) {
      out.push_back(opener);
    }
    if (opener.kind != OpenerKind::device || std::ranges::find(active, opener.signer) == active.end()) continue;
    // Of this device the one that it has the key of.
    const bool is_own = opener.signer == wishes.account.signing_key.public_key();
    if (is_own && !equal(opener.public_key, own_key)) continue;
    own = own || is_own;
    devices.push_back(opener);
  }
  if (wishes.recovery != nullptr && out.empty()) out.push_back(recovery_opener(wishes, version));
  const Opener* pin = wishes.pin == PinWish::keep ? kept_pin(wishes, active) : nullptr;
  if (pin != nullptr) out.push_back(*pin);
  if (wishes.pin == PinWish::set) {
    out.push_back(Opener::make(OpenerKind::pin, wishes.new_pin->public_key, to_bytes(wishes.new_pin->keys.registration),
                               version, wishes.account.signing_key));
  }
  out.insert(out.end(), devices.begin(), devices.end());
  if (!own) {
    out.push_back(Opener::make(OpenerKind::device, to_bytes(own_key), to_bytes(wishes.account.device_id()), version,
                               wishes.account.signing_key));
  }
  return out;
}

/// Whose key the PIN's opener has; zeros without one.
Hash pin_of(const std::vector<Opener>& openers) {
  const auto found = std::ranges::find(openers, OpenerKind::pin, &Opener::kind);
  return found == openers.end() ? Hash{} : found->key;
}

std::vector<vault::RealmEntry> wished_realms(const KeyBoxWishes& wishes) {
  return wishes.realms == nullptr ? std::vector<vault::RealmEntry>{} : wishes.realms->entries();
}

/// Ends the generation in force.
void begin_generation(NextKeyBox& next, std::uint32_t number, const KeyBoxWishes& wishes, Time now, Entropy& entropy) {
  vault::Generation out;
  out.number = number;
  out.created = now;
  out.chain_count = wishes.state.count();
  out.root = random_secret<vault::BackupRoot>(entropy);
  out.realms = wished_realms(wishes);
  vault::BackupToken token;
  if (wishes.realms != nullptr) {
    auto shared = vault::share_token(wishes.realms->set(), out.root, entropy);
    CHECK(shared.has_value());  // a RealmList's set is one
    next.shared = std::move(*shared);
    token = next.shared->token.clone();
  } else {
    token = random_secret<vault::BackupToken>(entropy);
    out.token = token.clone();
  }
  const auto key = random_secret<vault::DataKey>(entropy);
  out.data_key = vault::wrap_data_key(out.root, token, number, key, entropy);
  next.content.generations.push_back(std::move(out));
}

}  // namespace

std::vector<PublicKey> device_keys(const directory::NameState& state, Signers which) {
  std::vector<PublicKey> out;
  for (const directory::AuthorisedDevice& one : state.devices()) {
    if (which == Signers::ever || one.active()) out.push_back(one.device.signature_key);
  }
  return out;
}

bool is_outdated(const vault::KeyBox& box, const directory::NameState& state) {
  return box.is_outdated({active_signers(state, box), state.count(), least_count(state)});
}

Result<directory::RecoveryKey> present_recovery_key(const directory::RecoverySecret& secret,
                                                    const directory::NameState& state) {
  return directory::find_recovery_key(secret, state.name(), state.recovery_commitment(), state.count() + 2);
}

Result<vault::UnverifiedKeyBox> open_with_secret(ByteView box, const directory::RecoverySecret& secret,
                                                 const directory::NameState& state) {
  for (std::uint32_t generation = 0; generation < state.count() + 2; ++generation) {
    const auto key = directory::RecoveryKey::derive(secret, state.name(), generation);
    auto opened = vault::UnverifiedKeyBox::open(box, key.kem_private_key());
    if (opened || opened.error().code != ErrorCode::crypto_failed) return opened;
  }
  return fail(ErrorCode::crypto_failed, "the key box is sealed to other keys");
}

Result<vault::UnverifiedKeyBox> open_with_device(ByteView box, const vault::BackupRoot& root,
                                                 const crypto::KemPrivateKey& device_key) {
  auto opened = vault::UnverifiedKeyBox::open(box, root);
  if (opened) return opened;
  return vault::UnverifiedKeyBox::open(box, device_key);
}

Result<std::optional<NextKeyBox>> next_key_box(const KeyBoxWishes& wishes, Time now, Entropy& entropy) {
  const Bytes own_key = TRY(crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, wishes.device_key));
  std::vector<Opener> openers =
      openers_of(wishes, own_key, wishes.box == nullptr ? 1 : wishes.box->content.version + 1);
  REQUIRE(openers.front().kind == OpenerKind::recovery, ErrorCode::not_found, "no recovery key that the chain knows");
  NextKeyBox next;
  next.content.version = 1;
  bool ends = wishes.box == nullptr;
  if (wishes.box != nullptr) {
    const vault::KeyBoxContent& stands = wishes.box->content;
    next.content = stands.clone();
    next.content.version = stands.version + 1;
    next.content.previous = wishes.box->head.hash;
    ends = is_outdated(*wishes.box, wishes.state) || pin_of(stands.openers) != pin_of(openers) ||
           stands.current().realms != wished_realms(wishes);
    if (!ends && !wishes.mended && next.content.openers == openers) return std::optional<NextKeyBox>{};
  }
  if (ends) {
    REQUIRE(next.content.generations.size() < kMostKept, ErrorCode::over_limit, "generations of a key box");
    const std::uint32_t number = wishes.box == nullptr ? 1 : next.content.current().number + 1;
    begin_generation(next, number, wishes, now, entropy);
  }
  if (pin_of(openers).is_zero()) next.content.pin.reset();
  if (wishes.pin == PinWish::set) next.content.pin = wishes.new_pin->keys.clone();
  next.content.openers = std::move(openers);
  next.content.written = now;
  return std::optional(std::move(next));
}

Result<NextKeyBox> without_generations(const KeyBoxWishes& wishes, const std::set<std::uint32_t>& dropped,
                                       const std::set<std::uint32_t>& ended, Time now, Entropy& entropy) {
  CHECK(wishes.box != nullptr);
  const vault::KeyBox& box = *wishes.box;
  NextKeyBox next{box.content.clone(), std::nullopt};
  next.content.version = box.content.version + 1;
  next.content.previous = box.head.hash;
  next.content.written = now;
  // Whoever is out has no part in what begins, or is sealed anew.
  const Bytes own_key = TRY(crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, wishes.device_key));
  next.content.openers = openers_of(wishes, own_key, next.content.version);
  if (pin_of(next.content.openers).is_zero()) next.content.pin.reset();
  const std::uint32_t last = box.content.current().number;
  std::erase_if(next.content.generations, [&](const vault::Generation& one) { return dropped.contains(one.number); });
  if (dropped.contains(last) || ended.contains(last) || is_outdated(box, wishes.state)) {
    REQUIRE(next.content.generations.size() < vault::kMaxGenerations, ErrorCode::over_limit,
            "generations of a key box");
    begin_generation(next, last + 1, wishes, now, entropy);
  }
  return next;
}

std::optional<PublicKey> erase_key_of(const vault::KeyBoxContent& content) {
  const auto found = std::ranges::find(content.openers, OpenerKind::recovery, &Opener::kind);
  if (found == content.openers.end()) return std::nullopt;
  const auto key = PublicKey::from(found->context);
  return key ? std::optional(*key) : std::nullopt;
}

Result<Bytes> seal_to_openers(const vault::KeyBoxContent& content, const crypto::SigningKey& signer, Entropy& entropy) {
  std::vector<vault::SealedRoot> roots;
  const vault::Generation& current = content.current();
  for (const Opener& opener : content.openers) {
    roots.push_back(TRY(vault::seal_root(current.root, current.number, opener.public_key, entropy)));
  }
  return vault::seal_key_box(content, roots, signer, entropy);
}

Result<vault::VaultKeys> keys_of(const vault::Generation& generation, const vault::BackupToken& token) {
  auto key = TRY(vault::unwrap_data_key(generation.root, token, generation.number, generation.data_key));
  return vault::VaultKeys(std::move(key));
}

}  // namespace cairn::client
