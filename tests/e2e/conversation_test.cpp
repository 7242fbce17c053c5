// Two people with two devices each, through real processes.
#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using Conversation = VillageTest;

TEST_F(Conversation, ReachesEveryDeviceOfBothPeople) {
  two_people_with_two_devices();
  must(village().cairn("alice-1", {"send", "bob@localhost", "hello from alice"}));
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return has_text(device, "alice@localhost", "alice@localhost: hello from alice"); }))
        << device;
  }
  EXPECT_TRUE(eventually([&] { return has_text("alice-2", "bob@localhost", "alice@localhost: hello from alice"); }));

  must(village().cairn("bob-2", {"send", "alice@localhost", "hello from bob's second device"}));
  for (const std::string device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(eventually([&] {
      return has_text(device, "bob@localhost", "bob@localhost: hello from bob's second device");
    })) << device;
  }
}

TEST_F(Conversation, BegunByBothAtOnceIsOne) {
  two_people_with_two_devices();
  std::thread alice([&] { must(village().cairn("alice-1", {"send", "bob@localhost", "from alice"})); });
  must(village().cairn("bob-1", {"send", "alice", "from bob"}));
  alice.join();
  for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {
    const std::string other = device.starts_with("alice") ? "bob@localhost" : "alice@localhost";
    EXPECT_TRUE(eventually([&] {
      return has_text(device, other, "alice@localhost: from alice") &&
             has_text(device, other, "bob@localhost: from bob");
    })) << device;
    EXPECT_EQ(texts(device, other).size(), 2u) << device;
    EXPECT_EQ(village().cairn(device, {"conversations"}).json["conversations"].size(), 1u) << device;
  }
}

TEST_F(Conversation, AGroupReachesWhoIsAddedLater) {
  two_people_with_two_devices();
  must(village().register_person("carol-1", "carol@localhost"));
  must(village().cairn("alice-1", {"group", "create", "walkers", "bob@localhost"}));
  must(village().cairn("alice-1", {"send", "walkers", "before carol"}));
  for (const std::string device : {"alice-2", "bob-1", "bob-2"})
    EXPECT_TRUE(eventually([&] { return has_text(device, "walkers", "alice@localhost: before carol"); })) << device;
  must(village().cairn("bob-1", {"group", "add", "walkers", "carol@localhost"}));
  must(village().cairn("bob-1", {"send", "walkers", "welcome carol"}));
  EXPECT_TRUE(eventually([&] { return has_text("carol-1", "walkers", "bob@localhost: welcome carol"); }));
  EXPECT_FALSE(has_text("carol-1", "walkers", "alice@localhost: before carol"));
  for (const std::string device : {"alice-1", "alice-2", "bob-2"})
    EXPECT_TRUE(eventually([&] { return has_text(device, "walkers", "bob@localhost: welcome carol"); })) << device;
  const auto all_three = nlohmann::json::array({"alice@localhost", "bob@localhost", "carol@localhost"});
  for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2", "carol-1"})
    EXPECT_TRUE(shows(device, "walkers", "names", all_three)) << device;
  must(village().cairn("carol-1", {"send", "walkers", "thank you"}));
  for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"})
    EXPECT_TRUE(eventually([&] { return has_text(device, "walkers", "carol@localhost: thank you"); })) << device;
}

TEST_F(Conversation, ANameComesBackByItsRecoveryKeyWhenAllDevicesAreLost) {
  const demo::Said registered = village().register_person("alice-1", "alice@localhost");
  must(registered);
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "before the loss"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: before the loss"); }));
  village().stop_daemon("alice-1");

  const std::vector<std::string> recover = {"recover",       "alice@localhost", "--remove-others",      "--server",
                                            village().url(), "--policy",        village().policy_file()};
  const demo::Said wrong = village().cairn("alice-2", recover, std::chrono::seconds(30), "aaaaa-aaaaa\n");
  EXPECT_EQ(wrong.exit_code, 1) << wrong.error;
  EXPECT_NE(wrong.error.find("no recovery key"), std::string::npos) << wrong.error;
  const std::string key = registered.json["recovery_key"];
  must(village().cairn("alice-2", recover, std::chrono::seconds(60), key + "\n"));
  village().start_daemon("alice-2");
  must(village().cairn("bob-1", {"send", "alice@localhost", "is it you?", "--fresh", "--wait", "30"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-2", "bob@localhost", "bob@localhost: is it you?"); }));
  const auto shown = village().cairn("bob-1", {"contact", "show", "alice@localhost"});
  EXPECT_EQ(shown.json["devices_active"], 1);
}

TEST_F(Conversation, WhoComesBackByTheRecoveryKeyCanWriteFirst) {
  const demo::Said registered = village().register_person("alice-1", "alice@localhost");
  must(registered);
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "before the loss"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: before the loss"); }));
  must(village().cairn("alice-1", {"group", "create", "walkers", "bob@localhost"}));
  must(village().cairn("alice-1", {"send", "walkers", "we begin"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "walkers", "alice@localhost: we begin"); }));
  village().stop_daemon("alice-1");

  const std::vector<std::string> recover = {"recover",       "alice@localhost", "--remove-others",      "--server",
                                            village().url(), "--policy",        village().policy_file()};
  const std::string key = registered.json["recovery_key"];
  must(village().cairn("alice-2", recover, std::chrono::seconds(60), key + "\n"));
  village().start_daemon("alice-2");
  must(village().cairn("alice-2", {"send", "bob@localhost", "it is me", "--wait", "30"}, std::chrono::seconds(60)));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: it is me"); }));
  // His device has looked at her name for that, and lets hers into the group.
  ASSERT_TRUE(eventually([&] { return !conversation("alice-2", "walkers").empty(); }, std::chrono::minutes(1)));
  must(village().cairn("alice-2", {"send", "walkers", "here as well", "--wait", "30"}, std::chrono::seconds(60)));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "walkers", "alice@localhost: here as well"); }));
}

TEST_F(Conversation, AnOfflineDeviceCatchesUpInOrder) {
  two_people_with_two_devices();
  must(village().cairn("alice-1", {"send", "bob@localhost", "first"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-2", "alice@localhost", "alice@localhost: first"); }));
  village().stop_daemon("bob-2");
  std::vector<std::string> expected = {"alice@localhost: first"};
  for (int i = 0; i < 20; ++i) {
    const std::string text = "while away " + std::to_string(i);
    must(village().cairn("alice-1", {"send", "bob@localhost", text}));
    expected.push_back("alice@localhost: " + text);
  }
  village().start_daemon("bob-2");
  EXPECT_TRUE(eventually([&] { return texts("bob-2", "alice@localhost") == expected; }));
}

TEST_F(Conversation, ADeviceLinkedLaterJoinsEveryConversation) {
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "before"}));
  must(village().link_device("alice-2", "alice@localhost", "alice-1"));
  must(village().cairn("bob-1", {"send", "alice@localhost", "after"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-2", "bob@localhost", "bob@localhost: after"); }));
}

TEST_F(Conversation, ARemovedDeviceGetsNothingMore) {
  two_people_with_two_devices();
  must(village().cairn("alice-1", {"send", "bob@localhost", "for both"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-2", "alice@localhost", "alice@localhost: for both"); }));
  const demo::Said status = village().cairn("bob-2", {"status"});
  must(village().cairn("bob-1", {"device", "remove", status.json["device"]}));
  must(village().cairn("alice-1", {"contact", "verify", "bob@localhost"}));
  must(village().cairn("alice-1", {"send", "bob@localhost", "for the first alone"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: for the first alone"); }));
  EXPECT_FALSE(has_text("bob-2", "alice@localhost", "alice@localhost: for the first alone"));
}

TEST_F(Conversation, SurvivesAServerKilledUnderLoad) {
  two_people_with_two_devices();
  must(village().cairn("alice-1", {"send", "bob@localhost", "begin"}));
  std::vector<std::string> accepted = {"alice@localhost: begin"};
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      const std::string text = "round " + std::to_string(round) + " message " + std::to_string(i);
      if (i == 5) village().stop_server(SIGKILL);
      if (i == 7) village().start_server();
      const demo::Said said = village().cairn("alice-1", {"send", "bob@localhost", text, "--wait", "0.5"});
      EXPECT_TRUE(said.good() || said.exit_code == 3) << said.error;
      accepted.push_back("alice@localhost: " + text);  // sent now, or kept and sent later
    }
  }
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return texts(device, "alice@localhost") == accepted; }, std::chrono::seconds(60)))
        << device;
  }
}

}  // namespace
}  // namespace cairn::e2e
