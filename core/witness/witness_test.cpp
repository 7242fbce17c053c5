#include "core/witness/witness.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/tlog/cosignature.h"
#include "core/witness/tables.h"
#include "tests/support/initialised.h"
#include "tests/support/naive_log.h"
#include "tests/support/test_directory.h"
#include "tests/support/vectors.h"

namespace cairn::witness {
namespace {

using proto::Method;
using testing::TestDirectory;

constexpr Time kStart{1'700'000'000'000};

tlog::KeyName our_name() { return *tlog::KeyName::from("witness.example/w1"); }

WitnessConfig config_of(std::vector<ListedLog> logs) {
  WitnessConfig config{Role::witness, our_name(), {}};
  config.list.logs = std::move(logs);
  return config;
}

/// A witness of one log, and the log.
struct World {
  World() : witness(config_of({{log.key(), "http://log.example/log", 0}})), driver(witness, kStart) {
    testing::init_and_start(driver);
    for (int i = 0; i < 40; ++i) log.publish(driver.now, log.random_key());
  }

  proto::Respond post(const std::string& body) {
    return *driver.answer(driver.request(Method::post, "/add-checkpoint", as_bytes(body)));
  }
  proto::Respond get(const std::string& target) { return *driver.answer(driver.request(Method::get, target)); }
  tlog::VerifierKey key() {
    std::string text = as_text(get("/vkey").body);
    text.pop_back();
    return *tlog::VerifierKey::parse(text);
  }
  std::string path(const char* file) const { return "/" + to_hex(log_id(log.config().origin)) + "/" + file; }

  TestDirectory log{"a.example"};
  Witness witness;
  testing::MindDriver driver;
};

TEST(Witness, CosignsALogThatGrows) {
  World world;
  std::uint64_t old_size = 0;
  for (const std::uint64_t size : {1u, 2u, 7u, 7u, 32u, 40u}) {
    const auto answer = world.post(world.log.request(old_size, size));
    ASSERT_EQ(answer.status, 200) << as_text(answer.body);
    EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8");
    const auto lines = tlog::parse_signature_lines(as_text(answer.body));
    ASSERT_EQ(lines->size(), 1u);
    const auto verified = tlog::verify_cosignature((*lines)[0], world.key(), world.log.checkpoint(size).note().text);
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->time_s, world.driver.now.ms / 1000);
    old_size = size;
    world.driver.pass(1500);
  }
}

TEST(Witness, TellsTheNewestCheckpointWithTheLogsLineAndItsOwn) {
  World world;
  EXPECT_EQ(world.get(world.path("checkpoint")).status, 404);
  auto sent = world.log.checkpoint(5);
  ASSERT_TRUE(sent.add({*tlog::KeyName::from("stranger"), 7, Bytes(72)}));
  ASSERT_EQ(world.post(tlog::AddCheckpoint{0, {}, sent}.encode()).status, 200);
  const auto answer = world.get(world.path("checkpoint"));
  ASSERT_EQ(answer.status, 200);
  const auto note = tlog::SignedCheckpoint::parse(as_text(answer.body), tlog::ExtensionLines::refuse);
  ASSERT_TRUE(note);
  ASSERT_EQ(note->note().signatures.size(), 2u);
  EXPECT_TRUE(tlog::VerifiedCheckpoint::verify(*note, world.log.key()));
  EXPECT_EQ(tlog::verify_cosignatures(note->note(), {{world.key()}})->size(), 1u);
}

TEST(Witness, GoesOnAfterARestart) {
  World world;
  const auto key = world.key();
  ASSERT_EQ(world.post(world.log.request(0, 5)).status, 200);
  Witness again(config_of({{world.log.key(), "http://log.example/log", 0}}));
  world.driver.rebuild(again);
  EXPECT_EQ(world.key(), key);
  EXPECT_EQ(world.post(world.log.request(0, 9)).status, 409);
  EXPECT_EQ(world.post(world.log.request(5, 9)).status, 200);
}

TEST(Witness, WritesBeforeItAnswers) {
  World world;
  Witness& mind = world.witness;
  testing::SeededEntropy entropy(5);
  proto::RequestArrived request;
  request.method = Method::post;
  request.target = "/add-checkpoint";
  request.body = to_bytes(world.log.request(0, 3));
  const auto effects = mind.handle(request, world.driver.store, world.driver.now, entropy);
  ASSERT_EQ(effects.sends.size(), 1u);
  EXPECT_TRUE(
      std::ranges::any_of(effects.writes, [](const Write& w) { return w.table == table::kCosigned && w.value; }));
}

/// A refusal of this status, after which every row is what it was.
void expect_refusal(World& world, int status, const std::string& body) {
  const auto before = world.driver.store;
  const auto answer = world.post(body);
  EXPECT_EQ(answer.status, status) << as_text(answer.body);
  EXPECT_TRUE(as_text(answer.body).ends_with("\n"));
  EXPECT_EQ(world.driver.store, before);
}

TEST(Witness, RefusesWithTheCodesOfTlogWitnessAndKeepsItsState) {
  World world;
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  expect_refusal(world, 400, "");
  expect_refusal(world, 400, "old 10\n");
  expect_refusal(world, 400, world.log.request(10, 20) + "x");
  expect_refusal(world, 400, tlog::AddCheckpoint{10, {}, world.log.checkpoint(9)}.encode());
  const TestDirectory other("b.example");
  expect_refusal(world, 404, tlog::AddCheckpoint{0, {}, other.sign({0, tlog::empty_root()})}.encode());
  const TestDirectory impostor("a.example", 2);
  expect_refusal(world, 403, tlog::AddCheckpoint{10, {}, impostor.sign(world.log.head(10))}.encode());
  std::string forged = world.log.request(10, 20);
  forged.replace(forged.find("\n20\n"), 4, "\n21\n");
  expect_refusal(world, 403, forged);
  expect_refusal(world, 409, world.log.request(0, 20));
  expect_refusal(world, 409, world.log.request(9, 20));
  expect_refusal(world, 409, world.log.request(11, 20));
  expect_refusal(world, 422, tlog::AddCheckpoint{10, {}, world.log.checkpoint(20)}.encode());
  expect_refusal(world, 422, tlog::AddCheckpoint{10, {}, world.log.sign({20, Hash{}})}.encode());
  tlog::ConsistencyProof extra{{Hash{}}};
  expect_refusal(world, 422, tlog::AddCheckpoint{10, extra, world.log.checkpoint(10)}.encode());
  EXPECT_EQ(world.post(world.log.request(10, 20)).status, 200);
}

TEST(Witness, RefusesAProofFromNothingAndAnEmptyTreeWithAnotherRoot) {
  World world;
  const tlog::ConsistencyProof extra{{Hash{}}};
  expect_refusal(world, 422, tlog::AddCheckpoint{0, extra, world.log.checkpoint(5)}.encode());
  expect_refusal(world, 422, tlog::AddCheckpoint{0, {}, world.log.sign({0, Hash{}})}.encode());
  EXPECT_EQ(world.post(tlog::AddCheckpoint{0, {}, world.log.checkpoint(0)}.encode()).status, 200);
}

TEST(Witness, SaysWhichSizeItHasSeen) {
  World world;
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  const auto answer = world.post(world.log.request(0, 20));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  EXPECT_EQ(as_text(answer.body), "10\n");
}

TEST(Witness, KeepsTwoNotesThatContradictEachOtherAndStops) {
  World world;
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  EXPECT_EQ(world.get(world.path("evidence")).status, 404);
  const auto fork = world.log.sign({10, tlog::leaf_hash({})});
  EXPECT_EQ(world.post(tlog::AddCheckpoint{10, {}, fork}.encode()).status, 422);
  EXPECT_EQ(world.post(world.log.request(10, 20)).status, 422);
  const auto answer = world.get(world.path("evidence"));
  ASSERT_EQ(answer.status, 200);
  const auto evidence = wire::decode<Evidence>(answer.body);
  ASSERT_TRUE(evidence);
  std::vector<tlog::TreeHead> heads;
  for (const std::string& text : {evidence->first, evidence->second}) {
    const auto note = tlog::SignedCheckpoint::parse(text, tlog::ExtensionLines::refuse);
    heads.push_back(tlog::VerifiedCheckpoint::verify(*note, world.log.key())->tree());
  }
  EXPECT_EQ(heads[0].size, heads[1].size);
  EXPECT_NE(heads[0].root, heads[1].root);
  Witness again(config_of({{world.log.key(), "http://log.example/log", 0}}));
  world.driver.rebuild(again);
  EXPECT_EQ(world.post(world.log.request(10, 20)).status, 422);
}

TEST(Witness, SeesAForkOfASizeThatItCosignedBefore) {
  World world;
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  ASSERT_EQ(world.post(world.log.request(10, 20)).status, 200);
  const auto fork = world.log.sign({10, tlog::leaf_hash({})});
  EXPECT_EQ(world.post(tlog::AddCheckpoint{0, {}, fork}.encode()).status, 422);
  EXPECT_EQ(world.get(world.path("evidence")).status, 200);
}

TEST(Witness, ForgetsSizesThatAreLongPast) {
  const testing::NaiveLog log(kKeptRoots + 10);
  testing::SeededEntropy entropy(3);
  const auto signing = crypto::SigningKey::generate(entropy);
  const tlog::VerifierKey key(*tlog::KeyName::from("o"), tlog::SignatureType::ed25519, signing.public_key());
  Witness witness(config_of({{key, "http://log", 0}}));
  testing::MindDriver driver(witness, kStart);
  testing::init_and_start(driver);
  std::uint64_t old_size = 0;
  for (const std::uint64_t size : {std::uint64_t{5}, std::uint64_t{20}, kKeptRoots + 10}) {
    const auto note = tlog::SignedCheckpoint::sign({"o", log.head(size), {}}, signing);
    const tlog::AddCheckpoint request{old_size, *tlog::prove_consistency(log, old_size, size), note};
    const auto id = driver.request(Method::post, "/add-checkpoint", as_bytes(request.encode()));
    ASSERT_EQ(driver.answer(id)->status, 200);
    old_size = size;
  }
  EXPECT_FALSE(driver.store.get(table::kRoots, root_key(log_id("o"), 5)));
  EXPECT_TRUE(driver.store.get(table::kRoots, root_key(log_id("o"), 20)));
}

TEST(Witness, AnswersNothingElse) {
  World world;
  for (const char* target : {"/", "/add-checkpoint", "/veto", "/vkey/", "/0123/checkpoint", "//checkpoint"}) {
    EXPECT_EQ(world.get(target).status, 404) << target;
  }
  std::string upper = world.path("checkpoint");
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  EXPECT_EQ(world.get(upper).status, 200);
  for (char& c : upper) c = c >= 'a' && c <= 'f' && &c - upper.data() < 65 ? static_cast<char>(c - 32) : c;
  EXPECT_EQ(world.get(upper).status, 404);
  EXPECT_EQ(world.driver.answer(world.driver.request(Method::post, "/veto"))->status, 404);
  EXPECT_EQ(world.driver.answer(world.driver.request(Method::put, "/add-checkpoint"))->status, 404);
}

TEST(Witness, KeepsTheFirstKeyOfALog) {
  World world;
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  TestDirectory impostor("a.example", 2);
  impostor.publish(kStart, impostor.random_key());
  Witness again(config_of({{impostor.key(), "http://log.example/log", 0}}));
  world.driver.rebuild(again);
  EXPECT_EQ(world.driver.events.back().level, proto::Event::Level::error);
  EXPECT_EQ(world.post(impostor.request(0, 1)).status, 403);
  EXPECT_EQ(world.post(world.log.request(10, 20)).status, 200);
}

TEST(Witness, NoLongerCosignsALogThatWasTakenOffTheList) {
  World world;
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  Witness again(config_of({}));
  world.driver.rebuild(again);
  EXPECT_EQ(world.post(world.log.request(10, 20)).status, 404);
  Witness listed(config_of({{world.log.key(), "http://log.example/log", 0}}));
  world.driver.rebuild(listed);
  EXPECT_EQ(world.post(world.log.request(0, 20)).status, 409);
}

TEST(Witness, LearnsADomainsKeyFromTheDomain) {
  TestDirectory log("a.example");
  log.publish(kStart, log.random_key());
  WitnessConfig config = config_of({});
  config.list.domains.push_back({"a.example", 0});
  Witness witness(config);
  testing::MindDriver driver(witness, kStart);
  testing::init_and_start(driver);
  auto calls = driver.calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].url, "https://a.example/.well-known/cairn");
  driver.reply(calls[0].id, 200, as_bytes("{}"));
  EXPECT_TRUE(driver.calls().empty());
  driver.pass(1500);
  calls = driver.calls();
  ASSERT_EQ(calls.size(), 1u);
  const std::string json =
      R"({"log": {"origin": "a.example/cairn", "vkey": ")" + log.key().to_text() + R"(", "path": "/log"}})";
  driver.reply(calls[0].id, 200, as_bytes(json));
  const auto answer = driver.answer(driver.request(Method::post, "/add-checkpoint", as_bytes(log.request(0, 1))));
  EXPECT_EQ(answer->status, 200);
  Witness again(config);
  driver.rebuild(again);
  EXPECT_TRUE(driver.calls().empty());  // the first key stays: nobody is asked again
}

TEST(Witness, ComparesWithWhatItsPeersSaw) {
  World world;
  WitnessConfig config = config_of({{world.log.key(), "http://log.example/log", 0}});
  config.list.peers = {"http://peer.example"};
  Witness witness(config);
  world.driver.rebuild(witness);
  ASSERT_EQ(world.post(world.log.request(0, 10)).status, 200);
  const auto ask = [&] {
    world.driver.calls();
    world.driver.pass(60'000);
    const auto calls = world.driver.calls();
    EXPECT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].url, "http://peer.example" + world.path("checkpoint"));
    return calls[0].id;
  };
  world.driver.reply(ask(), 404);
  world.driver.reply(ask(), 200, as_bytes("junk"));
  world.driver.reply(ask(), 200, as_bytes(world.log.checkpoint(10).encode()));
  world.driver.reply(ask(), 200, as_bytes(world.log.checkpoint(12).encode()));
  world.driver.reply(ask(), 200, as_bytes(TestDirectory("a.example", 2).sign({10, Hash{}}).encode()));
  world.driver.no_reply(ask());
  EXPECT_EQ(world.get(world.path("evidence")).status, 404);
  world.driver.reply(ask(), 200, as_bytes(world.log.sign({10, Hash{}}).encode()));
  EXPECT_EQ(world.get(world.path("evidence")).status, 200);
  EXPECT_EQ(world.post(world.log.request(10, 20)).status, 422);
}

TEST(Witness, SaysSoWhenItsStoreCannotBeRead) {
  World world;
  world.driver.store.apply({{table::kLogs, to_bytes(log_id("a.example/cairn")), Bytes{1}}});
  world.driver.rebuild();
  EXPECT_EQ(world.driver.events.back().level, proto::Event::Level::error);
  EXPECT_EQ(world.get("/vkey").status, 500);
  EXPECT_EQ(world.post(world.log.request(0, 10)).status, 500);
}

TEST(Witness, MakesNoKeyByItself) {
  World world;
  const auto key = world.key();
  const Bytes row = *world.driver.store.get(table::kKey, {});
  world.driver.store.apply({{table::kKey, {}, std::nullopt}});
  const auto without = world.driver.store;
  for (int start = 0; start < 2; ++start) {
    world.driver.rebuild();
    EXPECT_EQ(world.driver.events.back().level, proto::Event::Level::error);
    EXPECT_NE(std::string_view(world.driver.events.back().what).find("cairn-witness init"), std::string_view::npos);
    EXPECT_EQ(world.get("/vkey").status, 500);
    EXPECT_EQ(world.post(world.log.request(0, 10)).status, 500);
    EXPECT_EQ(world.driver.store, without);
  }
  world.driver.store.apply({{table::kKey, {}, row}});
  world.driver.rebuild();
  EXPECT_EQ(world.key(), key);
  // And what is there is made no second time.
  testing::SeededEntropy entropy(1);
  EXPECT_TRUE(make_key(world.driver.store, entropy).empty());
}

/// The recorded exchange with another witness: the same answers, but for our own evidence, which makes us stop.
TEST(Witness, AnswersTheRecordedExchangeLikeAnotherWitness) {
  CAIRN_VECTORS_OR_SKIP(vectors, "c2sp/litewitness-0.9.0-add-checkpoint.json");
  testing::NaiveLog log(1501);
  log.entries[1000] = to_bytes("y");
  log.entries[1500] = to_bytes("z");
  const auto signing =
      crypto::SigningKey::from_seed(*crypto::Ed25519Seed::from(testing::hex_bytes(vectors["log_ed25519_seed_hex"])));
  const auto request = [&](std::uint64_t old_size, std::uint64_t size) {
    const tlog::Checkpoint claim{vectors["log_origin"], log.head(size), {}};
    return tlog::AddCheckpoint{old_size, *tlog::prove_consistency(log, old_size, size),
                               tlog::SignedCheckpoint::sign(claim, signing)}
        .encode();
  };
  Witness witness(config_of({{*tlog::VerifierKey::parse(vectors["log_vkey"].get<std::string>()), "http://log", 0}}));
  testing::MindDriver driver(witness, kStart);
  const auto post = [&](const std::string& body) {
    return *driver.answer(driver.request(Method::post, "/add-checkpoint", as_bytes(body)));
  };
  for (const auto& one : vectors["cases"]) {
    const auto name = one["name"].get<std::string>();
    if (name == "grow 1001->1002" || name == "extension line accepted by this witness") {
      driver.store = {};
      testing::init_and_start(driver);
      ASSERT_EQ(post(request(0, name == "grow 1001->1002" ? 1001 : 1500)).status, 200);
    }
    const auto answer = post(one["request"]);
    EXPECT_EQ(answer.status, one["status"]) << name;
    EXPECT_EQ(answer.content_type, one["content_type"]) << name;
    if (answer.status == 409) {
      EXPECT_EQ(as_text(answer.body), one["response"].get<std::string>());
    }
  }
}

}  // namespace
}  // namespace cairn::witness
