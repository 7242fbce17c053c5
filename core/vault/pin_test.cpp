#include "core/vault/pin.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/fake_realm.h"
#include "tests/support/refused.h"

namespace cairn::vault {
namespace {

using testing::FakeRealm;
using testing::refused;
using State = PinRecovery::State;
using Fates = std::vector<RealmFate>;
constexpr std::string_view kPin = "correct horse";

/// A PIN that is registered at n realms.
struct PinWorld {
  explicit PinWorld(std::size_t n = 3, std::uint8_t t = 2) : realms(testing::fake_realms(n)), set(set_of(realms, t)) {
    id = random_value<RegistrationId>(entropy);
    secret = random_secret<PinSecret>(entropy);
    enrol(kPin);
  }
  PinRegistration enrol(std::string_view pin) {
    auto out = register_pin(set, id, pin, secret, entropy, testing::hasty_stretch);
    CHECK(out.has_value());
    for (std::size_t i = 0; i < realms.size(); ++i) realms[i].pin = testing::clone(out->shares[i]);
    return std::move(*out);
  }
  PinRecovery begin(std::string_view pin = kPin) {
    auto out = PinRecovery::begin(set, id, pin, entropy, testing::hasty_stretch);
    CHECK(out.has_value());
    return std::move(*out);
  }
  PinRecovery recover(std::string_view pin = kPin) {
    PinRecovery recovery = begin(pin);
    run(recovery, realms);
    return recovery;
  }
  void expect_recovered(PinRecovery& recovery, const Fates& fates) {
    ASSERT_EQ(recovery.state(), State::recovered);
    EXPECT_EQ(to_hex(recovery.take_secret().expose()), to_hex(secret.expose()));
    EXPECT_EQ(recovery.fates(), fates);
  }
  void expect_recovered(const Fates& fates) {
    PinRecovery recovery = recover();
    expect_recovered(recovery, fates);
  }

  testing::SeededEntropy entropy{1};
  std::vector<FakeRealm> realms;
  RealmSet set;
  RegistrationId id;
  PinSecret secret;
};

constexpr auto kPinGood = RealmFate::good;

TEST(Pin, GivesItsSecretBackAndResetsTheGuesses) {
  PinWorld world;
  world.expect_recovered({kPinGood, kPinGood, kPinGood});
  for (const FakeRealm& realm : world.realms) EXPECT_EQ(realm.guesses, 0u);
}

TEST(Pin, WorksForEverySizeOfSet) {
  for (std::size_t n = 1; n <= kMaxRealms; n += 2) {
    PinWorld world(n, static_cast<std::uint8_t>(n / 2 + 1));
    world.expect_recovered(Fates(n, kPinGood));
  }
}

TEST(Pin, IsStretchedByArgon2idUnlessATestSaysOtherwise) {
  PinWorld world;
  auto registration = register_pin(world.set, world.id, kPin, world.secret, world.entropy);
  ASSERT_TRUE(registration);
  for (std::size_t i = 0; i < 3; ++i) world.realms[i].pin = testing::clone(registration->shares[i]);
  auto recovery = PinRecovery::begin(world.set, world.id, kPin, world.entropy);
  ASSERT_TRUE(recovery);
  run(*recovery, world.realms);
  world.expect_recovered(*recovery, {kPinGood, kPinGood, kPinGood});
}

TEST(Pin, BindsTheStretchedPinToVersionAndRegistration) {
  const auto stretched = [](std::uint8_t version, std::uint8_t registration) {
    PinVersion v;
    RegistrationId r;
    v.mutable_view()[0] = version;
    r.mutable_view()[0] = registration;
    return to_hex(stretch_pin(as_bytes(kPin), v, r)->access.expose());
  };
  EXPECT_EQ(stretched(1, 1), stretched(1, 1));
  EXPECT_NE(stretched(1, 1), stretched(2, 1));
  EXPECT_NE(stretched(1, 1), stretched(1, 2));
}

TEST(Pin, TellsAWrongPinAndHowManyGuessesAreLeft) {
  PinWorld world;
  for (unsigned guess = 1; guess <= 10; ++guess) {
    const PinRecovery recovery = world.recover("wrong horse!");
    ASSERT_EQ(recovery.state(), State::wrong_pin);
    EXPECT_EQ(recovery.guesses_left(), 10 - guess);
    EXPECT_EQ(recovery.fates()[0], kPinGood);
  }
  EXPECT_EQ(world.recover("wrong horse!").state(), State::locked);
  EXPECT_EQ(world.recover().state(), State::locked);
  world.realms[0].guesses = world.realms[2].guesses = 0;  // unlocked by the owner: nothing was lost
  world.expect_recovered({kPinGood, kPinGood, kPinGood});
}

TEST(Pin, RecoversWithADeadRealmWhereverItDies) {
  for (std::size_t dead = 0; dead < 3; ++dead) {
    for (int step = 0; step < 3; ++step) {
      PinWorld world;
      PinRecovery recovery = world.begin();
      for (int now = 0; now < 3; ++now) {
        if (now == step) world.realms[dead].alive = false;
        for (const auto& ask : recovery.take_asks()) serve(recovery, world.realms[ask.realm], ask);
      }
      ASSERT_EQ(recovery.state(), State::recovered) << dead << " in step " << step;
      EXPECT_EQ(to_hex(recovery.take_secret().expose()), to_hex(world.secret.expose()));
    }
  }
}

TEST(Pin, WaitsForNobodyOnceEnoughHaveAnswered) {
  PinWorld world;
  PinRecovery recovery = world.begin();
  std::vector<PinRecovery::Ask> slow;
  for (auto asks = recovery.take_asks(); !asks.empty(); asks = recovery.take_asks()) {
    for (auto& ask : asks) {
      if (ask.realm == 1) {
        slow.push_back(std::move(ask));
      } else {
        serve(recovery, world.realms[ask.realm], ask);
      }
    }
  }
  world.expect_recovered(recovery, {kPinGood, RealmFate::waiting, kPinGood});
  for (const auto& ask : slow) serve(recovery, world.realms[1], ask);  // harmless
}

TEST(Pin, TakesALateRealmAsLongAsItIsNeeded) {
  PinWorld world;
  world.realms[0].spoil_evaluation = [](PinEvaluation& e) { e.proof.mutable_view()[1] ^= 1; };
  PinRecovery recovery = world.begin();
  auto versions = recovery.take_asks();
  serve(recovery, world.realms[0], versions[0]);
  serve(recovery, world.realms[2], versions[2]);
  for (const auto& ask : recovery.take_asks()) serve(recovery, world.realms[ask.realm], ask);
  EXPECT_EQ(recovery.state(), State::evaluations);
  serve(recovery, world.realms[1], versions[1]);
  run(recovery, world.realms);
  world.expect_recovered(recovery, {RealmFate::wrong_proof, kPinGood, kPinGood});
}

TEST(Pin, GivesUpOnWhoDoesNotAnswerWhenToldTo) {
  PinWorld world;
  PinRecovery recovery = world.begin();
  const auto asks = recovery.take_asks();
  serve(recovery, world.realms[1], asks[1]);
  EXPECT_EQ(recovery.state(), State::versions);
  recovery.expire();
  EXPECT_EQ(recovery.state(), State::no_quorum);
  EXPECT_EQ(recovery.fates(), (Fates{RealmFate::dead, kPinGood, RealmFate::dead}));
  EXPECT_EQ(world.realms[1].guesses, 0u);  // no guess was spent
}

TEST(Pin, SaysThatNothingIsRegistered) {
  PinWorld world;
  world.realms[0].pin.reset();
  world.realms[2].pin.reset();
  EXPECT_EQ(world.recover().state(), State::not_registered);
}

// ---- liars ----

using Spoil = std::function<void(PinEvaluation&)>;

/// Realm 1 of three spoils its evaluations: the secret comes all the same, and it is named.
void expect_named(RealmFate fate, const Spoil& spoil) {
  PinWorld world;
  world.realms[0].spoil_evaluation = spoil;
  world.expect_recovered({fate, kPinGood, kPinGood});
  // With another one dead it cannot be had: a spoilt answer is never used.
  world.realms[1].alive = false;
  EXPECT_EQ(world.recover().state(), State::no_quorum);
}

TEST(Pin, NamesARealmWhoseEvaluationIsWrong) {
  testing::SeededEntropy entropy(9);
  const auto stranger = *EncodedElement::from(crypto::RistrettoScalar::random(entropy).times_base());
  expect_named(RealmFate::wrong_proof, [=](PinEvaluation& e) { e.element = stranger; });
  expect_named(RealmFate::wrong_proof, [](PinEvaluation& e) { e.element = {}; });
  expect_named(RealmFate::wrong_proof, [](PinEvaluation& e) { e.proof = {}; });
  expect_named(RealmFate::wrong_proof, [](PinEvaluation& e) { e.proof.mutable_view()[40] ^= 4; });
  expect_named(RealmFate::wrong_signature, [=](PinEvaluation& e) { e.shown.public_share = stranger; });
  expect_named(RealmFate::wrong_signature, [](PinEvaluation& e) { e.shown.public_share = {}; });
  expect_named(RealmFate::wrong_signature, [](PinEvaluation& e) { e.shown.commitment.mutable_view()[0] ^= 1; });
  expect_named(RealmFate::wrong_signature, [](PinEvaluation& e) { e.shown.signature.mutable_view()[0] ^= 1; });
  expect_named(RealmFate::wrong_signature, [](PinEvaluation& e) { e.shown.index = 2; });
  expect_named(RealmFate::wrong_signature, [](PinEvaluation& e) { e.shown.threshold = 1; });
  expect_named(RealmFate::wrong_signature, [](PinEvaluation& e) { e.shown.realms = 4; });
  expect_named(RealmFate::other_version, [](PinEvaluation& e) { e.shown.version.mutable_view()[0] ^= 1; });
}

TEST(Pin, NamesALiarThatAnswersLast) {
  PinWorld world;
  world.realms[2].spoil_evaluation = [](PinEvaluation& e) { e.proof.mutable_view()[40] ^= 4; };
  world.expect_recovered({kPinGood, kPinGood, RealmFate::wrong_proof});
  PinWorld other;
  other.realms[2].spoil_release = [](PinRelease& r) { r.mac.mutable_view()[0] ^= 1; };
  other.expect_recovered({kPinGood, kPinGood, RealmFate::wrong_share});
}

// A realm that makes a registration of its own, all in order, with the same version.
TEST(Pin, NamesARealmWithARegistrationOfItsOwn) {
  PinWorld world;
  PinWorld other;
  auto forged = register_pin(world.set, world.id, kPin, other.secret, other.entropy, testing::hasty_stretch);
  ASSERT_TRUE(forged);
  PinShare share = testing::clone(forged->shares[0]);
  share.shown.version = world.realms[1].pin->shown.version;
  testing::SeededEntropy entropy(8);
  const auto signing = crypto::SigningKey::generate(entropy);
  share.shown.verifying_key = signing.public_key();
  share.shown.signature =
      crypto::sign_labelled(signing, crypto::kSignPinShare, share.shown.content(world.set.realms[0], world.id));
  world.realms[0].pin = testing::clone(share);
  world.expect_recovered({RealmFate::other_version, kPinGood, kPinGood});
}

TEST(Pin, NamesARealmThatWasLeftBehindAtAnOldVersion) {
  PinWorld world;
  const PinShare old = testing::clone(*world.realms[2].pin);
  world.enrol(kPin);
  world.realms[2].pin = testing::clone(old);
  world.expect_recovered({kPinGood, kPinGood, RealmFate::other_version});
  world.realms[0].pin.reset();
  EXPECT_EQ(world.recover().state(), State::no_quorum);  // one of each is no version
}

TEST(Pin, NamesARealmThatReleasesAnotherShare) {
  const std::function<void(PinRelease&)> spoils[] = {
      [](PinRelease& r) { r.scalar_share.expose_mutable()[0] ^= 1; },
      [](PinRelease& r) { r.sealed.mutable_view()[0] ^= 1; },
      [](PinRelease& r) { r.mac.mutable_view()[0] ^= 1; },
      [](PinRelease& r) { r = {}; },
  };
  for (const auto& spoil : spoils) {
    PinWorld world;
    world.realms[0].spoil_release = spoil;
    world.expect_recovered({RealmFate::wrong_share, kPinGood, kPinGood});
    world.realms[2].alive = false;
    EXPECT_EQ(world.recover().state(), State::no_quorum);
  }
}

TEST(Pin, SendsEveryRealmItsOwnTagAlone) {
  PinWorld world;
  PinRecovery recovery = world.begin();
  std::set<Bytes> tags;
  for (auto asks = recovery.take_asks(); !asks.empty(); asks = recovery.take_asks()) {
    for (const auto& ask : asks) {
      const auto* release = std::get_if<PinRecovery::AskRelease>(&ask.what);
      if (release) tags.insert(to_bytes(release->tag.expose()));
      serve(recovery, world.realms[ask.realm], ask);
    }
  }
  EXPECT_EQ(tags.size(), 3u);
}

// ---- what one realm too few has ----

// With the other realms' shares drawn anew, any secret fits what t - 1 realms hold: the OPRF key and s are hidden by
// Shamir (shamir_test.cpp), and what is in the clear follows from the OPRF output alone.
TEST(Pin, LooksTheSameToOneRealmForEveryPinAndSecret) {
  PinWorld world;
  const auto other_secret = random_secret<PinSecret>(world.entropy);
  const auto a = register_pin(world.set, world.id, kPin, world.secret, world.entropy, testing::hasty_stretch);
  const auto b = register_pin(world.set, world.id, kPin, world.secret, world.entropy, testing::hasty_stretch);
  const auto c = register_pin(world.set, world.id, "another pin", other_secret, world.entropy, testing::hasty_stretch);
  // Nothing repeats from one registration to the next, not even for the same PIN and secret.
  for (const auto* other : {&*b, &*c}) {
    const PinShare& one = a->shares[0];
    const PinShare& two = other->shares[0];
    EXPECT_FALSE(equal(one.key_share.expose(), two.key_share.expose()));
    EXPECT_FALSE(equal(one.scalar_share.expose(), two.scalar_share.expose()));
    EXPECT_FALSE(equal(one.tag.expose(), two.tag.expose()));
    EXPECT_FALSE(one.shown.commitment == two.shown.commitment);
    EXPECT_FALSE(one.shown.verifying_key == two.shown.verifying_key);
    EXPECT_FALSE(one.sealed == two.sealed);
    EXPECT_FALSE(one.auth_key == two.auth_key);
  }
}

// ---- refusals ----

TEST(Pin, RefusesSetsThatCouldHaveTwoVersionsAtOnce) {
  PinWorld world(4, 3);
  for (const std::uint8_t t : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{5}}) {
    const RealmSet set{world.set.realms, t};
    EXPECT_TRUE(refused(set.check(), "threshold of realms"));
    EXPECT_TRUE(refused(PinRecovery::begin(set, world.id, kPin, world.entropy), "threshold of realms"));
    EXPECT_TRUE(refused(register_pin(set, world.id, kPin, world.secret, world.entropy), "threshold of realms"));
  }
  EXPECT_TRUE(refused(RealmSet{}.check(), "number of realms"));
  EXPECT_TRUE(refused((RealmSet{std::vector<RealmId>(16), 9}.check()), "number of realms"));
  EXPECT_TRUE(refused((RealmSet{{world.set.realms[0], world.set.realms[0]}, 2}.check()), "a realm twice"));
}

TEST(Pin, RefusesThoseThatEverybodyTriesFirst) {
  for (const char* pin : {"111111", "123456", "654321", "567890", "890123", "210987", "121212", "123123", "abcabcab",
                          "abcdef", "ABCDEF", "password", "PassWord", "qwertz", "iloveyou", "112233", "1q2w3e"}) {
    EXPECT_TRUE(refused(check_pin(pin), "This PIN is one of those")) << pin;
  }
  for (const char* pin : {"", "1", "49283", "ab c!", "äöü"}) {
    EXPECT_TRUE(refused(check_pin(pin), "A PIN has at least 6")) << pin;
  }
  EXPECT_TRUE(refused(check_pin(std::string(257, 'x')), "A PIN has at most 256"));
  EXPECT_TRUE(refused(check_pin("12\n4567"), "A PIN is made of"));
  EXPECT_TRUE(refused(check_pin("492\xff"
                                "831"),
                      "A PIN is made of"));
  for (const char* pin : {"492831", "correct horse", "äöü-ßé", "918273x"}) EXPECT_TRUE(check_pin(pin)) << pin;
  PinWorld world;
  EXPECT_TRUE(refused(register_pin(world.set, world.id, "123456", world.secret, world.entropy), "This PIN is one"));
}

TEST(Pin, SaysWhenTheMemoryIsMissing) {
  PinWorld world;
  auto recovery = PinRecovery::begin(world.set, world.id, kPin, world.entropy,
                                     [](ByteView, const PinVersion&, const RegistrationId&) -> Result<StretchedPin> {
                                       return fail(ErrorCode::over_limit, "argon2id memory");
                                     });
  run(*recovery, world.realms);
  EXPECT_EQ(recovery->state(), State::no_memory);
  EXPECT_EQ(world.realms[0].guesses, 0u);
}

}  // namespace
}  // namespace cairn::vault
