// An old copy of a realm's database is found out by its peers, and by them alone.
#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/realm_village.h"
#include "tests/support/refused.h"

namespace cairn {
namespace {

using testing::RealmVillage;
using testing::refusal_of;
using testing::TestRealm;

constexpr std::string_view kLogPin = "correct horse";

/// Of a realm's own log, as its database has it.
struct LogHead {
  std::uint64_t size = 0;
  Hash head;
};

/// Three realms that list each other.
struct RealmLogWorld : RealmVillage {
  RealmLogWorld() {
    for (auto& realm : realms) {
      for (auto& other : realms) {
        if (other != realm) realm->config.list.peers.push_back({other->id, other->url});
      }
    }
    for (auto& realm : realms) realm->restart();
    carry();
  }
  TestRealm* at(const std::string& url) {
    for (auto& realm : realms) {
      if (url.starts_with(realm->url + "/")) return realm.get();
    }
    return nullptr;
  }
  /// All calls between them, until there are none.
  void carry() {
    for (bool any = true; any;) {
      any = false;
      for (auto& realm : realms) {
        for (const proto::Call& call : realm->driver.calls()) {
          any = true;
          auto reply = at(call.url)->call(call);
          if (reply) {
            realm->driver.reply(call.id, reply->status, reply->body);
          } else {
            realm->driver.no_reply(call.id);
          }
        }
      }
    }
  }
  void pass(std::uint64_t ms) {
    for (auto& realm : realms) realm->driver.pass(ms);
    carry();
  }
  std::string health(std::size_t i) { return as_text(realms[i]->ask(proto::Method::get, "/health").body); }
  bool is(std::size_t i, const std::string& state) {
    return health(i).find("\"state\": \"" + state + "\"") != std::string::npos;
  }
  std::optional<ErrorCode> version(std::size_t i) {
    return refusal_of(realms[i]->ask(proto::Method::post, "/realm/pin/version", wire::encode(who)));
  }
  LogHead head(std::size_t i) {
    const auto rows = realms[i]->driver.store.scan(witness::realm_table::kHeads, {}, {}, 1, Order::descending);
    if (rows.empty()) return {};
    return {*wire::Reader(rows[0].key).u64(), *Hash::from(rows[0].value)};
  }
  /// What realm i would sign for a peer that holds `known`: its key is in its database.
  proto::RealmHead sign(std::size_t i, const LogHead& ours, const LogHead& known = {}) {
    auto seed = *crypto::Ed25519Seed::from(*realms[i]->driver.store.get(witness::realm_table::kKey, {}));
    const auto key = crypto::SigningKey::from_seed(std::move(seed));
    proto::RealmHead out{key.public_key(), ours.size, ours.head, known.size, known.head, {}};
    out.signature = crypto::sign_labelled(key, crypto::kSignRealmHead, out.content());
    return out;
  }
  std::optional<ErrorCode> tell(std::size_t peer, const proto::RealmHead& head) {
    return refusal_of(realms[peer]->ask(proto::Method::post, "/realm/head", wire::encode(head)));
  }
  /// One wrong guess at realm 0, which needs nobody else.
  void guess(const vault::PinRegistration& made) {
    const vault::PinRecovery::Ask ask{
        0, vault::PinRecovery::AskEvaluation{made.version, *EncodedElement::from(crypto::RistrettoElement::base())}};
    const Bytes permission = token(0, proto::TokenPurpose::guess);
    CHECK(realms[0]->call(client::pin_call(realms[0]->url, who, ask, permission))->status == 200);
  }
  /// What realm `at` last heard of realm `of`.
  proto::RealmHead heard(std::size_t at_realm, std::size_t of) {
    const auto answer = realms[at_realm]->ask(proto::Method::get, "/realm/head/" + to_hex(set.realms[of]));
    CHECK(answer.status == 200);
    return *wire::decode<proto::RealmHead>(answer.body);
  }
};

TEST(RealmLog, TellsItsHeadToThePeersWithinASecond) {
  RealmLogWorld world;
  world.enrol(kLogPin);
  EXPECT_EQ(world.head(0).size, 1u);
  world.pass(1000);
  for (const std::size_t peer : {std::size_t{1}, std::size_t{2}}) {
    EXPECT_EQ(world.heard(peer, 0).head, world.head(0).head);
    EXPECT_EQ(world.heard(peer, 0).size, 1u);
  }
  EXPECT_EQ(world.realms[0]->ask(proto::Method::get, "/realm/head/" + to_hex(world.set.realms[0])).status, 404);
}

TEST(RealmLog, ChainsEveryChangeOfACounter) {
  RealmLogWorld world;
  const auto made = world.enrol(kLogPin);
  std::set<Hash> heads = {world.head(0).head};
  world.recover("wrong horse!");
  heads.insert(world.head(0).head);
  EXPECT_TRUE(world.gives_secret(kLogPin));
  heads.insert(world.head(0).head);
  EXPECT_EQ(world.head(0).size, 4u);  // registered, guess, guess, right tag
  EXPECT_TRUE(world.own(0, made, PinOwnerAction::unlock, 4));
  EXPECT_TRUE(world.own(0, made, PinOwnerAction::erase, 5));
  EXPECT_EQ(world.head(0).size, 6u);
  EXPECT_EQ(heads.size(), 3u);
}

TEST(RealmLog, ServesAtItsStartOnlyWhenThePeersHaveAnsweredOrFailedTo) {
  RealmLogWorld world;
  world.enrol(kLogPin);
  world.realms[2]->alive = false;
  world.realms[0]->restart();
  EXPECT_TRUE(world.is(0, "asking"));
  EXPECT_EQ(world.version(0), ErrorCode::unavailable);
  world.carry();
  EXPECT_TRUE(world.is(0, "serving"));
  EXPECT_EQ(world.version(0), std::nullopt);
}

/// Realm 0's database as it was before some guesses.
struct RolledBack : RealmLogWorld {
  RolledBack() {
    made.emplace(enrol(kLogPin));
    pass(1000);
    old = realms[0]->driver.store;
    for (int i = 0; i < 5; ++i) recover("wrong horse!");
    pass(1000);
    lost = realms[0]->driver.store;
    realms[0]->driver.store = old;
  }
  std::optional<vault::PinRegistration> made;
  testing::MemoryStore old;
  testing::MemoryStore lost;  // what is to be hidden
};

TEST(RealmLog, RefusesToServeAnOldCopyOfItsDatabaseAndSaysSoInOneSentence) {
  RolledBack world;
  world.realms[0]->restart();
  world.carry();
  EXPECT_TRUE(world.is(0, "rolled back"));
  EXPECT_EQ(world.version(0), ErrorCode::unavailable);
  const auto& events = world.realms[0]->driver.events;
  EXPECT_TRUE(std::ranges::any_of(events, [](const auto& e) { return e.level == proto::Event::Level::error; }));
  for (const char* path : {"/realm/pin/register", "/realm/pin/evaluate", "/realm/pin/release", "/realm/pin/owner",
                           "/realm/token/store", "/realm/token/request"}) {
    EXPECT_EQ(refusal_of(world.realms[0]->ask(proto::Method::post, path)), ErrorCode::unavailable) << path;
  }
  EXPECT_TRUE(world.gives_secret(kLogPin));  // the other two are enough
  // It has seen the proof: dead peers do not let it forget.
  world.realms[1]->alive = world.realms[2]->alive = false;
  world.realms[0]->restart();
  world.carry();
  EXPECT_TRUE(world.is(0, "rolled back"));
}

TEST(RealmLog, FindsItOutWhileItRuns) {
  RolledBack world;
  world.realms[1]->alive = world.realms[2]->alive = false;
  world.realms[0]->restart();
  world.carry();
  EXPECT_TRUE(world.is(0, "serving"));  // nobody could be asked
  world.realms[1]->alive = true;
  world.pass(kMinuteMs + 1);
  EXPECT_TRUE(world.is(0, "rolled back"));
}

TEST(RealmLog, FindsItOutWhenTheOldCopyHasGrownPastWhatThePeersKnow) {
  RolledBack world;
  world.realms[1]->alive = world.realms[2]->alive = false;
  world.realms[0]->restart();
  world.carry();
  for (int i = 0; i < 9; ++i) world.guess(*world.made);  // the attacker's
  EXPECT_GT(world.head(0).size, 6u);
  world.realms[1]->alive = true;
  // Nobody gives the attacker a signed head; and none that the realm may have signed for who held less is taken.
  EXPECT_EQ(world.realms[0]->ask(proto::Method::get, "/realm/head").status, 404);
  for (const LogHead& known :
       {LogHead{}, LogHead{1, *Hash::from(*world.old.get(witness::realm_table::kHeads, witness::numbered({}, 1)))}}) {
    EXPECT_EQ(world.tell(1, world.sign(0, world.head(0), known)), ErrorCode::stale);
  }
  world.pass(1001);  // it is about to tell what it has now: it asks first
  EXPECT_TRUE(world.is(0, "rolled back"));
  EXPECT_EQ(world.heard(1, 0).size, 6u);
}

TEST(RealmLog, GoesOnWhenItsOperatorSaysSo) {
  RolledBack world;
  world.realms[0]->restart();
  world.carry();
  ASSERT_TRUE(world.is(0, "rolled back"));
  world.realms[0]->config.accept_rollback = true;
  world.realms[0]->restart();
  world.carry();
  EXPECT_TRUE(world.is(0, "serving"));
  const std::uint64_t size = 6 + (std::uint64_t{1} << 32);  // behind all that a peer may have heard
  EXPECT_EQ(world.head(0).size, size);
  world.pass(2000);
  world.realms[0]->config.accept_rollback = false;
  world.realms[0]->restart();
  world.carry();
  EXPECT_TRUE(world.is(0, "serving"));
  EXPECT_EQ(world.heard(1, 0).size, size);
  EXPECT_EQ(world.heard(2, 0).head, world.head(0).head);
}

TEST(RealmLog, CountsNoPeerThatDoesNotListIt) {
  RealmLogWorld world;
  for (const std::size_t peer : {std::size_t{1}, std::size_t{2}}) {
    world.realms[peer]->config.list.peers.clear();
    world.realms[peer]->restart();
  }
  world.enrol(kLogPin);
  world.realms[0]->driver.events.clear();
  world.pass(1001);
  world.pass(2 * kMinuteMs);
  EXPECT_NE(world.health(0).find("\"peers_heard\": 0"), std::string::npos);
  const auto& events = world.realms[0]->driver.events;
  EXPECT_EQ(std::ranges::count_if(events, [](const auto& e) { return e.what.starts_with("serves though no"); }), 1);
}

// Peers that missed some of the lost branch must not stop the realm one after the other, for ever.
TEST(RealmLog, IsNotStoppedAgainByWhatItHasAccepted) {
  RolledBack world;
  std::vector<proto::RealmHead> lost;
  world.realms[0]->driver.store = world.lost;
  for (int i = 0; i < 3; ++i) {  // 7, 8, 9
    world.guess(*world.made);
    lost.push_back(world.sign(0, world.head(0)));
  }
  world.realms[0]->driver.store = world.old;
  world.realms[0]->config.accept_rollback = true;
  world.realms[0]->restart();
  world.carry();  // from 6
  ASSERT_TRUE(world.is(0, "serving"));
  for (int i = 0; i < 9; ++i) world.guess(*world.made);
  world.realms[0]->config.accept_rollback = false;
  for (const proto::RealmHead& head : lost) {
    world.realms[0]->restart();
    for (const proto::Call& call : world.realms[0]->driver.calls()) {
      world.realms[0]->driver.reply(call.id, 200, wire::encode(head));
    }
    EXPECT_TRUE(world.is(0, "serving")) << head.size;
  }
  // What is lost after that is found out as ever.
  const auto now = world.sign(0, {world.head(0).size + 1, {}});
  world.realms[0]->restart();
  for (const proto::Call& call : world.realms[0]->driver.calls()) {
    world.realms[0]->driver.reply(call.id, 200, wire::encode(now));
  }
  EXPECT_TRUE(world.is(0, "rolled back"));
}

TEST(RealmLog, StaysRolledBackOnAFullDiskAndKeepsTheProofWhenThereIsRoom) {
  RolledBack world;
  auto& realm = *world.realms[0];
  realm.driver.disk_full = true;
  realm.restart();
  world.carry();
  EXPECT_TRUE(world.is(0, "rolled back"));
  EXPECT_FALSE(realm.driver.store.get(witness::realm_table::kRollback, {}));
  world.pass(2 * kMinuteMs);
  EXPECT_TRUE(world.is(0, "rolled back"));
  realm.driver.disk_full = false;
  world.pass(2 * kMinuteMs);
  EXPECT_TRUE(realm.driver.store.get(witness::realm_table::kRollback, {}));
  // Nor is a peer's head taken on a full disk.
  world.realms[1]->driver.disk_full = true;
  EXPECT_EQ(world.tell(1, world.sign(0, {99, {}}, {6, world.heard(1, 0).head})), ErrorCode::storage_full);
}

TEST(RealmLog, HearsPeersThatAreStartedAfterItWithinSeconds) {
  RealmLogWorld world;
  for (const std::size_t peer : {std::size_t{1}, std::size_t{2}}) world.realms[peer]->alive = false;
  world.realms[0]->restart();
  world.carry();
  EXPECT_NE(world.health(0).find("\"peers_heard\": 0"), std::string::npos) << world.health(0);
  for (const std::size_t peer : {std::size_t{1}, std::size_t{2}}) world.realms[peer]->alive = true;
  world.pass(10 * kSecondMs + 1);
  EXPECT_NE(world.health(0).find("\"peers_heard\": 2"), std::string::npos) << world.health(0);
  world.realms[0]->driver.calls();
  world.realms[0]->driver.pass(10 * kSecondMs);
  EXPECT_LE(world.realms[0]->driver.calls().size(), 2u);
  world.realms[0]->driver.pass(30 * kSecondMs);
  EXPECT_TRUE(world.realms[0]->driver.calls().empty()) << "all are heard: asked once a minute";
}

TEST(RealmLog, SaysSoWhenItServesAndNobodyIsHeard) {
  RealmLogWorld world;
  const auto warnings = [&] {
    return std::ranges::count_if(world.realms[0]->driver.events,
                                 [](const auto& event) { return event.what.starts_with("serves though no peer"); });
  };
  const auto heard = [&](int peers) {
    return world.health(0).find("\"peers_heard\": " + std::to_string(peers)) != std::string::npos;
  };
  EXPECT_EQ(warnings(), 1);  // before it had peers at all
  world.realms[0]->driver.events.clear();
  EXPECT_TRUE(heard(2));
  const std::string last = "\"last_heard_ms\": " + std::to_string(world.realms[0]->driver.now.ms);
  EXPECT_NE(world.health(0).find(last), std::string::npos);
  world.realms[1]->alive = false;
  world.pass(2 * kMinuteMs);
  EXPECT_EQ(warnings(), 0);
  EXPECT_TRUE(heard(1));
  world.realms[2]->alive = false;
  for (int i = 0; i < 10; ++i) world.pass(kMinuteMs + 1);
  EXPECT_EQ(warnings(), 1);  // not every minute
  EXPECT_TRUE(heard(0));
  for (int i = 0; i < 60; ++i) world.pass(kMinuteMs + 1);
  EXPECT_EQ(warnings(), 2);
  world.realms[0]->restart();
  for (const proto::Call& call : world.realms[0]->driver.calls()) {
    world.realms[0]->driver.reply(call.id, 200, as_bytes("a captive portal"));
  }
  EXPECT_TRUE(world.is(0, "serving"));
  EXPECT_EQ(warnings(), 3);
}

TEST(RealmLog, ErasesNothingAndDoesNotSpinWhileRolledBack) {
  RolledBack world;
  auto& realm = *world.realms[0];
  const TokenRecordId record;
  realm.driver.store.apply({Write{witness::realm_table::kDue, witness::due_key(1, record), Bytes{}}});
  realm.restart();
  world.carry();
  ASSERT_TRUE(world.is(0, "rolled back"));
  EXPECT_GT(realm.mind->next_deadline(), realm.driver.now);
  EXPECT_EQ(world.heard(1, 0).size, 6u);  // what it has now is told to nobody
  realm.driver.pass(kMinuteMs);
  EXPECT_TRUE(realm.driver.store.get(witness::realm_table::kDue, witness::due_key(1, record)));
}

/// A share at realm 0, with a deletion that waits.
struct WaitingDeletion : RealmLogWorld {
  WaitingDeletion() : root(random_secret<vault::BackupRoot>(entropy)), release(vault::token_release_key(root)) {
    const auto shared = vault::share_token(set, root, entropy);
    CHECK(client::realm_done(
              realms[0]->call(client::token_store_call(realms[0]->url, record(), release.public_key(), {},
                                                       shared->shares[0], token(0, proto::TokenPurpose::store_token))))
              .has_value());
    CHECK(ask(TokenAction::erase, 0).has_value());
  }
  /// Realm 0's hours alone, in which its peers are not reached.
  void pass_alone(int hours) {
    for (int i = 0; i < hours; ++i) {
      realms[0]->driver.pass(kHourMs);
      realms[0]->driver.sends.clear();
    }
  }
  TokenRecordId record() const { return vault::token_record_id(root, set.realms[0]); }
  Result<TokenState> ask(TokenAction action, std::uint64_t change) {
    vault::TokenAsk one{0, record(), action, TokenKeyKind::release, change, {}};
    one.signature = crypto::sign_labelled(release, crypto::kSignTokenRequest,
                                          token_request_content(set.realms[0], one.record, action, one.by, change));
    return client::token_reply(realms[0]->call(client::token_call(realms[0]->url, one)));
  }
  vault::BackupRoot root;
  crypto::SigningKey release;
};

TEST(RealmLog, ErasesNothingBeforeThePeersSaidThatTheDatabaseIsNoOldOne) {
  WaitingDeletion world;
  auto& realm = *world.realms[0];
  world.pass(1001);
  const auto old = realm.driver.store;
  ASSERT_TRUE(world.ask(TokenAction::cancel, 1));
  world.pass(1001);
  world.pass_alone(73);
  ASSERT_EQ(realm.shares_kept(), 1u);
  realm.driver.store = old;  // in which the deletion was not cancelled, and is overdue
  realm.restart();
  realm.driver.pass(kMinuteMs);
  EXPECT_TRUE(world.is(0, "asking"));
  EXPECT_EQ(realm.shares_kept(), 1u);
  world.carry();
  EXPECT_TRUE(world.is(0, "rolled back"));  // what happens to a share is in the log, too
  // The operator goes on: the owner has the whole delay once more.
  realm.config.accept_rollback = true;
  realm.restart();
  world.carry();
  ASSERT_TRUE(world.is(0, "serving"));
  world.pass_alone(71);
  EXPECT_EQ(realm.shares_kept(), 1u);
  const auto state = world.ask(TokenAction::status, 0);
  ASSERT_TRUE(state);
  EXPECT_GT(state->erase_at_ms, realm.driver.now.ms);
  world.pass_alone(2);
  EXPECT_EQ(realm.shares_kept(), 0u);
}

TEST(RealmLog, KeepsTheNewestHeadsAlone) {
  RealmVillage village(1, 1);
  const auto made = village.make(kLogPin);
  auto& realm = *village.realms[0];
  const auto head_at = [&](std::uint64_t size) {
    return realm.driver.store.get(witness::realm_table::kHeads, witness::numbered({}, size)).has_value();
  };
  for (const std::uint64_t size : {std::uint64_t{1}, witness::kKeptHeads}) {
    realm.driver.store.apply({Write{witness::realm_table::kHeads, witness::numbered({}, size), Bytes(32, 7)}});
  }
  realm.restart();
  ASSERT_TRUE(village.enrol(0, made));
  EXPECT_TRUE(head_at(witness::kKeptHeads + 1));
  EXPECT_TRUE(head_at(witness::kKeptHeads));
  EXPECT_FALSE(head_at(1));
}

TEST(RealmLog, BelievesNobodyWhoCannotProveIt) {
  RealmLogWorld world;
  world.enrol(kLogPin);
  world.pass(1000);
  testing::SeededEntropy entropy(3);
  const auto liar = crypto::SigningKey::generate(entropy);
  proto::RealmHead forged{world.set.realms[0], 1000, {}, 1, world.head(0).head, {}};
  forged.signature = crypto::sign_labelled(liar, crypto::kSignRealmHead, forged.content());
  world.realms[0]->restart();
  for (const proto::Call& call : world.realms[0]->driver.calls()) {
    world.realms[0]->driver.reply(call.id, 200, wire::encode(forged));
  }
  EXPECT_TRUE(world.is(0, "serving"));
  // Nor does a peer keep what a realm has not signed, or one that it does not know.
  EXPECT_EQ(world.tell(1, forged), ErrorCode::invalid_signature);
  proto::RealmHead stranger{liar.public_key(), 5, {}, 0, {}, {}};
  stranger.signature = crypto::sign_labelled(liar, crypto::kSignRealmHead, stranger.content());
  EXPECT_EQ(world.tell(1, stranger), ErrorCode::not_found);
  EXPECT_EQ(world.heard(1, 0).size, 1u);
}

TEST(RealmLog, GivesUpAPeersHeadOnlyForOneThatNamesIt) {
  RealmLogWorld world;
  world.enrol(kLogPin);
  world.pass(1000);
  const auto small = world.head(0);
  world.recover("wrong horse!");
  const auto large = world.head(0);
  ASSERT_EQ(world.heard(1, 0).size, small.size);
  EXPECT_EQ(world.tell(1, world.sign(0, large)), ErrorCode::stale);
  EXPECT_EQ(world.tell(1, world.sign(0, large, {small.size, large.head})), ErrorCode::stale);
  EXPECT_EQ(world.heard(1, 0).size, small.size);
  EXPECT_EQ(world.tell(1, world.sign(0, large, small)), std::nullopt);
  EXPECT_EQ(world.tell(1, world.sign(0, large, small)), std::nullopt);  // a repeat
  EXPECT_EQ(world.heard(1, 0).size, large.size);
  EXPECT_EQ(world.tell(1, world.sign(0, small)), ErrorCode::stale);
  EXPECT_EQ(world.heard(1, 0).size, large.size);
}

}  // namespace
}  // namespace cairn
