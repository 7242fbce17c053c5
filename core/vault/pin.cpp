#include "core/vault/pin.h"

#include <algorithm>
#include <map>

#include "core/crypto/ct.h"
#include "core/crypto/labels.h"
#include "core/crypto/shamir.h"
#include "core/vault/internal/pin_keys.h"

namespace cairn::vault {

using crypto::RistrettoElement;
using crypto::RistrettoScalar;

Result<PinRecovery> PinRecovery::begin(RealmSet set, const RegistrationId& registration, std::string_view pin,
                                       Entropy& entropy, PinStretch stretch) {
  TRY(set.check());
  return PinRecovery(std::move(set), registration, pin, RistrettoScalar::random(entropy), stretch);
}

PinRecovery::PinRecovery(RealmSet set, const RegistrationId& registration, std::string_view pin, RistrettoScalar blind,
                         PinStretch stretch)
    : set_(std::move(set)),
      registration_(registration),
      pin_(to_bytes(pin)),
      stretch_(stretch),
      blind_(std::move(blind)),
      fates_(set_.size(), RealmFate::waiting),
      places_(set_.size()) {
  for (std::size_t i = 0; i < set_.size(); ++i) {
    places_[i].asked = true;
    asks_.push_back({i, AskVersion{}});
  }
}

Bytes PinRecovery::context() const { return internal::pin_context(*version_, registration_); }

bool PinRecovery::anybody_asked() const {
  return std::any_of(places_.begin(), places_.end(), [](const Place& place) { return place.asked; });
}

std::size_t PinRecovery::count(RealmFate fate) const {
  return static_cast<std::size_t>(std::count(fates_.begin(), fates_.end(), fate));
}

void PinRecovery::failed(std::size_t realm, ErrorCode code) {
  if (!broke_a_rule(fates_[realm])) fates_[realm] = fate_of(code);
}

/// Why it can go no further.
PinRecovery::State PinRecovery::failure() const {
  const std::size_t enough_to_block = set_.size() - set_.threshold + 1;
  if (count(RealmFate::locked) >= enough_to_block) return State::locked;
  if (count(RealmFate::nothing_here) >= enough_to_block) return State::not_registered;
  return State::no_quorum;
}

void PinRecovery::expire() {
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (std::exchange(places_[i].asked, false)) failed(i, ErrorCode::unavailable);
  }
  if (state_ == State::versions) settle_versions();
  if (state_ == State::evaluations) settle_evaluations();
  if (state_ == State::releases) settle_releases();
}

// ---- which version ----

void PinRecovery::take(std::size_t realm, Result<PinVersion> answer) {
  CHECK(realm < set_.size());
  Place& place = places_[realm];
  if (state_ > State::evaluations || place.version) return;
  place.asked = false;
  if (!answer) {
    failed(realm, answer.error().code);
  } else {
    place.version = *answer;
    fates_[realm] = RealmFate::good;
  }
  if (state_ == State::versions) return settle_versions();
  if (place.version == version_) ask_evaluation(realm);  // late, but not too late
  if (place.version && place.version != version_) fates_[realm] = RealmFate::other_version;
  settle_evaluations();
}

void PinRecovery::settle_versions() {
  std::map<PinVersion, std::size_t> votes;
  for (const Place& place : places_) {
    if (place.version && ++votes[*place.version] >= set_.threshold) return choose(*place.version);
  }
  if (!anybody_asked()) state_ = failure();
}

void PinRecovery::choose(const PinVersion& version) {
  auto stretched = stretch_(pin_.expose(), version, registration_);
  auto blinded = stretched
                     ? crypto::oprf_blind_with(crypto::OprfMode::voprf, stretched->access.expose(), blind_.clone())
                     : Result<crypto::OprfBlinded>(tl::unexpected<Error>(stretched.error()));
  if (!blinded) {
    state_ = State::no_memory;
    return;
  }
  pin_ = SecretBytes();
  version_ = version;
  stretched_ = std::move(*stretched);
  blinded_ = blinded->element;
  state_ = State::evaluations;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (places_[i].version == version_) ask_evaluation(i);
    if (places_[i].version && places_[i].version != version_) fates_[i] = RealmFate::other_version;
  }
}

// ---- evaluations ----

void PinRecovery::ask_evaluation(std::size_t realm) {
  places_[realm].asked = true;
  fates_[realm] = RealmFate::waiting;
  asks_.push_back({realm, AskEvaluation{*version_, *EncodedElement::from(*blinded_)}});
}

void PinRecovery::take(std::size_t realm, Result<PinEvaluation> answer) {
  CHECK(realm < set_.size());
  Place& place = places_[realm];
  if (!blinded_ || place.version != version_ || place.evaluated) return;
  if (state_ == State::evaluations) place.asked = false;
  if (!answer) {
    failed(realm, answer.error().code);
  } else {
    RealmFate fate = RealmFate::good;
    auto checked = check(realm, *answer, fate);
    if (checked) place.evaluated = std::move(*checked);
    if (!broke_a_rule(fates_[realm])) fates_[realm] = fate;
  }
  if (state_ == State::evaluations) settle_evaluations();
  if (chosen_) name_strangers();  // who comes late is judged all the same
}

Result<PinRecovery::Evaluated> PinRecovery::check(std::size_t realm, const PinEvaluation& answer,
                                                  RealmFate& fate) const {
  const PinPublic& shown = answer.shown;
  fate = RealmFate::other_version;
  REQUIRE(shown.version == *version_, ErrorCode::stale, "version of an evaluation");
  fate = RealmFate::wrong_signature;
  REQUIRE(shown.threshold == set_.threshold && shown.realms == set_.size() && shown.index == realm + 1,
          ErrorCode::inconsistent, "place of an evaluation");
  TRY(crypto::verify_labelled(shown.verifying_key, crypto::kSignPinShare,
                              shown.content(set_.realms[realm], registration_), shown.signature));
  const RistrettoElement public_share = TRY(RistrettoElement::from(shown.public_share));
  fate = RealmFate::wrong_proof;
  const RistrettoElement element = TRY(RistrettoElement::from(answer.element));
  const auto proof = TRY(crypto::DleqProof::from(answer.proof));
  TRY(crypto::voprf_verify(public_share, {&*blinded_, 1}, {&element, 1}, proof));
  fate = RealmFate::good;
  return Evaluated{shown, element, answer.guesses_left};
}

void PinRecovery::settle_evaluations() {
  using Group = std::pair<PublicKey, PinCommitment>;
  std::map<Group, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (!places_[i].evaluated) continue;
    const PinPublic& shown = places_[i].evaluated->shown;
    std::vector<std::size_t>& group = groups[{shown.verifying_key, shown.commitment}];
    group.push_back(i);
    if (group.size() == set_.threshold) return unlock(group);
  }
  if (!anybody_asked()) state_ = failure();
}

/// Whoever proved a share of a registration that is not the one that enough others have.
void PinRecovery::name_strangers() {
  for (std::size_t i = 0; i < set_.size(); ++i) {
    const auto& other = places_[i].evaluated;
    if (!other) continue;
    const PinPublic& shown = other->shown;
    const bool same = shown.verifying_key == chosen_->verifying_key && shown.commitment == chosen_->commitment;
    if (!same) fates_[i] = RealmFate::other_version;
  }
}

/// Every share of this group was proven, so the commitment tells whether the PIN was right.
void PinRecovery::unlock(const std::vector<std::size_t>& group) {
  const PinPublic& shown = places_[group[0]].evaluated->shown;
  std::vector<crypto::ElementShare> shares;
  std::vector<std::uint8_t> left;
  for (const std::size_t realm : group) {
    shares.push_back({places_[realm].evaluated->shown.index, places_[realm].evaluated->element});
    left.push_back(places_[realm].evaluated->guesses_left);
  }
  chosen_ = shown;
  guesses_left_ = *std::min_element(left.begin(), left.end());
  const auto evaluated = crypto::combine_elements(shares);
  if (!evaluated) {
    state_ = State::no_quorum;
    return;
  }
  unlock_ = internal::pin_unlock_key(crypto::oprf_finalize(stretched_.access.expose(), blind_, *evaluated), context());
  if (!crypto::ct_equal(internal::pin_commitment(unlock_, context()), shown.commitment)) {
    state_ = State::wrong_pin;
    return;
  }
  state_ = State::releases;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    places_[i].asked = places_[i].version == version_ && !broke_a_rule(fates_[i]);
    // Who lied gets its tag too: it is of use to nobody else, and it may be that only its answer was spoilt.
    if (places_[i].version != version_) continue;
    asks_.push_back({i, AskRelease{*version_, internal::pin_tag(unlock_, set_.realms[i])}});
  }
}

// ---- releases ----

void PinRecovery::take(std::size_t realm, Result<PinRelease> answer) {
  CHECK(realm < set_.size());
  Place& place = places_[realm];
  const bool unlocked = state_ == State::releases || state_ == State::recovered;
  if (!unlocked || place.version != version_ || place.released) return;
  place.asked = false;
  if (!answer) {
    failed(realm, answer.error().code);
  } else if (auto checked = check(realm, *answer)) {
    place.released = std::move(*checked);
    if (!broke_a_rule(fates_[realm])) fates_[realm] = RealmFate::good;
  } else {
    fates_[realm] = RealmFate::wrong_share;
  }
  if (state_ == State::releases) settle_releases();
}

Result<PinRecovery::Released> PinRecovery::check(std::size_t realm, const PinRelease& answer) const {
  const auto index = static_cast<std::uint8_t>(realm + 1);
  const PinMac mac = internal::pin_mac(unlock_, set_.realms[realm], index, answer.scalar_share.expose(), answer.sealed);
  REQUIRE(crypto::ct_equal(mac, answer.mac), ErrorCode::crypto_failed, "mac of a released share");
  auto scalar = RistrettoScalar::from(answer.scalar_share.expose());
  if (!scalar) return tl::unexpected<Error>(scalar.error());
  return Released{std::move(*scalar), answer.sealed};
}

void PinRecovery::settle_releases() {
  const auto good =
      std::count_if(places_.begin(), places_.end(), [](const Place& place) { return place.released.has_value(); });
  if (good >= set_.threshold) {
    auto secret = open();
    state_ = secret ? State::recovered : State::no_quorum;
    if (secret) secret_ = std::move(*secret);
  } else if (!anybody_asked()) {
    state_ = failure();
  }
}

Result<PinSecret> PinRecovery::open() const {
  std::vector<crypto::ScalarShare> shares;
  const SealedPinSecret* sealed = nullptr;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    if (!places_[i].released) continue;
    shares.push_back({static_cast<std::uint8_t>(i + 1), places_[i].released->scalar.clone()});
    sealed = &places_[i].released->sealed;
  }
  auto s = crypto::combine_scalars(shares);
  if (!s) return tl::unexpected<Error>(s.error());
  return internal::open_pin_secret(stretched_, *s, context(), *sealed);
}

PinSecret PinRecovery::take_secret() {
  CHECK(state_ == State::recovered);
  return std::move(secret_);
}

}  // namespace cairn::vault
