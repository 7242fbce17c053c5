// Those who are not in a group and say something to it: external commits, external senders, newcomers (RFC 9420
// s.12.1.8, 12.4.3.2). The rules refuse all of them unless they are told otherwise.
#include <gtest/gtest.h>

#include "core/mls/external_senders.h"
#include "core/mls/forge_fixture.h"
#include "core/mls/internal/joining.h"
#include "core/mls/outside.h"

namespace cairn::mls {
namespace {

using namespace fixture;

class Outsiders : public ::testing::TestWithParam<SuiteId> {
 protected:
  void expect_refused(ByteView message, ErrorCode code, const std::string& where) {
    const Bytes before = state_of(groups[1]);
    const auto received = world.process(groups[1], message);
    ASSERT_FALSE(received.has_value());
    EXPECT_EQ(received.error().code, code);
    EXPECT_EQ(received.error().where, where);
    EXPECT_EQ(state_of(groups[1]), before);
  }
  Result<ExternalJoin> come_in(const SigningIdentity& who, std::optional<LeafIndex> replaces = std::nullopt) {
    const Bytes info = must(groups[0].group_info(TreePlacement::inside));
    return Group::join_external({info, who, world.leaf_options(), std::nullopt, replaces, to_bytes("back again")},
                                world.rules, world.entropy);
  }
  // A commit like the one of `join`, with other proposals, signed by the joiner.
  Bytes forged(const ExternalJoin& join, const SigningIdentity& who, std::vector<ProposalOrRef> proposals) {
    AuthenticatedContent content = Forger::opened(join.commit);
    std::get<Commit>(content.content.content).proposals = std::move(proposals);
    const Forger forger(groups[0]);
    return forger.send(forger.sign(std::move(content.content), who));
  }

  World world{GetParam(), 5};
  std::vector<Group> groups = world.group_of(3);
};

TEST_P(Outsiders, ComeInByAnExternalCommitOnlyWhenTheRulesAllowIt) {
  ExternalJoin join = must(come_in(world.identity("joiner")));
  expect_refused(join.commit, ErrorCode::not_authorised, "external commit");
  world.membership.outside = true;
  for (Group& group : groups) world.follow(group, join.commit);
  ASSERT_TRUE(world.membership.last.has_value());
  EXPECT_EQ(world.membership.last->source, CommitSource::external);
  EXPECT_EQ(world.membership.last->committer.leaf, LeafIndex{3});
  EXPECT_EQ(world.membership.last->authenticated_data, to_bytes("back again"));
  EXPECT_TRUE(world.membership.last->added.empty());
  for (Group& group : groups) EXPECT_TRUE(agree(group, join.group));
  EXPECT_EQ(world.read(groups[2], world.protect(join.group, "hello")), "hello");
  EXPECT_EQ(world.read(join.group, world.protect(groups[0], "hello")), "hello");
  const Bytes next = world.stage(join.group).commit();
  for (Group& group : groups) world.follow(group, next);
}

TEST_P(Outsiders, TakeTheirOldLeafAwayWhenTheyComeBack) {
  world.membership.outside = true;
  const SigningIdentity lost = insides_of(groups[2]).identity.clone();
  ExternalJoin join = must(come_in(lost, LeafIndex{2}));
  EXPECT_EQ(join.group.own_leaf(), LeafIndex{2});
  Received evicted = must(world.process(groups[2], join.commit));
  EXPECT_TRUE(std::get<ReceivedCommit>(evicted).commit.removes_us());
  for (const std::size_t i : {0u, 1u}) world.follow(groups[i], join.commit);
  ASSERT_EQ(world.membership.last->removed.size(), 1u);
  EXPECT_EQ(world.membership.last->removed[0].leaf, LeafIndex{2});
  EXPECT_TRUE(agree(groups[0], join.group));
  EXPECT_TRUE(agree(groups[1], join.group));
}

// Commits that never came leave a member behind: it is told so by name, and comes back by itself.
TEST_P(Outsiders, ComeBackThisWayWhenTheyMissedCommits) {
  world.membership.outside = true;
  for (int i = 0; i < 2; ++i) {
    const Bytes missed = world.stage(groups[0]).commit();
    world.follow(groups[1], missed);
    must(groups[0].merge_pending());
  }
  const Bytes commit = world.stage(groups[1]).commit();
  groups[1].discard_pending();
  const Bytes before = state_of(groups[2]);
  EXPECT_EQ(world.process(groups[2], commit).error().code, ErrorCode::wrong_epoch);
  EXPECT_EQ(world.process(groups[2], world.protect(groups[0], "text")).error().code, ErrorCode::wrong_epoch);
  EXPECT_EQ(state_of(groups[2]), before);
  ExternalJoin join = must(come_in(insides_of(groups[2]).identity, groups[2].own_leaf()));
  for (const std::size_t i : {0u, 1u}) world.follow(groups[i], join.commit);
  groups[2] = std::move(join.group);
  EXPECT_TRUE(agree(groups[0], groups[2]));
  world.commit(groups, 2);
  EXPECT_TRUE(agree(groups[1], groups[2]));
}

TEST_P(Outsiders, CannotTakeTheLeafOfSomebodyElse) {
  world.membership.outside = true;
  ExternalJoin join = must(come_in(world.identity("stranger"), LeafIndex{2}));
  expect_refused(join.commit, ErrorCode::not_authorised, "credential changed");
}

TEST_P(Outsiders, CannotComeInWithoutTheTreeOrAgainstTheirOwnRules) {
  const SigningIdentity who = world.identity("joiner");
  const Bytes info = must(groups[0].group_info(TreePlacement::beside));
  ExternalJoinRequest request{info, who, world.leaf_options()};
  EXPECT_EQ(Group::join_external(request, world.rules, world.entropy).error().code, ErrorCode::not_found);
  const Bytes tree = groups[0].ratchet_tree();
  request.ratchet_tree = tree;
  EXPECT_TRUE(Group::join_external(request, world.rules, world.entropy).has_value());
  Bytes bad = info;
  bad[bad.size() - 1] ^= 1;
  request.group_info = bad;
  EXPECT_FALSE(Group::join_external(request, world.rules, world.entropy).has_value());
  request.group_info = info;
  world.membership.answer = fail(ErrorCode::not_authorised, "test");
  EXPECT_EQ(Group::join_external(request, world.rules, world.entropy).error().code, ErrorCode::not_authorised);
}

TEST_P(Outsiders, DoNotEnterAnEpochWhoseNumberCouldWrapAround) {
  const SigningIdentity who = world.identity("joiner");
  Forger forger(groups[0]);
  internal::GroupState& state = forger.state();
  const auto code_at = [&](std::uint64_t epoch) {
    state.current.context.epoch = epoch;
    const GroupInfo info =
        must(internal::make_group_info(state.current, state.identity.key(), {}, TreePlacement::inside));
    const Bytes message = encode_message(info);
    return Group::join_external({message, who, world.leaf_options()}, world.rules, world.entropy).error().code;
  };
  EXPECT_EQ(code_at(kMaxEpoch), ErrorCode::over_limit);
  EXPECT_EQ(code_at(~std::uint64_t{0}), ErrorCode::over_limit);
  EXPECT_EQ(code_at(kMaxEpoch - 1), ErrorCode::not_found) << "no external key in it";
}

TEST_P(Outsiders, MayPutLittleIntoAnExternalCommit) {
  world.membership.outside = true;
  const SigningIdentity who = world.identity("joiner");
  const ExternalJoin join = must(come_in(who));
  const Commit honest = std::get<Commit>(Forger::opened(join.commit).content.content);
  const ProposalOrRef init = honest.proposals.at(0);
  const auto with = [&](std::vector<ProposalOrRef> proposals) { return forged(join, who, std::move(proposals)); };
  expect_refused(with({}), ErrorCode::malformed, "external commit without external init");
  expect_refused(with({init, init}), ErrorCode::malformed, "external init twice");
  const std::size_t asked = world.authenticator.asked;
  expect_refused(with({init, {Proposal{Add{world.key_package("friend").package()}}}}), ErrorCode::malformed,
                 "proposal in an external commit");
  EXPECT_EQ(world.authenticator.asked, asked) << "a stranger has nobody looked up";
  expect_refused(with({init, {Proposal{Remove{{1}}}}, {Proposal{Remove{{2}}}}}), ErrorCode::malformed,
                 "external commit removes several");
  expect_refused(with({init, {Proposal{GroupContextExtensions{}}}}), ErrorCode::malformed,
                 "proposal in an external commit");
  expect_refused(with({init, {Proposal{Update{honest.path->leaf_node}}}}), ErrorCode::malformed,
                 "proposal in an external commit");
  expect_refused(with({{Proposal{ReInit{{}, kVersionMls10, 1, {}}}}}), ErrorCode::malformed,
                 "proposal in an external commit");
  expect_refused(with({init, {ProposalRef{}}}), ErrorCode::malformed, "reference in an external commit");
  expect_refused(with({init}), ErrorCode::crypto_failed, "confirmation tag");
  AuthenticatedContent no_path = Forger::opened(join.commit);
  std::get<Commit>(no_path.content.content).path.reset();
  const Forger forger(groups[0]);
  expect_refused(forger.send(forger.sign(std::move(no_path.content), who)), ErrorCode::malformed,
                 "external commit without a path");
  expect_refused(forged(join, world.identity("another"), honest.proposals), ErrorCode::invalid_signature, "signature");
}

TEST_P(Outsiders, MayProposeWhenTheGroupNamesThemAndTheRulesAllowIt) {
  const SigningIdentity service = world.identity("service");
  wire::Writer senders;
  senders.vector(std::vector<ExternalSender>{{service.public_key(), service.credential()}});
  ExtensionList extensions;
  extensions.set(extension_type::kExternalSenders, senders.take());
  groups = world.group_of(3, extensions);
  const Forger forger(groups[0]);
  const auto propose = [&](Proposal proposal, std::uint32_t index, const SigningIdentity& who) {
    FramedContent content = forger.frame(std::move(proposal));
    content.sender = {SenderType::external, index};
    return forger.send(forger.sign(std::move(content), who));
  };
  const Bytes removal = propose({Remove{{2}}}, 0, service);
  expect_refused(removal, ErrorCode::not_authorised, "proposal from outside");
  world.membership.outside = true;
  expect_refused(propose({Remove{{2}}}, 1, service), ErrorCode::malformed, "external sender");
  expect_refused(propose({Remove{{2}}}, 0, world.identity("other")), ErrorCode::invalid_signature, "signature");
  expect_refused(propose({Update{*forger.epoch().tree.leaf({2})}}, 0, service), ErrorCode::malformed,
                 "external sender proposes what only members may");
  for (Group& group : groups) {
    Received received = must(world.process(group, removal));
    EXPECT_FALSE(std::get<ProposalReceived>(received).sender.has_value());
  }
  const Bytes commit = world.stage(groups[0]).commit();
  world.follow(groups[1], commit);
  EXPECT_EQ(groups[1].members().size(), 2u);
}

TEST_P(Outsiders, MayProposeThemselvesWhenTheRulesAllowIt) {
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  const Forger forger(groups[0]);
  const auto propose = [&](Proposal proposal) {
    FramedContent content = forger.frame(std::move(proposal));
    content.sender = {SenderType::new_member_proposal, 0};
    return forger.send(forger.sign(std::move(content), newcomer.identity()));
  };
  const OutsideView view{world.suite, groups[0].group_id(), groups[0].epoch()};
  const Bytes message = must(propose_own_add(view, newcomer, world.now));
  EXPECT_EQ(message, propose({Add{newcomer.package()}}));
  const std::size_t asked = world.authenticator.asked;
  expect_refused(message, ErrorCode::not_authorised, "proposal from outside");
  EXPECT_EQ(world.authenticator.asked, asked) << "a stranger has nobody looked up";
  world.membership.outside = true;
  expect_refused(propose({Remove{{2}}}), ErrorCode::malformed, "newcomer proposes other than its own add");
  for (Group& group : groups) must(world.process(group, message));
  const PendingCommit& pending = world.stage(groups[0]);
  for (const std::size_t i : {1u, 2u}) world.follow(groups[i], pending.commit());
  const Group joined = world.join(pending.welcomes().at(0).message, newcomer);
  EXPECT_TRUE(agree(joined, groups[1]));
}

TEST_P(Outsiders, ProposeOfEveryTypeThatTheyMay) {
  world.membership.outside = true;
  world.psks.keys[to_bytes("agreed")] = to_bytes("a secret that all know");
  const SigningIdentity service = world.identity("service");
  wire::Writer senders;
  senders.vector(std::vector<ExternalSender>{{service.public_key(), service.credential()}});
  ExtensionList extensions;
  extensions.set(extension_type::kExternalSenders, senders.take());
  groups = world.group_of(3, extensions);
  const Bytes nonce(cipher_suite(world.suite).hash_size(), 5);
  const Proposal proposals[] = {{Add{world.key_package("newcomer").package()}},
                                {Remove{{2}}},
                                {PreSharedKey{{ExternalPsk{{to_bytes("agreed")}}, nonce}}},
                                {GroupContextExtensions{extensions}},
                                {ReInit{{to_bytes("the next group")}, kVersionMls10, 1, {}}}};
  for (const Proposal& proposal : proposals) {
    const OutsideView view{world.suite, groups[0].group_id(), groups[0].epoch()};
    const Bytes message = must(propose_from_outside(view, 0, service, proposal, world.now, to_bytes("why")));
    for (Group& group : groups) {
      if (!group.is_active()) continue;
      Received received = must(world.process(group, message));
      const auto& heard = std::get<ProposalReceived>(received);
      EXPECT_EQ(heard.type, proposal.type());
      EXPECT_EQ(heard.authenticated_data, to_bytes("why"));
    }
    world.commit(groups, 0);
    EXPECT_TRUE(agree(groups[0], groups[1]));
  }
  EXPECT_TRUE(groups[1].reinit().has_value());
}

TEST_P(Outsiders, AreKeptFromProposingWhatNobodyWouldTake) {
  const OutsideView view{world.suite, groups[0].group_id(), groups[0].epoch()};
  const SigningIdentity service = world.identity("service");
  const auto refusal = [&](Proposal proposal, Time now) {
    return std::string(propose_from_outside(view, 0, service, std::move(proposal), now).error().where);
  };
  EXPECT_EQ(refusal({ExternalInit{}}, world.now), "external sender proposes what only members may");
  EXPECT_EQ(refusal({Update{}}, world.now), "external sender proposes what only members may");
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  const Time late{world.now.ms + 10 * kDayMs};
  EXPECT_EQ(refusal({Add{newcomer.package()}}, late), "lifetime of a key package");
  EXPECT_EQ(propose_own_add(view, newcomer, late).error().code, ErrorCode::stale);
  World other(SuiteId::x25519_chacha, 4);
  EXPECT_EQ(propose_own_add(view, other.key_package("newcomer"), world.now).error().code, ErrorCode::unsupported);
}

TEST_P(Outsiders, MixPsksIntoAnExternalCommit) {
  world.membership.outside = true;
  world.psks.keys[to_bytes("agreed")] = to_bytes("a secret that all know");
  const SigningIdentity who = world.identity("joiner");
  const Bytes info = must(groups[0].group_info(TreePlacement::inside));
  ExternalJoinRequest request{info, who, world.leaf_options()};
  request.psks = {{ExternalPsk{{to_bytes("agreed")}}, {}}};
  ExternalJoin join = must(Group::join_external(request, world.rules, world.entropy));
  world.psks.keys[to_bytes("agreed")] = to_bytes("another secret");
  expect_refused(join.commit, ErrorCode::crypto_failed, "confirmation tag");
  world.psks.keys.clear();
  expect_refused(join.commit, ErrorCode::not_found, "test psk");
  EXPECT_EQ(Group::join_external(request, world.rules, world.entropy).error().code, ErrorCode::not_found);
  world.psks.keys[to_bytes("agreed")] = to_bytes("a secret that all know");
  for (Group& group : groups) world.follow(group, join.commit);
  EXPECT_TRUE(agree(join.group, groups[2]));
  request.psks = {{ResumptionPsk{ResumptionUsage::branch, groups[0].group_id(), 1}, {}}};
  EXPECT_EQ(Group::join_external(request, world.rules, world.entropy).error().where,
            std::string("psk usage outside of its procedure"));
}

TEST_P(Outsiders, SayNothingButProposalsAndCommits) {
  const Forger forger(groups[0]);
  FramedContent content = forger.frame(Commit{});
  content.sender = {SenderType::new_member_proposal, 0};
  expect_refused(forger.send(forger.sign(std::move(content))), ErrorCode::malformed,
                 "outsider sends other than a proposal");
  content = forger.frame(Proposal{Remove{{2}}});
  content.sender = {SenderType::new_member_commit, 0};
  expect_refused(forger.send(forger.sign(std::move(content))), ErrorCode::malformed,
                 "joiner sends other than a commit");
}

INSTANTIATE_TEST_SUITE_P(TwoSuites, Outsiders, ::testing::Values(SuiteId::x25519_aes128, SuiteId::xwing),
                         [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace cairn::mls
