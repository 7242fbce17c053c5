// What is tried with requests to rejoin, answers to them, and external commits: nothing of it lets in who has no place,
// leads a device into another group, or moves anybody.
#include <gtest/gtest.h>

#include "core/client/rejoin_fixture.h"
#include "core/crypto/hash.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

constexpr const char* kMalloryName = "mallory@example.org";

class RejoinHostile : public RejoinTest {
 protected:
  void SetUp() override {
    RejoinTest::SetUp();
    good(village.register_person("mallory-1", kMalloryName));
    good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
    say("alice-1", "board", "we begin");
    ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
    id = channel("alice-1");
    village.server.overhear = [this](const proto::Call& call) {
      if (call.url.ends_with(proto::kPathRejoinAnswer)) ++answers;
    };
  }

  /// A request of bob's only device, as it would be answered.
  RejoinRequest request_of(const std::string& client) {
    const Account own = account(client);
    RejoinRequest request;
    request.channel = id;
    request.name = own.name.text();
    request.device = own.device_id();
    request.key_package = wire::encode(package_of(client).package());
    request.signature = crypto::sign_labelled(own.signing_key, crypto::kSignRejoin, request.content());
    return request;
  }
  mls::PrivateKeyPackage package_of(const std::string& client) {
    auto package = mls::PrivateKeyPackage::create(mls::kDefaultSuite, account(client).signing_identity(),
                                                  leaf_options(village.now, kRejoinLifeMs), entropy);
    CHECK(package.has_value());
    return std::move(*package);
  }
  void lay(const std::string& client, proto::EnvelopeKind kind, Bytes body, std::uint64_t of_epoch = 0) {
    auto& mailbox = village.server.post.mailboxes[account(client).mailbox];
    mailbox.envelopes.push_back({mailbox.next++, kind, "example.org", id, of_epoch, village.now.ms, std::move(body)});
    village.settle();
  }
  /// How many answers alice's device gives to that within a while.
  std::size_t answers_to(const RejoinRequest& request) {
    const std::size_t before = answers;
    lay("alice-1", proto::EnvelopeKind::rejoin, wire::encode(request));
    village.pass_all(5 * kMinuteMs);
    return answers - before;
  }

  /// Bob's device waits for an answer, and honest ones are kept from it. What it made for that is given.
  mls::PrivateKeyPackage bob_asks() {
    village.set_online("alice-1", false);
    lose_row("bob-1", tables::kGroups, id);
    EXPECT_TRUE(village.until([&] { return village.server.post.rejoins == 1; }, kHourMs));
    auto package =
        mls::PrivateKeyPackage::restore(load_rejoin(village.device("bob-1").store(), id)->key_package.expose());
    CHECK(package.has_value());
    return std::move(*package);
  }
  /// Lays this GroupInfo and write key into bob's mailbox.
  void answer_bob(const mls::KeyPackage& package, Bytes group_info, const crypto::SigningKey& write_key) {
    auto sealed = seal_answer(id, package, {std::move(group_info), write_key.seed().clone()}, entropy);
    ASSERT_TRUE(sealed.has_value());
    lay("bob-1", proto::EnvelopeKind::rejoin_answer, wire::encode(*sealed));
    village.pass_all(kSecondMs);
  }
  bool bob_is_in() { return !needs_rejoin(village.device("bob-1").store(), id); }
  bool bob_made_a_commit() {
    const auto rejoin = load_rejoin(village.device("bob-1").store(), id);
    return !rejoin || !rejoin->commit.empty();
  }

  /// An external commit by whoever has these keys, laid into alice's mailbox.
  void lay_external(testing::HostileDevice& by, std::optional<mls::LeafIndex> replaces, Bytes authenticated_data) {
    auto alice = testing::HostileDevice::like(village, "alice-1");
    const mls::Group group = alice.group_of("alice-1", id);
    const auto info = group.group_info(mls::TreePlacement::inside);
    const mls::SigningIdentity identity = by.identity();
    const auto join = mls::Group::join_external(
        {*info, identity, leaf_options(village.now, kDayMs), std::nullopt, replaces, std::move(authenticated_data)},
        by.rules(), entropy);
    ASSERT_TRUE(join.has_value()) << join.error().where;
    lay("alice-1", proto::EnvelopeKind::commit, join->commit, group.epoch());
    village.pass_all(kSecondMs);
  }
  mls::LeafIndex leaf_of(const std::string& name) {
    auto alice = testing::HostileDevice::like(village, "alice-1");
    for (const mls::Member& member : alice.group_of("alice-1", id).members()) {
      if (parse_identity(*member.node)->name.text() == name) return member.leaf;
    }
    return {99};
  }
  Bytes binding(const Texts& clients) {
    std::vector<proto::Address> recipients;
    for (const std::string& client : clients) recipients.push_back({"example.org", account(client).mailbox});
    std::sort(recipients.begin(), recipients.end());
    return commit_binding(id, epoch("alice-1", id) + 1, recipients);
  }
  void expect_refused(const std::string& why) {
    EXPECT_NE(trouble("alice-1").find(why), std::string::npos) << trouble("alice-1");
  }

  testing::SeededEntropy entropy{4711};
  ChannelId id;
  std::size_t answers = 0;
};

// ---- requests ----

TEST_F(RejoinHostile, ARequestAsItShouldBeIsAnsweredOnce) {
  const RejoinRequest request = request_of("bob-1");
  EXPECT_EQ(answers_to(request), 1u);
  EXPECT_EQ(answers_to(request), 0u) << "replayed";
  village.device("alice-1").restart();
  EXPECT_EQ(answers_to(request), 0u) << "replayed after a restart";
  EXPECT_EQ(answers_to(request_of("bob-1")), 1u);
}

TEST_F(RejoinHostile, NoMoreThanEightADayAreAnswered) {
  for (std::size_t i = 0; i < kMaxRejoinAnswers; ++i) EXPECT_EQ(answers_to(request_of("bob-1")), 1u) << i;
  EXPECT_EQ(answers_to(request_of("bob-1")), 0u);
  const std::size_t before = answers;
  village.pass_all(kDayMs);
  EXPECT_EQ(answers - before, 1u) << "the last one waits until it may be answered";
}

TEST_F(RejoinHostile, ARequestIsRefusedThatItsDeviceHasNotSigned) {
  RejoinRequest request = request_of("bob-1");
  request.signature.mutable_view()[5] ^= 1;
  EXPECT_EQ(answers_to(request), 0u);
  request = request_of("bob-1");
  request.signature = crypto::sign_labelled(account("mallory-1").signing_key, crypto::kSignRejoin, request.content());
  EXPECT_EQ(answers_to(request), 0u) << "by another's device";
  request = request_of("bob-1");
  request.signature = crypto::sign_labelled(account("bob-1").signing_key, crypto::kSignLogin, request.content());
  EXPECT_EQ(answers_to(request), 0u) << "under another label";
}

TEST_F(RejoinHostile, ARequestIsRefusedOfWhoHasNoPlace) {
  EXPECT_EQ(answers_to(request_of("mallory-1")), 0u);
  RejoinRequest request = request_of("mallory-1");  // with another's package, in another's name
  request.name = kBob;
  request.device = account("bob-1").device_id();
  request.signature = crypto::sign_labelled(account("mallory-1").signing_key, crypto::kSignRejoin, request.content());
  EXPECT_EQ(answers_to(request), 0u);
}

TEST_F(RejoinHostile, ARequestWithAnothersKeyPackageIsRefused) {
  RejoinRequest request = request_of("bob-1");
  request.key_package = request_of("mallory-1").key_package;
  request.signature = crypto::sign_labelled(account("bob-1").signing_key, crypto::kSignRejoin, request.content());
  EXPECT_EQ(answers_to(request), 0u);
}

TEST_F(RejoinHostile, ARequestForAnotherChannelIsRefused) {
  RejoinRequest request = request_of("bob-1");
  request.channel = random_value<ChannelId>(entropy);
  request.signature = crypto::sign_labelled(account("bob-1").signing_key, crypto::kSignRejoin, request.content());
  EXPECT_EQ(answers_to(request), 0u);
}

TEST_F(RejoinHostile, ARequestThatIsTooOldOrLivesForTooLongIsRefused) {
  const RejoinRequest old = request_of("bob-1");
  village.pass_all(kRejoinLifeMs + kHourMs);
  EXPECT_EQ(answers_to(old), 0u);
  const Account own = account("bob-1");
  const auto package = mls::PrivateKeyPackage::create(mls::kDefaultSuite, own.signing_identity(),
                                                      leaf_options(village.now, 30 * kDayMs), entropy);
  RejoinRequest request = request_of("bob-1");
  request.key_package = wire::encode(package->package());
  request.signature = crypto::sign_labelled(own.signing_key, crypto::kSignRejoin, request.content());
  EXPECT_EQ(answers_to(request), 0u);
}

TEST_F(RejoinHostile, ADeviceThatWasRemovedIsNotAnswered) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  ASSERT_TRUE(village.until([&] { return epoch("alice-1", id) > 1; }, kHourMs));
  const RejoinRequest request = request_of("bob-2");
  // Its chain says so, and nobody has told alice.
  auto& person = village.server.people.at(kBob);
  const Account own = account("bob-1");
  for (const char* device : {"bob-1", "bob-2"}) village.set_online(device, false);
  person.take(person.by_device(directory::RemoveDevice{account("bob-2").device_id()},
                               testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  village.pass_all(20 * kMinuteMs);  // what alice knows is too old for this
  EXPECT_EQ(answers_to(request), 0u);
}

// ---- answers ----

TEST_F(RejoinHostile, AnAnswerAsItShouldBeLetsIn) {
  const auto package = bob_asks();
  auto alice = testing::HostileDevice::like(village, "alice-1");
  const mls::Group group = alice.group_of("alice-1", id);
  answer_bob(package.package(), *group.group_info(mls::TreePlacement::inside), write_key_of(group, id));
  EXPECT_TRUE(village.until([&] { return bob_is_in(); }));
}

TEST_F(RejoinHostile, AnAnswerToAnotherKeyPackageIsDropped) {
  const auto package = bob_asks();
  auto alice = testing::HostileDevice::like(village, "alice-1");
  const mls::Group group = alice.group_of("alice-1", id);
  const Bytes info = *group.group_info(mls::TreePlacement::inside);
  const mls::PrivateKeyPackage other = package_of("bob-1");
  answer_bob(other.package(), info, write_key_of(group, id));
  EXPECT_FALSE(bob_made_a_commit());
  // It says that it is for the right one, and is sealed to another.
  auto sealed = seal_answer(id, other.package(), {info, write_key_of(group, id).seed().clone()}, entropy);
  sealed->reference = to_bytes(package.reference().view());
  lay("bob-1", proto::EnvelopeKind::rejoin_answer, wire::encode(*sealed));
  village.pass_all(kSecondMs);
  EXPECT_FALSE(bob_made_a_commit());
}

TEST_F(RejoinHostile, OfAnswersThatAreBlobsNoMoreThanTwoAreKept) {
  const auto package = bob_asks();
  const Bytes body(100'000, 1);
  std::size_t fetched = 0;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    fetched += call.url.ends_with(proto::kPathBlobGet) ? 1 : 0;
    return std::nullopt;
  };
  village.set_online("bob-1", false);
  auto& mailbox = village.server.post.mailboxes[account("bob-1").mailbox];
  for (int i = 0; i < 5; ++i) {
    const auto blob = random_value<proto::BlobId>(entropy);
    village.server.blobs.blobs[blob] = {{}, body.size(), body};
    const RejoinAnswer answer{to_bytes(package.reference().view()),
                              to_bytes("kem output"),
                              {},
                              proto::BlobRef{blob, body.size(), crypto::sha256(body)}};
    mailbox.envelopes.push_back({mailbox.next++, proto::EnvelopeKind::rejoin_answer, "example.org", id, 0,
                                 village.now.ms, wire::encode(answer)});
  }
  village.set_online("bob-1", true);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(fetched, 2u);
  EXPECT_EQ(village.device("bob-1").store().scan(tables::kRejoinAnswers, {}, {}, 20).size(), 0u);
  village.server.elsewhere = nullptr;
}

TEST_F(RejoinHostile, AnAnswerForAnotherChannelIsDropped) {
  const auto package = bob_asks();
  auto alice = testing::HostileDevice::like(village, "alice-1");
  const mls::Group group = alice.group_of("alice-1", id);
  auto sealed =
      seal_answer(random_value<ChannelId>(entropy), package.package(),
                  {*group.group_info(mls::TreePlacement::inside), write_key_of(group, id).seed().clone()}, entropy);
  lay("bob-1", proto::EnvelopeKind::rejoin_answer, wire::encode(*sealed));
  village.pass_all(kSecondMs);
  EXPECT_FALSE(bob_made_a_commit());
}

TEST_F(RejoinHostile, AStrangerLeadsNobodyIntoAGroupOfItsOwn) {
  const auto package = bob_asks();
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  auto bob = testing::HostileDevice::like(village, "bob-1");
  mls::Group trap = mallory.begin({ConversationKind::group, id, "example.org", "board"});
  for (int i = 0; i < 5; ++i) {  // it looks as if it went on
    mallory.stage(trap, {});
    ASSERT_TRUE(trap.merge_pending());
  }
  mallory.add(trap, mallory.key_package_of(kBob, account("bob-1").device_id()));
  answer_bob(package.package(), *trap.group_info(mls::TreePlacement::inside), write_key_of(trap, id));
  EXPECT_FALSE(bob_made_a_commit());
}

TEST_F(RejoinHostile, AnAnswerOfADeviceThatWasRemovedIsDropped) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  ASSERT_TRUE(village.until([&] { return epoch("alice-2", id) > 1 && epoch("bob-1", id) > 1; }, kHourMs));
  const auto package = bob_asks();
  auto thief = testing::HostileDevice::like(village, "alice-2");
  const mls::Group group = thief.group_of("alice-2", id);
  village.set_online("alice-2", false);
  auto& person = village.server.people.at(kAlice);
  const Account own = account("alice-1");
  person.take(person.by_device(directory::RemoveDevice{account("alice-2").device_id()},
                               testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  village.pass_all(20 * kMinuteMs);
  answer_bob(package.package(), *group.group_info(mls::TreePlacement::inside), write_key_of(group, id));
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(bob_made_a_commit());
}

TEST_F(RejoinHostile, AnAnswerWithAWrongWriteKeyCostsNothingButAnotherRequest) {
  const auto package = bob_asks();
  auto alice = testing::HostileDevice::like(village, "alice-1");
  const mls::Group group = alice.group_of("alice-1", id);
  const std::uint64_t before = group.epoch();
  answer_bob(package.package(), *group.group_info(mls::TreePlacement::inside), crypto::SigningKey::generate(entropy));
  EXPECT_FALSE(bob_is_in());
  EXPECT_EQ(epoch("alice-1", id), before);
  village.set_online("alice-1", true);
  EXPECT_TRUE(village.until([&] { return bob_is_in(); }, kHourMs));
}

// ---- external commits ----

TEST_F(RejoinHostile, AnExternalCommitAsItShouldBeIsFollowed) {
  auto bob = testing::HostileDevice::like(village, "bob-1");
  const std::uint64_t before = epoch("alice-1", id);
  lay_external(bob, leaf_of(kBob), binding({"alice-1", "bob-1"}));
  EXPECT_EQ(epoch("alice-1", id), before + 1);
  EXPECT_EQ(notices("alice-1", "board", "had lost its place here, and rejoined"), 1u);
}

TEST_F(RejoinHostile, AnExternalCommitThatTakesAnothersPlaceIsRefused) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  ASSERT_TRUE(village.until([&] { return epoch("alice-1", id) > 1; }, kHourMs));
  mls::LeafIndex first{99};
  auto alice = testing::HostileDevice::like(village, "alice-1");
  for (const mls::Member& member : alice.group_of("alice-1", id).members()) {
    if (parse_identity(*member.node)->device == account("bob-1").device_id()) first = member.leaf;
  }
  // In MLS nobody stands in the tree twice, so who comes must not be in it: it is a third device of bob's.
  auto& person = village.server.people.at(kBob);
  const testing::TestDevice third = person.new_device();
  const Account own = account("bob-1");
  for (const char* device : {"alice-1", "bob-1", "bob-2"}) village.set_online(device, false);
  person.take(person.add(third, testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  testing::HostileDevice newcomer(village, kBob, third, testing::HostileDevice::Login::no);
  village.set_online("alice-1", true);
  lay_external(newcomer, first, binding({"alice-1", "bob-1", "bob-2"}));
  expect_refused("credential changed");  // MLS itself sees to that before the Doorkeeper does
}

TEST_F(RejoinHostile, AnExternalCommitOfANameWithoutALeafIsRefused) {
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  lay_external(mallory, std::nullopt, binding({"alice-1", "bob-1", "mallory-1"}));
  expect_refused("a name that is not in it came in by itself");
}

TEST_F(RejoinHostile, AnExternalCommitThatTakesNoPlaceIsRefused) {
  auto& person = village.server.people.at(kBob);
  const testing::TestDevice second = person.new_device();
  const Account own = account("bob-1");
  for (const char* device : {"alice-1", "bob-1"}) village.set_online(device, false);
  person.take(person.add(second, testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  testing::HostileDevice newcomer(village, kBob, second, testing::HostileDevice::Login::no);
  village.set_online("alice-1", true);
  lay_external(newcomer, std::nullopt, binding({"alice-1", "bob-1"}));
  expect_refused("who comes in by itself takes its own place");
}

TEST_F(RejoinHostile, AnExternalCommitWithOtherRecipientsIsRefused) {
  auto bob = testing::HostileDevice::like(village, "bob-1");
  lay_external(bob, leaf_of(kBob), binding({"alice-1", "bob-1", "mallory-1"}));
  expect_refused("does not name the mailboxes of its members");
}

TEST_F(RejoinHostile, NobodyComesIntoAPairByItself) {
  say("bob-1", kAlice, "between us");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "between us"); }));
  for (const Row& row : village.device("alice-1").store().scan(tables::kConversations, {}, {}, 10)) {
    const auto one = wire::decode<Conversation>(row.value);
    if (one->kind == ConversationKind::pair) id = one->channel;
  }
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  lay_external(mallory, std::nullopt, binding({"alice-1", "bob-1", "mallory-1"}));
  expect_refused("a name that is not in it came in by itself");
}

}  // namespace
}  // namespace cairn::client
