#include <nlohmann/json.hpp>

#include "core/witness/auditor_fixture.h"

namespace cairn::witness {
namespace {

using namespace fixture;
using Json = nlohmann::json;

Json health_of(testing::MindDriver& driver) {
  const auto answer = driver.answer(driver.request(Method::get, "/health"));
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "application/json");
  return Json::parse(as_text(answer->body));
}

/// Of the one log that it follows.
Json log_of(testing::MindDriver& driver) {
  Json all = health_of(driver);
  EXPECT_EQ(all["logs"].size(), 1u);
  return all["logs"].at(0);
}

TEST(Health, OfAnAuditorTellsWhatItHasOfALogBeforeItIsAskedForAnything) {
  World world({"https://peer.example"});
  const Json before = health_of(world.driver);
  EXPECT_EQ(before["store"], "ok");
  EXPECT_EQ(before["role"], "auditor");
  EXPECT_EQ(before["peers"], 1);
  EXPECT_EQ(before["listed"], 1);
  EXPECT_EQ(before["followed"], 1);
  const Json unknown = {{"origin", "a.example/cairn"}, {"cosigned", 0}, {"contradicted", false}, {"has_config", false}};
  EXPECT_EQ(log_of(world.driver), unknown);
  world.serve();
  EXPECT_EQ(log_of(world.driver)["has_config"], true);
  EXPECT_EQ(log_of(world.driver)["read"], 0);
  EXPECT_FALSE(log_of(world.driver).contains("cosigned_age_ms"));
  world.driver.disk_full = true;
  EXPECT_EQ(health_of(world.driver)["store"], "full");
}

TEST(Health, OfAnAuditorTellsSizesLagAndAge) {
  World world;
  world.serve();
  world.publish(3);
  ASSERT_EQ(world.post_newest(), 200);
  world.driver.pass(5000);
  const Json newest = {{"origin", "a.example/cairn"},
                       {"cosigned", 3},
                       {"cosigned_age_ms", 5000},
                       {"contradicted", false},
                       {"has_config", true},
                       {"read", 3},
                       {"taken_over", 3},
                       {"lag", 0},
                       {"owed_ms", 0},
                       {"barred", false},
                       {"open_requests", 0}};
  EXPECT_EQ(log_of(world.driver), newest);
  world.publish(2);
  const auto held = world.submit(world.log.request(3, 5));
  const Json behind = log_of(world.driver);
  EXPECT_EQ(behind["read"], 3);
  EXPECT_EQ(behind["lag"], 2);
  EXPECT_EQ(behind["cosigned"], 3);
  world.serve();
  ASSERT_EQ(world.driver.answer(held)->status, 200);
  const Json after_it = log_of(world.driver);
  EXPECT_EQ(after_it["cosigned"], 5);
  EXPECT_EQ(after_it["read"], 5);
  EXPECT_EQ(after_it["lag"], 0);
  EXPECT_EQ(after_it["cosigned_age_ms"], 0);
  // A restart forgets nothing of it, and a clock that was set back makes no age of centuries.
  Witness again(world.config);
  world.driver.rebuild(again);
  world.driver.now = after(world.driver.now, 7000);
  EXPECT_EQ(log_of(world.driver)["cosigned"], 5);
  EXPECT_EQ(log_of(world.driver)["cosigned_age_ms"], 7000);
  world.driver.now = Time{kStart.ms - kHourMs};
  EXPECT_EQ(log_of(world.driver)["cosigned_age_ms"], 0);
}

TEST(Health, OfAnAuditorStaysBehindWhileAuditsDoNotGiveWhatTheLogSigned) {
  World world;
  world.serve();
  world.publish(3);
  ASSERT_EQ(world.post_newest(), 200);
  world.publish();
  ASSERT_EQ(world.post(world.log.forged_request(3, 4)).status, 422);
  EXPECT_EQ(log_of(world.driver)["lag"], 1);
  EXPECT_EQ(log_of(world.driver)["read"], 3);
}

TEST(Health, OfAnAuditorTellsAnOwedWaitingUntilItIsOver) {
  World world;
  const Reset reset(world, Reset::Published::no);
  reset.publish();
  world.driver.now = after(world.driver.now, kDelayMs);
  reset.complete();
  ASSERT_EQ(world.post_newest(), 503);
  const Json owing = log_of(world.driver);
  EXPECT_EQ(owing["owed_ms"], kDelayMs);
  EXPECT_EQ(owing["open_requests"], 1);
  EXPECT_EQ(owing["barred"], false);
  EXPECT_EQ(owing["read"], 3);
  EXPECT_EQ(owing["taken_over"], 3);
  EXPECT_EQ(owing["cosigned"], 1);
  EXPECT_EQ(owing["lag"], 2);
  // Of a veto it says nothing while it waits: nobody learns from it whether there is one.
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  EXPECT_EQ(log_of(world.driver), owing);
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  const Json barred = log_of(world.driver);
  EXPECT_EQ(barred["owed_ms"], 0);
  EXPECT_EQ(barred["barred"], true);
  EXPECT_EQ(barred["open_requests"], 1);
}

TEST(Health, CountsResetsThatAreOpen) {
  World world;
  const Reset reset(world);
  EXPECT_EQ(log_of(world.driver)["open_requests"], 1);
  EXPECT_EQ(log_of(world.driver)["owed_ms"], 0);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  world.log.publish(world.driver.now, reset.key, Notice{reset.veto()});
  ASSERT_EQ(world.post_newest(), 200);
  EXPECT_EQ(log_of(world.driver)["open_requests"], 0);
}

TEST(Health, OfAWitnessTellsWhatItCosignedAndALogThatContradictedItself) {
  TestDirectory log("a.example");
  WitnessConfig config{Role::witness, *tlog::KeyName::from("witness.example/w1"), {}};
  config.list.logs.push_back({log.key(), "https://a.example/log", 0});
  config.list.domains.push_back({"b.example", 0});
  Witness witness(config);
  testing::MindDriver driver(witness, kStart);
  testing::init_and_start(driver);
  for (int i = 0; i < 4; ++i) log.publish(driver.now, log.random_key());
  const auto post = [&](const std::string& body) {
    return driver.answer(driver.request(Method::post, "/add-checkpoint", as_bytes(body)))->status;
  };
  ASSERT_EQ(post(log.request(0, 4)), 200);
  driver.now = after(driver.now, 2000);
  const Json all = health_of(driver);
  EXPECT_EQ(all["role"], "witness");
  EXPECT_EQ(all["listed"], 2);
  EXPECT_EQ(all["followed"], 1) << "a domain whose key is not known yet is followed by nobody";
  const Json newest = {
      {"origin", "a.example/cairn"}, {"cosigned", 4}, {"cosigned_age_ms", 2000}, {"contradicted", false}};
  EXPECT_EQ(log_of(driver), newest);
  ASSERT_EQ(post(tlog::AddCheckpoint{4, {}, log.sign({4, Hash{}})}.encode()), 422);
  EXPECT_EQ(log_of(driver)["contradicted"], true);
  EXPECT_EQ(log_of(driver)["cosigned"], 4);
}

TEST(Health, OfAStoreWithoutAKeyIsNone) {
  WitnessConfig config{Role::witness, *tlog::KeyName::from("witness.example/w1"), {}};
  Witness witness(config);
  testing::MindDriver driver(witness, kStart);
  driver.rebuild();
  EXPECT_EQ(driver.answer(driver.request(Method::get, "/health"))->status, 500);
}

}  // namespace
}  // namespace cairn::witness
