#include "core/mls/group.h"

#include <gtest/gtest.h>

#include "core/mls/forge_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

ErrorCode code_of(const auto& result) {
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? ErrorCode::internal : result.error().code;
}

TEST(Group, GivesTheNextEpochsExporterBeforeItIsMerged) {
  World world(kDefaultSuite, 1);
  std::vector<Group> groups = world.group_of(2);
  const PendingCommit& pending = world.stage(groups[0]);
  const Bytes staged = to_bytes(pending.exporter("write key", as_bytes("channel"), 32).expose());
  const Bytes authenticator = pending.epoch_authenticator();
  EXPECT_EQ(groups[0].epoch(), 1u);
  EXPECT_EQ(pending.epoch(), 2u);
  EXPECT_FALSE(equal(groups[0].exporter("write key", as_bytes("channel"), 32).expose(), staged));

  Received received = must(world.process(groups[1], pending.commit()));
  auto& commit = std::get<ReceivedCommit>(received);
  EXPECT_TRUE(equal(commit.commit.exporter("write key", as_bytes("channel"), 32).expose(), staged));
  EXPECT_EQ(groups[1].epoch(), 1u);
  must(groups[1].merge(std::move(commit)));
  must(groups[0].merge_pending());
  for (const Group& group : groups) {
    EXPECT_EQ(group.epoch(), 2u);
    EXPECT_EQ(group.epoch_authenticator(), authenticator);
    EXPECT_TRUE(equal(group.exporter("write key", as_bytes("channel"), 32).expose(), staged));
  }
}

TEST(Group, SummarisesWhatACommitDoesTheSameForSenderAndReceiver) {
  World world(SuiteId::x25519_aes128, 2);
  std::vector<Group> groups = world.group_of(4);
  CommitRequest request;
  request.removes = {{2}};
  request.adds = {world.key_package("newcomer").package()};
  request.authenticated_data = to_bytes("seen by all");
  const PendingCommit& pending = world.stage(groups[0], request);
  Received received = must(world.process(groups[1], pending.commit()));
  const CommitSummary& theirs = std::get<ReceivedCommit>(received).commit.summary();
  for (const CommitSummary* summary : {&pending.summary(), &theirs}) {
    EXPECT_EQ(summary->epoch, 2u);
    EXPECT_EQ(summary->source, CommitSource::member);
    EXPECT_EQ(summary->committer.leaf, LeafIndex{0});
    EXPECT_EQ(summary->members.size(), 4u);
    ASSERT_EQ(summary->added.size(), 1u);
    EXPECT_EQ(summary->added[0].leaf, LeafIndex{2});
    EXPECT_EQ(summary->added[0].node->credential, Credential::basic(to_bytes("newcomer")));
    ASSERT_EQ(summary->removed.size(), 1u);
    EXPECT_EQ(summary->removed[0].node->credential, Credential::basic(to_bytes("member 2")));
    ASSERT_EQ(summary->updated.size(), 1u);
    EXPECT_EQ(summary->updated[0].before.leaf, LeafIndex{0});
    EXPECT_NE(summary->updated[0].before.node->encryption_key, summary->updated[0].after.node->encryption_key);
    EXPECT_EQ(summary->authenticated_data, to_bytes("seen by all"));
    EXPECT_FALSE(summary->removes_us);
  }
  EXPECT_TRUE(pending.summary().is_own);
  EXPECT_FALSE(theirs.is_own);
  Received last = must(world.process(groups[2], pending.commit()));
  EXPECT_TRUE(std::get<ReceivedCommit>(last).commit.removes_us());
}

TEST(Group, KeepsAPendingCommitInTheStore) {
  World world(SuiteId::x25519_aes128, 3);
  std::vector<Group> groups = world.group_of(3);
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  CommitRequest request;
  request.removes = {{2}};
  request.adds = {newcomer.package()};
  request.authenticated_data = to_bytes("data");
  const PendingCommit& staged = world.stage(groups[0], request);
  Group again = reopened(groups[0]);
  ASSERT_NE(again.pending(), nullptr);
  EXPECT_EQ(state_of(again), state_of(groups[0]));
  EXPECT_EQ(again.pending()->commit(), staged.commit());
  EXPECT_EQ(again.pending()->welcomes().at(0).message, staged.welcomes().at(0).message);
  EXPECT_EQ(again.pending()->epoch_authenticator(), staged.epoch_authenticator());
  EXPECT_EQ(again.pending()->summary().removed.at(0).leaf, LeafIndex{2});
  EXPECT_EQ(again.pending()->summary().added.at(0).leaf, LeafIndex{2});
  EXPECT_EQ(again.pending()->summary().authenticated_data, to_bytes("data"));
  EXPECT_TRUE(std::holds_alternative<OwnCommit>(must(world.process(again, staged.commit()))));

  world.follow(groups[1], staged.commit());
  Group joined = world.join(staged.welcomes()[0].message, newcomer);
  must(again.merge_pending());
  EXPECT_TRUE(agree(again, groups[1]));
  EXPECT_TRUE(agree(again, joined));
}

TEST(Group, KnowsItsOwnCommitWhenItComesBack) {
  World world(SuiteId::x25519_aes128, 4);
  std::vector<Group> groups = world.group_of(2);
  const Bytes commit = world.stage(groups[0]).commit();
  EXPECT_TRUE(std::holds_alternative<OwnCommit>(must(world.process(groups[0], commit))));
  EXPECT_EQ(groups[0].epoch(), 1u);
  must(groups[0].merge_pending());
  EXPECT_EQ(code_of(world.process(groups[0], commit)), ErrorCode::stale);
  EXPECT_EQ(code_of(groups[0].merge_pending()), ErrorCode::invalid_state);
}

TEST(Group, LosesARaceAndFollowsTheWinner) {
  World world(SuiteId::x25519_aes128, 5);
  std::vector<Group> groups = world.group_of(3);
  const Bytes winner = world.stage(groups[0]).commit();
  const Bytes loser = world.stage(groups[1]).commit();
  EXPECT_EQ(code_of(groups[1].stage_commit({}, world.rules, world.now, world.entropy)), ErrorCode::invalid_state);
  Received late = must(world.process(groups[2], loser));
  world.follow(groups[1], winner);
  world.follow(groups[2], winner);
  must(groups[0].merge_pending());
  EXPECT_EQ(groups[1].pending(), nullptr);
  EXPECT_TRUE(agree(groups[0], groups[1]));
  EXPECT_TRUE(agree(groups[0], groups[2]));
  EXPECT_EQ(code_of(world.process(groups[2], loser)), ErrorCode::stale);
  EXPECT_EQ(code_of(groups[2].merge(std::get<ReceivedCommit>(std::move(late)))), ErrorCode::stale);
  EXPECT_TRUE(agree(groups[0], groups[2]));
}

TEST(Group, ReadsACommitAgainThatWasNotMergedBeforeACrash) {
  World world(SuiteId::x25519_aes128, 19);
  std::vector<Group> groups = world.group_of(2);
  const Bytes commit = world.stage(groups[0]).commit();
  must(groups[0].merge_pending());
  const Bytes before = state_of(groups[1]);
  must(world.process(groups[1], commit));
  EXPECT_EQ(state_of(groups[1]), before);
  Group after_crash = reopened(groups[1]);
  world.follow(after_crash, commit);
  EXPECT_TRUE(agree(groups[0], after_crash));
}

// RFC 9420 s.7.5, 9.2: what is kept of an epoch that is over cannot give its secrets or those of the next one again.
TEST(Group, KeepsNoSecretThatACommitReplaced) {
  World world(SuiteId::x25519_aes128, 20);
  std::vector<Group> groups = world.group_of(4);
  world.commit(groups, 2);
  for (const std::size_t committer : {0u, 1u}) {
    const internal::GroupState before = insides_of(groups[1]);
    world.commit(groups, committer);
    const Bytes after = state_of(groups[1]);
    const auto still_there = [&](ByteView secret) {
      return std::search(after.begin(), after.end(), secret.begin(), secret.end()) != after.end();
    };
    const internal::Epoch& old = before.current;
    EXPECT_FALSE(still_there(old.keys.find(old.tree.size().root())->expose())) << "the root's private key";
    EXPECT_EQ(still_there(old.keys.find(internal::node_of(old.own_leaf()))->expose()), committer != 1);
    EXPECT_FALSE(still_there(old.secrets.init.expose()));
    EXPECT_FALSE(still_there(old.secrets.exporter.expose()));
    EXPECT_FALSE(still_there(old.secrets.external.expose()));
    EXPECT_FALSE(still_there(old.secrets.confirmation.expose()));
    EXPECT_FALSE(still_there(old.secrets.membership.expose()));
    EXPECT_TRUE(still_there(old.secrets.sender_data.expose())) << "late messages are read with it";
  }
}

TEST(Group, RefusesToMergeACommitOfAnotherFork) {
  World world(SuiteId::x25519_aes128, 6);
  std::vector<Group> groups = world.group_of(2);
  Group fork = reopened(groups[1]);
  const Bytes first = world.stage(groups[0]).commit();
  groups[0].discard_pending();
  const Bytes second = world.stage(groups[0]).commit();
  world.follow(groups[1], second);
  world.follow(fork, first);
  must(groups[0].merge_pending());
  const Bytes next = world.stage(groups[0]).commit();
  Received received = must(world.process(groups[1], next));
  EXPECT_EQ(code_of(fork.merge(std::get<ReceivedCommit>(std::move(received)))), ErrorCode::stale);
  EXPECT_EQ(code_of(world.process(fork, next)), ErrorCode::crypto_failed);
}

TEST(Group, ReadsApplicationMessagesInAnyOrderAndOnce) {
  World world(SuiteId::x25519_aes128, 7);
  std::vector<Group> groups = world.group_of(2);
  std::vector<Bytes> messages;
  for (int i = 0; i < 101; ++i) messages.push_back(world.protect(groups[0], "message " + std::to_string(i)));
  EXPECT_EQ(world.read(groups[1], messages[100]), "message 100");
  groups[1] = reopened(groups[1]);
  EXPECT_EQ(world.read(groups[1], messages[1]), "message 1");
  EXPECT_EQ(world.read(groups[1], messages[99]), "message 99");
  const Bytes before = state_of(groups[1]);
  for (const std::size_t i : {1u, 99u, 100u})
    EXPECT_EQ(code_of(world.process(groups[1], messages[i])), ErrorCode::duplicate);
  EXPECT_EQ(code_of(world.process(groups[1], messages[0])), ErrorCode::duplicate) << "beyond the window";
  EXPECT_EQ(state_of(groups[1]), before);
}

TEST(Group, ReadsMessagesOfTheLastFiveEpochsAndNoOlderOnes) {
  World world(SuiteId::x25519_aes128, 8);
  std::vector<Group> groups = world.group_of(2);
  std::vector<Bytes> messages;
  for (int i = 0; i <= 6; ++i) {
    messages.push_back(world.protect(groups[0], "epoch " + std::to_string(i)));
    if (i < 6) world.commit(groups, 1);
  }
  groups[1] = reopened(groups[1]);
  EXPECT_EQ(code_of(world.process(groups[1], messages[0])), ErrorCode::stale);
  for (std::size_t i = 6; i >= 1; --i) EXPECT_EQ(world.read(groups[1], messages[i]), "epoch " + std::to_string(i));
  for (std::size_t i = 6; i >= 1; --i) EXPECT_EQ(code_of(world.process(groups[1], messages[i])), ErrorCode::duplicate);
}

TEST(Group, ForgetsFormerEpochsWhenTold) {
  World world(SuiteId::x25519_aes128, 9);
  std::vector<Group> groups = world.group_of(2);
  const Bytes old_message = world.protect(groups[0], "old");
  world.commit(groups, 0);
  const Bytes newer_message = world.protect(groups[0], "newer");
  world.commit(groups, 0);
  EXPECT_TRUE(groups[1].resumption_psk(1).has_value());
  groups[1].forget_epochs_before(2);
  EXPECT_EQ(code_of(world.process(groups[1], old_message)), ErrorCode::stale);
  EXPECT_EQ(code_of(groups[1].resumption_psk(1)), ErrorCode::not_found);
  EXPECT_EQ(world.read(groups[1], newer_message), "newer");
}

TEST(Group, TellsMessagesOfOtherEpochsAndGroupsApart) {
  World world(SuiteId::x25519_aes128, 10);
  std::vector<Group> groups = world.group_of(2);
  Group behind = reopened(groups[1]);
  world.commit(groups, 0);
  const Bytes message = world.protect(groups[0], "text");
  const Bytes commit = world.stage(groups[0]).commit();
  EXPECT_EQ(code_of(world.process(behind, message)), ErrorCode::wrong_epoch);
  EXPECT_EQ(code_of(world.process(behind, commit)), ErrorCode::wrong_epoch);
  Group other = must(Group::create({world.suite, {to_bytes("another group")}, {}}, world.identity("x"),
                                   world.leaf_options(), world.entropy));
  EXPECT_EQ(code_of(world.process(other, message)), ErrorCode::wrong_group);
  EXPECT_EQ(code_of(world.process(other, encode_message(world.key_package("y").package()))), ErrorCode::malformed);
}

TEST(Group, IsUnchangedByAnythingItRefuses) {
  World world(SuiteId::x25519_chacha, 11);
  std::vector<Group> groups = world.group_of(3);
  const Bytes message = world.protect(groups[0], "text");
  const Bytes proposal = must(groups[0].propose_remove({2}, world.entropy));
  const Bytes open_proposal = must(groups[0].propose_remove({2}, world.entropy, HandshakeFormat::public_message));
  groups[0].forget_proposals();
  CommitRequest request;
  request.format = HandshakeFormat::public_message;
  const Bytes commit = world.stage(groups[0], request).commit();
  const Bytes before = state_of(groups[1]);
  for (const Bytes* good : {&message, &proposal, &open_proposal, &commit}) {
    for (std::size_t i = 0; i < good->size(); ++i) {
      Bytes bad = *good;
      bad[i] ^= 0x10;
      ASSERT_FALSE(world.process(groups[1], bad).has_value()) << "octet " << i;
      ASSERT_FALSE(world.process(groups[1], ByteView(*good).first(i)).has_value()) << "length " << i;
    }
    Bytes longer = *good;
    longer.push_back(0);
    ASSERT_FALSE(world.process(groups[1], longer).has_value());
  }
  EXPECT_EQ(state_of(groups[1]), before);
  EXPECT_EQ(world.read(groups[1], message), "text");
  world.follow(groups[1], commit);
}

TEST(Group, ShutsOutWhoWasRemoved) {
  World world(kDefaultSuite, 12);
  std::vector<Group> groups = world.group_of(3);
  const Bytes before = world.protect(groups[0], "before");
  CommitRequest request;
  request.removes = {{2}};
  world.commit(groups, 0, request);
  EXPECT_FALSE(groups[2].is_active());
  EXPECT_EQ(groups[2].epoch(), 1u);
  const Bytes after = world.protect(groups[0], "after");
  EXPECT_EQ(world.read(groups[2], before), "before");
  EXPECT_EQ(code_of(world.process(groups[2], after)), ErrorCode::wrong_epoch);
  EXPECT_EQ(code_of(groups[2].protect({}, {}, world.entropy)), ErrorCode::invalid_state);
  EXPECT_EQ(code_of(groups[2].stage_commit({}, world.rules, world.now, world.entropy)), ErrorCode::invalid_state);
  EXPECT_EQ(code_of(groups[2].propose_remove({0}, world.entropy)), ErrorCode::invalid_state);
  Group again = reopened(groups[2]);
  EXPECT_FALSE(again.is_active());
  EXPECT_TRUE(agree(groups[0], groups[1]));
}

TEST(Group, ForgetsTheEpochInWhichItWasRemovedWhenTold) {
  World world(SuiteId::x25519_aes128, 19);
  std::vector<Group> groups = world.group_of(3);
  const Bytes first = world.protect(groups[0], "first");
  const Bytes second = world.protect(groups[0], "second");
  CommitRequest request;
  request.removes = {{2}};
  world.commit(groups, 0, request);
  groups[2].forget_epochs_before(groups[2].epoch());
  EXPECT_EQ(world.read(groups[2], first), "first") << "what is late can be read until then";
  groups[2].forget_epochs_before(groups[2].epoch() + 1);
  for (const bool restored : {false, true}) {
    if (restored) groups[2] = reopened(groups[2]);
    EXPECT_EQ(code_of(world.process(groups[2], second)), ErrorCode::crypto_failed);
    EXPECT_EQ(groups[2].members().size(), 3u);
    EXPECT_TRUE(groups[2].resumption_psk(1).has_value());
    EXPECT_FALSE(groups[2].is_active());
  }
  const internal::Epoch last = std::move(insides_of(groups[2]).current);
  EXPECT_TRUE(last.secrets.init.empty() && last.secrets.sender_data.empty() && last.secrets.exporter.empty());
  EXPECT_TRUE(last.keys.find(internal::node_of(last.own_leaf()))->empty());
  groups[0].forget_epochs_before(groups[0].epoch() + 1);
  EXPECT_EQ(world.read(groups[1], world.protect(groups[0], "members lose nothing")), "members lose nothing");
}

TEST(Group, PadsApplicationMessagesSoThatLengthsTellLittle) {
  World world(SuiteId::x25519_aes128, 13);
  std::vector<Group> groups = world.group_of(2);
  const std::size_t least = world.protect(groups[0], "").size();
  EXPECT_EQ(world.protect(groups[0], std::string(100, 'x')).size(), least);
  EXPECT_GE(least, 256u);
  const std::string text(70'000, 'y');
  const Bytes big = world.protect(groups[0], text);
  EXPECT_LT(big.size(), 78'400u + 300u);
  EXPECT_EQ(world.read(groups[1], big), text);
  EXPECT_EQ(code_of(groups[0].protect(Bytes(kMaxPlaintextSize + 1), {}, world.entropy)), ErrorCode::over_limit);
  EXPECT_EQ(code_of(groups[0].protect({}, Bytes(kMaxAuthenticatedDataSize + 1), world.entropy)), ErrorCode::over_limit);
}

TEST(Group, GivesEveryNewcomerAWelcomeOfItsOwn) {
  World world(SuiteId::x25519_aes128, 14);
  Group creator = world.create("creator");
  const PrivateKeyPackage first = world.key_package("first");
  const PrivateKeyPackage second = world.key_package("second");
  CommitRequest request;
  request.adds = {first.package(), second.package()};
  request.tree = TreePlacement::beside;
  const PendingCommit& pending = world.stage(creator, request);
  const Bytes tree = pending.ratchet_tree();
  ASSERT_EQ(pending.welcomes().size(), 2u);
  EXPECT_EQ(pending.welcomes()[0].key_package, first.reference());
  EXPECT_EQ(pending.welcomes()[1].leaf, LeafIndex{2});
  const Bytes welcome = pending.welcomes()[1].message;
  EXPECT_EQ(code_of(Group::join({welcome, first, ByteView(tree)}, world.rules)), ErrorCode::not_found);
  EXPECT_EQ(code_of(Group::join({welcome, second, std::nullopt}, world.rules)), ErrorCode::not_found);
  Bytes other_tree = tree;
  other_tree[20] ^= 1;
  EXPECT_FALSE(Group::join({welcome, second, ByteView(other_tree)}, world.rules).has_value());
  Group joined = world.join(welcome, second, ByteView(tree));
  must(creator.merge_pending());
  EXPECT_TRUE(agree(creator, joined));
  EXPECT_EQ(joined.members().size(), 3u);
}

// RFC 9420 s.12.4.3.1: one Welcome may be for several; what all learn is in it once.
TEST(Group, GivesAllNewcomersOneWelcomeToo) {
  World world(SuiteId::x25519_aes128, 16);
  Group creator = world.create("creator");
  EXPECT_TRUE(world.stage(creator).joint_welcome().empty());
  must(creator.merge_pending());
  const std::vector<std::string> names = {"first", "second", "third"};
  std::vector<PrivateKeyPackage> packages;
  CommitRequest request;
  for (const std::string& name : names) {
    packages.push_back(world.key_package(name));
    request.adds.push_back(packages.back().package());
  }
  const Bytes joint = world.stage(creator, request).joint_welcome();
  std::size_t each = 0;
  for (const OutgoingWelcome& welcome : creator.pending()->welcomes()) each += welcome.message.size();
  const std::size_t tree = creator.pending()->ratchet_tree().size();
  EXPECT_LT(joint.size() + 2 * tree, each);
  creator = reopened(creator);
  EXPECT_EQ(creator.pending()->joint_welcome(), joint);
  EXPECT_EQ(creator.pending()->joint_welcome({true, true, true}), joint);
  EXPECT_TRUE(creator.pending()->joint_welcome({false, false, false}).empty());
  const Bytes without_second = creator.pending()->joint_welcome({true, false, true});
  EXPECT_LT(without_second.size(), joint.size());
  must(creator.merge_pending());
  for (std::size_t i = 0; i < packages.size(); ++i) {
    Group joined = world.join(joint, packages[i]);
    EXPECT_TRUE(agree(creator, joined));
    EXPECT_EQ(joined.own_leaf(), LeafIndex{static_cast<std::uint32_t>(i + 1)});
    if (i == 1) continue;
    EXPECT_TRUE(agree(creator, world.join(without_second, packages[i])));
  }
  EXPECT_EQ(code_of(Group::join({without_second, packages[1], std::nullopt}, world.rules)), ErrorCode::not_found);
  EXPECT_EQ(code_of(Group::join({joint, world.key_package("fourth"), std::nullopt}, world.rules)),
            ErrorCode::not_found);
}

// One for each newcomer, as stores of before have it.
TEST(Group, ReadsAPendingCommitThatWasStoredWithAWelcomeForEach) {
  World world(SuiteId::x25519_aes128, 17);
  Group creator = world.create("creator");
  const PrivateKeyPackage first = world.key_package("first");
  const PrivateKeyPackage second = world.key_package("second");
  CommitRequest request;
  request.adds = {first.package(), second.package()};
  const PendingCommit& pending = world.stage(creator, request);
  const Bytes now = state_of(creator);
  const MlsMessage joint = must(MlsMessage::decode(pending.joint_welcome()));
  const Bytes stored = concat({Bytes{0xFF, 0xFF}, wire::encode(std::get<Welcome>(joint.body))});
  wire::Writer former;
  former.u16(2);
  for (const OutgoingWelcome& welcome : pending.welcomes()) {
    welcome.key_package.write(former);
    welcome.leaf.write(former);
    former.opaque(welcome.message);
  }
  const auto at = std::search(now.begin(), now.end(), stored.begin(), stored.end());
  ASSERT_NE(at, now.end());
  Bytes before(now.begin(), at);
  append(before, former.view());
  before.insert(before.end(), at + static_cast<std::ptrdiff_t>(stored.size()), now.end());
  Group again = must(Group::restore(before));
  EXPECT_EQ(state_of(again), now);
  EXPECT_EQ(again.pending()->joint_welcome(), pending.joint_welcome());
}

TEST(Group, RefusesEveryDamagedWelcome) {
  World world(SuiteId::x25519_aes128, 15);
  Group creator = world.create("creator");
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  CommitRequest request;
  request.adds = {newcomer.package()};
  const Bytes welcome = world.stage(creator, request).welcomes()[0].message;
  for (std::size_t i = 0; i < welcome.size(); ++i) {
    Bytes bad = welcome;
    bad[i] ^= 1;
    ASSERT_FALSE(Group::join({bad, newcomer, std::nullopt}, world.rules).has_value()) << "octet " << i;
    ASSERT_FALSE(Group::join({ByteView(welcome).first(i), newcomer, std::nullopt}, world.rules).has_value());
  }
  EXPECT_TRUE(Group::join({welcome, newcomer, std::nullopt}, world.rules).has_value());
}

TEST(Group, AsksTheRulesBeforeAnythingMoves) {
  World world(SuiteId::x25519_aes128, 16);
  std::vector<Group> groups = world.group_of(2);
  const PrivateKeyPackage stranger = world.key_package("stranger");
  CommitRequest request;
  request.adds = {stranger.package()};

  const Bytes sender_before = state_of(groups[0]);
  world.authenticator.refused = Credential::basic(to_bytes("stranger"));
  EXPECT_EQ(code_of(groups[0].stage_commit(request, world.rules, world.now, world.entropy)), ErrorCode::not_authorised);
  world.authenticator.refused.reset();
  world.membership.answer = fail(ErrorCode::not_authorised, "test");
  EXPECT_EQ(code_of(groups[0].stage_commit(request, world.rules, world.now, world.entropy)), ErrorCode::not_authorised);
  EXPECT_EQ(state_of(groups[0]), sender_before);
  world.membership.answer = ok();

  const PendingCommit& pending = world.stage(groups[0], request);
  const Bytes before = state_of(groups[1]);
  world.authenticator.refused = Credential::basic(to_bytes("stranger"));
  world.authenticator.code = ErrorCode::unavailable;
  EXPECT_EQ(code_of(world.process(groups[1], pending.commit())), ErrorCode::unavailable);
  EXPECT_EQ(code_of(Group::join({pending.welcomes()[0].message, stranger, std::nullopt}, world.rules)),
            ErrorCode::unavailable);
  world.authenticator.refused.reset();
  world.membership.answer = fail(ErrorCode::not_authorised, "test");
  EXPECT_EQ(code_of(world.process(groups[1], pending.commit())), ErrorCode::not_authorised);
  EXPECT_EQ(code_of(Group::join({pending.welcomes()[0].message, stranger, std::nullopt}, world.rules)),
            ErrorCode::not_authorised);
  EXPECT_EQ(state_of(groups[1]), before);
  world.membership.answer = ok();
  world.follow(groups[1], pending.commit());
}

TEST(Group, RefusesAKeyPackageOutOfItsTime) {
  World world(SuiteId::x25519_aes128, 17);
  Group group = world.create("creator");
  CommitRequest request;
  request.adds = {world.key_package("newcomer").package()};
  const Time late = after(world.now, 2 * kDayMs);
  const Time early{world.now.ms - kDayMs};
  for (const Time now : {late, early}) {
    EXPECT_EQ(code_of(group.stage_commit(request, world.rules, now, world.entropy)), ErrorCode::stale);
    EXPECT_EQ(code_of(group.propose_add(request.adds[0], world.rules, now, world.entropy)), ErrorCode::stale);
  }
}

TEST(Group, RefusesToRestoreWhatIsNoWholeState) {
  World world(SuiteId::x25519_aes128, 18);
  std::vector<Group> groups = world.group_of(2);
  world.commit(groups, 0);
  world.stage(groups[0]);
  const Bytes state = state_of(groups[0]);
  for (std::size_t i = 0; i < state.size(); ++i) ASSERT_FALSE(Group::restore(ByteView(state).first(i)).has_value());
  Bytes longer = state;
  longer.push_back(0);
  EXPECT_FALSE(Group::restore(longer).has_value());
}

}  // namespace
}  // namespace cairn::mls
