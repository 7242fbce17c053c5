// Real realms in memory, a domain that gives account tokens, and somebody who has a PIN at them.
#pragma once

#include "core/client/realm_calls.h"
#include "core/crypto/labels.h"
#include "core/proto/api.h"
#include "core/witness/realm.h"
#include "core/witness/realm_tables.h"
#include "tests/support/fake_realm.h"
#include "tests/support/mind_driver.h"

namespace cairn::testing {

/// Slots that live as long as the object.
class MemoryKeys final : public ErasableKeys {
 public:
  Result<std::optional<SlotKey>> read(std::uint32_t slot) const override {
    const auto found = slots.find(slot);
    if (found == slots.end()) return std::optional<SlotKey>{};
    return std::optional<SlotKey>(*SlotKey::from(found->second));
  }
  Status write(std::uint32_t slot, const SlotKey& key) override {
    REQUIRE(!broken, ErrorCode::storage_failed, "the file of keys cannot be written");
    slots[slot] = to_bytes(key.expose());
    return ok();
  }
  Status erase(std::uint32_t slot) override {
    if (const auto found = slots.find(slot); torn && found != slots.end()) {
      std::fill_n(found->second.begin(), *torn, std::uint8_t{0});
      if (*torn == SlotKey::kSize) slots.erase(found);
    }
    REQUIRE(!broken && !torn && !bad_slots.contains(slot), ErrorCode::storage_failed,
            "the file of keys cannot be written");
    slots.erase(slot);
    ++erasures[slot];
    return ok();
  }
  std::map<std::uint32_t, Bytes> slots;
  std::map<std::uint32_t, int> erasures;  ///< of a slot, that were said to be done
  bool broken = false;
  std::set<std::uint32_t> bad_slots;  ///< these alone cannot be erased
  std::optional<std::size_t> torn;    ///< erasing overwrites so many bytes, and then fails
};

inline constexpr Time kRealmStart{1'700'000'000'000};
inline constexpr std::string_view kRealmDomain = "example.org";

/// One realm, its store and its keys.
class TestRealm {
 public:
  explicit TestRealm(std::size_t number, witness::RealmList list = {})
      : url("http://realm" + std::to_string(number)),
        config{*tlog::KeyName::from("realm.example/r" + std::to_string(number)), std::move(list)},
        mind(std::make_unique<witness::Realm>(config, keys)),
        driver(*mind, kRealmStart) {
    // Different keys: the driver's own entropy is the same for all.
    SeededEntropy entropy(1000 + number);
    const auto seed = random_secret<crypto::Ed25519Seed>(entropy);
    driver.store.apply({Write{witness::realm_table::kKey, {}, to_bytes(seed.expose())}});
    id = crypto::SigningKey::from_seed(seed.clone()).public_key();
    driver.rebuild();
  }

  /// A new process on what is stored, perhaps with another list.
  void restart() {
    mind = std::make_unique<witness::Realm>(config, keys);
    driver.sends.clear();
    driver.rebuild(*mind);
  }
  proto::Respond ask(proto::Method method, const std::string& path, ByteView body = {}) {
    const auto id_of_request = driver.request(method, path, body);
    auto answer = driver.answer(id_of_request);
    CHECK(answer.has_value());
    return std::move(*answer);
  }
  /// Slot 0 is the mark of the file.
  std::size_t shares_kept() const { return keys.slots.size() - 1; }
  Result<proto::CallReply> call(const proto::Call& call) {
    REQUIRE(alive, ErrorCode::unavailable, "dead");
    proto::Respond answer = ask(call.method, call.url.substr(url.size()), call.body);
    proto::CallReply reply;
    reply.status = answer.status;
    reply.body = std::move(answer.body);
    return reply;
  }

  std::string url;
  RealmId id;
  witness::RealmConfig config;
  MemoryKeys keys;
  std::unique_ptr<witness::Realm> mind;
  MindDriver driver;
  bool alive = true;
};

/// What the code of a refusal is; nothing for a 200.
inline std::optional<ErrorCode> refusal_of(const proto::Respond& answer) {
  if (answer.status == 200) return std::nullopt;
  const auto error = wire::decode<proto::ErrorAnswer>(answer.body);
  CHECK(error.has_value());
  CHECK(proto::status_of(error->code) == answer.status && error->message.ends_with('.'));
  return error->code;
}

class RealmVillage {
 public:
  explicit RealmVillage(std::size_t n = 3, std::uint8_t t = 2)
      : issuer(crypto::SigningKey::generate(entropy)), set{{}, t} {
    witness::RealmList list;
    list.issuers.emplace(kRealmDomain, issuer.public_key());
    for (std::size_t i = 0; i < n; ++i) {
      realms.push_back(std::make_unique<TestRealm>(i, list));
      set.realms.push_back(realms.back()->id);
    }
    who = {std::string(kRealmDomain), random_value<RegistrationId>(entropy)};
    secret = random_secret<vault::PinSecret>(entropy);
  }

  proto::AccountToken make_token(std::size_t realm, proto::TokenPurpose purpose) {
    proto::AccountToken token{who.domain, set.realms[realm], who.registration, purpose, 0, {}, {}};
    token.expires_ms = after(realms[realm]->driver.now, proto::kAccountTokenLifeMs).ms;
    token.nonce = random_value<Nonce16>(entropy);
    return token;
  }
  Bytes sign(proto::AccountToken token) const {
    token.signature = crypto::sign_labelled(issuer, crypto::kSignAccountToken, token.content());
    return wire::encode(token);
  }
  Bytes token(std::size_t realm, proto::TokenPurpose purpose) { return sign(make_token(realm, purpose)); }

  vault::PinRegistration make(std::string_view pin) {
    auto made = vault::register_pin(set, who.registration, pin, secret, entropy, hasty_stretch);
    CHECK(made.has_value());
    return std::move(*made);
  }
  Status enrol(std::size_t realm, const vault::PinRegistration& made) {
    return client::realm_done(realms[realm]->call(client::pin_register_call(
        realms[realm]->url, who, made.shares[realm], token(realm, proto::TokenPurpose::register_pin))));
  }
  /// At every realm.
  vault::PinRegistration enrol(std::string_view pin) {
    auto made = make(pin);
    for (std::size_t i = 0; i < realms.size(); ++i) CHECK(enrol(i, made).has_value());
    return made;
  }

  vault::PinRecovery begin(std::string_view pin) {
    auto out = vault::PinRecovery::begin(set, who.registration, pin, entropy, hasty_stretch);
    CHECK(out.has_value());
    return std::move(*out);
  }
  void serve(vault::PinRecovery& recovery, const vault::PinRecovery::Ask& ask) {
    TestRealm& realm = *realms[ask.realm];
    const Bytes permission = token(ask.realm, proto::TokenPurpose::guess);
    client::take_pin_reply(recovery, ask, realm.call(client::pin_call(realm.url, who, ask, permission)));
  }
  vault::PinRecovery recover(std::string_view pin) {
    auto recovery = begin(pin);
    for (auto asks = recovery.take_asks(); !asks.empty(); asks = recovery.take_asks()) {
      for (const auto& ask : asks) serve(recovery, ask);
    }
    return recovery;
  }
  bool gives_secret(std::string_view pin) {
    auto recovery = recover(pin);
    if (recovery.state() != vault::PinRecovery::State::recovered) return false;
    return equal(recovery.take_secret().expose(), secret.expose());
  }

  /// Asks a realm in the owner's name.
  Result<proto::PinOwnerAnswer> own(std::size_t realm, const vault::PinRegistration& made, PinOwnerAction action,
                                    std::uint64_t sequence) {
    const Signature signature =
        vault::sign_pin_owner(made.auth, set.realms[realm], who.registration, made.version, action, sequence);
    const proto::PinOwnerRequest request{who, made.version, action, sequence, signature};
    return client::pin_owner_reply(realms[realm]->call(client::pin_owner_call(realms[realm]->url, request)));
  }

  SeededEntropy entropy{5};
  crypto::SigningKey issuer;
  vault::RealmSet set;
  std::vector<std::unique_ptr<TestRealm>> realms;
  proto::RealmWho who;
  vault::PinSecret secret;
};

}  // namespace cairn::testing
