#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/tlog/cosignature.h"
#include "core/witness/auditor_fixture.h"
#include "core/witness/internal/cosigner.h"

namespace cairn::witness {
namespace {

using namespace fixture;

TEST(Auditor, CosignsWhatItReplayed) {
  World world;
  world.serve();
  for (int count : {1, 1, 9, 30}) {
    world.publish(count);
    const std::uint64_t size = world.log.size();
    const auto answer = world.post(world.log.request(world.cosigned_size(), size));
    ASSERT_EQ(answer.status, 200) << as_text(answer.body);
    const auto lines = tlog::parse_signature_lines(as_text(answer.body));
    std::string vkey = as_text(world.driver.answer(world.driver.request(Method::get, "/vkey"))->body);
    vkey.pop_back();
    const auto key = tlog::VerifierKey::parse(vkey);
    EXPECT_TRUE(tlog::verify_cosignature((*lines)[0], *key, world.log.checkpoint(size).note().text));
    world.driver.pass(1000);
  }
  EXPECT_EQ(world.post_newest(), 200);  // the same size again
}

TEST(Auditor, SaysNotNowUntilItKnowsTheConfig) {
  World world;
  world.publish();
  const auto id = world.submit(world.log.request(0, 1));
  const auto answer = world.driver.answer(id);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->retry_after_s, 1u);
  const auto calls = world.driver.calls();
  ASSERT_EQ(calls.size(), 1u);
  world.driver.reply(calls[0].id, 200, wire::encode(TestDirectory("b.example").config()));
  EXPECT_EQ(world.post_newest(), 503);  // another log's config
  world.driver.pass(2000);
  world.serve();
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, KeepsTheFirstConfig) {
  World world;
  world.serve();
  world.publish();
  ASSERT_EQ(world.post_newest(), 200);
  Witness again(world.config);
  world.driver.rebuild(again);
  EXPECT_TRUE(world.driver.calls().empty());
  world.publish();
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, HoldsARequestForAWhileAndThenSaysNotNow) {
  World world;
  world.serve();
  world.publish(3);
  const auto id = world.submit(world.log.request(0, 3));
  const auto calls = world.driver.calls();
  EXPECT_EQ(calls.size(), 3u);
  world.driver.pass(kHoldMs - 1);
  EXPECT_FALSE(world.driver.answer(id));
  world.driver.pass(1);
  const auto answer = world.driver.answer(id);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->retry_after_s, 1u);
  for (const auto& call : calls) world.serve(call);  // it reads on all the same
  const auto second = world.submit(world.log.request(0, 3));
  EXPECT_EQ(world.driver.answer(second)->status, 200);
}

TEST(Auditor, HoldsTheNewestRequestOnly) {
  World world;
  world.serve();
  world.publish(2);
  const auto first = world.submit(world.log.request(0, 1));
  const auto second = world.submit(world.log.request(0, 2));
  EXPECT_EQ(world.driver.answer(first)->status, 503);
  world.serve();
  EXPECT_EQ(world.driver.answer(second)->status, 200);
}

TEST(Auditor, SaysNotNowWhenTheLogDoesNotGiveItsAudits) {
  World world;
  world.serve();
  world.publish(2);
  const auto before = world.driver.store;
  const auto id = world.submit(world.log.request(0, 2));
  for (const auto& call : world.driver.calls()) world.driver.no_reply(call.id);
  EXPECT_EQ(world.driver.answer(id)->status, 503);
  EXPECT_EQ(world.driver.store, before);
  EXPECT_EQ(world.driver.answer(world.submit(world.log.request(0, 2)))->status, 503);  // it waits before it asks again
  EXPECT_TRUE(world.driver.calls().empty());
  world.driver.pass(1000);
  world.serve();
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, SaysWhichLogIsSilentOnceAndAgainWhenItIsSoAgain) {
  World world;
  const auto said = [&](std::string_view what) {
    return std::ranges::count_if(world.driver.events, [&](const proto::Event& event) {
      return event.what.starts_with(what) && event.about == "a.example/cairn";
    });
  };
  for (const auto& call : world.driver.calls()) world.driver.no_reply(call.id);
  EXPECT_EQ(said("a log or its domain does not answer"), 1);
  world.driver.pass(2000);
  world.serve();
  EXPECT_EQ(said("a log or its domain answers now"), 1);
  for (int time = 1; time <= 2; ++time) {
    world.publish();
    for (int tries = 0; tries < 2; ++tries) {
      world.submit(world.log.request(world.cosigned_size(), world.log.size()));
      for (const auto& call : world.driver.calls()) world.driver.no_reply(call.id);
      EXPECT_EQ(said("a log does not give its audits"), time);
      world.driver.pass(5000);
      for (const auto& call : world.driver.calls()) world.driver.no_reply(call.id);
    }
    world.driver.pass(30 * kSecondMs);
    for (const auto& call : world.driver.calls()) world.driver.no_reply(call.id);
    world.driver.pass(30 * kSecondMs);
    world.serve();
    EXPECT_EQ(world.post_newest(), 200);
    EXPECT_EQ(said("a log gives its audits again"), time);
  }
}

TEST(Auditor, TakesAuditsThatArriveInAnyOrder) {
  World world;
  world.serve();
  world.publish(4);
  const auto id = world.submit(world.log.request(0, 4));
  auto calls = world.driver.calls();
  ASSERT_EQ(calls.size(), 4u);
  for (const std::size_t i : {3u, 1u, 2u, 0u}) {
    EXPECT_FALSE(world.driver.answer(id));
    world.serve(calls[i]);
  }
  EXPECT_EQ(world.driver.answer(id)->status, 200);
}

TEST(Auditor, GoesOnAfterARestartInTheMiddle) {
  World world;
  world.serve();
  world.publish(4);
  world.submit(world.log.request(0, 4));
  const auto calls = world.driver.calls();
  world.serve(calls[0]);
  world.serve(calls[1]);
  Witness again(world.config);
  world.driver.rebuild(again);
  const auto id = world.submit(world.log.request(0, 4));
  const auto rest = world.driver.calls();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].url, "https://a.example/log/audit/2");
  for (const auto& call : rest) world.serve(call);
  EXPECT_EQ(world.driver.answer(id)->status, 200);
}

TEST(Auditor, RefusesLikeAWitness) {
  World world;
  world.serve();
  world.publish(5);
  ASSERT_EQ(world.post(world.log.request(0, 5)).status, 200);
  world.publish(2);
  const auto before = world.driver.store;
  EXPECT_EQ(world.post("junk").status, 400);
  EXPECT_EQ(world.post(tlog::AddCheckpoint{5, {}, world.log.checkpoint(4)}.encode()).status, 400);
  EXPECT_EQ(world.post(world.log.request(0, 7)).status, 409);
  EXPECT_EQ(world.post(tlog::AddCheckpoint{5, {}, world.log.checkpoint(7)}.encode()).status, 422);
  const TestDirectory impostor("a.example", 2);
  EXPECT_EQ(world.post(tlog::AddCheckpoint{5, {}, impostor.sign(world.log.head(5))}.encode()).status, 403);
  EXPECT_EQ(world.post(tlog::AddCheckpoint{0, {}, TestDirectory("b.example").checkpoint(0)}.encode()).status, 404);
  const tlog::Checkpoint extended{world.log.config().origin, world.log.head(5), {"extension"}};
  const auto note = tlog::SignedCheckpoint::sign(extended, world.log.signing());
  EXPECT_EQ(world.post(tlog::AddCheckpoint{5, {}, note}.encode()).status, 400);
  EXPECT_EQ(world.driver.store, before);
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, DoesNotCosignARootThatIsNotItsOwn) {
  World world;
  world.serve();
  world.publish(3);
  ASSERT_EQ(world.post_newest(), 200);
  world.publish();
  const auto before = world.driver.store;
  EXPECT_EQ(world.post(world.log.forged_request(3, 4)).status, 422);
  EXPECT_EQ(
      world.driver.answer(world.driver.request(Method::get, "/" + tlog::checkpoint_path("a.example/cairn")))->body,
      *before.get(table::kCosigned, log_id("a.example/cairn")));
  for (const Table unchanged : {table::kCosigned, table::kSettled, table::kWorking, table::kEvidence}) {
    EXPECT_EQ(world.driver.store.get(unchanged, log_id("a.example/cairn")),
              before.get(unchanged, log_id("a.example/cairn")));
  }
  world.driver.pass(2000);
  EXPECT_EQ(world.post_newest(), 200);  // the honest checkpoint can still be cosigned
}

TEST(Auditor, DoesNotCosignAnEpochThatBreaksARule) {
  World world;
  world.serve();
  world.publish(3);
  ASSERT_EQ(world.post_newest(), 200);
  world.publish();
  const Bytes honest = world.log.audits[3];
  auto lie = *directory::EpochAudit::decode(honest);
  ++lie.record.names;
  world.log.audits[3] = wire::encode(lie);
  const auto before = world.driver.store;
  EXPECT_EQ(world.post_newest(), 503);
  EXPECT_EQ(world.driver.store, before);
  EXPECT_EQ(world.driver.events.back().level, proto::Event::Level::warning);
  world.log.audits[3] = to_bytes("junk");
  world.driver.pass(2000);
  EXPECT_EQ(world.post_newest(), 503);
  EXPECT_EQ(world.driver.store, before);
  world.log.audits[3] = honest;
  world.driver.pass(4000);
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, ForgetsWhatItReplayedWhereARuleIsBrokenAndKeepsItWhereTimeMayMendIt) {
  World world;
  world.serve();
  world.publish(2);
  ASSERT_EQ(world.post_newest(), 200);
  world.publish(2);
  const auto replayed = [&] {
    const auto row = world.driver.store.get(table::kWorking, log_id("a.example/cairn"));
    return row ? wire::decode<directory::Auditor>(*row)->size() : 2u;
  };
  const Bytes honest = world.log.audits[3];
  const auto offer = [&](const Bytes& audit) {
    world.log.audits[3] = audit;
    world.driver.pass(2 * kMinuteMs);  // no failure is rested upon for longer
    world.serve();
    return world.post_newest();
  };
  auto ahead = *directory::EpochAudit::decode(honest);
  ahead.record.time_ms += kDayMs;
  auto lie = *directory::EpochAudit::decode(honest);
  ++lie.record.names;
  for (const Bytes& kept : {to_bytes("junk"), wire::encode(ahead)}) {
    EXPECT_EQ(offer(kept), 503);
    EXPECT_EQ(replayed(), 3u);
  }
  EXPECT_EQ(offer(wire::encode(lie)), 503);
  EXPECT_EQ(replayed(), 2u);
  world.log.publish(world.driver.now, std::vector<directory::NameChange>{});  // renews the time
  EXPECT_EQ(offer(honest), 200);
}

TEST(Auditor, DoesNotCosignARecordThatIsOldWhenItSeesItFirst) {
  World world;
  world.serve();
  world.publish();
  world.driver.pass(5 * kMinuteMs + 1);
  world.serve();
  EXPECT_EQ(world.post_newest(), 503);
  world.log.publish(world.driver.now, std::vector<directory::NameChange>{});  // renews the time
  EXPECT_EQ(world.post_newest(), 200);
  world.driver.pass(kHourMs);
  EXPECT_EQ(world.post_newest(), 200);  // renewed, since it is cosigned already
}

TEST(Auditor, KeepsAsManyRootsAsItSays) {
  World world;
  world.serve();
  for (std::uint64_t i = 0; i < kKeptRoots + 100; ++i) {
    world.log.publish(world.driver.now, std::vector<directory::NameChange>{});
  }
  ASSERT_EQ(world.post_newest(), 200);
  const auto rows = world.driver.store.scan_prefix(table::kRoots, log_id("a.example/cairn"), 10'000);
  ASSERT_EQ(rows.size(), kKeptRoots);
  EXPECT_EQ(rows.back().key, root_key(log_id("a.example/cairn"), kKeptRoots + 100));
}

TEST(Auditor, ComparesPeersWithEverySizeThatItReplayed) {
  World world({"https://peer.example"});
  world.serve();
  world.publish(8);
  ASSERT_EQ(world.post_newest(), 200);
  const auto ask = [&] {
    world.driver.pass(kMinuteMs);
    return world.driver.calls().at(0).id;
  };
  world.driver.reply(ask(), 200, as_bytes(world.log.checkpoint(5).encode()));
  EXPECT_FALSE(world.driver.store.get(table::kEvidence, log_id("a.example/cairn")));
  world.driver.reply(ask(), 200, as_bytes(world.log.sign({5, Hash{}}).encode()));
  EXPECT_TRUE(world.driver.store.get(table::kEvidence, log_id("a.example/cairn")));
  world.publish();
  EXPECT_EQ(world.post_newest(), 422);
}

TEST(Auditor, CosignsACompletionOnceItHasWaitedItself) {
  World world;
  const Reset reset(world);
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  world.serve();
  reset.complete();
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, DoesNotBelieveAClockThatSomebodySet) {
  World world;
  const Reset reset(world);
  world.driver.now = after(world.driver.now, kDelayMs);  // and no time has really passed
  world.driver.pass(3 * kMinuteMs);
  world.serve();
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
  EXPECT_EQ(world.cosigned_size(), 2u);
  world.driver.pass(kDelayMs);
  world.log.publish(world.driver.now, std::vector<directory::NameChange>{});
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, CountsElapsedTimeTooShortRatherThanTooLong) {
  World world;
  world.serve();
  world.driver.pass(30 * kSecondMs);
  const Reset reset(world);  // in the middle between two timers
  world.driver.pass(kDelayMs);
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
  world.driver.pass(2 * kMinuteMs);
  EXPECT_EQ(world.post_newest(), 200);
}

TEST(Auditor, CountsTimeForOneResetWhileOthersAreRequested) {
  World world;
  const Reset reset(world);
  world.driver.pass(3 * kMinuteMs);
  for (int minute = 0; minute < 10; ++minute) {
    const Reset other(world);
    world.driver.pass(kMinuteMs);
  }
  const directory::Auditor settled = world.settled();
  EXPECT_EQ(settled.open_requests().size(), 11u);
  const std::uint64_t waited_ms = kDelayMs - settled.left_ms(*settled.find(reset.request.hash()));
  EXPECT_GE(waited_ms, 10 * kMinuteMs);
  EXPECT_LE(waited_ms, 13 * kMinuteMs);
}

TEST(Auditor, CountsALongSleepAsLittle) {
  World world;
  const Reset reset(world);
  world.driver.pass(3 * kMinuteMs);
  world.driver.now = after(world.driver.now, kDelayMs);
  world.driver.uptime_ms += kDelayMs;
  world.driver.pass(2 * kMinuteMs);
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
}

// It is worth nothing where no veto could be taken.
TEST(Auditor, CountsNoTimeInWhichItsDiskWasFull) {
  World world;
  const Reset reset(world);
  const auto left_ms = [&] {
    const directory::Auditor settled = world.settled();
    return settled.left_ms(*settled.find(reset.request.hash()));
  };
  world.driver.pass(3 * kMinuteMs);
  const std::uint64_t before_ms = left_ms();
  EXPECT_LT(before_ms, kDelayMs);
  world.driver.disk_full = true;
  world.driver.pass(kDelayMs);
  EXPECT_EQ(world.post_veto(reset.veto()), 503);
  world.driver.disk_full = false;
  world.driver.pass(kMinuteMs);
  EXPECT_EQ(left_ms(), before_ms);
  // Full between two rounds, and an owner has met it.
  for (int minute = 0; minute < 5; ++minute) {
    world.driver.disk_full = true;
    EXPECT_EQ(world.post_veto(reset.veto()), 503);
    world.driver.disk_full = false;
    world.driver.pass(kMinuteMs);
  }
  EXPECT_EQ(left_ms(), before_ms);
  world.driver.pass(2 * kMinuteMs);
  EXPECT_LT(left_ms(), before_ms);
}

TEST(Auditor, GoesOnWaitingWhenTheClockOfTheDayIsSetBack) {
  World world;
  const Reset reset(world);
  world.driver.pass(3 * kMinuteMs);
  world.driver.now = Time{world.driver.now.ms - 30 * kDayMs};
  world.driver.request(Method::get, "/vkey");  // anything that is asked
  world.driver.pass(kDelayMs);
  EXPECT_EQ(world.settled().left_ms(*world.settled().find(reset.request.hash())), 0u);
}

TEST(Auditor, FollowsTheLogWhenItHasToWait) {
  World world;
  const Reset reset(world);
  world.driver.now = after(world.driver.now, kDelayMs);
  world.publish();
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
  EXPECT_EQ(world.settled().size(), 4u);
  EXPECT_EQ(world.cosigned_size(), 2u);
  EXPECT_FALSE(world.driver.store.get(table::kWorking, log_id("a.example/cairn")));
}

TEST(Auditor, CountsNoTimeInWhichItDidNotRun) {
  World world;
  const Reset reset(world);
  world.driver.now = after(world.driver.now, kDelayMs);
  world.driver.uptime_ms += kDelayMs;
  Witness again(world.config);
  world.driver.rebuild(again);
  world.driver.pass(3 * kMinuteMs);
  reset.complete();
  EXPECT_EQ(world.post_newest(), 503);
}

TEST(Auditor, CountsTimeAcrossRestarts) {
  World world;
  const Reset reset(world);
  Witness again(world.config);
  for (int day = 0; day < 3; ++day) {
    world.driver.pass(kDayMs + 3 * kMinuteMs);
    world.driver.rebuild(again);
  }
  reset.complete();
  EXPECT_EQ(world.post_newest(), 200);
}

// A record that is ahead of the clock is in order later: whoever waits must not ask for it all the time.
TEST(Auditor, AsksSeldomForWhatItRefusesInWhateverOrderAuditsCome) {
  World world;
  const Reset reset(world);
  world.log.publish(after(world.driver.now, kHourMs), world.log.random_key());
  world.publish(2);
  world.submit(world.log.request(world.cosigned_size(), world.log.size()));
  std::size_t asked = 0;
  for (std::uint64_t passed_ms = 0; passed_ms < 30 * kMinuteMs; passed_ms += kSecondMs) {
    std::vector<proto::Call> calls = world.driver.calls();
    asked += calls.size();
    for (auto call = calls.rbegin(); call != calls.rend(); ++call) world.serve(*call);
    world.driver.pass(kSecondMs);
  }
  EXPECT_GT(asked, 10 * 3u);
  EXPECT_LT(asked, 50 * 3u);
}

}  // namespace
}  // namespace cairn::witness
