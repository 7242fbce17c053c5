// A new device comes to have what was said before it was there (docs/spec/client.md s.16).
#include "core/client/own_fixture.h"

#include "core/base/encoding.h"

namespace cairn::client {
namespace {

class History : public OwnDevicesTest {};

TEST_F(History, ComesToANewDeviceInItsOrderWithAllThatWasSaidAboutIt) {
  meet();
  Texts all = {"hello bob", "hello alice"};
  for (int i = 0; i < 20; ++i) {
    all.push_back("number " + std::to_string(i));
    say(i % 3 == 0 ? "bob-1" : "alice-1", i % 3 == 0 ? kAlice : kBob, all.back());
  }
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob) == all; }));
  const json edited = messages("alice-1", kBob)[3], liked = messages("alice-1", kBob)[2];
  good(village.ask("alice-1", "message.edit", {{"message", edited["id"].get<std::string>()}, {"text", "better"}}));
  good(village.ask("alice-1", "message.react", {{"message", liked["id"].get<std::string>()}, {"text", "+1"}}));
  const json gone = messages("alice-1", kBob)[6];
  good(village.ask("alice-1", "message.unsend", {{"message", gone["id"].get<std::string>()}}));
  good(
      village.ask("alice-1", "send", {{"to", kBob}, {"text", "an answer"}, {"reply", liked["id"].get<std::string>()}}));
  village.pass_all(10 * kSecondMs);  // until bob's device has said what came
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));

  const auto there = messages("alice-1", kBob), here = messages("alice-2", kBob);
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < there.size(); ++i) {
    for (const char* key : {"id", "text", "sender", "device", "time_ms", "edited_ms", "reactions", "unsent", "reply_to",
                            "status", "delivered_to"}) {
      EXPECT_EQ(here[i].value(key, json()), there[i].value(key, json())) << i << " " << key;
    }
  }
  EXPECT_EQ(here[3]["text"], "better");
  const auto versions = good(village.ask("alice-2", "message.history", {{"message", edited["id"].get<std::string>()}}));
  EXPECT_EQ(versions["versions"].size(), 2u);
  const json told = history("alice-2");
  EXPECT_EQ(told["taken"], there.size());
  EXPECT_EQ(told["messages"], there.size());
  EXPECT_EQ(told["from"], id_of("alice-1"));
  // Nothing is left of how it came.
  for (const Table table : {tables::kHistoryGiven, tables::kHistoryPlaces, tables::kHistoryPieces})
    EXPECT_EQ(rows("alice-1", table), 0u);
  for (const Table table : {tables::kHistoryOffers, tables::kHistoryWaiting}) EXPECT_EQ(rows("alice-2", table), 0u);
  EXPECT_TRUE(village.until([&] { return blobs.blobs.empty(); }));
  // It goes on, on both, and words are found.
  say("bob-1", kAlice, "and now?");
  EXPECT_TRUE(village.until([&] { return texts("alice-2", kBob).back() == "and now?"; }));
  EXPECT_EQ(good(village.ask("alice-2", "search", {{"words", "number 13"}}))["messages"].size(), 1u);
  EXPECT_EQ(conversation("alice-2", kBob)["messages"], there.size() + 2);  // and the notice that it is in it
}

TEST_F(History, ComesInManyPiecesTheNewestFirst) {
  meet();
  const std::string filler(12'000, 'x');
  for (int i = 0; i < 150; ++i) say("alice-1", kBob, std::to_string(i) + filler);
  link("alice-2");
  ASSERT_TRUE(village.until([&] { return history("alice-2").value("taken", 0) > 0; }, 10 * kMinuteMs));
  const auto first = messages("alice-2", kBob);
  EXPECT_LT(first.size(), 152u);
  EXPECT_TRUE(first.back()["text"].get<std::string>().starts_with("149"));
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  std::size_t count = 0;
  for (std::uint64_t next = 0;;) {
    const json some = good(village.ask("alice-2", "read", {{"conversation", kBob}, {"first", next}}));
    for (const json& one : some["messages"]) count += one["delivery"] == "notice" ? 0 : 1;
    if (!some.contains("next")) break;
    next = some["next"];
  }
  EXPECT_EQ(count, 152u);
  EXPECT_GE(blobs.parts_taken, 3u);
}

TEST_F(History, GoesOnWhereverEitherSideCrashes) {
  meet();
  Texts all = {"hello bob", "hello alice"};
  for (int i = 0; i < 6; ++i) {
    all.push_back(std::to_string(i));
    say("alice-1", kBob, all.back());
  }
  link("alice-2");
  for (const std::string unlucky : {"alice-1", "alice-2"}) {
    for (std::uint64_t sends = 1; sends < 40; sends += 3) {
      const std::string device = "alice-" + unlucky.substr(6) + "-" + std::to_string(sends);
      link(device);
      village.device(unlucky == "alice-1" ? unlucky : device).crash_after(sends);
      ASSERT_TRUE(comes_to_an_end(device)) << unlucky << " " << sends;
      village.device("alice-1").crash_after(std::nullopt);
      village.device(device).crash_after(std::nullopt);
      EXPECT_EQ(texts(device, kBob), all) << unlucky << " " << sends;
      ASSERT_TRUE(remove(device, "alice-1"));
    }
  }
}

TEST_F(History, IsShownOnceHoweverItCame) {
  meet();
  link("alice-2");
  // While the history is under way others go on.
  for (int i = 0; i < 10; ++i) {
    say("bob-1", kAlice, "meanwhile " + std::to_string(i));
    village.pass_all(100);
  }
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  village.pass_all(5 * kSecondMs);
  Texts here = texts("alice-2", kBob), there = texts("alice-1", kBob);
  EXPECT_EQ(here.size(), 12u);
  std::sort(here.begin(), here.end());
  std::sort(there.begin(), there.end());
  EXPECT_EQ(here, there);
}

TEST_F(History, OfADeviceThatMayLackMessagesSaysSo) {
  meet();
  const testing::TestStore copy = village.device("alice-1").store();
  const std::string edited = messages("alice-1", kBob)[0]["id"];
  good(village.ask("alice-1", "message.edit", {{"message", edited}, {"text", "changed by a later state"}}));
  say("bob-1", kAlice, "heard by a later state");
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 3; }));
  village.settle();
  village.device("alice-1").store() = copy;
  village.device("alice-1").restart();
  const auto gaps = [&](const std::string& device) {
    std::vector<std::uint64_t> out;
    const json read = good(village.ask(device, "read", {{"conversation", kBob}}));
    for (const json& one : read["messages"]) {
      if (one["text"].get<std::string>().starts_with(kGapWords)) out.push_back(one["index"]);
    }
    return out;
  };
  say("bob-1", kAlice, "and then?");
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 3; }, kHourMs));
  ASSERT_EQ(gaps("alice-1").size(), 1u) << good(village.ask("alice-1", "read", {{"conversation", kBob}}));
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_EQ(texts("alice-2", kBob), (Texts{"hello bob", "hello alice", "and then?"}));
  EXPECT_EQ(gaps("alice-2"), gaps("alice-1")) << "in the same place";
  // And to whom that one gives it.
  link("alice-3", "alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  EXPECT_EQ(gaps("alice-3"), gaps("alice-1"));
}

TEST_F(History, OfAGroupAndOfWhatIsOverComesToo) {
  meet();
  good(village.register_person("carol-1", kCarol));
  const std::string group =
      good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kBob, kCarol}}}))["conversation"];
  say("alice-1", group, "who walks?");
  ASSERT_TRUE(village.until([&] { return texts("carol-1", "walkers").size() == 1; }));
  const std::string other =
      good(village.ask("carol-1", "group.create", {{"title", "sailors"}, {"names", {kAlice}}}))["conversation"];
  say("carol-1", other, "who sails?");
  ASSERT_TRUE(village.until([&] { return texts("alice-1", "sailors").size() == 1; }));
  good(village.ask("carol-1", "group.remove", {{"conversation", other}, {"name", kAlice}}));
  ASSERT_TRUE(village.until([&] { return !conversation("alice-1", "sailors").value("trouble", "").empty(); }));
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_EQ(texts("alice-2", "walkers"), Texts{"who walks?"});
  EXPECT_EQ(texts("alice-2", "sailors (restored)"), Texts{"who sails?"});
  bad(village.ask("alice-2", "send", {{"to", "sailors (restored)"}, {"text", "x"}}));
}

TEST_F(History, LeavesOutWhatWasToDisappear) {
  meet();
  good(village.ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 3600}}));
  say("alice-1", kBob, "gone in an hour");
  good(village.ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 200'000}}));
  const json stays = say("alice-1", kBob, "gone in days");
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_EQ(texts("alice-2", kBob), (Texts{"hello bob", "hello alice", "gone in days"}));
  EXPECT_TRUE(messages("alice-2", kBob).back().contains("expires_ms"));
  village.pass_all(3 * kDayMs);
  EXPECT_EQ(texts("alice-2", kBob), (Texts{"hello bob", "hello alice"}));
}

TEST_F(History, BringsTheReferenceOfAFileWithWhichItIsSaved) {
  meet();
  machine.put("/home/alice/photo.png", Bytes(5000, 7));
  good(village.ask("alice-1", "attachment.send", {{"to", kBob}, {"file", "/home/alice/photo.png"}, {"text", "look"}}));
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 3; }));
  village.pass_all(10 * kSecondMs);
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  const json message = messages("alice-2", kBob).back();
  ASSERT_TRUE(message.contains("attachment")) << message;
  good(village.ask("alice-2", "attachment.save",
                   {{"message", message["id"].get<std::string>()}, {"folder", "/home/two"}, {"wait_ms", 600'000}}));
  EXPECT_EQ(machine.files.at("/home/two/photo.png").bytes, Bytes(5000, 7));
}

TEST_F(History, WaitsForConversationsThatTheNewDeviceIsNotInYet) {
  meet();
  // Nobody vouches for bob for a day: nothing is changed in the pair, and the own conversation needs nobody else.
  village.server.tamper = [](const std::string& path, ByteView body, Bytes& answer) {
    const auto request = wire::decode<directory::LookupRequest>(body);
    if (path == proto::kPathLookup && request && request->name.text() == kBob) answer = {};
  };
  village.pass_all(25 * kHourMs);
  link("alice-2");
  ASSERT_TRUE(village.until([&] { return history("alice-2").value("taken", 0) == 2; }, 10 * kMinuteMs));
  EXPECT_TRUE(messages("alice-2", kBob).empty());
  EXPECT_EQ(rows("alice-2", tables::kHistoryWaiting), 1u);
  village.server.tamper = nullptr;
  village.device("alice-2").restart();
  village.pass_all(10 * kSecondMs);
  good(village.ask("alice-1", "contact.verify", {{"name", kBob}}));
  say("alice-1", kBob, "again");
  EXPECT_TRUE(village.until([&] { return texts("alice-2", kBob) == Texts{"hello bob", "hello alice", "again"}; }));
  EXPECT_EQ(rows("alice-2", tables::kHistoryWaiting), 0u);
  EXPECT_TRUE(comes_to_an_end("alice-2"));
}

TEST_F(History, TellsWhoFollowsHowFarItIs) {
  meet();
  link("alice-2");
  good(village.ask("alice-2", "follow"));
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  std::vector<json> told;
  for (const json& one : village.device("alice-2").take_notices()) {
    if (one["method"] == "history") told.push_back(one["params"]);
  }
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back()["state"], "done");
  EXPECT_EQ(told.back()["taken"], 2);
}

// ---- what lies at the server ----

TEST_F(History, NamesAPieceThatIsAnotherOneAndAsksForItAgain) {
  meet();
  bool spoil = true;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.ends_with(proto::kPathBlobGet) || !std::exchange(spoil, false)) return;
    blobs.blobs.at(wire::decode<proto::BlobGet>(call.body)->blob).bytes[100] ^= 1;
  };
  link("alice-2");
  good(village.ask("alice-2", "follow"));
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  Texts told;
  for (const json& one : village.device("alice-2").take_notices()) {
    if (one["method"] == "history" && one["params"].contains("trouble")) told.push_back(one["params"]["trouble"]);
  }
  EXPECT_EQ(told, Texts{"Piece 1 of the history is not what your other device put there: the server has another one in "
                        "its place; it is asked for again."});
  EXPECT_FALSE(spoil);
  EXPECT_FALSE(history("alice-2").contains("trouble"));
  EXPECT_EQ(texts("alice-2", kBob), (Texts{"hello bob", "hello alice"}));
}

TEST_F(History, NamesAPieceThatIsMissingAndGivesItUpInTheEnd) {
  meet();
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobGet)) blobs.blobs.clear();
  };
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_NE(history("alice-2")["trouble"].get<std::string>().find(
                "is not on the server, or not any more; its messages are missing here, and stay on the other device."),
            std::string::npos)
      << history("alice-2");
  EXPECT_TRUE(texts("alice-2", kBob).empty());
}

TEST_F(History, LiesAtTheServerSealed) {
  meet();
  const std::string secret = "a text that nobody else has";
  say("alice-1", kBob, secret);
  std::vector<Bytes> seen;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobPut)) seen.push_back(call.body);
  };
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  ASSERT_FALSE(seen.empty());
  for (const Bytes& body : seen) {
    EXPECT_EQ(std::search(body.begin(), body.end(), secret.begin(), secret.end()), body.end());
  }
}

// ---- who gets it ----

TEST_F(History, IsNotGivenWhereItsOwnerSaidSoAndSettingsAre) {
  meet();
  good(village.ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "Bobby"}}));
  link("alice-2", "alice-1", true);
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_TRUE(texts("alice-2", kBob).empty());
  EXPECT_EQ(conversation("alice-2", kBob)["petnames"][kBob], "Bobby");
  say("bob-1", kAlice, "from now on");
  EXPECT_TRUE(village.until([&] { return texts("alice-2", kBob) == Texts{"from now on"}; }));
}

TEST_F(History, IsNotTakenWhereTheNewDeviceWantsNone) {
  meet();
  const json code = good(village.ask(
      "alice-2", "link", {{"name", kAlice}, {"policy", village.server.policy_text()}, {"no_history", true}}));
  good(village.ask("alice-1", "device.approve",
                   {{"code", code["code"].get<std::string>()}, {"confirm", "this device will read everything"}}));
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_TRUE(texts("alice-2", kBob).empty());
}

TEST_F(History, ComesFromTheDeviceThatLetItInAlone) {
  meet();
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  link("alice-3", "alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  EXPECT_EQ(history("alice-3")["from"], id_of("alice-2"));
  EXPECT_EQ(texts("alice-3", kBob), (Texts{"hello bob", "hello alice"}));
  EXPECT_EQ(rows("alice-1", tables::kHistoryGiven), 0u);
}

TEST_F(History, IsNotGivenToADeviceThatARecoveryKeyAdded) {
  const std::string key = good(village.register_person("carol-1", kCarol))["recovery_key"];
  good(village.ask("carol-1", "send", {{"to", kBob}, {"text", "before"}}));
  good(village.ask("carol-2", "recover",
                   {{"name", kCarol}, {"recovery_key", key}, {"policy", village.server.policy_text()}}));
  village.pass_all(kHourMs);
  EXPECT_FALSE(status("carol-2").contains("history"));
  EXPECT_FALSE(status("carol-1").contains("history_given"));
  EXPECT_TRUE(texts("carol-2", kBob).empty());
  EXPECT_TRUE(blobs.blobs.empty());
}

TEST_F(History, EndsWhenTheNewDeviceIsRemoved) {
  meet();
  for (int i = 0; i < 5; ++i) say("alice-1", kBob, std::string(15'000, 'x'));
  village.server.overhear = nullptr;
  village.device("alice-2").hold_answers_to(proto::kPathBlobGet);
  link("alice-2");
  ASSERT_TRUE(village.until([&] { return village.device("alice-2").answers_held() != 0; }, 10 * kMinuteMs));
  ASSERT_TRUE(remove("alice-2", "alice-1"));
  village.pass_all(kMinuteMs);
  EXPECT_EQ(rows("alice-1", tables::kHistoryGiven), 0u);
  EXPECT_EQ(rows("alice-1", tables::kHistoryPieces), 0u);
  EXPECT_TRUE(village.until([&] { return blobs.blobs.empty(); }));
  ASSERT_TRUE(village.until([&] { return status("alice-2")["state"] == "removed"; }, kDayMs));
  village.device("alice-2").release_answers();
  village.pass_all(kMinuteMs);
  EXPECT_EQ(rows("alice-2", tables::kHistoryOffers), 0u);
  EXPECT_TRUE(texts("alice-2", kBob).empty());
}

TEST_F(History, KeepsIndexesThatNoOtherDeviceHas) {
  meet();
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  say("bob-1", kAlice, "three");
  ASSERT_TRUE(village.until([&] { return texts("alice-2", kBob).size() == 3; }));
  const auto here = messages("alice-2", kBob), there = messages("alice-1", kBob);
  EXPECT_EQ(here[0]["index"], there[0]["index"]);
  EXPECT_EQ(here[1]["index"], there[1]["index"]);
  EXPECT_GE(here[2]["index"].get<std::uint64_t>(), std::uint64_t{1} << 32);
  // A device that a later one lets in has all of them before its own.
  link("alice-3", "alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  say("bob-1", kAlice, "four");
  EXPECT_TRUE(village.until([&] {
    return texts("alice-3", kBob) == Texts{"hello bob", "hello alice", "three", "four"};
  }));
}

// ---- what no honest device says ----

class HistoryRefusals : public OwnDevicesTest {
 protected:
  void SetUp() override {
    OwnDevicesTest::SetUp();
    meet();
    // It has asked, and gets no answer.
    blobs.refuses_puts = ErrorCode::storage_full;
    link("alice-2");
    ASSERT_TRUE(village.until([&] { return history("alice-2").value("state", "") == "running"; }));
    link("alice-3");
    village.pass_all(5 * kSecondMs);
    first = device("alice-1");
    third = device("alice-3");
  }
  DeviceId device(const std::string& name) { return *DeviceId::from(*from_hex(id_of(name))); }

  /// A piece that alice-1 could have made for alice-2.
  struct Made {
    HistoryOffer offer;
    Bytes bytes;
  };
  Made make(Aside& aside, const HistoryPiece& piece, std::uint32_t number = 0) const {
    const auto take = load_take(aside.store());
    const auto public_key = crypto::kem_public_key(crypto::KemAlgorithm::xwing_shake, *take->key);
    const auto key = random_secret<crypto::StreamKey>(aside.entropy());
    Made out;
    out.offer.to = aside.own();
    out.offer.number = number;
    out.offer.nonce = random_value<crypto::StreamNonce>(aside.entropy());
    EXPECT_TRUE(seal_piece_key(out.offer, key, {first, aside.own(), number}, *public_key, aside.entropy()));
    out.bytes = seal_piece(piece, key, out.offer.nonce);
    out.offer.blob = {random_value<proto::BlobId>(aside.entropy()), out.bytes.size(), crypto::sha256(out.bytes)};
    return out;
  }
  /// It is offered by alice-1, asked for, and comes.
  void give(Aside& aside, const HistoryPiece& piece, std::uint32_t number = 0) const {
    const Made made = make(aside, piece, number);
    aside.hear(made.offer, first);
    ASSERT_FALSE(aside.sends().empty());
    const auto* call = std::get_if<proto::Call>(&aside.sends().back());
    ASSERT_NE(call, nullptr);
    ASSERT_TRUE(call->url.ends_with(proto::kPathBlobGet));
    aside.answer({call->id, proto::CallReply{200, wire::encode(proto::BlobPart{made.bytes.size(), made.bytes}), {}}});
  }
  static HistoryRun run_in(Aside& aside, std::uint64_t index = 5) {
    HistoryRun run;
    run.room = aside.room(kBob);
    run.about = {ConversationKind::pair, "", run.room.names, 1};
    HistoryMessage message;
    message.row.index = index;
    message.row.message.sender = kBob;
    message.row.message.id = random_value<MessageId>(aside.entropy());
    message.row.message.version = message.row.message.id;
    message.row.message.text = "from before";
    run.messages.push_back(std::move(message));
    return run;
  }
  static HistoryPiece piece_of(HistoryRun run) {
    HistoryPiece out;
    out.runs.push_back(std::move(run));
    return out;
  }

  DeviceId first, third;
};

TEST_F(HistoryRefusals, AnHonestPieceIsTaken) {
  Aside aside(village, "alice-2");
  const std::size_t before = aside.rows(tables::kMessages);
  give(aside, piece_of(run_in(aside)));
  EXPECT_EQ(aside.rows(tables::kMessages), before + 1);
  EXPECT_EQ(aside.rows(tables::kHistoryOffers), 0u);
  EXPECT_EQ(aside.noted(), "");
}

TEST_F(HistoryRefusals, AGapIsShownOnceAndNotBesideWhatCameByItself) {
  Aside aside(village, "alice-2");
  const std::size_t before = aside.rows(tables::kMessages), conversations = aside.rows(tables::kConversations);
  std::uint32_t number = 0;
  const auto give_gap = [&](std::uint64_t index, bool with_message) {
    HistoryRun run = run_in(aside);
    if (!with_message) run.messages.clear();
    run.gap = {index, 1};
    give(aside, piece_of(std::move(run)), ++number);
    return aside.rows(tables::kMessages) - before;
  };
  EXPECT_EQ(give_gap(6, true), 2u);
  EXPECT_EQ(give_gap(6, false), 2u);
  EXPECT_EQ(give_gap(first_own_index(aside.store()), false), 2u);
  EXPECT_EQ(give_gap(5, false), 3u) << "where a message is it stands behind all";
  EXPECT_EQ(aside.rows(tables::kConversations), conversations);
}

TEST(HistoryRecords, ARunHasOneForm) {
  HistoryRun run;
  run.room.kind = run.about.kind = ConversationKind::pair;
  run.room.names = run.about.names = {kAlice, kBob};
  run.is_over = true;
  run.gap = {7, 9};
  Bytes bytes = wire::encode(run);
  const auto back = wire::decode<HistoryRun>(bytes);
  ASSERT_TRUE(back) << back.error().where;
  EXPECT_TRUE(back->is_over);
  ASSERT_TRUE(back->gap.has_value());
  EXPECT_EQ(back->gap->index, 7u);
  EXPECT_EQ(back->gap->time_ms, 9u);
  const std::size_t flags = wire::encode(run.room).size();
  ASSERT_EQ(bytes[flags], 3);
  bytes[flags] = 4;
  EXPECT_FALSE(wire::decode<HistoryRun>(bytes));
}

TEST_F(HistoryRefusals, OfADeviceThatDidNotLetThisOneIn) {
  Aside aside(village, "alice-2");
  aside.hear(make(aside, piece_of(run_in(aside))).offer, third);
  EXPECT_EQ(aside.noted(), "a history of a device that did not let this one in was ignored");
  EXPECT_EQ(aside.rows(tables::kHistoryOffers), 0u);
}

TEST_F(HistoryRefusals, OfADeviceThatIsNotInTheOwnChain) {
  Aside aside(village, "alice-2");
  aside.hear(make(aside, piece_of(run_in(aside))).offer, random_value<DeviceId>(aside.entropy()));
  EXPECT_EQ(aside.noted(), "a word of what is no own device, or none any more, was ignored");
  EXPECT_EQ(aside.rows(tables::kHistoryOffers), 0u);
}

TEST_F(HistoryRefusals, OfADeviceOfAnotherPersonOrSaidElsewhere) {
  Aside aside(village, "alice-2");
  const HistoryOffer offer = make(aside, piece_of(run_in(aside))).offer;
  aside.hear(offer, first, kBob, aside.self());
  EXPECT_EQ(aside.noted(), "a word for own devices, said elsewhere, was ignored");
  aside.hear(offer, first, kAlice, aside.home(kBob));
  EXPECT_EQ(aside.noted(), "a word for own devices, said elsewhere, was ignored");
  EXPECT_EQ(aside.rows(tables::kHistoryOffers), 0u);
}

TEST_F(HistoryRefusals, NothingIsGivenToADeviceThatAnotherOneLetIn) {
  Aside aside(village, "alice-3");
  const auto pair = make_history_key(aside.entropy());
  aside.hear(HistoryWanted{aside.own(), true, pair.public_key}, first);
  EXPECT_EQ(aside.noted(), "a device that this one did not let in asked for the history");
  EXPECT_EQ(aside.rows(tables::kHistoryGiven), 0u);
  // Nor does a device answer that is not the one that is asked.
  Aside giver(village, "alice-1");
  const std::size_t before = giver.rows(tables::kHistoryGiven);
  giver.hear(HistoryWanted{third, true, pair.public_key}, device("alice-2"));
  EXPECT_EQ(giver.noted(), "");
  EXPECT_EQ(giver.rows(tables::kHistoryGiven), before);
}

TEST_F(HistoryRefusals, AConversationOfOthers) {
  Aside aside(village, "alice-2");
  const std::size_t before = aside.rows(tables::kMessages);
  HistoryRun run = run_in(aside);
  run.room.names = {kBob, kCarol};
  run.about.names = run.room.names;
  give(aside, piece_of(std::move(run)));
  EXPECT_EQ(aside.noted(), "a history of a conversation of others was ignored");
  EXPECT_EQ(aside.rows(tables::kMessages), before);
  EXPECT_EQ(aside.rows(tables::kHistoryWaiting), 0u);
}

TEST_F(HistoryRefusals, AMessageOfWhoIsNotInIt) {
  Aside aside(village, "alice-2");
  const std::size_t before = aside.rows(tables::kMessages);
  HistoryRun run = run_in(aside);
  run.messages[0].row.message.sender = kCarol;
  give(aside, piece_of(std::move(run)));
  EXPECT_EQ(aside.noted(), "a message that its conversation cannot have was ignored");
  EXPECT_EQ(aside.rows(tables::kMessages), before);
}

TEST_F(HistoryRefusals, AMessageBesideThoseThatCameByThemselves) {
  Aside aside(village, "alice-2");
  const std::size_t before = aside.rows(tables::kMessages);
  give(aside, piece_of(run_in(aside, first_own_index(aside.store()))));
  EXPECT_EQ(aside.noted(), "a message that its conversation cannot have was ignored");
  EXPECT_EQ(aside.rows(tables::kMessages), before);
}

TEST_F(HistoryRefusals, APieceThatIsOfAnotherWay) {
  Aside aside(village, "alice-2");
  Made made = make(aside, piece_of(run_in(aside)), 1);
  made.offer.number = 2;  // as if it were another piece
  aside.hear(made.offer, first);
  const auto* call = std::get_if<proto::Call>(&aside.sends().back());
  ASSERT_NE(call, nullptr);
  aside.answer({call->id, proto::CallReply{200, wire::encode(proto::BlobPart{made.bytes.size(), made.bytes}), {}}});
  EXPECT_EQ(load_take(aside.store())->taken, 0u);
  EXPECT_NE(load_take(aside.store())->trouble.find("Piece 3 of the history cannot be opened"), std::string::npos);
}

TEST_F(HistoryRefusals, MoreOffersThanAreAskedFor) {
  Aside aside(village, "alice-2");
  HistoryOffer offer = make(aside, piece_of(run_in(aside))).offer;
  for (std::uint32_t i = 0; i < kMaxHistoryOffers; ++i) {
    offer.number = i;
    aside.hear(offer, first);
  }
  EXPECT_EQ(aside.noted(), "");
  offer.number = kMaxHistoryOffers;
  aside.hear(offer, first);
  EXPECT_EQ(aside.noted(), "one piece of history more than are asked for was ignored");
  EXPECT_EQ(aside.rows(tables::kHistoryOffers), kMaxHistoryOffers);
}

}  // namespace
}  // namespace cairn::client
