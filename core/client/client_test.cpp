// Whole clients against one server, with everything that goes wrong between them: crashes at any moment, devices that
// are away, a server that is down.
#include "core/client/client.h"

#include <gtest/gtest.h>

#include "core/client/account.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::Texts;

Texts texts(testing::ClientVillage& village, const std::string& device, const std::string& conversation) {
  Texts out;
  const json answer = village.ask(device, "read", {{"conversation", conversation}});
  if (!answer.is_object() || !answer.contains("result")) return out;
  for (const json& message : answer["result"]["messages"]) {
    if (message["delivery"] != "notice") out.push_back(message["text"]);
  }
  return out;
}

/// A run of random troubles from one seed; afterwards everything that was said has reached everybody, once.
class Troubles {
 public:
  explicit Troubles(std::uint64_t seed) : random_(seed) {}

  void run() {
    begin();
    for (int i = 0; i < 60 && !::testing::Test::HasFailure(); ++i) trouble();
    for (const std::string& device : devices_) {
      village_.device(device).crash_after(std::nullopt);
      village_.set_online(device, true);
    }
    village_.server.down = false;
    for (const std::string& device : devices_) {
      const std::string other = device.starts_with("alice") ? kBob : kAlice;
      EXPECT_TRUE(village_.until([&] { return sorted(texts(village_, device, other)) == sorted(said_); }, kHourMs))
          << device << " has " << texts(village_, device, other).size() << " of " << said_.size();
    }
    // Those of one device stand in the order in which it said them, everywhere.
    for (const std::string& device : devices_) {
      const Texts all = texts(village_, device, device.starts_with("alice") ? kBob : kAlice);
      for (const std::string& speaker : devices_) EXPECT_EQ(of(all, speaker), of(said_, speaker)) << device;
    }
  }

 private:
  static Texts sorted(Texts all) {
    std::sort(all.begin(), all.end());
    return all;
  }
  static Texts of(const Texts& all, const std::string& speaker) {
    Texts out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out),
                 [&](const std::string& text) { return text.starts_with(speaker); });
    return out;
  }

  void begin() {
    ASSERT_TRUE(village_.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village_.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(village_.link_device("alice-2", kAlice, "alice-1").contains("result"));
    ASSERT_TRUE(village_.link_device("bob-2", kBob, "bob-1").contains("result"));
    say("alice-1");
    village_.pass_all(5 * kSecondMs);
  }

  void say(const std::string& device) {
    const std::string text = device + " says " + std::to_string(said_.size());
    village_.begin(device, "send", {{"to", device.starts_with("alice") ? kBob : kAlice}, {"text", text}});
    said_.push_back(text);
  }

  void trouble() {
    const std::string& device = devices_[random_.below(devices_.size())];
    switch (random_.below(8)) {
      case 0: village_.set_online(device, false); break;
      case 1: village_.set_online(device, true); break;
      case 2: village_.server.down = random_.below(2) == 0; break;
      case 3: village_.device(device).restart(); break;
      case 4: village_.device(device).crash_after(random_.below(12)); break;
      case 5: village_.pass_all(random_.below(20) * kSecondMs + 1); break;
      default: say(device); break;
    }
    if (random_.below(2) == 0) village_.settle();
  }

  testing::SeededEntropy random_;
  testing::ClientVillage village_;
  const Texts devices_ = {"alice-1", "alice-2", "bob-1", "bob-2"};
  Texts said_;
};

/// Who is in a group changes while everything goes wrong, from several devices at once. Afterwards all who are in it
/// hear each other.
class Changes {
 public:
  explicit Changes(std::uint64_t seed) : random_(seed) {}

  void run() {
    begin();
    for (int i = 0; i < 60 && !::testing::Test::HasFailure(); ++i) change();
    village_.server.down = false;
    for (const std::string& device : devices_) village_.device(device).crash_after(std::nullopt);
    for (const std::string& device : devices_) village_.set_online(device, true);
    village_.pass_all(5 * kMinuteMs);
    for (const char* name : {"bob", "carol", "dave"}) {
      EXPECT_TRUE(
          village_.ask("alice-1", "group.add", {{"conversation", "walkers"}, {"name", name}}).contains("result"));
    }
    village_.pass_all(5 * kMinuteMs);
    Texts last_words;
    for (const std::string& device : members()) {
      last_words.push_back("last words of " + device);
      const json said = village_.ask(device, "send", {{"to", "walkers"}, {"text", last_words.back()}});
      EXPECT_TRUE(said.contains("result")) << device << said.dump();
    }
    for (const std::string& device : members()) {
      EXPECT_TRUE(village_.until([&] { return last_texts(device, last_words.size()) == last_words; }, kHourMs))
          << device;
    }
  }

 private:
  void begin() {
    for (const std::string device : {"alice-1", "bob-1", "carol-1", "dave-1"}) {
      const std::string name = device.substr(0, device.find('-')) + "@example.org";
      ASSERT_TRUE(village_.register_person(device, name).contains("result"));
      devices_.push_back(device);
    }
    ASSERT_TRUE(village_.link_device("alice-2", kAlice, "alice-1").contains("result"));
    devices_.push_back("alice-2");
    ASSERT_TRUE(village_.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}}).contains("result"));
    ASSERT_TRUE(village_.ask("alice-1", "send", {{"to", "walkers"}, {"text", "we begin"}}).contains("result"));
    village_.pass_all(5 * kSecondMs);
  }

  Texts members() const {
    Texts out;
    for (const std::string& device : devices_) {
      if (device != removed_) out.push_back(device);
    }
    return out;
  }

  Texts last_texts(const std::string& device, std::size_t count) {
    const Texts all = texts(village_, device, "walkers");
    return {all.end() - static_cast<std::ptrdiff_t>(std::min(count, all.size())), all.end()};
  }

  void change() {
    const std::string device = devices_[random_.below(devices_.size())];
    switch (random_.below(12)) {
      case 0: village_.set_online(device, false); break;
      case 1: village_.set_online(device, true); break;
      case 2: village_.server.down = random_.below(3) == 0; break;
      case 3: village_.device(device).crash_after(random_.below(12)); break;
      case 4: village_.pass_all(random_.below(20) * kSecondMs + 1); break;
      case 5: add("carol", device); break;
      case 6: add("dave", device); break;
      case 7: link_bobs_second(); break;
      case 8: remove_alices_second(); break;
      default:
        village_.begin(device, "send", {{"to", "walkers"}, {"text", device + " says " + std::to_string(++said_)}});
        break;
    }
    if (random_.below(2) == 0) village_.settle();
  }

  void add(const std::string& name, const std::string& by) {
    village_.begin(by, "group.add", {{"conversation", "walkers"}, {"name", name}});
  }
  void link_bobs_second() {
    if (std::find(devices_.begin(), devices_.end(), "bob-2") != devices_.end()) return;
    village_.server.down = false;
    for (const char* device : {"bob-1", "bob-2"}) {
      village_.device(device).crash_after(std::nullopt);
      village_.set_online(device, true);
    }
    EXPECT_TRUE(village_.link_device("bob-2", kBob, "bob-1").contains("result"));
    devices_.push_back("bob-2");
  }
  void remove_alices_second() {
    if (!removed_.empty()) return;
    village_.server.down = false;
    village_.device("alice-1").crash_after(std::nullopt);
    village_.set_online("alice-1", true);
    const json list = village_.ask("alice-1", "device.list");
    EXPECT_TRUE(
        village_.ask("alice-1", "device.remove", {{"device", list["result"]["devices"][1]["id"]}}).contains("result"));
    removed_ = "alice-2";
  }

  testing::SeededEntropy random_;
  testing::ClientVillage village_;
  Texts devices_;
  std::string removed_;
  int said_ = 0;
};

class Removal : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string name : {"alice", "bob", "carol"}) {
      ASSERT_TRUE(village.register_person(name + "-1", name + "@example.org").contains("result"));
    }
    ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    ASSERT_TRUE(
        village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob", "carol"}}}).contains("result"));
    ASSERT_TRUE(village.ask("alice-1", "send", {{"to", "walkers"}, {"text", "we begin"}}).contains("result"));
    village.pass_all(5 * kSecondMs);
  }

  std::size_t alices_devices_as_seen_by(const std::string& device) {
    return village.ask(device, "conversations")["result"]["conversations"][0]["devices"][kAlice];
  }

  testing::ClientVillage village;
};

TEST_F(Removal, IsNotUndoneByAMemberWhoseViewIsFromBefore) {
  const json list = village.ask("alice-1", "device.list");
  village.server.paths.clear();
  ASSERT_TRUE(
      village.ask("alice-1", "device.remove", {{"device", list["result"]["devices"][1]["id"]}}).contains("result"));
  village.pass_all(kMinuteMs);
  for (const char* device : {"alice-1", "bob-1", "carol-1"}) EXPECT_EQ(alices_devices_as_seen_by(device), 1u) << device;
  EXPECT_EQ(std::count(village.server.paths.begin(), village.server.paths.end(), proto::kPathChannelCommit),
            2);  // in the group, and among the own devices
}

TEST_F(Removal, ByAMemberIsFollowedByOthersWhoseViewsAreFromBefore) {
  // Alice's devices are away when the directory says that one is hers no more; carol sees it first.
  village.set_online("alice-1", false);
  village.set_online("alice-2", false);
  const Account own = *load_account(village.device("alice-1").store());
  const Account lost = *load_account(village.device("alice-2").store());
  auto& person = village.server.people.at(kAlice);
  person.take(person.by_device(directory::RemoveDevice{lost.device_id()},
                               testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  ASSERT_TRUE(village.ask("carol-1", "contact.verify", {{"name", kAlice}}).contains("result"));
  ASSERT_TRUE(village.ask("carol-1", "send", {{"to", "walkers"}, {"text", "without her"}}).contains("result"));
  village.pass_all(kMinuteMs);
  for (const char* device : {"bob-1", "carol-1"}) {
    EXPECT_EQ(alices_devices_as_seen_by(device), 1u) << device;
    EXPECT_EQ(texts(village, device, "walkers"), (Texts{"we begin", "without her"})) << device;
  }
}

TEST(Client, FollowsItsOwnCommitWhenItHearsOfItLate) {
  // Alice's commit is taken and she hears nothing of it, until another one has come after it.
  testing::ClientVillage village;
  for (const std::string name : {"alice", "bob", "carol", "dave"}) {
    ASSERT_TRUE(village.register_person(name + "-1", name + "@example.org").contains("result"));
  }
  ASSERT_TRUE(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}}).contains("result"));
  ASSERT_TRUE(village.ask("alice-1", "send", {{"to", "walkers"}, {"text", "we begin"}}).contains("result"));
  village.device("alice-1").set_silent(true);
  village.device("alice-1").lose_answers_to(proto::kPathChannelCommit);
  const json carol = {{"conversation", "walkers"}, {"name", "carol"}};
  const json dave = {{"conversation", "walkers"}, {"name", "dave"}};
  ASSERT_TRUE(village.ask("alice-1", "group.add", carol).contains("result"));
  village.settle();
  ASSERT_TRUE(village.ask("bob-1", "group.add", dave).contains("result"));
  village.settle();
  village.device("alice-1").lose_answers_to({});
  village.pass_all(10 * kSecondMs);
  village.device("alice-1").set_silent(false);
  village.settle();
  EXPECT_TRUE(village.ask("alice-1", "send", {{"to", "walkers"}, {"text", "all of us"}}).contains("result"));
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(texts(village, "dave-1", "walkers"), Texts{"all of us"});
}

TEST(Client, ShowsATextOnceThatWasTakenInTwoEpochs) {
  // Alice does not know of bob's commit: her text is still taken in the epoch before, and she does not hear of that.
  testing::ClientVillage village;
  for (const std::string name : {"alice", "bob", "carol"}) {
    ASSERT_TRUE(village.register_person(name + "-1", name + "@example.org").contains("result"));
  }
  ASSERT_TRUE(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}}).contains("result"));
  ASSERT_TRUE(village.ask("alice-1", "send", {{"to", "walkers"}, {"text", "we begin"}}).contains("result"));
  village.settle();
  village.device("alice-1").set_silent(true);
  ASSERT_TRUE(village.ask("bob-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}}).contains("result"));
  village.settle();
  village.device("alice-1").lose_answers_to(proto::kPathChannelSend);
  village.begin("alice-1", "send", {{"to", "walkers"}, {"text", "twice taken"}});
  village.settle();
  village.device("alice-1").lose_answers_to({});
  village.device("alice-1").set_silent(false);
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(std::count(village.server.paths.begin(), village.server.paths.end(), proto::kPathChannelSend), 3);
  EXPECT_EQ(texts(village, "bob-1", "walkers"), (Texts{"we begin", "twice taken"}));
  EXPECT_EQ(texts(village, "carol-1", "walkers"), Texts{"twice taken"});
}

TEST(Client, AgreesOnWhoIsInAGroupWhateverGoesWrong) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Changes(seed).run();
    if (HasFailure()) return;
  }
}

TEST(Client, LosesAndRepeatsNothingWhateverGoesWrong) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Troubles(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace cairn::client
