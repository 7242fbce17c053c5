// What people expect of conversations, with real programs: two people with two devices each, all of which agree.
#include "core/base/encoding.h"
#include "tests/e2e/features_village.h"
#include "tests/support/made_images.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class Features : public FeaturesTest {
 protected:
  std::string file_of(const std::string& name, ByteView bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << as_text(bytes);
    return path;
  }
  /// Whether those who are there now were told that somebody writes.
  bool says_that_it_writes(const std::string& device) {
    return ask(device, "typing", {{"conversation", other(device)}}).value("told", false);
  }
  /// Carol, a stranger, is blocked without being accepted first; alice is heard.
  void a_request_is_blocked_at_once() {
    must(village().register_person("carol-1", "carol@localhost"));
    const std::string first = run("carol-1", {"send", "bob@localhost", "buy my rabbits"})["id"];
    for (const char* device : {"bob-1", "bob-2"})
      EXPECT_TRUE(eventually([&] { return run(device, {"requests"})["requests"].size() == 1; })) << device;
    run("bob-1", {"block", "carol@localhost"});
    EXPECT_TRUE(eventually([&] { return run("bob-2", {"requests"})["requests"].empty(); }));
    const std::string second = run("carol-1", {"send", "bob@localhost", "buy my hares"})["id"];
    // What is said afterwards comes afterwards: by then bob's devices have heard all that there is.
    arrives_everywhere(say("alice-1", "are you there?"));
    for (const char* device : {"bob-1", "bob-2"}) {
      EXPECT_EQ(run(device, {"blocked"})["names"], json::array({"carol@localhost"})) << device;
      EXPECT_TRUE(run(device, {"requests"})["requests"].empty()) << device;
      EXPECT_EQ(found(device, {"hares"}), 0u) << device;
      EXPECT_TRUE(message(device, second, "carol@localhost").is_null()) << device;
      EXPECT_EQ(village().cairn(device, {"accept", "carol@localhost"}).exit_code, 1) << device << ": unblock her first";
    }
    for (const std::string& id : {first, second})
      EXPECT_EQ(message("carol-1", id, "bob@localhost").value("status", ""), "sent") << "she is told nothing";
  }
  /// Waits until all four show this picture of a group; "" for none.
  void expect_picture(const std::string& group, const std::string& picture) {
    for (const std::string device : kFourDevices) {
      EXPECT_TRUE(eventually([&] {
        const demo::Said said = village().cairn(device, {"group", "show", group});
        return said.good() && said.json.value("picture", "") == picture;
      })) << device;
    }
  }
};

TEST_F(Features, RepliesReactionsEditsAndTakingBack) {
  meet();
  const std::string id = say("alice-1", "shall we walk?");
  arrives_everywhere(id);
  const std::string reply = run("bob-2", {"send", "alice@localhost", "yes", "--reply", id.substr(0, 12)})["id"];
  everywhere(reply, [&](const json& one) { return one.is_object() && one.value("reply_to", "") == id; });
  run("bob-1", {"react", id, "\U0001F44D"});
  run("alice-2", {"edit", id, "shall we run?"});
  everywhere(id, [](const json& one) {
    return one.is_object() && one["text"] == "shall we run?" && one.contains("edited_ms") &&
           one.contains("reactions") && one["reactions"][0]["names"][0] == "bob@localhost";
  });
  EXPECT_EQ(run("bob-2", {"history", id})["versions"][0]["text"], "shall we walk?");
  EXPECT_EQ(village().cairn("bob-1", {"unsend", id}).exit_code, 1);
  run("bob-2", {"react", id, "\U0001F44D", "--remove"});
  everywhere(id, [](const json& one) { return one.is_object() && !one.contains("reactions"); });
  run("alice-1", {"unsend", id});
  everywhere(id, [](const json& one) { return one.is_object() && one.value("unsent", false) && one["text"] == ""; });
}

TEST_F(Features, DeliveredAndRead) {
  meet();
  const std::string id = say("alice-1", "news");
  const auto status_is = [&](const char* word) {
    for (const char* device : {"alice-1", "alice-2"}) {
      EXPECT_TRUE(eventually([&] {
        const json one = message(device, id);
        return one.is_object() && one.value("status", "") == word;
      })) << device
          << " " << message(device, id).dump();
    }
  };
  status_is("delivered");
  EXPECT_GE(run("bob-2", {"conversations"})["conversations"][0]["unread"].get<int>(), 1);
  run("bob-1", {"read", "alice@localhost"});
  status_is("read");
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return run(device, {"conversations"})["conversations"][0]["unread"] == 0; }))
        << device;
  }
}

TEST_F(Features, ReadingIsNotToldWhereReceiptsAreOff) {
  meet();
  run("bob-1", {"conversation", "receipts", "alice@localhost", "off"});
  EXPECT_TRUE(shows("bob-2", "alice@localhost", "receipts", false));
  const std::string hidden = say("alice-1", "have you read this?");
  arrives_everywhere(hidden);
  run("bob-1", {"read", "alice@localhost"});
  EXPECT_TRUE(shows("bob-2", "alice@localhost", "unread", 0));
  run("bob-2", {"conversation", "receipts", "alice@localhost", "on"});
  EXPECT_TRUE(shows("bob-1", "alice@localhost", "receipts", true));
  const std::string told = say("alice-2", "and this?");
  arrives_everywhere(told);
  run("bob-2", {"read", "alice@localhost"});
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(eventually([&] { return message(device, told).value("status", "") == "read"; })) << device;
    EXPECT_EQ(message(device, hidden).value("status", ""), "sent") << device;
  }
}

TEST_F(Features, WritingIsSeenAndNotWhereItIsSwitchedOff) {
  meet();
  const demo::Process alice_1 = watch("alice-1");
  const demo::Process alice_2 = watch("alice-2");
  const demo::Process bob_1 = watch("bob-1");
  const demo::Process bob_2 = watch("bob-2");
  say("alice-1", "watch me");
  for (const demo::Process* one : {&alice_1, &alice_2, &bob_1, &bob_2})
    EXPECT_TRUE(sees(*one, "watch me")) << one->output();
  run("alice-1", {"typing", "off", "bob@localhost"});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(says_that_it_writes("alice-1"));
  run("alice-1", {"typing", "on", "bob@localhost"});
  EXPECT_TRUE(eventually([&] { return says_that_it_writes("alice-1"); }));
  const std::string alice_writes = "\"typing\":\"alice@localhost\"";
  const std::string bob_writes = "\"typing\":\"bob@localhost\"";
  for (const demo::Process* one : {&bob_1, &bob_2}) EXPECT_TRUE(sees(*one, alice_writes)) << one->output();
  // Switched off on one device, for everybody, it is on at the other one.
  run("bob-1", {"typing", "off"});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(says_that_it_writes("bob-1"));
  for (const demo::Process* one : {&alice_1, &alice_2}) EXPECT_EQ(one->output().find(bob_writes), std::string::npos);
  EXPECT_TRUE(eventually([&] { return says_that_it_writes("bob-2"); }));
  for (const demo::Process* one : {&alice_1, &alice_2}) {
    EXPECT_TRUE(sees(*one, bob_writes)) << one->output();
    EXPECT_EQ(one->output().find(alice_writes), std::string::npos) << "nobody is told of themselves";
  }
  for (const demo::Process* one : {&bob_1, &bob_2}) EXPECT_EQ(one->output().find(bob_writes), std::string::npos);
}

TEST_F(Features, PicturesAreSeenAndWordsFoundOnEveryDevice) {
  meet();
  const std::string path = file_of("lake.jpg", testing::jpeg_of(testing::four_quarters(640, 480)));
  run("bob-2", {"send", "alice@localhost", "The lake at dawn", "--attach", path}, std::chrono::minutes(2));
  std::string id, picture;
  for (const std::string device : kFourDevices) {
    json message;
    ASSERT_TRUE(eventually([&] {
      const json hits = run(device, {"search", "DAWN", "lake"})["messages"];
      if (hits.size() == 1) message = hits[0];
      return hits.size() == 1;
    })) << device;
    EXPECT_EQ(message["text"], "The lake at dawn") << device;
    EXPECT_EQ(message["attachment"]["name"], "lake.jpg") << device;
    if (id.empty()) id = message["id"];
    EXPECT_EQ(message["id"], id) << device;
    const json preview = this->message(device, id)["attachment"]["preview"];
    ASSERT_TRUE(preview.is_object()) << device;
    EXPECT_EQ(preview["width"], 160) << device;
    EXPECT_EQ(preview["height"], 120) << device;
    if (picture.empty()) picture = preview["data"];
    EXPECT_EQ(preview["data"], picture) << device;
    EXPECT_EQ(found(device, {"dawn", "dusk"}), 0u) << device;
    EXPECT_EQ(found(device, {"LAKE.jpg"}), 1u) << device << ": by the name of the file";
  }
  const std::string plain = say("alice-1", "shall we walk there?");
  arrives_everywhere(plain);
  run("alice-2", {"edit", plain, "shall we run there?"});
  for (const std::string device : kFourDevices) {
    EXPECT_TRUE(eventually([&] { return found(device, {"run", "there"}) == 1; })) << device;
    EXPECT_EQ(found(device, {"walk", "there"}), 0u) << device;
  }
}

TEST_F(Features, ConversationsAreFoundByTitleNameAndPetname) {
  meet();
  run("alice-1", {"group", "create", "walkers", "bob@localhost"});
  arrives_everywhere(run("alice-1", {"send", "walkers", "we begin"})["id"], "walkers");
  run("bob-1", {"contact", "name", "alice@localhost", "Ali from school"});
  EXPECT_TRUE(shows("bob-2", "alice@localhost", "petnames", {{"alice@localhost", "Ali from school"}}));
  const auto places = [&](const std::string& device, const std::vector<std::string>& words) {
    std::vector<std::string> all = {"search"};
    all.insert(all.end(), words.begin(), words.end());
    std::set<std::string> out;
    const json answer = run(device, all);
    for (const json& one : answer["conversations"]) out.insert(one["kind"]);
    return out;
  };
  using Kinds = std::set<std::string>;
  for (const std::string device : kFourDevices) EXPECT_EQ(places(device, {"WALK"}), Kinds{"group"}) << device;
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_EQ(places(device, {"school", "ali"}), (Kinds{"group", "pair"})) << device;
    EXPECT_EQ(places(device, {"bob"}), Kinds{}) << device << ": who is in all of them";
  }
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_EQ(places(device, {"bob@local"}), (Kinds{"group", "pair"})) << device;
    EXPECT_EQ(places(device, {"school"}), Kinds{}) << device << ": what bob calls her is his";
  }
}

TEST_F(Features, Disappearing) {
  meet();
  run("bob-1", {"conversation", "expire", "alice@localhost", "5s"});
  for (const std::string device : kFourDevices)
    EXPECT_TRUE(shows(device, other(device), "disappears_after_s", 5)) << device;
  const auto watchers = watch_all("hello alice");
  const std::string id = say("alice-1", "this goes");
  watchers_see(watchers, "this goes");
  run("bob-1", {"read", "alice@localhost"});
  everywhere(id, [](const json& one) { return one.is_null(); });
  for (const std::string device : kFourDevices) EXPECT_EQ(found(device, {"this", "goes"}), 0u) << device;
}

TEST_F(Features, RequestsAndBlocking) {
  two_people_with_two_devices();
  const std::string id = say("alice-1", "look at https://evil.example");
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] {
      const json all = run(device, {"requests"})["requests"];
      return all.size() == 1 && all[0].contains("first") && all[0]["first"]["text"] == "look at [link]";
    })) << device;
  }
  run("bob-1", {"accept", "alice"});
  EXPECT_TRUE(eventually([&] { return run("bob-2", {"requests"})["requests"].empty(); }));
  EXPECT_EQ(message("bob-2", id)["text"], "look at https://evil.example");
  run("bob-1", {"block", "alice"});
  const auto is_blocked_on = [&](const char* device) {
    return run(device, {"conversations"})["conversations"][0].value("blocked", false);
  };
  EXPECT_TRUE(eventually([&] { return is_blocked_on("bob-2"); }));  // one's devices share the list
  const std::string unheard = say("alice-1", "hear me");
  run("bob-2", {"unblock", "alice"});
  EXPECT_TRUE(eventually([&] { return !is_blocked_on("bob-1"); }));
  const std::string heard = say("alice-1", "and now");
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return message(device, heard).is_object(); })) << device;
    EXPECT_TRUE(message(device, unheard).is_null()) << device;
  }
}

TEST_F(Features, ADeletedRequestIsGoneAndItsSenderIsNotTold) {
  two_people_with_two_devices();
  const std::string first = say("alice-1", "buy my rabbits");
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return run(device, {"requests"})["requests"].size() == 1; })) << device;
  }
  run("bob-1", {"delete", "alice@localhost"});
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return run(device, {"requests"})["requests"].empty(); })) << device;
    EXPECT_TRUE(run(device, {"conversations", "--archived"})["conversations"].empty()) << device;
    EXPECT_EQ(found(device, {"rabbits"}), 0u) << device;
    EXPECT_TRUE(message(device, first).is_null()) << device;
  }
  EXPECT_EQ(village().cairn("bob-1", {"delete", "carol@localhost"}).exit_code, 1);
  // What is said afterwards comes afterwards, and is a request again.
  const std::string second = say("alice-2", "buy my hares");
  for (const char* device : {"bob-1", "bob-2"}) {
    json requests;
    EXPECT_TRUE(eventually([&] {
      requests = run(device, {"requests"})["requests"];
      return requests.size() == 1;
    })) << device;
    EXPECT_EQ(requests[0]["first"]["id"], second) << device << " " << requests;
  }
  for (const char* device : {"alice-1", "alice-2"}) {
    for (const std::string& id : {first, second}) {
      EXPECT_TRUE(eventually([&] { return message(device, id).is_object(); })) << device;
      EXPECT_EQ(message(device, id).value("status", ""), "sent") << device << ": nothing is told";
    }
  }
  run("bob-2", {"accept", "alice@localhost"});
  EXPECT_TRUE(eventually([&] { return run("bob-1", {"requests"})["requests"].empty(); }));
  EXPECT_EQ(village().cairn("bob-1", {"delete", "alice@localhost"}).exit_code, 1) << "it is no request any more";
}

TEST_F(Features, ARequestToAGroupIsAcceptedOrDeletedOnAllDevicesOfItsOwner) {
  two_people_with_two_devices();
  for (const char* title : {"walkers", "rabbits"}) {
    run("alice-1", {"group", "create", title, "bob@localhost"});
    run("alice-1", {"send", title, "come along"});
  }
  const auto requests = [&](const char* device) {
    std::set<std::string> out;
    const json all = run(device, {"requests"});
    for (const json& one : all["requests"]) out.insert(one["title"]);
    return out;
  };
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return requests(device) == std::set<std::string>{"rabbits", "walkers"}; })) << device;
  }
  run("bob-1", {"accept", "walkers"});
  run("bob-2", {"delete", "rabbits"});
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return requests(device).empty(); })) << device;
    EXPECT_EQ(conversation(device, "walkers").value("request", true), false) << device;
    EXPECT_TRUE(conversation(device, "rabbits").empty()) << device;
  }
}

TEST_F(Features, ARequestShowsNoPreviewAndSavesNoFileUntilItIsAccepted) {
  two_people_with_two_devices();
  const Bytes lake = testing::jpeg_of(testing::four_quarters(640, 480));
  json sent =
      run("alice-1", {"send", "bob@localhost", "look", "--attach", file_of("lake.jpg", lake)}, std::chrono::minutes(2));
  const std::string id = sent["message"]["id"];
  const auto folder_of = [&](const std::string& device) { return (folder_ / (device + "-saved")).string(); };
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return message(device, id).is_object(); })) << device;
    json file = message(device, id)["attachment"];
    EXPECT_EQ(file["name"], "lake.jpg") << device;
    EXPECT_FALSE(file.contains("preview")) << device;
    std::filesystem::create_directories(folder_of(device));
    const demo::Said refused = village().cairn(device, {"save", id, "--to", folder_of(device)});
    EXPECT_EQ(refused.exit_code, 1) << device;
    EXPECT_NE(refused.error.find("accept the request first"), std::string::npos) << refused.error;
    EXPECT_TRUE(std::filesystem::is_empty(folder_of(device))) << device;
  }
  run("bob-1", {"accept", "alice"});
  EXPECT_TRUE(eventually([&] { return run("bob-2", {"requests"})["requests"].empty(); }));
  for (const char* device : {"bob-1", "bob-2"}) {
    json preview = message(device, id)["attachment"]["preview"];
    ASSERT_TRUE(preview.is_object()) << device;
    EXPECT_EQ(preview["width"], 160) << device;
    run(device, {"save", id, "--to", folder_of(device)}, std::chrono::minutes(2));
    std::ifstream saved(folder_of(device) + "/lake.jpg", std::ios::binary);
    EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(saved), {}) == as_text(lake)) << device;
  }
  a_request_is_blocked_at_once();
}

TEST_F(Features, AdminsOfAGroup) {
  two_people_with_two_devices();
  run("alice-1", {"group", "create", "walkers", "bob@localhost"});
  const std::string id = run("alice-1", {"send", "walkers", "hi @bob", "--mention", "bob"})["id"];
  everywhere(
      id, [](const json& one) { return one.is_object() && one.contains("mentions"); }, "walkers");
  EXPECT_EQ(village().cairn("bob-1", {"group", "rename", "walkers", "x"}).exit_code, 1);
  run("alice-2", {"group", "rename", "walkers", "runners"});
  const Bytes drawing = testing::png_of(testing::four_quarters(16, 16));
  const std::string picture = file_of("picture.png", drawing);
  EXPECT_EQ(village().cairn("bob-2", {"group", "picture", "runners", picture}).exit_code, 1);
  run("alice-2", {"group", "picture", "runners", picture});
  expect_picture("runners", to_base64(drawing));
  run("alice-1", {"group", "picture", "runners", file_of("none.png", {})});
  expect_picture("runners", "");
  run("alice-1", {"group", "admin", "runners", "bob"});
  for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] {
      const demo::Said said = village().cairn(device, {"group", "show", "runners"});
      return said.good() && said.json["admins"].size() == 2;
    })) << device;
  }
  run("alice-1", {"group", "leave", "runners"});
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return run(device, {"group", "show", "runners"})["names"].size() == 1; })) << device;
  }
}

TEST_F(Features, WhoIsTakenOutOfAGroupIsToldAndHearsNoMore) {
  two_people_with_two_devices();
  run("alice-1", {"group", "create", "readers", "bob@localhost"});
  arrives_everywhere(run("alice-1", {"send", "readers", "page one"})["id"], "readers");
  EXPECT_EQ(village().cairn("bob-1", {"group", "remove", "readers", "alice"}).exit_code, 1);
  run("alice-2", {"group", "remove", "readers", "bob"});
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(eventually([&] { return run(device, {"group", "show", "readers"})["names"].size() == 1; })) << device;
  }
  const std::string unheard = run("alice-1", {"send", "readers", "page two"})["id"];
  EXPECT_TRUE(eventually([&] { return message("alice-2", unheard, "readers").is_object(); }));
  arrives_everywhere(say("alice-1", "you are out"));
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return has_notice(device, "readers", "was removed from the conversation"); }))
        << device;
    EXPECT_TRUE(message(device, unheard, "readers").is_null()) << device;
    const demo::Said refused = village().cairn(device, {"send", "readers", "but why?"});
    EXPECT_EQ(refused.exit_code, 1) << device;
    EXPECT_NE(refused.error.find("can only be read"), std::string::npos) << refused.error;
  }
}

}  // namespace
}  // namespace cairn::e2e
