// Two people who begin to talk at the same moment have one conversation, whatever comes in which order.
#include "core/client/pairs.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/tables.h"
#include "tests/support/answers.h"
#include "tests/support/example_names.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::Texts;

const Texts kDevices = {"alice-1", "alice-2", "bob-1", "bob-2"};

std::string other_of(const std::string& device) { return device.starts_with("alice") ? kBob : kAlice; }

/// Two people with two devices each.
class Two {
 public:
  enum class Devices { one_each, two_each };
  explicit Two(Devices devices = Devices::two_each) {
    good(village.register_person("alice-1", kAlice));
    good(village.register_person("bob-1", kBob));
    if (devices == Devices::two_each) {
      good(village.link_device("alice-2", kAlice, "alice-1"));
      good(village.link_device("bob-2", kBob, "bob-1"));
    }
    village.server.overhear = [this](const proto::Call& call) {
      if (!call.url.ends_with(proto::kPathChannelSend)) return;
      const auto request = wire::decode<proto::ChannelSend>(call.body);
      if (request && !is_of_one(request->channel)) sent_to.push_back(request->channel);
    };
  }
  /// Whether it is the conversation of one person's devices, who say things there by themselves.
  bool is_of_one(const ChannelId& channel) {
    for (const std::string& device : kDevices) {
      const auto row = village.device(device).store().get(tables::kConversations, channel);
      const auto one = row ? wire::decode<Conversation>(*row) : Result<Conversation>(fail(ErrorCode::not_found, "row"));
      if (one && one->kind == ConversationKind::self) return true;
    }
    return false;
  }

  json say(const std::string& device, const std::string& text) {
    return good(village.ask(device, "send", {{"to", other_of(device)}, {"text", text}}));
  }
  /// Without waiting for what becomes of it.
  void begin(const std::string& device, const std::string& text) {
    village.begin(device, "send", {{"to", other_of(device)}, {"text", text}});
    village.settle();
  }
  void set_silent(bool silent) {
    for (const std::string& device : kDevices) village.device(device).set_silent(silent);
  }

  json messages(const std::string& device) {
    return good(village.ask(device, "read", {{"conversation", other_of(device)}}))["messages"];
  }
  Texts texts(const std::string& device) {
    Texts out;
    for (const json& message : messages(device)) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  Texts sorted_texts(const std::string& device) {
    Texts out = texts(device);
    std::sort(out.begin(), out.end());
    return out;
  }
  json conversations(const std::string& device) { return good(village.ask(device, "conversations"))["conversations"]; }
  /// Of its only conversation, those that can be written to.
  std::vector<ChannelId> channels(const std::string& device) {
    const auto all = conversations(device);
    if (all.size() != 1) return {};
    const auto& store = village.device(device).store();
    auto out = channels_of(store, *ChannelId::from(*from_hex(all[0]["id"].get<std::string>())));
    std::erase_if(out, [&](const ChannelId& channel) {
      return !wire::decode<Conversation>(*store.get(tables::kConversations, channel))->is_writable();
    });
    return out;
  }

  /// Everybody has exactly these texts, in one conversation, and goes on in one channel that all agree upon.
  void expect_one_conversation(Texts expected) {
    for (const std::string& device : kDevices) {
      SCOPED_TRACE(device);
      std::sort(expected.begin(), expected.end());
      EXPECT_TRUE(village.until([&] { return sorted_texts(device) == expected; }, 5 * kMinuteMs))
          << json(texts(device)).dump();
      EXPECT_EQ(conversations(device).size(), 1u);
    }
    sent_to.clear();
    for (const std::string& device : kDevices) {
      expected.push_back(device + " goes on");
      say(device, expected.back());
    }
    EXPECT_EQ(std::set<ChannelId>(sent_to.begin(), sent_to.end()).size(), 1u);
    for (const std::string& device : kDevices) {
      std::sort(expected.begin(), expected.end());
      EXPECT_TRUE(village.until([&] { return sorted_texts(device) == expected; }))
          << device << json(texts(device)).dump();
      EXPECT_EQ(channels(device).front(), sent_to.front()) << device;
    }
  }

  testing::ClientVillage village;
  std::vector<ChannelId> sent_to;  ///< of every text given to the server
};

// ---- both begin at once ----

TEST(Pairs, BegunByBothAtOnceAreOneConversationInWhateverOrderEachHearsOfIt) {
  Texts order = kDevices;
  bool restarts = false;
  do {
    SCOPED_TRACE(json(order).dump());
    Two two;
    two.set_silent(true);
    two.begin("alice-1", "from alice");
    two.begin("bob-1", "from bob");
    for (const std::string& device : order) {
      two.village.device(device).set_silent(false);
      two.village.settle();
      if (restarts) two.village.device(device).restart();
    }
    two.expect_one_conversation({"from alice", "from bob"});
    restarts = !restarts;
  } while (!::testing::Test::HasFailure() && std::next_permutation(order.begin(), order.end()));
}

TEST(Pairs, BegunByAllFourDevicesAtOnceAreOneConversation) {
  for (const bool backwards : {false, true}) {
    Two two;
    two.set_silent(true);
    Texts said;
    for (const std::string& device : kDevices) {
      said.push_back("from " + device);
      two.begin(device, said.back());
    }
    Texts order = kDevices;
    if (backwards) std::reverse(order.begin(), order.end());
    for (const std::string& device : order) {
      two.village.device(device).set_silent(false);
      two.village.pass_all(kSecondMs);
    }
    two.expect_one_conversation(said);
    EXPECT_EQ(two.channels("alice-1").size(), 4u);
  }
}

TEST(Pairs, WhatIsStillSaidInTheOtherOneIsShownToo) {
  Two two;
  two.set_silent(true);
  two.begin("alice-1", "from alice");
  two.begin("bob-1", "from bob");
  two.begin("alice-1", "more from alice");
  two.begin("bob-1", "more from bob");
  two.village.device("alice-2").set_silent(false);
  two.village.pass_all(kSecondMs);
  two.begin("alice-2", "from her other one");
  two.set_silent(false);
  two.expect_one_conversation({"from alice", "from bob", "more from alice", "more from bob", "from her other one"});
}

TEST(Pairs, ADeviceThatComesLaterIsInTheOneThatIsWrittenTo) {
  Two two(Two::Devices::one_each);
  for (const char* device : {"alice-1", "bob-1"}) two.village.device(device).set_silent(true);
  two.begin("alice-1", "from alice");
  two.begin("bob-1", "from bob");
  for (const char* device : {"alice-1", "bob-1"}) two.village.device(device).set_silent(false);
  two.village.pass_all(kSecondMs);
  good(two.village.link_device("alice-2", kAlice, "alice-1"));
  good(two.village.link_device("bob-2", kBob, "bob-1"));
  two.village.pass_all(kSecondMs);
  for (const std::string& device : kDevices) two.say(device, device + " speaks");
  two.village.pass_all(kSecondMs);
  const Texts late = {"alice-1 speaks", "alice-2 speaks", "bob-1 speaks", "bob-2 speaks"};
  for (const std::string device : {"alice-2", "bob-2"}) {
    EXPECT_EQ(two.sorted_texts(device), late) << device;
    EXPECT_EQ(two.channels(device).size(), 1u) << device;
  }
  EXPECT_EQ(two.texts("alice-1").size(), 6u);
}

// ---- what waits ----

TEST(Pairs, OneThatNobodyWasAskedIntoIsGivenUpForOneThatIsThere) {
  for (const std::string early : {"alice-1", "bob-1"}) {
    SCOPED_TRACE(early);
    const std::string late = early == "alice-1" ? "bob-1" : "alice-1";
    Two two;
    two.village.set_online(early, false);
    two.begin(early, "while away");
    two.village.device(early).restart();
    two.say(late, "meanwhile");
    two.village.server.paths.clear();
    two.village.set_online(early, true);
    two.expect_one_conversation({"meanwhile", "while away"});
    EXPECT_EQ(std::count(two.village.server.paths.begin(), two.village.server.paths.end(), proto::kPathChannelCreate),
              0);
  }
}

// The copy is from before anybody was in the pair that its device had begun: its later state has brought others in.
TEST(Pairs, OneThatALaterStateHasBroughtOthersIntoIsNotGivenUpAfterACopyWasPutBack) {
  for (const std::string early : {"alice-1", "bob-1"}) {
    SCOPED_TRACE(early);
    const std::string late = early == "alice-1" ? "bob-1" : "alice-1";
    Two two(Two::Devices::one_each);
    two.village.device(late).set_silent(true);
    two.village.device(early).cut_off_from("https://example.org/v1/key-packages/fetch");
    two.begin(early, "from the first");
    const auto copy = two.village.device(early).store();
    two.village.device(early).cut_off_from("");
    two.village.pass_all(kMinuteMs);
    ASSERT_EQ(two.texts(early), Texts{"from the first"});
    two.village.device(early).set_silent(true);
    two.begin(late, "from the other");
    two.village.device(early).store() = copy;
    two.village.device(early).restart();
    two.village.device(early).set_silent(false);
    two.village.pass_all(kSecondMs);
    two.village.device(late).set_silent(false);
    two.village.pass_all(kHourMs);
    for (int i = 0; i < 2; ++i) {
      two.begin(late, late + " goes on " + std::to_string(i));
      two.begin(early, early + " goes on " + std::to_string(i));
    }
    two.village.pass_all(kHourMs);
    EXPECT_EQ(two.sorted_texts(early), two.sorted_texts(late));
    EXPECT_EQ(two.texts(early).size(), 6u) << json(two.texts(early)).dump();
    EXPECT_EQ(two.channels(early), two.channels(late));
  }
}

// Two copies, the older one first: that one brings the other into the pair which the newer one has given up.
TEST(Pairs, OneThatWasGivenUpIsFoundByWhatComesInItAfterCopiesWerePutBack) {
  std::size_t used = 0;
  for (const std::string early : {"alice-1", "bob-1"}) {
    SCOPED_TRACE(early);
    const std::string late = early == "alice-1" ? "bob-1" : "alice-1";
    Two two(Two::Devices::one_each);
    two.village.device(early).cut_off_from("https://example.org/v1/key-packages/fetch");
    two.begin(early, "from the first");
    const auto alone = two.village.device(early).store();
    two.begin(late, "from the other");
    two.village.pass_all(kMinuteMs);
    const auto given_up = two.village.device(early).store();
    two.village.device(early).store() = alone;
    two.village.device(early).restart();
    two.village.device(early).cut_off_from("");
    two.village.pass_all(kHourMs);
    two.sent_to.clear();
    two.say(late, "to the first copy");
    const ChannelId in_use = two.sent_to.back();
    const auto row = given_up.get(tables::kConversations, in_use);
    const auto there = row ? wire::decode<Conversation>(*row) : Result<Conversation>(fail(ErrorCode::not_found, "row"));
    used += there && there->state == ConversationState::left ? 1 : 0;
    two.village.device(early).store() = given_up;
    two.village.device(early).restart();
    for (int i = 0; i < 3; ++i) {
      two.begin(late, late + " goes on " + std::to_string(i));
      two.begin(early, early + " goes on " + std::to_string(i));
      two.village.pass_all(kDayMs);
    }
    for (const std::string& device : {early, late}) {
      const Texts all = two.texts(device);
      for (const std::string& speaker : {early, late}) {
        EXPECT_EQ(std::count(all.begin(), all.end(), speaker + " goes on 2"), 1) << device << json(all).dump();
      }
    }
    // All write to the smallest one; of others each may know some.
    ASSERT_FALSE(two.channels(early).empty() || two.channels(late).empty());
    EXPECT_EQ(two.channels(early).front(), two.channels(late).front());
  }
  EXPECT_GT(used, 0u);
}

TEST(Pairs, ATextWhoseFateIsUnknownIsShownOnceThoughItIsSentInBoth) {
  std::size_t most_sends = 0;
  for (const std::string speaker : {"alice-1", "bob-1"}) {
    for (const bool restarts : {false, true}) {
      SCOPED_TRACE(speaker + (restarts ? " restarts" : ""));
      Two two;
      for (const char* device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {  // what is sent is counted
        good(two.village.ask(device, "contact.set", {{"name", other_of(device)}, {"receipts", false}}));
      }
      two.set_silent(true);
      two.begin("alice-1", "from alice");
      two.begin("bob-1", "from bob");
      two.village.device(speaker).lose_answers_to(proto::kPathChannelSend);
      two.begin(speaker, "taken, but who knows");
      if (restarts) two.village.device(speaker).restart();
      two.village.device(speaker).lose_answers_to({});
      two.set_silent(false);
      two.village.pass_all(kMinuteMs);
      most_sends = std::max(most_sends, two.sent_to.size());
      two.expect_one_conversation({"from alice", "from bob", "taken, but who knows"});
    }
  }
  EXPECT_EQ(most_sends, 4u);  // one of them spoke in the one that was not to go on
}

TEST(Pairs, WhatWaitsGoesOutInTheOrderInWhichItWasSaid) {
  for (const std::string speaker : {"alice-1", "bob-1"}) {
    Two two;
    two.set_silent(true);
    two.begin("alice-1", "0");
    two.begin("bob-1", "0");
    two.village.device(speaker).lose_answers_to(proto::kPathChannelSend);
    Texts said = {"0"};
    for (int i = 1; i < 6; ++i) {
      said.push_back(std::to_string(i));
      two.begin(speaker, said.back());
    }
    two.set_silent(false);
    two.village.device(speaker).lose_answers_to({});
    two.village.pass_all(kMinuteMs);
    for (const std::string& device : kDevices) {
      Texts heard;
      for (const json& message : two.messages(device)) {
        const bool is_theirs = message["sender"] == (speaker == "alice-1" ? kAlice : kBob);
        if (is_theirs) heard.push_back(message["text"]);
      }
      EXPECT_EQ(heard, said) << device;
    }
  }
}

// ---- people who mean no good ----

TEST(Pairs, OfAPeerWhoOpensThemWithoutEndFewAreFollowedAndItStaysOneConversation) {
  Two two(Two::Devices::one_each);
  two.say("alice-1", "hello");
  auto bob = testing::HostileDevice::like(two.village, "bob-1");
  const Account alice = *load_account(two.village.device("alice-1").store());
  for (std::uint8_t i = 0; i < kMaxChannelsOfPair + 10; ++i) {
    ChannelId channel;
    channel.mutable_view()[15] = static_cast<std::uint8_t>(200 - i);
    mls::Group group = bob.begin({ConversationKind::pair, channel, "example.org", ""});
    const Bytes welcome = bob.add(group, bob.key_package_of(kAlice, alice.device_id()));
    bob.deliver(alice.mailbox, proto::EnvelopeKind::welcome, channel, group.epoch(), welcome);
    two.village.pass_all(10 * kSecondMs);
  }
  EXPECT_EQ(two.conversations("alice-1").size(), 1u);
  EXPECT_EQ(two.channels("alice-1").size(), kMaxChannelsOfPair);
  EXPECT_EQ(two.texts("alice-1"), Texts{"hello"});
  good(two.village.register_person("carol-1", "carol@example.org"));
  good(two.village.ask("alice-1", "send", {{"to", "carol@example.org"}, {"text", "hello carol"}}));
}

TEST(Pairs, AStrangersPairHasNoPartInThatOfTwoOthers) {
  Two two(Two::Devices::one_each);
  good(two.village.register_person("mallory-1", "mallory@example.org"));
  const ChannelId channel = *ChannelId::from(*from_hex(two.say("alice-1", "one")["conversation"].get<std::string>()));
  auto mallory = testing::HostileDevice::like(two.village, "mallory-1");
  const Account alice = *load_account(two.village.device("alice-1").store());
  const Account bob = *load_account(two.village.device("bob-1").store());
  // With alice alone it is another pair; with both of them it is none.
  const ChannelId least{};
  mls::Group pair = mallory.begin({ConversationKind::pair, least, "example.org", ""});
  const Bytes welcome = mallory.add(pair, mallory.key_package_of(kAlice, alice.device_id()));
  mallory.deliver(alice.mailbox, proto::EnvelopeKind::welcome, least, pair.epoch(), welcome);
  ChannelId next_to_it;
  next_to_it.mutable_view()[15] = 1;
  mls::Group three = mallory.begin({ConversationKind::pair, next_to_it, "example.org", ""});
  mallory.add(three, mallory.key_package_of(kBob, bob.device_id()));
  const Bytes third = mallory.add(three, mallory.key_package_of(kAlice, alice.device_id()));
  mallory.deliver(alice.mailbox, proto::EnvelopeKind::welcome, next_to_it, three.epoch(), third);
  two.sent_to.clear();
  two.say("alice-1", "two");
  EXPECT_EQ(two.sent_to, std::vector<ChannelId>{channel});
  EXPECT_EQ(two.conversations("alice-1").size(), 2u);
  EXPECT_EQ(two.texts("bob-1"), (Texts{"one", "two"}));
}

TEST(Pairs, AChannelOfAThirdDomainIsNotEntered) {
  Two two(Two::Devices::one_each);
  two.say("alice-1", "one");
  auto bob = testing::HostileDevice::like(two.village, "bob-1");
  const Account alice = *load_account(two.village.device("alice-1").store());
  const ChannelId least{};
  mls::Group group = bob.begin({ConversationKind::pair, least, "evil.example", ""});
  const Bytes welcome = bob.add(group, bob.key_package_of(kAlice, alice.device_id()));
  bob.deliver(alice.mailbox, proto::EnvelopeKind::welcome, least, group.epoch(), welcome, "evil.example");
  EXPECT_EQ(two.channels("alice-1").size(), 1u);
  two.say("alice-1", "two");
}

// ---- ids ----

TEST(Pairs, TheChannelThatTakesAnothersPlaceHasASmallerId) {
  testing::SeededEntropy entropy(7);
  for (int i = 0; i < 100; ++i) {
    const auto least = random_value<ChannelId>(entropy);
    EXPECT_LT(channel_below(least, entropy), least);
  }
  ChannelId one;
  one.mutable_view()[7] = 1;
  EXPECT_LT(channel_below(one, entropy), one);
  EXPECT_NE(channel_below(ChannelId{}, entropy), ChannelId{});
}

}  // namespace
}  // namespace cairn::client
