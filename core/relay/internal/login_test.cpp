#include "core/relay/internal/login.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::error_of;
using testing::make_login;
using testing::Member;
using testing::RelayDriver;

class LoginTest : public ::testing::Test {
 protected:
  proto::Respond post(const proto::LoginRequest& login) { return driver.post(proto::kPathLogin, wire::encode(login)); }
  proto::LoginRequest good() { return make_login(driver, alice.person.name(), alice.device); }
  proto::LoginRequest sign(proto::LoginRequest login) {
    login.signature = crypto::sign_labelled(alice.device.key, crypto::kSignLogin, login.content());
    return login;
  }
  int use(const std::string& token) {
    return driver.post(proto::kPathKeyPackageUpload, wire::encode(proto::KeyPackageUpload{}), token).status;
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
};

TEST_F(LoginTest, GivesATokenThatIsGoodForTwelveHours) {
  EXPECT_EQ(use(alice.token), 200);
  driver.pass(proto::kTokenLifeMs - 2000);
  EXPECT_EQ(use(alice.token), 200);
  driver.pass(2000);
  EXPECT_EQ(use(alice.token), 401);
}

TEST_F(LoginTest, ATokenSurvivesARestart) {
  driver.restart();
  EXPECT_EQ(use(alice.token), 200);
}

TEST_F(LoginTest, RefusesATokenWithAnyByteChanged) {
  const Bytes bytes = *from_base32(alice.token);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    EXPECT_EQ(use(to_base32(changed)), 401) << i;
  }
  EXPECT_EQ(use(alice.token + "0"), 401);
  EXPECT_EQ(use(""), 401);
}

TEST_F(LoginTest, ANonceIsGoodOnce) {
  const auto login = good();
  EXPECT_EQ(post(login).status, 200);
  EXPECT_EQ(post(login).status, 401);
}

TEST_F(LoginTest, OfTwoLoginsWithOneNonceInABatchOneIsGood) {
  const Bytes body = wire::encode(good());
  const auto first = driver.make_request(proto::Method::post, proto::kPathLogin, body);
  const auto second = driver.make_request(proto::Method::post, proto::kPathLogin, body);
  driver.batch({first, second});
  EXPECT_EQ(driver.answer_to(first).status, 200);
  EXPECT_EQ(driver.answer_to(second).status, 401);
}

TEST_F(LoginTest, ANonceIsGoodForAMinute) {
  const auto login = good();
  driver.pass(proto::kNonceLifeMs);
  EXPECT_EQ(post(login).status, 401);
}

TEST_F(LoginTest, RefusesANonceThatWasNotOurs) {
  auto login = good();
  login.nonce = random_value<Nonce16>(driver.entropy);
  EXPECT_EQ(post(sign(login)).status, 401);
  auto later = good();
  later.expires_ms += 1;
  EXPECT_EQ(post(sign(later)).status, 401);
}

TEST_F(LoginTest, RefusesWhatAnotherKeySigned) {
  auto login = good();
  const auto other = crypto::SigningKey::generate(driver.entropy);
  login.signature = crypto::sign_labelled(other, crypto::kSignLogin, login.content());
  EXPECT_EQ(error_of(post(login)), ErrorCode::invalid_signature);
  login.signature = crypto::sign_labelled(alice.device.key, crypto::kSignStatement, login.content());
  EXPECT_EQ(error_of(post(login)), ErrorCode::invalid_signature);
}

TEST_F(LoginTest, RefusesAnotherDomainNameOrDevice) {
  auto login = good();
  login.domain = "zoo.example";
  EXPECT_EQ(post(sign(login)).status, 403);
  Member bob(driver, "bob@example.org", 2);
  login = good();
  login.name = bob.person.name().text();
  EXPECT_EQ(post(sign(login)).status, 403);
  login = good();
  login.device = bob.device.device.id();
  EXPECT_EQ(post(sign(login)).status, 403);
}

TEST_F(LoginTest, SaysHowManyKeyPackagesAreLeft) {
  alice.upload(driver, 7);
  EXPECT_EQ(body_of<proto::LoginAnswer>(post(good())).key_packages, 7u);
}

TEST_F(LoginTest, ADeviceIsLetInWhenItsEpochIsServedAndOutWhenItIsRemoved) {
  const auto second = alice.person.new_device();
  alice.person.take(alice.person.add(second, alice.device));
  ASSERT_EQ(submit(driver, alice.person.statements.back()).status, 202);
  EXPECT_EQ(testing::log_in(driver, alice.person.name(), second).status, 403);
  driver.pass(1000);
  const auto answer = testing::log_in(driver, alice.person.name(), second);
  ASSERT_EQ(answer.status, 200);
  const std::string token = body_of<proto::LoginAnswer>(answer).token;
  const auto socket = driver.open(token);
  EXPECT_FALSE(driver.was_closed(socket));

  alice.person.take(alice.person.by_device(directory::RemoveDevice{second.device.id()}, alice.device));
  ASSERT_EQ(submit(driver, alice.person.statements.back()).status, 202);
  EXPECT_EQ(use(token), 200);
  driver.pass(1000);
  EXPECT_EQ(use(token), 403);
  EXPECT_TRUE(driver.was_closed(socket));
  EXPECT_EQ(testing::log_in(driver, alice.person.name(), second).status, 403);
  EXPECT_EQ(use(alice.token), 200);
}

TEST_F(LoginTest, SocketsOfRemovedDevicesAreClosedInWhateverOrderNamesAreDue) {
  Member zoe{driver, "zoe@example.org", 2};
  Member mia{driver, "mia@example.org", 3};
  std::vector<proto::SocketId> removed, kept;
  std::vector<directory::Statement> removals;
  for (Member* one : {&zoe, &mia, &alice}) {  // not as names are sorted
    const auto second = one->person.new_device();
    one->person.take(one->person.add(second, one->device));
    ASSERT_EQ(submit(driver, one->person.statements.back()).status, 202);
    driver.pass(1000);
    const auto answer = testing::log_in(driver, one->person.name(), second);
    removed.push_back(driver.open(body_of<proto::LoginAnswer>(answer).token));
    kept.push_back(driver.open(one->token));
    removals.push_back(one->person.by_device(directory::RemoveDevice{second.device.id()}, one->device));
  }
  for (const auto& removal : removals) ASSERT_EQ(submit(driver, removal).status, 202);
  driver.pass(1000);
  for (const auto socket : removed) EXPECT_TRUE(driver.was_closed(socket));
  for (const auto socket : kept) EXPECT_FALSE(driver.was_closed(socket));
}

TEST_F(LoginTest, UsedNoncesAreForgottenWhenTheyHaveRunOut) {
  post(good());
  EXPECT_FALSE(driver.store.scan(table::kUsedNonces, {}, {}, 10).empty());
  driver.pass(10 * kMinuteMs);
  EXPECT_TRUE(driver.store.scan(table::kUsedNonces, {}, {}, 10).empty());
}

}  // namespace
}  // namespace cairn::relay
