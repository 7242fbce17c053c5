// PINs at real realms, through the calls that a client makes; and every way in which a realm must say no.
#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "tests/support/realm_village.h"
#include "tests/support/refused.h"

namespace cairn {
namespace {

using proto::TokenPurpose;
using testing::RealmVillage;
using testing::refusal_of;
using vault::PinRecovery;
using State = PinRecovery::State;

constexpr std::string_view kPin = "correct horse";
constexpr std::string_view kWrong = "wrong horse!";

TEST(RealmPins, OpenWithTheRightPinAndForgetTheGuesses) {
  RealmVillage village;
  const auto made = village.enrol(kPin);
  EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  EXPECT_EQ(village.own(0, made, PinOwnerAction::log, 0)->counter, 1);
  EXPECT_TRUE(village.gives_secret(kPin));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(village.own(i, made, PinOwnerAction::log, 0)->counter, 0);
}

TEST(RealmPins, OpenWithTwoOfThree) {
  for (std::size_t dead = 0; dead < 3; ++dead) {
    RealmVillage village;
    village.enrol(kPin);
    village.realms[dead]->alive = false;
    EXPECT_TRUE(village.gives_secret(kPin));
    village.realms[(dead + 1) % 3]->alive = false;
    EXPECT_EQ(village.recover(kPin).state(), State::no_quorum);
  }
}

TEST(RealmPins, NameARealmWhoseDatabaseWasTamperedWith) {
  RealmVillage village;
  const auto made = village.enrol(kPin);
  auto& realm = *village.realms[1];
  const Bytes key = witness::pin_key(village.who);
  auto row = *wire::decode<witness::PinRow>(*realm.driver.store.get(witness::realm_table::kPins, key));
  row.share.key_share = made.shares[2].key_share.clone();  // a scalar, but not the one that was signed
  realm.driver.store.apply({Write{witness::realm_table::kPins, key, wire::encode(row)}});
  auto recovery = village.recover(kPin);
  EXPECT_EQ(recovery.state(), State::recovered);
  EXPECT_EQ(recovery.fates()[1], vault::RealmFate::wrong_proof);
}

TEST(RealmPins, AreLockedByTenGuessesAndUnlockedByTheirOwnerWithNothingLost) {
  RealmVillage village;
  const auto made = village.enrol(kPin);
  for (int guess = 0; guess < 10; ++guess) EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  EXPECT_EQ(village.recover(kPin).state(), State::locked);
  const auto log = village.own(0, made, PinOwnerAction::log, 0);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->counter, 10);
  EXPECT_EQ(log->log.size(), 11u);  // and every guess is told
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(village.own(i, made, PinOwnerAction::unlock, village.own(i, made, PinOwnerAction::log, 0)->sequence));
  }
  EXPECT_TRUE(village.gives_secret(kPin));
}

TEST(RealmPins, TakeTheRightPinAtTheTenthGuess) {
  RealmVillage village;
  village.enrol(kPin);
  for (int guess = 0; guess < 9; ++guess) EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  EXPECT_TRUE(village.gives_secret(kPin));
  EXPECT_TRUE(village.gives_secret(kPin));
}

TEST(RealmPins, TellTheOwnerOfEveryGuessWithItsTimeAndKeepTheNewestHundred) {
  RealmVillage village(1, 1);
  const auto made = village.enrol(kPin);
  auto& driver = village.realms[0]->driver;
  driver.pass(5000);
  const Time guessed = driver.now;
  EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  auto log = village.own(0, made, PinOwnerAction::log, 0);
  ASSERT_EQ(log->log.size(), 2u);
  EXPECT_EQ(log->log[0].kind, proto::GuessKind::registered);
  EXPECT_EQ(log->log[1], (proto::GuessEntry{2, guessed.ms, proto::GuessKind::guess, 1}));
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(village.gives_secret(kPin));
  log = village.own(0, made, PinOwnerAction::log, 0);
  EXPECT_EQ(log->log.size(), proto::kMaxGuessLog);
  EXPECT_EQ(log->log.back().number, log->sequence);
}

TEST(RealmPins, GoOnAfterARestart) {
  RealmVillage village;
  village.enrol(kPin);
  EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  for (auto& realm : village.realms) realm->restart();
  EXPECT_EQ(village.recover(kWrong).guesses_left(), 8);
  EXPECT_TRUE(village.gives_secret(kPin));
}

TEST(RealmPins, AreReplacedByTheirOwnerAloneAndNeverHadTwice) {
  RealmVillage village;
  const auto old = village.enrol(kPin);
  const auto other = village.make("another pin");
  const auto replace = [&](std::size_t i, const crypto::SigningKey& by, const PinVersion& version) {
    const auto signature =
        vault::sign_pin_replacement(by, village.set.realms[i], village.who.registration, version, other.shares[i]);
    return client::realm_done(village.realms[i]->call(
        client::pin_register_call(village.realms[i]->url, village.who, other.shares[i], {}, signature)));
  };
  EXPECT_EQ(village.enrol(0, other).error().code, ErrorCode::conflict);
  EXPECT_EQ(replace(0, other.auth, old.version).error().code, ErrorCode::invalid_signature);
  EXPECT_EQ(replace(0, old.auth, other.version).error().code, ErrorCode::invalid_signature);
  ASSERT_TRUE(replace(0, old.auth, old.version));
  EXPECT_TRUE(village.gives_secret(kPin));  // one of three has moved on
  ASSERT_TRUE(replace(1, old.auth, old.version));
  EXPECT_TRUE(village.gives_secret("another pin"));
  EXPECT_EQ(village.recover(kPin).state(), State::wrong_pin);
  EXPECT_EQ(village.recover("another pin").fates()[2], vault::RealmFate::other_version);
  EXPECT_TRUE(village.enrol(1, other));  // a repeat of what is there
  EXPECT_EQ(village.own(1, old, PinOwnerAction::log, 0).error().code, ErrorCode::stale);
}

TEST(RealmPins, AreDeletedByTheirOwnerAlone) {
  RealmVillage village;
  const auto made = village.enrol(kPin);
  const auto stranger = village.make(kPin);
  const auto forged = vault::sign_pin_owner(stranger.auth, village.set.realms[0], village.who.registration,
                                            made.version, PinOwnerAction::erase, 1);
  const proto::PinOwnerRequest request{village.who, made.version, PinOwnerAction::erase, 1, forged};
  EXPECT_EQ(refusal_of(village.realms[0]->ask(proto::Method::post, "/realm/pin/owner", wire::encode(request))),
            ErrorCode::invalid_signature);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(village.own(i, made, PinOwnerAction::erase, 1));
  EXPECT_EQ(village.recover(kPin).state(), State::not_registered);
  EXPECT_TRUE(village.realms[0]->driver.store.scan_prefix(witness::realm_table::kGuesses, {}, 1).empty());
  village.enrol(kPin);
  EXPECT_TRUE(village.gives_secret(kPin));
}

// ---- refusals: the code, and not one row changed ----

class RealmRefusal : public ::testing::Test {
 protected:
  RealmRefusal() : village(1, 1), made(village.enrol(kPin)) {}

  testing::TestRealm& realm() { return *village.realms[0]; }
  template <class T>
  void expect(ErrorCode code, std::string_view path, const T& body) {
    const auto before = realm().driver.store;
    EXPECT_EQ(refusal_of(realm().ask(proto::Method::post, std::string(path), wire::encode(body))), code);
    EXPECT_EQ(realm().driver.store, before);
  }
  proto::PinEvaluateRequest guess() {
    return {village.token(0, TokenPurpose::guess), made.version,
            *EncodedElement::from(crypto::RistrettoScalar::small(3).times_base())};
  }
  void expect_guess(ErrorCode code, const proto::PinEvaluateRequest& request) {
    expect(code, proto::kPathPinEvaluate, request);
  }
  /// A guess whose token was changed, and signed again.
  void expect_token(ErrorCode code, const std::function<void(proto::AccountToken&)>& change) {
    auto token = village.make_token(0, TokenPurpose::guess);
    change(token);
    auto request = guess();
    request.token = village.sign(token);
    expect_guess(code, request);
  }

  RealmVillage village;
  vault::PinRegistration made;
};

TEST_F(RealmRefusal, OfTokensThatAreNotForThis) {
  expect_token(ErrorCode::not_authorised, [](auto& token) { token.domain = "elsewhere.example"; });
  expect_token(ErrorCode::not_authorised, [](auto& token) { token.realm.mutable_view()[0] ^= 1; });
  expect_token(ErrorCode::not_authorised, [](auto& token) { token.purpose = TokenPurpose::register_pin; });
  expect_token(ErrorCode::not_found, [](auto& token) { token.registration.mutable_view()[0] ^= 1; });
  const Time now = realm().driver.now;
  expect_token(ErrorCode::not_authorised, [&](auto& token) { token.expires_ms = now.ms; });
  expect_token(ErrorCode::not_authorised, [&](auto& token) { token.expires_ms = after(now, kHourMs + 1).ms; });
  auto request = guess();
  request.token.back() ^= 1;
  expect_guess(ErrorCode::invalid_signature, request);
  request.token.pop_back();
  expect_guess(ErrorCode::malformed, request);
  request.token.clear();
  expect_guess(ErrorCode::malformed, request);
}

TEST_F(RealmRefusal, OfATokenThatWasUsedUntilItsTimeIsOver) {
  const auto request = guess();
  EXPECT_FALSE(refusal_of(realm().ask(proto::Method::post, "/realm/pin/evaluate", wire::encode(request))));
  expect_guess(ErrorCode::duplicate, request);
  realm().restart();
  expect_guess(ErrorCode::duplicate, request);
  realm().driver.pass(proto::kAccountTokenLifeMs + kMinuteMs);
  expect_guess(ErrorCode::not_authorised, request);
  realm().driver.pass(kDayMs + kMinuteMs);  // it is remembered a day longer
  EXPECT_TRUE(realm().driver.store.scan_prefix(witness::realm_table::kUsedTokens, {}, 1).empty());
  expect_guess(ErrorCode::not_authorised, request);
}

TEST_F(RealmRefusal, OfElementsThatAreNone) {
  auto request = guess();
  request.element = {};
  expect_guess(ErrorCode::malformed, request);
  request.element.mutable_view()[31] = 0x80;
  expect_guess(ErrorCode::malformed, request);
}

TEST_F(RealmRefusal, OfAnotherVersionAndOfNoRegistration) {
  auto request = guess();
  request.version.mutable_view()[0] ^= 1;
  expect_guess(ErrorCode::stale, request);
  proto::RealmWho stranger = village.who;
  stranger.registration.mutable_view()[0] ^= 1;
  expect(ErrorCode::not_found, proto::kPathPinVersion, stranger);
  stranger = village.who;
  stranger.domain = "elsewhere.example";  // the same number at another domain is another registration
  expect(ErrorCode::not_found, proto::kPathPinVersion, stranger);
}

TEST_F(RealmRefusal, OfTheEleventhGuess) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  expect_guess(ErrorCode::invalid_state, guess());
}

TEST_F(RealmRefusal, OfAWrongTag) {
  proto::PinReleaseRequest request{village.who, made.version, made.shares[0].tag.clone()};
  request.tag.expose_mutable()[31] ^= 1;
  expect(ErrorCode::not_authorised, proto::kPathPinRelease, request);
}

TEST_F(RealmRefusal, OfAnOwnersWordThatWasUsedBefore) {
  EXPECT_EQ(village.recover(kWrong).state(), State::wrong_pin);
  const std::uint64_t sequence = village.own(0, made, PinOwnerAction::log, 0)->sequence;
  ASSERT_TRUE(village.own(0, made, PinOwnerAction::unlock, sequence));
  EXPECT_EQ(village.own(0, made, PinOwnerAction::unlock, sequence).error().code, ErrorCode::stale);
  EXPECT_EQ(village.own(0, made, PinOwnerAction::erase, sequence).error().code, ErrorCode::stale);
  EXPECT_EQ(village.own(0, made, PinOwnerAction::log, sequence).error().code, ErrorCode::stale);
  // A signature for one action is none for another.
  const auto log = vault::sign_pin_owner(made.auth, realm().id, village.who.registration, made.version,
                                         PinOwnerAction::log, sequence + 1);
  expect(ErrorCode::invalid_signature, proto::kPathPinOwner,
         proto::PinOwnerRequest{village.who, made.version, PinOwnerAction::unlock, sequence + 1, log});
}

/// A registration at an empty realm whose share was spoilt.
void expect_share_refused(ErrorCode code, const std::function<void(PinShare&)>& spoil) {
  RealmVillage village(3, 2);
  auto made = village.make(kPin);
  spoil(made.shares[0]);
  const auto before = village.realms[0]->driver.store;
  const auto refused = village.enrol(0, made);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, code);
  EXPECT_EQ(village.realms[0]->driver.store, before);
}

TEST(RealmPins, RefuseSharesThatBreakARule) {
  const auto malformed = ErrorCode::malformed;
  expect_share_refused(malformed, [](PinShare& s) { s.shown.threshold = 1; });
  expect_share_refused(malformed, [](PinShare& s) { s.shown.threshold = 4; });
  expect_share_refused(malformed, [](PinShare& s) { s.shown.realms = 16; });
  expect_share_refused(malformed, [](PinShare& s) { s.shown.realms = 0; });
  expect_share_refused(malformed, [](PinShare& s) { s.shown.index = 0; });
  expect_share_refused(malformed, [](PinShare& s) { s.shown.index = 4; });
  expect_share_refused(malformed, [](PinShare& s) { s.key_share = EncodedScalar(); });
  expect_share_refused(malformed, [](PinShare& s) { s.key_share.expose_mutable()[0] ^= 1; });
  expect_share_refused(malformed, [](PinShare& s) { s.key_share.expose_mutable()[31] = 0xff; });
  expect_share_refused(malformed, [](PinShare& s) { s.scalar_share = EncodedScalar(); });
  expect_share_refused(malformed, [](PinShare& s) { s.shown.public_share = {}; });
  expect_share_refused(ErrorCode::invalid_signature, [](PinShare& s) { s.shown.index = 2; });
  expect_share_refused(ErrorCode::invalid_signature, [](PinShare& s) { s.shown.commitment.mutable_view()[0] ^= 1; });
  expect_share_refused(ErrorCode::invalid_signature, [](PinShare& s) { s.shown.verifying_key = {}; });
  expect_share_refused(ErrorCode::invalid_signature, [](PinShare& s) { s.shown.version.mutable_view()[0] ^= 1; });
}

TEST(RealmPins, RefuseToBeginWithoutATokenForJustThat) {
  RealmVillage village(1, 1);
  const auto made = village.make(kPin);
  const auto enrol = [&](ByteView token, const std::optional<Signature>& replaces = {}) {
    return client::realm_done(village.realms[0]->call(
        client::pin_register_call(village.realms[0]->url, village.who, made.shares[0], token, replaces)));
  };
  EXPECT_FALSE(enrol({}));
  EXPECT_EQ(enrol(village.token(0, TokenPurpose::guess)).error().code, ErrorCode::not_authorised);
  auto token = village.make_token(0, TokenPurpose::register_pin);
  token.registration.mutable_view()[3] ^= 1;
  EXPECT_EQ(enrol(village.sign(token)).error().code, ErrorCode::not_authorised);
  EXPECT_EQ(enrol({}, Signature{}).error().code, ErrorCode::not_found);
  EXPECT_TRUE(enrol(village.token(0, TokenPurpose::register_pin)));
}

/// A store whose disk has no room.
class FullView final : public StoreView {
 public:
  explicit FullView(const StoreView& below) : below_(below) {}
  std::optional<Bytes> get(Table table, ByteView key) const override { return below_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
    return below_.scan(table, first, end, limit, order);
  }
  bool full() const override { return true; }

 private:
  const StoreView& below_;
};

TEST(RealmPins, AreNotGuessedWhileTheDiskIsFull) {
  RealmVillage village(1, 1);
  const auto made = village.enrol(kPin);
  auto& realm = *village.realms[0];
  const FullView full(realm.driver.store);
  proto::RequestArrived request;
  request.method = proto::Method::post;
  for (const std::string_view path : {proto::kPathPinEvaluate, proto::kPathPinRegister, proto::kPathTokenStore}) {
    request.target = path;
    const auto effects = realm.mind->handle(request, full, realm.driver.now, village.entropy);
    EXPECT_TRUE(effects.writes.empty());
    EXPECT_EQ(refusal_of(std::get<proto::Respond>(effects.sends.at(0))), ErrorCode::storage_full) << path;
  }
}

TEST(RealmPins, AnswerNothingElse) {
  RealmVillage village(1, 1);
  auto& realm = *village.realms[0];
  EXPECT_EQ(refusal_of(realm.ask(proto::Method::post, "/realm/pin/guess")), ErrorCode::not_found);
  EXPECT_EQ(refusal_of(realm.ask(proto::Method::get, "/realm/pin/version")), ErrorCode::not_found);
  EXPECT_EQ(refusal_of(realm.ask(proto::Method::post, "/realm/pin/version", Bytes{1})), ErrorCode::malformed);
  EXPECT_EQ(as_text(realm.ask(proto::Method::get, "/vkey").body), realm.mind->vkey() + "\n");
  EXPECT_NE(as_text(realm.ask(proto::Method::get, "/health").body).find("\"serving\""), std::string::npos);
}

TEST(RealmPins, SayThatAStoreIsNotTheirs) {
  RealmVillage village(1, 1);
  auto& realm = *village.realms[0];
  realm.driver.store.apply({Write{witness::realm_table::kKey, {}, Bytes{1, 2, 3}}});
  realm.restart();
  EXPECT_EQ(realm.ask(proto::Method::get, "/health").status, 500);
  // Nor is a realm that has lost its key another one from then on.
  realm.driver.store.apply({Write{witness::realm_table::kKey, {}, std::nullopt}});
  const auto before = realm.driver.store;
  realm.restart();
  EXPECT_EQ(realm.ask(proto::Method::get, "/vkey").status, 500);
  EXPECT_EQ(realm.driver.store, before);
}

}  // namespace
}  // namespace cairn
