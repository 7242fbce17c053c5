#include "core/relay/internal/key_packages.h"

#include <gtest/gtest.h>

#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::Commit;
using testing::Member;
using testing::RelayDriver;

class KeyPackageTest : public ::testing::Test {
 protected:
  proto::KeyPackageAnswer fetch(const proto::KeyPackageFetch& request) {
    return body_of<proto::KeyPackageAnswer>(
        driver.post(proto::kPathKeyPackageFetch, wire::encode(request), alice.token));
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
};

TEST_F(KeyPackageTest, EachIsHandedOutOnceAndInOrder) {
  bob.upload(driver, 3);
  for (std::uint8_t i = 1; i <= 3; ++i) EXPECT_EQ(alice.fetch(driver, bob).items.at(0).key_package, Bytes{i});
  EXPECT_TRUE(alice.fetch(driver, bob).items.empty());
}

TEST_F(KeyPackageTest, TheLastResortIsHandedOutAgainAndAgainWithFreshTokens) {
  bob.upload(driver, 1, true);
  EXPECT_EQ(alice.fetch(driver, bob).items.at(0).key_package, Bytes{1});
  const auto first = alice.fetch(driver, bob).items.at(0);
  const auto second = alice.fetch(driver, bob).items.at(0);
  EXPECT_EQ(first.key_package, Bytes{0xff});
  EXPECT_EQ(second.key_package, Bytes{0xff});
  EXPECT_NE(first.join_token, second.join_token);
}

TEST_F(KeyPackageTest, OneAskedForTwiceInARequestIsTakenTwice) {
  bob.upload(driver, 3);
  const DeviceId device = bob.device.device.id();
  const auto answer = fetch({"bob@example.org", {device, device}});
  ASSERT_EQ(answer.items.size(), 2u);
  EXPECT_NE(answer.items[0].key_package, answer.items[1].key_package);
}

TEST_F(KeyPackageTest, OneThatDidNotGetToDiskIsHandedOutAgain) {
  bob.upload(driver, 1);
  const auto request = driver.make_request(
      proto::Method::post, proto::kPathKeyPackageFetch,
      wire::encode(proto::KeyPackageFetch{"bob@example.org", {bob.device.device.id()}}), alice.token);
  driver.batch({request}, Commit::fails);
  EXPECT_EQ(alice.fetch(driver, bob).items.size(), 1u);
}

TEST_F(KeyPackageTest, TwoFetchersInOneBatchGetDifferentOnes) {
  bob.upload(driver, 2);
  std::vector<proto::RequestArrived> requests;
  for (int i = 0; i < 2; ++i) {
    requests.push_back(driver.make_request(
        proto::Method::post, proto::kPathKeyPackageFetch,
        wire::encode(proto::KeyPackageFetch{"bob@example.org", {bob.device.device.id()}}), alice.token));
  }
  driver.batch({requests[0], requests[1]});
  const auto first = body_of<proto::KeyPackageAnswer>(driver.answer_to(requests[0]));
  const auto second = body_of<proto::KeyPackageAnswer>(driver.answer_to(requests[1]));
  EXPECT_NE(first.items.at(0).key_package, second.items.at(0).key_package);
}

TEST_F(KeyPackageTest, ADeviceOfAnotherNameIsLeftOut) {
  bob.upload(driver, 2);
  EXPECT_TRUE(fetch({"alice@example.org", {bob.device.device.id()}}).items.empty());
  EXPECT_TRUE(fetch({"nobody@example.org", {bob.device.device.id()}}).items.empty());
}

TEST_F(KeyPackageTest, BeyondTheLimitTheOldestGo) {
  bob.upload(driver, 90);
  bob.upload(driver, 20);
  EXPECT_EQ(*count_key_packages(driver.store, bob.device.device.id()), proto::kMaxKeyPackages);
  EXPECT_EQ(driver.store.scan(table::kKeyPackages, {}, {}, 1000).size(), proto::kMaxKeyPackages);
  EXPECT_EQ(alice.fetch(driver, bob).items.at(0).key_package, Bytes{11});
}

TEST_F(KeyPackageTest, NeedALogin) {
  EXPECT_EQ(driver.post(proto::kPathKeyPackageUpload, wire::encode(proto::KeyPackageUpload{})).status, 401);
  EXPECT_EQ(driver.post(proto::kPathKeyPackageFetch, wire::encode(proto::KeyPackageFetch{"a@b", {}})).status, 401);
}

TEST(KeyPackageLimits, ADeviceFetchesSoManyAndNoMore) {
  RelayConfig config = testing::open_config();
  config.limits.fetch = {3, 60};
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  Member bob(driver, "bob@example.org", 2);
  bob.upload(driver, 10);
  const DeviceId device = bob.device.device.id();
  const auto fetch = [&](std::size_t count) {
    const proto::KeyPackageFetch request{"bob@example.org", std::vector(count, device)};
    return driver.post(proto::kPathKeyPackageFetch, wire::encode(request), alice.token).status;
  };
  EXPECT_EQ(fetch(2), 200);
  EXPECT_EQ(fetch(2), 429);
  EXPECT_EQ(*count_key_packages(driver.store, device), 8u);
  driver.pass(3000);
  EXPECT_EQ(fetch(3), 200);
}

TEST_F(KeyPackageTest, AJoinTokenThatNobodyUsesRunsOut) {
  bob.upload(driver, 1);
  alice.fetch(driver, bob);
  EXPECT_EQ(driver.store.scan(table::kJoinTokens, {}, {}, 10).size(), 1u);
  driver.pass(proto::kUndeliveredLifeMs + kHourMs);
  EXPECT_TRUE(driver.store.scan(table::kJoinTokens, {}, {}, 10).empty());
}

}  // namespace
}  // namespace cairn::relay
