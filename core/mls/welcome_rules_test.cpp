// Welcomes that a member made with one thing wrong in them (RFC 9420 s.12.4.3.1): sealed, signed and confirmed as they
// should be.
#include <gtest/gtest.h>

#include "core/mls/forge_fixture.h"
#include "core/mls/internal/group_secrets.h"
#include "core/mls/internal/joining.h"

namespace cairn::mls {
namespace {

using namespace fixture;
using internal::GroupSecrets;

class WelcomeRules : public ::testing::TestWithParam<SuiteId> {
 protected:
  // An honest Welcome, opened. Member 0 made it, and is in the epoch that it is for.
  WelcomeRules() {
    CommitRequest request;
    request.adds = {newcomer.package()};
    const PendingCommit& pending = world.stage(groups[0], request);
    const MlsMessage message = must(MlsMessage::decode(pending.welcomes().at(0).message));
    const Welcome& welcome = std::get<Welcome>(message.body);
    secrets = must(internal::open_group_secrets(suite, welcome, newcomer.reference(), newcomer.init_key()));
    info = must(internal::open_group_info(suite, welcome.encrypted_group_info, welcome_secret()));
    must(groups[0].merge_pending());
  }

  internal::WelcomeSecret welcome_secret() const {
    std::vector<internal::PskInput> psks;
    for (const PreSharedKeyId& id : secrets.psks) psks.push_back({id, Psk(to_bytes("secret"))});
    return internal::derive_welcome(
        suite, internal::derive_member(suite, secrets.joiner_secret.clone(), internal::derive_psk_secret(suite, psks)));
  }
  void sign_as(const SigningIdentity& who) {
    info.signature = must(internal::sign_with_label(who.key(), kSignGroupInfo, info.to_be_signed()));
  }
  SigningIdentity member(std::size_t i) const { return insides_of(groups[i]).identity.clone(); }
  Result<Group> join() {
    Welcome welcome;
    welcome.cipher_suite = suite.number();
    welcome.encrypted_group_info = internal::seal_group_info(suite, info, welcome_secret());
    welcome.secrets.push_back(
        must(internal::seal_group_secrets(suite, secrets, newcomer.reference(), newcomer.package().init_key,
                                          welcome.encrypted_group_info, world.entropy)));
    return Group::join({encode_message(welcome), newcomer, std::nullopt}, world.rules);
  }
  void expect_refused(ErrorCode code, const std::string& where) {
    const auto joined = join();
    ASSERT_FALSE(joined.has_value());
    EXPECT_EQ(joined.error().code, code);
    EXPECT_EQ(joined.error().where, where);
  }

  World world{GetParam(), 31};
  const CipherSuite& suite = cipher_suite(world.suite);
  std::vector<Group> groups = world.group_of(3);
  PrivateKeyPackage newcomer = world.key_package("newcomer");
  GroupSecrets secrets;
  GroupInfo info;
};

TEST_P(WelcomeRules, AllowWhatIsInOrder) {
  const Group joined = must(join());
  EXPECT_TRUE(agree(joined, groups[0]));
}

// Without the path secret the newcomer lacks keys that all others think it has. It would find out at the commit of
// somebody else, and blame that one.
TEST_P(WelcomeRules, RefuseToLeaveOutKeysThatAreTheNewcomers) {
  secrets.path_secret.reset();
  expect_refused(ErrorCode::invalid_tree, "key of a node above");
}

TEST_P(WelcomeRules, RefuseAPathSecretThatIsNotTheTrees) {
  secrets.path_secret->expose_mutable()[0] ^= 1;
  expect_refused(ErrorCode::invalid_tree, "public key of a path secret");
}

TEST_P(WelcomeRules, RefuseSecretsOfAnotherSize) {
  const Bytes shorter(suite.hash_size() - 1);
  secrets.path_secret = internal::PathSecret(shorter);
  expect_refused(ErrorCode::malformed, "path secret's size");
}

TEST_P(WelcomeRules, RefuseASignerThatDidNotSign) {
  info.signer = {1};
  expect_refused(ErrorCode::invalid_signature, "signature");
  sign_as(member(0));
  expect_refused(ErrorCode::invalid_signature, "signature");
  info.signer = {100};
  sign_as(member(0));
  expect_refused(ErrorCode::invalid_tree, "signer of a group info");
  info.signer = {3};
  sign_as(newcomer.identity());
  expect_refused(ErrorCode::invalid_tree, "welcome signed by ourselves");
}

TEST_P(WelcomeRules, RefuseAPathSecretOfAnotherSigner) {
  info.signer = {2};
  sign_as(member(2));
  expect_refused(ErrorCode::invalid_tree, "public key of a path secret");
}

TEST_P(WelcomeRules, RefuseAWrongConfirmationTag) {
  info.confirmation_tag = ConfirmationTag{Digest(suite.hash_size())};
  sign_as(member(0));
  expect_refused(ErrorCode::crypto_failed, "confirmation tag");
  info.confirmation_tag = ConfirmationTag{};
  sign_as(member(0));
  expect_refused(ErrorCode::crypto_failed, "confirmation tag");
}

TEST_P(WelcomeRules, RefuseAContextOfWhichTheSecretsKnowNothing) {
  const GroupInfo good = info;
  info.group_context.epoch += 1;
  sign_as(member(0));
  expect_refused(ErrorCode::crypto_failed, "confirmation tag");
  info = good;
  info.group_context.confirmed_transcript_hash = {Digest(suite.hash_size())};
  sign_as(member(0));
  expect_refused(ErrorCode::crypto_failed, "confirmation tag");
  info = good;
  info.group_context.tree_hash = {Digest(suite.hash_size())};
  sign_as(member(0));
  expect_refused(ErrorCode::invalid_tree, "tree hash");
  info = good;
  info.group_context.cipher_suite = static_cast<std::uint16_t>(SuiteId::x25519_chacha);
  sign_as(member(0));
  expect_refused(ErrorCode::unsupported, "group of another suite");
  info = good;
  info.group_context.extensions.set(0xF0C1, {});
  sign_as(member(0));
  expect_refused(ErrorCode::unsupported, "capabilities of a member");
}

TEST_P(WelcomeRules, RefuseATreeWithoutTheLeafOfTheKeyPackage) {
  const auto epoch_before = insides_of(groups[1]);
  wire::Writer tree;
  epoch_before.current.tree.write(tree);
  info.extensions.set(extension_type::kRatchetTree, tree.take());
  info.group_context.tree_hash = epoch_before.current.tree.tree_hash();
  sign_as(member(0));
  expect_refused(ErrorCode::invalid_tree, "own leaf is not there");
}

TEST_P(WelcomeRules, RefusePsksThatDoNotBelong) {
  world.psks.keys[to_bytes("key")] = to_bytes("secret");
  world.psks.keys[groups[0].group_id().bytes] = to_bytes("secret");
  const Bytes nonce(suite.hash_size(), 7);
  secrets.psks = {{ExternalPsk{{to_bytes("key")}}, Bytes(suite.hash_size() - 1)}};
  expect_refused(ErrorCode::malformed, "psk nonce's size");
  secrets.psks = {{ExternalPsk{{to_bytes("unknown")}}, nonce}};
  expect_refused(ErrorCode::not_found, "test psk");
  for (const auto usage : {ResumptionUsage::reinit, ResumptionUsage::branch}) {
    secrets.psks = {{ResumptionPsk{usage, groups[0].group_id(), 1}, nonce}};
    EXPECT_FALSE(join().has_value());
  }
  secrets.psks = {{ExternalPsk{{to_bytes("key")}}, nonce}};
  expect_refused(ErrorCode::crypto_failed, "confirmation tag");
}

// RFC 9420 s.12.4.3: "unknown extensions in GroupInfo.extensions MUST be ignored".
TEST_P(WelcomeRules, IgnoreExtensionsOfAGroupInfoThatAreUnknown) {
  info.extensions.set(0x0A0A, Bytes(100, 3));
  info.extensions.set(0xF0C1, {});
  sign_as(member(0));
  EXPECT_TRUE(join().has_value());
}

TEST_P(WelcomeRules, RefuseAWelcomeOfAnotherSuite) {
  Welcome welcome;
  welcome.cipher_suite = static_cast<std::uint16_t>(SuiteId::x25519_chacha);
  const auto joined = Group::join({encode_message(welcome), newcomer, std::nullopt}, world.rules);
  EXPECT_EQ(joined.error().where, std::string("welcome of another suite"));
}

TEST_P(WelcomeRules, AskWhetherTheGroupIdIsTaken) {
  world.membership.answer = fail(ErrorCode::duplicate, "group that we are in");
  expect_refused(ErrorCode::duplicate, "group that we are in");
}

INSTANTIATE_TEST_SUITE_P(TwoSuites, WelcomeRules, ::testing::Values(SuiteId::x25519_aes128, SuiteId::xwing),
                         [](const auto& suite) { return std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace cairn::mls
