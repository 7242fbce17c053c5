// Groups that continue another one (RFC 9420 s.11.2, 11.3): made and entered, and refused when one thing is wrong.
#include <gtest/gtest.h>

#include "core/mls/forge_fixture.h"
#include "core/mls/internal/group_secrets.h"
#include "core/mls/internal/joining.h"

namespace cairn::mls {
namespace {

using namespace fixture;

class Successors : public ::testing::TestWithParam<SuiteId> {
 protected:
  // Everybody's group is ended by a ReInit to `suite`.
  void end(SuiteId suite) {
    announced.cipher_suite = static_cast<std::uint16_t>(suite);
    world.commit(groups, 1, {.reinit = announced});
    next.suite = suite;
  }
  // A package for the new group of who sits at leaf i of the old one, under a new key.
  PrivateKeyPackage package_of(std::size_t i) { return next.key_package("member " + std::to_string(i)); }
  SuccessorRequest request(const SigningIdentity& who, std::initializer_list<const PrivateKeyPackage*> others) const {
    SuccessorRequest out{who, next.leaf_options(), {}};
    for (const PrivateKeyPackage* package : others) out.others.push_back(package->package());
    return out;
  }
  Result<Group> start(const SuccessorRequest& request) {
    return groups[0].reinitialise(request, next.rules, next.now, next.entropy);
  }
  Result<Group> branch_off(const SuccessorRequest& request, std::string_view id = "a branch") {
    return groups[0].branch({to_bytes(id)}, {}, request, next.rules, next.now, next.entropy);
  }
  static Bytes welcome(const Group& group, std::size_t i) { return group.pending()->welcomes().at(i).message; }

  // The Welcome for `package` into a group that `founding` ties to another one, whatever the group is.
  Bytes forged_welcome(const Group& group, const PrivateKeyPackage& package, const ResumptionPsk& founding) {
    internal::GroupState state = insides_of(group);
    CommitRequest request;
    request.adds = {package.package()};
    TestPsks psks;
    psks.keys[founding.group_id.bytes] = to_bytes(must(groups[0].resumption_psk(founding.epoch)).expose());
    const Rules rules{next.authenticator, next.membership, psks};
    const auto staged = must(internal::stage_own(state, request, rules, next.now, next.entropy, &founding));
    return encode_message(staged->welcome);
  }
  void expect_refused(const Result<Group>& got, ErrorCode code, const std::string& where) {
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, code);
    EXPECT_EQ(got.error().where, where);
  }

  World world{GetParam(), 91};
  World next{GetParam(), 92};
  std::vector<Group> groups = world.group_of(3);
  ReInit announced{{to_bytes("the next group")}, kVersionMls10, 0, {}};
};

TEST_P(Successors, TakeAllMembersIntoTheGroupThatAReInitAnnounced) {
  end(SuiteId::x25519_chacha);
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage one = package_of(1);
  const PrivateKeyPackage two = package_of(2);
  groups[0] = reopened(groups[0]);
  Group made = must(start(request(own, {&one, &two})));
  EXPECT_EQ(made.epoch(), 0u);
  made = reopened(made);  // the welcomes survive a crash
  const Bytes for_one = welcome(made, 0);
  const Bytes for_two = welcome(made, 1);
  must(made.merge_pending());
  EXPECT_EQ(made.group_id(), announced.group_id);
  EXPECT_EQ(made.suite(), SuiteId::x25519_chacha);
  EXPECT_EQ(made.epoch(), 1u);
  Group joined = must(groups[1].join_successor({for_one, one, {}}, next.rules));
  Group third = must(reopened(groups[2]).join_successor({for_two, two, {}}, next.rules));
  EXPECT_TRUE(agree(made, joined));
  EXPECT_TRUE(agree(made, third));
  EXPECT_EQ(next.read(third, next.protect(made, "here we are")), "here we are");
}

TEST_P(Successors, AreStartedOnlyByAReInitAndWithItsMembers) {
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage one = package_of(1);
  const PrivateKeyPackage two = package_of(2);
  const PrivateKeyPackage stranger = next.key_package("stranger");
  expect_refused(start(request(own, {&one, &two})), ErrorCode::invalid_state, "no reinit was committed");
  end(GetParam());
  const Bytes before = state_of(groups[0]);
  expect_refused(start(request(own, {&one})), ErrorCode::not_authorised, "member of the former group is missing");
  expect_refused(start(request(own, {&one, &stranger})), ErrorCode::not_authorised,
                 "member that the former group had not");
  expect_refused(start(request(own, {&one, &two, &stranger})), ErrorCode::not_authorised,
                 "member that the former group had not");
  EXPECT_EQ(state_of(groups[0]), before);
  must(start(request(own, {&one, &two})));
}

TEST_P(Successors, AreNotStartedInASuiteOrVersionThatIsNotHere) {
  announced.version = 2;
  announced.cipher_suite = static_cast<std::uint16_t>(GetParam());
  world.commit(groups, 1, {.reinit = announced});
  const SigningIdentity own = next.identity("member 0");
  expect_refused(start(request(own, {})), ErrorCode::unsupported, "protocol version of a reinit");
  groups = world.group_of(3);
  announced.version = kVersionMls10;
  announced.cipher_suite = 7;
  world.commit(groups, 1, {.reinit = announced});
  expect_refused(start(request(own, {})), ErrorCode::unsupported, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384");
}

TEST_P(Successors, BranchOffWithSomeOfTheMembers) {
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage two = package_of(2);
  Group made = must(branch_off(request(own, {&two})));
  const Bytes message = welcome(made, 0);
  must(made.merge_pending());
  // The old group goes on, and may have moved before the Welcome comes.
  world.commit(groups, 1);
  next.membership.answer = ok();
  Group joined = must(groups[2].join_successor({message, two, {}}, next.rules));
  EXPECT_TRUE(agree(made, joined));
  EXPECT_TRUE(agree(groups[0], groups[2]));
  const PrivateKeyPackage stranger = next.key_package("stranger");
  expect_refused(branch_off(request(own, {&stranger})), ErrorCode::not_authorised,
                 "member that the former group had not");
  expect_refused(branch_off(request(own, {&two}), "a group"), ErrorCode::duplicate, "group id of a successor");
}

TEST_P(Successors, AreEnteredByTheirOwnDoorOnly) {
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage two = package_of(2);
  const Group made = must(branch_off(request(own, {&two})));
  expect_refused(Group::join({welcome(made, 0), two, {}}, next.rules), ErrorCode::unsupported,
                 "successor of another group");
  const Group elsewhere = must(Group::create({GetParam(), {to_bytes("elsewhere")}, {}}, world.identity("member 2"),
                                             world.leaf_options(), world.entropy));
  expect_refused(elsewhere.join_successor({welcome(made, 0), two, {}}, next.rules), ErrorCode::wrong_group,
                 "successor of another group");
  Group plain = next.create("member 0");
  CommitRequest add;
  add.adds = {two.package()};
  expect_refused(groups[2].join_successor({next.stage(plain, add).welcomes()[0].message, two, {}}, next.rules),
                 ErrorCode::malformed, "group that continues nothing");
}

TEST_P(Successors, TellMembershipWhatTheyContinue) {
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage two = package_of(2);
  const Group made = must(branch_off(request(own, {&two})));
  struct Asked final : Membership {
    Status check_commit(const CommitSummary&) override { return ok(); }
    Status check_join(const GroupSummary& group) override {
      continues = group.continues;
      return fail(ErrorCode::not_authorised, "no branches here");
    }
    std::optional<ResumptionPsk> continues;
  } asked;
  const Bytes before = state_of(groups[2]);
  expect_refused(groups[2].join_successor({welcome(made, 0), two, {}}, {next.authenticator, asked, next.psks}),
                 ErrorCode::not_authorised, "no branches here");
  ASSERT_TRUE(asked.continues.has_value());
  EXPECT_EQ(*asked.continues, (ResumptionPsk{ResumptionUsage::branch, groups[0].group_id(), groups[0].epoch()}));
  EXPECT_EQ(state_of(groups[2]), before);
}

TEST_P(Successors, AreRefusedWhenTheyAreNotWhatWasAnnounced) {
  end(GetParam());
  const PrivateKeyPackage two = package_of(2);
  const ResumptionPsk key{ResumptionUsage::reinit, groups[0].group_id(), groups[0].epoch()};
  const auto enter = [&](const Bytes& message) { return groups[2].join_successor({message, two, {}}, next.rules); };
  const auto create = [&](std::string_view id, ExtensionList extensions) {
    return must(Group::create({GetParam(), {to_bytes(id)}, std::move(extensions)}, next.identity("member 0"),
                              next.leaf_options(), next.entropy));
  };
  Group other_id = create("another group", {});
  expect_refused(enter(forged_welcome(other_id, two, key)), ErrorCode::inconsistent, "group id of a reinit");
  ExtensionList extensions;
  extensions.set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{}));
  Group other_extensions = create("the next group", extensions);
  expect_refused(enter(forged_welcome(other_extensions, two, key)), ErrorCode::inconsistent, "extensions of a reinit");
  Group later = create("the next group", {});
  next.stage(later);
  must(later.merge_pending());
  expect_refused(enter(forged_welcome(later, two, key)), ErrorCode::malformed, "epoch of a successor");
  // All that was announced, and one member too few.
  Group too_few = create("the next group", {});
  expect_refused(enter(forged_welcome(too_few, two, key)), ErrorCode::not_authorised,
                 "member of the former group is missing");
  ResumptionPsk former = key;
  former.epoch -= 1;
  expect_refused(enter(forged_welcome(too_few, two, former)), ErrorCode::inconsistent, "epoch of a reinit psk");
}

TEST_P(Successors, OfAnotherSuiteThanAnnouncedAreRefused) {
  end(SuiteId::x25519_chacha);
  next.suite = SuiteId::p256_aes128;
  const PrivateKeyPackage two = package_of(2);
  Group other = must(Group::create({next.suite, announced.group_id, {}}, next.identity("member 0"), next.leaf_options(),
                                   next.entropy));
  for (const auto usage : {ResumptionUsage::reinit, ResumptionUsage::branch}) {
    const ResumptionPsk key{usage, groups[0].group_id(), groups[0].epoch()};
    expect_refused(groups[2].join_successor({forged_welcome(other, two, key), two, {}}, next.rules),
                   ErrorCode::inconsistent,
                   usage == ResumptionUsage::reinit ? "suite of a reinit" : "suite of a branch");
  }
}

TEST_P(Successors, WithAMemberThatTheGroupHasNotAreRefused) {
  const PrivateKeyPackage stranger = next.key_package("stranger");
  Group other = must(Group::create({GetParam(), {to_bytes("a branch")}, {}}, next.identity("member 0"),
                                   next.leaf_options(), next.entropy));
  const ResumptionPsk key{ResumptionUsage::branch, groups[0].group_id(), groups[0].epoch()};
  expect_refused(groups[2].join_successor({forged_welcome(other, stranger, key), stranger, {}}, next.rules),
                 ErrorCode::not_authorised, "member that the former group had not");
}

TEST_P(Successors, ContinueOneGroupOnce) {
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage two = package_of(2);
  const Group made = must(branch_off(request(own, {&two})));
  // The same secrets, with the PSK's id standing twice.
  const CipherSuite& suite = cipher_suite(GetParam());
  MlsMessage message = must(MlsMessage::decode(welcome(made, 0)));
  auto& open = std::get<Welcome>(message.body);
  auto secrets = must(internal::open_group_secrets(suite, open, two.reference(), two.init_key()));
  ASSERT_EQ(secrets.psks.size(), 1u);
  secrets.psks.push_back(secrets.psks.front());
  open.secrets = {must(internal::seal_group_secrets(suite, secrets, two.reference(), two.package().init_key,
                                                    open.encrypted_group_info, next.entropy))};
  expect_refused(groups[2].join_successor({encode_message(open), two, {}}, next.rules), ErrorCode::malformed,
                 "group that continues twice");
}

TEST_P(Successors, AreNotForThoseWhoWereRemoved) {
  const SigningIdentity own = next.identity("member 0");
  const PrivateKeyPackage two = package_of(2);
  world.commit(groups, 0, {.removes = {{2}}});
  expect_refused(branch_off(request(own, {&two})), ErrorCode::not_authorised, "member that the former group had not");
  expect_refused(groups[2].branch({to_bytes("mine")}, {}, request(own, {}), next.rules, next.now, next.entropy),
                 ErrorCode::invalid_state, "not a member any more");
}

INSTANTIATE_TEST_SUITE_P(TwoSuites, Successors, ::testing::Values(SuiteId::x25519_aes128, SuiteId::xwing),
                         [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace cairn::mls
