#include "core/witness/auditor_fixture.h"

namespace cairn::witness {
namespace {

using namespace fixture;

TEST(AuditorVetoes, NeverCosignsACompletionThatItsOwnerVetoed) {
  World world;
  const Reset reset(world);
  EXPECT_EQ(world.post_veto(reset.veto()), 200);
  EXPECT_TRUE(world.driver.store.get(table::kVetoes, reset.request.hash()));
  Witness again(world.config);
  world.driver.rebuild(again);
  EXPECT_EQ(world.post_veto(reset.veto()), 200);
  world.driver.pass(2 * kDelayMs);
  world.serve();
  reset.complete();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.post_newest(), 503);
    world.driver.pass(kHourMs);
    world.log.publish(world.driver.now, std::vector<directory::NameChange>{});
  }
  EXPECT_EQ(world.cosigned_size(), 2u);
}

TEST(AuditorVetoes, TakesAVetoUntilItHasCosignedTheCompletion) {
  World world;
  const Reset reset(world);
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  world.serve();
  reset.complete();
  world.publish();
  world.submit(world.log.request(2, 4));
  world.serve(world.driver.calls().at(0));  // the completion is replayed, not cosigned
  EXPECT_EQ(world.post_veto(reset.veto()), 200);
  world.driver.pass(2000);
  world.serve();
  EXPECT_EQ(world.post_newest(), 503);
  EXPECT_EQ(world.cosigned_size(), 2u);
}

TEST(AuditorVetoes, FollowsAVetoThatTheDirectoryPublishes) {
  World world;
  const Reset reset(world);
  EXPECT_EQ(world.post_veto(reset.veto()), 200);
  world.log.publish(world.driver.now, reset.key, Notice{reset.veto()});
  EXPECT_EQ(world.post_newest(), 200);
  EXPECT_EQ(world.post_veto(reset.veto()), 404);  // no longer open
}

TEST(AuditorVetoes, RefusesVetoesThatAreNone) {
  World world;
  const Reset reset(world);
  const auto before = world.driver.store;
  EXPECT_EQ(world.post_veto(Bytes{}), 400);
  EXPECT_EQ(world.post_veto(Bytes(9000)), 400);
  Bytes longer = wire::encode(reset.veto());
  longer.push_back(0);
  EXPECT_EQ(world.post_veto(longer), 400);
  ResetNotice other = reset.request;
  ++other.matures_ms;
  EXPECT_EQ(world.post_veto(veto_as_device(other, reset.owner)), 404);
  EXPECT_EQ(world.post_veto(veto_as_device(reset.request, Reset::make_key(8))), 403);
  auto forged = reset.veto();
  forged.signature.mutable_view()[3] ^= 1;
  EXPECT_EQ(world.post_veto(forged), 403);
  EXPECT_EQ(world.driver.store, before);
}

TEST(AuditorVetoes, PassesAVetoOnUntilEveryPeerHasIt) {
  World world({"https://p1.example", "https://p2.example"});
  const Reset reset(world);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  const auto vetoes = [&] {
    auto calls = world.driver.calls();
    std::erase_if(calls, [](const proto::Call& call) { return !call.url.ends_with("/veto"); });
    return calls;
  };
  auto calls = vetoes();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].url, "https://p1.example/veto");
  EXPECT_EQ(calls[0].body, wire::encode(reset.veto()));
  world.driver.reply(calls[0].id, 200);
  world.driver.reply(calls[1].id, 404);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  EXPECT_TRUE(vetoes().empty());  // the same one again asks nobody at once
  world.driver.pass(kMinuteMs);
  calls = vetoes();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].url, "https://p2.example/veto");
  world.driver.reply(calls[0].id, 200);
  world.driver.pass(kMinuteMs);
  EXPECT_TRUE(vetoes().empty());
}

std::vector<std::string> many_peers() {
  std::vector<std::string> out;
  for (int i = 0; i < 64; ++i) out.push_back("https://p" + std::to_string(i) + ".example");
  return out;
}

TEST(AuditorVetoes, ArePassedOnNoMoreThanSoManyAtATime) {
  World world(many_peers());
  std::set<std::pair<std::string, Bytes>> told;
  std::vector<proto::Call> under_way;
  const auto take = [&] {
    for (proto::Call& call : world.driver.calls()) {
      if (!call.url.ends_with("/veto")) continue;
      EXPECT_TRUE(told.emplace(call.url, call.body).second);
      under_way.push_back(std::move(call));
    }
    EXPECT_LE(under_way.size(), 512u);
  };
  for (int i = 0; i < 10; ++i) {
    const Reset reset(world);
    take();
    ASSERT_EQ(world.post_veto(reset.veto()), 200);
    take();
  }
  EXPECT_EQ(told.size(), 512u);
  for (const proto::Call& call : under_way) world.driver.reply(call.id, 200);
  under_way.clear();
  world.driver.pass(kMinuteMs);
  take();
  EXPECT_EQ(told.size(), 640u);
}

/// Publishes a request and lets the auditor replay it, without cosigning: the log signs a size beyond it, of which it
/// withholds the audit.
void replay_only(World& world, const Reset& reset) {
  world.log.publish(world.driver.now, reset.key, Notice{directory::RequestNotice{reset.request, std::nullopt}});
  world.publish();
  world.submit(world.log.request(world.cosigned_size(), world.log.size()));
  const auto calls = world.driver.calls();
  ASSERT_EQ(calls.size(), 2u);
  world.serve(calls[0]);
  world.driver.no_reply(calls[1].id);
}

TEST(AuditorVetoes, KeepsAVetoWhenItForgetsWhatItReplayed) {
  World world;
  const Reset reset(world, Reset::Published::no);
  replay_only(world, reset);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  const Bytes honest = world.log.audits.back();
  auto lie = *directory::EpochAudit::decode(honest);
  ++lie.record.names;
  world.log.audits.back() = wire::encode(lie);
  world.driver.pass(2 * kSecondMs);
  ASSERT_EQ(world.post_newest(), 503);  // back to what is settled: the request is not in it
  ASSERT_FALSE(world.driver.store.get(table::kWorking, log_id("a.example/cairn")));
  world.log.audits.back() = honest;
  world.driver.pass(4 * kSecondMs);
  ASSERT_EQ(world.post_newest(), 200);
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  world.serve();
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
}

/// Another directory can show the very same request, since nothing in it names the log.
TEST(AuditorVetoes, CountsAVetoForEveryLogThatShowsItsRequest) {
  for (const std::string domain :
       {"b.example", "c.example", "d.example", "e.example"}) {  // logs on either side of ours
    TestDirectory neighbour(domain);
    World world({}, &neighbour);
    const Reset reset(world);
    neighbour.publish(world.driver.now, reset.key);
    neighbour.publish(world.driver.now, reset.key, Notice{directory::RequestNotice{reset.request, std::nullopt}});
    ASSERT_EQ(world.post(neighbour.request(0, 2)).status, 200);
    ASSERT_EQ(world.post_veto(reset.veto()), 200);
    world.driver.pass(kDelayMs + 3 * kMinuteMs);
    world.serve();
    reset.complete();
    EXPECT_EQ(world.post_newest(), 503) << domain;
  }
}

TEST(AuditorVetoes, CountsAVetoThatCameBeforeItSawTheRequestInThisLog) {
  TestDirectory neighbour("b.example");
  World world({}, &neighbour);
  const Reset reset(world, Reset::Published::no);
  neighbour.publish(world.driver.now, reset.key);
  neighbour.publish(world.driver.now, reset.key, Notice{directory::RequestNotice{reset.request, std::nullopt}});
  ASSERT_EQ(world.post(neighbour.request(0, 2)).status, 200);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  world.log.publish(world.driver.now, reset.key, Notice{directory::RequestNotice{reset.request, std::nullopt}});
  ASSERT_EQ(world.post_newest(), 200);
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  world.serve();
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
}

TEST(AuditorVetoes, WritesNothingForAVetoThatItHas) {
  World world;
  const Reset reset(world);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  const Bytes body = wire::encode(reset.veto());
  testing::SeededEntropy entropy(1);
  const auto effects = world.auditor.handle(proto::RequestArrived{{77}, Method::post, "/veto", {}, {}, body},
                                            world.driver.store, world.driver.now, entropy);
  EXPECT_TRUE(effects.writes.empty());
  EXPECT_EQ(std::get<proto::Respond>(effects.sends.at(0)).status, 200);
}

}  // namespace
}  // namespace cairn::witness
