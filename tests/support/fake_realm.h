// A realm of nothing but the cryptography, for tests of core/vault: honest, or wrong in one way. The real one stands in
// core/witness.
#pragma once

#include <functional>

#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/vault/pin.h"
#include "core/vault/token.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

/// Instead of Argon2id: as many bytes, in no time.
inline Result<vault::StretchedPin> hasty_stretch(ByteView pin, const PinVersion& version,
                                                 const RegistrationId& registration) {
  vault::StretchedPin out;
  crypto::kdf(pin, "hasty access", concat({version, registration}), out.access.expose_mutable());
  crypto::kdf(pin, "hasty seed", concat({version, registration}), out.seed.expose_mutable());
  return out;
}

/// A copy of what must not be copied by accident.
inline PinShare clone(const PinShare& share) { return *PinShare::from(share.encode().expose()); }
inline TokenShare clone(const TokenShare& share) { return {share.index, share.share.clone(), share.check, share.mac}; }

class FakeRealm {
 public:
  explicit FakeRealm(std::uint64_t seed) : entropy(seed), key(crypto::SigningKey::generate(entropy)) {}

  const RealmId& id() const { return key.public_key(); }

  Result<PinVersion> version() const {
    REQUIRE(alive, ErrorCode::unavailable, "dead");
    REQUIRE(pin, ErrorCode::not_found, "no registration");
    return pin->shown.version;
  }
  Result<PinEvaluation> evaluate(const vault::PinRecovery::AskEvaluation& ask) {
    REQUIRE(alive, ErrorCode::unavailable, "dead");
    REQUIRE(pin, ErrorCode::not_found, "no registration");
    REQUIRE(pin->shown.version == ask.version, ErrorCode::stale, "version");
    REQUIRE(guesses < 10, ErrorCode::invalid_state, "locked");
    ++guesses;
    const auto k = *crypto::RistrettoScalar::from(pin->key_share.expose());
    const auto blinded = *crypto::RistrettoElement::from(ask.element);
    const auto evaluated = k.times(blinded);
    const auto proof = crypto::voprf_prove(k, k.times_base(), {&blinded, 1}, {&evaluated, 1}, entropy);
    PinEvaluation out{pin->shown, *EncodedElement::from(evaluated), *EncodedDleqProof::from(proof),
                      static_cast<std::uint8_t>(10 - guesses)};
    if (spoil_evaluation) spoil_evaluation(out);
    return out;
  }
  Result<PinRelease> release(const vault::PinRecovery::AskRelease& ask) {
    REQUIRE(alive, ErrorCode::unavailable, "dead");
    REQUIRE(pin && pin->shown.version == ask.version, ErrorCode::stale, "version");
    REQUIRE(equal(pin->tag.expose(), ask.tag.expose()), ErrorCode::not_authorised, "tag");
    guesses = 0;
    PinRelease out{pin->scalar_share.clone(), pin->sealed, pin->mac};
    if (spoil_release) spoil_release(out);
    return out;
  }

  Result<TokenState> token_request(const vault::TokenAsk& ask) {
    REQUIRE(alive, ErrorCode::unavailable, "dead");
    REQUIRE(token && ask.record == record, ErrorCode::not_found, "no token");
    const PublicKey& signer = ask.by == TokenKeyKind::release ? release_key : erase_key;
    TRY(crypto::verify_labelled(signer, crypto::kSignTokenRequest,
                                token_request_content(id(), ask.record, ask.action, ask.by, ask.change),
                                ask.signature));
    if (ask.action == TokenAction::erase && ask.by == TokenKeyKind::erase) erase();
    if (ask.action == TokenAction::erase && ask.by == TokenKeyKind::release) state.erase_at_ms = 72;
    if (ask.action == TokenAction::cancel) state.erase_at_ms = 0;
    TokenState out{state.change, state.erase_at_ms, std::nullopt, state.receipt};
    if (ask.action == TokenAction::release && !state.receipt) out.share = clone(*token);
    if (spoil_token) spoil_token(out);
    return out;
  }
  void erase() {
    state.erase_at_ms = 0;
    state.receipt = ErasureReceipt{id(), record, 1, {}};
    state.receipt->signature = crypto::sign_labelled(key, crypto::kSignReceipt, state.receipt->content());
  }

  SeededEntropy entropy;
  crypto::SigningKey key;
  bool alive = true;
  unsigned guesses = 0;
  std::optional<PinShare> pin;
  std::function<void(PinEvaluation&)> spoil_evaluation;
  std::function<void(PinRelease&)> spoil_release;

  std::optional<TokenShare> token;
  TokenRecordId record;
  PublicKey release_key;
  PublicKey erase_key;
  TokenState state;
  std::function<void(TokenState&)> spoil_token;
};

/// n of them.
inline std::vector<FakeRealm> fake_realms(std::size_t n) {
  std::vector<FakeRealm> out;
  for (std::size_t i = 0; i < n; ++i) out.emplace_back(100 + i);
  return out;
}

inline vault::RealmSet set_of(const std::vector<FakeRealm>& realms, std::uint8_t threshold) {
  vault::RealmSet out{{}, threshold};
  for (const FakeRealm& realm : realms) out.realms.push_back(realm.id());
  return out;
}

/// Asks one realm what it is to be asked, and hands the answer in.
inline void serve(vault::PinRecovery& recovery, FakeRealm& realm, const vault::PinRecovery::Ask& ask) {
  if (std::holds_alternative<vault::PinRecovery::AskVersion>(ask.what)) {
    recovery.take(ask.realm, realm.version());
  } else if (const auto* evaluation = std::get_if<vault::PinRecovery::AskEvaluation>(&ask.what)) {
    recovery.take(ask.realm, realm.evaluate(*evaluation));
  } else {
    recovery.take(ask.realm, realm.release(std::get<vault::PinRecovery::AskRelease>(ask.what)));
  }
}

/// Until nothing is asked any more.
inline void run(vault::PinRecovery& recovery, std::vector<FakeRealm>& realms) {
  for (auto asks = recovery.take_asks(); !asks.empty(); asks = recovery.take_asks()) {
    for (const auto& ask : asks) serve(recovery, realms[ask.realm], ask);
  }
}

}  // namespace cairn::testing
