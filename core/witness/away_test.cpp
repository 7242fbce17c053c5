// An auditor that was away over whole resets: it takes vetoes of them for their whole delay, and then goes on.
#include "core/directory/closing.h"
#include "core/witness/auditor_fixture.h"

namespace cairn::witness {
namespace {

using namespace fixture;

constexpr std::string_view kOwesWaiting = "rule 9: a reset was completed, and this auditor has not taken vetoes of it";

/// A world whose auditor has slept: a request and its completion came meanwhile.
struct Away {
  explicit Away(World& its_world) : world(its_world), reset(world, Reset::Published::no) {
    world.log.publish(world.driver.now, reset.key, Notice{directory::RequestNotice{reset.request, std::nullopt}});
    world.driver.now = after(world.driver.now, kDelayMs);
    reset.complete();
  }
  proto::Respond offer() { return world.post(world.log.request(world.cosigned_size(), world.log.size())); }
  /// The log renews its time, as it does while a cosigner refuses.
  proto::Respond offer_fresh() {
    world.log.publish(world.driver.now, std::vector<directory::NameChange>{});
    return offer();
  }
  /// The reset of another name is asked for now.
  ResetNotice request_of_another() {
    ResetNotice other = reset.request;
    other.key = world.log.random_key();
    world.log.publish(world.driver.now, other.key);
    other.requested_ms = directory::next_record_time_ms(world.log.newest(), world.driver.now);
    other.matures_ms = other.requested_ms + kDelayMs;
    world.log.publish(Time{other.requested_ms}, other.key, Notice{directory::RequestNotice{other, std::nullopt}});
    return other;
  }
  void wait(std::uint64_t ms) {
    world.driver.pass(ms);
    world.serve();
  }

  World& world;
  Reset reset;
};

TEST(AwayAuditor, GoesOnWhenItHasTakenVetoesForTheWholeDelay) {
  World world;
  Away away(world);
  const auto refused = away.offer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.retry_after_s, kHourMs / kSecondMs);
  EXPECT_TRUE(as_text(refused.body).starts_with(kOwesWaiting)) << as_text(refused.body);
  EXPECT_EQ(world.settled().size(), world.log.size());
  Witness again(world.config);
  for (int day = 0; day < 3; ++day) {
    EXPECT_EQ(away.offer_fresh().status, 503) << day;
    world.driver.rebuild(again);
    away.wait(kDayMs - 3 * kMinuteMs);
  }
  const auto nearly = away.offer_fresh();
  EXPECT_EQ(nearly.status, 503);
  EXPECT_LT(*nearly.retry_after_s, 20 * kMinuteMs / kSecondMs);
  away.wait(20 * kMinuteMs);
  EXPECT_EQ(away.offer_fresh().status, 200);
  EXPECT_EQ(world.cosigned_size(), world.log.size());
  EXPECT_TRUE(world.settled().open_requests().empty());
  world.publish();
  EXPECT_EQ(world.post_newest(), 200);
}

// While it waits nobody is shown by its word what was there before the request.
TEST(AwayAuditor, VouchesForNothingOlderMeanwhile) {
  World world;
  Away away(world);
  const std::uint64_t before = world.cosigned_size();
  ASSERT_EQ(world.post(world.log.request(before, before)).status, 200);
  ASSERT_EQ(away.offer().status, 503);
  EXPECT_EQ(world.post(world.log.request(before, before)).status, 409);
  EXPECT_EQ(world.post(world.log.request(before, before + 1)).status, 409);  // the request without the completion
  Witness again(world.config);
  world.driver.rebuild(again);
  EXPECT_EQ(world.post(world.log.request(before, before)).status, 409);
}

// Nobody has its cosignature on what it took over: without this answer a server with an older store would sign another
// tree of that size.
TEST(AwayAuditor, TellsAServerThatWasPutBackHowFarTheLogIs) {
  World world;
  Away away(world);
  const std::uint64_t before = world.cosigned_size();
  ASSERT_EQ(away.offer().status, 503);
  ASSERT_EQ(world.settled().size(), world.log.size());
  for (const std::uint64_t old_size : {std::uint64_t{0}, before}) {
    const auto said = world.post(world.log.request(old_size, before));
    EXPECT_EQ(said.status, 409) << old_size;
    EXPECT_EQ(as_text(said.body), std::to_string(world.log.size()) + "\n") << old_size;
  }
  EXPECT_EQ(world.post(world.log.request(0, world.log.size())).status, 409);
  EXPECT_EQ(away.offer().status, 503);  // its own head is refused for the waiting alone
}

/// An auditor that has waited for one request, has closed nothing, and then missed the whole reset of another name.
TEST(AwayAuditor, ClosesNoMailboxWhileItOwes) {
  World world;
  const Reset ripe(world);
  world.driver.pass(kDelayMs + 3 * kMinuteMs);
  world.serve();
  Away away(world);
  const auto ask = [&] {
    const directory::CloseRequest asked{"a.example/cairn", ripe.request.hash(), {}};
    const auto said = *world.driver.answer(world.driver.request(Method::post, "/close", wire::encode(asked)));
    return wire::decode<directory::CloseAnswer>(said.body);
  };
  ASSERT_EQ(away.offer().status, 503);
  EXPECT_TRUE(std::holds_alternative<directory::NotYet>(ask()->body));
  away.wait(kDelayMs + 5 * kMinuteMs);
  EXPECT_TRUE(std::holds_alternative<directory::Closed>(ask()->body));
}

// What was only replayed may be anybody's: the log has to have signed it before the waiting counts.
TEST(AwayAuditor, CountsNothingBeforeTheLogHasSignedIt) {
  World world;
  Away away(world);
  world.publish();
  const Bytes honest = std::exchange(world.log.audits.back(), to_bytes("junk"));
  EXPECT_EQ(away.offer().status, 503);
  EXPECT_LT(world.settled().size(), world.log.size() - 1);
  away.wait(2 * kDelayMs);
  world.log.audits.back() = honest;
  away.wait(2 * kMinuteMs);
  const auto refused = away.offer_fresh();
  EXPECT_TRUE(as_text(refused.body).starts_with(kOwesWaiting)) << as_text(refused.body);
  EXPECT_GT(world.settled().owed_ms(), kDelayMs - kHourMs);
}

TEST(AwayAuditor, TakesAVetoMeanwhileTellsNobodyAndNeverGoesOn) {
  World world({"https://peer.example"});
  Away away(world);
  ASSERT_EQ(away.offer().status, 503);
  EXPECT_EQ(world.post_veto(veto_as_device(away.reset.request, Reset::make_key(8))), 403);
  away.wait(kDelayMs - kHourMs);
  EXPECT_EQ(world.post_veto(away.reset.veto()), 200);
  EXPECT_TRUE(std::ranges::any_of(world.driver.calls(),
                                  [](const proto::Call& call) { return call.url == "https://peer.example/veto"; }));
  Witness again(world.config);
  world.driver.rebuild(again);
  const auto still = away.offer_fresh();
  EXPECT_TRUE(as_text(still.body).starts_with(kOwesWaiting)) << as_text(still.body);
  away.wait(2 * kHourMs);
  const auto never = away.offer_fresh();
  EXPECT_EQ(never.status, 503);
  EXPECT_EQ(as_text(never.body), "rule 9: its owner vetoed it\n");
  away.wait(10 * kDelayMs);
  EXPECT_EQ(away.offer_fresh().status, 503);
  EXPECT_EQ(world.cosigned_size(), 1u);
}

TEST(AwayAuditor, TellsNobodyOfAVetoThatIsOfNoUseAnyMore) {
  World world({"https://peer.example"});
  Away away(world);
  ASSERT_EQ(away.offer().status, 503);
  const auto told = [&] {
    std::size_t count = 0;
    for (const proto::Call& call : world.driver.calls()) {
      count += call.url == "https://peer.example/veto" ? 1 : 0;
      world.driver.reply(call.id, 404);  // it does not know the request
    }
    return count;
  };
  ASSERT_EQ(world.post_veto(away.reset.veto()), 200);
  EXPECT_EQ(told(), 1u);
  world.driver.pass(kMinuteMs);
  EXPECT_EQ(told(), 1u);
  away.wait(kDelayMs + 5 * kMinuteMs);
  ASSERT_TRUE(world.settled().is_barred());
  world.driver.pass(5 * kMinuteMs);
  EXPECT_EQ(told(), 0u);
}

TEST(AwayAuditor, WaitsForAllResetsThatItMissedAtOnce) {
  World world;
  Away away(world);
  const ResetNotice second = away.request_of_another();
  world.driver.now = after(world.driver.now, kDelayMs);
  world.log.publish(world.driver.now, second.key, Notice{directory::CompleteNotice{second}});
  ASSERT_EQ(away.offer().status, 503);
  EXPECT_EQ(world.settled().open_requests().size(), 2u);
  away.wait(kDelayMs + 5 * kMinuteMs);
  EXPECT_EQ(away.offer_fresh().status, 200);
}

// Of resets that are asked for while it waits it takes vetoes at once.
TEST(AwayAuditor, WaitsForOthersMeanwhile) {
  World world;
  Away away(world);
  ASSERT_EQ(away.offer().status, 503);
  const ResetNotice other = away.request_of_another();
  ASSERT_EQ(away.offer().status, 503);
  away.wait(kDelayMs - kHourMs);
  const auto ask = [&] {
    const directory::CloseRequest asked{"a.example/cairn", other.hash(), {}};
    const auto said = *world.driver.answer(world.driver.request(Method::post, "/close", wire::encode(asked)));
    return wire::decode<directory::CloseAnswer>(said.body);
  };
  ASSERT_TRUE(ask().has_value());
  EXPECT_TRUE(std::holds_alternative<directory::NotYet>(ask()->body));
  away.wait(kHourMs + 5 * kMinuteMs);
  EXPECT_TRUE(std::holds_alternative<directory::Closed>(ask()->body));
  world.log.publish(world.driver.now, other.key, Notice{directory::CompleteNotice{other}});
  EXPECT_EQ(away.offer().status, 200);
}

// ---- what it writes ----

/// So many requests of resets, open and cosigned.
void open_resets(World& world, std::size_t count) {
  world.serve();
  std::vector<directory::NameChange> names, requests;
  for (std::size_t i = 0; i < count; ++i) names.push_back({world.log.random_key(), {crypto::sha256(Bytes{1})}, {}});
  std::ranges::sort(names, {}, &directory::NameChange::key);
  world.log.publish(world.driver.now, names);
  const Reset model(world, Reset::Published::no);
  for (const directory::NameChange& name : names) {
    ResetNotice notice = model.request;
    notice.key = name.key;
    notice.requested_ms = directory::next_record_time_ms(world.log.newest(), world.driver.now);
    notice.matures_ms = notice.requested_ms + kDelayMs;
    requests.push_back(
        {name.key, {crypto::sha256(Bytes{2})}, Notice{directory::RequestNotice{std::move(notice), std::nullopt}}});
  }
  world.log.publish(world.driver.now, std::move(requests));
  ASSERT_EQ(world.post_newest(), 200);
  ASSERT_EQ(world.settled().open_requests().size(), count);
}

TEST(AuditorRows, AreWrittenForWhatChangesAndNotForEveryOpenReset) {
  std::map<std::size_t, std::size_t> written;
  for (const std::size_t count : {std::size_t{1}, std::size_t{500}}) {
    World world;
    open_resets(world, count);
    world.driver.pass(3 * kMinuteMs);  // their waiting has begun
    world.serve();
    world.driver.written_bytes = 0;
    world.publish();
    ASSERT_EQ(world.post_newest(), 200);  // an epoch
    world.driver.pass(10 * kMinuteMs);    // ten minutes of waiting
    written[count] = world.driver.written_bytes;
  }
  EXPECT_LT(written[500], 2 * written[1]) << written[1];
}

TEST(AuditorRows, OfAnOlderVersionAreTakenOver) {
  World world;
  const Reset reset(world);
  world.driver.pass(kHourMs + 2 * kMinuteMs);
  world.serve();
  const LogId id = log_id("a.example/cairn");
  const directory::Auditor now = world.settled();
  wire::Writer old;
  old.u8(2);
  now.config().write(old);
  old.u64(0);
  old.u64(now.cosigned_size());
  old.optional(now.newest_record());
  tlog::RightEdge edge;
  for (const Bytes& audit : world.log.audits) edge.append(directory::EpochAudit::decode(audit)->record.log_leaf());
  edge.write(old);
  wire::Writer requests;
  reset.request.write(requests);
  requests.u64(1);
  requests.u8(1);
  requests.u64(kHourMs);
  requests.u8(0);
  requests.u8(0);
  old.opaque(requests.view());
  world.driver.store.apply({{table::kSettled, to_bytes(id), to_bytes(old.view())},
                            {table::kWorking, to_bytes(id), to_bytes(old.view())},
                            {table::kOpen, request_key(id, reset.request.hash()), std::nullopt}});
  Witness again(world.config);
  world.driver.rebuild(again);
  EXPECT_FALSE(world.driver.store.get(table::kWorking, id));
  ASSERT_NE(world.settled().find(reset.request.hash()), nullptr);
  EXPECT_EQ(world.settled().left_ms(*world.settled().find(reset.request.hash())), kDelayMs - kHourMs);
  world.publish();
  EXPECT_EQ(world.post_newest(), 200);
  EXPECT_EQ(world.post_veto(reset.veto()), 200);
}

}  // namespace
}  // namespace cairn::witness
