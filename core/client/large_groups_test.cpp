// Conversations whose commits, welcomes and answers no envelope holds (docs/spec/client.md s.19): they lie at the
// server as blobs, and nothing is lost or comes out of its order for that.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/client/large_bodies.h"
#include "core/client/rejoin_fixture.h"

namespace cairn::client {
namespace {

/// alice, bob and 28 others: thirty devices.
class LargeGroup : public RejoinTest {
 protected:
  static constexpr std::size_t kOthers = 28;
  static constexpr std::size_t kFirst = 4;

  void SetUp() override {
    RejoinTest::SetUp();
    village.server.overhear = [this](const proto::Call& call) { overheard(call); };
  }
  void TearDown() override {
    village.server.overhear = nullptr;
    village.server.elsewhere = nullptr;
  }

  static std::string other(std::size_t i) { return "friend" + std::to_string(i); }
  static Texts first(std::size_t others) {
    Texts out = {"alice-1", "bob-1"};
    for (std::size_t i = 0; i < others; ++i) out.push_back(other(i));
    return out;
  }
  /// Of those who are added later these alone are there: the others cost time.
  static Texts some() {
    Texts out = first(kFirst);
    for (const std::size_t i : {std::size_t{9}, std::size_t{20}, std::size_t{21}}) out.push_back(other(i));
    return out;
  }
  /// alice makes the group of bob and that many others, and says something.
  void found(std::size_t others) {
    for (std::size_t i = 0; i < kOthers; ++i) good(village.register_person(other(i), other(i) + "@example.org"));
    for (std::size_t i = others; i < kOthers; ++i) village.set_online(other(i), i == 9 || i == 20 || i == 21);
    json names = {"bob"};
    for (std::size_t i = 0; i < others; ++i) names.push_back(other(i));
    good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", names}}));
    id = channel("alice-1");
    expect_heard("alice-1", "we begin", first(others));
  }
  /// Those who are not in yet are added at once: more than an envelope holds.
  void begin_to_grow(std::size_t from = kFirst, std::size_t to = kOthers) {
    for (std::size_t i = from; i < to; ++i) {
      village.begin("alice-1", "group.add", {{"conversation", "board"}, {"name", other(i)}});
    }
    village.settle();
  }
  void expect_heard(const std::string& by, const std::string& text, const Texts& devices) {
    begin(by, "board", text);
    for (const std::string& device : devices) {
      EXPECT_TRUE(village.until([&] { return has_text(device, "board", text); }, kHourMs))
          << device << " did not hear " << text << "; " << trouble(by) << trouble(device);
    }
  }
  /// Whether that device waits for something that its inbox names.
  bool waits(const std::string& device) { return rows(device, tables::kInbox) > 0; }
  std::size_t rows(const std::string& device, Table table) {
    return village.device(device).store().scan(table, {}, {}, ~std::size_t{0}).size();
  }
  bool last_is_large() { return !commits.empty() && commits.back().carriage == proto::Carriage::blob; }

  ChannelId id;
  std::vector<proto::ChannelCommit> commits;
  std::vector<proto::ChannelRejoinAnswer> answers;
  std::size_t bytes_put = 0;
  std::size_t largest = 0;  ///< request

 private:
  void overheard(const proto::Call& call) {
    largest = std::max(largest, call.body.size());
    if (call.url.ends_with(proto::kPathChannelCommit))
      commits.push_back(*wire::decode<proto::ChannelCommit>(call.body));
    if (call.url.ends_with(proto::kPathRejoinAnswer)) {
      answers.push_back(*wire::decode<proto::ChannelRejoinAnswer>(call.body));
    }
    if (call.url.ends_with(proto::kPathBlobPut)) bytes_put += wire::decode<proto::BlobPut>(call.body)->data.size();
  }
};

TEST_F(LargeGroup, OfThirtyDevicesTalksAddsAndRemoves) {
  found(kOthers);
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0].carriage, proto::Carriage::blob);
  ASSERT_EQ(commits[0].welcomes.size(), kOthers + 1);
  for (const proto::WelcomeFor& welcome : commits[0].welcomes) {
    EXPECT_EQ(welcome.carriage, proto::Carriage::blob);
    EXPECT_EQ(welcome.welcome, commits[0].welcomes[0].welcome) << "the tree is put once";
  }
  EXPECT_EQ(village.server.blobs.blobs.size(), 2u);
  EXPECT_LT(bytes_put, std::size_t{300} * 1024);
  EXPECT_LE(largest, std::size_t{256} * 1024);
  expect_heard("friend17", "and I answer", first(kOthers));

  good(village.register_person("carol-1", kCarol));
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", kCarol}}));
  Texts with_carol = first(kOthers);
  with_carol.push_back("carol-1");
  expect_heard("alice-1", "here is carol", with_carol);
  expect_heard("carol-1", "thank you", with_carol);
  EXPECT_EQ(epoch("carol-1", id), epoch("alice-1", id));

  good(village.ask("alice-1", "group.remove", {{"conversation", "board"}, {"name", "friend3"}}));
  village.settle();
  Texts without = with_carol;
  std::erase(without, "friend3");
  expect_heard("bob-1", "friend3 is gone", without);
  EXPECT_FALSE(has_text("friend3", "board", "friend3 is gone"));
  EXPECT_EQ(notices("friend5", "board", "removed friend3"), 1u);
  for (const std::string& device : with_carol) {
    EXPECT_EQ(rows(device, tables::kLargeBodies), 0u) << device;
    EXPECT_EQ(rows(device, tables::kLargeParts), 0u) << device;
    EXPECT_EQ(gaps(device, "board"), 0u) << device;
  }
}

// ---- what comes late, or never ----

TEST_F(LargeGroup, WhatCannotBeFetchedYetHoldsBackWhatIsBehindItAndNothingElse) {
  found(kFirst);
  village.device("bob-1").lose_answers_to(proto::kPathBlobGet);
  begin_to_grow();
  ASSERT_TRUE(last_is_large());
  expect_heard("alice-1", "all are here", {"friend1", "friend20"});
  begin("alice-1", kBob, "just for you");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "just for you"); }, kHourMs));
  EXPECT_FALSE(has_text("bob-1", "board", "all are here"));
  EXPECT_TRUE(waits("bob-1"));
  EXPECT_NE(trouble("bob-1").find("What is new here waits for it."), std::string::npos) << trouble("bob-1");
  village.device("bob-1").restart();
  village.pass_all(10 * kMinuteMs);
  EXPECT_TRUE(waits("bob-1"));
  village.device("bob-1").lose_answers_to({});
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", "board", "all are here"); }, kHourMs));
  EXPECT_EQ(texts("bob-1", "board"), texts("friend1", "board"));
  EXPECT_EQ(gaps("bob-1", "board"), 0u);
  EXPECT_EQ(village.server.post.rejoins, 0u);
  expect_heard("bob-1", "so I see", {"alice-1", "friend20"});
  EXPECT_EQ(trouble("bob-1"), "");
}

TEST_F(LargeGroup, ACommitThatIsGoneEndsInARejoinThatShowsTheGap) {
  found(kFirst);
  village.set_online("bob-1", false);
  begin_to_grow();
  ASSERT_TRUE(last_is_large());
  expect_heard("alice-1", "all are here", {"friend1", "friend20"});
  village.server.blobs.blobs.clear();
  village.set_online("bob-1", true);
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", "board") == 1; }, kHourMs)) << trouble("bob-1");
  expect_heard("bob-1", "what did I miss", {"alice-1", "friend20"});
  expect_heard("friend9", "not much", {"bob-1"});
  EXPECT_FALSE(has_text("bob-1", "board", "all are here"));
  EXPECT_EQ(village.server.post.rejoins, 1u);
}

// As a bad commit in an envelope: what would let this device in again is the word of who made that.
TEST_F(LargeGroup, ACommitInWhosePlaceAnotherOneLiesEndsTheConversation) {
  found(kFirst);
  village.set_online("bob-1", false);
  begin_to_grow();
  ASSERT_TRUE(last_is_large());
  expect_heard("alice-1", "all are here", {"friend1", "friend20"});
  for (auto& [blob, one] : village.server.blobs.blobs) one.bytes.back() ^= 1;
  village.set_online("bob-1", true);
  village.pass_all(kHourMs);
  EXPECT_NE(trouble("bob-1").find("not what it was announced as"), std::string::npos) << trouble("bob-1");
  EXPECT_EQ(gaps("bob-1", "board"), 0u);
  EXPECT_EQ(village.server.post.rejoins, 0u);
  EXPECT_EQ(rows("bob-1", tables::kLargeBodies) + rows("bob-1", tables::kLargeParts), 0u);
}

TEST_F(LargeGroup, WhatIsNoReferenceIsNotJudgedWhereNobodyWaitsForIt) {
  found(kFirst);
  const auto deliver = [&](proto::EnvelopeKind kind, std::uint64_t at) {
    auto& mailbox = village.server.post.mailboxes[account("bob-1").mailbox];
    mailbox.envelopes.push_back(
        {mailbox.next++, kind, "example.org", id, at, village.now.ms, to_bytes("no reference")});
    village.settle();
  };
  deliver(proto::EnvelopeKind::welcome_blob, 1);
  deliver(proto::EnvelopeKind::commit_blob, epoch("bob-1", id) - 1);
  expect_heard("bob-1", "nothing came", {"alice-1"});
  EXPECT_EQ(village.server.post.rejoins, 0u);
  deliver(proto::EnvelopeKind::commit_blob, epoch("bob-1", id));
  EXPECT_NE(trouble("bob-1").find("not what it was announced as"), std::string::npos) << trouble("bob-1");
}

TEST_F(LargeGroup, WhoseWelcomeIsGoneAsksToBeLetIn) {
  found(kFirst);
  village.set_online("friend20", false);
  begin_to_grow();
  expect_heard("alice-1", "all are here", {"friend1", "friend21"});
  village.server.blobs.blobs.clear();
  village.set_online("friend20", true);
  village.pass_all(kHourMs);
  expect_heard("friend1", "and you too", {"alice-1", "friend20"});
  expect_heard("friend20", "at last", {"alice-1", "friend1"});
}

// ---- what is put ----

TEST_F(LargeGroup, WhoIsKilledAtAnyMomentGoesOn) {
  found(kFirst);
  std::size_t done = kFirst;
  for (const std::uint64_t moment : {0u, 1u, 2u, 3u, 5u, 8u, 13u, 21u}) {
    village.device("alice-1").crash_after(moment);
    village.device("bob-1").crash_after(moment % 5);
    begin_to_grow(done, done + 3);
    done += 3;
    if (done + 3 > kOthers) break;
  }
  village.device("alice-1").crash_after(4);
  expect_heard("alice-1", "some came", {"bob-1", "friend1"});
  for (const char* device : {"alice-1", "bob-1"}) village.device(device).crash_after({});
  // What was asked for in a call that was lost with its process is asked for again.
  begin_to_grow();
  expect_heard("bob-1", "all came", some());
  EXPECT_EQ(gaps("bob-1", "board"), 0u);
}

TEST_F(LargeGroup, WhatIsHalfPutIsPutOnAfterACrash) {
  found(kFirst);
  std::size_t puts = 0;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (call.url.ends_with(proto::kPathBlobPut) && ++puts == 2) village.device("alice-1").crash_after(0);
    return std::nullopt;
  };
  begin_to_grow();
  expect_heard("alice-1", "all are here", some());
  EXPECT_EQ(village.server.blobs.blobs.size(), 2u) << "put again under the same names";
  EXPECT_GT(puts, 2u);
}

TEST_F(LargeGroup, OwnCommitsAreKnownByTheirNamesAlone) {
  found(kFirst);
  village.device("alice-1").lose_answers_to(proto::kPathChannelCommit);
  std::size_t fetched = 0;
  for (std::size_t i = 0; i < kOthers; ++i) village.set_online(other(i), false);
  village.set_online("bob-1", false);
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    fetched += call.url.ends_with(proto::kPathBlobGet) ? 1 : 0;
    return std::nullopt;
  };
  begin_to_grow();
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(last_is_large());
  EXPECT_EQ(fetched, 0u);
  village.device("alice-1").lose_answers_to({});
  EXPECT_EQ(epoch("alice-1", id), 2u);
  begin("alice-1", "board", "all are here");
  village.set_online("bob-1", true);
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", "board", "all are here"); }, kHourMs));
  EXPECT_EQ(fetched, 1u);
}

TEST_F(LargeGroup, OfTwoWhoChangeItAtOnceBothGetTheirWay) {
  found(kFirst);
  good(village.ask("bob-1", "request.accept", {{"conversation", "board"}}));
  for (std::size_t i = kFirst; i < kOthers; ++i) {
    const std::string by = i % 2 == 0 ? "alice-1" : "bob-1";
    village.begin(by, "group.add", {{"conversation", "board"}, {"name", other(i)}});
  }
  village.settle();
  village.pass_all(5 * kMinuteMs);
  expect_heard("alice-1", "all are here", some());
  EXPECT_EQ(gaps("bob-1", "board"), 0u);
}

TEST_F(LargeGroup, AServerWithoutRoomIsWaitedFor) {
  found(kFirst);
  village.server.blobs.refuses_puts = ErrorCode::storage_full;
  begin_to_grow();
  village.pass_all(5 * kMinuteMs);
  EXPECT_EQ(commits.size(), 1u);
  EXPECT_NE(trouble("alice-1").find("disk is full"), std::string::npos) << trouble("alice-1");
  village.server.blobs.refuses_puts.reset();
  expect_heard("alice-1", "all are here", some());
  EXPECT_EQ(trouble("alice-1"), "");
}

TEST_F(LargeGroup, ACommitThatFoundNoRoomIsTheSameWhenItIsSentAgain) {
  found(kFirst);
  bool is_full = true;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!is_full || !call.url.ends_with(proto::kPathChannelCommit)) return std::nullopt;
    return testing::FakePost::refusal(ErrorCode::over_limit, "A mailbox is full.");
  };
  begin_to_grow();
  village.pass_all(5 * kMinuteMs);
  ASSERT_GT(commits.size(), 3u);
  EXPECT_TRUE(last_is_large());
  EXPECT_EQ(commits.back().commit, commits[commits.size() - 2].commit);
  EXPECT_EQ(village.server.blobs.blobs.size(), 2u);
  EXPECT_NE(trouble("alice-1").find("A mailbox is full"), std::string::npos) << trouble("alice-1");
  // What is not wanted any more does not stand in the way of what is, and gives its room back.
  village.begin("alice-1", "group.remove", {{"conversation", "board"}, {"name", other(20)}});
  village.pass_all(5 * kMinuteMs);
  EXPECT_EQ(village.server.blobs.blobs.size(), 2u);
  is_full = false;
  Texts left = some();
  std::erase(left, other(20));
  expect_heard("alice-1", "all are here", left);
  EXPECT_FALSE(has_text(other(20), "board", "all are here"));
  EXPECT_EQ(village.server.blobs.blobs.size(), 2u);
}

TEST_F(LargeGroup, WhatWasPutForACommitThatIsRefusedIsTakenBack) {
  found(kFirst);
  std::size_t refused = 0;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (refused == 3 || !call.url.ends_with(proto::kPathChannelCommit)) return std::nullopt;
    ++refused;
    return testing::FakePost::refusal(ErrorCode::not_authorised, "A join token is used up.");
  };
  begin_to_grow();
  expect_heard("alice-1", "all are here", some());
  EXPECT_EQ(refused, 3u);
  EXPECT_EQ(village.server.blobs.blobs.size(), 2u);
}

TEST_F(LargeGroup, NothingSealedToADeviceThatWasRemovedMeanwhileLeaves) {
  found(kFirst);
  good(village.link_device("other-20", other(20) + "@example.org", other(20)));
  village.server.blobs.refuses_puts = ErrorCode::storage_full;
  begin_to_grow();
  village.pass_all(kMinuteMs);
  const auto staged = mls::Group::restore(*village.device("alice-1").store().get(tables::kGroups, id));
  ASSERT_TRUE(staged.has_value() && staged->pending() != nullptr);
  const auto members = staged->pending()->summary().added;
  const DeviceId gone = account(other(20)).device_id();
  std::optional<mls::KeyPackageRef> sealed_to;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (parse_identity(*members[i].node)->device == gone) {
      sealed_to = staged->pending()->welcomes()[i].key_package;
    }
  }
  ASSERT_TRUE(sealed_to.has_value());
  auto& person = village.server.people.at(other(20) + "@example.org");
  const Account left_one = account("other-20");
  for (const std::string& device : {other(20), std::string("other-20")}) village.set_online(device, false);
  person.take(person.by_device(directory::RemoveDevice{gone},
                               testing::TestDevice{left_one.signing_key.clone(), left_one.device()}));
  village.server.publish_all();
  village.pass_all(2 * kHourMs);
  village.server.blobs.refuses_puts.reset();
  village.pass_all(kHourMs);
  for (const auto& [blob, one] : village.server.blobs.blobs) {
    EXPECT_EQ(std::search(one.bytes.begin(), one.bytes.end(), sealed_to->view().begin(), sealed_to->view().end()),
              one.bytes.end());
  }
  Texts left = some();
  std::erase(left, other(20));
  expect_heard("alice-1", "all are here", left);
}

// ---- seventy devices: an answer to a rejoin, and the external commit, are larger than an envelope too ----

TEST_F(LargeGroup, WhoLostItsPlaceAmongSeventyComesInAgain) {
  constexpr std::size_t kMany = 68;
  json names = {"bob"};
  for (std::size_t i = 0; i < kMany; ++i) {
    good(village.register_person(other(i), other(i) + "@example.org"));
    village.set_online(other(i), false);
    names.push_back(other(i));
  }
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", names}}));
  id = channel("alice-1");
  expect_heard("alice-1", "we begin", {"bob-1"});
  // Above these two leaves nobody's path has filled a node yet.
  const auto group = mls::Group::restore(*village.device("alice-1").store().get(tables::kGroups, id));
  Texts lost;
  for (const std::uint32_t leaf : {2u, 3u}) {
    const std::string name = parse_identity(*group.value().member({leaf})->node)->name.text();
    if (name != kBob) lost.push_back(name.substr(0, name.find('@')));
  }
  const std::string& who = lost.front();
  const std::string late = who == other(0) ? other(1) : other(0);
  village.set_online(who, true);
  ASSERT_TRUE(village.until([&] { return has_text(who, "board", "we begin"); }, kHourMs)) << trouble(who);
  lose_row(who, tables::kGroups, id);
  ASSERT_TRUE(village.until([&] { return gaps(who, "board") == 1; }, kHourMs)) << trouble(who);
  ASSERT_FALSE(answers.empty());
  EXPECT_LT(answers.back().answer.size(), std::size_t{4096});
  EXPECT_TRUE(last_is_large()) << "a path over blank nodes";
  EXPECT_EQ(commits.back().revoke, proto::Revoke::yes);
  expect_heard(who, "here I am again", {"alice-1", "bob-1"});
  expect_heard("alice-1", "welcome back", {who, "bob-1"});
  EXPECT_EQ(notices("bob-1", "board", "had lost its place here, and rejoined"), 1u);
  village.set_online(late, true);
  EXPECT_TRUE(village.until([&] { return has_text(late, "board", "welcome back"); }, kHourMs)) << trouble(late);
  EXPECT_EQ(gaps(late, "board"), 0u);
  for (const std::string& device : {who, late, std::string("alice-1"), std::string("bob-1")}) {
    EXPECT_EQ(rows(device, tables::kLargeBodies) + rows(device, tables::kLargeParts), 0u) << device;
  }
}

}  // namespace
}  // namespace cairn::client
