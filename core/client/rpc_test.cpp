#include "core/client/rpc.h"

#include <gtest/gtest.h>

#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;
using testing::Texts;

constexpr const char* kApproval = "this device will read everything";

class Rpc : public ::testing::Test {
 protected:
  /// The result; fails the test when there is none.
  /// The code's name and the sentence.
  std::string bad(const json& answer) {
    if (!answer.is_object() || !answer.contains("error")) return "no error: " + answer.dump();
    const std::string sentence = answer["error"]["message"];
    EXPECT_TRUE(sentence.ends_with(".") || sentence.ends_with("\"."));
    return answer["error"]["data"]["code"].get<std::string>() + ": " + sentence;
  }
  void expect_bad(const json& answer, const std::string& beginning) {
    EXPECT_TRUE(bad(answer).starts_with(beginning)) << bad(answer);
  }

  json send(const std::string& device, const std::string& to, const std::string& text,
            const testing::Params& more = {}) {
    json params = testing::Params{{"to", to}, {"text", text}}.json();
    params.update(more.json());
    return village.ask(device, "send", params);
  }
  Texts texts(const std::string& device, const std::string& conversation) {
    Texts out;
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    if (!answer.contains("result")) return out;
    for (const json& message : answer["result"]["messages"]) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  bool comes(const std::string& device, const std::string& conversation, const Texts& expected) {
    return village.until([&] { return texts(device, conversation) == expected; });
  }

  void alice() { good(village.register_person("alice-1", kAlice)); }
  void alice_and_bob() {
    alice();
    good(village.register_person("bob-1", kBob));
  }
  /// From now on the server puts a device of its own into every answer about this name.
  void lie_about(const std::string& name) {
    village.server.tamper = [this, name](const std::string& path, ByteView body, Bytes& answer) {
      if (path != proto::kPathLookup) return;
      const auto request = wire::decode<directory::LookupRequest>(body);
      if (!request || request->name.text() != name) return;
      testing::TestPerson forger(name, 666);
      const auto device = forger.new_device();
      forger.state = village.server.people.at(name).state;
      auto response = *wire::decode<directory::LookupResponse>(answer);
      response.statements.push_back(forger.add(device, device));
      answer = wire::encode(response);
    };
  }

  testing::ClientVillage village;
};

// ---- frames ----

TEST_F(Rpc, AnswersARequestWithItsId) {
  village.device("alice-1").say({{"jsonrpc", "2.0"}, {"id", "seven"}, {"method", "status"}});
  village.settle();
  ASSERT_EQ(village.device("alice-1").heard().size(), 1u);
  EXPECT_EQ(village.device("alice-1").heard()[0],
            (json{{"jsonrpc", "2.0"}, {"id", "seven"}, {"result", {{"state", "none"}}}}));
}

TEST_F(Rpc, RefusesWhatIsNoRequest) {
  struct Case {
    std::string frame;
    int code;
  };
  const Case cases[] = {
      {"", -32700},
      {"{", -32700},
      {"{}x", -32700},
      {"\xff", -32700},
      {R"({"jsonrpc":"2.0","id":1,"method":"status","x":")"
       "\xc3\x28"
       "\"}",
       -32700},
      {std::string(17, '[') + std::string(17, ']'), -32700},
      {std::string(200'000, '['), -32700},
      {"\"" + std::string(300'000, 'a') + "\"", -32700},
      {"{}", -32600},
      {"[]", -32600},
      {"7", -32600},
      {R"([{"jsonrpc":"2.0","id":1,"method":"status"}])", -32600},
      {R"({"jsonrpc":"2.0","method":"status"})", -32600},
      {R"({"jsonrpc":"2.0","id":null,"method":"status"})", -32600},
      {R"({"jsonrpc":"2.0","id":{},"method":"status"})", -32600},
      {R"({"jsonrpc":"1.0","id":1,"method":"status"})", -32600},
      {R"({"id":1,"method":"status"})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":"status","params":[]})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":"stat"})", -32601},
      {R"({"jsonrpc":"2.0","id":1,"method":"status","params":{"x":1}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"bob"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"send","params":{"to":7,"text":"a"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"a","text":"a","fresh":"yes"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"a","text":"a","wait_ms":-1}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"a","text":"a","wait_ms":1.5}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"group.create","params":{"title":"a","names":"b"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"group.create","params":{"title":"a","names":[1]}})", -32602}};
  testing::TestClient& client = village.device("alice-1");
  for (const Case& one : cases) {
    client.heard().clear();
    client.say_text(one.frame);
    village.settle();
    ASSERT_EQ(client.heard().size(), 1u) << one.frame.substr(0, 100);
    EXPECT_EQ(client.heard()[0]["error"]["code"], one.code) << one.frame.substr(0, 100) << client.heard()[0].dump();
  }
  EXPECT_TRUE(client.owner_socket_open());
}

TEST_F(Rpc, ForgetsWhoHungUp) {
  alice_and_bob();
  village.server.down = true;
  village.begin("alice-1", "send", {{"to", kBob}, {"text", "hello"}});
  village.device("alice-1").hang_up();
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(village.device("alice-1").heard().empty());
  village.server.down = false;
  EXPECT_TRUE(comes("bob-1", kAlice, {"hello"}));  // what was said stays said
}

TEST_F(Rpc, SyncsBeforeReading) {
  alice_and_bob();
  good(send("alice-1", kBob, "one"));
  village.set_online("bob-1", false);
  good(send("alice-1", kBob, "two"));
  expect_bad(village.ask("bob-1", "sync", {{"wait_ms", 100}}), "unavailable: ");
  village.set_online("bob-1", true);
  good(village.ask("bob-1", "sync", {{"wait_ms", 100'000}}));
  EXPECT_EQ(texts("bob-1", kAlice), (Texts{"one", "two"}));
  good(village.ask("bob-1", "sync"));
  expect_bad(village.ask("carol-1", "sync"), "invalid_state: ");
}

TEST_F(Rpc, RefusesToGrowAFullStore) {
  alice_and_bob();
  village.device("alice-1").store().is_full = true;
  expect_bad(send("alice-1", kBob, "hello"), "storage_full: ");
  good(village.ask("alice-1", "status"));
  village.device("alice-1").store().is_full = false;
  good(send("alice-1", kBob, "hello"));
}

// ---- names and devices ----

TEST_F(Rpc, RegistersAName) {
  const json result = good(village.register_person("alice-1", kAlice));
  EXPECT_EQ(result["name"], kAlice);
  const json status = good(village.ask("alice-1", "status"));
  EXPECT_EQ(status["state"], "active");
  EXPECT_EQ(status["connected"], true);
  EXPECT_EQ(status["device"], result["device"]);
  EXPECT_EQ(status["policy"]["auditors"], 3);
  EXPECT_EQ(status["policy"]["auditors_needed"], 2);
  EXPECT_EQ(status["policy"]["strength"], 1);
  EXPECT_EQ(status["trouble"], "");
  EXPECT_EQ(status["alarms"], json::array());
}

TEST_F(Rpc, RefusesToRegisterWhatCannotBe) {
  const auto enroll = [&](const std::string& name, const std::string& policy) {
    return village.ask("alice-1", "register", {{"name", name}, {"policy", policy}});
  };
  expect_bad(enroll("alice", village.server.policy_text()), "invalid_name: ");
  expect_bad(enroll(kAlice, ""), "");
  EXPECT_TRUE(bad(enroll(kAlice, "quorum none\n")).find("olicy") != std::string::npos);
  EXPECT_EQ(good(village.ask("alice-1", "status"))["state"], "none");
  good(enroll(kAlice, village.server.policy_text()));
  expect_bad(enroll(kBob, village.server.policy_text()), "invalid_state: This device has a name already");
}

TEST_F(Rpc, LetsOneChooseAnotherNameWhenTheFirstIsTaken) {
  alice();
  expect_bad(village.register_person("bob-1", kAlice), "not_authorised: ");
  EXPECT_EQ(good(village.ask("bob-1", "status"))["state"], "none");
  good(village.register_person("bob-1", kBob));
}

TEST_F(Rpc, RegistersANameThatTakesItsTime) {
  village.server.publishes = false;
  const std::string answer = bad(village.register_person("alice-1", kAlice));
  EXPECT_TRUE(answer.starts_with("unavailable: ")) << answer;
  EXPECT_NE(answer.find("recovery key that was shown"), std::string::npos) << answer;
  village.server.publish_all();
  EXPECT_TRUE(village.until([&] { return good(village.ask("alice-1", "status"))["state"] == "active"; }));
}

TEST_F(Rpc, SaysWhatIsMissingBeforeThereIsAName) {
  for (const char* method : {"device.list", "conversations", "follow", "read"}) {
    const json answer = village.ask("alice-1", method);
    if (std::string(method) != "conversations") expect_bad(answer, "invalid_state: This device has no name yet");
  }
  expect_bad(send("alice-1", kBob, "a"), "invalid_state: This device has no name yet");
}

TEST_F(Rpc, LinksADevice) {
  alice();
  const json linked = good(village.link_device("alice-2", kAlice, "alice-1"));
  EXPECT_EQ(linked["name"], kAlice);
  const json list = good(village.ask("alice-1", "device.list"));
  ASSERT_EQ(list["devices"].size(), 2u);
  EXPECT_EQ(list["devices"][0]["own"], true);
  EXPECT_EQ(list["devices"][1]["own"], false);
  EXPECT_EQ(list["devices"][1]["id"], linked["device"]);
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_EQ(good(village.ask(device, "status"))["alarms"], json::array()) << device;
  }
}

TEST_F(Rpc, ApprovesOnlyWhatWasConfirmedInWords) {
  alice();
  const json code = good(village.ask("alice-2", "link", {{"name", kAlice}, {"policy", village.server.policy_text()}}));
  expect_bad(village.ask("alice-1", "device.approve", {{"code", code["code"]}}), "not_authorised: ");
  expect_bad(village.ask("alice-1", "device.approve", {{"code", code["code"]}, {"confirm", "yes"}}),
             "not_authorised: ");
  expect_bad(village.ask("alice-1", "device.approve", {{"code", "0000"}, {"confirm", kApproval}}), "malformed: ");
  EXPECT_EQ(good(village.ask("alice-1", "device.list"))["devices"].size(), 1u);
}

TEST_F(Rpc, RegistersAfterALinkThatCameToNothing) {
  alice();
  good(village.ask("bob-1", "link", {{"name", kAlice}, {"policy", village.server.policy_text()}}));
  const json given_up = village.ask("bob-1", "link.wait");
  EXPECT_NE(bad(given_up).find("within ten minutes"), std::string::npos) << bad(given_up);
  good(village.register_person("bob-1", kBob));
}

TEST_F(Rpc, RemovesADevice) {
  alice();
  const json linked = good(village.link_device("alice-2", kAlice, "alice-1"));
  village.server.paths.clear();
  good(village.ask("alice-1", "device.remove", {{"device", linked["device"]}}));
  const json list = good(village.ask("alice-1", "device.list"));
  EXPECT_EQ(list["devices"][1]["active"], false);
  EXPECT_LT(village.server.paths.size(), 20u);
  expect_bad(village.ask("alice-1", "device.remove", {{"device", linked["device"]}}), "not_found: ");
  expect_bad(village.ask("alice-1", "device.remove", {{"device", "xyz"}}), "malformed: ");
  expect_bad(village.ask("alice-1", "device.remove", {{"device", list["devices"][0]["id"]}}),
             "not_authorised: The last device");
}

TEST_F(Rpc, LooksPatientlyForARemovalThatWaitsForItsEpoch) {
  alice();
  const json linked = good(village.link_device("alice-2", kAlice, "alice-1"));
  village.server.publishes = false;
  village.server.paths.clear();
  const auto id = village.begin("alice-1", "device.remove", {{"device", linked["device"]}});
  village.pass_all(10 * kSecondMs);
  EXPECT_LT(village.server.paths.size(), 30u);
  EXPECT_GT(village.server.paths.size(), 10u);
  EXPECT_TRUE(village.answer("alice-1", id).is_null());
  village.server.publish_all();
  village.pass_all(kSecondMs);
  good(village.answer("alice-1", id));
}

// ---- contacts ----

TEST_F(Rpc, ShowsWhatWasVerifiedOfAName) {
  alice_and_bob();
  expect_bad(village.ask("alice-1", "contact.show", {{"name", kBob}}), "not_found: ");
  const json verified = good(village.ask("alice-1", "contact.verify", {{"name", "bob"}}));
  EXPECT_EQ(verified["name"], kBob);
  EXPECT_EQ(verified["devices_active"], 1);
  EXPECT_EQ(verified["statements"], 1);
  EXPECT_EQ(verified["cosigners"].size(), 4u);
  EXPECT_GT(verified["answer_bytes"], verified["statement_bytes"]);
  EXPECT_EQ(verified["log_origin"], "example.org/cairn");
  EXPECT_EQ(verified["age_ms"], 0);
  village.pass_all(kMinuteMs);
  const json shown = good(village.ask("alice-1", "contact.show", {{"name", kBob}}));
  EXPECT_GE(shown["age_ms"], kMinuteMs - kSecondMs);
  EXPECT_EQ(shown["head"], verified["head"]);
}

TEST_F(Rpc, VerifyingSaysWhyNot) {
  alice_and_bob();
  expect_bad(village.ask("alice-1", "contact.verify", {{"name", "nobody@example.org"}}),
             "not_found: There is no nobody@example.org");
  expect_bad(village.ask("alice-1", "contact.verify", {{"name", "b ob"}}), "invalid_name: ");
  lie_about(kBob);
  expect_bad(village.ask("alice-1", "contact.verify", {{"name", kBob}}),
             "not_authorised: The directory's answer about bob");
  village.server.tamper = nullptr;
  good(village.ask("alice-1", "contact.verify", {{"name", kBob}}));
  village.server.down = true;
  expect_bad(village.ask("alice-1", "contact.verify", {{"name", kBob}}), "unavailable: ");
}

TEST_F(Rpc, ALookUpIsRepeatedWhenTheServerComesBackInTime) {
  alice_and_bob();
  village.server.down = true;
  const auto id = village.begin("alice-1", "contact.verify", {{"name", kBob}});
  village.pass_all(8 * kSecondMs);
  EXPECT_TRUE(village.answer("alice-1", id).is_null());
  village.server.down = false;
  village.pass_all(6 * kSecondMs);
  good(village.answer("alice-1", id));
}

// ---- conversations ----

TEST_F(Rpc, CarriesMessagesBetweenTwoPeople) {
  alice_and_bob();
  const json sent = good(send("alice-1", kBob, "hello"));
  EXPECT_EQ(sent["delivery"], "sent");
  EXPECT_EQ(sent["text"], "hello");
  EXPECT_TRUE(comes("bob-1", kAlice, {"hello"}));
  good(send("bob-1", "alice", "hi"));
  EXPECT_TRUE(comes("alice-1", "bob", {"hello", "hi"}));
  const json list = good(village.ask("bob-1", "conversations"))["conversations"];
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0]["kind"], "pair");
  EXPECT_EQ(list[0]["names"], (json{kAlice, kBob}));
  EXPECT_EQ(list[0]["id"], sent["conversation"]);
}

TEST_F(Rpc, ReachesAllDevicesOfBothPeople) {
  alice_and_bob();
  good(village.link_device("alice-2", kAlice, "alice-1"));
  good(village.link_device("bob-2", kBob, "bob-1"));
  good(send("alice-1", kBob, "one"));
  good(send("bob-2", kAlice, "two"));
  for (const char* device : {"alice-1", "alice-2"}) EXPECT_TRUE(comes(device, kBob, {"one", "two"})) << device;
  for (const char* device : {"bob-1", "bob-2"}) EXPECT_TRUE(comes(device, kAlice, {"one", "two"})) << device;
}

TEST_F(Rpc, RefusesToSendWhatCannotBeSent) {
  alice_and_bob();
  expect_bad(send("alice-1", "walkers", "a"), "not_found: There is no walkers@example.org");
  expect_bad(send("alice-1", "the walkers", "a"), "not_found: There is no conversation \"the walkers\"");
  EXPECT_EQ(good(village.ask("alice-1", "conversations"))["conversations"].size(), 0u);
  expect_bad(send("alice-1", "b b@example.org", "a"), "invalid_name: ");
  expect_bad(send("alice-1", kBob, ""), "over_limit: ");
  expect_bad(send("alice-1", kBob, std::string(kMaxTextSize + 1, 'a')), "over_limit: ");
  good(send("alice-1", kBob, std::string(kMaxTextSize, 'a')));
}

TEST_F(Rpc, TakesANameWithoutItsDomainForOneOfTheOwn) {
  alice_and_bob();
  const json first = good(send("alice-1", "bob", "one"));
  EXPECT_EQ(good(send("alice-1", "BOB", "two"))["conversation"], first["conversation"]);
  EXPECT_EQ(good(send("alice-1", kBob, "three"))["conversation"], first["conversation"]);
  EXPECT_TRUE(comes("bob-1", "alice", {"one", "two", "three"}));
  village.server.down = true;
  expect_bad(send("alice-1", "carol", "a", {{"wait_ms", 1000}}), "unavailable: ");
  EXPECT_EQ(good(village.ask("alice-1", "conversations"))["conversations"].size(), 1u);
}

TEST_F(Rpc, ANameWithoutItsDomainNeverGoesToATitleInsteadOfAContact) {
  alice_and_bob();
  good(village.register_person("carol-1", kCarol));
  good(send("alice-1", "bob", "to bob"));
  good(village.ask("carol-1", "group.create", {{"title", "bob"}, {"names", {"alice"}}}));
  good(send("carol-1", good(village.ask("carol-1", "conversations"))["conversations"][0]["id"], "hi"));
  village.pass_all(kSecondMs);
  EXPECT_EQ(bad(send("alice-1", "bob", "to whom?")),
            "conflict: Several conversations are called \"bob\"; write the whole NAME@DOMAIN, or the id that "
            "conversations shows.");
  good(send("alice-1", kBob, "to bob again"));
  EXPECT_TRUE(comes("bob-1", kAlice, {"to bob", "to bob again"}));
}

TEST_F(Rpc, RefusesToWriteToANameThatDoesNotExist) {
  alice();
  expect_bad(send("alice-1", "nobody@example.org", "a"), "not_authorised: There is no nobody@example.org");
  expect_bad(send("alice-1", "nobody2@example.org", "a", {{"fresh", true}}),
             "not_found: There is no nobody2@example.org");
  EXPECT_EQ(village.server.post.sends, 0u);
}

TEST_F(Rpc, SendsNothingWhenTheDirectoryLies) {
  alice_and_bob();
  lie_about(kBob);
  const json refused = send("alice-1", kBob, "for bob alone");
  expect_bad(refused, "not_authorised: The directory's answer about bob@example.org was refused (condition 6");
  EXPECT_NE(bad(refused).find("nothing was sent"), std::string::npos);
  EXPECT_EQ(village.server.post.sends, 0u);
  const json read = good(village.ask("alice-1", "read", {{"conversation", kBob}}));
  EXPECT_EQ(read["messages"][0]["delivery"], "refused");
  village.server.tamper = nullptr;
  good(send("alice-1", kBob, "now it is safe", {{"fresh", true}}));
  EXPECT_TRUE(comes("bob-1", kAlice, {"now it is safe"}));
}

TEST_F(Rpc, FreshLooksEverybodyUpAgainBeforeAnythingIsSaid) {
  alice_and_bob();
  good(send("alice-1", kBob, "honest times"));
  lie_about(kBob);
  good(send("alice-1", kBob, "the view is young"));
  expect_bad(send("alice-1", kBob, "after the lie", {{"fresh", true}}), "not_authorised: The directory's answer");
  EXPECT_TRUE(comes("bob-1", kAlice, {"honest times", "the view is young"}));
  EXPECT_EQ(texts("alice-1", kBob), (Texts{"honest times", "the view is young"}));
  village.server.tamper = nullptr;
  village.server.down = true;
  expect_bad(send("alice-1", kBob, "nobody to ask", {{"fresh", true}}), "unavailable: ");
  EXPECT_EQ(texts("alice-1", kBob).size(), 2u);
}

TEST_F(Rpc, KeepsWhatWasSaidWhileTheServerIsDown) {
  alice_and_bob();
  good(send("alice-1", kBob, "one"));
  village.server.down = true;
  const json kept = send("alice-1", kBob, "two", {{"wait_ms", 2000}});
  expect_bad(kept, "unavailable: ");
  EXPECT_EQ(kept["error"]["data"]["queued"], true);
  EXPECT_EQ(kept["error"]["data"]["index"].is_number(), true);
  village.device("alice-1").restart();
  village.server.down = false;
  EXPECT_TRUE(comes("bob-1", kAlice, {"one", "two"}));
  EXPECT_TRUE(village.until([&] {
    const json read = good(village.ask("alice-1", "read", {{"conversation", kBob}}));
    return read["messages"].back()["delivery"] == "sent";
  }));
}

TEST_F(Rpc, GroupsReachWhoIsAddedLater) {
  alice_and_bob();
  good(village.register_person("carol-1", kCarol));
  good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kBob}}}));
  good(send("alice-1", "walkers", "before carol"));
  EXPECT_TRUE(comes("bob-1", "walkers", {"before carol"}));
  good(village.ask("bob-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}}));
  good(send("bob-1", "walkers", "welcome"));
  EXPECT_TRUE(comes("carol-1", "walkers", {"welcome"}));
  EXPECT_TRUE(comes("alice-1", "walkers", {"before carol", "welcome"}));
}

TEST_F(Rpc, AGroupIsNotMadeWithSomebodyWhoDoesNotExist) {
  alice_and_bob();
  expect_bad(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kBob, "nobody"}}}),
             "not_found: There is no nobody@example.org");
  expect_bad(village.ask("alice-1", "group.create", {{"title", ""}, {"names", {kBob}}}), "over_limit: ");
  expect_bad(village.ask("alice-1", "group.create", {{"title", std::string(257, 'a')}, {"names", {kBob}}}),
             "over_limit: ");
  EXPECT_EQ(good(village.ask("alice-1", "conversations"))["conversations"].size(), 0u);
  good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kBob}}}));
  expect_bad(village.ask("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "nobody"}}), "not_found: ");
  expect_bad(village.ask("alice-1", "group.add", {{"conversation", "runners"}, {"name", "bob"}}), "not_found: ");
  good(send("alice-1", "walkers", "we two"));
  good(send("alice-1", kBob, "pair"));
  expect_bad(village.ask("alice-1", "group.add", {{"conversation", kBob}, {"name", "carol"}}), "not_authorised: ");
}

// ---- reading and following ----

TEST_F(Rpc, ReadsTheNewestOrOnwardFromAnIndex) {
  alice_and_bob();
  Texts all;
  for (int i = 0; i < 12; ++i) {
    all.push_back("message " + std::to_string(i));
    good(send("alice-1", kBob, all.back()));
  }
  const auto read = [&](const testing::Params& what) {
    json params = what.json();
    params["conversation"] = kBob;
    const json result = good(village.ask("alice-1", "read", params));
    Texts out;
    for (const json& message : result["messages"]) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return std::pair(out, result.value("next", std::uint64_t{0}));
  };
  EXPECT_EQ(read(json::object()).first, all);
  EXPECT_EQ(read({{"limit", 2}}).first, (Texts{"message 10", "message 11"}));
  EXPECT_EQ(read({{"limit", 0}}).first, Texts{});
  Texts onward;
  std::uint64_t next = 0;
  do {
    const auto page = read({{"first", next}, {"limit", 5}});
    onward.insert(onward.end(), page.first.begin(), page.first.end());
    next = page.second;
  } while (next != 0);
  EXPECT_EQ(onward, all);
  expect_bad(village.ask("alice-1", "read", {{"first", 0}}), "malformed: ");
  expect_bad(village.ask("alice-1", "read", {{"conversation", "nobody"}}), "not_found: ");
}

TEST_F(Rpc, AnAnswerAlwaysFitsIntoAFrame) {
  alice_and_bob();
  for (int i = 0; i < 60; ++i)
    good(send("alice-1", kBob, std::string(kMaxTextSize - 2, i % 2 == 0 ? 'a' : '\x01') + std::to_string(i % 10)));
  const json newest = good(village.ask("alice-1", "read", {{"conversation", kBob}}));
  EXPECT_GT(newest["messages"].size(), 5u);
  EXPECT_LT(newest["messages"].size(), 60u);
  EXPECT_EQ(newest["messages"].back()["text"].get<std::string>().back(), '9');
  const json oldest = good(village.ask("alice-1", "read", {{"conversation", kBob}, {"first", 0}}));
  EXPECT_EQ(oldest["messages"][0]["text"].get<std::string>().back(), '0');
  EXPECT_EQ(oldest["next"], oldest["messages"].back()["index"].get<std::uint64_t>() + 1);
  // Likewise what a follower is told at once.
  good(village.ask("alice-1", "follow", {{"since", 0}}));
  const auto told = village.device("alice-1").take_notices();
  EXPECT_LT(json(told).dump().size(), 700'000u);
  village.pass_all(kMinuteMs);
  EXPECT_GE(told.size() + village.device("alice-1").take_notices().size(), 60u);
}

TEST_F(Rpc, TellsFollowersWhatComes) {
  alice_and_bob();
  good(village.ask("bob-1", "follow"));
  good(send("alice-1", kBob, "hello"));
  village.pass_all(kSecondMs);
  const auto notices = village.device("bob-1").take_notices();
  ASSERT_FALSE(notices.empty());
  const json& params = notices.back()["params"];
  EXPECT_EQ(notices.back()["method"], "message");
  EXPECT_EQ(params["text"], "hello");
  EXPECT_EQ(params["sender"], kAlice);
  EXPECT_EQ(params["delivery"], "received");
  EXPECT_GT(params["cursor"], 0);
}

TEST_F(Rpc, FollowersHearHowAMessageFares) {
  alice_and_bob();
  good(send("alice-1", kBob, "one"));
  good(village.ask("alice-1", "follow", {{"conversation", kBob}}));
  village.server.down = true;
  village.begin("alice-1", "send", {{"to", kBob}, {"text", "two"}});
  village.pass_all(3 * kSecondMs);
  village.server.down = false;
  village.pass_all(kMinuteMs);
  std::vector<std::string> fates;
  for (const json& notice : village.device("alice-1").take_notices()) fates.push_back(notice["params"]["delivery"]);
  EXPECT_EQ(fates, (std::vector<std::string>{"waiting", "sent"}));
}

TEST_F(Rpc, AFollowerThatComesBackMissesNothing) {
  alice_and_bob();
  const auto cursor = good(village.ask("bob-1", "read"))["cursor"];
  Texts said;
  for (int i = 0; i < 300; ++i) {
    said.push_back("message " + std::to_string(i));
    good(send("alice-1", kBob, said.back()));
  }
  village.pass_all(kSecondMs);
  village.device("bob-1").restart();
  EXPECT_EQ(good(village.ask("bob-1", "follow", {{"since", cursor}}))["cursor"], cursor);
  village.pass_all(kSecondMs);
  Texts heard;
  std::uint64_t last = cursor;
  for (const json& notice : village.device("bob-1").take_notices()) {
    EXPECT_GT(notice["params"]["cursor"], last);
    last = notice["params"]["cursor"];
    if (notice["params"]["delivery"] == "received") heard.push_back(notice["params"]["text"]);
  }
  EXPECT_EQ(heard, said);
  good(village.ask("bob-1", "follow", {{"since", last}}));
  village.pass_all(kSecondMs);
  EXPECT_TRUE(village.device("bob-1").take_notices().empty());
}

TEST_F(Rpc, FollowsOneConversationAlone) {
  alice_and_bob();
  good(village.register_person("carol-1", kCarol));
  good(send("carol-1", kAlice, "from carol"));
  good(send("bob-1", kAlice, "from bob"));
  village.pass_all(kSecondMs);
  good(village.ask("alice-1", "follow", {{"conversation", kBob}, {"since", 0}}));
  village.pass_all(kSecondMs);
  Texts heard;
  for (const json& notice : village.device("alice-1").take_notices()) {
    if (notice["params"]["delivery"] != "notice") heard.push_back(notice["params"]["text"]);
  }
  EXPECT_EQ(heard, Texts{"from bob"});
}

}  // namespace
}  // namespace cairn::client
