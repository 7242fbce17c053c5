// What members propose and commit beside adding and removing: PSKs, extensions, updates, ends (RFC 9420 s.12.1).
#include <gtest/gtest.h>

#include "core/mls/forge_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

class Proposals : public ::testing::TestWithParam<SuiteId> {
 protected:
  // Everybody hears what `who` proposed.
  void tell(std::size_t who, ByteView message) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i != who) must(world.process(groups[i], message));
    }
  }
  void expect_all_agree() {
    for (const Group& group : groups) {
      EXPECT_TRUE(agree(groups[0], group));
    }
  }

  World world{GetParam(), 9};
  std::vector<Group> groups = world.group_of(4);
};

TEST_P(Proposals, MixExternalAndResumptionPsksIntoTheNextEpoch) {
  world.psks.keys[to_bytes("agreed")] = to_bytes("a secret that both know");
  world.commit(groups, 1);
  CommitRequest request;
  request.psks = {{ExternalPsk{{to_bytes("agreed")}}, {}},
                  {ResumptionPsk{ResumptionUsage::application, groups[0].group_id(), 1}, {}},
                  {ResumptionPsk{ResumptionUsage::application, groups[0].group_id(), 2}, {}}};
  request.path = PathUse::when_required;
  world.commit(groups, 0, request);
  expect_all_agree();
  ASSERT_EQ(world.membership.last->psks.size(), 3u);
  EXPECT_EQ(world.membership.last->psks[0].nonce.size(), cipher_suite(world.suite).hash_size());

  const PendingCommit& pending = world.stage(groups[0], request);
  world.psks.keys[to_bytes("agreed")] = to_bytes("another secret");
  EXPECT_EQ(world.process(groups[1], pending.commit()).error().code, ErrorCode::crypto_failed);
  world.psks.keys.clear();
  EXPECT_EQ(world.process(groups[1], pending.commit()).error().code, ErrorCode::not_found);
}

TEST_P(Proposals, LetNewcomersInWithPsks) {
  world.psks.keys[to_bytes("agreed")] = to_bytes("a secret that both know");
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  CommitRequest request;
  request.psks = {{ExternalPsk{{to_bytes("agreed")}}, {}}};
  request.adds = {newcomer.package()};
  const PendingCommit& pending = world.stage(groups[0], request);
  const Bytes welcome = pending.welcomes()[0].message;
  Group joined = world.join(welcome, newcomer);
  world.psks.keys[to_bytes("agreed")] = to_bytes("another secret");
  EXPECT_EQ(Group::join({welcome, newcomer, std::nullopt}, world.rules).error().code, ErrorCode::crypto_failed);
  world.psks.keys.clear();
  EXPECT_EQ(Group::join({welcome, newcomer, std::nullopt}, world.rules).error().code, ErrorCode::not_found);
  must(groups[0].merge_pending());
  EXPECT_TRUE(agree(groups[0], joined));
}

TEST_P(Proposals, ReplaceTheExtensionsOfTheGroup) {
  world.extension_types = {0xF0C1};
  ExtensionList extensions;
  extensions.set(0xF0C1, to_bytes("title"));
  EXPECT_EQ(groups[0]
                .stage_commit({.group_context_extensions = extensions}, world.rules, world.now, world.entropy)
                .error()
                .code,
            ErrorCode::unsupported);
  groups = world.group_of(4);
  world.commit(groups, 0, {.group_context_extensions = extensions});
  expect_all_agree();
  for (const Group& group : groups) EXPECT_EQ(group.extensions(), extensions);
  world.extension_types.clear();
  EXPECT_EQ(
      groups[0]
          .stage_commit({.adds = {world.key_package("old client").package()}}, world.rules, world.now, world.entropy)
          .error()
          .code,
      ErrorCode::unsupported);
}

TEST_P(Proposals, RenewTheLeafOfWhoAsksForIt) {
  LeafOptions options = world.leaf_options();
  options.capabilities.extensions = {0xF0C1};
  options.extensions.set(0xF0C1, to_bytes("about me"));
  const HpkePublicKey before = groups[2].member({2})->node->encryption_key;
  tell(2, must(groups[2].propose_update(options, world.entropy)));
  groups[2] = reopened(groups[2]);
  world.commit(groups, 0);
  expect_all_agree();
  EXPECT_NE(groups[0].member({2})->node->encryption_key, before);
  EXPECT_EQ(groups[0].member({2})->node->extensions, options.extensions);
  world.commit(groups, 2);
  expect_all_agree();
  world.commit(groups, 1, {.own_leaf = options, .path = PathUse::when_required});
  EXPECT_EQ(groups[0].member({1})->node->extensions, options.extensions);
}

TEST_P(Proposals, LetSomebodyLeave) {
  tell(3, must(groups[3].propose_remove({3}, world.entropy)));
  EXPECT_EQ(groups[3].stage_commit({}, world.rules, world.now, world.entropy).has_value(), true)
      << "one's own removal is for others to commit";
  groups[3].discard_pending();
  EXPECT_EQ(groups[0].protect({}, {}, world.entropy).error().code, ErrorCode::invalid_state);
  world.commit(groups, 1);
  EXPECT_FALSE(groups[3].is_active());
  EXPECT_EQ(groups[0].members().size(), 3u);
  world.protect(groups[0], "again");
}

TEST_P(Proposals, GoInByReferenceUnlessTheyAreDroppedOrDoNotFit) {
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  tell(1, must(groups[1].propose_update(std::nullopt, world.entropy)));
  tell(2, must(groups[2].propose_remove({1}, world.entropy)));
  tell(2, must(groups[2].propose_add(newcomer.package(), world.rules, world.now, world.entropy)));
  tell(1, must(groups[1].propose_add(newcomer.package(), world.rules, world.now, world.entropy)));
  const PendingCommit& pending = world.stage(groups[0]);
  EXPECT_EQ(pending.summary().removed.size(), 1u) << "a removal goes before an update";
  EXPECT_EQ(pending.summary().added.size(), 1u);
  EXPECT_EQ(pending.welcomes().size(), 1u);
  for (const std::size_t i : {1u, 2u, 3u}) world.follow(groups[i], pending.commit());
  const Group joined = world.join(pending.welcomes()[0].message, newcomer);
  must(groups[0].merge_pending());
  EXPECT_TRUE(agree(joined, groups[3]));
  EXPECT_FALSE(groups[1].is_active());
}

TEST_P(Proposals, CanBeLeftOut) {
  const Bytes message = must(groups[1].propose_remove({2}, world.entropy));
  Received received = must(world.process(groups[0], message));
  CommitRequest request;
  request.received_proposals_to_drop = {std::get<ProposalReceived>(received).reference};
  EXPECT_TRUE(world.stage(groups[0], request).summary().removed.empty());
  groups[0].discard_pending();
  EXPECT_EQ(world.stage(groups[0]).summary().removed.size(), 1u);
  groups[0].discard_pending();
  groups[0].forget_proposals();
  EXPECT_TRUE(world.stage(groups[0]).summary().removed.empty());
}

// Each of these is in order by itself. A commit that holds one is refused by all, so any member could keep the others
// from ever committing again.
TEST_P(Proposals, AreLeftOutWhenTheyWouldSpoilTheCommit) {
  const CipherSuite& suite = cipher_suite(world.suite);
  const Forger forger(groups[3]);
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  KeyPackage twin = newcomer.package();
  LeafNode leaf = twin.leaf_node;
  leaf.encryption_key = groups[1].member({1})->node->encryption_key;
  twin.leaf_node = *must(VerifiedLeafNode::sign(suite, newcomer.identity().private_key(), leaf, std::nullopt));
  twin.signature = must(internal::sign_with_label(newcomer.identity().key(), kSignKeyPackage, twin.to_be_signed()));
  LeafNode update = *groups[3].member({3})->node;
  update.encryption_key = *forger.epoch().tree.encryption_key(forger.epoch().tree.size().root());
  update.origin = FromUpdate{};
  update = *must(VerifiedLeafNode::sign(suite, insides_of(groups[3]).identity.private_key(), update,
                                        LeafPosition{groups[3].group_id(), {3}}));
  ExtensionList unknown;
  unknown.set(0xF0C1, {});
  const Proposal spoilers[] = {
      {PreSharedKey{{ExternalPsk{{to_bytes("nobody has it")}}, Bytes(suite.hash_size())}}},
      {GroupContextExtensions{unknown}},
      {Add{twin}},
      {Update{update}},
  };
  for (const Proposal& spoiler : spoilers) must(world.process(groups[0], forger.proposal(spoiler)));
  const Bytes honest = must(groups[1].propose_remove({2}, world.entropy));
  for (const std::size_t i : {0u, 2u, 3u}) must(world.process(groups[i], honest));
  for (const Proposal& spoiler : spoilers) {
    if (spoiler.type() != proposal_type::kUpdate) must(world.process(groups[1], forger.proposal(spoiler)));
  }
  CommitRequest request;
  request.adds = {world.key_package("another").package()};
  const PendingCommit& pending = world.stage(groups[0], request);
  EXPECT_EQ(pending.summary().removed.size(), 1u);
  EXPECT_EQ(pending.summary().added.size(), 1u);
  EXPECT_EQ(pending.summary().updated.size(), 1u) << "the committer's own leaf";
  EXPECT_TRUE(pending.summary().psks.empty());
  EXPECT_FALSE(pending.summary().group_context_extensions.has_value());
  for (const std::size_t i : {1u, 2u, 3u}) world.follow(groups[i], pending.commit());
  must(groups[0].merge_pending());
  EXPECT_TRUE(agree(groups[0], groups[1]));
  EXPECT_TRUE(agree(groups[0], groups[3]));
}

TEST_P(Proposals, AreNotMadeLargerThanOthersKeepThem) {
  ExtensionList large;
  large.set(0x0A0A, Bytes(kMaxCachedProposalSize));
  const auto package = must(PrivateKeyPackage::create(world.suite, world.identity("newcomer"), world.leaf_options(),
                                                      world.entropy, std::move(large)));
  EXPECT_EQ(groups[0].propose_add(package.package(), world.rules, world.now, world.entropy).error().code,
            ErrorCode::over_limit);
}

TEST_P(Proposals, EndTheGroupByAReInit) {
  const ReInit next{{to_bytes("the next group")}, kVersionMls10, static_cast<std::uint16_t>(kDefaultSuite), {}};
  const Bytes proposal = Forger(groups[1]).proposal({next});
  for (const std::size_t i : {0u, 2u, 3u}) must(world.process(groups[i], proposal));
  const PendingCommit& pending = world.stage(groups[0], {.path = PathUse::when_required});
  EXPECT_TRUE(pending.summary().reinit.has_value());
  groups[0] = reopened(groups[0]);
  for (const std::size_t i : {2u, 3u}) world.follow(groups[i], groups[0].pending()->commit());
  must(groups[0].merge_pending());
  groups[2] = reopened(groups[2]);
  for (const std::size_t i : {0u, 2u, 3u}) {
    ASSERT_TRUE(groups[i].reinit().has_value());
    EXPECT_EQ(groups[i].reinit()->group_id, next.group_id);
    EXPECT_EQ(groups[i].protect({}, {}, world.entropy).error().code, ErrorCode::invalid_state);
    EXPECT_EQ(groups[i].stage_commit({}, world.rules, world.now, world.entropy).error().code, ErrorCode::invalid_state);
  }
}

TEST_P(Proposals, EndTheGroupByAReInitOfTheCommitterAlone) {
  CommitRequest request;
  request.reinit = ReInit{{to_bytes("the next group")}, kVersionMls10, 1, {}};
  request.removes = {{3}};
  const auto beside = groups[0].stage_commit(request, world.rules, world.now, world.entropy);
  EXPECT_EQ(beside.error().where, std::string("reinit beside other proposals"));
  request.removes.clear();
  world.commit(groups, 0, request);
  for (const Group& group : groups) EXPECT_EQ(group.reinit(), request.reinit);
}

// Each type that a member may propose, sent by one member and committed by another, and by value where that can be.
TEST_P(Proposals, OfEveryTypeWorkByReferenceInBothFormats) {
  world.psks.keys[to_bytes("agreed")] = to_bytes("a secret that both know");
  const PreSharedKeyId psk{ExternalPsk{{to_bytes("agreed")}}, {}};
  ExtensionList extensions;
  extensions.set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{}));
  const ReInit end{{to_bytes("the next group")}, kVersionMls10, 1, {}};
  for (const auto format : {HandshakeFormat::private_message, HandshakeFormat::public_message}) {
    groups = world.group_of(4);
    const auto commit_of = [&](const Bytes& proposal) {
      tell(1, proposal);
      world.commit(groups, 0);
    };
    const KeyPackage newcomer = world.key_package("newcomer").package();
    commit_of(must(groups[1].propose_add(newcomer, world.rules, world.now, world.entropy, format)));
    EXPECT_EQ(groups[2].members().size(), 5u);
    commit_of(must(groups[1].propose_remove({4}, world.entropy, format)));
    EXPECT_EQ(groups[2].members().size(), 4u);
    commit_of(must(groups[1].propose_update(std::nullopt, world.entropy, format)));
    EXPECT_EQ(groups[2].member({1})->node->source(), LeafNodeSource::update);
    commit_of(must(groups[1].propose_psk(psk, world.rules, world.entropy, format)));
    ASSERT_EQ(world.membership.last->psks.size(), 1u);
    commit_of(must(groups[1].propose_group_context_extensions(extensions, world.rules, world.entropy, format)));
    EXPECT_EQ(groups[2].extensions(), extensions);
    commit_of(must(groups[1].propose_reinit(end, world.rules, world.entropy, format)));
    EXPECT_EQ(groups[2].reinit(), std::optional(end));
    expect_all_agree();
  }
}

TEST_P(Proposals, ThatNobodyCouldCommitDoNotKeepAMemberFromCommitting) {
  ExtensionList needed;
  needed.set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{{0xF0C1}, {}, {}}));
  tell(1, Forger(groups[1]).proposal({GroupContextExtensions{needed}}));
  const Bytes nonce(cipher_suite(world.suite).hash_size(), 1);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i != 1) must(world.process(groups[i], Forger(groups[1]).proposal({PreSharedKey{{ExternalPsk{}, nonce}}})));
  }
  tell(2, must(groups[2].propose_remove({3}, world.entropy)));
  const Bytes commit = world.stage(groups[0]).commit();
  for (const std::size_t i : {1u, 2u, 3u}) world.follow(groups[i], commit);
  EXPECT_FALSE(groups[3].is_active());
  EXPECT_FALSE(groups[1].extensions().has(extension_type::kRequiredCapabilities));
}

// RFC 9420 s.12.4: "MUST send a Commit message before sending application data".
TEST_P(Proposals, KeepApplicationMessagesBackUntilTheyAreCommitted) {
  tell(1, must(groups[1].propose_remove({3}, world.entropy)));
  const auto refused = groups[0].protect({}, {}, world.entropy);
  ASSERT_FALSE(refused.has_value());
  EXPECT_STREQ(refused.error().where, "proposals wait for a commit");
  const Bytes commit = world.stage(groups[0]).commit();
  must(groups[0].merge_pending());
  EXPECT_TRUE(groups[0].protect({}, {}, world.entropy).has_value());
}

// RFC 9420 s.13.5: values that nobody knows are no reason to refuse.
TEST_P(Proposals, ToAddWhoMixesInGreaseAreTaken) {
  LeafOptions options = world.leaf_options();
  options.capabilities.versions.push_back(0x5A5A);
  options.capabilities.cipher_suites.insert(options.capabilities.cipher_suites.begin(), 0x0A0A);
  for (auto* list :
       {&options.capabilities.extensions, &options.capabilities.proposals, &options.capabilities.credentials}) {
    list->insert(list->end(), {0x1A1A, 0xEAEA, 0x2A2A});
  }
  options.extensions.set(0x1A1A, Bytes(20, 1));
  ExtensionList of_package;
  of_package.set(0xEAEA, Bytes(30, 2));
  const PrivateKeyPackage newcomer =
      must(PrivateKeyPackage::create(world.suite, world.identity("newcomer"), options, world.entropy, of_package));
  CommitRequest request;
  request.adds = {newcomer.package()};
  const PendingCommit& pending = world.stage(groups[0], request);
  for (const std::size_t i : {1u, 2u, 3u}) world.follow(groups[i], pending.commit());
  Group joined = world.join(pending.welcomes()[0].message, newcomer);
  must(groups[0].merge_pending());
  EXPECT_TRUE(agree(groups[0], joined));
  groups.push_back(std::move(joined));
  world.commit(groups, 4);
  expect_all_agree();
}

TEST_P(Proposals, ToAddWhoLacksWhatTheGroupRequiresAreLeftOut) {
  world.extension_types = {0xF0C1};
  ExtensionList needed;
  needed.set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{{0xF0C1}, {}, {}}));
  groups = world.group_of(4, needed);
  world.extension_types = {};
  tell(1, Forger(groups[1]).proposal({Add{world.key_package("newcomer").package()}}));
  const PendingCommit& pending = world.stage(groups[0]);
  EXPECT_TRUE(pending.summary().added.empty());
  for (const std::size_t i : {1u, 2u, 3u}) world.follow(groups[i], pending.commit());
}

INSTANTIATE_TEST_SUITE_P(TwoSuites, Proposals, ::testing::Values(SuiteId::x25519_aes128, SuiteId::xwing),
                         [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace cairn::mls
