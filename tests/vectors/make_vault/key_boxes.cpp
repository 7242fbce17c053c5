// Key boxes in turn, and for each rule one that breaks it.
#include "core/crypto/hash.h"
#include "core/vault/key_box.h"
#include "tests/vectors/make_vault/maker.h"

namespace cairn::testing {
namespace {

using namespace vault;

constexpr auto kKem = crypto::KemAlgorithm::xwing_shake;

/// A name's openers and key boxes.
class Boxes {
 public:
  Boxes() {
    content_.version = 1;
    content_.written = {1'700'000'000'000};
    content_.openers.push_back(Opener::make(OpenerKind::recovery, recovery_kem.public_key, {}, 1, recovery));
    content_.openers.push_back(Opener::make(OpenerKind::device, device_kem.public_key, to_bytes("device"), 1, device));
    content_.openers[1].public_key.clear();
  }

  SeededEntropy entropy{73};
  crypto::SigningKey device = crypto::SigningKey::generate(entropy);
  crypto::SigningKey recovery = crypto::SigningKey::generate(entropy);
  crypto::SigningKey stranger = crypto::SigningKey::generate(entropy);
  crypto::KemKeyPair recovery_kem = crypto::kem_generate(kKem, entropy);
  crypto::KemKeyPair device_kem = crypto::kem_generate(kKem, entropy);
  crypto::KemKeyPair pin_kem = crypto::kem_generate(kKem, entropy);
  std::vector<PublicKey> signers{device.public_key(), recovery.public_key()};

  void begin_generation(std::uint32_t number, bool beside) {
    Generation next;
    next.number = number;
    next.created = content_.written;
    next.root = random_secret<BackupRoot>(entropy);
    const auto token = random_secret<BackupToken>(entropy);
    next.data_key = wrap_data_key(next.root, token, number, random_secret<DataKey>(entropy), entropy);
    if (beside) next.token = token.clone();
    if (!beside) next.realms = {{to_bytes("realm one")}, {to_bytes("realm two")}};
    content_.generations.push_back(std::move(next));
    roots_.clear();
    for (const auto* pair : {&recovery_kem, &device_kem, &pin_kem}) {
      if (roots_.size() == content_.openers.size()) break;
      roots_.push_back(*seal_root(content_.current().root, number, pair->public_key, entropy));
    }
  }
  void set_pin() {
    content_.pin = PinKeys{random_value<RegistrationId>(entropy), 1, random_secret<crypto::Ed25519Seed>(entropy),
                           random_value<KeyBoxId>(entropy), random_secret<crypto::Ed25519Seed>(entropy)};
    content_.openers.push_back(Opener::make(OpenerKind::pin, pin_kem.public_key, to_bytes(content_.pin->registration),
                                            content_.version, device));
  }
  Bytes seal(const crypto::SigningKey& signer) { return *seal_key_box(content_, roots_, signer, entropy); }
  void follow(const Bytes& box) {
    ++content_.version;
    content_.previous = crypto::sha256(box);
  }
  Result<KeyBox> open(ByteView box, const std::optional<KeyBoxHead>& newest) {
    return TRY(UnverifiedKeyBox::open(box, recovery_kem.private_key))
    .verify({signers, newest});
  }

  Json taken(std::string_view what, ByteView bytes, const std::optional<KeyBoxHead>& newest) {
    const auto box = open(bytes, newest);
    hold(box.has_value(), what);
    Json generations = Json::array();
    for (const Generation& one : box->content.generations) {
      Json realms = Json::array();
      for (const RealmEntry& realm : one.realms) realms.push_back(hex(realm.bytes));
      generations.push_back({{"number", one.number},
                             {"root", hex(one.root.expose())},
                             {"token", one.token ? Json(hex(one.token->expose())) : Json(nullptr)},
                             {"realms", realms},
                             {"data_key", hex(one.data_key)}});
    }
    Json pin = nullptr;
    if (const auto& keys = box->content.pin) {
      pin = {{"registration", hex(keys->registration)},
             {"number", keys->number},
             {"auth", hex(keys->auth.expose())},
             {"box_id", hex(keys->box)},
             {"box_key", hex(keys->box_key.expose())}};
    }
    return {{"what", what},
            {"pin", pin},
            {"box", hex(bytes)},
            {"version", box->head.version},
            {"hash", hex(box->head.hash)},
            {"signer", hex(box->signer)},
            {"generations", generations}};
  }
  Json refused(std::string_view what, ByteView bytes, const std::optional<KeyBoxHead>& newest, ErrorCode code) {
    const auto box = open(bytes, newest);
    hold(!box && box.error().code == code, what);
    Json out{
        {"what", what}, {"rule", to_string(code)}, {"box", hex(bytes)}, {"newest_version", 0}, {"newest_hash", ""}};
    if (newest) out["newest_version"] = newest->version;
    if (newest) out["newest_hash"] = hex(newest->hash);
    return out;
  }

 private:
  KeyBoxContent content_;
  std::vector<SealedRoot> roots_;
};

Bytes flipped(Bytes bytes, std::size_t at) {
  bytes[at] ^= 1;
  return bytes;
}

}  // namespace

Json make_key_boxes() {
  Boxes boxes;
  Json good = Json::array();
  Json bad = Json::array();
  boxes.begin_generation(1, false);
  const Bytes first = boxes.seal(boxes.device);
  const KeyBoxHead head1{1, crypto::sha256(first)};
  good.push_back(boxes.taken("the first, its token behind realms", first, std::nullopt));
  boxes.follow(first);
  boxes.begin_generation(2, true);
  const Bytes second = boxes.seal(boxes.recovery);
  const KeyBoxHead head2{2, crypto::sha256(second)};
  good.push_back(boxes.taken("a new generation, its token beside, signed by the recovery key", second, head1));

  bad.push_back(boxes.refused("signed by a stranger", boxes.seal(boxes.stranger), head1, ErrorCode::not_authorised));
  bad.push_back(boxes.refused("an older one", first, head2, ErrorCode::stale));
  bad.push_back(boxes.refused("another second one", boxes.seal(boxes.device), head2, ErrorCode::inconsistent));
  boxes.follow(first);
  bad.push_back(
      boxes.refused("a third one that does not follow", boxes.seal(boxes.device), head2, ErrorCode::inconsistent));
  bad.push_back(boxes.refused("another format", flipped(first, 0), std::nullopt, ErrorCode::unsupported));
  bad.push_back(boxes.refused("another generation outside", flipped(first, 4), std::nullopt, ErrorCode::crypto_failed));
  bad.push_back(boxes.refused("another root", flipped(first, 2'000), std::nullopt, ErrorCode::crypto_failed));
  bad.push_back(
      boxes.refused("a flipped bit", flipped(first, first.size() - 1), std::nullopt, ErrorCode::crypto_failed));
  Bytes longer = first;
  longer.push_back(0);
  bad.push_back(boxes.refused("a byte more", longer, std::nullopt, ErrorCode::malformed));
  bad.push_back(
      boxes.refused("a byte less", ByteView(first).first(first.size() - 1), std::nullopt, ErrorCode::malformed));
  boxes.follow(second);
  boxes.set_pin();
  boxes.begin_generation(3, false);
  good.push_back(boxes.taken("a later one, with a PIN", boxes.seal(boxes.device), head2));
  Json signers = Json::array();
  for (const PublicKey& key : boxes.signers) signers.push_back(hex(key));
  return {{"recovery_private_key", hex(boxes.recovery_kem.private_key.expose())},
          {"signers", signers},
          {"taken", good},
          {"refused", bad}};
}

}  // namespace cairn::testing
