// An auditor closes veto mailboxes, each for one log and one request.
#include "core/directory/closing.h"

#include "core/witness/auditor_fixture.h"

namespace cairn::witness {
namespace {

using namespace fixture;
using directory::CloseAnswer;
using directory::CloseRequest;

/// Its waiting is over, and the log has been quiet.
void wait(World& world) {
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  world.serve();
}

proto::Respond post_close(World& world, const Bytes& body) {
  return *world.driver.answer(world.driver.request(Method::post, "/close", body));
}
constexpr Nonce16 kCloseNonce{};
proto::Respond post_close(World& world, const Hash& request, const std::string& origin = "a.example/cairn") {
  return post_close(world, wire::encode(CloseRequest{origin, request, kCloseNonce}));
}

PublicKey auditor_key_of(World& world) {
  const auto vkey = world.driver.answer(world.driver.request(Method::get, "/vkey"));
  return tlog::VerifierKey::parse(as_text(ByteView(vkey->body).first(vkey->body.size() - 1)))->key();
}

/// Whether the answer is this auditor's closing.
bool is_closing(World& world, const Hash& request, const proto::Respond& said) {
  const auto answer = wire::decode<CloseAnswer>(said.body);
  if (said.status != 200 || !answer) return false;
  const auto* closed = std::get_if<directory::Closed>(&answer->body);
  return closed != nullptr &&
         directory::verify_closed({"a.example/cairn", request, kCloseNonce}, auditor_key_of(world), *closed);
}

/// Or its word that it does not close now.
bool is_not_yet(World& world, const Hash& request, const proto::Respond& said) {
  const auto answer = wire::decode<CloseAnswer>(said.body);
  if (said.status != 200 || !answer) return false;
  const auto* not_yet = std::get_if<directory::NotYet>(&answer->body);
  return not_yet != nullptr &&
         directory::verify_not_yet({"a.example/cairn", request, kCloseNonce}, auditor_key_of(world), *not_yet);
}

TEST(AuditorClosing, ClosesOnceItHasWaitedAndTakesNoVetoThen) {
  World world;
  const Reset reset(world);
  const Hash request = reset.request.hash();
  EXPECT_TRUE(is_not_yet(world, request, post_close(world, request)));
  wait(world);
  EXPECT_TRUE(is_closing(world, request, post_close(world, request)));
  Witness again(world.config);
  world.driver.rebuild(again);
  const auto late = *world.driver.answer(world.driver.request(Method::post, "/veto", wire::encode(reset.veto())));
  EXPECT_EQ(late.status, 410);
  EXPECT_EQ(as_text(late.body).substr(0, 8), "Too late");
  EXPECT_FALSE(world.driver.store.get(table::kVetoes, request));
  EXPECT_TRUE(is_closing(world, request, post_close(world, request)));
  reset.complete();
  EXPECT_EQ(world.post_newest(), 200);
  EXPECT_EQ(post_close(world, request).status, 404);
}

TEST(AuditorClosing, WritesNothingTheSecondTime) {
  World world;
  const Reset reset(world);
  wait(world);
  ASSERT_EQ(post_close(world, reset.request.hash()).status, 200);
  const auto before = world.driver.store;
  ASSERT_EQ(post_close(world, reset.request.hash()).status, 200);
  EXPECT_EQ(world.driver.store, before);
}

// Anybody may ask: before the delay is over nobody learns whether there is a veto.
TEST(AuditorClosing, GivesTheVetoThatItHasWhenTheDelayIsOverAndNotBefore) {
  World world, without;
  const Reset reset(world), other(without);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  const auto said = post_close(world, reset.request.hash());
  EXPECT_TRUE(is_not_yet(world, reset.request.hash(), said));
  EXPECT_EQ(said.body.size(), post_close(without, other.request.hash()).body.size());
  wait(world);
  for (int i = 0; i < 2; ++i) {
    const auto answer = wire::decode<CloseAnswer>(post_close(world, reset.request.hash()).body);
    ASSERT_TRUE(answer && std::holds_alternative<directory::VetoNotice>(answer->body));
    EXPECT_EQ(std::get<directory::VetoNotice>(answer->body), reset.veto());
    wait(world);
  }
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
  EXPECT_EQ(post_close(world, reset.request.hash()).status, 422);  // it is done with this log
}

/// It has replayed the end of a request, which it has not settled: its table alone would say that it is open.
TEST(AuditorClosing, GoesByWhatItReplayedToo) {
  for (const bool vetoed : {true, false}) {
    World world;
    const Reset reset(world);
    wait(world);
    if (vetoed) {
      world.log.publish(world.driver.now, reset.key, Notice{reset.veto()});
    } else {
      reset.complete();
    }
    world.publish();
    world.submit(world.log.request(2, 4));
    const auto calls = world.driver.calls();
    world.serve(calls.at(0));
    ASSERT_EQ(
        wire::decode<directory::Auditor>(*world.driver.store.get(table::kWorking, log_id("a.example/cairn")))->size(),
        3u);
    const auto before = world.driver.store;
    EXPECT_EQ(post_close(world, reset.request.hash()).status, 404) << vetoed;
    EXPECT_EQ(world.driver.store, before);
    world.serve(calls.at(1));
    EXPECT_EQ(world.post_newest(), 200);
  }
}

// The closing is one of what is settled, wherever the request has ended since: 404 would bid whoever posts try again.
TEST(AuditorClosing, HoldsUntilTheEndOfItsRequestIsSettled) {
  World world;
  const Reset reset(world);
  const Hash request = reset.request.hash();
  wait(world);
  ASSERT_TRUE(is_closing(world, request, post_close(world, request)));
  reset.complete();
  world.publish();
  world.submit(world.log.request(2, 4));
  const auto calls = world.driver.calls();
  world.serve(calls.at(0));  // the completion is replayed, not settled
  const auto before = world.driver.store;
  EXPECT_EQ(world.post_veto(reset.veto()), 410);
  EXPECT_EQ(world.driver.store, before);
  world.serve(calls.at(1));
  EXPECT_EQ(world.post_newest(), 200);
  EXPECT_EQ(world.post_veto(reset.veto()), 404);
}

// That it is there is all that it says of what it has only replayed.
TEST(AuditorClosing, IsPutOffWhereTheRequestIsOnlyReplayed) {
  World world;
  const Reset reset(world, Reset::Published::no);
  const Hash request = reset.request.hash();
  EXPECT_EQ(post_close(world, request).status, 404);
  reset.publish();
  world.publish();
  world.submit(world.log.request(1, 3));
  const auto calls = world.driver.calls();
  world.serve(calls.at(0));
  const auto before = world.driver.store;
  EXPECT_TRUE(is_not_yet(world, request, post_close(world, request)));
  EXPECT_EQ(world.driver.store, before);
}

TEST(AuditorClosing, RefusesWhatItDoesNotKnow) {
  World world;
  const Reset reset(world);
  wait(world);
  const auto before = world.driver.store;
  EXPECT_EQ(post_close(world, Bytes{}).status, 400);
  EXPECT_EQ(post_close(world, Bytes(9000)).status, 400);
  EXPECT_EQ(post_close(world, reset.request.hash(), "b.example/cairn").status, 404);
  EXPECT_EQ(post_close(world, crypto::sha256(Bytes{9})).status, 404);
  EXPECT_EQ(world.driver.store, before);
}

TEST(AuditorClosing, WaitsForRoomOnItsDisk) {
  World world;
  const Reset reset(world);
  wait(world);
  world.driver.disk_full = true;
  EXPECT_TRUE(is_not_yet(world, reset.request.hash(), post_close(world, reset.request.hash())));
  EXPECT_EQ(post_close(world, crypto::sha256(Bytes{9})).status, 404);
  world.driver.disk_full = false;
  EXPECT_EQ(world.post_veto(reset.veto()), 200);
}

// What was said once stands, whatever the disk or the clock says by now.
TEST(AuditorClosing, AnswersTheSameForEver) {
  World world;
  const Reset reset(world);
  const Hash request = reset.request.hash();
  wait(world);
  ASSERT_TRUE(is_closing(world, request, post_close(world, request)));
  world.driver.disk_full = true;
  EXPECT_TRUE(is_closing(world, request, post_close(world, request)));
  world.driver.disk_full = false;
  world.driver.now = Time{reset.request.matures_ms - kDayMs};
  EXPECT_TRUE(is_closing(world, request, post_close(world, request)));
}

TEST(AuditorClosing, IsNotForALogThatContradictedItself) {
  World world;
  const Reset reset(world);
  wait(world);
  TestDirectory fork("a.example");  // of the same key
  while (fork.size() < world.cosigned_size()) fork.publish(world.driver.now, crypto::sha256(Bytes{1}));
  world.post(fork.request(world.cosigned_size(), fork.size()));
  EXPECT_EQ(post_close(world, reset.request.hash()).status, 422);
}

/// A log that showed the request earlier must not close the mailbox of the log that it is about.
TEST(AuditorClosing, OfOneLogSaysNothingOfAnother) {
  TestDirectory neighbour("b.example");
  World world({}, &neighbour);
  const Reset reset(world, Reset::Published::no);
  const Hash request = reset.request.hash();
  neighbour.publish(world.driver.now, reset.key);
  neighbour.publish(world.driver.now, reset.key, Notice{directory::RequestNotice{reset.request, std::nullopt}});
  ASSERT_EQ(world.post(neighbour.request(0, 2)).status, 200);
  wait(world);
  ASSERT_EQ(post_close(world, request, "b.example/cairn").status, 200);
  EXPECT_EQ(post_close(world, request).status, 404);
  // Only now the log itself shows it, as if it had been there all the time.
  world.log.publish(Time{reset.request.requested_ms}, reset.key,
                    Notice{directory::RequestNotice{reset.request, std::nullopt}});
  world.publish();
  ASSERT_EQ(world.post_newest(), 200);
  EXPECT_TRUE(is_not_yet(world, request, post_close(world, request)));
  EXPECT_EQ(world.post_veto(reset.veto()), 410);  // too late for the neighbour, and kept all the same
  wait(world);
  const auto answer = wire::decode<CloseAnswer>(post_close(world, request).body);
  ASSERT_TRUE(answer && std::holds_alternative<directory::VetoNotice>(answer->body));
}

TEST(AuditorClosing, IsWhatAuditorsDo) {
  World world;
  const Reset reset(world);
  WitnessConfig config = world.config;
  config.role = Role::witness;
  Witness witness(config);
  world.driver.rebuild(witness);
  EXPECT_EQ(post_close(world, reset.request.hash()).status, 404);
}

TEST(AuditorClosing, PassesNoVetoToAPeerWhoseMailboxIsClosed) {
  World world({"https://p1.example"});
  const Reset reset(world);
  ASSERT_EQ(world.post_veto(reset.veto()), 200);
  const auto vetoes = [&] {
    auto calls = world.driver.calls();
    std::erase_if(calls, [](const proto::Call& call) { return !call.url.ends_with("/veto"); });
    return calls;
  };
  const auto calls = vetoes();
  ASSERT_EQ(calls.size(), 1u);
  world.driver.reply(calls[0].id, 410);
  world.driver.pass(2 * kMinuteMs);
  EXPECT_TRUE(vetoes().empty());
}

}  // namespace
}  // namespace cairn::witness
