// Commits that break one rule each (RFC 9420 s.12.1 to 12.4): everything else about them is in order.
#include <gtest/gtest.h>

#include "core/mls/forge_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

class CommitRules : public ::testing::Test {
 protected:
  // Refused for this reason and no other, and the receiver is as it was.
  void expect_refused(ByteView message, ErrorCode code, const std::string& where) {
    const Bytes before = state_of(receiver());
    const auto received = world.process(receiver(), message);
    ASSERT_FALSE(received.has_value());
    EXPECT_EQ(received.error().code, code);
    EXPECT_EQ(received.error().where, where);
    EXPECT_EQ(state_of(receiver()), before);
  }
  Group& receiver() { return groups[1]; }
  Forger forger() { return Forger(groups[0]); }
  ProposalRef receive(ByteView proposal) {
    Received received = must(world.process(receiver(), proposal));
    return {Digest(std::get<ProposalReceived>(received).reference)};
  }
  Proposal add(std::string_view name) { return {Add{world.key_package(name).package()}}; }
  PreSharedKeyId psk(std::string_view id) const {
    return {ExternalPsk{{to_bytes(id)}}, Bytes(cipher_suite(world.suite).hash_size(), 7)};
  }
  // A commit that demands a path and says nothing else wrong, in the open.
  AuthenticatedContent honest(CommitRequest request = {}) {
    request.format = HandshakeFormat::public_message;
    AuthenticatedContent out = Forger::opened(world.stage(groups[0], request).commit());
    groups[0].discard_pending();
    return out;
  }

  World world{SuiteId::x25519_aes128, 77};
  std::vector<Group> groups = world.group_of(4);
};

TEST_F(CommitRules, AllowWhatIsInOrder) {
  CommitRequest request;
  request.removes = {{3}};
  request.adds = {world.key_package("newcomer").package()};
  world.follow(receiver(), forger().send(honest(request)));
  EXPECT_EQ(receiver().members().size(), 4u);
}

TEST_F(CommitRules, RefuseAnUpdateByTheCommitter) {
  const Bytes update = must(groups[0].propose_update(std::nullopt, world.entropy, HandshakeFormat::public_message));
  Commit commit;
  commit.proposals.push_back({receive(update)});
  expect_refused(forger().commit(std::move(commit)), ErrorCode::malformed, "update by the committer");
}

TEST_F(CommitRules, RefuseACommitterThatRemovesItself) {
  expect_refused(forger().commit({{Remove{{0}}}}), ErrorCode::malformed, "committer removes itself");
}

TEST_F(CommitRules, RefuseTwoProposalsForOneLeaf) {
  expect_refused(forger().commit({{Remove{{3}}}, {Remove{{3}}}}), ErrorCode::malformed, "two proposals for one leaf");
  const Bytes update = must(groups[2].propose_update(std::nullopt, world.entropy, HandshakeFormat::public_message));
  Commit commit;
  commit.proposals.push_back({receive(update)});
  commit.proposals.push_back({Proposal{Remove{{2}}}});
  expect_refused(forger().commit(std::move(commit)), ErrorCode::malformed, "two proposals for one leaf");
}

TEST_F(CommitRules, RefuseToRemoveABlankLeaf) {
  expect_refused(forger().commit({{Remove{{9}}}}), ErrorCode::not_found, "remove of a blank leaf");
}

TEST_F(CommitRules, RefuseTheSameNewcomerTwiceAndOneThatIsIn) {
  const Proposal newcomer = add("newcomer");
  expect_refused(forger().commit({newcomer, newcomer}), ErrorCode::duplicate, "encryption key of a leaf");
  const SigningIdentity who = world.identity("two packages");
  const Proposal first{Add{world.key_package(who).package()}};
  const Proposal second{Add{world.key_package(who).package()}};
  expect_refused(forger().commit({first, second}), ErrorCode::duplicate, "signature key of a leaf");
  const SigningIdentity member = insides_of(groups[2]).identity.clone();
  expect_refused(forger().commit({{Add{world.key_package(member).package()}}}), ErrorCode::duplicate,
                 "signature key of a leaf");
}

TEST_F(CommitRules, AllowToAddAgainWhoIsRemovedInTheSameCommit) {
  const SigningIdentity member = insides_of(groups[2]).identity.clone();
  CommitRequest request;
  request.removes = {{2}};
  request.adds = {world.key_package(member).package()};
  world.follow(receiver(), world.stage(groups[0], request).commit());
}

TEST_F(CommitRules, RefuseABadKeyPackage) {
  const PrivateKeyPackage good = world.key_package("newcomer");
  KeyPackage bad = good.package();
  bad.signature.bytes[0] ^= 1;
  expect_refused(forger().commit({{Add{bad}}}), ErrorCode::invalid_signature, "signature");
  bad = good.package();
  bad.leaf_node.signature.bytes[0] ^= 1;
  expect_refused(forger().commit({{Add{bad}}}), ErrorCode::invalid_signature, "signature");
  // A leaf that nobody can seal to: all commits after it would fail.
  bad = good.package();
  bad.leaf_node.encryption_key.bytes.assign(32, 0);
  bad.leaf_node = *must(
      VerifiedLeafNode::sign(cipher_suite(world.suite), good.identity().private_key(), bad.leaf_node, std::nullopt));
  bad.signature = must(internal::sign_with_label(good.identity().key(), kSignKeyPackage, bad.to_be_signed()));
  expect_refused(forger().commit({{Add{bad}}}), ErrorCode::malformed, "x25519 public key");
  World other(SuiteId::x25519_chacha, 3);
  expect_refused(forger().commit({{Add{other.key_package("newcomer").package()}}}), ErrorCode::unsupported,
                 "key package of another suite");
}

TEST_F(CommitRules, RefusePsksThatDoNotBelong) {
  world.psks.keys[to_bytes("key")] = to_bytes("secret");
  expect_refused(forger().commit({{PreSharedKey{psk("key")}}, {PreSharedKey{psk("key")}}}), ErrorCode::malformed,
                 "psk twice");
  expect_refused(forger().commit({{PreSharedKey{psk("unknown")}}}), ErrorCode::not_found, "test psk");
  PreSharedKeyId bad = psk("key");
  bad.nonce.pop_back();
  expect_refused(forger().commit({{PreSharedKey{bad}}}), ErrorCode::malformed, "psk nonce's size");
  for (const auto usage : {ResumptionUsage::branch, ResumptionUsage::reinit}) {
    bad = psk("key");
    bad.key = ResumptionPsk{usage, groups[0].group_id(), 1};
    expect_refused(forger().commit({{PreSharedKey{bad}}}), ErrorCode::malformed, "psk usage outside of its procedure");
  }
  bad.key = ResumptionPsk{ResumptionUsage::application, groups[0].group_id(), 0};
  expect_refused(forger().commit({{PreSharedKey{bad}}}), ErrorCode::not_found, "resumption psk of a former epoch");
}

TEST_F(CommitRules, RefuseGroupContextExtensionsThatNotAllSupport) {
  ExtensionList needed;
  needed.set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{{0xF0C1}, {}, {}}));
  const Proposal change{GroupContextExtensions{needed}};
  Commit commit = std::get<Commit>(honest().content.content);
  commit.proposals.push_back({change});
  commit.proposals.push_back({change});
  expect_refused(forger().commit(commit), ErrorCode::malformed, "group context extensions twice");
  commit.proposals.pop_back();
  expect_refused(forger().commit(commit), ErrorCode::unsupported, "capabilities of a member");
  ExtensionList unknown;
  unknown.set(0xF0C1, {});
  commit.proposals.back() = {Proposal{GroupContextExtensions{unknown}}};
  expect_refused(forger().commit(commit), ErrorCode::unsupported, "capabilities of a member");
  ExtensionList broken;
  broken.set(extension_type::kRequiredCapabilities, {1});
  commit.proposals.back() = {Proposal{GroupContextExtensions{broken}}};
  expect_refused(forger().commit(commit), ErrorCode::malformed, "truncated vector");
  ExtensionList large;
  large.set(extension_type::kApplicationId, Bytes(kMaxGroupExtensionsSize));
  commit.proposals.back() = {Proposal{GroupContextExtensions{large}}};
  expect_refused(forger().commit(commit), ErrorCode::over_limit, "extensions of a group");
}

// More would be refused by all who read it.
TEST_F(CommitRules, AreKeptByOurOwnCommitsHoweverMuchWasProposed) {
  const Forger f = forger();
  for (std::size_t i = 0; i < kMaxProposals; ++i) receive(f.proposal(add(std::to_string(i))));
  CommitRequest request;
  request.removes = {{3}};
  request.format = HandshakeFormat::public_message;
  request.tree = TreePlacement::beside;
  const AuthenticatedContent commit = Forger::opened(world.stage(receiver(), request).commit());
  EXPECT_EQ(std::get<Commit>(commit.content.content).proposals.size(), kMaxProposals);
  receiver().discard_pending();
  request.removes.assign(kMaxProposals + 1, {3});
  EXPECT_EQ(receiver().stage_commit(request, world.rules, world.now, world.entropy).error().code,
            ErrorCode::over_limit);
}

TEST_F(CommitRules, RefuseAReInitBesideOthersAndAnExternalInit) {
  const Proposal reinit{ReInit{{to_bytes("next")}, kVersionMls10, 1, {}}};
  expect_refused(forger().commit({reinit, add("newcomer")}), ErrorCode::malformed, "reinit beside other proposals");
  const Proposal lesser{ReInit{{to_bytes("next")}, 0, 1, {}}};
  expect_refused(forger().commit({lesser}), ErrorCode::malformed, "reinit to a lesser version");
  expect_refused(forger().commit({{ExternalInit{Bytes(32)}}}), ErrorCode::malformed, "external init");
}

TEST_F(CommitRules, RefuseReferencesThatAreUnknownOrStandTwice) {
  Commit commit;
  commit.proposals.push_back({ProposalRef{Digest(32)}});
  expect_refused(forger().commit(commit), ErrorCode::not_found, "proposal of a commit");
  const ProposalRef known = receive(forger().proposal({Remove{{3}}}));
  commit.proposals = {{known}, {known}};
  expect_refused(forger().commit(commit), ErrorCode::malformed, "proposal referenced twice");
}

TEST_F(CommitRules, DemandAPath) {
  expect_refused(forger().commit(Commit{}), ErrorCode::malformed, "commit without the path it needs");
  expect_refused(forger().commit({{Remove{{3}}}}), ErrorCode::malformed, "commit without the path it needs");
  expect_refused(forger().commit({{GroupContextExtensions{}}}), ErrorCode::malformed,
                 "commit without the path it needs");
}

TEST_F(CommitRules, RefuseAPathThatKeepsTheEncryptionKeyOrItsPlace) {
  Commit commit = std::get<Commit>(honest().content.content);
  const Forger f = forger();
  LeafNode leaf = commit.path->leaf_node;
  leaf.encryption_key = f.epoch().tree.leaf({0})->encryption_key;
  commit.path->leaf_node =
      *must(VerifiedLeafNode::sign(cipher_suite(world.suite), insides_of(groups[0]).identity.private_key(), leaf,
                                   LeafPosition{groups[0].group_id(), {0}}));
  expect_refused(f.commit(commit), ErrorCode::duplicate, "encryption key of a leaf");
  commit = std::get<Commit>(honest().content.content);
  commit.path->nodes.pop_back();
  expect_refused(f.commit(commit), ErrorCode::invalid_tree, "length of an update path");
  commit = std::get<Commit>(honest().content.content);
  commit.path->leaf_node.signature.bytes[5] ^= 1;
  expect_refused(f.commit(commit), ErrorCode::invalid_signature, "signature");
}

TEST_F(CommitRules, RefuseAWrongConfirmationTag) {
  AuthenticatedContent content = honest();
  Digest tag(content.auth.confirmation_tag->digest.view());
  tag.mutable_view()[0] ^= 1;
  content.auth.confirmation_tag = ConfirmationTag{tag};
  expect_refused(forger().send(std::move(content)), ErrorCode::crypto_failed, "confirmation tag");
  // Two honest commits of one member whose parts are exchanged.
  AuthenticatedContent first = honest();
  AuthenticatedContent second = honest();
  second.auth.confirmation_tag = first.auth.confirmation_tag;
  expect_refused(forger().send(std::move(second)), ErrorCode::crypto_failed, "confirmation tag");
}

TEST_F(CommitRules, RefuseASignatureOrMembershipTagOfSomebodyElse) {
  const Forger f = forger();
  AuthenticatedContent other_key = f.sign(f.frame(Commit{}), insides_of(groups[2]).identity);
  expect_refused(f.send(std::move(other_key)), ErrorCode::invalid_signature, "signature");
  FramedContent other_sender = f.frame(Commit{});
  other_sender.sender = Sender::member({2});
  expect_refused(f.send(f.sign(std::move(other_sender))), ErrorCode::invalid_signature, "signature");
  FramedContent nobody = f.frame(Commit{});
  nobody.sender = Sender::member({100});
  expect_refused(f.send(f.sign(std::move(nobody))), ErrorCode::malformed, "sender's leaf is blank");
  FramedContent ours = f.frame(Commit{});
  ours.sender = Sender::member({1});
  expect_refused(f.send(f.sign(std::move(ours))), ErrorCode::invalid_signature, "signature");
  MlsMessage message = must(MlsMessage::decode(f.send(honest())));
  auto& open = std::get<PublicMessage>(message.body);
  open.membership_tag = MembershipTag{Digest(32)};
  expect_refused(encode_message(open), ErrorCode::crypto_failed, "membership tag");
}

TEST_F(CommitRules, RefuseApplicationDataInTheOpen) {
  const Forger f = forger();
  AuthenticatedContent content = f.sign(f.frame(SecretBytes(to_bytes("text"))));
  const PublicMessage message{std::move(content.content), std::move(content.auth), MembershipTag{Digest(32)}};
  expect_refused(encode_message(message), ErrorCode::malformed, "application data in the open");
}

// RFC 9420 s.5.3.1: who replaces a leaf is who stood there.
TEST_F(CommitRules, RefuseASuccessorWithAnotherCredential) {
  const Forger f = forger();
  const auto signed_by_sender = [&](LeafNode leaf) {
    leaf.credential = Credential::basic(to_bytes("somebody else"));
    return *must(VerifiedLeafNode::sign(cipher_suite(world.suite), insides_of(groups[0]).identity.private_key(),
                                        std::move(leaf), LeafPosition{groups[0].group_id(), {0}}));
  };
  LeafNode leaf = *f.epoch().tree.leaf({0});
  leaf.origin = FromUpdate{};
  leaf.encryption_key.bytes = crypto::kem_generate(crypto::KemAlgorithm::dhkem_x25519, world.entropy).public_key;
  expect_refused(f.proposal({Update{signed_by_sender(leaf)}}), ErrorCode::not_authorised, "credential changed");
  Commit commit = std::get<Commit>(honest().content.content);
  commit.path->leaf_node = signed_by_sender(commit.path->leaf_node);
  expect_refused(f.commit(commit), ErrorCode::not_authorised, "credential changed");
}

TEST_F(CommitRules, RefuseAnAddThatNotAllRequirementsOfTheSameCommitFit) {
  world.extension_types = {0xF0C1};
  groups = world.group_of(3);
  world.extension_types = {};
  ExtensionList needed;
  needed.set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{{0xF0C1}, {}, {}}));
  CommitRequest request;
  request.adds = {world.key_package("newcomer").package()};
  Commit commit = std::get<Commit>(honest(request).content.content);
  commit.proposals.push_back({Proposal{GroupContextExtensions{needed}}});
  expect_refused(forger().commit(commit), ErrorCode::unsupported, "capabilities of a member");
}

TEST_F(CommitRules, RefuseProposalsThatAreWrongByThemselves) {
  const Forger f = forger();
  expect_refused(f.proposal({Remove{{9}}}), ErrorCode::not_found, "remove of a blank leaf");
  LeafNode leaf = *f.epoch().tree.leaf({0});
  leaf.origin = FromUpdate{};
  const auto sign_leaf = [&](LeafIndex place) {
    return *must(VerifiedLeafNode::sign(cipher_suite(world.suite), insides_of(groups[0]).identity.private_key(), leaf,
                                        LeafPosition{groups[0].group_id(), place}));
  };
  expect_refused(f.proposal({Update{sign_leaf({0})}}), ErrorCode::invalid_tree, "update keeps the encryption key");
  leaf.encryption_key.bytes[31] ^= 0x80;  // the same key, for X25519 ignores this bit
  expect_refused(f.proposal({Update{sign_leaf({0})}}), ErrorCode::malformed, "x25519 public key");
  leaf.encryption_key.bytes = crypto::kem_generate(crypto::KemAlgorithm::dhkem_x25519, world.entropy).public_key;
  expect_refused(f.proposal({Update{sign_leaf({3})}}), ErrorCode::invalid_signature, "signature");
  ExtensionList big;
  big.set(0x0A0A, Bytes(kMaxCachedProposalSize));
  expect_refused(f.proposal({GroupContextExtensions{big}}), ErrorCode::over_limit, "size of a proposal");
  const Bytes once = f.proposal({Remove{{3}}});
  receive(once);
  expect_refused(once, ErrorCode::duplicate, "proposal");
}

}  // namespace
}  // namespace cairn::mls
