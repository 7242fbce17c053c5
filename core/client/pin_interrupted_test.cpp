// A PIN that is set in more than one attempt: what realms took of the earlier ones, and the copies of the key box that
// were put for them (docs/spec/client.md s.13).
#include "core/base/memory_view.h"
#include "core/client/backup_tables.h"
#include "core/client/pin_attempt.h"
#include "core/client/pin_fixture.h"
#include "core/client/pin_standbys.h"

namespace cairn::client {
namespace {

class PinInterrupted : public PinVillage {
 protected:
  PinInterrupted() {
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (keeps_boxes && call.url.ends_with(proto::kPathKeyBoxDelete)) {
        return Result<proto::CallReply>(testing::FakePost::refusal(ErrorCode::over_limit, "Not today."));
      }
      for (const std::size_t i : deaf) {
        if (call.url == testing::RealmNet::url(i) + std::string(proto::kPathPinRegister)) {
          return Result<proto::CallReply>(fail(ErrorCode::unavailable, "away"));
        }
      }
      return net.answer(call);
    };
  }
  std::map<proto::KeyBoxId, proto::KeyBoxPut>& boxes() { return village.server.vault.key_boxes; }
  json change(const std::string& pin) { return job("alice-1", "pin.change", {{"pin", pin}}); }
  json change_at(const std::string& pin, std::set<std::size_t> without) {
    deaf = std::move(without);
    return change(pin);
  }
  PinVersion at(std::size_t i) { return realm(i).pin->shown.version; }
  std::size_t rows(Table table) { return village.device("alice-1").store().scan(table, {}, {}, 100).size(); }
  bool opens(const std::string& pin) { return recover("empty-" + std::to_string(++recovered), pin).contains("result"); }

  std::set<std::size_t> deaf;  ///< realms that tell their version, and say nothing to a share
  bool keeps_boxes = false;    ///< the storage deletes none
  int recovered = 0;
};

TEST_F(PinInterrupted, AChangeThatTooFewRealmsAnswerReachesNone) {
  set_pin();
  const PinVersion old = at(0);
  realm(1).alive = realm(2).alive = false;
  const json changed = change("another battery");
  EXPECT_EQ(code(changed), "unavailable");
  EXPECT_NE(sentence(changed).find("nothing was changed"), std::string::npos) << changed.dump();
  EXPECT_EQ(at(0), old);
  EXPECT_EQ(boxes().size(), 2u);
  EXPECT_EQ(rows(tables::kPinStandbys), 0u);
  EXPECT_EQ(rows(tables::kPinAttempt), 0u);
  realm(1).alive = realm(2).alive = true;
  EXPECT_EQ(job("alice-1", "pin.status")["result"]["finished"], true);
  EXPECT_TRUE(opens(kPin));
}

/// Whoever has forgotten the PIN of it types another: the realm gives its place away to the key of the first alone.
TEST_F(PinInterrupted, AFirstOneThatReachedARealmIsReplacedWhenItWasForgotten) {
  const auto set = [&](const std::string& pin) {
    return job("alice-1", "pin.set", {{"pin", pin}, {"realms", net.list()}, {"recovery_key", key}});
  };
  deaf = {1, 2};
  const json few = set("a forgotten battery");
  EXPECT_EQ(code(few), "unavailable");
  EXPECT_NE(sentence(few).find("Too few realms took the PIN"), std::string::npos) << few.dump();
  ASSERT_TRUE(realm(0).pin.has_value()) << "it did reach one";
  EXPECT_FALSE(realm(1).pin.has_value() || realm(2).pin.has_value());
  const PinVersion forgotten = at(0);
  village.device("alice-1").restart();
  village.pass_all(5 * kSecondMs);
  deaf.clear();
  const json done = set(kPin);
  ASSERT_TRUE(done.contains("result")) << done.dump();
  EXPECT_NE(at(0), forgotten);
  EXPECT_EQ(at(1), at(0));
  EXPECT_EQ(at(2), at(0));
  EXPECT_EQ(rows(tables::kPinStandbys), 0u);
  EXPECT_EQ(rows(tables::kPinAttempt), 0u);
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_FALSE(opens("a forgotten battery"));
  EXPECT_TRUE(opens(kPin));
}

/// The same where what this device has written down is gone: then it may not, and says so.
TEST_F(PinInterrupted, WithoutTheKeyOfTheFirstOneARealmKeepsIt) {
  const auto set = [&](const std::string& pin) {
    return job("alice-1", "pin.set", {{"pin", pin}, {"realms", net.list()}, {"recovery_key", key}});
  };
  deaf = {1, 2};
  EXPECT_EQ(code(set("a forgotten battery")), "unavailable");
  const PinVersion forgotten = at(0);
  const auto& rows_of_pin = village.device("alice-1").store().scan(tables::kPin, {}, {}, 100);
  ASSERT_EQ(rows_of_pin.size(), 1u);
  ASSERT_TRUE(village.device("alice-1").store().apply({{tables::kPin, rows_of_pin[0].key, std::nullopt}}));
  village.device("alice-1").restart();
  village.pass_all(5 * kSecondMs);
  deaf = {1};
  const json refused = set(kPin);
  EXPECT_EQ(code(refused), "conflict") << refused.dump();
  EXPECT_EQ(at(0), forgotten);
}

TEST_F(PinInterrupted, TheSamePinAgainIsTheSameRegistration) {
  set_pin();
  const PinVersion old = at(0);
  EXPECT_EQ(code(change_at("another battery", {1, 2})), "unavailable");
  const PinVersion begun = at(0);
  EXPECT_NE(begun, old);
  // Now the one that has it is away, and one more takes it.
  realm(0).alive = false;
  EXPECT_EQ(code(change_at("another battery", {2})), "unavailable");
  EXPECT_EQ(at(1), begun);
  EXPECT_EQ(at(2), old);
  realm(0).alive = true;
  EXPECT_EQ(boxes().size(), 3u) << "and its copy of the key box is the same";
  EXPECT_TRUE(opens("another battery"));
  // Whatever is killed meanwhile.
  village.device("alice-1").restart();
  village.pass_all(5 * kSecondMs);
  ASSERT_TRUE(change_at("another battery", {}).contains("result"));
  EXPECT_EQ(at(2), begun);
  EXPECT_EQ(boxes().size(), 2u);
  EXPECT_EQ(rows(tables::kPinStandbys), 0u);
  EXPECT_EQ(rows(tables::kPinAttempt), 0u);
  EXPECT_TRUE(opens("another battery"));
  EXPECT_FALSE(opens(kPin));
  // It is finished: the next one is another, also of the same PIN.
  ASSERT_TRUE(change("another battery").contains("result"));
  EXPECT_NE(at(0), begun);
}

TEST_F(PinInterrupted, AnotherPinReachesFirstTheRealmsThatOpenNothing) {
  set_pin();
  const PinVersion old = at(0);
  EXPECT_EQ(code(change_at("another battery", {1, 2})), "unavailable");
  const PinVersion begun = at(0);
  const json stopped = change_at("a third battery", {0, 2});
  EXPECT_EQ(code(stopped), "unavailable");
  EXPECT_NE(sentence(stopped).find("r1 (not asked)"), std::string::npos) << stopped.dump();
  EXPECT_EQ(at(0), begun);
  EXPECT_EQ(at(1), old) << "it would have opened nothing, and neither would the old one";
  EXPECT_TRUE(opens(kPin));
  EXPECT_EQ(code(change_at("a third battery", {1, 2})), "unavailable");
  const PinVersion third = at(0);
  EXPECT_NE(third, begun);
  EXPECT_TRUE(opens(kPin));
  ASSERT_TRUE(change_at("a third battery", {2}).contains("result"));
  EXPECT_EQ(at(0), third);
  EXPECT_EQ(at(1), third);
  EXPECT_TRUE(opens("a third battery"));
}

/// A crash before each thing that is sent, and another PIN each time.
TEST_F(PinInterrupted, WhateverPinIsTypedNextOneOfThemOpens) {
  set_pin();
  std::string last = kPin;
  // Downwards, so that what reaches fewer realms comes after what reached more.
  for (std::uint64_t sends = 24; sends > 6; --sends) {
    SCOPED_TRACE(sends);
    const std::string next = "battery number " + std::to_string(sends);
    village.device("alice-1").crash_after(sends);
    village.ask("alice-1", "pin.change", {{"pin", next}}, kMinuteMs);
    village.pass_all(5 * kSecondMs);
    village.device("alice-1").crash_after(std::nullopt);
    village.device("alice-1").restart();
    village.pass_all(5 * kSecondMs);
    if (opens(next)) {
      last = next;
    } else {
      ASSERT_TRUE(opens(last)) << last;
    }
  }
}

TEST_F(PinInterrupted, TheCopyOfThePinThatRealmsHaveIsTakenAwayByNoAttempt) {
  set_pin();
  const auto standing = boxes();
  village.server.vault.refuses_box = [&](const proto::KeyBoxPut& put) { return standing.contains(put.id); };
  EXPECT_EQ(code(change("another battery")), "over_limit");
  EXPECT_TRUE(opens("another battery")) << "the key box has it not, and the realms have";
  EXPECT_FALSE(opens(kPin));
  village.server.vault.refuses_box = nullptr;
  for (std::size_t i = 0; i < PinStandby::kMostKept + 2; ++i) {
    EXPECT_EQ(code(change_at("battery number " + std::to_string(i), {0, 1, 2})), "unavailable");
    EXPECT_LE(boxes().size(), 2 + PinStandby::kMostKept);
  }
  EXPECT_EQ(rows(tables::kPinStandbys), PinStandby::kMostKept);
  EXPECT_TRUE(opens("another battery"));
  ASSERT_TRUE(change_at("the last battery", {}).contains("result"));
  EXPECT_EQ(boxes().size(), 2u);
  EXPECT_TRUE(opens("the last battery"));
}

TEST_F(PinInterrupted, ACopyThatTheStorageDidNotDeleteIsNotForgotten) {
  set_pin();
  EXPECT_EQ(code(change_at("another battery", {0, 1, 2})), "unavailable");
  EXPECT_EQ(code(change("a third battery")), "unavailable");
  EXPECT_EQ(boxes().size(), 4u);
  keeps_boxes = true;
  ASSERT_TRUE(change_at("the last battery", {}).contains("result"));
  EXPECT_EQ(rows(tables::kPinStandbys), 2u);
  keeps_boxes = false;
  ASSERT_TRUE(change("the very last battery").contains("result"));
  EXPECT_EQ(rows(tables::kPinStandbys), 0u);
}

TEST(PinAttempts, AreTheSameForTheSamePinAtTheSameRealmsForAMonth) {
  const testing::RealmNet net;
  testing::SeededEntropy entropy(11);
  MemoryView below;
  Overlay store(below);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{store, Time{1'000'000}, entropy, sends, events};
  RealmHouse house{*RealmList::parse(net.list()), {"example.org", *RegistrationId::from(Bytes(16, 9))}, {}};
  const auto begin = [&](const std::string& pin) {
    auto out = begin_pin(context, house, pin);
    CHECK(out.has_value());
    return std::move(*out);
  };
  const BegunPin first = begin("a battery");
  EXPECT_NE(begin("a battery").made.version, first.made.version) << "it was not kept";
  save_pin_attempt(context, first.attempt);
  const BegunPin again = begin("a battery");
  EXPECT_TRUE(equal(again.secret.expose(), first.secret.expose()));
  EXPECT_EQ(again.made.auth.public_key(), first.made.auth.public_key());
  ASSERT_EQ(again.made.shares.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(equal(again.made.shares[i].encode().expose(), first.made.shares[i].encode().expose()));
  }
  const BegunPin other = begin("a batterz");
  EXPECT_NE(other.made.version, first.made.version);
  EXPECT_FALSE(equal(other.secret.expose(), first.secret.expose()));
  EXPECT_FALSE(equal(other.attempt.seed.expose(), first.attempt.seed.expose()));
  std::swap(house.list.realms[0], house.list.realms[1]);
  EXPECT_NE(begin("a battery").made.version, first.made.version);
  std::swap(house.list.realms[0], house.list.realms[1]);
  context.now = after(context.now, PinAttempt::kKeptMs);
  drop_old_pin_attempt(context);
  EXPECT_EQ(begin("a battery").made.version, first.made.version);
  context.now = after(context.now, 1);
  EXPECT_NE(begin("a battery").made.version, first.made.version);
  drop_old_pin_attempt(context);
  EXPECT_FALSE(store.get(tables::kPinAttempt, {}).has_value());
}

TEST(PinStandbys, YieldWhenNoRealmHasTheirPinAndThoseOfEarlierBuildsLast) {
  const auto version = [](std::uint8_t it) { return *PinVersion::from(Bytes(PinVersion::kSize, it)); };
  std::vector<PinStandby> all(4);
  for (std::uint8_t i = 0; i < 4; ++i) {
    all[i].storage = to_bytes("storage");
    all[i].since_ms = i;
    if (i != 0) all[i].version = version(i);
    const auto again = PinStandby::decode(all[i].encode().expose());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->version, all[i].version);
  }
  const std::vector<PinVersion> some = {version(1), version(3)};
  EXPECT_EQ(spare_standby(all, some), &all[2]);
  EXPECT_EQ(spare_standby(all, {}), &all[1]);
  const std::vector<PinVersion> each = {version(1), version(2), version(3)};
  EXPECT_EQ(spare_standby(all, each), &all[0]);
  all[0].version = version(1);
  EXPECT_EQ(spare_standby(all, each), nullptr);
  Bytes more = to_bytes(all[1].encode().expose());
  more.push_back(0);
  EXPECT_FALSE(PinStandby::decode(more).has_value());
  EXPECT_FALSE(PinStandby::decode(ByteView(more).first(more.size() - 2)).has_value());
}

TEST(PinRows, KeepTheKeysOfWhatRealmsHave) {
  testing::SeededEntropy entropy(5);
  const auto version = [](std::uint8_t it) { return *PinVersion::from(Bytes(PinVersion::kSize, it)); };
  PinRow row;
  const std::vector<PinVersion> standing = {version(1)};
  for (std::uint8_t i = 1; i <= 12; ++i) row.add_sent({version(i), crypto::SigningKey::generate(entropy)}, standing);
  ASSERT_EQ(row.sent.size(), PinRow::kMaxSent);
  EXPECT_EQ(row.sent.front().version, version(1));
  EXPECT_EQ(row.sent.back().version, version(12));
  row.add_sent({version(6), row.sent[1].key.clone()}, standing);
  EXPECT_EQ(row.sent.size(), PinRow::kMaxSent) << "the same is there once";
  EXPECT_EQ(row.sent.back().version, version(6));
}

}  // namespace
}  // namespace cairn::client
