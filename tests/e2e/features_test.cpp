// What people expect of conversations, with real programs: two people with two devices each, all of which agree.
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class Features : public VillageTest {
 protected:
  static std::string other(const std::string& device) {
    return device.starts_with("alice") ? "bob@localhost" : "alice@localhost";
  }
  json run(const std::string& device, const std::vector<std::string>& words) {
    const demo::Said said = village().cairn(device, words);
    must(said);
    return said.json;
  }
  /// The message with this id on that device, left unread; null when there is none.
  json message(const std::string& device, const std::string& id, const std::string& conversation = {}) {
    const demo::Said said =
        village().cairn(device, {"read", conversation.empty() ? other(device) : conversation, "--peek"});
    if (!said.good()) return nullptr;
    for (const json& one : said.json["messages"]) {
      if (one.value("id", "") == id) return one;
    }
    return nullptr;
  }
  /// Waits until this holds of that message on all four devices.
  template <class Holds>
  void everywhere(const std::string& id, Holds holds, const std::string& conversation = {}) {
    for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {
      EXPECT_TRUE(eventually([&] { return holds(message(device, id, conversation)); }, std::chrono::seconds(30)))
          << device << " " << message(device, id, conversation).dump();
    }
  }
  void meet() {
    two_people_with_two_devices();
    run("alice-1", {"send", "bob@localhost", "hello bob"});
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello bob"); }));
    const std::string id = run("bob-1", {"send", "alice@localhost", "hello alice"})["id"];
    everywhere(id, [](const json& one) { return one.is_object(); });
  }
  std::string say(const std::string& device, const std::string& text) {
    return run(device, {"send", other(device), text})["id"];
  }
};

TEST_F(Features, RepliesReactionsEditsAndTakingBack) {
  meet();
  const std::string id = say("alice-1", "shall we walk?");
  everywhere(id, [](const json& one) { return one.is_object(); });
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

TEST_F(Features, Disappearing) {
  meet();
  run("bob-1", {"conversation", "expire", "alice@localhost", "5s"});
  EXPECT_TRUE(
      eventually([&] { return run("alice-1", {"conversations"})["conversations"][0]["disappears_after_s"] == 5; }));
  const std::string id = say("alice-1", "this goes");
  EXPECT_TRUE(eventually([&] { return message("bob-2", id).is_object(); }));
  run("bob-1", {"read", "alice@localhost"});
  everywhere(id, [](const json& one) { return one.is_null(); });
  EXPECT_TRUE(run("bob-2", {"search", "goes"})["messages"].empty());
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

TEST_F(Features, AdminsOfAGroup) {
  two_people_with_two_devices();
  run("alice-1", {"group", "create", "walkers", "bob@localhost"});
  const std::string id = run("alice-1", {"send", "walkers", "hi @bob", "--mention", "bob"})["id"];
  everywhere(
      id, [](const json& one) { return one.is_object() && one.contains("mentions"); }, "walkers");
  EXPECT_EQ(village().cairn("bob-1", {"group", "rename", "walkers", "x"}).exit_code, 1);
  run("alice-2", {"group", "rename", "walkers", "runners"});
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

}  // namespace
}  // namespace cairn::e2e
