#include "core/relay/internal/server.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::RelayDriver;

TEST(Server, SaysWhatItIs) {
  RelayDriver driver(testing::open_config());
  const auto answer = driver.get(proto::kPathWellKnown);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json");
  const auto json = nlohmann::json::parse(answer.body);
  EXPECT_EQ(json["domain"], "example.org");
  EXPECT_EQ(json["sign_up"], "open");
  EXPECT_EQ(json["log"]["origin"], "example.org/cairn");
  EXPECT_EQ(json["log"]["path"], "/log");
  const auto key = tlog::VerifierKey::parse(json["log"]["vkey"].get<std::string>());
  ASSERT_TRUE(key.has_value());
  const auto note =
      tlog::SignedCheckpoint::parse(as_text(driver.get("/log/checkpoint").body), tlog::ExtensionLines::refuse);
  EXPECT_TRUE(tlog::VerifiedCheckpoint::verify(*note, *key).has_value());
  EXPECT_EQ(json["limits"]["envelope_bytes"], proto::kMaxEnvelopeBody);
}

TEST(Server, SaysHowItIs) {
  RelayDriver driver(testing::open_config());
  driver.now = after(driver.now, 7000);
  const auto json = nlohmann::json::parse(driver.get(proto::kPathHealth).body);
  EXPECT_EQ(json["store"], "ok");
  EXPECT_EQ(json["checkpoint"]["size"], 1);
  EXPECT_EQ(json["checkpoint"]["age_ms"], 7000);
}

TEST(Server, AnswersWhatItDoesNotHaveWithASentence) {
  RelayDriver driver(testing::open_config());
  for (const char* target : {"/", "/v1", "/v1/nonce/", "/log", "/v2/nonce", ""}) {
    const auto answer = driver.get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_TRUE(body_of<proto::ErrorAnswer>(answer).message.ends_with('.')) << target;
  }
  EXPECT_EQ(driver.get(proto::kPathNonce).status, 404);  // it is a POST
}

TEST(Server, KeepsItsKeysOverARestartAndRefusesAStoreOfAnotherDomain) {
  RelayDriver driver(testing::open_config());
  const Bytes before = driver.get("/log/config").body;
  driver.restart();
  EXPECT_EQ(driver.get("/log/config").body, before);
  driver.set_config(testing::open_config("zoo.example"));
  driver.restart();
  EXPECT_EQ(driver.get("/log/config").status, 500);
  EXPECT_EQ(driver.get(proto::kPathHealth).status, 500);
  EXPECT_EQ(driver.next_deadline(), Time::never());
  EXPECT_EQ(driver.events.back().level, proto::Event::Level::error);
}

TEST(Server, RefusesAStoreThatLacksAKeyAndMakesNoNewOne) {
  RelayDriver driver(testing::open_config());
  driver.store.apply({{table::kKeys, to_bytes(kLogKeyRow), std::nullopt}});
  const auto before = driver.store;
  driver.restart();
  EXPECT_EQ(driver.get("/log/config").status, 500);
  EXPECT_EQ(driver.store, before);
}

TEST(Server, AnAddressThatAsksTooOftenIsToldWhenToComeBack) {
  RelayConfig config = testing::open_config();
  config.limits.address = {5, 60};
  RelayDriver driver(config);
  const auto ask = [&](const std::string& peer) {
    return driver.request(driver.make_request(proto::Method::post, proto::kPathNonce, {}, {}, peer));
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("192.0.2.1").status, 200);
  const auto answer = ask("192.0.2.1");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.retry_after_s, 1u);
  EXPECT_EQ(ask("192.0.2.2").status, 200);
  EXPECT_EQ(ask("").status, 200);
  driver.now = after(driver.now, 1000);
  EXPECT_EQ(ask("192.0.2.1").status, 200);
  EXPECT_EQ(ask("192.0.2.1").status, 429);
}

TEST(Server, ADeviceThatAsksTooOftenIsHeldWhereverItIs) {
  RelayConfig config = testing::open_config();
  config.limits.device = {3, 60};
  RelayDriver driver(config);
  testing::Member alice(driver, "alice@example.org", 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(alice.upload(driver, 1).status, 200);
  EXPECT_EQ(alice.upload(driver, 1).status, 429);
}

TEST(Server, ADeviceCreatesSoManyChannelsAndNoMore) {
  RelayConfig config = testing::open_config();
  config.limits.create = {2, 60};
  RelayDriver driver(config);
  testing::Member alice(driver, "alice@example.org", 1);
  testing::Member bob(driver, "bob@example.org", 2);
  const auto create = [&](const testing::Member& who) {
    const proto::ChannelCreate request{random_value<ChannelId>(driver.entropy), 0, {}, who.device.device.mailbox};
    return driver.post(proto::kPathChannelCreate, wire::encode(request), who.token).status;
  };
  EXPECT_EQ(create(alice), 200);
  EXPECT_EQ(create(alice), 200);
  EXPECT_EQ(create(alice), 429);
  EXPECT_EQ(create(bob), 200);
  driver.now = after(driver.now, kSecondMs);
  EXPECT_EQ(create(alice), 200);
}

/// What publishing cannot go on with takes nothing along that was done for others in the same turn.
TEST(Server, ExpiresEnvelopesThoughPublishingFails) {
  RelayDriver driver(testing::open_config());
  testing::Member alice(driver, "alice@example.org", 1);
  testing::TestChannel channel(driver, alice, 4);
  ASSERT_EQ(channel.send(driver, "x").status, 200);
  testing::TestPerson bob("bob@example.org", 2);
  ASSERT_EQ(submit(driver, bob.genesis(bob.new_device())).status, 202);
  const auto due = driver.store.scan(table::kDue, {}, {}, 1);
  driver.store.apply({{table::kDue, due.at(0).key, Bytes{1}}});  // a fault of the disk
  driver.now = after(driver.now, proto::kUndeliveredLifeMs);
  driver.batch({proto::TimerFired{}});
  ASSERT_EQ(driver.events.back().level, proto::Event::Level::error);
  driver.pass(10 * kMinuteMs);
  EXPECT_TRUE(driver.store.scan(table::kReferences, {}, {}, 10).empty());
  EXPECT_TRUE(driver.store.scan(table::kBodies, {}, {}, 10).empty());
}

TEST(Admin, MakesInvitationsForWhoIsOnThisMachine) {
  RelayConfig config = testing::open_config();
  config.sign_up = SignUp::invite;
  RelayDriver driver(config);
  const auto ask = [&](std::string_view line) {
    auto socket = driver.make_socket("");
    socket.target = "/admin";
    driver.batch({socket, proto::SocketFrame{socket.id, to_bytes(line)}});
    return as_text(driver.raw_frames[socket.id].at(0));
  };
  const std::string code = ask("invite 1 7");
  EXPECT_EQ(code.size(), 19u);
  testing::TestPerson person("p@example.org", 1);
  EXPECT_EQ(submit(driver, person.genesis(person.new_device()), code).status, 202);
  for (const char* line : {"", "invite", "invite 1", "invite 0 7", "invite 1 7 ", "invite 1 3651", "invite -1 7",
                           "invite 99999999999 7", "uninvite 1 7"}) {
    EXPECT_TRUE(ask(line).starts_with("error: ")) << line;
  }
}

TEST(Admin, IsClosedToTheNetwork) {
  RelayDriver driver(testing::open_config());
  auto socket = driver.make_socket("");
  socket.target = "/admin";
  socket.peer = "127.0.0.1";
  driver.batch({socket, proto::SocketFrame{socket.id, to_bytes("invite 1 7")}});
  EXPECT_TRUE(driver.was_closed(socket.id));
  EXPECT_TRUE(driver.store.scan(table::kInvitations, {}, {}, 10).empty());
}

TEST(RateLimiter, TakesAnIpv6NetworkForOneParty) {
  EXPECT_EQ(rate_key_of_peer("2001:db8:1:2:3:4:5:6"), rate_key_of_peer("2001:db8:1:2::9"));
  EXPECT_EQ(rate_key_of_peer("2001:0db8:1:2::1"), rate_key_of_peer("2001:db8:1:2:ffff::"));
  EXPECT_NE(rate_key_of_peer("2001:db8:1:2::1"), rate_key_of_peer("2001:db8:1:3::1"));
  EXPECT_EQ(rate_key_of_peer("2001:db8::1"), rate_key_of_peer("2001:db8:0:0:1::"));
  EXPECT_EQ(rate_key_of_peer("::1"), rate_key_of_peer("0:0:0:0:9::"));
  EXPECT_EQ(rate_key_of_peer("192.0.2.1"), "192.0.2.1");
}

// Each connection of a proxy's client has a port of its own.
TEST(RateLimiter, GivesNobodyABucketForEachPort) {
  for (const char* peer :
       {"192.0.2.1:5678", "192.0.2.1:1", "::ffff:192.0.2.1", "::FFFF:192.0.2.1", "[::ffff:192.0.2.1]:9"}) {
    EXPECT_EQ(rate_key_of_peer(peer), "192.0.2.1") << peer;
  }
  for (const char* peer : {"[2001:db8:1:2::9]:5678", "[2001:db8:1:2::9]", "2001:DB8:1:2::9", "2001:db8:1:2::9%eth0"}) {
    EXPECT_EQ(rate_key_of_peer(peer), rate_key_of_peer("2001:db8:1:2::1")) << peer;
  }
  EXPECT_EQ(rate_key_of_peer("unknown"), "unknown");
  EXPECT_EQ(rate_key_of_peer("["), "");
  EXPECT_EQ(rate_key_of_peer("[]:"), "");
}

TEST(RateLimiter, KnowsWhatOneSiteHas) {
  EXPECT_EQ(rate_key_of_site("2001:db8:1:2::9"), rate_key_of_site("[2001:db8:1:ffff::1]:80"));
  EXPECT_NE(rate_key_of_site("2001:db8:1::1"), rate_key_of_site("2001:db8:2::1"));
  EXPECT_EQ(rate_key_of_site("192.0.2.1:80"), "");
  EXPECT_EQ(rate_key_of_site("::ffff:192.0.2.1"), "");
}

TEST(RateLimiter, TakesWhatIsMoreThanABucketForAllOfIt) {
  RateLimiter limiter({3, 60});
  EXPECT_EQ(limiter.take({}, Time{1}, 100), 0u);
  EXPECT_EQ(limiter.take({}, Time{1}, 100), 3u);
  EXPECT_EQ(limiter.take({}, Time{3001}, 100), 0u);
}

TEST(RateLimiter, HoldsABoundedNumberOfBuckets) {
  RateLimiter limiter({2, 1});
  for (std::uint64_t i = 0; i < RateLimiter::kMaxBuckets + 10; ++i) limiter.take(u64_key(i), Time{1});
  EXPECT_LE(limiter.size(), RateLimiter::kMaxBuckets);
}

TEST(RateLimiter, RemembersWhoUsedUpWhatWasHisHoweverManyKeysAreMadeUp) {
  RateLimiter limiter({2, 0});
  EXPECT_EQ(limiter.take(as_bytes("spent"), Time{1}, 2), 0u);
  for (std::uint64_t i = 0; i < 3 * RateLimiter::kMaxBuckets; ++i) limiter.take(u64_key(i), Time{1});
  EXPECT_LE(limiter.size(), RateLimiter::kMaxBuckets);
  EXPECT_NE(limiter.take(as_bytes("spent"), Time{1}), 0u);
}

TEST(RateLimiter, SaysTheWaitAndTakesNothing) {
  RateLimiter limiter({2, 60});
  EXPECT_EQ(limiter.wait(as_bytes("a"), Time{1}), 0u);
  EXPECT_EQ(limiter.size(), 0u);
  EXPECT_EQ(limiter.take(as_bytes("a"), Time{1}, 2), 0u);
  EXPECT_EQ(limiter.wait(as_bytes("a"), Time{1}), 1u);
  EXPECT_EQ(limiter.wait(as_bytes("a"), Time{1}, 2), 2u);
  EXPECT_EQ(limiter.wait(as_bytes("a"), Time{1001}), 0u);
  EXPECT_EQ(limiter.take(as_bytes("a"), Time{1001}), 0u);
}

TEST(Rendezvous, HoldsFourKibibytesOnceForTenMinutes) {
  RelayDriver driver(testing::open_config());
  const std::string path = std::string(proto::kPathRendezvous) + to_hex(Bytes(16, 7));
  EXPECT_EQ(driver.get(path).status, 404);
  EXPECT_EQ(driver.post(path, Bytes(proto::kMaxRendezvousBody + 1, 1)).status, 413);
  EXPECT_EQ(driver.post(path, Bytes(proto::kMaxRendezvousBody, 1)).status, 200);
  EXPECT_EQ(driver.post(path, {2}).status, 409);
  EXPECT_EQ(driver.get(path).body, Bytes(proto::kMaxRendezvousBody, 1));
  EXPECT_EQ(driver.get(path).status, 200);
  driver.now = after(driver.now, proto::kRendezvousLifeMs);
  EXPECT_EQ(driver.get(path).status, 404);
  EXPECT_EQ(driver.post(path, {2}).status, 200);
  driver.pass(kHourMs);
  EXPECT_TRUE(driver.store.scan(table::kRendezvous, {}, {}, 10).empty());
}

TEST(Rendezvous, AreSoManyFromOneAddressAndSoManyAltogether) {
  RelayConfig config = testing::open_config();
  config.limits.meet = {2, 1};
  config.limits.meet_all = {5, 1};
  RelayDriver driver(config);
  const auto store = [&](const std::string& peer) {
    const std::string path = std::string(proto::kPathRendezvous) + to_hex(random_value<Nonce16>(driver.entropy));
    return driver.request(driver.make_request(proto::Method::post, path, {1}, {}, peer)).status;
  };
  EXPECT_EQ(store("192.0.2.1"), 200);
  EXPECT_EQ(store("192.0.2.1"), 200);
  EXPECT_EQ(store("192.0.2.1"), 429);
  EXPECT_EQ(store("192.0.2.2"), 200);
  EXPECT_EQ(store("192.0.2.3"), 200);
  EXPECT_EQ(store("192.0.2.4"), 200);
  EXPECT_EQ(store("192.0.2.5"), 429);
  EXPECT_EQ(driver.store.scan(table::kRendezvous, {}, {}, 10).size(), 5u);
}

TEST(Rendezvous, HasIdsOfThirtyTwoLowerCaseHexDigits) {
  RelayDriver driver(testing::open_config());
  for (const char* id : {"", "00", "0000000000000000000000000000000", "0000000000000000000000000000000A",
                         "000000000000000000000000000000000", "zz000000000000000000000000000000"}) {
    EXPECT_EQ(driver.post(std::string(proto::kPathRendezvous) + id, {1}).status, 400) << id;
  }
}

}  // namespace
}  // namespace cairn::relay
