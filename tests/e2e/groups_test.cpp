// What people expect of a group, and what a later build may say, with real programs: two people with two devices each,
// all of which agree.
#include "core/base/memory_view.h"
#include "core/client/conversations.h"
#include "shell/os/clock.h"
#include "shell/os/entropy.h"
#include "shell/store/encrypted/key_file.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/e2e/features_village.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

constexpr const char* kGroup = "walkers";
constexpr const char* kPoll = "application/vnd.example.poll+json";
/// Of apps/cairn/speaker.cpp.
constexpr std::uint32_t kApplicationId = 0x6361726e;

class InAGroup : public FeaturesTest {
 protected:
  /// Alice and bob know each other, and she has made a group of the two, of which she is the admin.
  void begin() {
    meet();
    run("alice-1", {"group", "create", kGroup, "bob@localhost"});
    arrives_everywhere(say_here("alice-1", "we begin"), kGroup);
  }
  std::string say_here(const std::string& device, const std::string& text) {
    return run(device, {"send", kGroup, text})["id"];
  }
  /// Waits until this holds of the message on all four devices.
  template <class Holds>
  void all_see(const std::string& id, Holds holds) {
    everywhere(
        id, [&](const json& one) { return one.is_object() && holds(one); }, kGroup);
  }
  void has_status(const std::string& device, const std::string& id, const std::string& word) {
    EXPECT_TRUE(eventually([&] { return message(device, id, kGroup).value("status", "") == word; }))
        << device << " " << message(device, id, kGroup);
  }
  /// What one calls the group, or the pair, on a device.
  static std::string place(const std::string& device, bool in_group) { return in_group ? kGroup : other(device); }
  /// Waits until so many are unread there on both devices of a person.
  void have_unread(const std::string& person, bool in_group, int count) {
    for (const std::string& device : {person + "-1", person + "-2"}) {
      EXPECT_TRUE(shows(device, place(device, in_group), "unread", count))
          << device << " " << count << " " << conversation(device, place(device, in_group));
    }
  }
  /// Waits for what this build does not know there; null when it does not come.
  json unknown(const std::string& device, bool in_group) {
    json out;
    EXPECT_TRUE(eventually([&] {
      const json all = run(device, {"read", place(device, in_group), "--peek"});
      for (const json& one : all["messages"]) {
        if (one.value("unknown_type", "") == kPoll) out = one;
      }
      return out.is_object();
    })) << device;
    return out;
  }
  bool says_that_it_writes(const std::string& device) {
    return ask(device, "typing", {{"conversation", kGroup}}).value("told", false);
  }
  void are_called(const std::string& title) {
    for (const std::string device : kFourDevices)
      EXPECT_TRUE(eventually([&] { return village().cairn(device, {"group", "show", title}).good(); })) << device;
  }
  void have_admins(const std::vector<std::string>& names) {
    for (const std::string device : kFourDevices) {
      EXPECT_TRUE(eventually([&] {
        const demo::Said said = village().cairn(device, {"group", "show", kGroup});
        return said.good() && said.json["admins"] == json(names);
      })) << device;
    }
  }
  /// A build that knows more puts this into the outbox of a device, which says it to everybody as its own.
  void put_into_outbox(const std::string& device, const std::string& to, const Bytes& content) {
    village().stop_daemon(device);
    {
      os::SystemEntropy entropy;
      store::SqliteOptions options;
      options.path = village().device_folder(device) + "/store.sqlite";
      options.application_id = kApplicationId;
      auto sqlite = store::SqliteStore::open(options);
      auto key = store::open_key_file(village().device_folder(device) + "/key", entropy);
      ASSERT_TRUE(sqlite && key) << (sqlite ? key.error().where : sqlite.error().where);
      auto sealed = store::EncryptedStore::open(std::move(*sqlite), std::move(*key), entropy);
      ASSERT_TRUE(sealed) << sealed.error().where;
      Overlay overlay(**sealed);
      client::Calls calls;
      client::Session session(calls);
      client::Views views(calls);
      client::Conversations conversations(calls, views, session);
      std::vector<proto::Send> sends;
      std::vector<proto::Event> events;
      client::Context context{overlay, os::now(), entropy, sends, events};
      const auto account = client::load_account(overlay);
      ASSERT_TRUE(account);
      const auto place = conversations.resolve(overlay, *account, to);
      ASSERT_TRUE(place) << place.error().where;
      ASSERT_TRUE(conversations.post(context, place->channel, content));
      ASSERT_TRUE((*sealed)->commit(overlay.take_writes()));
    }
    village().start_daemon(device);
  }
};

TEST_F(InAGroup, WhatWasSaidIsAnsweredReactedToChangedAndTakenBack) {
  begin();
  const std::string id = say_here("alice-1", "shall we walk?");
  arrives_everywhere(id, kGroup);
  const std::string reply = run("bob-2", {"send", kGroup, "yes", "--reply", id.substr(0, 12)})["id"];
  all_see(reply, [&](const json& one) { return one.value("reply_to", "") == id; });
  run("bob-1", {"react", id, "\U0001F44D"});
  run("alice-2", {"react", id, "\U0001F44D"});
  run("alice-2", {"edit", id, "shall we run?"});
  all_see(id, [](const json& one) {
    return one["text"] == "shall we run?" && one.contains("edited_ms") && one.contains("reactions") &&
           one["reactions"][0]["names"] == json::array({"alice@localhost", "bob@localhost"});
  });
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_EQ(run(device, {"history", id})["versions"][0]["text"], "shall we walk?") << device;
    EXPECT_EQ(village().cairn(device, {"edit", id, "no"}).exit_code, 1) << device << ": it is not his";
    EXPECT_EQ(village().cairn(device, {"unsend", id}).exit_code, 1) << device;
  }
  run("bob-2", {"react", id, "\U0001F44D", "--remove"});
  all_see(id, [](const json& one) { return one["reactions"][0]["names"] == json::array({"alice@localhost"}); });
  run("alice-1", {"unsend", id});
  all_see(id, [](const json& one) { return one.value("unsent", false) && one["text"] == ""; });
}

TEST_F(InAGroup, WhatWasSaidDisappearsFromAllDevices) {
  begin();
  run("bob-1", {"conversation", "expire", kGroup, "5s"});
  for (const std::string device : kFourDevices) {
    EXPECT_TRUE(shows(device, kGroup, "disappears_after_s", 5)) << device;
    EXPECT_TRUE(has_notice(device, kGroup, "disappear 5 seconds after")) << device;
  }
  const auto watchers = watch_all("we begin");
  const std::string id = say_here("alice-1", "this goes");
  watchers_see(watchers, "this goes");
  run("bob-1", {"read", kGroup});
  everywhere(
      id, [](const json& one) { return one.is_null(); }, kGroup);
  for (const std::string device : kFourDevices) EXPECT_EQ(found(device, {"this", "goes"}), 0u) << device;
  EXPECT_EQ(conversation("alice-1", "bob@localhost")["disappears_after_s"], 0) << "of the pair nothing was said";
}

TEST_F(InAGroup, WhatArrivedAndWasReadIsTold) {
  begin();
  const std::string id = say_here("alice-1", "news");
  for (const char* device : {"alice-1", "alice-2"}) has_status(device, id, "delivered");
  run("bob-2", {"read", kGroup});
  for (const char* device : {"alice-1", "alice-2"}) {
    has_status(device, id, "read");
    EXPECT_EQ(message(device, id, kGroup)["read_by"], json::array({"bob@localhost"})) << device;
  }
  for (const char* device : {"bob-1", "bob-2"}) EXPECT_TRUE(shows(device, kGroup, "unread", 0)) << device;
  // Switched off in the group alone, on all of his devices.
  run("bob-1", {"conversation", "receipts", kGroup, "off"});
  EXPECT_TRUE(shows("bob-2", kGroup, "receipts", false));
  const std::string hidden = say_here("alice-2", "and this?");
  arrives_everywhere(hidden, kGroup);
  run("bob-2", {"read", kGroup});
  const std::string told = say("alice-1", "here as ever");
  arrives_everywhere(told);
  run("bob-2", {"read", "alice@localhost"});
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(eventually([&] { return message(device, told).value("status", "") == "read"; })) << device;
    EXPECT_EQ(message(device, hidden, kGroup).value("status", ""), "sent") << device;
  }
}

TEST_F(InAGroup, WhatIsUnreadIsCountedAlikeOnAllDevicesThereAndInThePair) {
  begin();
  for (const bool in_group : {true, false}) {
    const auto send = [&](const std::string& device, const std::string& text) -> std::string {
      return run(device, {"send", place(device, in_group), text})["id"];
    };
    const std::string group = in_group ? kGroup : "";  // as everywhere() has it
    for (const std::string person : {"alice", "bob"}) {
      run(person + "-1", {"read", place(person + "-1", in_group)});
      have_unread(person, in_group, 0);
    }
    send("alice-1", "one");
    send("alice-2", "two");
    const std::string third = send("alice-1", "three");
    arrives_everywhere(third, group);
    have_unread("bob", in_group, 3);
    have_unread("alice", in_group, 0);
    // Neither a change, nor a reaction, nor what one says oneself is one more.
    run("alice-2", {"edit", third, "3"});
    run("alice-1", {"react", third, "!"});
    run("bob-2", {"react", third, "?"});
    const std::string answer = send("bob-2", "four");
    everywhere(
        third,
        [](const json& one) {
          return one.is_object() && one["text"] == "3" && one.contains("reactions") && one["reactions"].size() == 2;
        },
        group);
    arrives_everywhere(answer, group);
    have_unread("bob", in_group, 3);
    have_unread("alice", in_group, 1);
    run("bob-1", {"read", place("bob-1", in_group)});
    have_unread("bob", in_group, 0);
    have_unread("alice", in_group, 1);
    arrives_everywhere(send("alice-2", "five"), group);
    have_unread("bob", in_group, 1);
    have_unread("alice", in_group, 1);
  }
}

TEST_F(InAGroup, WritingIsSeenThereAndNowhereElse) {
  begin();
  const demo::Process alice_1 = watch("alice-1");
  const demo::Process alice_2 = watch("alice-2");
  const demo::Process bob_1 = watch("bob-1");
  const demo::Process bob_2 = watch("bob-2");
  say_here("alice-1", "watch me");
  for (const demo::Process* one : {&alice_1, &alice_2, &bob_1, &bob_2})
    EXPECT_TRUE(sees(*one, "watch me")) << one->output();
  run("alice-1", {"typing", "off", kGroup});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(says_that_it_writes("alice-1"));
  run("alice-1", {"typing", "on", kGroup});
  EXPECT_TRUE(eventually([&] { return says_that_it_writes("alice-1"); }));
  for (const auto& [device, watcher] : {std::pair{"bob-1", &bob_1}, std::pair{"bob-2", &bob_2}}) {
    EXPECT_TRUE(sees(*watcher, "\"typing\":\"alice@localhost\"")) << watcher->output();
    const std::string here = conversation(device, kGroup)["id"];
    const std::string pair = conversation(device, "alice@localhost")["id"];
    EXPECT_TRUE(sees(*watcher, "{\"conversation\":\"" + here + "\",\"typing\":")) << watcher->output();
    EXPECT_EQ(watcher->output().find("{\"conversation\":\"" + pair + "\",\"typing\":"), std::string::npos) << device;
  }
  for (const demo::Process* one : {&alice_1, &alice_2})
    EXPECT_EQ(one->output().find("\"typing\""), std::string::npos) << "nobody is told of themselves";
  EXPECT_TRUE(eventually([&] { return says_that_it_writes("bob-2"); }));
  for (const demo::Process* one : {&alice_1, &alice_2})
    EXPECT_TRUE(sees(*one, "\"typing\":\"bob@localhost\"")) << one->output();
}

TEST_F(InAGroup, WhoIsNoAdminAnyMoreChangesNothing) {
  begin();
  run("alice-1", {"group", "admin", kGroup, "bob"});
  have_admins({"alice@localhost", "bob@localhost"});
  run("bob-2", {"group", "rename", kGroup, "runners"});
  are_called("runners");
  run("alice-2", {"group", "rename", "runners", kGroup});
  are_called(kGroup);
  run("alice-2", {"group", "member", kGroup, "bob"});
  have_admins({"alice@localhost"});
  for (const std::string device : kFourDevices)
    EXPECT_TRUE(eventually([&] { return has_notice(device, kGroup, "made bob@localhost a member who is no admin"); }))
        << device;
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_EQ(village().cairn(device, {"group", "rename", kGroup, "mine"}).exit_code, 1) << device;
    EXPECT_EQ(village().cairn(device, {"group", "remove", kGroup, "alice"}).exit_code, 1) << device;
    EXPECT_EQ(village().cairn(device, {"group", "admin", kGroup, "bob"}).exit_code, 1) << device;
    EXPECT_EQ(village().cairn(device, {"group", "member", kGroup, "alice"}).exit_code, 1) << device;
  }
  have_admins({"alice@localhost"});
  arrives_everywhere(say_here("bob-1", "I may still write"), kGroup);
  EXPECT_EQ(village().cairn("alice-1", {"group", "member", kGroup, "alice"}).exit_code, 1) << "the only one stays one";
}

TEST_F(InAGroup, WhoLeavesIsOutOnAllDevicesAndTheOnlyAdminStays) {
  begin();
  for (const char* device : {"alice-1", "alice-2"}) {
    const demo::Said refused = village().cairn(device, {"group", "leave", kGroup});
    EXPECT_EQ(refused.exit_code, 1) << device;
    EXPECT_NE(refused.error.find("only admin; make somebody else one before you leave"), std::string::npos)
        << refused.error;
  }
  run("bob-2", {"group", "leave", kGroup});
  for (const std::string device : kFourDevices) {
    EXPECT_TRUE(shows(device, kGroup, "names", json::array({"alice@localhost"}))) << device;
    EXPECT_TRUE(eventually([&] { return has_notice(device, kGroup, "alice@localhost removed bob@localhost."); }))
        << device;
  }
  const std::string unheard = say_here("alice-1", "he is gone");
  EXPECT_TRUE(eventually([&] { return message("alice-2", unheard, kGroup).is_object(); }));
  // What is said afterwards comes afterwards: by then bob's devices have heard all that there is.
  arrives_everywhere(say("alice-1", "how are you?"));
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(has_notice(device, kGroup, "You left; what was received stays readable here.")) << device;
    EXPECT_TRUE(has_text(device, kGroup, "alice@localhost: we begin")) << device;
    EXPECT_TRUE(message(device, unheard, kGroup).is_null()) << device;
    const demo::Said refused = village().cairn(device, {"send", kGroup, "one word more"});
    EXPECT_EQ(refused.exit_code, 1) << device;
    EXPECT_NE(refused.error.find("can only be read"), std::string::npos) << refused.error;
    EXPECT_EQ(village().cairn(device, {"group", "leave", kGroup}).exit_code, 1) << device << ": it has left";
  }
  for (const char* device : {"alice-1", "alice-2"}) EXPECT_EQ(found(device, {"word"}), 0u) << device;
}

TEST_F(InAGroup, WhatABlockedNameSaysThereIsNotHeardAndNotTold) {
  begin();
  run("bob-1", {"block", "alice@localhost"});
  EXPECT_TRUE(shows("bob-2", "alice@localhost", "blocked", true));
  const std::string unheard = say_here("alice-1", "are you cross?");
  run("alice-2", {"group", "create", "joggers", "bob@localhost"});
  run("alice-2", {"send", "joggers", "are you angry?"});
  EXPECT_TRUE(eventually([&] { return message("alice-2", unheard, kGroup).is_object(); }));
  // What she does to the group is followed: by then his devices have got what she said before.
  run("alice-1", {"group", "rename", kGroup, "runners"});
  are_called("runners");
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(message(device, unheard, "runners").is_null()) << device;
    for (const char* word : {"cross", "angry"}) EXPECT_EQ(found(device, {word}), 0u) << device << " " << word;
  }
  // He writes there as before, and hears her from when he wants to.
  arrives_everywhere(run("bob-2", {"send", "runners", "on we go"})["id"], "runners");
  run("bob-2", {"unblock", "alice@localhost"});
  EXPECT_TRUE(shows("bob-1", "alice@localhost", "blocked", nullptr));
  const std::string heard = run("alice-2", {"send", "runners", "good"})["id"];
  arrives_everywhere(heard, "runners");
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(eventually([&] { return message(device, heard, "runners").value("status", "") == "delivered"; }))
        << device;
    EXPECT_EQ(message(device, unheard, "runners").value("status", ""), "sent") << device << ": she is told nothing";
  }
  for (const char* device : {"bob-1", "bob-2"}) EXPECT_TRUE(message(device, unheard, "runners").is_null()) << device;
}

TEST_F(InAGroup, WhatALaterBuildSaysIsShownAsWhatItIsThereAndInThePair) {
  begin();
  // bob-1 alone has no row of what it says: only its outbox is of the later build.
  const std::string hearers[] = {"alice-1", "alice-2", "bob-2"};
  for (const bool in_group : {true, false}) {
    client::TextContent poll;
    os::SystemEntropy().fill(poll.salt);
    poll.media_type = kPoll;
    poll.text = "{\"walk or run?\": 2}";
    put_into_outbox("bob-1", place("bob-1", in_group), client::encode_content(poll));
    std::string id;
    for (const std::string& device : hearers) {
      json shown = unknown(device, in_group);
      ASSERT_TRUE(shown.is_object()) << device;
      if (id.empty()) id = shown["id"];
      EXPECT_EQ(shown["id"], id) << device;
      EXPECT_EQ(shown["sender"], "bob@localhost") << device;
      EXPECT_EQ(shown["text"], "") << device << ": a text that is none would lie";
      const auto read =
          demo::run(command_of(device, {"read", place(device, in_group), "--peek"}), std::chrono::seconds(30));
      EXPECT_NE(read.out.find(std::string("[a ") + kPoll + " that this version does not show]"), std::string::npos)
          << read.out;
      EXPECT_EQ(read.out.find("walk or run"), std::string::npos) << read.out;
    }
    // It is a message as any: it can be answered and reacted to, and what follows it comes.
    const std::string group = in_group ? kGroup : "";  // as everywhere() has it
    const std::string there = place("alice-1", in_group);
    const std::string reply = run("alice-1", {"send", there, "what is that?", "--reply", id})["id"];
    everywhere(
        reply, [&](const json& one) { return one.is_object() && one.value("reply_to", "") == id; }, group);
    run("alice-2", {"react", id, "?"});
    for (const std::string& device : hearers)
      EXPECT_TRUE(eventually([&] { return message(device, id, group).contains("reactions"); })) << device;
  }
}

}  // namespace
}  // namespace cairn::e2e
