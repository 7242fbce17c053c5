#include "core/client/link.h"

#include <gtest/gtest.h>

#include <deque>

#include "core/base/encoding.h"
#include "core/base/memory_view.h"
#include "core/client/own_name.h"
#include "core/client/tables.h"
#include "tests/support/example_names.h"
#include "tests/support/fake_server.h"

namespace cairn::client {
namespace {

using testing::kAlice;

constexpr const char* kUrl = "https://example.org";

/// The rooms of one device that have to do with its own name, settled as the client does it.
class LinkRooms {
 public:
  LinkRooms(testing::FakeServer& server, std::uint64_t seed)
      : server_(server),
        entropy_(seed),
        now_(server.domain.now),
        views_(calls_),
        own_name_(calls_, views_),
        links_(calls_, views_) {}

  /// Runs `body`, then everything that follows from it without time passing.
  template <class Body>
  auto within(Body body) {
    Turn turn(*this);
    auto result = body(turn.context);
    settle(turn.context);
    store_.apply(turn.overlay.take_writes());
    for (proto::Send& send : turn.sends) calls_made_.push_back(std::get<proto::Call>(std::move(send)));
    if (!performing_) perform();
    return result;
  }
  void wake() {
    within([](Context&) { return 0; });
  }
  void pass(std::uint64_t ms) {
    now_ = after(now_, ms);
    server_.set_time(std::max(server_.domain.now, now_));
    wake();
  }
  /// From now on, after the server has taken this many calls: all that is not stored is gone.
  void crash_after(int calls) { crash_after_ = calls; }
  /// Every so many-th answer does not come back, though the server has done what it was asked.
  void lose_every(int answers) { lose_every_ = answers; }
  bool crashed() const { return crashed_; }

  void register_name(const std::string& name) {
    ASSERT_TRUE(within([&](Context& context) {
      const auto secret = random_secret<directory::RecoverySecret>(context.entropy);
      return own_name_.begin(context, name, kUrl, server_.policy_text(), {}, 0, &secret);
    }));
    ASSERT_EQ(state(), AccountState::active);
  }
  Result<std::string> begin(const std::string& name = kAlice) {
    return within([&](Context& context) { return links_.begin(context, name, kUrl, server_.policy_text()); });
  }
  Result<PublicKey> approve(const std::string& code) {
    return within([&](Context& context) { return links_.approve(context, *load_account(context.store), code); });
  }

  std::optional<AccountState> state() const {
    const auto account = load_account(store_);
    return account ? std::optional(account->state) : std::nullopt;
  }
  Account account() const { return *load_account(store_); }
  std::string sentence(const PublicKey& newcomer) const {
    const auto progress = links_.progress(store_, newcomer);
    return progress ? progress->sentence : "done";
  }
  bool failed(const PublicKey& newcomer) const {
    const auto progress = links_.progress(store_, newcomer);
    return progress && progress->failed;
  }
  std::size_t alarms() const { return own_name_.alarms(store_).size(); }
  std::size_t devices() const { return views_.view(store_, account(), account().name)->devices().size(); }

  testing::FakeServer& server_;
  MemoryView store_;
  testing::SeededEntropy entropy_;
  Time now_;
  Calls calls_;
  Views views_;
  OwnName own_name_;
  Links links_;

 private:
  struct Turn {
    explicit Turn(LinkRooms& rooms)
        : overlay(rooms.store_), context{overlay, rooms.now_, rooms.entropy_, sends, events} {}
    Overlay overlay;
    std::vector<proto::Send> sends;
    std::vector<proto::Event> events;
    Context context;
  };

  void settle(Context& context) {
    auto account = load_account(context.store);
    if (!account) return;
    views_.step(context, *account);
    links_.step(context, *account);
    own_name_.step(context, *account, links_.under_way(context.store));
    for (const directory::Name& name : views_.take_changed()) {
      if (name == account->name) own_name_.changed(context, *account);
    }
    links_.step(context, *account);
  }

  void perform() {
    performing_ = true;
    while (!calls_made_.empty()) {
      const proto::Call call = std::move(calls_made_.front());
      calls_made_.pop_front();
      proto::CallDone done{call.id, server_.answer(call)};
      ++performed_;
      if (crash_after_-- == 0) {
        crash();
        continue;
      }
      if (lose_every_ != 0 && performed_ % lose_every_ == 0) done.reply = fail(ErrorCode::unavailable, "lost");
      within([&](Context& context) {
        calls_.done(context, done);
        return 0;
      });
    }
    performing_ = false;
  }

  void crash() {
    crashed_ = true;
    calls_made_.clear();
    calls_.forget_all();
    views_.forget_all();
    own_name_.forget_all();
    links_.forget_all();
    wake();
  }

  std::deque<proto::Call> calls_made_;
  bool performing_ = false;
  int performed_ = 0;
  int crash_after_ = -1;
  bool crashed_ = false;
  int lose_every_ = 0;
};

class Linking : public ::testing::Test {
 protected:
  void SetUp() override { first.register_name(kAlice); }

  PublicKey key_of(const std::string& code) { return parse_link_code(code)->signature_key; }
  /// Both go on until nothing has changed for this long.
  void pass(std::uint64_t ms = kLinkPollMs) {
    first.pass(ms);
    second.pass(ms);
  }
  void pass_until_done(int rounds = 10) {
    for (int i = 0; i < rounds; ++i) pass();
  }
  void expect_linked() {
    EXPECT_EQ(second.state(), AccountState::active);
    EXPECT_EQ(first.devices(), 2u);
    EXPECT_FALSE(first.links_.under_way(first.store_));
    EXPECT_FALSE(second.links_.under_way(second.store_));
    EXPECT_EQ(first.alarms(), 0u);
    EXPECT_EQ(second.alarms(), 0u);
  }

  testing::FakeServer server;
  LinkRooms first{server, 1};
  LinkRooms second{server, 2};
};

// ---- the code ----

TEST(LinkCode, IsReadBackHoweverItWasTyped) {
  testing::SeededEntropy entropy(1);
  const LinkCode code{random_value<PublicKey>(entropy), random_secret<LinkSecret>(entropy)};
  const std::string text = link_code_text(code);
  EXPECT_EQ(text.size(), 99u);  // 80 characters and 19 dashes
  std::string upper = " " + text + "\n";
  for (char& c : upper) c = c == '-' ? ' ' : static_cast<char>(std::toupper(c));
  for (const std::string& typed : {text, upper}) {
    const auto read = parse_link_code(typed);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->signature_key, code.signature_key);
    EXPECT_TRUE(equal(read->secret.expose(), code.secret.expose()));
  }
}

TEST(LinkCode, RefusesTypingErrors) {
  testing::SeededEntropy entropy(1);
  const std::string text = link_code_text({random_value<PublicKey>(entropy), random_secret<LinkSecret>(entropy)});
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    accepted += parse_link_code(wrong).has_value() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 0u);
  EXPECT_FALSE(parse_link_code(text.substr(1)));
  EXPECT_FALSE(parse_link_code(text + "0"));
  EXPECT_FALSE(parse_link_code(text + text));
  EXPECT_FALSE(parse_link_code(""));
  EXPECT_FALSE(parse_link_code(std::string(100'000, ' ')));
}

TEST(LinkSeal, OpensForItsSlotAndCodeOnly) {
  testing::SeededEntropy entropy(1);
  LinkCode code{random_value<PublicKey>(entropy), random_secret<LinkSecret>(entropy)};
  const Bytes sealed = seal_for_slot(code, LinkSlot::from_new_device, as_bytes("hello"), entropy);
  EXPECT_EQ(as_text(open_from_slot(code, LinkSlot::from_new_device, sealed)->expose()), "hello");
  EXPECT_FALSE(open_from_slot(code, LinkSlot::from_existing_device, sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes wrong = sealed;
    wrong[i] ^= 1;
    EXPECT_FALSE(open_from_slot(code, LinkSlot::from_new_device, wrong));
    EXPECT_FALSE(open_from_slot(code, LinkSlot::from_new_device, ByteView(sealed).first(i)));
  }
  const LinkCode other{code.signature_key, random_secret<LinkSecret>(entropy)};
  EXPECT_FALSE(open_from_slot(other, LinkSlot::from_new_device, sealed));
  code.signature_key.mutable_view()[0] ^= 1;
  EXPECT_FALSE(open_from_slot(code, LinkSlot::from_new_device, sealed));
  EXPECT_NE(link_slot(code, LinkSlot::from_new_device), link_slot(code, LinkSlot::from_existing_device));
}

// ---- both sides ----

TEST_F(Linking, LetsTheNewDeviceIn) {
  const auto code = second.begin();
  ASSERT_TRUE(code);
  EXPECT_EQ(second.state(), AccountState::linking);
  const auto newcomer = first.approve(*code);
  ASSERT_TRUE(newcomer);
  EXPECT_EQ(*newcomer, key_of(*code));
  pass_until_done(3);
  expect_linked();
  EXPECT_EQ(first.sentence(*newcomer), "done");
}

TEST_F(Linking, DoesNotCareWhoComesFirst) {
  server.down = true;
  const auto code = second.begin();
  ASSERT_TRUE(code && first.approve(*code));
  EXPECT_NE(second.sentence(key_of(*code)).find("cannot be reached"), std::string::npos);
  for (int i = 0; i < 30; ++i) pass();
  server.down = false;
  pass_until_done();
  expect_linked();
}

TEST_F(Linking, AsksOnceASecondAndNotMoreOften) {
  const auto code = second.begin();
  ASSERT_TRUE(code);
  const auto asked = [&] {
    return std::count_if(server.paths.begin(), server.paths.end(),
                         [](const std::string& path) { return path.starts_with(proto::kPathRendezvous); });
  };
  second.pass(kLinkPollMs);
  const auto before = asked();
  for (int i = 0; i < 100; ++i) second.pass(100);
  EXPECT_LE(asked() - before, 10);
  EXPECT_GE(asked() - before, 9);
  EXPECT_GT(second.links_.next_deadline(), second.now_);
  EXPECT_LE(second.links_.next_deadline(), after(second.now_, kLinkPollMs));
}

TEST_F(Linking, GoesOnAfterACrashAtAnyMoment) {
  for (const bool old_one_crashes : {true, false}) {
    int calls = 0;
    for (bool crashed = true; crashed; ++calls) {
      SCOPED_TRACE(calls);
      testing::FakeServer fresh(200 + static_cast<std::uint64_t>(calls));
      LinkRooms old_device(fresh, 1), new_device(fresh, 2);
      old_device.register_name(kAlice);
      LinkRooms& unlucky = old_one_crashes ? old_device : new_device;
      unlucky.crash_after(calls);
      const auto code = new_device.begin();
      ASSERT_TRUE(code && old_device.approve(*code));
      for (int round = 0; round < 8; ++round) {
        old_device.pass(kLinkPollMs);
        new_device.pass(kLinkPollMs);
      }
      EXPECT_EQ(new_device.state(), AccountState::active);
      EXPECT_EQ(old_device.devices(), 2u);
      EXPECT_EQ(old_device.alarms(), 0u);
      crashed = unlucky.crashed();
    }
    EXPECT_GE(calls, 4);
  }
}

TEST_F(Linking, GoesOnWhenAnswersAreLost) {
  first.lose_every(3);
  second.lose_every(3);
  const auto code = second.begin();
  ASSERT_TRUE(code && first.approve(*code));
  pass_until_done(40);
  expect_linked();
}

TEST_F(Linking, WaitsForTheEpochHoweverLongItTakesOnceTheDirectoryAccepted) {
  const auto code = second.begin();
  ASSERT_TRUE(code);
  server.publishes = false;
  ASSERT_TRUE(first.approve(*code));
  for (int i = 0; i < 20; ++i) pass(kMinuteMs);
  EXPECT_EQ(second.state(), AccountState::linking);
  EXPECT_TRUE(second.links_.under_way(second.store_));
  EXPECT_FALSE(second.within([&](Context& context) { return second.links_.abandon(context); }));
  EXPECT_TRUE(first.failed(key_of(*code)));
  EXPECT_NE(first.sentence(key_of(*code)).find("as soon as it does"), std::string::npos);
  server.publish_all();
  first.own_name_.look_soon();  // as an epoch notice does it
  pass_until_done();
  expect_linked();
}

// ---- refusals ----

TEST_F(Linking, GivesUpWhenNobodyApproves) {
  const auto code = second.begin();
  ASSERT_TRUE(code);
  pass(kLinkLifeMs - 1);
  EXPECT_FALSE(second.failed(key_of(*code)));
  pass(1);
  EXPECT_TRUE(second.failed(key_of(*code)));
  EXPECT_NE(second.sentence(key_of(*code)).find("begin again with a new code"), std::string::npos);
  EXPECT_EQ(second.links_.next_deadline(), Time::never());
  const auto again = second.begin();
  ASSERT_TRUE(again && first.approve(*again));
  EXPECT_NE(*again, *code);
  pass_until_done();
  expect_linked();
}

TEST_F(Linking, GivesUpWhenTheNewDeviceIsNotHeardOf) {
  testing::SeededEntropy entropy(9);
  const std::string code = link_code_text({random_value<PublicKey>(entropy), random_secret<LinkSecret>(entropy)});
  ASSERT_TRUE(first.approve(code));
  first.pass(kLinkLifeMs);
  EXPECT_TRUE(first.failed(key_of(code)));
  EXPECT_NE(first.sentence(key_of(code)).find("not heard of"), std::string::npos);
}

TEST_F(Linking, RefusesANewDeviceThatAsksForAnotherName) {
  const auto code = second.begin("bob@example.org");
  ASSERT_TRUE(code && first.approve(*code));
  pass_until_done();
  EXPECT_TRUE(first.failed(key_of(*code)));
  EXPECT_NE(first.sentence(key_of(*code)).find("bob@example.org"), std::string::npos);
  EXPECT_EQ(first.devices(), 1u);
}

TEST_F(Linking, RefusesADeviceWhoseKeyIsNotTheCodes) {
  const auto code = second.begin();
  ASSERT_TRUE(code);
  // Somebody who knows the secret puts another device into the slot.
  const LinkCode known = *parse_link_code(*code);
  Account other = Account::create(*directory::Name::parse(kAlice), kUrl, {}, second.entropy_);
  auto& slot = server.slots.begin()->second;
  slot = seal_for_slot(known, LinkSlot::from_new_device, wire::encode(LinkRequest{other.name, other.device()}),
                       second.entropy_);
  ASSERT_TRUE(first.approve(*code));
  pass_until_done();
  EXPECT_TRUE(first.failed(key_of(*code)));
  EXPECT_EQ(first.devices(), 1u);
}

TEST_F(Linking, RefusesSlotsThatTheServerFilledItself) {
  server.tamper = [](const std::string& path, ByteView, Bytes& body) {
    if (path.starts_with(proto::kPathRendezvous) && !body.empty()) body.back() ^= 1;
  };
  const auto code = second.begin();
  ASSERT_TRUE(code && first.approve(*code));
  pass_until_done();
  EXPECT_TRUE(first.failed(key_of(*code)));
  EXPECT_EQ(first.devices(), 1u);
  EXPECT_EQ(second.state(), AccountState::linking);
}

TEST_F(Linking, TheNewDeviceRefusesAnOfferThatIsNotItsOwn) {
  struct Case {
    const char* what;
    std::function<void(LinkOffer&)> change;
  };
  const Case cases[] = {
      {"another name", [](LinkOffer& offer) { offer.content.name = *directory::Name::parse("bob@example.org"); }},
      {"another device",
       [](LinkOffer& offer) {
         std::get<directory::AddDevice>(offer.content.body).device.mailbox.mutable_view()[0] ^= 1;
       }},
      {"another statement", [](LinkOffer& offer) { offer.content.body = directory::SetResetDelay{0}; }},
      {"another chain", [](LinkOffer& offer) { offer.content.previous.mutable_view()[0] ^= 1; }},
      {"a broken signature", [](LinkOffer& offer) { offer.signature.signature.mutable_view()[0] ^= 1; }},
      {"a signer of the wrong kind",
       [](LinkOffer& offer) { offer.signature.kind = directory::SignerKind::new_device; }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    testing::FakeServer fresh(300);
    LinkRooms old_device(fresh, 1), new_device(fresh, 2);
    old_device.register_name(kAlice);
    const auto code = new_device.begin();
    ASSERT_TRUE(code && old_device.approve(*code));
    const LinkCode known = *parse_link_code(*code);
    const std::string slot_b =
        std::string(proto::kPathRendezvous) + to_hex(link_slot(known, LinkSlot::from_existing_device));
    ASSERT_TRUE(fresh.slots.contains(slot_b));
    const auto opened = open_from_slot(known, LinkSlot::from_existing_device, fresh.slots[slot_b]);
    auto offer = *wire::decode<LinkOffer>(opened->expose());
    one.change(offer);
    fresh.slots[slot_b] =
        seal_for_slot(known, LinkSlot::from_existing_device, wire::encode(offer), new_device.entropy_);
    for (int i = 0; i < 5; ++i) new_device.pass(kLinkPollMs);
    EXPECT_TRUE(new_device.failed(key_of(*code)));
    EXPECT_NE(new_device.sentence(key_of(*code)).find("begin again with a new code"), std::string::npos);
    EXPECT_EQ(fresh.people.at(kAlice).state.devices().size(), 1u);
  }
}

TEST_F(Linking, SaysSoWhenTheDevicesChangedMeanwhile) {
  const auto code = second.begin();
  ASSERT_TRUE(code && first.approve(*code));  // the offer lies in its slot
  auto& person = server.people.at(kAlice);
  person.entropy = testing::SeededEntropy(77);
  const testing::TestDevice third = person.new_device();
  const Account own = first.account();
  person.take(person.add(third, testing::TestDevice{own.signing_key.clone(), own.device()}));
  server.publish_all();
  pass_until_done();
  EXPECT_TRUE(second.failed(key_of(*code)));
  EXPECT_NE(second.sentence(key_of(*code)).find("changed meanwhile"), std::string::npos);
  EXPECT_TRUE(first.failed(key_of(*code)));
  EXPECT_EQ(first.alarms(), 1u);  // the third device is one that nobody here added
}

TEST_F(Linking, TellsWhyTheDirectoryRefuses) {
  server.refuse_statements = ErrorCode::over_limit;
  const auto code = second.begin();
  ASSERT_TRUE(code && first.approve(*code));
  pass_until_done();
  EXPECT_TRUE(second.failed(key_of(*code)));
  EXPECT_NE(second.sentence(key_of(*code)).find("The directory does not want this."), std::string::npos);
}

TEST_F(Linking, TriesAgainWhenTheDirectoryIsBusy) {
  server.refuse_statements = ErrorCode::rate_limited;
  const auto code = second.begin();
  ASSERT_TRUE(code && first.approve(*code));
  pass_until_done();
  EXPECT_FALSE(second.failed(key_of(*code)));
  server.refuse_statements.reset();
  pass_until_done();
  expect_linked();
}

TEST_F(Linking, RefusesANameThatDoesNotExist) {
  const auto code = second.begin("nobody@example.org");
  ASSERT_TRUE(code);
  // Only somebody who signs for that name could answer; the new device finds out by itself that there is none.
  const LinkCode known = *parse_link_code(*code);
  const Account own = second.account();
  testing::TestPerson nobody("nobody@example.org");
  directory::StatementContent content = nobody.content(directory::AddDevice{own.device()});
  const LinkOffer offer{content, directory::sign_as_device(content, first.account().signing_key)};
  server.slots[std::string(proto::kPathRendezvous) + to_hex(link_slot(known, LinkSlot::from_existing_device))] =
      seal_for_slot(known, LinkSlot::from_existing_device, wire::encode(offer), second.entropy_);
  for (int i = 0; i < 5; ++i) second.pass(kLinkPollMs);
  EXPECT_EQ(second.sentence(key_of(*code)), "There is no nobody@example.org; check the spelling, or register it.");
}

TEST_F(Linking, BeginsOnlyOnADeviceWithoutAName) {
  EXPECT_EQ(first.begin().error().code, ErrorCode::invalid_state);
  EXPECT_EQ(second.begin("nobody").error().code, ErrorCode::invalid_name);
  const auto weak =
      second.within([&](Context& context) { return second.links_.begin(context, kAlice, kUrl, "quorum none\n"); });
  EXPECT_FALSE(weak);
  EXPECT_EQ(second.state(), std::nullopt);
}

TEST_F(Linking, ForgetsAnEarlierCodeWhenANewOneIsAskedFor) {
  const auto old_code = second.begin();
  const auto code = second.begin();
  ASSERT_TRUE(old_code && code);
  EXPECT_EQ(load_links(second.store_).size(), 1u);
  EXPECT_TRUE(second.store_.scan(tables::kContacts, {}, {}, 10).empty() ||
              second.store_.scan(tables::kContacts, {}, {}, 10).size() == 1u);
  ASSERT_TRUE(first.approve(*code));
  pass_until_done();
  expect_linked();
}

TEST_F(Linking, ApprovesOnlyCodesOfDevicesThatAreNotInTheChain) {
  EXPECT_EQ(first.approve("0000-0000").error().code, ErrorCode::malformed);
  const std::string own_code = link_code_text({first.account().signing_key.public_key(), LinkSecret{}});
  EXPECT_EQ(first.approve(own_code).error().code, ErrorCode::duplicate);
  const auto code = second.begin();
  EXPECT_EQ(second.approve(*code).error().code, ErrorCode::invalid_state);
}

TEST(PendingLink, IsReadBackFromTheStore) {
  testing::SeededEntropy entropy(1);
  for (int stage = 1; stage <= static_cast<int>(LinkStage::failed); ++stage) {
    PendingLink link;
    link.stage = static_cast<LinkStage>(stage);
    link.is_newcomer = stage % 2 == 0;
    link.code = {random_value<PublicKey>(entropy), random_secret<LinkSecret>(entropy)};
    link.started = Time{123};
    link.sequence = 7;
    link.request = {1, 2};
    link.statement = {3};
    link.sentence = "why";
    const SecretBytes bytes = link.encode();
    const auto read = PendingLink::decode(bytes.expose());
    ASSERT_TRUE(read);
    EXPECT_TRUE(equal(read->encode().expose(), bytes.expose()));
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(PendingLink::decode(bytes.expose().first(size)));
  }
}

}  // namespace
}  // namespace cairn::client
