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

bool is_outdated(const vault::KeyBox& box, const directory::NameState& state) {
  return box.is_outdated({active_signers(state, box), state.count(), least_count(state)});
}

/// Those of the next box, whose version this is; who is new in it is so since then.
std::vector<Opener> openers_of(const KeyBoxWishes& wishes, ByteView own_key, std::uint64_t version) {
  std::vector<Opener> out;
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
    out.push_back(opener);
  }
  if (wishes.recovery != nullptr && (out.empty() || out.front().kind != OpenerKind::recovery)) {
    const directory::RecoveryKey& key = *wishes.recovery;
    out.insert(out.begin(), Opener::make(OpenerKind::recovery, key.kem_public_key(), {}, version, key.signing_key()));
  }
  if (!own) {
    out.push_back(Opener::make(OpenerKind::device, to_bytes(own_key), to_bytes(wishes.account.device_id()), version,
                               wishes.account.signing_key));
  }
  return out;
}

vault::Generation new_generation(std::uint32_t number, std::uint32_t chain_count, Time now, Entropy& entropy) {
  vault::Generation out;
  out.number = number;
  out.created = now;
  out.chain_count = chain_count;
  out.root = random_secret<vault::BackupRoot>(entropy);
  out.token = random_secret<decltype(out.token)::value_type>(entropy);
  const auto key = random_secret<vault::DataKey>(entropy);
  out.data_key = vault::wrap_data_key(out.root, *out.token, number, key, entropy);
  return out;
}

}  // namespace

std::vector<PublicKey> device_keys(const directory::NameState& state, Signers which) {
  std::vector<PublicKey> out;
  for (const directory::AuthorisedDevice& one : state.devices()) {
    if (which == Signers::ever || one.active()) out.push_back(one.device.signature_key);
  }
  return out;
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

Result<std::optional<vault::KeyBoxContent>> next_key_box(const KeyBoxWishes& wishes, Time now, Entropy& entropy) {
  const Bytes own_key = TRY(crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, wishes.device_key));
  std::vector<Opener> openers =
      openers_of(wishes, own_key, wishes.box == nullptr ? 1 : wishes.box->content.version + 1);
  REQUIRE(openers.front().kind == OpenerKind::recovery, ErrorCode::not_found, "no recovery key that the chain knows");
  vault::KeyBoxContent next;
  next.version = 1;
  if (wishes.box != nullptr) {
    next = wishes.box->content.clone();
    next.version = wishes.box->content.version + 1;
    next.previous = wishes.box->head.hash;
  }
  const bool lost = wishes.box != nullptr && is_outdated(*wishes.box, wishes.state);
  if (wishes.box != nullptr && !lost && next.openers == openers) return std::optional<vault::KeyBoxContent>{};
  if (wishes.box == nullptr || lost) {
    const std::uint32_t number = next.generations.empty() ? 1 : next.current().number + 1;
    next.generations.push_back(new_generation(number, wishes.state.count(), now, entropy));
    if (next.generations.size() > vault::kMaxGenerations) next.generations.erase(next.generations.begin());
  }
  next.openers = std::move(openers);
  next.written = now;
  return std::optional(std::move(next));
}

vault::KeyBoxContent without_generation(const vault::KeyBox& box, std::uint32_t number,
                                        const directory::NameState& state, Time now, Entropy& entropy) {
  vault::KeyBoxContent next = box.content.clone();
  next.version = box.content.version + 1;
  next.previous = box.head.hash;
  next.written = now;
  const std::uint32_t last = next.current().number;
  std::erase_if(next.generations, [number](const vault::Generation& one) { return one.number == number; });
  if (number == last || is_outdated(box, state)) {
    next.generations.push_back(new_generation(last + 1, state.count(), now, entropy));
    if (next.generations.size() > vault::kMaxGenerations) next.generations.erase(next.generations.begin());
  }
  return next;
}

Result<Bytes> seal_to_openers(const vault::KeyBoxContent& content, const crypto::SigningKey& signer, Entropy& entropy) {
  std::vector<vault::SealedRoot> roots;
  const vault::Generation& current = content.current();
  for (const Opener& opener : content.openers) {
    roots.push_back(TRY(vault::seal_root(current.root, current.number, opener.public_key, entropy)));
  }
  return vault::seal_key_box(content, roots, signer, entropy);
}

Result<vault::VaultKeys> keys_of(const vault::Generation& generation) {
  REQUIRE(generation.token.has_value(), ErrorCode::unsupported, "the token lies behind realms");
  auto key = TRY(vault::unwrap_data_key(generation.root, *generation.token, generation.number, generation.data_key));
  return vault::VaultKeys(std::move(key));
}

}  // namespace cairn::client
