#include "core/relay/internal/realm_tokens.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/crypto/labels.h"
#include "core/relay/invitation.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using proto::TokenPurpose;
using testing::body_of;
using testing::error_of;
using testing::Member;
using testing::RelayDriver;

RealmId realm(std::uint8_t byte) { return *RealmId::from(Bytes(RealmId::kSize, byte)); }

proto::RealmTokensRequest request_for(std::string name, TokenPurpose purpose) {
  return {std::move(name), 0, purpose, {realm(1), realm(2)}, {}};
}

proto::Respond ask(RelayDriver& driver, const proto::RealmTokensRequest& request, const std::string& bearer = {}) {
  return driver.post(proto::kPathRealmTokens, wire::encode(request), bearer);
}

tlog::VerifierKey vkey(RelayDriver& driver) {
  std::string text = as_text(driver.get(proto::kPathRealmVkey).body);
  text.pop_back();
  return *tlog::VerifierKey::parse(text);
}

TEST(RealmTokens, AreSignedByTheDomainForEachRealmAndGoodForTenMinutes) {
  RelayDriver driver(testing::open_config());
  const Member alice(driver, "alice@example.org", 1);
  const auto answer = ask(driver, request_for("alice@example.org", TokenPurpose::register_pin), alice.token);
  ASSERT_EQ(answer.status, 200);
  const auto given = body_of<proto::RealmTokensAnswer>(answer);
  ASSERT_EQ(given.tokens.size(), 2u);
  const auto key = vkey(driver);
  EXPECT_EQ(key.name().text(), "example.org");
  for (std::uint8_t i = 0; i < 2; ++i) {
    const auto token = wire::decode<proto::AccountToken>(given.tokens[i].token);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->domain, "example.org");
    EXPECT_EQ(token->realm, realm(static_cast<std::uint8_t>(i + 1)));
    EXPECT_EQ(token->registration, given.registration);
    EXPECT_EQ(token->purpose, TokenPurpose::register_pin);
    EXPECT_EQ(token->expires_ms, driver.now.ms + 10 * kMinuteMs);
    EXPECT_TRUE(crypto::verify_labelled(key.key(), crypto::kSignAccountToken, token->content(), token->signature));
  }
}

TEST(RealmTokens, NameARegistrationByNameAndNumberForEver) {
  RelayDriver driver(testing::open_config());
  const Member registered_alice(driver, "alice@example.org", 1);
  const Member registered_bob(driver, "bob@example.org", 2);
  const auto registration = [&](const std::string& name, std::uint8_t number) {
    auto request = request_for(name, TokenPurpose::guess);
    request.number = number;
    return body_of<proto::RealmTokensAnswer>(ask(driver, request)).registration;
  };
  const auto alice = registration("alice@example.org", 0);
  EXPECT_NE(registration("alice@example.org", 1), alice);
  EXPECT_NE(registration("bob@example.org", 0), alice);
  EXPECT_EQ(registration("Alice@example.org", 0), alice);
  const auto key = vkey(driver);
  driver.restart();
  EXPECT_EQ(registration("alice@example.org", 0), alice);
  EXPECT_EQ(vkey(driver), key);
  RelayDriver other(testing::open_config(), 8);
  EXPECT_FALSE(vkey(other) == key);
}

TEST(RealmTokens, AreForOnesOwnNameAlone) {
  RelayDriver driver(testing::open_config());
  const Member alice(driver, "alice@example.org", 1);
  const auto bobs = request_for("bob@example.org", TokenPurpose::guess);
  EXPECT_EQ(error_of(ask(driver, bobs, alice.token)), ErrorCode::not_authorised);
  EXPECT_EQ(error_of(ask(driver, bobs, "no token")), ErrorCode::unauthenticated);
  for (const auto purpose : {TokenPurpose::register_pin, TokenPurpose::store_token}) {
    EXPECT_EQ(error_of(ask(driver, request_for("bob@example.org", purpose))), ErrorCode::unauthenticated);
    EXPECT_EQ(ask(driver, request_for("alice@example.org", purpose), alice.token).status, 200);
  }
  EXPECT_EQ(error_of(ask(driver, request_for("a@b.example", TokenPurpose::guess))), ErrorCode::not_authorised);
  EXPECT_EQ(error_of(ask(driver, request_for("nobody", TokenPurpose::guess))), ErrorCode::invalid_name);
}

TEST(RealmTokens, AreGivenWithoutALoginByTheRuleOfSignUp) {
  RelayConfig config = testing::open_config();
  config.sign_up = SignUp::invite;
  RelayDriver driver(config);
  const Invitation invitation = make_invitation(1, after(driver.now, kHourMs), driver.entropy);
  driver.store.apply({invitation.row});
  auto request = request_for("alice@example.org", TokenPurpose::guess);
  EXPECT_EQ(error_of(ask(driver, request)), ErrorCode::not_authorised);
  request.invitation = invitation.code;
  EXPECT_EQ(ask(driver, request).status, 200);
  EXPECT_EQ(error_of(ask(driver, request)), ErrorCode::not_authorised);  // its one use is taken
}

/// Lets everybody in, but as slowly as usual.
RelayConfig slow_config() {
  RelayConfig config = testing::open_config();
  const RelayLimits usual;
  config.limits.realm_guess = usual.realm_guess;
  config.limits.realm_write = usual.realm_write;
  return config;
}

TEST(RealmTokens, AreNotGivenForNamesThatAreNotThere) {
  RelayDriver driver(slow_config());
  EXPECT_EQ(error_of(ask(driver, request_for("nobody@example.org", TokenPurpose::guess))), ErrorCode::not_found);
}

TEST(RealmTokens, AreGivenToStrangersAFewTimesADayForOneName) {
  RelayDriver driver(slow_config());
  const Member alice(driver, "alice@example.org", 1);
  const Member bob(driver, "bob@example.org", 2);
  const auto request = request_for("alice@example.org", TokenPurpose::guess);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(driver, request).status, 200) << i;
  const auto refused = ask(driver, request);
  EXPECT_EQ(error_of(refused), ErrorCode::rate_limited);
  EXPECT_TRUE(refused.retry_after_s);
  auto other = request;
  other.name = "Alice@example.org";  // the same name
  const auto from_elsewhere =
      driver.make_request(proto::Method::post, proto::kPathRealmTokens, wire::encode(other), {}, "192.0.2.77");
  EXPECT_EQ(error_of(driver.request(from_elsewhere)), ErrorCode::rate_limited);
  // Neither its owner nor another name waits.
  EXPECT_EQ(ask(driver, request, alice.token).status, 200);
  EXPECT_EQ(ask(driver, request_for("bob@example.org", TokenPurpose::guess)).status, 200);
  driver.pass(kDayMs / 5 + kMinuteMs);
  EXPECT_EQ(ask(driver, request).status, 200);
  EXPECT_EQ(error_of(ask(driver, request)), ErrorCode::rate_limited);
}

TEST(RealmTokens, ThatRealmsKeepSomethingForAreGivenSlowly) {
  RelayDriver driver(slow_config());
  Member alice(driver, "alice@example.org", 1);
  const auto request = request_for("alice@example.org", TokenPurpose::store_token);
  // However they are spread over a day: no more than a realm keeps.
  std::uint32_t given = 0;
  for (int hour = 0; hour < 24; ++hour) {
    alice.log_in(driver);
    while (ask(driver, request, alice.token).status == 200) ++given;
    if (hour == 0) {
      EXPECT_EQ(given, proto::kMaxSharesOfOne / 2);
    }
    driver.pass(kHourMs);
  }
  EXPECT_LE(given, proto::kMaxSharesOfOne);
  EXPECT_GE(given, proto::kMaxSharesOfOne - 2);
  while (ask(driver, request, alice.token).status == 200) ++given;
  EXPECT_EQ(error_of(ask(driver, request, alice.token)), ErrorCode::rate_limited);
  const auto registering = request_for("alice@example.org", TokenPurpose::register_pin);
  EXPECT_EQ(error_of(ask(driver, registering, alice.token)), ErrorCode::rate_limited);
  EXPECT_EQ(ask(driver, request_for("alice@example.org", TokenPurpose::guess), alice.token).status, 200);
}

TEST(RealmTokens, RefuseRequestsThatAreNone) {
  RelayDriver driver(testing::open_config());
  auto request = request_for("alice@example.org", TokenPurpose::guess);
  request.realms = {realm(1), realm(1)};
  EXPECT_EQ(error_of(ask(driver, request)), ErrorCode::malformed);
  request.realms = {};
  EXPECT_EQ(error_of(ask(driver, request)), ErrorCode::malformed);
  request.realms.clear();
  for (std::uint8_t i = 0; i <= kMaxRealms; ++i) request.realms.push_back(realm(i));
  EXPECT_EQ(ask(driver, request).status, 413);
  request = request_for("alice@example.org", static_cast<TokenPurpose>(4));
  EXPECT_EQ(error_of(ask(driver, request)), ErrorCode::malformed);
}

}  // namespace
}  // namespace cairn::relay
